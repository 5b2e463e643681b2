"""Conditions of order: the pairs that they keep are those that the rows keep, and they are found without trying all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import product
from math import inf, nan
from random import Random
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable
from lumix_core.compiler.joins import join
from lumix_core.compiler.vectorized import Vectorized
from lumix_core.errors import LXFunctionError

Function = Callable[..., Any]
DAY = timedelta(days=1)
START = date(2025, 1, 1)
BERLIN = ZoneInfo("Europe/Berlin")


def hour(n: int) -> datetime:
    """Return an hour of the days on which the clocks of Berlin are put back."""
    return datetime(2025, 10, 25, tzinfo=UTC) + timedelta(hours=n)


class Row(SimpleNamespace):
    id: int


def rows(count: int, value: Callable[[int], Any], seed: int = 0) -> list[Row]:
    random = Random(seed)
    numbers = [random.randrange(count) for _ in range(count)]
    return [Row(id=i, at=value(n), until=value(n + random.randrange(4)), line=n % 3) for i, n in enumerate(numbers)]


def mode_and_pairs(
    first: list[Row], second: list[Row], where: Function | None, coefficient: Any = 1.0
) -> tuple[str, dict[tuple[int, int], float]]:
    """Compile a sum over pairs; return how its function ran, and the coefficients by the keys of row and element."""
    variable = LXVariable[Row, float]("x").from_data(first).indexed_by(lambda row: row.id)
    total = LXLinearExpression().add_multi_term(variable, coeff=coefficient, where=where)
    limit = LXConstraint[Row]("c").from_data(second).indexed_by(lambda row: row.id).expression(total).le().rhs(1)
    model = LXModel("m").add_variable(variable).add_constraint(limit)
    problem = model.compile()
    found = {}
    for row in range(len(second)):
        for position in range(problem.row_starts[row], problem.row_starts[row + 1]):
            found[row, int(problem.columns[position])] = float(problem.coefficients[position])
    return str(model.explain()), found


def expected(first: list[Row], second: list[Row], where: Function | None, coefficient: Any = 1.0) -> dict[Any, float]:
    kept = [(p, q) for q, p in product(second, first) if where is None or where(p, q)]
    values = {(q.id, p.id): float(coefficient(p, q) if callable(coefficient) else coefficient) for p, q in kept}
    return {key: value for key, value in values.items() if value}


WINDOWS: list[Function] = [
    lambda p, q: q.at - 4 < p.at <= q.at,
    lambda p, q: q.at - 3.5 <= p.at < q.at,
    lambda p, q: p.at <= q.at < p.at + 3,
    lambda p, q: q.at >= p.at and p.at > q.at - 2,
    lambda p, q: p.at >= q.at and p.until <= q.until,
    lambda p, q: p.at < q.until and q.at < p.until,
    lambda p, q: q.at - 4 < p.at <= q.at and p.line == q.line,
    lambda p, q: p.line == q.line and p.at > q.at - 3 and p.at < q.at,
    lambda p, q: q.at - 4 < p.at <= q.at and p.line != 1 and q.line != 2,
    lambda p, q: q.at - 4 < p.at <= q.at and p.id % 2 == q.line,
    lambda p, q: p.at + q.at > 10 and q.at - 2 <= p.at <= q.at + 2,
    lambda p, q: not (p.at > q.at) and not (p.at < q.at),
    lambda p, q: p.at > q.at + 1000,
    lambda p, q: q.at - 4 < p.at <= q.at or p.at == 3,
]
NUMBERS: dict[str, Callable[[int], Any]] = {
    "ints": lambda n: n,
    "floats": lambda n: n / 2,
    "floats with gaps": lambda n: nan if n % 7 == 3 else n * 1.0,
    "infinite": lambda n: inf if n % 11 == 3 else -inf if n % 11 == 4 else n * 1.0,
    "zeros with signs": lambda n: -0.0 if n % 5 == 0 else 0.0 if n % 5 == 1 else n - 20.0,
    "large ints": lambda n: 2**53 + n,
    "larger ints": lambda n: 2**62 + n,
    "bools": lambda n: n % 2 == 0,
    "mixed": lambda n: n if n % 2 else n + 0.5,
    "decimals": lambda n: Decimal(n) / 2,
}


@pytest.fixture(params=["where it pays", "wherever it can"])
def searched(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders are searched where that leaves out most pairs, or else wherever they can be."""
    if request.param == "wherever it can":
        monkeypatch.setattr(join, "SHORT", 0)
        monkeypatch.setattr(join, "SELECTIVE", 0)


@pytest.mark.usefixtures("searched")
@pytest.mark.parametrize("function", WINDOWS)
@pytest.mark.parametrize("kind", NUMBERS)
def test_a_window_keeps_the_pairs_that_its_rows_keep(function: Function, kind: str) -> None:
    first, second = rows(70, NUMBERS[kind], 1), rows(60, NUMBERS[kind], 2)

    try:
        wanted = expected(first, second, function)
    except (TypeError, OverflowError):
        with pytest.raises(LXFunctionError):
            mode_and_pairs(first, second, function)
        return

    assert mode_and_pairs(first, second, function)[1] == wanted


@pytest.mark.usefixtures("searched")
@pytest.mark.parametrize("function", WINDOWS)
def test_a_weight_that_is_zero_outside_of_a_window_is_a_window(function: Function) -> None:
    first, second = rows(70, NUMBERS["ints"], 3), rows(60, NUMBERS["floats"], 4)

    def weight(p: Any, q: Any) -> float:
        return p.at + 0.5 if function(p, q) else 0.0

    assert mode_and_pairs(first, second, None, weight)[1] == expected(first, second, None, weight)


ORDERED: dict[str, tuple[Callable[[int], Any], Any]] = {
    "dates": (lambda n: START + n * DAY, 3 * DAY),
    "times": (lambda n: datetime(2025, 1, 1) + n * DAY, timedelta(hours=71)),
    "times of one zone": (lambda n: datetime(2025, 1, 1, tzinfo=UTC) + n * DAY, 3 * DAY),
    "times of two zones": (
        lambda n: datetime(2025, 1, 1, tzinfo=timezone(timedelta(hours=n % 3))) + n * DAY,
        3 * DAY,
    ),
    "times of one zone with summer time": (lambda n: hour(n).astimezone(BERLIN), timedelta(hours=3)),
    "times of two zones, one with summer time": (
        lambda n: hour(n).astimezone(BERLIN if n % 2 else UTC),
        timedelta(hours=3),
    ),
    "times in winter": (lambda n: (hour(n) + 60 * DAY).astimezone(BERLIN if n % 2 else UTC), timedelta(hours=3)),
    "durations": (lambda n: n * DAY, 3 * DAY),
    "decimals": (lambda n: Decimal(n) / 4, Decimal("0.75")),
}


@pytest.mark.parametrize("kind", ORDERED)
def test_values_that_have_an_order_are_windows_too(kind: str) -> None:
    value, width = ORDERED[kind]
    first, second = rows(80, value, 5), rows(70, value, 6)

    def where(p: Any, q: Any) -> bool:
        return bool(q.at - width < p.at <= q.at)

    text, found = mode_and_pairs(first, second, where)

    assert found == expected(first, second, where)
    assert ("join, " in text) == (kind != "times of two zones, one with summer time")


def test_times_of_a_zone_are_put_in_order_with_those_of_another() -> None:
    first = rows(90, lambda n: hour(n).astimezone(BERLIN), 5)
    second = rows(80, hour, 6)

    def where(p: Any, q: Any) -> bool:
        return bool(q.at - timedelta(hours=4) < p.at <= q.at)

    text, found = mode_and_pairs(first, second, where)

    assert ("join, " in text, found) == (True, expected(first, second, where))


@pytest.mark.parametrize("odd", [None, "x", 3, datetime(2025, 1, 1, tzinfo=UTC)])
def test_a_value_of_another_kind_is_named(odd: Any) -> None:
    first, second = rows(80, lambda n: datetime(2025, 1, 1) + n * DAY, 5), rows(70, lambda n: datetime(2025, 1, 2), 6)
    first[40].at = odd

    with pytest.raises(LXFunctionError, match="key 40 of 'x'"):
        mode_and_pairs(first, second, lambda p, q: p.at <= q.at)


def test_texts_are_put_in_order() -> None:
    first, second = rows(80, lambda n: f"{n:03}", 5), rows(70, lambda n: f"{n:03}", 6)

    def where(p: Any, q: Any) -> bool:
        return bool(q.at <= p.at and p.at < q.until)

    assert mode_and_pairs(first, second, where)[1] == expected(first, second, where)


def test_a_condition_that_may_raise_is_tried_on_every_pair() -> None:
    first, second = rows(80, lambda n: n + 1, 5), rows(70, lambda n: n + 1, 6)
    first[33].at = 0

    with pytest.raises(LXFunctionError, match="key 33 of 'x'"):
        mode_and_pairs(first, second, lambda p, q: q.at - 4 < p.at <= q.at and q.at / p.at > 0)


def test_three_dimensions_are_joined_by_order() -> None:
    ones, twos, threes = (rows(40, NUMBERS["ints"], seed) for seed in (7, 8, 9))
    dimensions = [LXIndexDimension(Row, lambda row: row.id).from_data(one) for one in (ones, twos, threes)]

    def where(a: Any, b: Any, c: Any) -> bool:
        return bool(a.at < b.at <= a.at + 2 and b.at < c.at <= b.at + 2 and a.line == c.line)

    variable = LXVariable[Any, float]("x").indexed_by_product(*dimensions).where_multi(where)
    found = list(LXModel("m").add_variable(variable).compile().variables[0].keys)

    assert found == [(a.id, b.id, c.id) for a, b, c in product(ones, twos, threes) if where(a, b, c)]


def test_filters_of_one_side_count_beside_an_order() -> None:
    first, second = rows(90, NUMBERS["ints"], 1), rows(80, NUMBERS["ints"], 2)

    def where(p: Any, q: Any) -> bool:
        return bool(p.line == 1 and q.id > 20 and q.at - 5 < p.at <= q.at)

    assert mode_and_pairs(first, second, where)[1] == expected(first, second, where)


def test_the_order_of_an_or_is_no_window() -> None:
    first, second = rows(90, NUMBERS["ints"], 1), rows(80, NUMBERS["ints"], 2)

    def where(p: Any, q: Any) -> bool:
        return bool(q.at - 2 < p.at <= q.at or p.id == q.id)

    assert mode_and_pairs(first, second, where)[1] == expected(first, second, where)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """For how many combinations formulas are evaluated, each time."""
    sizes: list[int] = []
    value = Vectorized.value

    def counted(self: Vectorized, node: Any, batch: Any, *more: Any) -> Any:
        sizes.append(batch.size)
        return value(self, node, batch, *more)

    monkeypatch.setattr(Vectorized, "value", counted)
    return sizes


LARGE: dict[str, Function] = {
    "a window": lambda p, q: q.at - 4 < p.at <= q.at,
    "a window of each line": lambda p, q: p.line == q.line and q.at - 40 < p.at <= q.at,
}


@pytest.mark.parametrize("name", LARGE)
def test_a_window_over_many_rows_looks_at_the_pairs_that_it_keeps(name: str, looked_at: list[int]) -> None:
    count = 20_000
    hours = [Row(id=i, at=i, line=i % 10) for i in range(count)]

    _, found = mode_and_pairs(hours, hours, LARGE[name])

    assert len(found) == {"a window": 4 * count - 6}.get(name, sum(min(4, i // 10 + 1) for i in range(count)))
    assert max(looked_at) <= len(found)
