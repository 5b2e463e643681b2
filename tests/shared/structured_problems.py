"""Small problems with whole variables that hold more than linear rows, and their optima by trying every point."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np

from lumix_core.problem import (
    OBJECTIVE,
    FunctionKind,
    Functions,
    Indicators,
    LXProblem,
    Quadratics,
    SpecialSets,
    Structures,
)
from lumix_core.testing.solvers.problems import problem

KINDS = ("semi", "sets", "indicators", "quadratics", "functions")


def structured_problem(seed: int, *kinds: str) -> LXProblem:
    """Return a random problem with structures, of at most five whole variables.

    Args:
        seed: its number.
        kinds: of its structures, out of `KINDS`; without them one to three are drawn.
    """
    random = np.random.default_rng(seed)
    binaries = max(int(random.integers(0, 3)), int("indicators" in kinds))
    base = _linear(random, int(random.integers(3, 6)), int(random.integers(1, 4)), binaries)
    kinds = kinds or tuple(random.choice(KINDS, size=int(random.integers(1, 4)), replace=False).tolist())
    parts: dict[str, Any] = {}
    if "semi" in kinds:
        base, parts["semi"] = _with_semi(random, base, binaries)
    if "sets" in kinds:
        parts["sets"] = _sets(random, base.num_variables)
    if "indicators" in kinds and binaries:
        parts["indicators"] = _indicators(random, base.num_constraints, binaries)
    if "quadratics" in kinds:
        parts["quadratics"] = _quadratics(random, base)
    if "functions" in kinds:
        parts["functions"] = _functions(random, base, parts.get("semi", np.zeros(base.num_variables, dtype=np.bool_)))
    return replace(base, structures=Structures(**parts))


def _linear(random: np.random.Generator, columns: int, rows: int, binaries: int) -> LXProblem:
    lower = random.integers(-2, 2, columns).astype(np.float64)
    upper = lower + random.integers(1, 4, columns)
    lower[:binaries], upper[:binaries] = 0.0, 1.0
    middle = (lower + upper) / 2
    made = []
    for _ in range(rows):
        row = random.integers(-4, 5, columns).astype(np.float64)
        at = float(row @ middle)
        sides = [(-np.inf, at + 2), (at - 2, np.inf), (at - 3, at + 3), (np.floor(at), np.floor(at))]
        made.append((row.tolist(), *sides[int(random.integers(0, 4))]))
    return problem(
        random.integers(-5, 6, columns).astype(np.float64).tolist(),
        made,
        lower=lower.tolist(),
        upper=upper.tolist(),
        integer=True,
        maximize=bool(random.integers(0, 2)),
        offset=1.5,
    )


def _with_semi(random: np.random.Generator, base: LXProblem, binaries: int) -> tuple[LXProblem, Any]:
    semi = random.random(base.num_variables) < 0.6
    semi[:binaries] = False
    lower, upper = base.lower.copy(), base.upper.copy()
    for column in np.flatnonzero(semi).tolist():
        low, width = int(random.integers(1, 3)), int(random.integers(0, 3))
        if random.random() < 0.7:
            lower[column], upper[column] = low, low + width
        elif random.random() < 0.5:
            lower[column], upper[column] = -low - width, -low
    return replace(base, lower=lower, upper=upper), semi


def _sets(random: np.random.Generator, columns: int) -> SpecialSets:
    count = int(random.integers(1, 3))
    chosen = [random.permutation(columns)[: int(random.integers(2, columns + 1))] for _ in range(count)]
    lengths = [len(one) for one in chosen]
    return SpecialSets(
        random.integers(1, 3, count).astype(np.int32),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32),
        np.concatenate(chosen).astype(np.int32),
        np.concatenate([np.arange(length) for length in lengths]).astype(np.float64),
    )


def _indicators(random: np.random.Generator, rows: int, binaries: int) -> Indicators:
    chosen = np.flatnonzero(random.random(rows) < 0.7).astype(np.int32)
    columns = random.integers(0, binaries, len(chosen)).astype(np.int32)
    return Indicators(chosen, columns, random.random(len(chosen)) < 0.5)


def _quadratics(random: np.random.Generator, base: LXProblem) -> Quadratics:
    count, n = int(random.integers(1, 5)), base.num_variables
    rows = random.integers(OBJECTIVE, base.num_constraints, count)
    values = random.integers(-3, 4, count).astype(np.float64)
    return Quadratics.of(rows, random.integers(0, n, count), random.integers(0, n, count), values)


def _functions(random: np.random.Generator, base: LXProblem, semi: Any) -> Functions:
    kinds = random.integers(0, len(FunctionKind), int(random.integers(1, 4))).tolist()
    low = np.where(semi, np.minimum(base.lower, 0), base.lower)
    high = np.where(semi, np.maximum(base.upper, 0), base.upper)
    starts, terms, constants, points, curves = [0], [0], [], [0], []
    columns: list[int] = []
    values: list[float] = []
    for kind in kinds:
        for _ in range(int(random.integers(1, 4)) if kind in (FunctionKind.MIN, FunctionKind.MAX) else 1):
            own = random.permutation(base.num_variables)[: int(random.integers(1, 3))]
            factors = random.choice([-2.0, -1.0, 1.0, 2.0], len(own))
            columns += own.tolist()
            values += factors.tolist()
            terms.append(len(columns))
            constants.append(float(random.integers(-2, 3)))
        starts.append(len(constants))
        if kind == FunctionKind.PIECEWISE:
            ends = sorted((factors * low[own], factors * high[own]), key=sum)
            least, most = (float(np.sum(side)) for side in (np.minimum(*ends), np.maximum(*ends)))
            most = least + (most - least) * float(random.choice([0.7, 1.0]))
            x = np.linspace(least, max(most, least + 1), int(random.integers(2, 5))) + constants[-1]
            curves += list(zip(x.tolist(), random.integers(-4, 5, len(x)).tolist(), strict=True))
        points.append(len(curves))
    uses = int(random.integers(1, 4))
    return Functions(
        kinds=np.array(kinds, dtype=np.int32),
        starts=np.array(starts, dtype=np.int32),
        argument_starts=np.array(terms, dtype=np.int32),
        argument_columns=np.array(columns, dtype=np.int32),
        argument_coefficients=np.array(values),
        argument_constants=np.array(constants),
        point_starts=np.array(points, dtype=np.int32),
        point_x=np.array([x for x, _ in curves], dtype=np.float64),
        point_y=np.array([y for _, y in curves], dtype=np.float64),
        errors=np.zeros(len(kinds)),
        use_rows=random.integers(OBJECTIVE, base.num_constraints, uses).astype(np.int32),
        use_functions=random.integers(0, len(kinds), uses).astype(np.int32),
        use_values=random.choice([-2.0, -1.0, 1.0, 2.0], uses),
    )


def best_by_trying(of: LXProblem) -> float | None:
    """Return the optimum of a problem of whole variables, none of LumiX's own arithmetic used; None without a point."""
    found = [value for x in _points(of) if (value := objective_at(of, np.array(x))) is not None]
    if not found:
        return None
    return max(found) if of.maximize else min(found)


def _points(of: LXProblem) -> Any:
    axes = []
    for column, (low, high) in enumerate(zip(of.lower, of.upper, strict=True)):
        axis = set(np.arange(np.ceil(low), np.floor(high) + 1e-9).tolist())
        if of.structures.has_semi and of.structures.semi[column]:
            axis.add(0.0)
        axes.append(sorted(axis))
    return itertools.product(*axes)


def objective_at(of: LXProblem, x: Any, room: float = 1e-9) -> float | None:
    """Return the objective at a point; None where the point breaks something.

    Args:
        of: the problem.
        x: the point; whole numbers, and bounds, are not looked at.
        room: by how much rows may be missed, relative to 1 and to what is added up in them.
    """
    held = of.structures
    rows = [0.0] * of.num_constraints + [float(of.offset) + sum(float(c * v) for c, v in zip(of.objective, x))]  # noqa: B905
    sizes = [1.0] * len(rows)

    def add(row: int, value: float) -> None:
        rows[row] += float(value)
        sizes[row] += abs(float(value))

    for row in range(of.num_constraints):
        for k in range(of.row_starts[row], of.row_starts[row + 1]):
            add(row, of.coefficients[k] * x[of.columns[k]])
    for row, left, right, value in zip(*held.quadratics.arrays().values(), strict=True):
        add(row, value * x[left] * x[right])
    values = [_function(held.functions, k, x, room) for k in range(len(held.functions))]
    if any(value is None for value in values) or not all(_keeps(*one, x, room) for one in held.sets):
        return None
    functions = held.functions
    for row, k, value in zip(functions.use_rows, functions.use_functions, functions.use_values, strict=True):
        add(row, value * values[k])
    off = {row for row, column, on in zip(*held.indicators.arrays().values(), strict=True) if round(x[column]) != on}
    for row in set(range(of.num_constraints)) - off:
        near = room * sizes[row]
        if not of.row_lower[row] - near <= rows[row] <= of.row_upper[row] + near:
            return None
    return rows[OBJECTIVE]


def _function(functions: Functions, k: int, x: Any, room: float) -> float | None:
    arguments = []
    for g in range(functions.starts[k], functions.starts[k + 1]):
        span = range(functions.argument_starts[g], functions.argument_starts[g + 1])
        terms = [functions.argument_coefficients[t] * x[functions.argument_columns[t]] for t in span]
        arguments.append(float(sum(terms) + functions.argument_constants[g]))
    kind = functions.kinds[k]
    if kind == FunctionKind.ABS:
        return abs(arguments[0])
    if kind != FunctionKind.PIECEWISE:
        return min(arguments) if kind == FunctionKind.MIN else max(arguments)
    points, heights = functions.points(k)
    near = room * (1.0 + np.abs(points).max())
    inside = points[0] - near <= arguments[0] <= points[-1] + near
    return float(np.interp(arguments[0], points, heights)) if inside else None


def _keeps(kind: int, columns: Any, weights: Any, x: Any, room: float) -> bool:
    used = [place for place, column in enumerate(columns) if abs(x[column]) > room]
    return len(used) <= 1 or (kind == 2 and len(used) == 2 and used[1] == used[0] + 1)
