"""A model that is read at one moment, while others write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, insert, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from lumix import LXLinearExpression, LXModel, LXVariable
from lumix_core.errors import LXSourceError
from lumix_sqlalchemy import SQLAlchemyAdapter

TOTAL = 100


class Base(DeclarativeBase): ...


class Here(Base):
    __tablename__ = "sn_here"
    id: Mapped[int] = mapped_column(primary_key=True)
    stock: Mapped[int]


class There(Base):
    __tablename__ = "sn_there"
    id: Mapped[int] = mapped_column(primary_key=True)
    stock: Mapped[int]


@pytest.fixture
def tables(engine: Engine) -> Iterator[Engine]:
    """Two tables whose stocks add up to 100."""
    if engine.dialect.name == "sqlite":  # writers do not wait for readers
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(Here), [{"id": 1, "stock": TOTAL}])
        connection.execute(insert(There), [{"id": 1, "stock": 0}])
    yield engine
    Base.metadata.drop_all(engine)


def build(session: Session, other: Session | None = None, **options: Any) -> LXModel:
    """A model with all that is in stock, of which one part is read as instances and the other as columns."""
    here = LXVariable[Here, float]("here").from_model(Here, session, **options)
    there = LXVariable[There, float]("there").from_model(There, other or session, **options)
    expression = LXLinearExpression().add_term(here).add_term(there)
    model = LXModel("stock").add_variables(
        here.bounds(0, lambda row: sum([row.stock for _ in range(1)])), there.bounds(0, lambda row: row.stock)
    )
    return model.maximize(expression)


def total(model: LXModel, **options: Any) -> float:
    return float(model.compile(**options).upper.sum())


def move(engine: Engine, count: int = 10) -> None:
    """Move stock in one transaction."""
    with engine.begin() as connection:
        connection.execute(update(Here).values(stock=Here.stock - count))
        connection.execute(update(There).values(stock=There.stock + count))


def test_the_session_s_transaction_goes_on_in_the_snapshot(tables: Engine) -> None:
    with Session(tables) as session:
        build(session).compile(snapshot=True)
        move(tables)

        assert session.in_transaction()
        assert session.scalar(select(There.stock)) == 0
        session.rollback()
        assert session.scalar(select(There.stock)) == 10


def test_the_next_transaction_has_the_level_of_the_engine_again(tables: Engine) -> None:
    with Session(tables) as session:
        before = session.connection().get_isolation_level()
        session.rollback()
        build(session).compile(snapshot=True)
        session.commit()

        assert session.connection().get_isolation_level() == before


def test_a_transaction_that_sees_several_moments_is_refused(tables: Engine) -> None:
    if tables.dialect.name != "postgresql":
        pytest.skip("only PostgreSQL's default is weaker")
    with Session(tables) as session:
        session.scalar(select(Here.stock))

        with pytest.raises(LXSourceError, match=r"level is READ COMMITTED.*session\.commit\(\) or session\.rollback"):
            build(session).compile(snapshot=True)

        session.rollback()
        assert total(build(session), snapshot=True) == TOTAL


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_transaction_that_sees_one_moment_goes_on(tables: Engine, level: Any) -> None:
    if tables.dialect.name == "sqlite" and level != "SERIALIZABLE":
        pytest.skip("SQLite has one level only")
    with Session(tables) as session:
        session.connection(execution_options={"isolation_level": level})
        assert session.scalar(select(Here.stock)) == TOTAL
        if tables.dialect.name == "postgresql":
            move(tables)

        assert total(build(session), snapshot=True) == TOTAL
        assert session.connection().get_isolation_level() == level


def test_a_stricter_engine_is_not_weakened(tables: Engine) -> None:
    if tables.dialect.name == "sqlite":
        pytest.skip("SQLite has one level only")
    strict = create_engine(tables.url, isolation_level="SERIALIZABLE")
    with Session(strict) as session:
        build(session).compile(snapshot=True)

        assert session.connection().get_isolation_level() == "SERIALIZABLE"
    strict.dispose()


def test_autocommit_is_refused(tables: Engine) -> None:
    with Session(tables.execution_options(isolation_level="AUTOCOMMIT")) as session:
        session.scalar(select(Here.stock))

        with pytest.raises(LXSourceError, match="level is AUTOCOMMIT"):
            build(session).compile(snapshot=True)


def test_rows_that_the_session_kept_from_before_are_read_anew(tables: Engine) -> None:
    make = sessionmaker(tables, expire_on_commit=False)
    with make() as session:
        kept = session.get_one(Here, 1)
        session.commit()
        move(tables)

        assert total(build(session), snapshot=True) == TOTAL
        assert kept.stock == TOTAL - 10


def test_rows_of_the_snapshot_are_loaded_once(tables: Engine, statements: list[str]) -> None:
    with tables.begin() as connection:
        connection.execute(insert(Here), [{"id": i, "stock": 1} for i in range(2, 40)])
    with Session(tables) as session:
        here, there = LXVariable[Here, float]("here"), LXVariable[There, float]("there")
        here.from_model(Here, session).bounds(0, lambda row: float(str(row.stock)))
        there = (
            LXVariable[There, float]("there").from_model(There, session).bounds(0, lambda row: float(str(row.stock)))
        )
        del statements[:]

        LXModel("stock").add_variables(here, there).compile(snapshot=True)

        assert len([statement for statement in statements if "sn_" in statement]) == 2


def test_changes_of_the_session_are_seen(tables: Engine) -> None:
    with Session(tables) as session:
        if tables.dialect.name == "postgresql":
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        session.get_one(Here, 1).stock = 50

        assert total(build(session), snapshot=True) == 50


def test_two_sessions_have_no_moment_in_common(tables: Engine) -> None:
    with (
        Session(tables) as one,
        Session(tables) as other,
        pytest.raises(LXSourceError, match="reads in two transactions"),
    ):
        build(one, other).compile(snapshot=True)


def test_a_reader_with_a_connection_of_its_own_is_refused(tables: Engine) -> None:
    if tables.dialect.name != "sqlite":
        pytest.skip("Arrow reads SQLite files only")
    with Session(tables) as session, pytest.raises(LXSourceError, match="'arrow' reads over a connection of its own"):
        build(session, adapter=SQLAlchemyAdapter(reader="arrow")).compile(snapshot=True)


def test_an_adapter_without_snapshots_is_refused(tables: Engine) -> None:
    class Query:
        def __init__(self, query: Any) -> None:
            self.row_type, self.identity, self.rows = query.row_type, query.identity, query.rows

    class Plain(SQLAlchemyAdapter):
        def query(self, target: object, handle: object | None) -> Any:
            return Query(super().query(target, handle))

    with Session(tables) as session, pytest.raises(LXSourceError, match="adapter 'sqlalchemy' has no way to read"):
        build(session, adapter=Plain()).compile(snapshot=True)
