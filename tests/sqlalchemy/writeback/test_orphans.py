"""Rows that others refer to, where the database does not check foreign keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, ForeignKey, ForeignKeyConstraint, event, insert, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from lumix import LXWriteBack, LXWriteError


class Base(DeclarativeBase): ...


class Plan(Base):
    __tablename__ = "or_plans"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    plant: Mapped[int] = mapped_column(default=1)


class Order(Base):
    __tablename__ = "or_orders"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    plan_id: Mapped[int | None] = mapped_column("plan", ForeignKey("or_plans.id"))


class Shift(Base):
    __tablename__ = "or_shifts"
    plant: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Crew(Base):
    """Refers by two columns, and lets its own rows refer to each other."""

    __tablename__ = "or_crews"
    __table_args__ = (ForeignKeyConstraint(["plant", "day"], ["or_shifts.plant", "or_shifts.day"]),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    plant: Mapped[int | None]
    day: Mapped[int | None]
    chief_id: Mapped[int | None] = mapped_column(ForeignKey("or_crews.id"))


@pytest.fixture(scope="module")
def unchecked(engine: Engine) -> Iterator[Engine]:
    """An engine that checks no foreign keys, which PostgreSQL always does for its users."""
    if engine.dialect.name == "postgresql":
        pytest.skip("foreign keys are always checked")
    if engine.dialect.name == "mysql":
        event.listen(engine, "connect", turn_off)
        engine.dispose()
    Base.metadata.create_all(engine)
    yield engine
    Base.metadata.drop_all(engine)


def turn_off(connection: object, _: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("SET foreign_key_checks = 0")
    cursor.close()


@pytest.fixture
def session(unchecked: Engine) -> Iterator[Session]:
    with Session(unchecked) as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())
        session.execute(insert(Plan), [{"id": 1, "plant": 1}, {"id": 2, "plant": 2}])
        session.execute(insert(Order), [{"id": 1, "plan_id": 2}, {"id": 2, "plan_id": None}])
        session.execute(insert(Shift), [{"plant": 1, "day": 1}, {"plant": 1, "day": 2}])
        session.execute(insert(Crew), [{"id": 1, "plant": 1, "day": 2, "chief_id": None}])
        session.commit()
        yield session


def test_rows_that_others_refer_to_are_refused(session: Session) -> None:
    for rows in ([{"id": 7}], [{"id": 2}], []):
        with pytest.raises(LXWriteError, match=r"other rows refer to them: 1 row\(s\) of the table 'or_orders'"):
            LXWriteBack().replace(Plan, rows).write(session)

    assert list(session.scalars(select(Plan.id).order_by(Plan.id))) == [1, 2]


def test_rows_that_nobody_refers_to_are_replaced(session: Session) -> None:
    LXWriteBack().replace(Plan, [{"id": 7}], where={"plant": 1}).write(session)

    with pytest.raises(LXWriteError, match="or_orders"):
        LXWriteBack().replace(Plan, [{"id": 8}], where={"plant": 2}).write(session)
    assert list(session.scalars(select(Plan.id).order_by(Plan.id))) == [2, 7]


def test_those_that_refer_may_be_replaced_with_them(session: Session) -> None:
    orders = [{"id": 1, "plan_id": 7}, {"id": 2, "plan_id": None}]

    LXWriteBack().replace(Plan, [{"id": 7}]).replace(Order, orders).write(session)

    assert list(session.scalars(select(Order.plan_id).order_by(Order.id))) == [7, None]


def test_keys_of_several_columns(session: Session) -> None:
    LXWriteBack().replace(Shift, [{"day": 3}], where={"plant": 9}).write(session)

    with pytest.raises(LXWriteError, match="or_crews"):
        LXWriteBack().replace(Shift, [{"plant": 1, "day": 1}]).write(session)


def test_rows_of_their_own_table(session: Session) -> None:
    session.execute(insert(Crew), [{"id": 2, "plant": 2, "day": None, "chief_id": 1}])
    LXWriteBack().replace(Crew, [{"id": 3, "chief_id": None}], where={"plant": 2}).write(session)
    session.execute(insert(Crew), [{"id": 4, "plant": None, "day": None, "chief_id": 1}])

    with pytest.raises(LXWriteError, match="or_crews"):
        LXWriteBack().replace(Crew, [{"id": 5, "day": None, "chief_id": None}], where={"plant": 1}).write(session)
    assert set(session.scalars(select(Crew.id))) == {1, 3, 4}


NOTES = (
    "CREATE TABLE or_notes (id INTEGER PRIMARY KEY, plan INTEGER, "
    "CONSTRAINT of_plan FOREIGN KEY (plan) REFERENCES or_plans (id){rule})"
)


@contextmanager
def notes(engine: Engine, rule: str = "") -> Iterator[None]:
    """A table of which no class is known, with a row that refers to plan 1."""
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM or_orders"))
        connection.execute(text(NOTES.format(rule=rule)))
        connection.execute(text("INSERT INTO or_notes VALUES (1, 1)"))
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE or_notes"))


def test_tables_that_another_program_made(session: Session, unchecked: Engine) -> None:
    with notes(unchecked):
        with pytest.raises(LXWriteError, match=r"refer to them: 1 row\(s\) of the table 'or_notes'"):
            LXWriteBack().replace(Plan, [{"id": 7}]).write(session)
        assert set(session.scalars(select(Plan.id))) == {1, 2}
        LXWriteBack().replace(Plan, [{"id": 7}], where={"plant": 2}).write(session)
        session.commit()
