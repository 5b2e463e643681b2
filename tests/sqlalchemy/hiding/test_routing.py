"""Sessions that choose among databases: each row is read where the session would read it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Select, create_engine, event, inspect, select
from sqlalchemy.ext.horizontal_shard import ShardedSession
from sqlalchemy.orm import Session

from lumix import LXError, LXModel, LXVariable
from tests.sqlalchemy.hiding.shop import WAYS, Base, Category, Item, Part, assert_as_seen, fill, modelled, seen


@pytest.fixture
def databases(tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """Two databases with the same keys: in the second all rates and prices are a hundred times as large."""
    pair = create_engine(f"sqlite:///{tmp_path / 'one.db'}"), create_engine(f"sqlite:///{tmp_path / 'two.db'}")
    for engine, factor in zip(pair, (1, 100), strict=True):
        Base.metadata.create_all(engine)
        with Session(engine) as session:
            fill(session)
            for row in [*session.scalars(select(Item)), *session.scalars(select(Category))]:
                name = "rate" if isinstance(row, Category) else "price"
                setattr(row, name, factor * getattr(row, name))
            session.commit()
    yield pair
    for engine in pair:
        engine.dispose()


@pytest.mark.parametrize("way", WAYS)
def test_classes_that_are_bound_to_two_databases(databases: tuple[Engine, Engine], way: str) -> None:
    def make(pair: Any) -> Session:
        return Session(binds={Item: pair[0], Category: pair[1], Part: pair[0]})

    assert_as_seen(databases, make, way)  # type: ignore[arg-type]


@pytest.mark.parametrize("way", WAYS)
def test_a_session_that_chooses_by_class(databases: tuple[Engine, Engine], way: str) -> None:
    class ByClass(Session):
        def get_bind(self, mapper: Any = None, **kwargs: Any) -> Any:
            return databases[mapper is not None and inspect(mapper).class_ is Category]

    assert_as_seen(databases[0], lambda _: ByClass(), way)


@pytest.mark.parametrize("way", WAYS)
def test_a_session_that_chooses_by_statement(databases: tuple[Engine, Engine], way: str) -> None:
    class ByStatement(Session):
        def get_bind(self, mapper: Any = None, *, clause: Any = None, **kwargs: Any) -> Any:
            columns = isinstance(clause, Select) and clause.column_descriptions[0]["type"] not in (Item, Category, Part)
            return databases[columns]

    assert_as_seen(databases[0], lambda _: ByStatement(), way)


@pytest.mark.parametrize("way", WAYS)
def test_shards(databases: tuple[Engine, Engine], way: str) -> None:
    def make(_: Any) -> Session:
        return ShardedSession(
            shards={"one": databases[0], "two": databases[1]},
            shard_chooser=lambda mapper, instance, clause=None: "one",
            identity_chooser=lambda mapper, key, *, lazy_loaded_from, **kw: (
                [lazy_loaded_from.identity_token] if lazy_loaded_from else ["one", "two"]
            ),
            execute_chooser=lambda context: ["two"],
        )

    assert_as_seen(databases[0], make, way)


def test_a_session_that_always_chooses_one_database_is_read_as_columns(databases: tuple[Engine, Engine]) -> None:
    class Second(Session):
        def get_bind(self, *args: Any, **kwargs: Any) -> Any:
            return databases[1]

    with Second() as session:
        x = LXVariable[Item, float]("x").bounds(0, lambda i: i.category.rate if i.category else 0.0)
        upper = LXModel("m").add_variable(x.from_model(session)).compile().upper

        assert len(session.identity_map) == 0
    assert upper.max() == 300.0


def test_one_moment_of_a_session_that_chooses_itself_is_refused(databases: tuple[Engine, Engine]) -> None:
    turns = cycle(databases)

    class Replicas(Session):
        def get_bind(self, *args: Any, **kwargs: Any) -> Any:
            return next(turns)

    x = LXVariable[Item, float]("x").from_model(Replicas())
    with pytest.raises(LXError, match=r"Replicas chooses a database for each query .* Session\(connection\)"):
        LXModel("m").add_variable(x).compile(snapshot=True)


# Schemas


def schemas(tmp_path: Path) -> Engine:
    engine = create_engine("sqlite://")

    @event.listens_for(engine, "connect")
    def attach(connection: Any, _: Any) -> None:
        for name in ("one", "two"):
            connection.execute(f"ATTACH '{tmp_path / name}.db' AS {name}")

    return engine


def of_schema(name: str, **more: Any) -> Any:
    return select(Item).execution_options(schema_translate_map={None: name}, **more)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("function", [lambda i: i.price, lambda i: float(str(i.price))], ids=["columns", "instances"])
def test_two_schemas_are_read_apart(
    databases: Any, tmp_path: Path, way: str, function: Callable[[Item], float]
) -> None:
    with Session(schemas(tmp_path)) as session:
        model = LXModel("plants")
        for name in ("one", "two"):
            model.add_variable(LXVariable[Item, float](name).bounds(0, function).from_model(of_schema(name), session))

        upper = WAYS[way](model).compile().upper

    assert upper.tolist() == [*(10.0 * key for key in range(1, 10)), *(1000.0 * key for key in range(1, 10))]


def rate(item: Item) -> float:
    return item.category.rate if item.category else 0.0


def rate_by_row(item: Item) -> float:
    return float(str(item.category.rate)) if item.category else 0.0


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("function", [rate, rate_by_row])
def test_related_rows_are_those_of_the_schema(
    databases: Any, tmp_path: Path, way: str, function: Callable[[Item], float]
) -> None:
    with Session(schemas(tmp_path)) as session:
        model = LXModel("plants")
        for name in ("one", "two"):
            x = LXVariable[Item, float](name).bounds(0, function)
            model.add_variable(x.from_model(of_schema(name), session))

        upper = WAYS[way](model).compile().upper

    assert (upper[9:] == 100 * upper[:9]).all()
    assert upper.max() == 300.0


def test_tokens_of_the_user_are_kept(databases: Any, tmp_path: Path) -> None:
    with Session(schemas(tmp_path)) as session:
        held = session.scalars(of_schema("two", identity_token="two")).first()
        assert held is not None
        model = LXModel("plants")
        for name in ("one", "two"):
            statement = of_schema(name, identity_token=name)
            x = LXVariable[Item, float](name).bounds(0, lambda i: 7.0 if i is held else i.price)
            model.add_variable(x.from_model(statement, session))

        upper = copy.deepcopy(model).compile().upper.tolist()

        assert upper == model.compile().upper.tolist()
        assert (upper[0], upper[9], upper[10]) == (10.0, 7.0, 2000.0)


def test_a_first_schema_has_the_session_s_own_instances(databases: Any, tmp_path: Path) -> None:
    with Session(schemas(tmp_path)) as session:
        held = session.scalars(of_schema("two")).first()
        x = LXVariable[Item, float]("x").bounds(0, lambda i: 7.0 if i is held else i.price)

        upper = LXModel("m").add_variable(x.from_model(of_schema("two"), session)).compile().upper

        assert upper.tolist()[:2] == [7.0, 2000.0]


def test_the_databases_differ(databases: tuple[Engine, Engine]) -> None:
    with Session(databases[0]) as one, Session(databases[1]) as two:
        assert seen(one) != seen(two)
        assert modelled(one, "read") != modelled(two, "read")


def test_related_rows_of_two_schemas_that_cannot_be_told_apart_are_refused(databases: Any, tmp_path: Path) -> None:
    with Session(schemas(tmp_path)) as session:
        model = LXModel("plants")
        rates = select(Category).execution_options(schema_translate_map={None: "two"})
        model.add_variable(LXVariable[Category, float]("rates").from_model(rates, session))
        x = LXVariable[Item, float]("x").bounds(0, rate_by_row).from_model(of_schema("one"), session)

        with pytest.raises(LXError, match=r"Item and Category are read from different schemas .* identity_token"):
            model.add_variable(x).compile()
