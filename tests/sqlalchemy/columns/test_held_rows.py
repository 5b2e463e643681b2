"""Rows that the session holds while others change them: a model has one value of each, that of the instance."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, ForeignKey, delete, insert, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, with_loader_criteria

from lumix_core import LXModel, LXVariable
from lumix_sqlalchemy import SQLAlchemyAdapter

pytestmark = pytest.mark.one_database


class Base(DeclarativeBase): ...


class Depot(Base):
    __tablename__ = "held_depots"
    id: Mapped[int] = mapped_column(primary_key=True)
    rent: Mapped[float]


class Van(Base):
    __tablename__ = "held_vans"
    id: Mapped[int] = mapped_column(primary_key=True)
    load: Mapped[float]
    is_new: Mapped[bool]
    depot_id: Mapped[int | None] = mapped_column(ForeignKey("held_depots.id"))
    depot: Mapped[Depot | None] = relationship()


VANS, DEPOTS = Van.__table__, Depot.__table__
PATHS = [("id",), ("load",), ("is_new",), ("depot", "rent")]


@pytest.fixture
def filled(engine: Engine) -> Iterator[Engine]:
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(DEPOTS), [{"id": key, "rent": 10.0 * key} for key in (1, 2, 3)])
        vans = [{"id": key, "load": float(key), "is_new": True, "depot_id": 1 + key % 2} for key in range(1, 5)]
        connection.execute(insert(VANS), vans)
    yield engine
    Base.metadata.drop_all(engine)


@pytest.fixture
def session(filled: Engine) -> Iterator[Session]:
    with Session(filled.execution_options(isolation_level=level(filled))) as session:
        yield session


def level(engine: Engine) -> str:
    return "AUTOCOMMIT" if engine.dialect.name == "sqlite" else "READ COMMITTED"


def columns(session: Session, target: Any = Van) -> list[list[Any]] | None:
    query: Any = SQLAlchemyAdapter().query(target, session)
    found = query.columns(PATHS)
    return None if found is None else [list(column) for column in found]


def others(engine: Engine, change: Any) -> None:
    with engine.begin() as connection:
        connection.execute(change)


CHANGES: dict[str, tuple[type, Callable[[], Any]]] = {
    "a number": (Van, lambda: update(VANS).where(VANS.c.id == 2).values(load=99.0)),
    "a truth": (Van, lambda: update(VANS).where(VANS.c.id == 2).values(is_new=False)),
    "a number of a related row": (Depot, lambda: update(DEPOTS).where(DEPOTS.c.id == 2).values(rent=99.0)),
    "another related row": (Van, lambda: update(VANS).where(VANS.c.id == 2).values(depot_id=3)),
    "no related row any more": (Van, lambda: update(VANS).where(VANS.c.id == 2).values(depot_id=None)),
}


@pytest.mark.parametrize(("cls", "change"), CHANGES.values(), ids=CHANGES)
def test_a_held_row_that_others_changed_is_read_as_the_instance(
    filled: Engine, session: Session, cls: Any, change: Callable[[], Any]
) -> None:
    held = session.scalars(select(cls)).all()
    others(filled, change())

    assert columns(session) is None
    assert held


@pytest.mark.parametrize(("cls", "change"), CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("way", [lambda model: model, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_model_has_one_value_of_a_held_row(
    filled: Engine, session: Session, cls: Any, change: Callable[[], Any], way: Callable[[Any], Any]
) -> None:
    held = session.scalars(select(cls)).all()
    others(filled, change())
    pairs = select(Van, Van.id.label("key")).order_by(Van.id)
    by_class = LXVariable[Van, float]("by class").from_model(session)
    by_pair = LXVariable[Any, float]("by pair").from_model(pairs, session).indexed_by(lambda pair: pair.key)
    by_class.bounds(0, lambda van: van.load + van.is_new + (van.depot.rent if van.depot else 1000.0))
    by_pair.bounds(0, lambda pair: pair[0].load + pair[0].is_new + (pair[0].depot.rent if pair[0].depot else 1000.0))

    upper = way(LXModel("m").add_variables(by_class, by_pair)).compile().upper.tolist()

    assert upper[:4] == upper[4:]
    assert held


def test_a_held_related_row_that_is_not_joined_is_read_as_the_instance(session: Session) -> None:
    held = session.get_one(Depot, 2)
    shown = select(Van).options(with_loader_criteria(Depot, Depot.id < 2, include_aliases=True))

    assert columns(session, shown) is None
    assert [van.depot for van in session.scalars(shown) if van.depot_id == 2] == [held, held]


def test_held_rows_that_nobody_changed_are_read_as_columns(session: Session) -> None:
    held = [*session.scalars(select(Van)), *session.scalars(select(Depot))]

    assert columns(session) == [[1, 2, 3, 4], [1.0, 2.0, 3.0, 4.0], [True] * 4, [20.0, 10.0, 20.0, 10.0]]
    assert held


def test_expired_rows_are_read_as_columns(filled: Engine, session: Session) -> None:
    held = session.scalars(select(Van)).all()
    others(filled, update(VANS).values(load=99.0))
    session.expire_all()

    found = columns(session)

    assert found is not None
    assert found[1] == [99.0] * 4
    assert held


def test_rows_that_the_query_loads_anew_are_read_as_columns(filled: Engine, session: Session) -> None:
    held = session.scalars(select(Van)).all()
    others(filled, update(VANS).values(load=99.0))

    found = columns(session, select(Van).execution_options(populate_existing=True))

    assert found is not None
    assert found[1] == [99.0] * 4
    assert held


def test_a_row_of_another_query_s_is_no_matter(filled: Engine, session: Session) -> None:
    held = session.get_one(Van, 1)
    others(filled, update(VANS).where(VANS.c.id == 1).values(load=99.0))

    assert columns(session, select(Van).where(Van.id > 1)) is not None
    assert held


def test_flushed_changes_are_read_as_columns(session: Session) -> None:
    session.add(Van(id=9, load=5, is_new=False, depot_id=1))
    session.get_one(Van, 1).load = 7

    found = columns(session)

    assert found is not None
    assert found[1] == [7.0, 2.0, 3.0, 4.0, 5.0]


def test_a_held_row_that_others_deleted_is_found_by_its_key(filled: Engine, session: Session) -> None:
    if filled.dialect.name != "sqlite":
        pytest.skip("other databases see to foreign keys")
    held = session.get_one(Depot, 2)
    others(filled, delete(DEPOTS).where(DEPOTS.c.id == 2))

    assert columns(session) is None
    assert [van.depot for van in session.scalars(select(Van)) if van.depot_id == 2] == [held, held]


class Parcel(Base):
    __tablename__ = "held_parcels"
    id: Mapped[int] = mapped_column(primary_key=True)
    weight: Mapped[float]
    van_id: Mapped[int | None] = mapped_column(ForeignKey("held_vans.id"))
    van: Mapped[Van | None] = relationship()

    rate = 2.0

    def price(self) -> float:
        return self.weight * self.rate


Van.toll = 1.0  # type: ignore[attr-defined]
FUNCTIONS: dict[str, Callable[[Any], float]] = {
    "a constant": lambda parcel: parcel.weight * parcel.rate,
    "a method": lambda parcel: parcel.price(),
    "a constant of a related row": lambda parcel: parcel.weight * parcel.van.toll,
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_held_row_keeps_what_it_has_in_place_of_its_class(session: Session, function: Callable[[Any], float]) -> None:
    session.add_all(Parcel(id=key, weight=float(key), van_id=key) for key in range(1, 4))
    session.commit()
    held = session.get_one(Parcel, 2)
    held.rate = 10.0
    held.price = lambda: -1.0  # type: ignore[method-assign]
    van = session.get_one(Van, 3)
    van.toll = 7.0  # type: ignore[attr-defined]
    sent = LXVariable[Parcel, float]("sent").from_model(Parcel, session).bounds(-5.0, function)

    compiled = LXModel("post").add_variable(sent).compile()

    parcels = session.scalars(select(Parcel).order_by(Parcel.id))
    assert compiled.upper.tolist() == [function(parcel) for parcel in parcels]
