"""Functions of mapped rows: what of the class is traced, and what is left to the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import Any, ClassVar

import pytest
from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from lumix_core import LXIndexDimension, LXModel, LXVariable
from lumix_core.formulas.tracing import trace
from lumix_sqlalchemy import SQLAlchemyAdapter

ADAPTER = SQLAlchemyAdapter()


class Base(DeclarativeBase):
    pass


class Category(Base):
    __tablename__ = "categories"
    id: Mapped[int] = mapped_column(primary_key=True)
    markup: Mapped[float]


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[float]
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"))
    category: Mapped[Category | None] = relationship()
    RATE = 2.0
    share: ClassVar[float] = 0.5
    weight = 1.0

    @property
    def dear(self) -> float:
        return self.price * 2 if self.price > 3 else self.price

    @hybrid_property
    def taxed(self) -> float:
        return self.price + 0.25

    @cached_property
    def kept(self) -> float:
        return self.price * 3

    @staticmethod
    def doubled(value: float) -> float:
        return value * 2

    @classmethod
    def rated(cls, value: float) -> float:
        return value * cls.RATE

    def times(self, factor: float = 2.0) -> float:
        return self.price * factor * self.share

    def markup(self, missing: float = 1.0) -> float:
        return self.category.markup if self.category else missing


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Category(id=1, markup=1.5))
        session.add_all([Product(id=i, price=float(i), category_id=1 if i % 2 else None) for i in range(9)])
        session.commit()
        yield session
    engine.dispose()


def traced(function: Callable[..., Any]) -> Any:
    return trace(function, [ADAPTER.row_class(Product)], ADAPTER.row_class)


def computed(session: Session, function: Callable[..., Any]) -> list[float]:
    """Return what a model makes of a function of a product."""
    variable = LXVariable[Product, float]("x").from_model(session).bounds(lower=function)
    return LXModel("m").add_variable(variable).compile().lower.tolist()


def by_row(session: Session, function: Callable[..., Any]) -> list[float]:
    return [float(function(product)) for product in session.query(Product).order_by(Product.id)]


@pytest.mark.parametrize(
    "function",
    [
        lambda p: p.price * p.RATE,
        lambda p: p.share,
        lambda p: p.dear,
        lambda p: p.taxed,
        lambda p: p.doubled(p.price) + p.rated(p.price),
        lambda p: p.times() + p.times(3.0) + p.times(factor=0.5),
        lambda p: p.markup() * p.price,
        lambda p: p.category.markup if p.category else -1.0,
        lambda p: 1.0 if p.category and p.category.markup > 1 else 0.0,
        lambda p: 1.0 if not p.category else 2.0,
        partial(lambda rate, p: p.price * rate, 2.5),
    ],
)
def test_the_code_of_the_class_is_traced(session: Session, function: Callable[..., Any]) -> None:
    assert traced(function).formula is not None
    assert computed(session, function) == by_row(session, function)


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda p: p.kept, "a cached_property"),
        (lambda p: p.weight, "of which a row may have a value of its own"),
        (lambda p: p.missing, "no mapped attribute of one meaning"),
        (lambda p: 1.0 if p else 0.0, "asks whether a Product is true"),
        (lambda p: p.__class__.RATE, "reads __class__"),
    ],
)
def test_what_a_row_may_have_for_itself_is_left_to_the_rows(function: Callable[..., Any], why: str) -> None:
    assert why in traced(function).reason


def test_a_value_that_a_row_has_for_itself_counts(session: Session) -> None:
    products = session.query(Product).order_by(Product.id).all()
    products[2].weight = 5.0

    found = computed(session, lambda p: p.weight)

    assert found == [1.0, 1.0, 5.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]


def test_a_path_that_is_read_and_not_used_needs_its_row(session: Session) -> None:
    def early(p: Product) -> float:
        markup = p.category.markup  # type: ignore[union-attr]
        return 1.0 if p.id == 0 else markup

    with pytest.raises(Exception, match="key 0 of 'x'"):
        computed(session, early)


def test_rows_are_compared_as_rows(session: Session) -> None:
    dimensions = [LXIndexDimension(one).from_model(session) for one in (Product, Category)]
    pairs = LXVariable[Any, float]("x").indexed_by_product(*dimensions).where_multi(lambda p, c: p.category == c)

    found = list(LXModel("m").add_variable(pairs).compile().variables[0].keys)

    assert found == [(1, 1), (3, 1), (5, 1), (7, 1)]
