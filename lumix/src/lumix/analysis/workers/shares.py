"""What workers do: some of the scenarios of a parcel, whose outcomes travel back without what the sender has."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from lumix.analysis.scenarios.results import RowNumbers
from lumix.analysis.scenarios.runs import Outcome
from lumix.analysis.workers.parcels import Parcel, opened
from lumix_core import LXBlock, LXProblem
from lumix_core.problem import same_families
from lumix_core.solution import with_families, without_families


@dataclass(frozen=True)
class Task:
    """Which scenarios of a parcel are to be solved.

    Args:
        parcel: model and scenarios.
        places: of the scenarios.
        number: tells this task from any other of the sweep, also from an earlier one of the same places: there are
            executors that do not solve the same task twice.
    """

    parcel: Parcel
    places: tuple[int, ...]
    number: int


@dataclass(frozen=True, eq=False)
class Share:
    """What a worker has solved.

    Args:
        outcomes: in the order of the places.
        seconds: that they took.
        fresh: whether the worker opened the parcel for them.
    """

    outcomes: tuple[Outcome, ...]
    seconds: float
    fresh: bool


def solve_share(task: Task) -> Share | None:
    """Solve a task; runs in a worker. Returns None where the worker has no way to the parcel.

    Raises:
        LXCopyError: the parcel cannot be loaded in this worker.
        LXModelError: the rows have changed since they were read.
    """
    held, fresh = opened(task.parcel)
    if held is None:
        return None
    began = time.perf_counter()
    outcomes = tuple(lightened(held.runner.outcome(held.scenarios[i]), held.runner.problem) for i in task.places)
    return Share(outcomes, time.perf_counter() - began, fresh)


def lightened(outcome: Outcome, problem: LXProblem) -> Outcome:
    """Return an outcome without its families, where they are those of a problem."""
    solution, rows = outcome.solution, outcome.rows
    if rows is not None and same_families(rows.activity.blocks, problem.constraints):
        rows = _with_blocks(rows, ())
    return replace(outcome, solution=solution and without_families(solution, problem), rows=rows)


def restored(outcome: Outcome, problem: LXProblem) -> Outcome:
    """Return a lightened outcome as it was."""
    solution, rows = outcome.solution, outcome.rows
    if rows is not None and not rows.activity.blocks:
        rows = _with_blocks(rows, problem.constraints)
    return replace(outcome, solution=solution and with_families(solution, problem), rows=rows)


def _with_blocks(rows: RowNumbers, blocks: tuple[LXBlock, ...]) -> RowNumbers:
    return RowNumbers(replace(rows.activity, blocks=blocks), replace(rows.rhs, blocks=blocks))
