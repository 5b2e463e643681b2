"""From the model to the compiled problem: plan, read, evaluate, assemble."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from lumix_core.compiler.assemble import assemble
from lumix_core.compiler.completeness import check_complete
from lumix_core.compiler.evaluate import evaluate
from lumix_core.compiler.evaluator import EvaluationStatistics, Evaluator
from lumix_core.compiler.goals import with_goal_objective
from lumix_core.compiler.nonlinear.indicators import with_indicators
from lumix_core.compiler.plan import Plan, plan
from lumix_core.compiler.reading import Read, Reading
from lumix_core.formulas.lookup_table import LookupTable
from lumix_core.formulas.user_function import UserFunction
from lumix_core.problem.problem import LXProblem, LXSense
from lumix_core.rows import gc_pause
from lumix_core.rows.snapshots import Snapshot

if TYPE_CHECKING:
    from lumix_core.language.model import LXModel

_LOG = logging.getLogger("lumix.compiler")


@dataclass(frozen=True, eq=False)
class Report:
    """What a compile took: how each function was evaluated, what was read, and seconds in all.

    Args:
        statistics: how each function was evaluated.
        reads: what it took to read each source.
        parameters: what each parameter that was looked up held.
        seconds: what the compile took.
        senses: of the constraints that rules make.
        reformulations: how a solver was given what is not linear, once it was.
    """

    statistics: Mapping[UserFunction, EvaluationStatistics]
    reads: list[Read]
    parameters: Mapping[Any, LookupTable]
    seconds: float
    senses: Mapping[str, LXSense] = field(default_factory=dict)
    reformulations: tuple[str, ...] = ()


def compile_model(
    model: LXModel,
    reading: Reading | None = None,
    parameters: Mapping[Any, LookupTable] | None = None,
    *,
    snapshot: bool = False,
) -> tuple[LXProblem, Report]:
    """Read the rows of a model and return it as arrays, with a report of what that took.

    Args:
        model: the model.
        reading: a new one, unless rows are known already.
        parameters: what parameters hold, whatever their rows say.
        snapshot: whether a new reading reads all rows at one moment.

    Raises:
        LXModelError: the model is incomplete, or would be wrong.
    """
    model = with_indicators(with_goal_objective(model))
    check_complete(model)
    with ExitStack() as ends:
        if reading is None:
            reading = Reading(snapshot=Snapshot(ends) if snapshot else None)
        began = perf_counter()
        with Evaluator(reading) as evaluator, gc_pause.Paused():
            evaluator.tables.parameters.update(parameters or {})
            planned = plan(model, evaluator.tracer, reading)
            read(planned, reading)
            numbers = evaluate(model, evaluator)
            problem = assemble(model, numbers)
    seconds = perf_counter() - began
    _log(problem, reading, seconds)
    found = evaluator.statistics, reading.reads, evaluator.tables.parameters
    return problem, Report(*found, seconds, numbers.senses)


def _log(problem: LXProblem, reading: Reading, seconds: float) -> None:
    rows = sum(one.rows for one in reading.reads)
    sizes = problem.num_variables, problem.num_constraints, problem.num_nonzeros
    _LOG.info(
        "model %r: %d variables, %d constraints and %d nonzeros from %d rows of %d sources in %.3f s",
        *(problem.name, *sizes, rows, len(reading.reads), seconds),
    )


def read(planned: Plan, reading: Reading) -> None:
    """Read every source of a plan, each once, and load in bulk what functions want of live rows."""
    reading.load()
    for source, _ in planned.sources:
        reading.table(source)
