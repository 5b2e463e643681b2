"""The rules of a model, evaluated: over columns where they could be traced, else row by row."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from lumix_core.compiler.evaluator import EvaluationStatistics, Evaluator
from lumix_core.compiler.families import Family
from lumix_core.compiler.rules.evaluation import ObjectiveNumbers, RuleNumbers, objective_numbers, rule_numbers
from lumix_core.compiler.rules.planning import PlannedRule
from lumix_core.compiler.rules.real_runs import RealRun
from lumix_core.compiler.rules.rowwise import agrees, numbers_by_row, objective_by_row
from lumix_core.compiler.rules.scope_rows import scope_rows
from lumix_core.compiler.tracer import has_own
from lumix_core.formulas.recorder import ClassRead, Untraceable
from lumix_core.formulas.user_function import UserFunction
from lumix_core.rows.tables import Table

if TYPE_CHECKING:
    from lumix_core.compiler.columns import Columns
    from lumix_core.language.model import LXModel

UNLIKE = "it gives one thing for a row and another for its columns"


def evaluate_rules(
    model: LXModel, families: list[Family], columns: Columns, evaluator: Evaluator
) -> dict[int, RuleNumbers]:
    """Evaluate every rule of a model, by the position of its constraint."""
    return {
        i: _numbers(evaluator.tracer.rules[constraint.function], family, columns, evaluator)
        for i, (constraint, family) in enumerate(zip(model.constraints, families, strict=True))
        if constraint.function is not None
    }


def _numbers(planned: PlannedRule, family: Family, columns: Columns, evaluator: Evaluator) -> RuleNumbers:
    began = perf_counter()
    numbers: RuleNumbers | None = _over_columns(planned, family, columns, evaluator, sums=False)
    if numbers is None:
        numbers = numbers_by_row(planned, family, columns, evaluator)
    _note(planned, family.size, evaluator, perf_counter() - began)
    return numbers


def evaluate_objective(rule: UserFunction, family: Family, columns: Columns, evaluator: Evaluator) -> ObjectiveNumbers:
    """Evaluate the rule of an objective."""
    planned, began = evaluator.tracer.rules[rule], perf_counter()
    numbers: ObjectiveNumbers | None = _over_columns(planned, family, columns, evaluator, sums=True)
    if numbers is None:
        numbers = objective_by_row(planned, family, columns, evaluator)
    _note(planned, family.size, evaluator, perf_counter() - began)
    return numbers


def _over_columns(planned: PlannedRule, family: Family, columns: Columns, evaluator: Evaluator, *, sums: bool) -> Any:
    """Return the numbers of a traced rule; None where it has to be called with real rows."""
    planned.rule.check_captures()
    if planned.traced is None:
        return None
    reads = planned.traced.class_reads
    own = next((read for read in reads if _has_own(planned, read, family, columns, evaluator)), None)
    if own is not None:
        return planned.fall_back_to_rows(f"a row has its own {own.name!r}, in place of that of its class")
    is_alike = agrees(planned, family, columns, evaluator, sums=sums)
    if is_alike is False:
        return planned.fall_back_to_rows(UNLIKE)
    _prepare_totals(planned, columns, evaluator)
    try:
        numbers = (objective_numbers if sums else rule_numbers)(planned, family, columns, evaluator)
    except Untraceable as why:
        return planned.fall_back_to_rows(str(why))
    return numbers if is_alike else planned.fall_back_to_rows("it fails for a row, and not for its columns")


def _has_own(planned: PlannedRule, read: ClassRead, family: Family, columns: Columns, evaluator: Evaluator) -> bool:
    assert planned.traced is not None
    path, _, i = planned.traced.arguments.position[read.argument]
    table: Table = family.arguments[i].table if not path else _table(planned, path, i, columns, evaluator)
    return has_own(table, read)


def _table(planned: PlannedRule, path: Any, i: int, columns: Columns, evaluator: Evaluator) -> Table:
    assert planned.traced is not None
    scope = planned.traced.arguments.scopes[path]
    return scope_rows(scope.family, columns, evaluator, planned.rule.role).batch.arguments[i].table


def _prepare_totals(planned: PlannedRule, columns: Columns, evaluator: Evaluator) -> None:
    """Let sums of numbers know the rows that they go through."""
    run = RealRun(columns, evaluator, planned.rule.role)
    for total in planned.totals:
        total.evaluator = evaluator
        total.batch_of = lambda scope: scope_rows(scope.family, columns, evaluator, planned.rule.role).batch
        total.rows_of = run.tuples


def _note(planned: PlannedRule, size: int, evaluator: Evaluator, seconds: float) -> None:
    mode = "columns" if planned.traced is not None else "row by row"
    evaluator.note(EvaluationStatistics(planned.rule, mode, planned.reason, size, size, seconds))
