"""What a compile holds at its peak: a few times the columns that it reads and the arrays that it returns."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import ForeignKey, create_engine, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXParameter, LXVariable

PRODUCTS, MACHINES, RECIPES_EACH = 5_000, 100, 20


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    profit: Mapped[float]


class Machine(Base):
    __tablename__ = "machines"
    id: Mapped[int] = mapped_column(primary_key=True)
    hours: Mapped[float]


class Recipe(Base):
    __tablename__ = "recipes"
    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    hours: Mapped[float]
    note: Mapped[str]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    engine = create_engine(f"sqlite:///{tmp_path / 'memory.db'}")
    Base.metadata.create_all(engine)
    recipes = [
        {"product_id": i, "machine_id": 1 + (i * 7 + k * 5) % MACHINES, "hours": 0.5 + k, "note": "never read" * 20}
        for i in range(1, PRODUCTS + 1)
        for k in range(RECIPES_EACH)
    ]
    with Session(engine) as session:
        session.execute(insert(Product), [{"profit": 1.5 * i} for i in range(PRODUCTS)])
        session.execute(insert(Machine), [{"hours": 80.0} for _ in range(MACHINES)])
        session.execute(insert(Recipe), recipes)
        session.commit()
    with Session(engine) as session:
        yield session
    engine.dispose()


def production(session: Session) -> LXModel:
    hours = (
        LXParameter[Recipe]("hours")
        .from_model(Recipe, session)
        .indexed_by(lambda r: (r.product_id, r.machine_id))
        .value(lambda r: r.hours)
        .default(0.0)
    )
    made = LXVariable[Product, float]("made").bounds(lower=0).from_model(Product, session)
    used = LXLinearExpression().add_multi_term(made, lambda p, m: hours[p.id, m.id])
    limit = LXConstraint[Machine]("limit").from_model(Machine, session).expression(used).le().rhs(lambda m: m.hours)
    profit = LXLinearExpression().add_term(made, lambda p: p.profit)
    return LXModel("production").add_variable(made).add_constraint(limit).maximize(profit)


def test_a_compile_holds_a_few_times_what_it_reads_and_returns(session: Session) -> None:
    production(session).compile()  # what a first compile leaves behind for all others is not counted
    model = production(session)
    tracemalloc.start()
    try:
        problem = model.compile()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    returned = sum(array.nbytes for array in problem.arrays().values())
    fetched = 8 * (3 * PRODUCTS * RECIPES_EACH + 2 * PRODUCTS + 2 * MACHINES)
    assert problem.num_nonzeros == PRODUCTS * RECIPES_EACH
    assert peak <= 4 * (returned + fetched)
