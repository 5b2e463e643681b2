"""Further ways by which applications hide rows: options of their own, classes, loaders, and rows that are given."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import (
    DeclarativeBase,
    InstrumentedAttribute,
    Mapped,
    Mapper,
    Session,
    aliased,
    lazyload,
    mapped_column,
    scoped_session,
    selectinload,
    sessionmaker,
)
from sqlalchemy.orm.interfaces import UserDefinedOption

from lumix import LXIndexDimension, LXLinearExpression, LXModel, LXParameter, LXVariable
from lumix_sqlalchemy import SQLAlchemyAdapter
from tests.sqlalchemy.hiding.shop import CLASSES, FUNCTIONS, WAYS, Category, Item, assert_as_seen, modelled, seen

pytestmark = pytest.mark.one_database


def only_tenant(state: Any) -> None:
    for description in state.statement.column_descriptions:
        if description["type"] in CLASSES:
            state.statement = state.statement.where(description["entity"].tenant == 1)


@pytest.fixture
def session(shop: Engine) -> Iterator[Session]:
    with Session(shop) as session:
        event.listen(session, "do_orm_execute", only_tenant)
        yield session


# Options of the application


class OfTenant(UserDefinedOption):
    """Read by a listener; SQLAlchemy's own cache knows nothing of it."""


def by_option(state: Any) -> None:
    for option in state.user_defined_options:
        state.statement = state.statement.where(state.bind_mapper.class_.tenant == option.payload)


@pytest.mark.parametrize("way", WAYS)
def test_queries_with_options_of_the_application_are_told_apart(shop: Engine, way: str) -> None:
    with Session(shop) as session:
        event.listen(session, "do_orm_execute", by_option)
        model, expected = LXModel("shop"), []
        for tenant in (1, 2):
            statement = select(Item).options(OfTenant(tenant))
            model.add_variable(LXVariable[Item, float](f"of {tenant}").from_model(statement, session))
            expected.append([item.id for item in session.scalars(statement.order_by(Item.id))])

        found = [list(family.keys) for family in WAYS[way](model).compile().variables]

    assert found == expected
    assert expected[0] != expected[1]


# Sessions


@pytest.mark.parametrize("way", WAYS)
def test_a_listener_for_all_sessions(shop: Engine, way: str) -> None:
    event.listen(Session, "do_orm_execute", only_tenant)
    try:
        assert_as_seen(shop, Session, way)
    finally:
        event.remove(Session, "do_orm_execute", only_tenant)


class Scoped(scoped_session[Session]):
    def scalars(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        return super().scalars(self.visible(statement), *args, **kwargs)

    def execute(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        return super().execute(self.visible(statement), *args, **kwargs)

    def visible(self, statement: Any) -> Any:
        cls = statement.column_descriptions[0]["type"]
        return statement.where(cls.deleted == 0) if cls in CLASSES else statement


@pytest.mark.parametrize("way", WAYS)
def test_a_scoped_session_of_the_application_s_own(shop: Engine, way: str) -> None:
    scoped: Any = Scoped(sessionmaker(shop))
    try:
        expected = seen(scoped)
        scoped.expunge_all()

        assert modelled(scoped, way) == expected
        assert "Scoped overrides" in str(SQLAlchemyAdapter().query(Item, scoped).why_rows())  # type: ignore[union-attr]
    finally:
        scoped.remove()


def test_a_session_without_a_database_is_explained() -> None:
    model = LXModel("shop").add_variable(LXVariable[Item, float]("x").from_model(Session()))

    assert "columns id" in str(model.explain())


# Targets and rows


@pytest.mark.parametrize("way", WAYS)
def test_an_alias(shop: Engine, way: str) -> None:
    alias = aliased(Item)

    def make(engine: Engine) -> Session:
        session = Session(engine)
        event.listen(session, "do_orm_execute", only_tenant)
        return session

    assert_as_seen(shop, make, way, lambda session: select(alias))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_rows_that_are_given(session: Session, way: str, name: str) -> None:
    expected = {item.id: FUNCTIONS[name](item) for item in session.scalars(select(Item))}
    session.expunge_all()
    rows = session.scalars(select(Item).order_by(Item.id)).all()
    x = LXVariable[Item, float]("x").bounds(-1e9, FUNCTIONS[name]).from_data(rows)

    problem = WAYS[way](LXModel("shop").add_variable(x)).compile()

    assert dict(zip(problem.variables[0].keys, problem.upper.tolist(), strict=True)) == expected


def test_a_row_that_a_function_captures(session: Session) -> None:
    best = session.get_one(Item, 3)
    hidden = best.category
    session.expire(best)
    x = LXVariable[int, float]("x").bounds(-1e9, lambda i: i + (best.category.rate if best.category else -1.0))
    model = LXModel("m").add_variable(x.from_data([1]).indexed_by(lambda i: i))

    upper = copy.deepcopy(model).compile().upper.tolist()

    assert upper == model.compile().upper.tolist() == [1 + (hidden.rate if hidden else -1.0)]


@pytest.mark.parametrize("way", WAYS)
def test_parameters_and_dimensions(session: Session, way: str) -> None:
    visible = {row.id for row in session.scalars(select(Category))}
    session.expunge_all()
    rates = LXParameter[Category]("rates").from_model(session).value(lambda c: c.rate).default(-5.0)
    rows = [LXIndexDimension(cls).from_model(session) for cls in (Item, Category)]
    x = LXVariable("x").bounds(0, 1).indexed_by_product(*rows)
    cost = LXLinearExpression().add_term(x, lambda i, c: rates[c.id] + 10 * rates[3])
    model = LXModel("m").add_variable(x).minimize(cost)

    problem = WAYS[way](model).compile()

    assert {key[1] for key in problem.variables[0].keys} == visible
    hidden = 3.0 if 3 in visible else -5.0
    assert set(problem.objective.tolist()) == {key + 10 * hidden for key in visible}


def test_related_rows_are_loaded_with_the_query_in_few_queries(session: Session, statements: list[str]) -> None:
    statement = select(Item).options(selectinload(Item.category), selectinload(Item.parts))
    model = LXModel("shop")
    for name, function in FUNCTIONS.items():
        x = LXVariable[Item, float](name).bounds(-1e9, function)
        model.add_variable(x.from_model(statement, session))
    session.connection()
    statements.clear()

    model.compile()

    assert len(statements) == 3


# Classes


def masked(cls: type, name: str) -> None:
    class Masked(InstrumentedAttribute[Any]):
        __slots__ = ()

        def __get__(self, instance: Any, owner: Any) -> Any:
            value = super().__get__(instance, owner)
            return value if instance is None else 0.0

    vars(cls)[name].__class__ = Masked


def listen_globally(cls: type) -> Callable[[], None]:
    def mask(instance: Any, _: Any) -> None:
        if isinstance(instance, cls):
            instance.__dict__["rate"] = 0.0

    event.listen(Mapper, "load", mask)
    return lambda: event.remove(Mapper, "load", mask)


@pytest.mark.parametrize("way", WAYS)
def test_a_listener_for_all_classes(shop: Engine, way: str) -> None:
    undo = listen_globally(Category)
    try:
        assert_as_seen(shop, Session, way)
    finally:
        undo()


def test_an_attribute_that_reads_in_its_own_way_is_no_column() -> None:
    class Base(DeclarativeBase): ...

    class Account(Base):
        __tablename__ = "accounts"
        id: Mapped[int] = mapped_column(primary_key=True)
        balance: Mapped[float]

    assert SQLAlchemyAdapter().row_class(Account).columns == {"id", "balance"}

    class Secret(Base):
        __tablename__ = "secrets"
        id: Mapped[int] = mapped_column(primary_key=True)
        balance: Mapped[float]

    masked(Secret, "balance")

    assert SQLAlchemyAdapter().row_class(Secret).columns == {"id"}


@pytest.mark.parametrize("way", WAYS)
def test_a_condition_of_a_lazy_load_hides_held_rows_too(shop: Engine, way: str) -> None:
    statement = select(Item).options(lazyload(Item.category.and_(Category.rate < 1.5))).order_by(Item.id)
    with Session(shop) as session:
        held = session.scalars(select(Category)).all()
        expected = [FUNCTIONS["related row"](item) for item in session.scalars(statement)]
    with Session(shop) as session:
        held = session.scalars(select(Category)).all()
        x = LXVariable[Item, float]("x").bounds(-1e9, FUNCTIONS["related row"]).from_model(statement, session)

        upper = WAYS[way](LXModel("m").add_variable(x)).compile().upper

        assert upper.tolist() == expected
        assert held
