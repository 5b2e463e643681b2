"""Joins against pairs of rows: which combinations are kept, with which coefficients, and what a join may not hide."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import inf, nan
from types import SimpleNamespace
from typing import Any

import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXParameter, LXVariable
from lumix_core.compiler.joins import join as matching
from lumix_core.compiler.joins.axes import Axes
from lumix_core.errors import LXFunctionError, LXNumberError

Function = Callable[..., Any]
Cells = dict[tuple[int, int], float]


class Row(SimpleNamespace):
    id: int


def rows(**columns: list[Any]) -> list[Row]:
    """Rows of these columns, numbered from 0."""
    count = len(next(iter(columns.values())))
    return [Row(id=i, **{name: values[i] for name, values in columns.items()}) for i in range(count)]


def joined(products: list[Row], machines: list[Row], coefficient: Any, where: Function | None = None) -> Cells:
    """Compile one term over all pairs; return its coefficients by the keys of machine and product."""
    variable = LXVariable[Row, float]("x").from_data(products).indexed_by(lambda row: row.id)
    sums = LXLinearExpression().add_multi_term(variable, coeff=coefficient, where=where)
    limit = LXConstraint[Row]("limit").expression(sums).le().rhs(1).from_data(machines).indexed_by(lambda row: row.id)
    problem = LXModel("pairs").add_variable(variable).add_constraint(limit).compile()
    starts = problem.row_starts.tolist()
    at = [row for row, (start, end) in enumerate(pairwise(starts)) for _ in range(start, end)]
    return dict(zip(zip(at, problem.columns.tolist(), strict=True), problem.coefficients.tolist(), strict=True))


def paired(products: list[Row], machines: list[Row], coefficient: Any, where: Function | None = None) -> Cells:
    """Say the same by calling the functions for one pair after the other."""
    pairs = [(p, m) for m in machines for p in products if where is None or where(p, m)]
    values = {(m.id, p.id): float(coefficient(p, m) if callable(coefficient) else coefficient) for p, m in pairs}
    return {key: value for key, value in values.items() if value}


PRODUCTS = rows(
    a=[0, 1, 2, 3, 4, 5, 6, 7, 8], kind=["x", "y", "z"] * 3, x=[1.0, 2.0, inf, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]
)
MACHINES = rows(b=[0, 1, 2, 3, 4, 5, 6, 7, 8], kind=["x", "z", "y"] * 3, cap=[0, 1, 2, 0, 1, 2, 0, 1, 2])
BY_PAIR = {(0, 0): 1.0, (3, 3): 2.0}
HOURS = LXParameter[Any]("hours").from_data(BY_PAIR).default(0.0)


def with_x(value: Any) -> list[Row]:
    return rows(a=list(range(9)), x=[1.0, 2.0, value, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])


@pytest.mark.parametrize("value", [inf, -inf, nan])
def test_nothing_times_infinity_or_nan_is_no_zero(value: float) -> None:
    weights: list[Function] = [
        lambda p, m: 1.0 if HOURS[p.id, m.id] * p.x else 0,
        lambda p, m: 1.0 if BY_PAIR.get((p.id, m.id), 0) * p.x else 0.0,
    ]
    products = with_x(value)

    found = [joined(products, MACHINES, weight) for weight in weights]

    assert found == [paired(products, MACHINES, weight) for weight in weights]


@pytest.mark.parametrize("value", [inf, nan, None])
def test_a_product_that_is_no_number_for_a_key_that_is_missing_is_an_error(value: Any) -> None:
    with pytest.raises((LXFunctionError, LXNumberError), match="key 2 of 'x'"):
        joined(with_x(value), MACHINES, lambda p, m: HOURS[p.id, m.id] * p.x)


@pytest.mark.parametrize("value", [inf, nan, None])
def test_a_condition_that_is_no_number_for_a_key_that_is_missing_is_an_error(value: Any) -> None:
    with pytest.raises((LXFunctionError, LXNumberError), match="key 2 of 'x'"):
        joined(with_x(value), MACHINES, 1.0, where=lambda p, m: HOURS[p.id, m.id] * p.x)


LISTED = [(0, 0), (0, 0), (3, 3)]


def test_a_pair_that_is_listed_twice_counts_once() -> None:
    found = joined(PRODUCTS, MACHINES, 1.0, where=lambda p, m: (p.id, m.id) in LISTED)
    weighed = joined(PRODUCTS, MACHINES, lambda p, m: float((p.id, m.id) in LISTED))

    assert found == weighed == {(0, 0): 1.0, (3, 3): 1.0}


NAN = float("nan")


@pytest.mark.parametrize("where", [lambda p, m: (p.f, p.k) == (m.f, m.k), lambda p, m: p.f == m.f and p.k == m.k])
def test_keys_of_several_parts_are_joined_as_python_compares_them(where: Function) -> None:
    products = rows(f=[1.0, NAN, 2.0] * 3, k=[1, 2, 3, 4, 2, 6, 7, 8, 9])
    machines = rows(f=[1.0, NAN, 2.0] * 3, k=[1, 2, 3, 4, 2, 6, 7, 8, 9])

    assert joined(products, machines, 1.0, where) == paired(products, machines, 1.0, where)


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many combinations were looked at in one go, each time that some were."""
    seen: list[int] = []
    batch = Axes.batch

    def counted(self: Axes, picks: Any, arguments: int | None = None) -> Any:
        seen.append(len(picks[0]))
        return batch(self, picks, arguments)

    monkeypatch.setattr(Axes, "batch", counted)
    return seen


def product_of(first: list[Row], second: list[Row], where: Function) -> list[tuple[int, int]]:
    """Return the combinations that a condition keeps."""
    dimensions = [LXIndexDimension(Row, lambda row: row.id).from_data(some) for some in (first, second)]
    variable = LXVariable[Any, float]("x").indexed_by_product(*dimensions).where_multi(where)
    return list(LXModel("m").add_variable(variable).compile().variables[0].keys)


DIAGONAL = {(i, i) for i in range(2_000)}
MANY = rows(k=[(7 * i) % 2_000 for i in range(2_000)], half=[i % 2 for i in range(2_000)])


@pytest.mark.parametrize(
    "where",
    [
        lambda p, q: p.k == q.k,
        lambda p, q: p.k == q.k and p.half < 2 and q.k + p.k >= 0,
        lambda p, q: (p.k, p.half) == (q.k, q.half),
        lambda p, q: p.half < 3 and q.k == p.k,
        lambda p, q: (p.k, q.k) in DIAGONAL,
    ],
)
def test_a_join_looks_at_few_combinations(where: Function, sizes: list[int]) -> None:
    found = product_of(MANY, MANY, where)

    assert found == [(i, i) for i in range(2_000)]
    assert sum(sizes) <= 4 * 2_000


def test_a_lookup_is_a_join_of_what_the_table_has(sizes: list[int]) -> None:
    hours = LXParameter[Any]("hours").from_data({(i, i): 1.0 + i for i in range(2_000)}).default(0.0)

    found = joined(MANY, MANY, lambda p, q: hours[p.k, q.k] * p.half)

    assert len(found) == 1_000
    assert sum(sizes) <= 4 * 2_000


@pytest.mark.parametrize(
    "where",
    [
        lambda p, q: p.half == q.half and p.k + q.k < 12,
        lambda p, q: p.k + q.k < 12,
        lambda p, q: str(p.k + q.k) in ("0", "6", "10"),
        lambda p, q: p.half in (0, 1) and q.half == p.half and p.k * q.k == 6,
    ],
)
def test_no_more_than_a_block_is_held_beside_what_matches(
    where: Function, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "BLOCK", 1_000)
    some = MANY[:300]

    found = product_of(some, some, where)

    assert found == [(p.id, q.id) for p in some for q in some if where(p, q)]
    assert max(sizes) <= 1_000 + len(some)


def test_a_condition_beside_a_lookup_that_leaves_pairs_out_stays_a_join() -> None:
    few = LXParameter[Any]("few").from_data({(3, 3): 2.0}).default(0.0)
    made = LXVariable[Row, float]("made").from_data(PRODUCTS).indexed_by(lambda row: row.id)
    used = LXLinearExpression().add_term(made, lambda p, m: few[p.id, m.id], where=lambda p, m: p.kind == m.kind)
    limit = LXConstraint[Row]("limit").from_data(MACHINES).indexed_by(lambda row: row.id).expression(used).le().rhs(1)
    model = LXModel("pairs").add_variable(made).add_constraint(limit)

    model.compile()

    (condition,) = [line for line in model.explain().functions if line.function.startswith("the condition")]
    assert (condition.way, condition.count) == ("join", 1)
