"""What a compile reads of a database: only the columns wanted, in one query a source, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, ForeignKey, String, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXModelError, LXParameter, LXVariable
from tests.sqlalchemy import markups
from tests.sqlalchemy.markups import Markups, markup_of

pytestmark = pytest.mark.one_database


class Base(DeclarativeBase):
    """The mapped classes of this module."""


class Category(Base):
    __tablename__ = "planned_categories"
    id: Mapped[int] = mapped_column(primary_key=True)
    markup: Mapped[float]


class Machine(Base):
    __tablename__ = "planned_machines"
    id: Mapped[int] = mapped_column(primary_key=True)
    rate: Mapped[float]


class Product(Base):
    __tablename__ = "planned_products"
    id: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[float]
    secret: Mapped[str | None] = mapped_column(String(10))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("planned_categories.id"))
    category: Mapped[Category | None] = relationship()
    recipes: Mapped[list[Recipe]] = relationship(back_populates="product")

    MARGIN = 0.5

    @property
    def sale_price(self) -> float:
        return self.price * self.category.markup if self.category else self.price

    @property
    def cost(self) -> float:
        return sum(recipe.hours * recipe.machine.rate for recipe in self.recipes)

    def discounted(self, rate: float) -> float:
        return self.sale_price * (1.0 - rate) * self.MARGIN


class Recipe(Base):
    __tablename__ = "planned_recipes"
    id: Mapped[int] = mapped_column(primary_key=True)
    hours: Mapped[float]
    product_id: Mapped[int] = mapped_column(ForeignKey("planned_products.id"))
    machine_id: Mapped[int] = mapped_column(ForeignKey("planned_machines.id"))
    product: Mapped[Product] = relationship(back_populates="recipes")
    machine: Mapped[Machine] = relationship()


PRODUCTS = 60


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as filling:
        filling.add_all([Category(id=number, markup=1.0 + number) for number in (1, 2, 3)])
        filling.add_all([Machine(id=number, rate=2.0 * number) for number in (1, 2)])
        filling.flush()
        for number in range(1, PRODUCTS + 1):
            filling.add(Product(id=number, price=float(number), category_id=number % 4 or None, secret="kept"))
        filling.flush()
        for number in range(1, PRODUCTS + 1):
            filling.add(Recipe(product_id=number, machine_id=number % 2 + 1, hours=0.5 * number))
        filling.commit()
    with Session(engine) as reading:
        yield reading
    Base.metadata.drop_all(engine)


@pytest.fixture
def sent(engine: Engine) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def bounded(session: Session, lower: Callable[[Product], Any]) -> LXModel:
    variable = LXVariable[Product, float]("made").from_model(session).bounds(lower=lower)
    return LXModel("plan").add_variable(variable)


def expected(session: Session, lower: Callable[[Product], Any]) -> list[float]:
    products = session.scalars(select(Product).order_by(Product.id)).all()
    return [float(lower(product)) for product in products]


COLUMNS: dict[str, Callable[[Product], Any]] = {
    "a column": lambda p: p.price,
    "a path": lambda p: p.category.markup if p.category else 0.0,
    "a property with a branch over a path": lambda p: p.sale_price,
    "a method, and a constant of the class": lambda p: p.discounted(0.25),
}


@pytest.mark.parametrize("function", COLUMNS.values(), ids=COLUMNS)
def test_columns_are_read_in_one_query_and_hold_what_the_rows_hold(
    session: Session, sent: list[str], function: Callable[[Product], Any]
) -> None:
    problem = bounded(session, function).compile()

    assert len(sent) == 1
    assert "secret" not in sent[0]
    assert session.identity_map.values() == []
    assert problem.lower.tolist() == expected(session, function)


def test_a_function_of_a_collection_reads_rows_and_their_relationships_in_a_few_queries(
    session: Session, sent: list[str]
) -> None:
    problem = bounded(session, lambda p: p.cost).compile()

    assert len(sent) == 5  # products; products again with their recipes; recipes again with their machines
    assert problem.lower.tolist() == expected(session, lambda p: p.cost)


HELD = Markups()
ELSEWHERE: dict[str, Callable[[Product], Any]] = {
    "a function": lambda p: 2 * markup_of(p),
    "a function of a module": lambda p: 2 * markups.markup_of(p),
    "a method of an object": lambda p: 2 * HELD.of(p),
    "an object that is called": HELD,
}


@pytest.mark.parametrize("function", ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_functions_of_other_files_go_through_is_loaded_in_bulk(
    session: Session, sent: list[str], function: Callable[[Product], Any]
) -> None:
    problem = bounded(session, function).compile()

    assert len(sent) == 3  # products; products again with their categories
    assert problem.lower.tolist() == expected(session, function)


def test_rows_that_were_given_load_what_functions_go_through_in_bulk(session: Session, sent: list[str]) -> None:
    products = session.scalars(select(Product).order_by(Product.id)).all()
    sent.clear()
    variable = LXVariable[Product, float]("made").from_data(products).bounds(lower=lambda p: p.sale_price)

    problem = LXModel("plan").add_variable(variable).compile()

    assert len(sent) <= 2
    assert problem.lower.tolist() == expected(session, lambda p: p.sale_price)


def test_pending_changes_are_seen_as_the_orm_s_own_query_sees_them(session: Session) -> None:
    product = session.get(Product, 1)
    assert product is not None
    product.price = 77.0

    problem = bounded(session, lambda p: p.price).compile()

    assert problem.lower[0] == 77.0


def test_changes_that_are_not_flushed_are_read_off_the_rows(session: Session, sent: list[str]) -> None:
    product = session.get(Product, 1)
    assert product is not None
    with session.no_autoflush:
        product.price = 77.0

        model = bounded(session, lambda p: p.price)
        problem = model.compile()

        assert session.dirty
    assert problem.lower[0] == 77.0


def test_a_missing_related_row_is_told_as_for_a_row(session: Session) -> None:
    model = bounded(session, lambda p: p.category.markup)

    with pytest.raises(LXModelError) as caught:
        model.compile()

    assert "key 4 of 'made'" in str(caught.value)
    assert "It reads Product.category, which is NULL (None)." in str(caught.value)


def test_a_branch_that_raises_is_told_with_the_row_s_own_error(session: Session) -> None:
    model = bounded(session, lambda p: p.price if p.price < 3.0 else p.price + undefined_name)  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(LXModelError) as caught:
        model.compile()

    assert "key 3 of 'made': NameError: name 'undefined_name' is not defined" in str(caught.value)


def test_a_parameter_a_family_and_a_constraint_cost_one_query_each(session: Session, sent: list[str]) -> None:
    hours = LXParameter[Recipe]("hours").from_model(Recipe, session)
    hours.indexed_by(lambda r: (r.product_id, r.machine_id)).value(lambda r: r.hours).default(0.0)
    made = LXVariable[Product, float]("made").from_model(session)
    used = LXLinearExpression().add_multi_term(made, lambda p, m: hours[p.id, m.id] * m.rate)
    limit = LXConstraint[Machine]("limit").from_model(session).expression(used).le().rhs(40.0)

    problem = LXModel("plan").add_variable(made).add_constraint(limit).compile()

    assert len(sent) == 3
    assert len(problem.coefficients) == PRODUCTS


def test_why_rows_are_read_is_told(session: Session) -> None:
    (source,) = bounded(session, lambda p: p.cost).explain().sources

    assert source.reads.startswith("whole rows: the lower bound of 'made' has to be called with it: ")
    assert "Product.recipes" in source.reads


def test_which_columns_are_read_is_told(session: Session, sent: list[str]) -> None:
    (source,) = bounded(session, lambda p: p.sale_price).explain().sources

    assert source.reads == "columns id, price, category.markup, category"
    assert sent == []


def test_explaining_changes_no_query(session: Session, sent: list[str]) -> None:
    model = bounded(session, lambda p: p.price)
    model.add_constraint(
        LXConstraint[Product]("limit")
        .from_model(session)
        .expression(LXLinearExpression().add_term(model.variables[0], 1.0))
        .le()
        .rhs(lambda p: p.price)
    )
    print(model.explain())

    model.compile()

    assert len(sent) == 1
