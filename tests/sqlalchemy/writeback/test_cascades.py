"""Rows of other tables that the database would delete or change along, although no class says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, event, insert, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from lumix import LXWriteBack, LXWriteError


class Base(DeclarativeBase): ...


class Plan(Base):
    __tablename__ = "ca_plans"
    plant: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column("Number", primary_key=True, autoincrement=False)
    after_plant: Mapped[int | None]
    after_number: Mapped[int | None]


RULES = ("CASCADE", "SET NULL", "NO ACTION", "RESTRICT")
NOTES = """
    CREATE TABLE ca_notes (id INTEGER PRIMARY KEY, plant INTEGER, number INTEGER, CONSTRAINT of_plan
    FOREIGN KEY (plant, number) REFERENCES ca_plans (plant, {number}) ON DELETE {rule})"""


@pytest.fixture
def session(engine: Engine, request: pytest.FixtureRequest) -> Iterator[Session]:
    """Two plans, and a note on the second, by a table of which no class is known."""
    if engine.dialect.name == "sqlite" and not event.contains(engine, "connect", turn_on):
        event.listen(engine, "connect", turn_on)
        engine.dispose()
    Base.metadata.create_all(engine)
    number = engine.dialect.identifier_preparer.quote("Number")
    with engine.begin() as connection:
        connection.execute(text(NOTES.format(rule=request.param, number=number)))
    try:
        with Session(engine) as session:
            session.execute(insert(Plan), [{"plant": 1, "number": 1}, {"plant": 2, "number": 1}])
            session.execute(text("INSERT INTO ca_notes VALUES (1, 2, 1), (2, NULL, NULL)"))
            session.commit()
            yield session
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE ca_notes"))
        Base.metadata.drop_all(engine)


def turn_on(connection: object, _: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")  # type: ignore[attr-defined]


def notes(session: Session) -> list[tuple[int, int | None]]:
    return [tuple(row) for row in session.execute(text("SELECT id, plant FROM ca_notes ORDER BY id"))]


@pytest.mark.parametrize("session", RULES, indirect=True)
def test_rows_of_unknown_tables_stay(session: Session) -> None:
    with pytest.raises(LXWriteError, match=r"ca_notes|other rows refer to them"):
        LXWriteBack().replace(Plan, [{"plant": 2, "number": 1}]).write(session)

    assert notes(session) == [(1, 2), (2, None)]
    assert len(session.scalars(select(Plan)).all()) == 2


@pytest.mark.parametrize("session", RULES, indirect=True)
def test_rows_to_which_none_refers_are_replaced(session: Session) -> None:
    written = LXWriteBack().replace(Plan, [{"number": 7}], where={"plant": 1}).write(session)

    assert written.deleted[Plan] == 1
    assert notes(session) == [(1, 2), (2, None)]


@pytest.mark.parametrize("session", ["CASCADE"], indirect=True)
def test_rows_of_the_same_table_stay(session: Session, engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite adds no foreign key to a table that it has")
    number = engine.dialect.identifier_preparer.quote("Number")
    own = f"FOREIGN KEY (after_plant, after_number) REFERENCES ca_plans (plant, {number}) ON DELETE CASCADE"
    session.execute(text(f"ALTER TABLE ca_plans ADD CONSTRAINT own_after {own}"))
    session.execute(insert(Plan), [{"plant": 3, "number": 1, "after_plant": 1, "after_number": 1}])
    session.commit()

    with pytest.raises(LXWriteError, match=r"would change 1 row\(s\) of the table 'ca_plans'"):
        LXWriteBack().replace(Plan, [{"number": 7}], where={"plant": 1}).write(session)

    assert len(session.scalars(select(Plan)).all()) == 3
