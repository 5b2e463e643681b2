"""Rules over rows of a database: they read the columns that they need, along relationships, in one query a source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import ForeignKey, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from lumix_core import LXModel, LXVariable


class Base(DeclarativeBase): ...


class Category(Base):
    __tablename__ = "categories"
    id: Mapped[int] = mapped_column(primary_key=True)
    markup: Mapped[float]


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    cost: Mapped[float]
    note: Mapped[str | None]
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"))
    category: Mapped[Category] = relationship()

    @property
    def price(self) -> float:
        return self.cost * self.category.markup

    def net(self, fee: float) -> float:
        return self.price - fee


class Shelf(Base):
    __tablename__ = "shelves"
    id: Mapped[int] = mapped_column(primary_key=True)
    category_id: Mapped[int]
    worth: Mapped[float]


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Category(id=1, markup=1.5), Category(id=2, markup=2.0)])
        session.add_all([Product(id=i, cost=float(i), category_id=1 + i % 2) for i in range(1, 7)])
        session.add_all([Shelf(id=i, category_id=i, worth=10.0 * i) for i in (1, 2)])
        session.commit()
        session.expunge_all()
        yield session
    engine.dispose()


@pytest.fixture
def queries(session: Session) -> list[str]:
    found: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *call: found.append(call[2]))
    return found


def shelves(session: Session) -> tuple[LXModel, LXVariable[Product, float]]:
    stored = LXVariable[Product, float]("stored").bounds(lower=0, upper=5).from_model(session)
    model = LXModel("shelves").add_variable(stored)
    model.maximize(lambda: sum(p.net(0.5) * stored[p] for p in stored))
    return model, stored


def test_properties_methods_and_relationships_become_columns(session: Session, queries: list[str]) -> None:
    model, stored = shelves(session)

    @model.constraint(over=(Shelf, session))
    def worth(s: Shelf) -> Any:
        return sum(p.price * stored[p] for p in stored if p.category.id == s.category_id) <= s.worth

    problem = model.compile()

    assert problem.objective.tolist() == [1.5, 2.5, 5.5, 5.5, 9.5, 8.5]
    assert problem.coefficients.tolist() == [3.0, 6.0, 9.0, 2.0, 6.0, 10.0]
    assert len(queries) == 2
    assert not any("note" in query for query in queries)
    assert not list(session.identity_map.values())


def test_rules_that_are_called_row_by_row_load_relationships_in_bulk(session: Session, queries: list[str]) -> None:
    model, stored = shelves(session)

    @model.constraint(over=(Shelf, session))
    def first(s: Shelf) -> Any:
        total: Any = 0
        for p in stored:
            if p.category.id == s.category_id:
                total = total + p.price * stored[p]
                if p.id > 3:
                    break
        return total <= s.worth

    problem = model.compile()

    assert problem.coefficients.tolist() == [3.0, 6.0, 2.0, 6.0, 10.0]
    assert len([query for query in queries if "FROM categories" in query]) <= 1
    assert len(queries) <= 4
