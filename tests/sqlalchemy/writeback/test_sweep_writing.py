"""Sweeps of scenarios written back: a row for each scenario and the rows of each, all in one transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    CheckConstraint,
    Connection,
    Engine,
    ForeignKey,
    String,
    Text,
    delete,
    event,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sweep_writing import EXPECTED, SweepWriting, analyzed

from lumix import (
    LXModel,
    LXOptimizer,
    LXScenario,
    LXScenarioAnalyzer,
    LXScenarioResult,
    LXSweep,
    LXSweepWriteBack,
    LXVariable,
    LXWriteBack,
)
from lumix_sqlalchemy import RunColumns


class Base(DeclarativeBase): ...


class Product(Base):
    __tablename__ = "sw_products"
    id: Mapped[int] = mapped_column(primary_key=True)
    stock: Mapped[int] = mapped_column(default=0)


class ScenarioRun(RunColumns, Base):
    __tablename__ = "sw_runs"
    sweep: Mapped[str] = mapped_column(String(32), index=True)
    scenario: Mapped[str] = mapped_column(String(40))
    description: Mapped[str | None] = mapped_column(String(40))
    changes: Mapped[str] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(String(200))
    delta_objective: Mapped[float | None]
    delta_percentage: Mapped[float | None]
    comment: Mapped[str | None] = mapped_column(String(40))


class PlanLine(Base):
    __tablename__ = "sw_lines"
    __table_args__ = (CheckConstraint("quantity < 1000", name="sw_no_wonders"),)
    run_id: Mapped[str] = mapped_column(ForeignKey("sw_runs.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("sw_products.id"), primary_key=True)
    quantity: Mapped[float]


class OwnRun(Base):
    """A history that was there before, with some of the attributes and a key of its own."""

    __tablename__ = "sw_own_runs"
    number: Mapped[int] = mapped_column(primary_key=True)
    run: Mapped[UUID] = mapped_column(unique=True)
    objective: Mapped[float | None]


class Plan(Base):
    """The plan of one scenario only."""

    __tablename__ = "sw_plan"
    product_id: Mapped[int] = mapped_column(primary_key=True)
    quantity: Mapped[float]


class Tree(Base):
    """Rows that refer to rows of their own run."""

    __tablename__ = "sw_tree"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    run_id: Mapped[str] = mapped_column(String(32))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("sw_tree.id"))


class Value(Base):
    """What a frame of a sweep holds."""

    __tablename__ = "sw_values"
    scenario: Mapped[str] = mapped_column(String(40), primary_key=True)
    made: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[float]
    reduced_cost: Mapped[float | None]


@pytest.fixture(scope="module")
def tables(engine: Engine) -> Iterator[Engine]:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys = ON"))
        engine.dispose()
    Base.metadata.create_all(engine)
    yield engine
    Base.metadata.drop_all(engine)


@pytest.fixture
def session(tables: Engine) -> Iterator[Session]:
    """A session on empty tables of results, with three products."""
    with Session(tables) as session:
        session.execute(Tree.__table__.update().values(parent_id=None))
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())
        session.execute(insert(Product), [{"id": i} for i in (1, 2, 3)])
        session.commit()
        yield session


@pytest.fixture(scope="module")
def sweep() -> LXSweep:
    return analyzed().run_all_scenarios()


def back(sweep: LXSweep) -> LXSweepWriteBack:
    lines: dict[str, str] = {"run": "run_id", "key": "product_id", "value": "quantity"}
    return sweep.write_back().record(ScenarioRun).append(PlanLine, "made", **lines)


LINES = select(ScenarioRun.scenario, PlanLine.product_id, PlanLine.quantity).join(
    PlanLine, PlanLine.run_id == ScenarioRun.id
)


def lines(handle: Session | Engine, sweep: LXSweep) -> dict[tuple[str, int], float]:
    """What is planned in the scenarios of a sweep; as others see it where an engine is given."""
    query = LINES.where(ScenarioRun.sweep == sweep.sweep_id)
    if isinstance(handle, Session):
        rows = handle.execute(query).all()
    else:
        with handle.connect() as connection:
            rows = connection.execute(query).all()
    return {(name, product): quantity for name, product, quantity in rows}


class Tables:
    """What the shared tests ask of the tables, read in a session."""

    Run, Line = ScenarioRun, PlanLine
    DatabaseError = OperationalError
    product_column = "sw_products.id"

    def __init__(self, session: Session, handle: Engine) -> None:
        self.session = session
        self.handle = handle

    def add_products(self, keys: range) -> None:
        self.session.execute(insert(Product), [{"id": i} for i in keys])
        self.session.commit()

    def lines(self, sweep: LXSweep) -> dict[tuple[str, int], float]:
        return lines(self.session, sweep)

    def comments(self) -> list[str | None]:
        return list(self.session.scalars(select(ScenarioRun.comment)))

    def stock(self) -> int:
        return self.session.get_one(Product, 1).stock


@pytest.fixture
def results(session: Session, tables: Engine) -> Tables:
    return Tables(session, tables)


@contextmanager
def committed(session: Session, engine: Engine, within: str) -> Iterator[Engine | Session]:
    """Change a product, and write within an engine, a session, or a transaction that has begun; then commit."""
    session.get_one(Product, 1).stock = 77
    if within != "session in a transaction":
        session.commit()
    yield engine if within == "engine" else session
    session.commit()


@pytest.fixture(params=["engine", "session", "session in a transaction"])
def block(session: Session, tables: Engine, request: pytest.FixtureRequest) -> AbstractContextManager[Engine | Session]:
    return committed(session, tables, request.param)


class TestSweeps(SweepWriting):
    most = 18
    more_for_rows = 1
    more_for_scenarios = 1


# What is written


def test_there_is_a_row_for_each_scenario(session: Session, sweep: LXSweep) -> None:
    written = back(sweep).write(session)

    runs = {one.scenario: one for one in session.scalars(select(ScenarioRun))}
    found = {
        name: (one.status, one.objective, one.delta_objective, one.changes, one.description)
        for name, one in runs.items()
    }
    assert found == {
        "baseline": ("optimal", 16.0, 0.0, "", "the model as it is"),
        "more": ("optimal", 20.0, 4.0, "total +2", "a second shift"),
        "none": ("infeasible", None, None, "total = -1", ""),
        "broken": ("error", None, None, "<lambda>", ""),
    }
    assert {name: one.id for name, one in runs.items()} == {one.name: one.run_id for one in sweep.values()}
    assert {one.sweep for one in runs.values()} == {sweep.sweep_id}
    assert runs["more"].delta_percentage == 25.0
    assert (written[ScenarioRun], written[PlanLine], written.run_id) == (4, 6, None)


def test_a_scenario_that_failed_says_why(session: Session, sweep: LXSweep) -> None:
    back(sweep).write(session)

    run = session.scalars(select(ScenarioRun).where(ScenarioRun.scenario == "broken")).one()
    assert "has no attribute 'nothing'" in (run.error or "")
    assert (run.model, run.solver, run.solve_time, run.limit, run.gap) == ("plan", None, None, None, None)
    found = run.finished_at if run.finished_at.tzinfo else run.finished_at.replace(tzinfo=UTC)
    assert abs((found - sweep["broken"].finished_at).total_seconds()) < 1.5


def test_the_values_of_each_scenario_that_has_a_point(session: Session, sweep: LXSweep) -> None:
    back(sweep).write(session)

    assert lines(session, sweep) == EXPECTED


def test_rows_are_a_function_of_the_result(session: Session, sweep: LXSweep) -> None:
    def rows(result: LXScenarioResult) -> list[dict[str, Any]]:
        if not result.is_feasible():
            return []
        return [{"product_id": 1, "quantity": result.activity["total"]}]

    written = sweep.write_back().record(ScenarioRun).append(PlanLine, rows, run="run_id").write(session)

    assert lines(session, sweep) == {("baseline", 1): 6.0, ("more", 1): 8.0}
    assert written[PlanLine] == 2


def test_no_rows_are_none_whatever_the_form(session: Session, sweep: LXSweep) -> None:
    def rows(result: LXScenarioResult) -> Any:
        return result.solved().variables["made"] if result.name == "more" else []

    written = (
        sweep.write_back()
        .record(ScenarioRun)
        .append(PlanLine, rows, run="run_id", key="product_id", value="quantity")
        .write(session)
    )

    assert written[PlanLine] == 3


def test_further_attributes_are_values_or_functions_of_the_result(session: Session, sweep: LXSweep) -> None:
    sweep.write_back().record(ScenarioRun, comment="nightly", description=lambda one: one.name.upper()).write(session)

    found = set(map(tuple, session.execute(select(ScenarioRun.comment, ScenarioRun.description))))
    assert found == {("nightly", name) for name in ("BASELINE", "MORE", "NONE", "BROKEN")}


def test_a_history_with_a_key_of_its_own_and_few_attributes(session: Session, sweep: LXSweep) -> None:
    writing = sweep.write_back().record(OwnRun, run="run")

    writing.write(session)
    writing.write(session)

    found = dict(map(tuple, session.execute(select(OwnRun.run, OwnRun.objective))))
    assert found == {UUID(one.run_id): one.objective if one.is_feasible() else None for one in sweep.values()}


def test_what_was_written_in_part_is_made_whole(session: Session, sweep: LXSweep) -> None:
    LXWriteBack().record(
        ScenarioRun, sweep["more"].solved(), sweep=sweep.sweep_id, scenario="more", changes="", comment="kept"
    ).write(session)

    back(sweep).write(session)

    assert lines(session, sweep) == EXPECTED
    kept = select(ScenarioRun.changes, ScenarioRun.comment).where(ScenarioRun.scenario == "more")
    assert [tuple(one) for one in session.execute(kept)] == [("total +2", "kept")]


def test_rows_that_refer_to_rows_of_their_own_run(session: Session, sweep: LXSweep) -> None:
    def rows(result: LXScenarioResult) -> list[dict[str, Any]]:
        leaf, root = f"{result.name} leaf", f"{result.name} root"
        return [{"id": leaf, "parent_id": root}, {"id": root, "parent_id": None}]

    writing = sweep.write_back().append(Tree, rows, run="run_id")

    writing.write(session)
    writing.write(session)

    assert session.scalar(select(func.count()).select_from(Tree)) == 8


def test_the_frame_of_a_sweep_can_be_written(session: Session, sweep: LXSweep) -> None:
    for library in ("pandas", "polars"):
        LXWriteBack().replace(Value, sweep.to_frame("made", backend=library)).write(session)

        found = {(row.scenario, row.made): row.value for row in session.scalars(select(Value))}
        assert found == EXPECTED


def test_one_scenario_can_be_written_alone(session: Session, sweep: LXSweep) -> None:
    values = sweep["more"].solved().variables["made"]

    LXWriteBack().replace(Plan, values, key="product_id", value="quantity").write(session)

    assert dict(map(tuple, session.execute(select(Plan.product_id, Plan.quantity)))) == {1: 0.0, 2: 4.0, 3: 4.0}


# Whose transaction


def test_a_session_is_not_committed(session: Session, tables: Engine, sweep: LXSweep) -> None:
    session.get_one(Product, 1).stock = 77

    back(sweep).write(session)

    assert lines(session, sweep) == EXPECTED
    if tables.dialect.name != "sqlite":
        assert lines(tables, sweep) == {}
    session.rollback()
    assert lines(session, sweep) == {}
    assert session.get_one(Product, 1).stock == 0


@pytest.mark.parametrize("make", [lambda engine: engine, sessionmaker], ids=["an engine", "a sessionmaker"])
def test_an_engine_is_committed(
    session: Session, tables: Engine, sweep: LXSweep, make: Callable[[Engine], object]
) -> None:
    back(sweep).write(make(tables))

    assert lines(tables, sweep) == EXPECTED


class InjectedError(Exception):
    """The failure that is injected."""


def test_a_failure_at_any_statement_leaves_what_was_there(session: Session, tables: Engine, sweep: LXSweep) -> None:
    back(sweep).write(tables)
    other = analyzed().run_all_scenarios()
    sent: list[str] = []

    def fail(connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        sent.append(statement)
        if len(sent) == number:
            raise InjectedError

    for number in range(1, 100):  # noqa: B007 - read by the listener
        sent.clear()
        event.listen(tables, "after_cursor_execute", fail)
        try:
            back(other).write(tables)
            break
        except InjectedError:
            assert (lines(tables, sweep), lines(tables, other)) == (EXPECTED, {})
        finally:
            event.remove(tables, "after_cursor_execute", fail)

    assert number > 8
    assert lines(tables, other) == EXPECTED


def test_who_writes_a_sweep_waits_for_who_writes_one_of_its_runs(
    session: Session, tables: Engine, sweep: LXSweep
) -> None:
    if tables.dialect.name != "postgresql":
        pytest.skip("other databases lock what is deleted, and where it was")
    sweep.write_back().record(ScenarioRun).write(tables)
    mine = [{"product_id": 2, "quantity": 2.0, "run_id": sweep["more"].run_id}]
    LXWriteBack().append(PlanLine, mine, run="run_id").write(session)
    only = sweep.write_back().append(PlanLine, lambda one: [{"product_id": 1, "quantity": 1.0}], run="run_id")
    writing = threading.Thread(target=only.write, args=[tables])

    writing.start()
    with tables.connect() as watcher:
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        while writing.is_alive() and not watcher.scalar(waiting):
            watcher.rollback()
    session.commit()
    writing.join(60)

    assert set(lines(session, sweep)) == {(name, 1) for name in sweep}


# How much is sent


@pytest.mark.one_database
def test_many_scenarios_are_written_in_parts(session: Session, tables: Engine) -> None:
    made = LXVariable[int, float]("made").indexed_by(lambda i: i).from_data([1]).bounds(1, 2)
    analyzer = LXScenarioAnalyzer(LXModel("plan").add_variable(made), LXOptimizer())
    for i in range(900):
        analyzer.add_scenario(LXScenario(f"scenario {i}").modify_variable_bound("made", lower=1 + i / 1_000))
    sweep = analyzer.run_all_scenarios()

    for _ in range(2):
        written = back(sweep).write(session)

    assert (written[ScenarioRun], written[PlanLine], written.deleted[PlanLine]) == (901, 901, 901)
    assert lines(session, sweep)["scenario 899", 1] == pytest.approx(1.899)
    session.execute(delete(PlanLine))
    session.execute(delete(ScenarioRun))


def test_moments_are_those_of_the_solutions(session: Session, sweep: LXSweep) -> None:
    back(sweep).write(session)

    run = session.scalars(select(ScenarioRun).where(ScenarioRun.scenario == "more")).one()
    found = run.finished_at if run.finished_at.tzinfo else run.finished_at.replace(tzinfo=UTC)
    assert isinstance(found, datetime)
    assert abs((found - sweep["more"].solved().finished_at).total_seconds()) < 1.5
