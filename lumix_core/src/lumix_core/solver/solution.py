"""Results: arrays mapped back to the user's keys, on demand."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, Mapping, ValuesView
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, overload
from uuid import uuid4

from lumix_core.errors import LXNoDualsError, LXNoSolutionError, LXUnknownKeyError, LXUnknownNameError, listed
from lumix_core.language.constraints import LXConstraint
from lumix_core.language.indexed import name_of
from lumix_core.language.mixins import Bracketed
from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.problem import LXBlock, LXProblem, same_families
from lumix_core.problem.text import SHOWN_FAMILIES, html_lines, html_table, number_text
from lumix_core.rows.copyable import Copyable
from lumix_core.rows.frames import make_frame
from lumix_core.solver.goal_results import NO_RESULTS, GoalReadings, GoalResults, goal_results
from lumix_core.solver.progress import relative_gap
from lumix_core.solver.relaxed_terms import LXRelaxedTerm
from lumix_core.solver.rows_at_point import RowNumbers, RowsAtPoint
from lumix_core.solver.solver import LXFeature, RawResult, Solver
from lumix_core.solver.status import LXIntegrality, LXLimit, LXStart, LXStartPoint, LXStatus

if TYPE_CHECKING:
    from lumix_core.language.expressions import LXLinearExpression
    from lumix_core.language.linear_forms import LXLinearForm, Operand
    from lumix_core.language.variables import LXVariable

SHOWN_VALUES = 10
"""How many values of a family a notebook shows."""

V = TypeVar("V", int, float)


@dataclass(frozen=True, eq=False, repr=False)
class FamilyValues(Mapping[Any, Any]):
    """The numbers of one family, by key; a row of the family (a tuple of rows for several dimensions) is accepted too.

    Args:
        block: the family.
        array: its numbers, in the order of its keys; read-only.
    """

    block: LXBlock
    array: FloatArray

    def __getitem__(self, key: Any) -> Any:
        keys = self.block.keys
        position = keys.find(key)
        if position is None:
            position = keys.find_row(key)
        if position is None:
            raise LXUnknownKeyError(
                f"{self.block.name!r} has nothing for {key!r}: it is not one of its {len(keys)} keys "
                f"({listed(keys[:3], empty='it is empty')}{', ...' if len(keys) > 3 else ''}) and no row of it. "
                f"Ask for a key of the family, or for one of its rows."
            )
        return self._number(self.array[position].item())

    def __iter__(self) -> Iterator[Any]:
        return iter(self.block.keys)

    def __len__(self) -> int:
        return len(self.block.keys)

    def __repr__(self) -> str:
        shown = [f"{key!r}: {self[key]!r}" for key in self.block.keys[:5]]
        more = [f"... ({len(self) - 5} more)"] if len(self) > 5 else []
        return "{" + ", ".join([*shown, *more]) + "}"

    def items(self) -> ItemsView[Any, Any]:
        """Return the pairs of key and number."""
        return _Items(self)

    def values(self) -> ValuesView[Any]:
        """Return the numbers in the order of the keys."""
        return _Values(self)

    def numbers(self) -> list[Any]:
        """Return the numbers in the order of the keys."""
        return [self._number(value) for value in self.array.tolist()]

    def _number(self, value: float) -> Any:
        return int(value) if self.block.integral else value


class _Items(ItemsView[Any, Any]):
    """Pairs made in one go, without a search for each key."""

    _mapping: FamilyValues

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return zip(self._mapping.block.keys, self._mapping.numbers(), strict=True)


class _Values(ValuesView[Any]):
    _mapping: FamilyValues

    def __iter__(self) -> Iterator[Any]:
        return iter(self._mapping.numbers())


@dataclass(frozen=True, eq=False, repr=False)
class Results(Mapping[Any, Any]):
    """Numbers of a whole solution by family: a mapping by key, or one number for a family without an index.

    A family is found by its name, or by the variable or constraint itself.
    """

    blocks: tuple[LXBlock, ...]
    array: FloatArray

    def __getitem__(self, family: LXVariable[Any, Any] | LXConstraint[Any] | str) -> Any:
        values = self.family(family)
        return values[()] if values.block.keys.is_scalar else values

    def __contains__(self, family: object) -> bool:
        return any(block.name == name_of(family) for block in self.blocks)

    def family(self, family: LXVariable[Any, Any] | LXConstraint[Any] | str) -> FamilyValues:
        """Return the numbers of a family as a mapping, whether it has an index or not."""
        name = name_of(family)
        for block in self.blocks:
            if block.name == name:
                return FamilyValues(block, self.array[block.span])
        raise LXUnknownNameError(f"The solution has nothing named {name!r}. It has {listed(self)}.")

    def __iter__(self) -> Iterator[str]:
        return (block.name for block in self.blocks)

    def __len__(self) -> int:
        return len(self.blocks)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name!r}: {self[name]!r}" for name in self) + "}"


@dataclass(frozen=True, eq=False, repr=False)
class LXSolution(Copyable, Bracketed, GoalReadings):
    """The result of a run: immutable, picklable, and without any row or session.

    Reading numbers where there is no point raises `LXNoSolutionError`; nothing ever reads as 0.

    Args:
        status: what is known about the model.
        limit: what ended the run early, or None.
        raw_status: the solver's own word for the status.
        solver: the solver's name.
        solve_time: seconds spent in the solver, checking included.
        best_bound: a proved bound on the objective in the user's sense, or None where the solver gives none.
        details: what else there is to tell, as plain data. ``checks`` are sentences: what was done about a claim of the
            solver that had to be checked by further runs; ``reformulations``: what was rewritten for the solver.
        relaxation: the terms that are not exact in the problem that was solved, with what each was taken for. Where one
            is off by more than rounding, the status is feasible, with the limit "relaxation".
        start: whether the solver started from scratch, went on from where it was, or had to be given the model anew.
        start_reason: why a live session did not go on from where it was; empty where it did.
        start_point: what became of the point given as ``solve(model, start=)``; None where none was.
        start_point_reason: why; may be empty where it was accepted.
        integrality: whether whole variables were whole, relaxed or fixed.
        run_id: tells this run from any other: 32 hexadecimal digits, the same in every copy of the solution.
        finished_at: when it was made, in UTC.
    """

    status: LXStatus
    limit: LXLimit | None
    raw_status: str
    solver: str
    solve_time: float
    best_bound: float | None
    _objective: float | None
    _x: FloatArray | None
    _rows: RowsAtPoint | None
    _duals: FloatArray | None
    _reduced_costs: FloatArray | None
    _without_duals: str
    _variables: tuple[LXBlock, ...]
    _constraints: tuple[LXBlock, ...]
    _model: str
    start: LXStart = LXStart.COLD
    start_reason: str = ""
    start_point: LXStartPoint | None = None
    start_point_reason: str = ""
    integrality: LXIntegrality = LXIntegrality.KEPT
    details: Mapping[str, Any] = field(default_factory=dict)
    relaxation: tuple[LXRelaxedTerm, ...] = ()
    _goals: GoalResults = NO_RESULTS
    run_id: str = field(default_factory=lambda: uuid4().hex)
    finished_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        for array in (self._x, self._duals, self._reduced_costs):
            if array is not None:
                array.setflags(write=False)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__post_init__()

    def is_optimal(self) -> bool:
        """Whether the point is proved best."""
        return self.status is LXStatus.OPTIMAL

    def is_feasible(self) -> bool:
        """Whether there is a point."""
        return self.status.has_point

    def has_duals(self) -> bool:
        """Whether there are shadow prices and reduced costs."""
        return self._x is not None and self._duals is not None and self._reduced_costs is not None

    @property
    def model_name(self) -> str:
        """The name of the model that was solved."""
        return self._model

    @property
    def objective_value(self) -> float:
        """The objective at the point, in the user's sense, computed from the model's own coefficients."""
        self._point()
        assert self._objective is not None
        return self._objective

    @property
    def gap(self) -> float | None:
        """``|objective - bound| / |objective|``, the proved relative distance from the best; None without a bound."""
        return relative_gap(self._objective, self.best_bound)

    @property
    def variables(self) -> Results:
        """The values: ``solution.variables["production"][key or row]``; a number for a scalar variable."""
        return Results(self._variables, self._point())

    @property
    def activity(self) -> Results:
        """The values of the constraints' expressions at the point, keyed like the constraints; constants included."""
        return Results(self._constraints, self._row_numbers().activity)

    @property
    def slack(self) -> Results:
        """How far each constraint is from its right-hand side, keyed like the constraints.

        Of two row bounds the nearer one counts. It is 0 where the constraint binds, negative where the row bound is
        exceeded (by a goal, or within the solver's tolerance), and infinite where there is none.
        """
        return Results(self._constraints, self._row_numbers().slack)

    @property
    def shadow_prices(self) -> Results:
        """The duals, keyed like the constraints: d(objective)/d(right-hand side), in the user's sense.

        Raises:
            LXNoDualsError: the solution has none, as for every model with integer variables.
        """
        return Results(self._constraints, self._dual("shadow prices", self._duals))

    @property
    def reduced_costs(self) -> Results:
        """The reduced costs, keyed like the variables: d(objective)/d(value), in the user's sense.

        Raises:
            LXNoDualsError: the solution has none, as for every model with integer variables.
        """
        blocks = tuple(replace(block, integral=False) for block in self._variables)
        return Results(blocks, self._dual("reduced costs", self._reduced_costs))

    @overload
    def get_mapped(self, variable: LXVariable[Any, V]) -> Mapping[Any, V]: ...
    @overload
    def get_mapped(self, variable: str) -> Mapping[Any, Any]: ...
    def get_mapped(self, variable: LXVariable[Any, Any] | str) -> Mapping[Any, Any]:
        """Return the values of a family (or of the name of one) by key; a scalar variable has the key ``()``."""
        return self.variables.family(name_of(variable))

    def value(self, expression: LXLinearExpression | LXLinearForm | Callable[[], Operand]) -> float:
        """Return the value of an expression at the point; each term stands for what it does in an objective.

        A solution holds no rows, so those of the expression's variables are read now: their keys must be those of the
        solution. The values of a constraint's own expression, row by row, are in `activity`.

        Args:
            expression: over variables of the model, and functions of their rows alone; or a sum as rules return it, or
                a function that returns one: ``lambda: sum(p.hours * made[p] for p in made)``.

        Raises:
            LXModelError: it needs the rows of a constraint, or the rows are others than those of the solution.
            LXNoSolutionError: there is no point.
        """
        from lumix_core.solver.expression_value import expression_value

        return expression_value(expression, self.variables)

    def to_frame(self, family: LXVariable[Any, Any] | LXConstraint[Any] | str, backend: Any = None) -> Any:
        """Return the numbers of a family as a DataFrame: keys, and ``value`` or ``activity`` and ``slack``.

        Each dimension has a column; a composite key, such as ``(plant, line)``, has one for each part, named after the
        attribute that it is read from. Constraints have ``shadow_price`` too where the solution has duals.

        Args:
            family: the variable or constraint, or its name; a name that both have means the variable.
            backend: "pandas", "polars" or "pyarrow", or the module; without it, the first of these that is installed.

        Raises:
            LXUnsupportedError: the library is not installed, or has no type for the keys.
            LXUnknownNameError: the solution has no such family.
            LXNoSolutionError: there is no point.
        """
        numbers = self._numbers_of(family)
        columns = {name: values.numbers() for name, values in numbers.items()}
        block = next(iter(numbers.values())).block
        return make_frame({**block.keys.columns(*columns), **columns}, backend)

    def _numbers_of(self, family: Any) -> dict[str, FamilyValues]:
        """Return the numbers of a variable or a constraint by the names that they have in a frame."""
        if not isinstance(family, LXConstraint) and (family in self.variables or family not in self.activity):
            return {"value": self.variables.family(family)}
        numbers = {"activity": self.activity.family(family), "slack": self.slack.family(family)}
        return {**numbers, "shadow_price": self.shadow_prices.family(family)} if self.has_duals() else numbers

    def summary(self) -> str:
        """Return a few lines of text: status, objective, bound, and the size of each family."""
        lines = self._outcome()
        if self._x is not None:
            lines += [self._family_line(block, self._x) for block in self._variables]
        return "\n".join(lines)

    def _outcome(self) -> list[str]:
        """Return status, objective and bound as lines."""
        ended = f" ({self.limit.phrase.removeprefix('ended by the ')})" if self.limit else ""
        model = f"Model {self._model!r}{self.integrality.note}"
        lines = [f"{model}: {self.status}{ended}, solver {self.solver}, {self.solve_time:.3f} s"]
        if self._objective is not None:
            lines.append(f"  objective {self._objective:,.6g}")
        if self.best_bound is not None and self.gap:
            lines.append(f"  best bound {self.best_bound:,.6g} (gap {self.gap:.4%})")
        if self.start_point is not None:
            reason = f": {self.start_point_reason}" if self.start_point_reason else ""
            lines.append(f"  start point {self.start_point}{reason}")
        return lines + (self._goal_lines() if self._x is not None else [])

    def _repr_html_(self) -> str:
        """Return the outcome, and a table of the first values of each family, for notebooks."""
        blocks = [] if self._x is None else self._variables[:SHOWN_FAMILIES]
        more = len(self._variables) - len(blocks) if blocks else 0
        rest = html_lines(f"... ({more:,} more families)") if more else ""
        return "".join([html_lines(*self._outcome()), *map(self._family_table, blocks), rest])

    def _family_table(self, block: LXBlock) -> str:
        values = FamilyValues(block, self._point()[block.span])
        if block.keys.is_scalar:
            return html_table((block.name,), [(number_text(values[()]),)])
        lines = [(f"{key!r:.80}", number_text(values[key])) for key in block.keys[:SHOWN_VALUES]]
        return html_table((", ".join(block.keys.labels), block.name), lines, len(values))

    def _family_line(self, block: LXBlock, x: FloatArray) -> str:
        if block.keys.is_scalar:
            return f"  {block.name} = {x[block.start]:.6g}"
        nonzero = int((x[block.span] != 0).sum())
        return f"  {block.name}: {len(block.keys)} values, {nonzero} of them not 0"

    def _point(self) -> FloatArray:
        if self._x is not None:
            return self._x
        ended = f", {self.limit.phrase}" if self.limit else ""
        model = f"{self._model!r}{self.integrality.note}"
        raise LXNoSolutionError(
            f"The solution of model {model} holds no values: its status is {self.status} "
            f"({self.raw_status}){ended}. Look at solution.status or solution.is_feasible() before reading values"
            f"{_WHY_INFEASIBLE[self.integrality] if self.status is LXStatus.INFEASIBLE else '.'}"
        )

    def _row_numbers(self) -> RowNumbers:
        self._point()
        assert self._rows is not None
        return self._rows.numbers()

    def _dual(self, what: str, values: FloatArray | None) -> FloatArray:
        self._point()
        if values is None:
            model = f"{self._model!r}{self.integrality.note}"
            raise LXNoDualsError(f"The solution of model {model} has no {what}: {self._without_duals}")
        return values

    def __repr__(self) -> str:
        value = "" if self._objective is None else f", objective {self._objective:.10g}"
        return f"<LXSolution {self.status}{self.integrality.note}{value}>"


_EXPLAIN = "; optimizer.explain_infeasibility(model) tells why there are none."
_WHY_INFEASIBLE = {
    LXIntegrality.KEPT: _EXPLAIN,
    LXIntegrality.RELAXED: _EXPLAIN,
    LXIntegrality.FIXED: "; there is none with these whole values. Solve without fix=, and fix that solution.",
}


def solution_of(
    problem: LXProblem,
    raw: RawResult,
    solver: Solver,
    seconds: float,
    *,
    start: LXStart = LXStart.COLD,
    start_reason: str = "",
) -> LXSolution:
    """Return the solution for a checked answer."""
    mip = problem.is_mip
    x = _unsigned(raw.x)
    return LXSolution(
        status=raw.status,
        limit=raw.limit,
        raw_status=raw.raw_status,
        solver=solver.name,
        solve_time=seconds,
        best_bound=None if raw.best_bound is None else raw.best_bound + 0.0,
        _objective=None if raw.objective is None else raw.objective + 0.0,
        _x=x,
        _rows=None if x is None else _rows_at(problem, x, start),
        _duals=None if mip else _unsigned(raw.duals),
        _reduced_costs=None if mip else _unsigned(raw.reduced_costs),
        _without_duals=_why_no_duals(problem, raw, solver),
        _variables=problem.variables,
        _constraints=problem.constraints,
        _model=problem.name,
        start=start,
        start_reason=start_reason,
        details=dict(raw.details),
        relaxation=raw.relaxation,
        _goals=_goals_at(problem, raw),
    )


def _goals_at(problem: LXProblem, raw: RawResult) -> GoalResults:
    if not problem.goals:
        return NO_RESULTS
    if raw.x is None:
        return replace(NO_RESULTS, stages=raw.goal_stages)
    return goal_results(problem, problem.activity(raw.x), raw.goal_stages)


def _rows_at(problem: LXProblem, x: FloatArray, start: LXStart) -> RowsAtPoint:
    """Return the rows at a point; after a hot start, which may be quicker than adding them up, for first use."""
    rows = RowsAtPoint(problem, x)
    if start is not LXStart.HOT:
        rows.numbers()
    return rows


def without_families(solution: LXSolution, problem: LXProblem) -> LXSolution:
    """Return a solution without its families, so that it is small; as it is where they are not those of a problem."""
    same = same_families(solution._variables, problem.variables)
    if same and same_families(solution._constraints, problem.constraints):
        return replace(solution, _variables=(), _constraints=())
    return solution


def with_families(solution: LXSolution, problem: LXProblem) -> LXSolution:
    """Return a solution that `without_families` has made smaller as it was."""
    if solution._variables or solution._constraints:
        return solution
    return replace(solution, _variables=problem.variables, _constraints=problem.constraints)


def _why_no_duals(problem: LXProblem, raw: RawResult, solver: Solver) -> str:
    reasons: list[tuple[Callable[[], bool], str]] = [
        (
            lambda: bool(problem.goals),
            "it has goals. What a right-hand side is worth then shows in the goals first, which no dual of the "
            "objective tells. Ask an LXWhatIfAnalyzer, or solve a copy without goals.",
        ),
        (
            lambda: problem.is_mip,
            "it has integer variables, and duals exist only without. Solve it with relax=True, without integrality, or "
            "with fix=solution, each integer variable held at its value.",
        ),
        (
            lambda: LXFeature.DUALS not in solver.features,
            f"solver {solver.name!r} gives none. Use another solver, such as 'highs'.",
        ),
        (lambda: raw.status is not LXStatus.OPTIMAL, "it is not optimal. Let the run end without a limit."),
        (
            lambda: not problem.is_linear,
            "it is not linear, and was solved with whole variables in place of what is not "
            '(see solution.details["reformulations"]).',
        ),
    ]
    for applies, reason in reasons:
        if applies():
            return reason
    return f"solver {solver.name!r} gave none for this run ({raw.raw_status}). Use another solver."


def _unsigned(numbers: FloatArray | None) -> FloatArray | None:
    """Return numbers without a negative zero, which solvers give now and then."""
    return None if numbers is None else numbers + 0.0
