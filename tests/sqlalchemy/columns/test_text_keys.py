"""Related rows that are found by texts, of which a collation takes some for equal that Python does not."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Engine, ForeignKey, String, event, insert, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
    subqueryload,
)

from lumix import LXModel, LXVariable


class Base(DeclarativeBase): ...


def any_case() -> String:
    """A text of any case."""
    text = String(9)
    return text.with_variant(String(9, collation="NOCASE"), "sqlite")


class Site(Base):
    __tablename__ = "tk_sites"
    code: Mapped[str] = mapped_column(any_case(), primary_key=True)
    name: Mapped[str] = mapped_column(any_case(), unique=True)
    rate: Mapped[float]
    items: Mapped[list[Item]] = relationship(back_populates="site", foreign_keys="Item.site_code", order_by="Item.id")


class Item(Base):
    __tablename__ = "tk_items"
    id: Mapped[int] = mapped_column(primary_key=True)
    site_code: Mapped[str | None] = mapped_column(any_case(), ForeignKey("tk_sites.code"))
    site_name: Mapped[str | None] = mapped_column(any_case(), ForeignKey("tk_sites.name"))
    site: Mapped[Site | None] = relationship(back_populates="items", foreign_keys=site_code)
    named: Mapped[Site | None] = relationship(foreign_keys=site_name)
    chosen: Mapped[Site | None] = relationship(foreign_keys=site_code, lazy="selectin", viewonly=True)
    twins: Mapped[list[Item]] = relationship(
        primaryjoin="Item.site_code == remote(foreign(Item.site_name))", viewonly=True, order_by="Item.id"
    )


KEYS = [("A", "Nord"), ("a", "nord"), ("B", "SOUTH"), ("b", "South"), (None, None), ("A", "north")]


@pytest.fixture(scope="module")
def sites(engine: Engine) -> Iterator[Engine]:
    """Items whose keys differ from those of their sites in case, where the database allows that."""
    Base.metadata.create_all(engine)
    exact = engine.dialect.name == "postgresql"
    with engine.begin() as connection:
        rows = [("A", "Nord", 2.0), ("b", "south", 3.0), ("C", "north", 5.0)]
        connection.execute(insert(Site), [dict(zip(("code", "name", "rate"), row, strict=True)) for row in rows])
        known = {None, *(row[0] for row in rows), *(row[1] for row in rows)}
        keys = [tuple(key if key in known or not exact else None for key in pair) for pair in KEYS]
        connection.execute(
            insert(Item), [{"id": i, "site_code": code, "site_name": name} for i, (code, name) in enumerate(keys, 1)]
        )
    yield engine
    Base.metadata.drop_all(engine)


def rate(item: Item) -> float:
    return item.site.rate if item.site else -1.0


def rate_by_row(item: Item) -> float:
    return float(str(item.site.rate)) if item.site else -1.0


def rate_by_name(item: Item) -> float:
    return float(str(item.named.rate)) if item.named else -1.0


def rate_of_the_chosen(item: Item) -> float:
    return item.chosen.rate if item.chosen else -1.0


def size(item: Item) -> float:
    return float(sum(other.id for other in item.site.items)) if item.site else -1.0


def twins(item: Item) -> float:
    return float(sum(other.id for other in item.twins))


FUNCTIONS = (rate, rate_by_row, rate_by_name, rate_of_the_chosen, size, twins)
WAYS: dict[str, Callable[[LXModel], LXModel]] = {
    "read": lambda model: model,
    "copied": copy.deepcopy,
    "pickled": lambda model: pickle.loads(pickle.dumps(model)),
}
OPTIONS: dict[str, Callable[[], tuple[Any, ...]]] = {
    "lazily": lambda: (),
    "joined": lambda: (joinedload(Item.site).selectinload(Site.items), joinedload(Item.named)),
    "selected by keys": lambda: (selectinload(Item.site).selectinload(Site.items),),
    "by subqueries": lambda: (subqueryload(Item.site).selectinload(Site.items),),
    "all by keys": lambda: (selectinload("*"),),
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_related_rows_are_those_of_the_instances(sites: Engine, options: Callable[[], tuple[Any, ...]]) -> None:
    query = select(Item).options(*options())
    with Session(sites) as session:
        items = session.scalars(query).all()
        expected = {function.__name__: {item.id: function(item) for item in items} for function in FUNCTIONS}

    for function in (rate, rate_of_the_chosen):  # each alone may be read as columns
        with Session(sites) as session:
            upper = model_of([function], query, session).compile().upper.tolist()
        assert upper == list(expected[function.__name__].values())
    for way, made in WAYS.items():
        # What related rows lead to is copied only where it is loaded.
        functions = [one for one in FUNCTIONS if one is not size or way == "read" or Site in loaded_beyond(options())]
        with Session(sites) as session:
            problem = made(model_of(functions, query, session)).compile()
        upper = problem.upper.tolist()
        found = {one.name: dict(zip(one.keys, upper[one.span], strict=True)) for one in problem.variables}

        assert found == {function.__name__: expected[function.__name__] for function in functions}


def loaded_beyond(options: tuple[Any, ...]) -> set[type]:
    """Return the classes of related rows of which more is loaded."""
    return {Site for option in options if "items" in str([part.path for part in getattr(option, "context", ())])}


def model_of(functions: Sequence[Callable[[Item], float]], query: Any, session: Session) -> LXModel:
    model = LXModel("m")
    for function in functions:
        x = LXVariable[Item, float](function.__name__).bounds(-9, function)
        model.add_variable(x.from_model(query, session))
    return model


def test_there_is_a_key_in_another_case(sites: Engine) -> None:
    with Session(sites) as session:
        second = session.get_one(Item, 2)

        assert second.site_code == (None if sites.dialect.name == "postgresql" else "a")
        assert (second.site is None) == (second.site_code is None)


def test_queries_do_not_grow_with_the_rows(sites: Engine) -> None:
    sent: list[str] = []
    with Session(sites) as session:
        x = LXVariable[Item, float]("x").bounds(-9, rate_by_name).from_model(session)
        event.listen(sites, "before_cursor_execute", lambda *args: sent.append(args[2]))
        copy.deepcopy(LXModel("m").add_variable(x))

    assert len(sent) <= 10  # one for the rows, their columns, and each relationship
