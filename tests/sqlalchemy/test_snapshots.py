"""A model that is read at one moment, while others write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import workers
from sqlalchemy import Connection, Engine, create_engine, event, insert, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from lumix import LXLinearExpression, LXModel, LXOptimizer, LXParameter, LXVariable, LXWriteBack
from lumix_core.errors import LXSourceError
from lumix_sqlalchemy import SQLAlchemyAdapter

WORKER = Path(__file__).parent / "snapshots_worker.py"
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


class Planned(Base):
    __tablename__ = "sn_planned"
    here_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    quantity: Mapped[float]


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


@contextmanager
def moving_between_reads(engine: Engine) -> Iterator[list[str]]:
    """Move stock right after the first table was read."""
    read: list[str] = []
    other = create_engine(engine.url)

    def moved(connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        if "FROM sn_" in statement:
            read.append(statement)
            if len(read) == 1:
                move(other)

    event.listen(engine, "after_cursor_execute", moved)
    try:
        yield read
    finally:
        event.remove(engine, "after_cursor_execute", moved)
        other.dispose()


def test_without_a_snapshot_a_move_between_two_reads_is_seen_in_half(tables: Engine) -> None:
    with Session(tables) as session, moving_between_reads(tables) as read:
        found = total(build(session))

    assert len(read) == 2
    # MariaDB's own default is REPEATABLE READ
    assert found == (TOTAL if tables.dialect.name == "mysql" else TOTAL + 10)


def test_a_snapshot_is_of_one_moment(tables: Engine) -> None:
    with Session(tables) as session, moving_between_reads(tables) as read:
        assert total(build(session), snapshot=True) == TOTAL
        assert len(read) == 2
        assert session.in_transaction()

        session.rollback()
        assert session.scalar(select(There.stock)) == 10


def test_solving_takes_a_snapshot_too(tables: Engine) -> None:
    with Session(tables) as session, moving_between_reads(tables):
        solution = LXOptimizer().solve(build(session), snapshot=True)

    assert solution.objective_value == TOTAL


def test_parameters_are_read_at_the_same_moment(tables: Engine) -> None:
    with Session(tables) as session, moving_between_reads(tables) as read:
        stock = LXParameter[There]("stock").indexed_by(lambda row: row.id).value(lambda row: row.stock)
        stock.from_model(There, session)
        x = LXVariable[Here, float]("x").from_model(Here, session).bounds(0, lambda row: row.stock + stock[row.id])

        assert total(LXModel("stock").add_variable(x), snapshot=True) == TOTAL
        assert len(read) == 2


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
    if tables.dialect.name == "mysql":
        pytest.skip("Arrow does not read MariaDB")
    with Session(tables) as session, pytest.raises(LXSourceError, match="'arrow' reads over a connection of its own"):
        build(session, adapter=SQLAlchemyAdapter(reader="arrow")).compile(snapshot=True)


def test_an_adapter_without_snapshots_is_refused(tables: Engine) -> None:
    class Query:
        def __init__(self, query: Any) -> None:
            self.row_type, self.identity, self.rows = query.row_type, query.identity, query.rows

    class Plain(SQLAlchemyAdapter):
        def query(self, target: object, handle: object | None) -> Any:
            return Query(super().query(target, handle))

    with Session(tables) as session, pytest.raises(LXSourceError, match="adapter 'sqlalchemy' does not say how"):
        build(session, adapter=Plain()).compile(snapshot=True)


def test_the_plan_is_written_in_the_transaction_that_it_was_read_in(tables: Engine) -> None:
    with Session(tables) as session:
        model = build(session)
        solution = LXOptimizer().solve(model, snapshot=True)
        LXWriteBack().replace(Planned, solution.variables["here"], key="here_id", value="quantity").write(session)
        session.commit()

        assert session.scalar(select(Planned.quantity)) == TOTAL


def test_plans_of_one_moment_while_another_process_moves_stock(tables: Engine) -> None:
    if tables.dialect.name != "postgresql":
        pytest.skip("one server with a weaker default is enough")
    url = tables.url.render_as_string(hide_password=False)
    with workers.started(WORKER, url) as writer:
        assert writer.receive() == "moving"
        found = []
        for _ in range(60):
            with Session(tables) as session:
                found.append((total(build(session), snapshot=True), session.scalar(select(There.stock))))
        moves = writer.ask("enough")

    assert {one for one, _ in found} == {TOTAL}
    assert len({there for _, there in found}) > 10
    assert moves > 60
