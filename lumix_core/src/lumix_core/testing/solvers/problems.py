"""Problems for the solver kit: small ones written out, big ones with a planted optimum, and hard ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.problem import LXProblem

INF = np.inf

Row = tuple[Sequence[float], float, float]
"""The coefficients of a row, its lower and its upper bound."""


def problem(
    objective: Sequence[float],
    rows: Sequence[Row] = (),
    *,
    lower: float | Sequence[float] = 0.0,
    upper: float | Sequence[float] = INF,
    integer: bool | Sequence[bool] = False,
    maximize: bool = False,
    offset: float = 0.0,
) -> LXProblem:
    """Return a problem from rows written out."""
    n = len(objective)
    matrix = np.array([coefficients for coefficients, _, _ in rows], dtype=np.float64).reshape(len(rows), n)
    return _from_matrix(
        _sparse(matrix),
        objective=np.asarray(objective, dtype=np.float64),
        row_lower=np.array([lower for _, lower, _ in rows], dtype=np.float64),
        row_upper=np.array([upper for _, _, upper in rows], dtype=np.float64),
        lower=np.broadcast_to(np.asarray(lower, dtype=np.float64), n).copy(),
        upper=np.broadcast_to(np.asarray(upper, dtype=np.float64), n).copy(),
        integer=np.broadcast_to(np.asarray(integer, dtype=np.bool_), n).copy(),
        maximize=maximize,
        offset=offset,
    )


@dataclass(frozen=True, eq=False)
class Matrix:
    """A sparse matrix by rows."""

    starts: NDArray[np.int32]
    columns: NDArray[np.int32]
    coefficients: FloatArray

    @property
    def row_numbers(self) -> NDArray[np.int64]:
        """The row of each nonzero."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def times(self, x: FloatArray) -> FloatArray:
        """Return the product with a column vector."""
        products = self.coefficients * x[self.columns]
        return np.bincount(self.row_numbers, weights=products, minlength=len(self.starts) - 1).astype(np.float64)

    def times_transposed(self, y: FloatArray, columns: int) -> FloatArray:
        """Return the product of the transposed matrix with a column vector."""
        products = self.coefficients * y[self.row_numbers]
        return np.bincount(self.columns, weights=products, minlength=columns).astype(np.float64)


def _sparse(matrix: FloatArray) -> Matrix:
    row_of, column_of = np.nonzero(matrix)
    starts = np.searchsorted(row_of, np.arange(len(matrix) + 1)).astype(np.int32)
    return Matrix(starts, column_of.astype(np.int32), matrix[row_of, column_of])


def _from_matrix(matrix: Matrix, **parts: Any) -> LXProblem:
    return LXProblem(row_starts=matrix.starts, columns=matrix.columns, coefficients=matrix.coefficients, **parts)


@dataclass(frozen=True, eq=False)
class Planted:
    """A linear problem built around its optimum.

    A point, duals and reduced costs that fit it (feasible, complementary) are drawn first; bounds of
    variables and rows, and costs, are then chosen so that they fit. By weak duality nothing is better than the point.
    """

    problem: LXProblem
    optimum: float
    x: FloatArray


def planted(
    seed: int,
    *,
    rows: int = 12,
    columns: int = 9,
    per_row: int = 4,
    maximize: bool = False,
    degenerate: bool = False,
) -> Planted:
    """Return a feasible, bounded problem with a known optimum.

    Args:
        seed: of the random numbers.
        rows, columns: the size.
        per_row: nonzeros in each row.
        maximize: the sense.
        degenerate: whether many duals and reduced costs of active rows and bounds are 0.
    """
    random = np.random.default_rng(seed)
    matrix = _random_matrix(random, rows, columns, per_row)
    x = random.integers(-5, 6, columns).astype(np.float64)
    activity = matrix.times(x)
    column_state, reduced_costs = _multipliers(random, columns, degenerate)
    row_state, duals = _multipliers(random, rows, degenerate)
    lower, upper = _limits(random, x, column_state)
    row_lower, row_upper = _limits(random, activity, row_state)
    costs = matrix.times_transposed(duals, columns) + reduced_costs
    sign = -1.0 if maximize else 1.0
    instance = _from_matrix(
        matrix,
        objective=sign * costs,
        offset=17.5,
        maximize=maximize,
        lower=lower,
        upper=upper,
        row_lower=row_lower,
        row_upper=row_upper,
        integer=np.zeros(columns, dtype=np.bool_),
    )
    return Planted(instance, instance.objective_at(x), x)


def _random_matrix(random: np.random.Generator, rows: int, columns: int, per_row: int) -> Matrix:
    chosen = np.sort(np.argsort(random.random((rows, columns)), axis=1)[:, :per_row], axis=1)
    coefficients = np.round(random.uniform(0.5, 2.0, chosen.size), 3) * random.choice([-1.0, 1.0], chosen.size)
    starts = np.arange(rows + 1) * per_row
    return Matrix(starts.astype(np.int32), chosen.ravel().astype(np.int32), coefficients)


LOWER, BETWEEN, UPPER, FIXED = 1, 0, -1, 2


def _multipliers(random: np.random.Generator, count: int, degenerate: bool) -> tuple[NDArray[np.int64], FloatArray]:
    """Draw at which of its bounds each value is, and a multiplier that fits it in a minimisation."""
    state = random.choice([LOWER, BETWEEN, UPPER, FIXED], count, p=[0.35, 0.25, 0.3, 0.1])
    sign = np.where(state == FIXED, random.choice([-1.0, 1.0], count), state)
    size = random.uniform(0.1, 2.0, count)
    if degenerate:
        size *= random.random(count) < 0.5
    return state, sign * size


def _limits(random: np.random.Generator, values: FloatArray, state: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Return bounds for values that stand at their lower one, between, at the upper one, or at both."""
    below, above = (
        np.where(random.random(len(values)) < 0.4, INF, random.uniform(1.0, 4.0, len(values))) for _ in range(2)
    )
    lower = np.where((state == LOWER) | (state == FIXED), values, values - below)
    upper = np.where((state == UPPER) | (state == FIXED), values, values + above)
    return lower, upper


def nondegenerate(*, maximize: bool) -> LXProblem:
    """Return a problem with every kind of row and bound, whose optimum is its only one and stays at its basis.

    Optimal for both senses (the objective changes its sign): x = (2, 1, 3, 0, 5), the first three between their
    bounds; the duals of a minimisation are (-1, 2, 1.5, 0), the reduced costs (0, 0, 0, 1.25, -0.75).
    """
    sign = -1.0 if maximize else 1.0
    rows: list[Row] = [
        ([1.0, 1.0, 0.0, 1.0, 0.0], -INF, 3.0),
        ([1.0, -1.0, 1.0, 0.0, 1.0], 9.0, 14.0),
        ([0.0, 1.0, 2.0, -1.0, 0.0], 7.0, 7.0),
        ([1.0, 0.0, 1.0, 1.0, 1.0], 2.0, INF),
    ]
    matrix = np.array([coefficients for coefficients, _, _ in rows])
    costs = matrix.T @ np.array([-1.0, 2.0, 1.5, 0.0]) + np.array([0.0, 0.0, 0.0, 1.25, -0.75])
    return problem(
        (sign * costs).tolist(),
        rows,
        lower=[-10.0, -INF, 0.0, 0.0, -5.0],
        upper=[10.0, 6.0, INF, 4.0, 5.0],
        maximize=maximize,
    )


def one_vertex(seed: int, *, maximize: bool) -> LXProblem:
    """Return a random problem with one optimum, a vertex at which no more bounds meet than it has variables."""
    random = np.random.default_rng(seed)
    matrix, costs = random.uniform(0.5, 2.0, (4, 6)), random.uniform(1.0, 3.0, 6)
    limits = random.uniform(5.0, 9.0, 4)
    rows: list[Row] = [(row, -INF, limit) for row, limit in zip(matrix.tolist(), limits.tolist(), strict=True)]
    upper = [2.0, INF, 1.5, INF, 2.5, INF]
    return problem((costs if maximize else -costs).tolist(), rows, upper=upper, maximize=maximize)


def random_integers(seed: int, *, maximize: bool) -> LXProblem:
    """Return a small problem over integers in boxes, feasible, with rows of every kind."""
    random = np.random.default_rng(seed)
    n, m = 5, 4
    lower = random.integers(-3, 1, n).astype(np.float64)
    upper = lower + random.integers(1, 5, n)
    inside = np.array([random.integers(low, high + 1) for low, high in zip(lower, upper, strict=True)])
    matrix = random.integers(-6, 7, (m, n)).astype(np.float64)
    activity = matrix @ inside
    room = [(-INF, 1.5), (-2.5, INF), (-3.0, 4.0), (0.0, 0.0)]
    rows: list[Row] = [
        (row, value + below, value + above)
        for row, value, (below, above) in zip(matrix.tolist(), activity.tolist(), room, strict=True)
    ]
    return problem(
        random.integers(-9, 10, n).tolist(),
        rows,
        lower=lower.tolist(),
        upper=upper.tolist(),
        integer=True,
        maximize=maximize,
        offset=2.25,
    )


def fixed_charge(*, maximize: bool = False) -> LXProblem:
    """Return a problem with binaries and continuous variables: three machines, each with a cost for being used."""
    sign = -1.0 if maximize else 1.0
    unit, use, capacity = [2.0, 1.5, 1.0], [3.0, 6.0, 12.0], [4.0, 6.0, 9.0]
    links: list[Row] = [
        ([*(float(k == i) for k in range(3)), *(-capacity[i] * (k == i) for k in range(3))], -INF, 0.0)
        for i in range(3)
    ]
    return problem(
        [sign * cost for cost in unit + use],
        [([1.0, 1.0, 1.0, 0.0, 0.0, 0.0], 7.5, INF), *links],
        upper=[10.0, 10.0, 10.0, 1.0, 1.0, 1.0],
        integer=[False] * 3 + [True] * 3,
        maximize=maximize,
    )


def knapsacks(*, offset: float) -> LXProblem:
    """Return three knapsacks with 16 things; the constant makes a small relative gap a big one in things."""
    random = np.random.default_rng(0)
    weights = random.integers(10, 100, (3, 16)).astype(np.float64)
    rows: list[Row] = [(row, -INF, np.floor(sum(row) / 2)) for row in weights.tolist()]
    values = random.integers(10, 100, 16).tolist()
    return problem(values, rows, upper=1.0, integer=True, maximize=True, offset=offset)


def hard_to_prove(*, maximize: bool = False, offset: float = 0.0) -> LXProblem:
    """Return a problem whose points are easy to find and whose optimum takes hours to prove.

    A market split (Cornuejols and Dawande, IPCO 1998) with slack, which is minimised: 0 bounds it from the
    first relaxation on, and only an exact split, which hardly exists, reaches that.
    """
    matrix, half = _market_split()
    return _with_slack(matrix, half, upper=1.0, maximize=maximize, offset=offset)


def _with_slack(
    matrix: FloatArray,
    targets: FloatArray,
    *,
    upper: float,
    lower: float = 0.0,
    maximize: bool = False,
    offset: float = 0.0,
) -> LXProblem:
    """Return the problem of coming near the targets by whole multiples of the columns."""
    m, n = matrix.shape
    rows: list[Row] = [
        ([*row, *(float(k == i) for k in range(m)), *(-float(k == i) for k in range(m))], target, target)
        for i, (row, target) in enumerate(zip(matrix.tolist(), targets.tolist(), strict=True))
    ]
    return problem(
        [0.0] * n + [-1.0 if maximize else 1.0] * (2 * m),
        rows,
        lower=[lower] * n + [0.0] * (2 * m),
        upper=[upper] * n + [INF] * (2 * m),
        integer=[True] * n + [False] * (2 * m),
        maximize=maximize,
        offset=offset,
    )


def hidden_optimum(
    *, maximize: bool = False, offset: float = 0.0, least: int = 0, most: int = 1
) -> tuple[LXProblem, FloatArray]:
    """Return a problem whose optimum takes hours to find, and is proved once it is found; and the optimum.

    It is `hard_to_prove` with targets that one choice of multiples, from ``least`` to ``most``, reaches.
    """
    random = np.random.default_rng(7)
    size = 100 if most == 1 else 10_000
    matrix = random.integers(0, size, (5, 40 if most == 1 else 25)).astype(np.float64)
    multiples = random.integers(least, most + 1, matrix.shape[1]).astype(np.float64)
    instance = _with_slack(
        matrix, matrix @ multiples, lower=float(least), upper=float(most), maximize=maximize, offset=offset
    )
    return instance, np.concatenate([multiples, np.zeros(10)])


def hard_to_find() -> LXProblem:
    """Return a problem of which no point is known: a market split without slack."""
    matrix, half = _market_split()
    rows: list[Row] = [(row, target, target) for row, target in zip(matrix.tolist(), half.tolist(), strict=True)]
    return problem([0.0] * matrix.shape[1], rows, upper=1.0, integer=True)


def _market_split(markets: int = 5) -> tuple[FloatArray, FloatArray]:
    random = np.random.default_rng(7)
    matrix = random.integers(0, 100, (markets, 10 * (markets - 1))).astype(np.float64)
    return matrix, np.floor(matrix.sum(axis=1) / 2)


def once_wrong() -> dict[str, tuple[LXProblem, float]]:
    """Return small problems of which a release of a solver gave a wrong answer, and their optima.

    Each is named after the report in the solver's repository.
    """
    cbc = [
        ([1.0, 0.0, 0.0, 0.0, 1.0], 1.0, 1.0),
        ([1.0, 0.0, 0.0, 1.0, 0.0], 1.0, INF),
        ([0.0, 1.0, 0.0, 0.0, 1.0], -INF, 1.0),
        ([0.0, 0.0, 0.0, 1.0, 1.0], -INF, 1.0),
        ([0.0, 0.0, 1.0, 0.0, 0.0], 1.0, 1.0),
        ([0.0, 9000.0, 7200.0, 0.0, 10800.0], 16200.0, INF),
    ]
    switch = [([1.0, 1.0, 0.0], 10.0, 10.0), ([1.0, 0.0, -100.0], -INF, 0.0)]
    free = [
        ([0.0, 1.0, -1.0, 0.0], 0.0, INF),
        ([1.0, 0.0, 1.0, -1.0], 0.0, 0.0),
        ([0.0, 0.0, -68.0, -1.0], -12.0, INF),
    ]
    costly = problem([0.0, 2.0, 99999.0], switch, upper=[INF, INF, 1.0], integer=[False, False, True])
    endless = problem([0.0, 1.0, 0.0, 0.0], free, lower=[-INF, -INF, 0.0, 0.0], integer=[True, True, False, True])
    return {
        "Cbc 632": (problem([0.0, 0.0, 0.0, 1.0, 1.0], cbc, upper=1.0, integer=True), 0.0),
        "HiGHS 2975": (costly, 20.0),
        "HiGHS 3274": (endless, 0.0),
    }
