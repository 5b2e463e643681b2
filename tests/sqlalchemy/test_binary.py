"""Binary results of PostgreSQL: where they are asked for, and that every value is the one of the instances."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import BigInteger, Engine, Enum, Float, Numeric, SmallInteger, String, event, func, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import REAL, TypeDecorator

from lumix_core.rows.adapter import ColumnQuery
from lumix_core.rows.columns import Column
from lumix_sqlalchemy import SQLAlchemyAdapter


class Base(DeclarativeBase):
    pass


class Halved(TypeDecorator[float]):
    impl = Float
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return value / 2


class Sizes(Base):
    __tablename__ = "sizes"
    id: Mapped[int] = mapped_column(primary_key=True)
    small: Mapped[int] = mapped_column(SmallInteger)
    large: Mapped[int] = mapped_column(BigInteger)
    weight: Mapped[float]
    maybe: Mapped[float | None]
    whole: Mapped[bool]
    name: Mapped[str] = mapped_column(String(20))
    letters: Mapped[str]
    short: Mapped[float] = mapped_column(REAL)
    brief: Mapped[float] = mapped_column(Float(10))
    exact: Mapped[float] = mapped_column(Numeric(10, 3, asdecimal=False))
    halved: Mapped[float] = mapped_column(Halved)
    kind: Mapped[str] = mapped_column(Enum("a", "b", name="kinds"))


class Told(Base):
    """A table whose columns are of other types than those it is mapped with."""

    __tablename__ = "told"
    id: Mapped[int] = mapped_column(primary_key=True)
    short: Mapped[float]
    exact: Mapped[float]
    day: Mapped[str]


BINARY = ("id", "small", "large", "weight", "maybe", "whole", "name", "letters")
AS_TEXT = ("short", "brief", "exact", "halved", "kind")
NUMBERS = [0.1, 1 / 3, -0.0, 1e308, 5e-324]


def sizes(i: int) -> Sizes:
    number = NUMBERS[i % len(NUMBERS)]
    numbers = {"small": i - 50, "large": 2**40 * i, "weight": number, "maybe": number if i % 3 else None}
    texts = {"name": f"é{i}", "letters": "x" * i, "kind": "ab"[i % 2]}
    return Sizes(**numbers, **texts, whole=i % 2 == 0, short=0.1, brief=0.3, exact=0.125, halved=3.0)


pytestmark = pytest.mark.parametrize("engine", ["postgresql"], indirect=True, scope="module")


@pytest.fixture(scope="module")
def filled(engine: Engine) -> Engine:
    Base.metadata.create_all(engine, tables=[Sizes.metadata.tables["sizes"]])
    with Session(engine) as session:
        session.add_all(sizes(i) for i in range(100))
        session.execute(text("CREATE TABLE told (id int PRIMARY KEY, short real, exact numeric(20, 5), day date)"))
        session.execute(text("INSERT INTO told SELECT i, 0.1 * i, 1.1 * i, now() FROM generate_series(1, 50) i"))
        session.commit()
    return engine


@pytest.fixture
def session(filled: Engine) -> Iterator[Session]:
    with Session(filled) as session:
        yield session


@pytest.fixture
def formats(filled: Engine) -> Iterator[list[int]]:
    """The format of each result that the engine gets from here on."""
    seen: list[int] = []

    def note(connection: Any, cursor: Any, *rest: Any) -> None:
        seen.append(int(cursor.format))

    event.listen(filled, "after_cursor_execute", note)
    yield seen
    event.remove(filled, "after_cursor_execute", note)


def read(session: Session, cls: type, names: tuple[str, ...]) -> list[Column]:
    query = SQLAlchemyAdapter().query(cls, session)
    assert isinstance(query, ColumnQuery)
    found = query.columns([(name,) for name in names])
    assert found is not None
    return list(found)


def values(session: Session, cls: type, name: str) -> list[Any]:
    return [getattr(one, name) for one in session.scalars(select(cls).order_by(cls.id))]


def exactly(found: list[Any]) -> list[tuple[type, str]]:
    return [(type(value), repr(value)) for value in found]


@pytest.mark.parametrize("name", [*BINARY, *AS_TEXT])
def test_values_are_those_of_the_instances(session: Session, name: str) -> None:
    (found,) = read(session, Sizes, (name,))
    assert exactly(found.tolist()) == exactly(values(session, Sizes, name))


def test_numbers_and_texts_come_in_binary_in_one_query(session: Session, formats: list[int]) -> None:
    read(session, Sizes, BINARY)
    assert formats == [1]


@pytest.mark.parametrize("name", AS_TEXT)
def test_what_may_differ_comes_as_text(session: Session, formats: list[int], name: str) -> None:
    read(session, Sizes, ("id", name))
    assert formats == [0]


def test_only_the_query_itself_comes_in_binary(session: Session, formats: list[int]) -> None:
    read(session, Sizes, ("weight",))
    assert session.scalar(select(func.max(Sizes.id))) == 100
    session.add(sizes(100))
    read(session, Sizes, ("weight",))  # flushes first, which returns the new key
    assert formats == [1, 0, 0, 1]
    session.rollback()


@pytest.mark.parametrize("name", ["short", "exact", "day"])
def test_a_column_of_another_type_than_the_mapping_says_is_read_again_as_text(
    session: Session, formats: list[int], name: str
) -> None:
    (found,) = read(session, Told, (name,))
    assert formats == [1, 0]
    assert exactly(found.tolist()) == exactly(values(session, Told, name))


def test_a_program_s_own_reading_of_numbers_holds(session: Session, formats: list[int]) -> None:
    class Rounded(psycopg.adapt.Loader):
        def load(self, data: Any) -> float:
            return round(float(bytes(data)), 1)

    driver: Any = session.connection().connection.driver_connection
    driver.adapters.register_loader("float8", Rounded)
    try:
        (found,) = read(session, Sizes, ("weight",))
        assert formats == [0]
        assert found.tolist()[:2] == [0.1, 0.3]
        assert exactly(found.tolist()) == exactly(values(session, Sizes, "weight"))
    finally:
        session.connection().invalidate()


def test_a_cursor_of_another_kind_is_left_as_it_is(filled: Engine, formats: list[int]) -> None:
    session = Session(filled)
    driver: Any = session.connection().connection.driver_connection
    driver.cursor_factory = psycopg.ClientCursor
    try:
        (found,) = read(session, Sizes, ("weight",))
        assert formats == [0]
        assert exactly(found.tolist()) == exactly(values(session, Sizes, "weight"))
    finally:
        session.connection().invalidate()
        session.close()


def test_a_connection_keeps_no_listener(session: Session) -> None:
    read(session, Sizes, ("weight",))
    assert not list(session.connection().dispatch.before_cursor_execute)
