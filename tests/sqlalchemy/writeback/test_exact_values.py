"""Rows that are selected by a value: exactly those that have it, whatever the database takes for equal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import (
    CHAR,
    DateTime,
    Engine,
    ForeignKey,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import UserDefinedType

from lumix import LXWriteBack, LXWriteError

NOCASE = String(20).with_variant(String(20, collation="NOCASE"), "sqlite")
LATIN = String(20).with_variant(String(20, collation="latin1_swedish_ci"), "mariadb", "mysql")


class Wrapped(TypeDecorator[str]):
    impl = NOCASE
    cache_ok = True


class OwnText(UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "VARCHAR(20)"


class Base(DeclarativeBase): ...


class Stock(Base):
    __tablename__ = "ex_stock"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    plain: Mapped[str | None] = mapped_column(NOCASE)
    latin: Mapped[str | None] = mapped_column(LATIN)
    long: Mapped[str | None] = mapped_column(Text)
    wrapped: Mapped[str | None] = mapped_column(Wrapped)
    own: Mapped[str | None] = mapped_column(OwnText)
    fixed: Mapped[str | None] = mapped_column(CHAR(8))


class Line(Base):
    """Rows refer to rows of their own table, and leave with their plant only."""

    __tablename__ = "ex_lines"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    plant: Mapped[str] = mapped_column(NOCASE)
    after_id: Mapped[int | None] = mapped_column(ForeignKey("ex_lines.id"))


@pytest.fixture(scope="module")
def tables(engine: Engine) -> Iterator[Engine]:
    Base.metadata.create_all(engine)
    yield engine
    Base.metadata.drop_all(engine)


@pytest.fixture
def session(tables: Engine) -> Iterator[Session]:
    with tables.begin() as connection:
        connection.execute(Line.__table__.update().values(after_id=None))
        for table in Base.metadata.sorted_tables:
            connection.execute(table.delete())
    with Session(tables) as session:
        yield session


NAMES = ("plain", "latin", "long", "wrapped", "own")
VALUES = ("north", "North", "NORTH", "north ", " north", "nörth", "nórth")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wanted", ["north", "North", "north ", "nörth"])
def test_only_rows_with_the_very_text_are_replaced(session: Session, name: str, wanted: str) -> None:
    session.execute(insert(Stock), [{"id": i, name: value} for i, value in enumerate(VALUES, start=1)])
    session.commit()

    for _ in range(2):
        written = LXWriteBack().replace(Stock, [{"id": 99}], where={name: wanted}).write(session)
        assert written.deleted[Stock] == 1

    kept = dict(map(tuple, session.execute(select(getattr(Stock, name), Stock.id))))
    assert kept == {**{value: i for i, value in enumerate(VALUES, start=1)}, wanted: 99}


def test_fixed_length_is_no_difference(session: Session) -> None:
    """PostgreSQL gives texts of CHAR with blanks at the end; both are the same value."""
    session.execute(insert(Stock), [{"id": 1, "fixed": "ab"}, {"id": 2, "fixed": "AB"}])
    session.commit()
    shown = session.scalars(select(Stock.fixed).where(Stock.id == 1)).one()

    for wanted in ("ab", shown):
        LXWriteBack().replace(Stock, [{"id": 1}], where={"fixed": wanted}).write(session)

    assert sorted(session.scalars(select(Stock.id))) == [1, 2]


def test_null_is_a_value(session: Session) -> None:
    session.execute(insert(Stock), [{"id": 1, "plain": None}, {"id": 2, "plain": ""}])

    LXWriteBack().replace(Stock, [{"id": 3}], where={"plain": None}).write(session)

    assert sorted(session.scalars(select(Stock.id))) == [2, 3]


def test_other_plants_of_one_table_still_refer_to_it(session: Session) -> None:
    rows = [{"id": 1, "plant": "north", "after_id": None}, {"id": 2, "plant": "NORTH", "after_id": 1}]
    session.execute(insert(Line), rows)
    session.commit()

    with pytest.raises(LXWriteError, match="other rows refer to them"):
        LXWriteBack().replace(Line, [{"id": 3}], where={"plant": "north"}).write(session)

    assert sorted(session.scalars(select(Line.id))) == [1, 2]


def test_citext_and_collations_without_an_order_of_their_own(tables: Engine) -> None:
    if tables.dialect.name != "postgresql":
        pytest.skip("these are PostgreSQL's")
    accents = "CREATE COLLATION ex_accents (provider = icu, locale = 'und-u-ks-level1', deterministic = false)"
    with tables.begin() as connection:
        connection.execute(text(accents))
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS citext"))

    class Other(DeclarativeBase): ...

    class Place(Other):
        __tablename__ = "ex_places"
        id: Mapped[int] = mapped_column(primary_key=True)
        caseless: Mapped[str] = mapped_column(CITEXT)
        accents: Mapped[str] = mapped_column(String(20, collation="ex_accents"))

    Other.metadata.create_all(tables)
    try:
        with Session(tables) as session:
            session.add_all([Place(id=i, caseless=v, accents=v) for i, v in enumerate(VALUES, start=1)])
            session.commit()
            for name in ("caseless", "accents"):
                more = {"accents": "x", "caseless": "x"}
                del more[name]
                back = LXWriteBack().replace(Place, [{"id": 1, **more}], where={name: "north"})
                assert back.write(session).deleted[Place] == 1
                session.rollback()
            assert len(session.scalars(select(Place.id)).all()) == len(VALUES)
    finally:
        Other.metadata.drop_all(tables)
        with tables.begin() as connection:
            connection.execute(text("DROP COLLATION ex_accents"))


class Secret(TypeDecorator[str]):
    """As the types of SQLAlchemy's documentation that a database encrypts."""

    impl = String
    cache_ok = True

    def bind_expression(self, bindparam: Any) -> Any:
        return func.replace(bindparam, "a", "*")

    def column_expression(self, column: Any) -> Any:
        return func.replace(column, "*", "a")


class Message(Base):
    __tablename__ = "ex_messages"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    note: Mapped[str] = mapped_column(Secret(20))
    author: Mapped[str] = mapped_column(Secret(20), default="anna")
    code: Mapped[str | None] = mapped_column(
        String(20).with_variant(Secret(20), "sqlite", "postgresql", "mysql", "mariadb")
    )


@pytest.mark.parametrize("size", [2, 300])
def test_values_that_the_database_changes(session: Session, size: int) -> None:
    rows = [{"id": i, "note": "banana", "code": "data"} for i in range(size)]

    LXWriteBack().replace(Message, rows).write(session)

    stored = session.execute(text("SELECT DISTINCT note, code, author FROM ex_messages")).all()
    assert list(map(tuple, stored)) == [("b*n*n*", "d*t*", "*nn*")]
    assert set(session.scalars(select(Message.note))) == {"banana"}


@pytest.mark.parametrize("name", ["note", "code"])
def test_rows_cannot_be_selected_by_what_the_database_changes(session: Session, name: str) -> None:
    with pytest.raises(LXWriteError, match=rf"where=: the database changes .*Message\.{name}.*another attribute"):
        LXWriteBack().replace(Message, [{"id": 1, "note": "x"}], where={name: "banana"}).write(session)


class Slot(Base):
    __tablename__ = "ex_slots"
    __table_args__ = (UniqueConstraint("at"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


BERLIN = ZoneInfo("Europe/Berlin")
HOURS = [(datetime(2024, 10, 26, 22, tzinfo=UTC) + timedelta(hours=i)).astimezone(BERLIN) for i in range(25)]


def test_the_hour_that_comes_twice(session: Session) -> None:
    """PostgreSQL stores instants; the others drop the time zone, and then refuse what is the same to them."""
    back = LXWriteBack().replace(Slot, [{"id": i, "at": hour} for i, hour in enumerate(HOURS)])
    if session.get_bind().dialect.name != "postgresql":
        with pytest.raises(LXWriteError, match="refused the rows"):
            back.write(session)
        return

    back.write(session)
    written = LXWriteBack().replace(Slot, [{"id": 99}], where={"at": HOURS[4]}).write(session)

    assert written.deleted[Slot] == 1
    assert session.scalars(select(func.count(Slot.at.distinct()))).one() == 25
