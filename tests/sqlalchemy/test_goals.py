"""Goals over rows of a database: ranks and weights are columns, copies need no session, deviations are written back."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator

import pytest
from sqlalchemy import ForeignKey, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from lumix import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXVariable, LXWriteBack


class Base(DeclarativeBase): ...


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    rank: Mapped[int]


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    pieces: Mapped[float]
    penalty: Mapped[float]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    customer: Mapped[Customer] = relationship()


class Shortage(Base):
    __tablename__ = "shortages"
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    pieces: Mapped[float]


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Customer(id=i, rank=i) for i in (1, 2, 3)])
        session.add_all([Order(id=i, pieces=i, penalty=1.0 + i, customer_id=1 + i % 3) for i in range(1, 10)])
        session.commit()
        session.expunge_all()
        yield session
    engine.dispose()


def orders(session: Session) -> LXModel:
    made = LXVariable[Order, float]("made").bounds(lower=0).from_model(session)
    delivered = LXConstraint[Order]("delivered").over(made).expression(LXLinearExpression().add_term(made)).ge()
    delivered.rhs(lambda o: o.pieces).as_goal(priority=lambda o: o.customer.rank, weight=lambda o: o.penalty)
    hours = LXConstraint("hours").expression(LXLinearExpression().sum_over(made)).le().rhs(25)
    return LXModel("orders").add_variable(made).add_constraints(hours, delivered).set_goal_mode("sequential")


def test_ranks_and_weights_are_read_with_the_rows_in_one_query(session: Session) -> None:
    queries: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *call: queries.append(call[2]))

    solution = LXOptimizer().solve(orders(session))

    assert len(queries) == 1
    assert [(stage.priority, stage.value) for stage in solution.goal_stages] == [(1, 0.0), (2, 22.0), (3, 108.0)]


def test_copies_have_the_goals_without_the_session(session: Session) -> None:
    model = orders(session)
    expected = LXOptimizer().solve(model)
    twin, parcel = copy.deepcopy(model), pickle.dumps(model)

    session.close()
    session.get_bind().dispose()  # type: ignore[union-attr]

    for other in (twin, pickle.loads(parcel)):
        assert LXOptimizer().solve(other).goal_stages == expected.goal_stages


def test_deviations_are_written_back(session: Session) -> None:
    missing = LXOptimizer().solve(orders(session)).get_goal_deviations("delivered")["neg"]

    LXWriteBack().replace(Shortage, missing, key="order_id", value="pieces").write(session)

    assert dict(session.execute(select(Shortage.order_id, Shortage.pieces)).all()) == missing
