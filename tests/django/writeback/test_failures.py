"""A write-back that fails, at whatever point: what was there before is there afterwards."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import workers
from django.db import DatabaseError, IntegrityError, OperationalError, connection, connections, transaction
from workshop.models import Batch, Good, PlanRun, Schedule

from lumix import LXModel, LXOptimizer, LXSolution, LXVariable, LXWriteBack, LXWriteError

WORKER = Path(__file__).parent / "write_back_worker.py"
OLD = ([(1, 1, 10.0), (2, 2, 10.0)], [(1, 1)], [])


class InjectedError(DatabaseError):
    """The failure that is injected."""


@pytest.fixture
def tables(database: dict[str, Any]) -> Iterator[str]:
    """A thousand goods, a plan for two of them, and a batch; returns the vendor of the database."""
    Good.objects.bulk_create([Good(id=i, name="good", stock=i) for i in range(1, 1_001)])
    Schedule.objects.bulk_create([Schedule(id=i, product_id=i, quantity=10.0) for i in (1, 2)])
    Batch.objects.create(schedule_id=1, number=1)
    yield connection.vendor
    assert not connection.in_atomic_block
    with connection.constraint_checks_disabled(), transaction.atomic():
        for model in (Batch, Schedule, PlanRun, Good):
            model.objects.all()._raw_delete("default")


@pytest.fixture(scope="module")
def solution() -> LXSolution:
    return LXOptimizer().solve(LXModel("plan").add_variable(LXVariable[None, float]("x").bounds(0, 1)))


def write_back(solution: LXSolution, count: int = 3) -> LXWriteBack:
    """A plan of three tables: one that refers to another, and the history."""
    keys = range(1, count + 1)
    schedules = {"id": keys, "product_id": keys, "quantity": [5.0] * count}
    batches = {"schedule_id": keys, "number": keys}
    return LXWriteBack().replace(Batch, batches).replace(Schedule, schedules).record(PlanRun, solution)


def saved() -> tuple[list[Any], ...]:
    return (
        list(Schedule.objects.order_by("id").values_list("id", "product_id", "quantity")),
        list(Batch.objects.order_by("number").values_list("schedule_id", "number")),
        list(PlanRun.objects.values_list("pk", flat=True)),
    )


def others_see() -> tuple[list[Any], ...]:
    """All that is in the tables, as another connection sees it."""
    found: list[Any] = []

    def look() -> None:
        found.append(saved())
        connections.close_all()

    run_in_thread(look)
    return tuple(found[0])


def run_in_thread(work: Any) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)


@contextmanager
def failing(moment: str, number: int) -> Iterator[None]:
    """Fail before or after one of the statements that are sent, by number; none where there are fewer."""
    sent: list[str] = []

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        if sql == "BEGIN":  # Django sends it to SQLite only, and does not take it back
            return execute(sql, *rest)
        sent.append(sql)
        if moment == "before" and len(sent) == number:
            raise InjectedError(sql)
        found = execute(sql, *rest)
        if moment == "after" and len(sent) == number:
            raise InjectedError(sql)
        return found

    with connection.execute_wrapper(count):
        yield


def failures(moment: str, write: Callable[[], object]) -> Iterator[str]:
    """Write until it succeeds, failing one statement later each time; yields the first word of that statement."""
    for number in range(1, 100):
        try:
            with failing(moment, number):
                write()
            return
        except InjectedError as fault:
            statement = str(fault).split()[0]
        yield statement


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_failure_at_any_statement_leaves_the_user_s_block(tables: str, solution: LXSolution, moment: str) -> None:
    with transaction.atomic():
        Good.objects.filter(id=1).update(stock=77)
        failed = []
        for statement in failures(moment, lambda: write_back(solution).write()):
            failed.append(statement)
            if connection.needs_rollback:  # what was released cannot be taken back alone
                break
            assert saved() == OLD
            assert Good.objects.get(id=1).stock == 77
        transaction.set_rollback(True)

    assert failed.count("INSERT") == 3
    assert others_see() == OLD
    assert Good.objects.get(id=1).stock == 1


TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER wf_trigger BEFORE INSERT ON workshop_batch WHEN NEW.number = 300 "
        "BEGIN SELECT RAISE(ABORT, 'no 300'); END",
        "DROP TRIGGER wf_trigger",
    ),
    "postgresql": (
        "CREATE FUNCTION wf_refuse() RETURNS trigger AS $$ BEGIN IF NEW.number = 300 THEN "
        "RAISE EXCEPTION 'no 300'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; "
        "CREATE TRIGGER wf_trigger BEFORE INSERT ON workshop_batch FOR EACH ROW EXECUTE FUNCTION wf_refuse()",
        "DROP TRIGGER wf_trigger ON workshop_batch; DROP FUNCTION wf_refuse()",
    ),
    "mysql": (
        "CREATE TRIGGER wf_trigger BEFORE INSERT ON workshop_batch FOR EACH ROW IF NEW.number = 300 THEN "
        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no 300'; END IF",
        "DROP TRIGGER wf_trigger",
    ),
}


@contextmanager
def trigger(create: str, drop: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(create)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(drop)


def test_the_error_of_a_trigger_leaves_an_atomic_block_usable(tables: str, solution: LXSolution) -> None:
    with trigger(*TRIGGERS[tables]):
        with pytest.raises((LXWriteError, DatabaseError), match="no 300"):
            write_back(solution, 500).write()
        assert others_see() == OLD

        with transaction.atomic():
            with pytest.raises((LXWriteError, DatabaseError), match="no 300"):
                write_back(solution, 500).write()
            assert saved() == OLD


def test_a_constraint_trigger_that_fails_the_commit_of_atomic(tables: str, solution: LXSolution) -> None:
    if tables != "postgresql":
        pytest.skip("only PostgreSQL has triggers that run when committing")
    create, drop = TRIGGERS["postgresql"]
    create = (
        create.replace("BEFORE INSERT ON", "AFTER INSERT ON")
        .replace("CREATE TRIGGER", "CREATE CONSTRAINT TRIGGER")
        .replace("FOR EACH ROW", "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW")
    )
    with trigger(create, drop), pytest.raises(DatabaseError, match="no 300"):
        write_back(solution, 500).write()

    assert others_see() == OLD


def test_what_models_do_not_tell_of_is_refused_when_committing(tables: str) -> None:
    if tables == "mysql":
        pytest.skip("MariaDB looks at once")
    quote = "INTEGER REFERENCES workshop_schedule (id) DEFERRABLE INITIALLY DEFERRED"
    with trigger(f"CREATE TABLE hidden (schedule_id {quote})", "DROP TABLE hidden"):
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO hidden VALUES (2)")

        with pytest.raises(
            LXWriteError, match=r"(?s)refused the rows when they were to be committed: .*Nothing was"
        ) as error:
            LXWriteBack().replace(Batch, []).replace(Schedule, []).write()

        assert isinstance(error.value.__cause__, IntegrityError)
        assert others_see() == OLD


@pytest.mark.parametrize("step", ["delete", "copy", "commit"])
def test_a_process_that_is_killed_within_atomic(tables: str, database: dict[str, Any], step: str) -> None:
    if tables != "postgresql":
        pytest.skip("one server is enough to kill a client of")
    Batch.objects.all().delete()
    Good.objects.bulk_create([Good(id=i, name="good") for i in range(1_001, 20_001)])
    with workers.started(WORKER, json.dumps(database), step) as worker:
        reached = worker.receive()
        worker.kill()

    assert reached == "reached"
    assert saved()[0] == OLD[0]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '20s'")  # its server process ends as soon as it notices
        LXWriteBack().replace(Schedule, [{"id": 9, "product_id": 3, "quantity": 1.0}]).write()
    assert others_see()[0] == [(9, 3, 1.0)]


@pytest.mark.parametrize("own", [True, False], ids=["alone", "within atomic"])
def test_a_server_that_ends_the_connection_of_an_alias(tables: str, solution: LXSolution, own: bool) -> None:
    if tables != "postgresql":
        pytest.skip("one server is enough")

    def cut(execute: Any, sql: str, *rest: Any) -> Any:
        found = execute(sql, *rest)
        if sql.startswith('DELETE FROM "workshop_schedule"'):
            backend = connection.connection.info.backend_pid

            def end() -> None:
                connection.cursor().execute("SELECT pg_terminate_backend(%s)", [backend])
                connections.close_all()

            run_in_thread(end)
        return found

    def write() -> None:
        with connection.execute_wrapper(cut), pytest.raises(OperationalError, match=r"terminat|closed"):
            write_back(solution, 500).write()

    if own:
        write()
    else:
        with transaction.atomic():
            Good.objects.filter(id=1).update(stock=77)
            write()

    assert saved() == OLD
    assert Good.objects.get(id=1).stock == 1
    write_back(solution, 500).write()
    assert len(saved()[0]) == 500


def test_a_deadlock_that_takes_the_whole_transaction_ends_the_block(tables: str, solution: LXSolution) -> None:
    if tables != "mysql":
        pytest.skip("PostgreSQL takes back no more than to the savepoint, and SQLite has one lock")
    locked, waiting = threading.Event(), threading.Event()

    def other() -> None:
        with transaction.atomic():
            Good.objects.filter(id__lt=900).update(stock=-2)  # more work, so it is let through
            Schedule.objects.update(quantity=30.0)
            locked.set()
            waiting.wait(20)
            Good.objects.update(stock=-3)
            transaction.set_rollback(True)
        connections.close_all()

    def ours() -> None:
        with transaction.atomic():
            Good.objects.filter(id=1_000).update(stock=-1)
            thread.start()
            locked.wait(20)
            waiting.set()
            write_back(solution).write()

    thread = threading.Thread(target=other)
    with pytest.raises(OperationalError, match="Deadlock"):
        ours()
    thread.join(60)

    assert saved() == OLD
    assert Good.objects.get(id=1_000).stock == 1_000
