"""One small problem for each thing that is not linear, with its optimum, and how a solver is given it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lumix_core.errors import LXUnsupportedError
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.structures import (
    OBJECTIVE,
    FunctionKind,
    Functions,
    Indicators,
    Quadratics,
    SpecialSets,
    Structures,
)
from lumix_core.solver.claims import solve
from lumix_core.solver.reformulations import LXWay, Native, reformulated
from lumix_core.solver.solver import LXFeature, Solver, SolverOptions
from lumix_core.testing.solvers.problems import INF, problem
from lumix_core.testing.solvers.tables import text_table


@dataclass(frozen=True, eq=False)
class Construct:
    """A thing that is not linear.

    Args:
        name: what it is called.
        problem: a problem with it, whose variables have bounds.
        optimum: of the problem.
        features: what a solver needs to take it as it is.
    """

    name: str
    problem: LXProblem
    optimum: float
    features: frozenset[LXFeature]


def _structured(base: LXProblem, **parts: Any) -> LXProblem:
    return replace(base, structures=Structures(**parts))


def _semicontinuous(*, whole: bool) -> LXProblem:
    rows = [([1.0, 2.0], -INF, 7.5)]
    base = problem([1.0, 3.0], rows, lower=[0.0, 2.0], upper=[0.5, 5.0], integer=[False, whole], maximize=True)
    return _structured(base, semi=np.array([False, True]))


def _minimum_batch() -> LXProblem:
    rows = [([1.0, 2.0], -INF, 7.0)]
    base = problem([1.0, 3.0], rows, lower=[0.0, 4.0], upper=[10.0, 5.0], maximize=True)
    return _structured(base, semi=np.array([False, True]))


def _special_set(kind: int) -> LXProblem:
    base = problem([1.0, 2.0, 3.0], [([1.0] * 3, -INF, 20.0)], upper=[5.0, 3.0, 1.5], maximize=True)
    kinds, starts, columns = (np.array(values, dtype=np.int32) for values in ([kind], [0, 3], [0, 1, 2]))
    return _structured(base, sets=SpecialSets(kinds, starts, columns, np.arange(3.0)))


def _indicator() -> LXProblem:
    base = problem([1.0, 4.0], [([1.0, 0.0], 3.0, INF)], upper=[10.0, 1.0], integer=[False, True])
    row, column = (np.array([k], dtype=np.int32) for k in (0, 1))
    return _structured(base, indicators=Indicators(row, column, np.array([False])))


def _quadratic(base: LXProblem, *terms: tuple[int, int, int, float]) -> LXProblem:
    rows, left, right, values = (np.array(part) for part in zip(*terms, strict=True))
    return _structured(base, quadratics=Quadratics.of(rows, left, right, values.astype(np.float64)))


def _function(kind: FunctionKind, *, push: float) -> LXProblem:
    """Return the problem of one function of ``x - 1`` (and of ``y``), which is pushed up or down."""
    base = problem([0.25, 0.5], [([1.0, 1.0], 1.0, 6.0)], lower=[-3.0, -2.0], upper=[4.0, 5.0], maximize=push > 0)
    arguments = 1 if kind in (FunctionKind.ABS, FunctionKind.PIECEWISE) else 2
    points = ([-4.0, 0.0, 1.0, 3.0], [2.0, 0.0, 3.0, 1.0]) if kind == FunctionKind.PIECEWISE else ([], [])
    functions = Functions(
        kinds=np.array([kind], dtype=np.int32),
        starts=np.array([0, arguments], dtype=np.int32),
        argument_starts=np.arange(arguments + 1, dtype=np.int32),
        argument_columns=np.arange(arguments, dtype=np.int32),
        argument_coefficients=np.ones(arguments),
        argument_constants=np.array([-1.0, 0.0])[:arguments],
        point_starts=np.array([0, len(points[0])], dtype=np.int32),
        point_x=np.array(points[0]),
        point_y=np.array(points[1]),
        errors=np.zeros(1),
        use_rows=np.array([OBJECTIVE], dtype=np.int32),
        use_functions=np.zeros(1, dtype=np.int32),
        use_values=np.array([2.0]),
    )
    return _structured(base, functions=functions)


def _constructs() -> Sequence[Construct]:
    plane = problem([1.0, 1.0], upper=2.0, maximize=True)
    bowl = problem([-2.0, -6.0], [([1.0, 1.0], -INF, 2.0)], upper=9.0)
    steps = problem([-3.2, -1.0], upper=[5.0, 2.0], integer=[True, False])
    hill = problem([0.0, 0.0], [([1.0, 1.0], -INF, 5.0)], upper=4.0, maximize=True)
    switch = problem([-4.0, 1.0], [([0.0, 1.0], -INF, 3.0)], upper=[1.0, 5.0], integer=[True, False], maximize=True)
    squares = ((OBJECTIVE, 0, 0, 1.0), (OBJECTIVE, 1, 1, 1.0))
    rows = replace(plane, **_one_row(2.0))
    of = {name: frozenset({LXFeature(name)}) for name in map(str, LXFeature)}
    made: list[tuple[str, LXProblem, float, frozenset[LXFeature]]] = [
        ("semi-continuous variables", _minimum_batch(), 7.0, of["semicontinuous"]),
        ("semi-integer variables", _semicontinuous(whole=True), 9.5, of["semiinteger"]),
        ("SOS1", _special_set(1), 6.0, of["sos1"]),
        ("SOS2", _special_set(2), 11.0, of["sos2"]),
        ("indicators", _indicator(), 3.0, of["indicators"]),
        ("convex quadratic objective", _quadratic(bowl, *squares), -8.0, of["quadratic_objective"]),
        (
            "the same, with integers",
            _quadratic(steps, *squares),
            -2.65,
            _both("quadratic_objective", "quadratic_integer"),
        ),
        ("convex quadratic constraint", _quadratic(rows, (0, 0, 0, 1.0), (0, 1, 1, 1.0)), 2.0, of["quadratic_rows"]),
        ("product of a binary", _quadratic(switch, (OBJECTIVE, 0, 1, 2.0)), 5.0, of["nonconvex"]),
        ("product of two continuous", _quadratic(hill, (OBJECTIVE, 0, 1, 1.0)), 6.25, of["nonconvex"]),
    ]
    optima = {
        FunctionKind.ABS: (0.25, 9.75),
        FunctionKind.MIN: (-6.75, 7.125),
        FunctionKind.MAX: (0.25, 12.75),
        FunctionKind.PIECEWISE: (0.25, 8.5),
    }
    for kind, name in zip(FunctionKind, ("absolute value", "minimum", "maximum", "curve"), strict=True):
        for push, way, optimum in ((-1.0, "minimised", optima[kind][0]), (1.0, "maximised", optima[kind][1])):
            made.append((f"{name}, {way}", _function(kind, push=push), optimum, of["functions"]))
    return [Construct(*parts) for parts in made]


def _both(*names: str) -> frozenset[LXFeature]:
    return frozenset(map(LXFeature, names))


def _one_row(upper: float) -> dict[str, Any]:
    return {
        "row_starts": np.zeros(2, dtype=np.int32),
        "row_lower": np.array([-INF]),
        "row_upper": np.array([upper]),
    }


CONSTRUCTS = tuple(_constructs())
"""Everything that a problem may hold beyond linear rows."""


def without_bounds(construct: Construct) -> LXProblem:
    """Return the problem of a construct without upper bounds of variables, and without rows that give them some."""
    made = construct.problem
    binary = made.integer & (made.upper == 1.0)
    kept = np.isin(np.arange(made.num_constraints), made.structures.indicators.rows)
    kept[made.structures.rows_with_terms()] = True
    return replace(
        made,
        lower=np.where(binary | (made.structures.semi if made.structures.has_semi else False), made.lower, -INF),
        upper=np.where(binary, made.upper, INF),
        row_lower=np.where(kept, made.row_lower, -INF),
        row_upper=np.where(kept, made.row_upper, INF),
    )


def way_of(solver: Solver, made: LXProblem) -> str:
    """Return how a solver is given the one thing in a problem that is not linear, or that it is refused."""
    try:
        steps = reformulated(made, Native.of(solver)).steps
    except LXUnsupportedError:
        return "refused"
    ways = {step.way for step in steps}
    return str(next((way for way in (LXWay.RELAXATION, LXWay.EXACT, LXWay.NATIVE) if way in ways), LXWay.EXACT))


def ways_table(solvers: Iterable[Solver], problem_of: Callable[[Construct], LXProblem] | None = None) -> str:
    """Return a table of how solvers are given each construct: native, exact, relaxation or refused.

    Args:
        solvers: the solvers.
        problem_of: the problem of a construct; by default the one whose variables have bounds. `without_bounds` shows
            what is refused.
    """
    columns = list(solvers)
    head = ["construct", *(solver.name for solver in columns)]
    lines = [
        [construct.name, *(way_of(solver, (problem_of or _bounded)(construct)) for solver in columns)]
        for construct in CONSTRUCTS
    ]
    return text_table(head, lines)


def _bounded(construct: Construct) -> LXProblem:
    return construct.problem


def optimum_of(solver: Solver, construct: Construct) -> tuple[float | None, float | None]:
    """Return the objective and the proved bound that a solver finds, what it lacks being rewritten."""
    features = solver.features
    raw = solve(solver, construct.problem, SolverOptions(time_limit=20.0 if LXFeature.TIME_LIMIT in features else None))
    return raw.objective, raw.best_bound
