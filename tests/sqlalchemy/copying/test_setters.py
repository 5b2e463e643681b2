"""Rows whose class sets its attributes by SQLAlchemy's own functions: their copies are as writable."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.orm.attributes import del_attribute, get_attribute, set_attribute
from sqlalchemy.orm.instrumentation import is_instrumented

from lumix_core import LXLinearExpression, LXModel, LXVariable
from lumix_core.errors import LXNotLoadedError


class Base(DeclarativeBase): ...


class Checking(Base):
    """Converts what is set, and refuses some of it."""

    __tablename__ = "checking"
    id: Mapped[int] = mapped_column(primary_key=True)
    profit: Mapped[float]
    last: Mapped[float | None]

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "profit":
            if float(value) < 0:
                raise ValueError("a profit is not negative")
            self.last = get_attribute(self, "profit")
            set_attribute(self, name, float(value))
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        del_attribute(self, name)


class Instrumented(Base):
    """Asks first whether an attribute is mapped, as SQLModel does."""

    __tablename__ = "instrumented"
    id: Mapped[int] = mapped_column(primary_key=True)
    profit: Mapped[float]

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "_sa_instance_state" and is_instrumented(self, name):
            set_attribute(self, name, value)
        super().__setattr__(name, value)


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Checking(id=1, profit=2), Instrumented(id=1, profit=2)])
        session.commit()
        yield session


WAYS: list[Callable[[Any], Any]] = [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))]


def row_of_copy(session: Session, cls: Any, way: Callable[[Any], Any]) -> tuple[LXModel, LXModel, Any]:
    x = LXVariable[Any, float]("x").bounds(0, 1).from_model(cls, session)
    model = LXModel("m").add_variable(x).maximize(LXLinearExpression().add_term(x, lambda row: row.profit))
    twin = way(model)
    return model, twin, twin.get_variable("x").get_instances()[0]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("cls", [Checking, Instrumented])
def test_a_copied_row_is_writable(session: Session, cls: Any, way: Callable[[Any], Any]) -> None:
    model, twin, row = row_of_copy(session, cls, way)

    row.profit = 20

    assert twin.compile().objective.tolist() == [20.0]
    assert model.compile().objective.tolist() == [2.0]
    assert "_sa_instance_state" not in vars(row)


@pytest.mark.parametrize("way", WAYS)
def test_the_class_s_own_method_sets_it(session: Session, way: Callable[[Any], Any]) -> None:
    _, _, row = row_of_copy(session, Checking, way)

    row.profit = "7.5"
    row.colour = "red"

    assert (row.profit, row.last, row.colour) == (7.5, 2.0, "red")
    with pytest.raises(ValueError, match="not negative"):
        row.profit = -1
    assert row.profit == 7.5
    assert "_sa_instance_state" not in vars(row)


def test_the_class_s_own_method_deletes_it(session: Session) -> None:
    _, _, row = row_of_copy(session, Checking, copy.deepcopy)

    del row.profit

    with pytest.raises(LXNotLoadedError, match="profit"):
        row.profit  # noqa: B018
    with pytest.raises(AttributeError, match="profit"):
        del row.profit


def test_a_changed_row_is_copied_on(session: Session) -> None:
    _, twin, row = row_of_copy(session, Checking, copy.deepcopy)
    row.profit = 20

    third = pickle.loads(pickle.dumps(twin))

    assert third.compile().objective.tolist() == [20.0]
    third.get_variable("x").get_instances()[0].profit = 30
    assert twin.compile().objective.tolist() == [20.0]


@pytest.mark.parametrize("cls", [Checking, Instrumented])
def test_a_copied_row_is_not_added_to_a_session(session: Session, cls: Any) -> None:
    _, _, row = row_of_copy(session, cls, copy.deepcopy)
    row.profit = 20

    with pytest.raises(InvalidRequestError, match="not mapped"):
        session.add(row)
