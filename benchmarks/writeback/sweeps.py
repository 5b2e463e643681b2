"""What writing a sweep of scenarios costs, beside a write-back for each scenario: statements and time.

Run it with ``python benchmarks/writeback/sweeps.py [database ...] [--scenarios N] [--rows N]``.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, ForeignKey, String, Text, delete, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, Session, mapped_column
from writeback import SERVERS, Base, database

from lumix import (
    LXConstraint,
    LXLinearExpression,
    LXModel,
    LXOptimizer,
    LXScenario,
    LXScenarioAnalyzer,
    LXSweep,
    LXVariable,
    LXWriteBack,
)
from lumix_sqlalchemy import RunColumns

REPEATS = 7
HEAD = "|  | statements | ms | best | ratio |\n| --- | ---: | ---: | ---: | ---: |"
PLACES = {"run": "run_id", "key": "product_id", "value": "quantity"}


class ScenarioRun(RunColumns, Base):
    __tablename__ = "scenario_runs"
    sweep: Mapped[str] = mapped_column(String(32), index=True)
    scenario: Mapped[str] = mapped_column(String(40))
    changes: Mapped[str] = mapped_column(Text)


class Line(Base):
    __tablename__ = "plan_lines"
    run_id: Mapped[str] = mapped_column(ForeignKey("scenario_runs.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(primary_key=True)
    quantity: Mapped[float]


def solved(scenarios: int, rows: int) -> LXSweep:
    """Return a sweep of a small model, solved for as many scenarios, with as many values in each."""
    made = LXVariable[int, float]("made").bounds(0, lambda i: i + 0.5).indexed_by(lambda i: i).from_data(range(rows))
    total = LXConstraint("total").expression(LXLinearExpression().sum_over(made)).le().rhs(rows)
    model = LXModel("plan").add_variable(made).add_constraint(total)
    model.maximize(LXLinearExpression().add_term(made, lambda i: 1 + i / 7))
    analyzer = LXScenarioAnalyzer(model, LXOptimizer(), include_baseline=False)
    for i in range(scenarios):
        analyzer.add_scenario(LXScenario(f"scenario {i}").modify_constraint_rhs("total", add=i))
    return analyzer.run_all_scenarios()


def whole(session: Session, sweep: LXSweep) -> None:
    sweep.write_back().record(ScenarioRun).append(Line, "made", **PLACES).write(session)


def one_by_one(session: Session, sweep: LXSweep) -> None:
    for one in sweep.values():
        solution = one.solved()
        back = LXWriteBack().append(Line, solution.variables["made"], **PLACES)
        back.record(ScenarioRun, solution, sweep=sweep.sweep_id, scenario=one.name, changes="").write(session)


def measured(engine: Engine, write: Callable[[Session], Any], again: bool) -> tuple[int, list[float]]:
    """Return the statements of a write, and its times in seconds, each in a session that is committed."""
    times, sent = [], 0

    def count(*_: object) -> None:
        nonlocal sent
        sent += 1

    event.listen(engine, "before_cursor_execute", count)
    for _ in range(REPEATS + 1):
        with Session(engine) as session:
            if not again:
                session.execute(delete(Line))
                session.execute(delete(ScenarioRun))
                session.commit()
            sent, began = 0, time.perf_counter()
            write(session)
            session.commit()
            times.append(time.perf_counter() - began)
    event.remove(engine, "before_cursor_execute", count)
    return sent, times[1:]  # the first is to warm up


def compare(engine: Engine, sweep: LXSweep, title: str) -> None:
    print(f"\n### {title}\n\n{HEAD}")
    ways: dict[str, tuple[Callable[[Session, LXSweep], None], bool]] = {
        "LumiX": (whole, False),
        "LumiX, once more": (whole, True),
        "LumiX, a write-back for each scenario": (one_by_one, False),
    }
    first = None
    for name, (write, again) in ways.items():
        sent, times = measured(engine, lambda session, write=write: write(session, sweep), again)
        median = statistics.median(times)
        first = first or median
        print(f"| {name} | {sent:,} | {median * 1000:,.0f} | {min(times) * 1000:,.0f} | {median / first:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the writing of sweeps, and count its statements.")
    parser.add_argument("databases", nargs="*", default=["sqlite", *SERVERS], help="default: %(default)s")
    parser.add_argument("--scenarios", type=int, default=200)
    parser.add_argument("--rows", type=int, default=100)
    chosen = parser.parse_args()
    sweep = solved(chosen.scenarios, chosen.rows)
    for name in chosen.databases:
        try:
            with database(name) as engine:
                compare(engine, sweep, f"{name}: {chosen.scenarios:,} scenarios with {chosen.rows:,} rows each")
        except OperationalError as error:
            print(f"\n{name} cannot be reached: {str(error.orig).splitlines()[0]}")


if __name__ == "__main__":
    main()
