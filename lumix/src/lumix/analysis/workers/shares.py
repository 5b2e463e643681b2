"""What workers do: some of the scenarios of a parcel, whose outcomes travel back without what the sender has."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from lumix.analysis.scenarios.results import RowNumbers
from lumix.analysis.scenarios.runs import Outcome, uninterrupted
from lumix.analysis.workers.parcels import Opened, Parcel, opened
from lumix_core import LXBlock, LXProblem
from lumix_core.errors import LXError
from lumix_core.problem import same_families
from lumix_core.solver import with_families, without_families


@dataclass(frozen=True)
class Task:
    """Which scenarios of a parcel are to be solved.

    Args:
        parcel: model and scenarios.
        positions: of the scenarios.
        number: distinguishes this task from any other of the sweep, also from an earlier one of the same positions:
            there are executors that do not solve the same task twice.
    """

    parcel: Parcel
    positions: tuple[int, ...]
    number: int


@dataclass(frozen=True, eq=False)
class Share:
    """What a worker has solved.

    Args:
        outcomes: in the order of the positions.
        seconds: that they took.
        fresh: whether the worker opened the parcel for them.
    """

    outcomes: tuple[Outcome, ...]
    seconds: float
    fresh: bool


Answer = Share | LXError | None
"""What a worker answers: a share; None where it cannot reach the parcel; or an error, where it cannot use it."""


def solve_share(task: Task) -> Answer:
    """Solve a task; runs in a worker. Whatever it raises, and what fails on its return, is of this task alone."""
    try:
        held, fresh = opened(task.parcel)
    except LXError as error:
        return error
    if held is None:
        return None
    began = time.perf_counter()
    outcomes = tuple(_solved(held, position) for position in task.positions)
    return Share(outcomes, time.perf_counter() - began, fresh)


def _solved(held: Opened, position: int) -> Outcome:
    return lightened(uninterrupted(held.runner.outcome(held.scenarios[position])), held.runner.problem)


def lightened(outcome: Outcome, problem: LXProblem) -> Outcome:
    """Return an outcome without its families, where they are those of a problem."""
    solution, rows = outcome.solution, outcome.rows
    if rows is not None and same_families(rows.activity.blocks, problem.constraints):
        rows = _with_blocks(rows, ())
    return replace(outcome, solution=solution and without_families(solution, problem), rows=rows)


def restored(outcome: Outcome, problem: LXProblem) -> Outcome:
    """Return a lightened outcome as it was."""
    solution, rows = outcome.solution, outcome.rows
    if rows is not None and not rows.activity.blocks and len(rows.activity.array) == problem.num_constraints:
        rows = _with_blocks(rows, problem.constraints)
    return replace(outcome, solution=solution and with_families(solution, problem), rows=rows)


def _with_blocks(rows: RowNumbers, blocks: tuple[LXBlock, ...]) -> RowNumbers:
    return RowNumbers(replace(rows.activity, blocks=blocks), replace(rows.rhs, blocks=blocks))
