"""How a model is built, in words: what is read of each source, how each function is evaluated, and why."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lumix_core.compiler.compile import Report
from lumix_core.compiler.evaluator import EvaluationStatistics, Evaluator
from lumix_core.compiler.joins.conditions import needs
from lumix_core.compiler.plan import Plan, PlannedFunction, plan
from lumix_core.compiler.reading import Read, Wanted
from lumix_core.compiler.rules.formula_functions import FormulaFunction
from lumix_core.compiler.rules.planning import PlannedRule
from lumix_core.compiler.rules.shapes import shape_of
from lumix_core.compiler.rules.texts import rule_text
from lumix_core.formulas.lookup_table import NO_DEFAULT
from lumix_core.formulas.nodes import Lookup
from lumix_core.formulas.recorder import Untraceable
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.nonlinear_parts import parts_of
from lumix_core.problem.goals import LXGoalMode
from lumix_core.problem.text import html_lines, html_table
from lumix_core.rows.sources import QuerySource, Source

if TYPE_CHECKING:
    from lumix_core.language.model import LXModel


@dataclass(frozen=True)
class SourceLine:
    """What is read of one source.

    Args:
        families: what is made over it.
        source: the query, or what was given.
        reads: the columns that are read, or that whole rows are, and why.
        rows: how many there were at the last compile; None before one.
        seconds: what reading them took then.
    """

    families: tuple[str, ...]
    source: str
    reads: str
    rows: int | None
    seconds: float

    @property
    def outcome(self) -> str:
        """How many rows there were, and how long reading them took."""
        return "rows not read yet" if self.rows is None else f"{self.rows:,} rows in {_duration(self.seconds)}"

    def __str__(self) -> str:
        return f"{', '.join(self.families)}\n    {self.outcome}: {self.reads}\n    from {self.source}"


@dataclass(frozen=True)
class FunctionLine:
    """How one function is evaluated.

    Args:
        function: what it computes.
        location: file and line.
        way: "columns", "join" or "row by row".
        reason: why it has to be called row by row.
        count: for how many elements it was evaluated at the last compile; None before one.
        possible: how many elements there were without a join.
        seconds: what that took.
        became: what a rule was traced into; empty for other functions.
    """

    function: str
    location: str
    way: str
    reason: str
    count: int | None
    possible: int
    seconds: float
    became: str = ""

    @property
    def outcome(self) -> str:
        """For how many elements it was evaluated, out of how many, and how long that took."""
        if self.count is None:
            return ""
        possible = f" of {self.possible:,}" if self.possible > self.count else ""
        return f"{self.count:,}{possible} in {_duration(self.seconds)}"

    def __str__(self) -> str:
        because = f": {self.reason}" if self.reason else ""
        way = f"{self.way}, {self.outcome}" if self.outcome else self.way
        became = "".join(f"\n    {line}" for line in self.became.splitlines())
        return f"{self.function}\n    {way}{because}{became}\n    at {self.location}"


@dataclass(frozen=True)
class LXExplanation:
    """How a model is built, as text or, in a notebook, as tables; the slowest part comes first.

    Args:
        model: its name.
        sources: what is read.
        functions: how functions are evaluated.
        seconds: what the last compile took; None before one.
        parts: what is not linear, by constraint.
        goals: the constraints that may be missed, and how priorities are traded off.
        reformulations: how a solver was given that in the last solve: as it is, rewritten, or relaxed.
    """

    model: str
    sources: tuple[SourceLine, ...]
    functions: tuple[FunctionLine, ...]
    seconds: float | None
    parts: tuple[str, ...] = ()
    reformulations: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [self._title, *(f"\n{one}" for one in (*self.sources, *self.functions))]
        if self.parts:
            lines += ["\nnot linear", *(f"    {part}" for part in self.parts)]
        if self.goals:
            lines += ["\ngoals", *(f"    {goal}" for goal in self.goals)]
        if self.reformulations:
            lines += ["\ngiven to the solver", *(f"    {one}" for one in self.reformulations)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        sources = [(", ".join(one.families), one.outcome, one.reads, one.source) for one in self.sources]
        functions = [
            (one.function, one.way, one.outcome, one.reason or one.became, one.location) for one in self.functions
        ]
        tables = [
            html_table(("source of", "rows", "reads", "from"), sources),
            html_table(("function", "runs as", "evaluated for", "because", "at"), functions),
        ]
        beyond = [[(one,) for one in lines] for lines in (self.parts, self.goals, self.reformulations)]
        titles = ("not linear", "goals", "given to the solver")
        tables += [html_table((title,), lines) for title, lines in zip(titles, beyond, strict=True) if lines]
        return "".join([html_lines(self._title), *tables])

    @property
    def _title(self) -> str:
        compiled = "not compiled yet" if self.seconds is None else f"compiled in {_duration(self.seconds)}"
        return f"Model {self.model!r}, {compiled}"


def explain(model: LXModel, report: Report | None) -> LXExplanation:
    """Plan a model and describe what was planned, with what its last compile took."""
    with Evaluator() as evaluator:
        planned = plan(model, evaluator.tracer, evaluator.reading)
    reads = [] if report is None else report.reads
    statistics = {} if report is None else report.statistics
    sources = [_source_line(source, names, planned, reads) for source, names in _grouped(planned)]
    done = {**statistics, **_done_by_text(planned, statistics)}
    functions = [
        _function_line(one, done.get(one.function), evaluator.tracer.rules.get(one.function))
        for one in planned.functions
    ]
    return LXExplanation(
        model.name,
        tuple(sorted(sources, key=lambda one: -one.seconds)),
        tuple(sorted(functions, key=lambda one: -one.seconds)),
        None if report is None else report.seconds,
        tuple(_parts(model)),
        () if report is None else report.reformulations,
        tuple(_goals(model)),
    )


def _done_by_text(
    planned: Plan, statistics: Mapping[UserFunction, EvaluationStatistics]
) -> dict[UserFunction, EvaluationStatistics]:
    """Return how the parts of rules were evaluated, which are made anew by each plan."""
    then = {
        _part_name(function): done for function, done in statistics.items() if isinstance(function, FormulaFunction)
    }
    parts = [one.function for one in planned.functions if isinstance(one.function, FormulaFunction)]
    return {part: then[_part_name(part)] for part in parts if _part_name(part) in then}


def _part_name(function: FormulaFunction) -> Hashable:
    try:
        shape = shape_of(function.formula, lambda argument: argument)
    except Untraceable:
        shape = function
    return function.role, function.location, shape


def _parts(model: LXModel) -> Iterator[str]:
    """Yield what is not linear: families of variables that may be 0 besides, and parts of expressions."""
    for variable in model.variables:
        if variable.domain.is_semi:
            yield f"{variable.owner}: {variable.domain}"
    owners = [("the objective", model.objective), *((one.owner, one.lhs) for one in model.constraints)]
    for owner, expression in owners:
        for part in parts_of(expression):
            names = ", ".join(variable.name for variable in part.variables())
            yield f"{owner}: {part.name} of {names}"


def _goals(model: LXModel) -> Iterator[str]:
    goals = [constraint for constraint in model.constraints if constraint.is_goal()]
    if goals:
        yield f"{model.goal_mode}: {_TRADED[model.goal_mode]}"
    for constraint in goals:
        yield f"{constraint.owner}: {constraint.goal_text.removeprefix('goal, ')}"


_TRADED = {
    LXGoalMode.WEIGHTED: "the deviations are part of one objective",
    LXGoalMode.SEQUENTIAL: "one priority after the other, and the objective last",
}


def _grouped(planned: Plan) -> Iterable[tuple[Source, tuple[str, ...]]]:
    """Return each distinct source with what is made over it."""
    found: dict[Any, tuple[Source, list[str]]] = {}
    for source, owner in planned.sources:
        found.setdefault(source.identity, (source, []))[1].append(owner)
    return [(source, tuple(owners)) for source, owners in found.values()]


def _source_line(source: Source, names: tuple[str, ...], planned: Plan, reads: list[Read]) -> SourceLine:
    identity = source.identity
    read = next((one for one in reads if one.source is source or one.source.identity == identity), None)
    rows, seconds = (None, 0.0) if read is None else (read.rows, read.seconds)
    reads_whole = None if read is None else read.whole
    return SourceLine(names, str(source), _reads(source, planned, reads_whole), rows, seconds)


def _reads(source: Source, planned: Plan, whole: str | None) -> str:
    """Return what is read of a source; why its rows are, the plan says, or the adapter, or the last compile."""
    if not isinstance(source, QuerySource):
        return "the objects that were given"
    wanted = planned.wanted.get(source.identity, Wanted())
    if wanted.whole is None:
        wanted.whole = source.why_rows() or whole
    return str(wanted)


def _function_line(
    planned: PlannedFunction, done: EvaluationStatistics | None, rule: PlannedRule | None
) -> FunctionLine:
    function = planned.function
    name = f"{function.role} in {planned.position}" if planned.position else function.role
    became = "" if rule is None or (done is not None and done.reason) else rule_text(rule)
    if done is None:
        return FunctionLine(name, function.location, _way(planned), planned.trace.reason, None, 0, 0.0, became)
    figures = done.count, done.possible, done.seconds
    return FunctionLine(name, function.location, done.mode, done.reason, *figures, became)


def _way(planned: PlannedFunction) -> str:
    if planned.trace.formula is None:
        return "row by row"
    joins = planned.arguments > 1 and any(True for _ in needs(planned.trace.formula, _default_of))
    return "join" if joins else "columns"


def _default_of(lookup: Lookup) -> Any:
    if lookup.missing is not None:
        return lookup.missing.value
    default = getattr(lookup.table, "default_value", None)
    return NO_DEFAULT if default is None else default


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"
