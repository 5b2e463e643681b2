"""A write-back that fails, at whatever point: what was there before is there afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import workers
from sqlalchemy import Connection, Engine, ForeignKey, delete, event, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from lumix import LXModel, LXOptimizer, LXSolution, LXVariable, LXWriteBack, LXWriteError
from lumix_sqlalchemy import RunColumns

WORKER = Path(__file__).parent / "write_back_worker.py"


class Base(DeclarativeBase): ...


class Product(Base):
    __tablename__ = "wf_products"
    id: Mapped[int] = mapped_column(primary_key=True)
    stock: Mapped[int] = mapped_column(default=0)


class Schedule(Base):
    __tablename__ = "wf_schedules"
    product_id: Mapped[int] = mapped_column(ForeignKey("wf_products.id"), primary_key=True)
    quantity: Mapped[float]


class Batch(Base):
    __tablename__ = "wf_batches"
    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("wf_schedules.product_id"))


class PlanRun(RunColumns, Base):
    __tablename__ = "wf_runs"


class Late(Base):
    __tablename__ = "wf_late"
    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("wf_products.id", deferrable=True, initially="DEFERRED"))


@pytest.fixture(scope="module")
def tables(engine: Engine) -> Iterator[Engine]:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys = ON"))
        engine.dispose()
    known = [one for one in Base.metadata.sorted_tables if one.name != "wf_late" or engine.dialect.name != "mysql"]
    Base.metadata.create_all(engine, known)
    yield engine
    Base.metadata.drop_all(engine, known)


@pytest.fixture
def session(tables: Engine) -> Iterator[Session]:
    with Session(tables) as session:
        for cls in (Batch, Schedule, PlanRun, Product):
            session.execute(delete(cls))
        session.execute(insert(Product), [{"id": i, "stock": i} for i in range(1, 1_001)])
        session.execute(insert(Schedule), [{"product_id": i, "quantity": 10.0} for i in (1, 2)])
        session.execute(insert(Batch), [{"id": 1, "product_id": 1}])
        session.commit()
        yield session


@pytest.fixture(scope="module")
def solution() -> LXSolution:
    return LXOptimizer().solve(LXModel("plan").add_variable(LXVariable[None, float]("x").bounds(0, 1)))


def write_back(solution: LXSolution, count: int = 3) -> LXWriteBack:
    """A plan of three tables: one that refers to another, and the history."""
    schedules = {"product_id": range(1, count + 1), "quantity": [5.0] * count}
    batches = {"id": range(1, count + 1), "product_id": range(1, count + 1)}
    return LXWriteBack().replace(Batch, batches).replace(Schedule, schedules).record(PlanRun, solution)


def saved(engine: Engine) -> tuple[list[Any], ...]:
    """All that is in the tables, as others see it."""
    with engine.connect() as connection:
        queries = [
            select(Schedule.product_id, Schedule.quantity).order_by(Schedule.product_id),
            select(Batch.id, Batch.product_id).order_by(Batch.id),
            select(PlanRun.id),
        ]
        return tuple([tuple(row) for row in connection.execute(query)] for query in queries)


OLD = ([(1, 10.0), (2, 10.0)], [(1, 1)], [])


class InjectedError(Exception):
    """The failure that is injected."""


@contextmanager
def failing(engine: Engine, moment: str, number: int) -> Iterator[list[str]]:
    """Fail before or after one of the statements that are sent, by number; none where there are fewer."""
    sent: list[str] = []

    def count(connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        sent.append(statement)
        if len(sent) == number:
            raise InjectedError(statement)

    event.listen(engine, f"{moment}_cursor_execute", count)
    try:
        yield sent
    finally:
        event.remove(engine, f"{moment}_cursor_execute", count)


def failures(engine: Engine, moment: str, write: Callable[[], object]) -> Iterator[str]:
    """Write until it succeeds, failing one statement later each time; yields the first word of that statement."""
    for number in range(1, 100):
        try:
            with failing(engine, moment, number):
                write()
            return
        except InjectedError as fault:
            statement = str(fault).split()[0]
        yield statement


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_failure_at_any_statement_leaves_the_session_as_it_was(
    session: Session, tables: Engine, solution: LXSolution, moment: str
) -> None:
    session.get_one(Product, 1).stock = 77
    session.flush()
    failed = []
    for statement in failures(tables, moment, lambda: write_back(solution).write(session)):
        failed.append(statement)
        if not session.in_transaction():  # what was released cannot be taken back alone
            break
        assert session.scalar(select(Product.stock).where(Product.id == 1)) == 77
        assert session.scalar(select(func.sum(Schedule.quantity))) == 20.0
        assert session.scalar(select(func.count()).select_from(PlanRun)) == 0

    assert failed.count("INSERT") == 3
    assert failed[-1] == "RELEASE"
    session.rollback()
    assert saved(tables) == OLD
    assert session.get_one(Product, 1).stock == 1


TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER wf_trigger BEFORE INSERT ON wf_batches WHEN NEW.product_id = 300 "
        "BEGIN SELECT RAISE(ABORT, 'no 300'); END",
        "DROP TRIGGER wf_trigger",
    ),
    "postgresql": (
        "CREATE FUNCTION wf_refuse() RETURNS trigger AS $$ BEGIN IF NEW.product_id = 300 THEN "
        "RAISE EXCEPTION 'no 300'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; "
        "CREATE TRIGGER wf_trigger BEFORE INSERT ON wf_batches FOR EACH ROW EXECUTE FUNCTION wf_refuse()",
        "DROP TRIGGER wf_trigger ON wf_batches; DROP FUNCTION wf_refuse()",
    ),
    "mysql": (
        "CREATE TRIGGER wf_trigger BEFORE INSERT ON wf_batches FOR EACH ROW IF NEW.product_id = 300 THEN "
        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no 300'; END IF",
        "DROP TRIGGER wf_trigger",
    ),
}


def run(engine: Engine, sql: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(sql)


@pytest.mark.parametrize("own", [True, False], ids=["engine", "session"])
def test_the_error_of_a_trigger_leaves_an_engine_and_a_session_usable(
    session: Session, tables: Engine, solution: LXSolution, own: bool
) -> None:
    create, drop = TRIGGERS[tables.dialect.name]
    run(tables, create)
    try:
        with pytest.raises((LXWriteError, DBAPIError), match="no 300"):
            write_back(solution, 500).write(tables if own else session)

        assert session.scalar(select(func.sum(Schedule.quantity))) == 20.0
        session.rollback()
        assert saved(tables) == OLD
    finally:
        run(tables, drop)


@pytest.mark.parametrize("count", [3, 500], ids=["few", "many"])
def test_a_foreign_key_that_is_looked_at_when_committing_names_the_row(
    session: Session, tables: Engine, count: int
) -> None:
    if tables.dialect.name == "mysql":
        pytest.skip("MariaDB looks at once")
    rows = {"id": range(1, count + 1), "product_id": [1] * (count - 1) + [4_321]}

    with pytest.raises(LXWriteError, match=rf"row {count - 1} .* to wf_products\.id = 4321, and there is no such row"):
        LXWriteBack().replace(Late, rows).write(tables)

    assert session.scalar(select(func.count()).select_from(Late)) == 0


def test_a_constraint_trigger_that_fails_the_commit_of_an_engine(
    session: Session, tables: Engine, solution: LXSolution
) -> None:
    if tables.dialect.name != "postgresql":
        pytest.skip("only PostgreSQL has triggers that run when committing")
    create, drop = TRIGGERS["postgresql"]
    run(
        tables,
        create.replace("BEFORE INSERT ON", "AFTER INSERT ON")
        .replace("CREATE TRIGGER", "CREATE CONSTRAINT TRIGGER")
        .replace("FOR EACH ROW", "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"),
    )
    try:
        with pytest.raises(DBAPIError, match="no 300"):
            write_back(solution, 500).write(tables)

        assert saved(tables) == OLD
    finally:
        run(tables, drop)


@pytest.mark.parametrize("step", ["delete", "copy", "commit"])
def test_a_process_that_is_killed_while_an_engine_writes(session: Session, tables: Engine, step: str) -> None:
    if tables.dialect.name != "postgresql":
        pytest.skip("one server is enough to kill a client of")
    session.execute(Batch.__table__.delete())
    session.execute(insert(Product), [{"id": i, "stock": i} for i in range(1_001, 20_001)])
    session.commit()
    url = tables.url.render_as_string(hide_password=False)
    with workers.started(WORKER, url, step) as worker:
        reached = worker.receive()
        worker.kill()

    assert reached == "reached"
    assert saved(tables)[0] == OLD[0]
    session.execute(text("SET LOCAL lock_timeout = '20s'"))  # its server process ends as soon as it notices
    LXWriteBack().replace(Schedule, [{"product_id": 3, "quantity": 1.0}]).write(session)
    session.commit()
    assert saved(tables)[0] == [(3, 1.0)]


@pytest.mark.parametrize("own", [True, False], ids=["engine", "session"])
def test_a_server_that_ends_the_connection_of_an_engine_or_a_session(
    session: Session, tables: Engine, solution: LXSolution, own: bool
) -> None:
    if tables.dialect.name != "postgresql":
        pytest.skip("one server is enough")

    def cut(connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        if statement.startswith("DELETE FROM wf_schedules"):
            backend = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
            with tables.connect() as other:
                assert other.scalar(select(func.pg_terminate_backend(backend)))

    event.listen(tables, "after_cursor_execute", cut)
    try:
        with pytest.raises(OperationalError, match="terminat"):
            write_back(solution, 500).write(tables if own else session)
    finally:
        event.remove(tables, "after_cursor_execute", cut)

    assert saved(tables) == OLD
    assert session.scalar(select(func.sum(Schedule.quantity))) == 20.0
    write_back(solution, 500).write(tables if own else session)


def test_a_deadlock_that_takes_the_whole_transaction_ends_the_session_s(
    session: Session, tables: Engine, solution: LXSolution
) -> None:
    if tables.dialect.name != "mysql":
        pytest.skip("PostgreSQL takes back no more than to the savepoint, and SQLite has one lock")
    session.execute(update(Product).where(Product.id == 1_000).values(stock=-1))
    with tables.connect() as other:
        other.execute(update(Product).where(Product.id < 900).values(stock=-2))  # more work, so it is let through
        other.execute(update(Schedule).values(quantity=30.0))
        waiting = threading.Thread(target=lambda: other.execute(update(Product).values(stock=-3)))
        with pytest.raises(OperationalError, match="Deadlock"):
            _write_while(waiting, session, solution)
        waiting.join(60)
        other.rollback()

    assert not session.in_transaction()
    assert session.get_one(Product, 1_000).stock == 1_000
    assert saved(tables) == OLD


def _write_while(waiting: threading.Thread, session: Session, solution: LXSolution) -> None:
    waiting.start()
    write_back(solution).write(session)
