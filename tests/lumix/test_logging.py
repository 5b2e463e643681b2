"""What the logger ``lumix`` tells: queries, rows, seconds and retries; and nothing, unless a program asks for it."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from solver_faults import Fake
from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from lumix import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXStatus, LXVariable, LXWriteBack
from lumix_core.solver import RawResult


class Base(DeclarativeBase):
    pass


class Line(Base):
    __tablename__ = "lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    hours: Mapped[float]


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    demand: Mapped[float]
    line_id: Mapped[int] = mapped_column(ForeignKey("lines.id"))
    line: Mapped[Line] = relationship()


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Line(id=1, hours=2.0))
        session.add_all([Product(id=key, demand=float(key), line_id=1) for key in (1, 2, 3)])
        session.commit()
        session.expunge_all()
        yield session
    engine.dispose()


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, logger="lumix")
    return caplog


def plan(session: Session) -> LXModel:
    made = LXVariable[Product, float]("made").bounds(0, lambda p: p.demand).from_model(session)
    return LXModel("plan").add_variable(made).maximize(LXLinearExpression().sum_over(made))


def lines(told: pytest.LogCaptureFixture, level: int) -> list[str]:
    """What was told at a level, with its logger, seconds left out."""
    records = [record for record in told.records if record.levelno == level and record.name.startswith("lumix")]
    return [re.sub(r"[\d.]+ (m?s)\b", r"# \1", f"{record.name}: {record.getMessage()}") for record in records]


def test_models_and_answers(session: Session, told: pytest.LogCaptureFixture) -> None:
    LXOptimizer().solve(plan(session))

    assert lines(told, logging.INFO) == [
        "lumix.compiler: model 'plan': 3 variables, 0 constraints and 0 nonzeros from 3 rows of 1 sources in # s",
        "lumix.solver: Model 'plan': optimal, solver highs, # s",
    ]


def test_queries_with_their_rows(session: Session, told: pytest.LogCaptureFixture) -> None:
    plan(session).compile()

    (query,) = lines(told, logging.DEBUG)
    assert query.startswith("lumix.rows: 3 rows (columns) in # ms: SELECT products.id, products.demand")


def test_relationships_that_functions_lead_to(session: Session, told: pytest.LogCaptureFixture) -> None:
    made = LXVariable[Product, float]("made").bounds(0, lambda p: float(f"{p.line.hours}")).from_model(session)

    LXModel("plan").add_variable(made).compile()

    assert [line.partition(" in #")[0] for line in lines(told, logging.DEBUG)] == [
        "lumix.rows: 3 rows (whole rows)",
        "lumix.rows: 3 rows of Product: id, line loaded",
        "lumix.rows: 1 rows of Line: hours, id loaded",
    ]


def test_runs_of_the_solver_and_why_there_was_a_further_one(session: Session, told: pytest.LogCaptureFixture) -> None:
    answers = iter([RawResult(status=LXStatus.ERROR, raw_status="tired")])
    moody = Fake(after=lambda problem, result: next(answers, result))
    model = plan(session)
    total = LXLinearExpression().sum_over(model.get_variable("made"))
    model.add_constraint(LXConstraint("cap").expression(total).le().rhs(4))

    LXOptimizer().use_solver(moody).solve(model)

    assert lines(told, logging.WARNING) == [
        "lumix.solver: model 'plan' is solved again without presolve: solver 'fake' gave up (tired)"
    ]
    assert [line for line in lines(told, logging.DEBUG) if "lumix.solver" in line] == [
        "lumix.solver: model 'plan': error (tired) in # s",
        "lumix.solver: model 'plan': optimal (Optimal) in # s",
    ]


def test_start_points(told: pytest.LogCaptureFixture) -> None:
    x = LXVariable[None, int]("x").bounds(0, 3)
    model = LXModel("plan").add_variable(x).maximize(LXLinearExpression().add_term(x))

    LXOptimizer().solve(model, start={"x": 2})

    assert "lumix.solver: model 'plan': start point accepted: " in lines(told, logging.DEBUG)


def test_live_sessions(session: Session, told: pytest.LogCaptureFixture) -> None:
    with LXOptimizer().open(plan(session)) as live:
        live.solve()

    assert [line for line in lines(told, logging.DEBUG) if "lumix.solver" in line] == [
        "lumix.solver: model 'plan': optimal in # s, cold start "
    ]


def test_rows_that_are_written(session: Session, told: pytest.LogCaptureFixture) -> None:
    LXWriteBack().replace(Line, [{"id": 7, "hours": 1.0}, {"id": 8, "hours": 1.0}], where={"hours": 1.0}).write(session)

    assert lines(told, logging.INFO) == ["lumix.writeback: Line: 2 written in # s"]


QUIET = """
import logging
import lumix
logging.getLogger("lumix.solver").warning("a retry")
"""


def test_silent_unless_the_program_sets_logging_up(tmp_path: Path) -> None:
    def output(code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
        )
        return done.stdout + done.stderr

    assert output(QUIET) == ""
    assert output(f"import logging; logging.basicConfig()\n{QUIET}") == "WARNING:lumix.solver:a retry\n"
