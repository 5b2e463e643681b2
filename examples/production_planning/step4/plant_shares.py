"""How the time of a plan is shared by the database, LumiX and the solver, for plants of any size."""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import perf_counter

from plant import get_session, url_parser
from plant_data import Size, fill_database
from plant_model import build_model
from sqlalchemy import URL, Engine

from lumix import LXOptimizer, LXSolution


@dataclass(frozen=True)
class Shares:
    """Seconds from the open session to the checked solution."""

    database: float
    lumix: float
    solver: float
    solution: LXSolution
    variables: int

    def __str__(self) -> str:
        whole = self.database + self.lumix + self.solver
        parts = (self.database, self.lumix, self.solver)
        figures = "".join(f"{seconds:>8.2f} s {seconds / whole:>6.1%}" for seconds in parts)
        return f"{self.variables:>10,}{figures}   {self.solution.status}"


def measure(engine: Engine, optimizer: LXOptimizer, relax: bool) -> Shares:
    """Solve the plan in a database once, and tell where the time went."""
    with get_session(engine) as session:
        started = perf_counter()
        model = build_model(session)
        solution = optimizer.solve(model, relax=relax)
        whole = perf_counter() - started
        database = sum(line.seconds for line in model.explain().sources)
    variables = sum(len(solution.variables[variable.name]) for variable in model.variables)
    return Shares(database, whole - database - solution.solve_time, solution.solve_time, solution, variables)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = url_parser("Tell where the time of a plan goes; what is in the database is replaced.", None)
    parser.add_argument("--scale", type=int, nargs="+", default=[10_000, 100_000], metavar="N", help="variables")
    parser.add_argument("--periods", type=int, default=Size.periods, metavar="N")
    parser.add_argument("--solver", default="highs", metavar="NAME")
    parser.add_argument("--time-limit", type=float, default=600, metavar="SECONDS")
    parser.add_argument("--gap", type=float, default=0.05)
    parser.add_argument("--relax", action="store_true", help="without whole setups and batches")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    given = arguments(argv)
    optimizer = LXOptimizer().use_solver(given.solver, time_limit=given.time_limit)
    if not given.relax:
        optimizer.use_solver(given.solver, time_limit=given.time_limit, mip_rel_gap=given.gap)
    with tempfile.TemporaryDirectory() as folder:
        url: URL | str = given.url or f"sqlite:///{Path(folder) / 'plant.db'}"
        print(f"{'variables':>10}{'database':>17}{'LumiX':>17}{'solver':>17}")
        for scale in given.scale:
            engine = fill_database(url, Size.of(scale, given.periods))
            print(measure(engine, optimizer, given.relax), flush=True)
            engine.dispose()
    print(f"{date.today()}, {platform.machine()}, Python {platform.python_version()}, {given.solver}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
