"""Sessions whose listeners or methods hide rows: no way of reading shows more than the session's own instances."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, Select, create_engine, event, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Query, Session, joinedload, lazyload, selectinload, sessionmaker, with_loader_criteria

from lumix import LXModel, LXVariable
from tests.sqlalchemy.hiding.shop import CLASSES, WAYS, Category, Item, Part, assert_as_seen, modelled, seen

pytestmark = pytest.mark.one_database

# Listeners for do_orm_execute: each changes the state of one execution


def criteria(**options: Any) -> list[Any]:
    return [with_loader_criteria(cls, cls.deleted == 0, **options) for cls in CLASSES]


def recipe_of_the_documentation(state: Any) -> None:
    if state.is_select and not state.is_column_load and not state.is_relationship_load:
        state.statement = state.statement.options(*criteria(include_aliases=True))


def criteria_for_everything(state: Any) -> None:
    if state.is_select:
        state.statement = state.statement.options(*criteria())


def criteria_without_propagation(state: Any) -> None:
    if state.is_select and not state.is_relationship_load:
        state.statement = state.statement.options(*criteria(propagate_to_loaders=False, include_aliases=True))


def criteria_for_a_lambda(state: Any) -> None:
    tenant = state.session.info["tenant"]
    state.statement = state.statement.options(
        *(with_loader_criteria(cls, lambda cls: cls.tenant == tenant, include_aliases=True) for cls in CLASSES)
    )


def by_type(state: Any) -> None:
    for description in state.statement.column_descriptions:
        if description["type"] in CLASSES:
            state.statement = state.statement.where(description["entity"].tenant == 1)


def by_the_first_type(state: Any) -> None:
    first = state.statement.column_descriptions[0]
    if first["type"] in CLASSES:
        state.statement = state.statement.where(first["type"].deleted == 0)


def by_a_whole_entity(state: Any) -> None:
    for description in state.statement.column_descriptions:
        if description["expr"] is description["entity"]:
            state.statement = state.statement.where(description["entity"].deleted == 0)


def by_bind_mapper(state: Any) -> None:
    if state.is_select and not state.is_column_load:
        state.statement = state.statement.where(state.bind_mapper.class_.deleted == 0)


def of_relationships_alone(state: Any) -> None:
    if state.is_relationship_load:
        state.statement = state.statement.options(*criteria())


def of_lazy_loads_alone(state: Any) -> None:
    if state.lazy_loaded_from is not None:
        state.statement = state.statement.where(state.bind_mapper.class_.tenant == 1)


def of_one_loader_path(state: Any) -> None:
    path = state.loader_strategy_path
    if path is not None and "category" in str(path):
        state.statement = state.statement.where(Category.deleted == 0)


def of_top_level_queries_alone(state: Any) -> None:
    if not state.is_relationship_load and not state.is_column_load:
        state.statement = state.statement.where(state.bind_mapper.class_.deleted == 0)


def unless_an_option_says_otherwise(state: Any) -> None:
    if not state.execution_options.get("include_deleted", False):
        state.statement = state.statement.options(*criteria())


def by_another_statement(state: Any) -> Any:
    if state.is_select and not state.is_relationship_load:
        return state.invoke_statement(state.statement.where(state.bind_mapper.class_.id > 2))
    return None


def by_limit(state: Any) -> None:
    if state.is_select and not state.is_relationship_load:
        state.statement = state.statement.limit(2)


LISTENERS = (
    recipe_of_the_documentation,
    criteria_for_everything,
    criteria_without_propagation,
    criteria_for_a_lambda,
    by_type,
    by_the_first_type,
    by_a_whole_entity,
    by_bind_mapper,
    of_relationships_alone,
    of_lazy_loads_alone,
    of_one_loader_path,
    of_top_level_queries_alone,
    unless_an_option_says_otherwise,
    by_another_statement,
    by_limit,
)


def on_the_instance(engine: Engine, listener: Callable[[Any], Any]) -> Session:
    session = Session(engine, info={"tenant": 1})
    event.listen(session, "do_orm_execute", listener)
    return session


def on_the_class(engine: Engine, listener: Callable[[Any], Any]) -> Session:
    class Own(Session): ...

    event.listen(Own, "do_orm_execute", listener)
    return Own(engine, info={"tenant": 1})


def on_the_maker(engine: Engine, listener: Callable[[Any], Any]) -> Session:
    make = sessionmaker(engine, info={"tenant": 1})
    event.listen(make, "do_orm_execute", listener)
    return make()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("listener", LISTENERS, ids=lambda listener: listener.__name__)
def test_what_a_listener_hides_stays_hidden(shop: Engine, listener: Callable[[Any], Any], way: str) -> None:
    assert_as_seen(shop, lambda engine: on_the_instance(engine, listener), way)


@pytest.mark.parametrize("place", [on_the_class, on_the_maker])
@pytest.mark.parametrize("listener", [by_type, by_bind_mapper], ids=lambda listener: listener.__name__)
def test_wherever_it_listens(shop: Engine, listener: Callable[[Any], Any], place: Callable[..., Session]) -> None:
    for way in WAYS:
        assert_as_seen(shop, lambda engine: place(engine, listener), way)


@pytest.mark.parametrize("way", WAYS)
def test_rows_that_an_option_shows_are_copied(shop: Engine, way: str) -> None:
    shown = select(Item).execution_options(include_deleted=True)

    assert_as_seen(
        shop, lambda engine: on_the_instance(engine, unless_an_option_says_otherwise), way, lambda session: shown
    )


# Methods


class Filtering(Session):
    def execute(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        return super().execute(hiding(statement), *args, **kwargs)

    def scalars(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        return super().scalars(hiding(statement), *args, **kwargs)


def hiding(statement: Any) -> Any:
    shown = getattr(statement, "column_descriptions", [{"type": None}])[0]["type"]
    return statement.where(shown.deleted == 0) if shown in CLASSES else statement


@pytest.mark.parametrize("way", WAYS)
def test_what_a_method_of_the_session_hides_stays_hidden(shop: Engine, way: str) -> None:
    assert_as_seen(shop, Filtering, way)


@pytest.mark.parametrize("way", WAYS)
def test_what_execute_alone_hides_stays_hidden(shop: Engine, way: str) -> None:
    class Executing(Session):
        def execute(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
            return super().execute(hiding(statement), *args, **kwargs)

    with Executing(shop) as session:
        expected = set(session.execute(select(Item.id).where(Item.deleted == 0)).scalars())

    with Executing(shop) as session:
        assert set(modelled(session, way)["columns"]) == expected


@pytest.mark.parametrize("way", WAYS)
def test_a_method_of_one_session_counts_too(shop: Engine, way: str) -> None:
    def make(engine: Engine) -> Session:
        session: Any = Session(engine)
        for name in ("execute", "scalars"):
            own = getattr(session, name)
            setattr(session, name, lambda statement, *args, _own=own, **kw: _own(hiding(statement), *args, **kw))
        return session  # type: ignore[no-any-return]

    assert_as_seen(shop, make, way)


class TenantQuery(Query[Any]):
    def __iter__(self) -> Iterator[Any]:
        return (row for row in super().__iter__() if getattr(row, "tenant", 1) == 1)

    def all(self) -> list[Any]:
        return list(self)


@pytest.mark.parametrize("way", WAYS)
def test_what_a_class_of_queries_hides_stays_hidden(shop: Engine, way: str) -> None:
    assert_as_seen(
        shop, lambda engine: Session(engine, query_cls=TenantQuery), way, lambda session: session.query(Item)
    )


@pytest.mark.parametrize("way", WAYS)
def test_what_before_compile_hides_stays_hidden(shop: Engine, way: str) -> None:
    def visible(query: Query[Any]) -> Query[Any]:
        for description in query.column_descriptions:
            if description["type"] in CLASSES:
                query = query.enable_assertions(False).filter(description["entity"].deleted == 0)
        return query

    event.listen(Query, "before_compile", visible, retval=True)
    try:
        assert_as_seen(shop, Session, way, lambda session: session.query(Item))
        assert_as_seen(shop, Session, way)
    finally:
        event.remove(Query, "before_compile", visible)


# The engine, and the compiler


def hidden_by_sql(conn: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> tuple[str, Any]:
    return without_deleted(statement), parameters


def without_deleted(sql: str) -> str:
    shown = r"FROM (SELECT * FROM \1 WHERE deleted = 0) AS \1"
    return re.sub(r"\bFROM (shop_items|shop_categories)\b(?! AS)", shown, sql)


def hidden_by_clause(conn: Any, clause: Any, multiparams: Any, params: Any, execution_options: Any) -> Any:
    froms = clause.get_final_froms() if isinstance(clause, Select) else []
    if len(froms) == 1 and "deleted" in getattr(froms[0], "c", ()):
        clause = clause.where(froms[0].c.deleted == 0)
    return clause, multiparams, params


REPLACING = {"before_cursor_execute": hidden_by_sql, "before_execute": hidden_by_clause}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", REPLACING)
def test_what_the_engine_hides_stays_hidden(shop: Engine, name: str, way: str) -> None:
    engine = create_engine(shop.url)
    event.listen(engine, name, REPLACING[name], retval=True)

    assert_as_seen(engine, Session, way)
    engine.dispose()


@pytest.mark.parametrize("way", WAYS)
def test_what_a_connection_hides_stays_hidden(shop: Engine, way: str) -> None:
    def make(engine: Engine) -> Session:
        session = Session(engine)
        event.listen(session.connection(), "before_cursor_execute", hidden_by_sql, retval=True)
        return session

    assert_as_seen(shop, make, way)


@pytest.mark.parametrize("way", WAYS)
def test_what_a_transaction_hides_from_its_beginning_stays_hidden(shop: Engine, way: str) -> None:
    def make(engine: Engine) -> Session:
        session = Session(engine)

        @event.listens_for(session, "after_begin")
        def hide(session: Session, transaction: Any, connection: Any) -> None:
            event.listen(connection, "before_cursor_execute", hidden_by_sql, retval=True)

        return session

    assert_as_seen(shop, make, way)


@pytest.mark.parametrize("way", WAYS)
def test_what_a_compiler_hides_stays_hidden(shop: Engine, way: str) -> None:
    own = vars(Select)["_compiler_dispatch"]
    compiles(Select)(lambda element, compiler, **kw: without_deleted(compiler.visit_select(element, **kw)))
    engine = create_engine(shop.url)
    try:
        assert_as_seen(engine, Session, way)
    finally:
        engine.dispose()
        del Select._compiler_dispatcher  # type: ignore[attr-defined]
        Select._compiler_dispatch = own


# Instances


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["load", "refresh"])
def test_what_instances_hide_as_they_load_stays_hidden(shop: Engine, name: str, way: str) -> None:
    def mask(instance: Any, *_: Any) -> None:
        instance.__dict__["rate"] = 0.0

    event.listen(Category, name, mask)
    try:
        assert_as_seen(shop, Session, way)
    finally:
        event.remove(Category, name, mask)


@pytest.mark.parametrize("way", WAYS)
def test_what_a_session_changes_in_loaded_instances_is_read(shop: Engine, way: str) -> None:
    def mask(session: Session, instance: Any) -> None:
        if isinstance(instance, Category):
            instance.__dict__["rate"] = 0.0

    def make(engine: Engine) -> Session:
        session = Session(engine)
        event.listen(session, "loaded_as_persistent", mask)
        return session

    assert_as_seen(shop, make, way)


# Options of the query itself

STATEMENTS: dict[str, Callable[[], Any]] = {
    "criteria": lambda: select(Item).options(*criteria(include_aliases=True)),
    "criteria without aliases": lambda: select(Item).options(*criteria()),
    "criteria without propagation": lambda: select(Item).options(*criteria(propagate_to_loaders=False)),
    "criteria of related rows": lambda: select(Item).options(with_loader_criteria(Category, Category.tenant == 1)),
    "criteria of parts": lambda: select(Item).options(with_loader_criteria(Part, lambda cls: cls.deleted == 0)),
    "a lazy load with a condition": lambda: select(Item).options(lazyload(Item.category.and_(Category.deleted == 0))),
    "a lazy collection with a condition": lambda: select(Item).options(lazyload(Item.parts.and_(Part.tenant == 1))),
    "a joined load with a condition": lambda: select(Item).options(joinedload(Item.category.and_(Category.rate > 1.5))),
    "eager loads": lambda: select(Item).options(selectinload(Item.parts), joinedload(Item.category)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make", STATEMENTS.values(), ids=STATEMENTS)
def test_what_a_query_hides_stays_hidden(shop: Engine, make: Callable[[], Any], way: str) -> None:
    assert_as_seen(shop, Session, way, lambda session: make())


# That the shop has something to hide


@pytest.mark.parametrize("listener", LISTENERS, ids=lambda listener: listener.__name__)
def test_every_listener_hides_something(shop: Engine, listener: Callable[[Any], Any]) -> None:
    if listener is of_one_loader_path:
        pytest.skip("SQLAlchemy's versions name paths in their own words")
    with Session(shop) as session:
        everything = seen(session)

    with on_the_instance(shop, listener) as session:
        assert seen(session) != everything


# What explain() says


def explained(session: Session) -> tuple[str, str]:
    """Return what a model says of its source before it is compiled, and after."""
    x = LXVariable[Item, float]("x").bounds(0, lambda i: i.price).from_model(session)
    model = LXModel("shop").add_variable(x)
    before = model.explain().sources[0].reads
    model.compile()
    return before, model.explain().sources[0].reads


REASONS: dict[str, tuple[Callable[[Engine], Session], str]] = {
    "listener": (lambda engine: on_the_instance(engine, by_type), "a listener for do_orm_execute"),
    "method": (Filtering, r"Filtering overrides execute\(\)"),
}


@pytest.mark.parametrize(("make", "reason"), REASONS.values(), ids=REASONS)
def test_the_explanation_names_what_may_hide_rows(shop: Engine, make: Callable[[Engine], Session], reason: str) -> None:
    with make(shop) as session:
        before, after = explained(session)

    assert re.match(f"whole rows: .*{reason}", before)
    assert after == before


def test_the_explanation_of_an_ordinary_session_names_columns(shop: Engine) -> None:
    with Session(shop) as session:
        assert explained(session) == ("columns id, price", "columns id, price")
