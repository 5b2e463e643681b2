"""What is traced, what is refused and why, and how often a function is called."""

from __future__ import annotations

import cProfile
import math
import operator
import pstats
import random
import sys
from collections.abc import Callable
from functools import partial
from itertools import count
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lumix_core import LXModel, LXVariable
from lumix_core.errors import LXLateBindingError
from lumix_core.formulas.tracing import trace
from tests.core.formulas.traced import Row, assert_fails_for, by_row, computed, is_traced, nine, reason

RATES = [1, 2, 3]
PAIR = (1, 2)
BY_PAIR = {PAIR: 5.0}

NAN = float("nan")


def profiled(function: Callable[[], Any]) -> Any:
    """Call a function with a profiler at work, and see that it still is afterwards."""
    profiler = cProfile.Profile()
    profiler.enable()
    found, after = function(), len(nine(1.0, 1.0))
    profiler.disable()
    names = {name for _, _, name in pstats.Stats(profiler).stats}  # type: ignore[attr-defined]
    assert after == 9
    assert "nine" in names
    return found


def asked(value: Any) -> float:
    return 1.0 if isinstance(value, int) else 2.0


def test_functions_are_traced_under_a_profiler() -> None:
    function = lambda row: row.x * 2.0

    assert profiled(lambda: is_traced(function))
    assert profiled(lambda: computed(function, nine(1.0, 2.0))) == by_row(function, nine(1.0, 2.0))


def test_code_that_is_given_a_symbol_is_looked_at_under_a_profiler() -> None:
    asking = SimpleNamespace(of=asked)
    function = lambda row: asking.of(row.x)

    assert "isinstance" in profiled(lambda: reason(function))
    assert profiled(lambda: computed(function, nine(1.0, 2))) == by_row(function, nine(1.0, 2))


def test_the_watch_is_over_when_a_function_is_traced() -> None:
    before = (sys.getprofile(), sys.gettrace())

    trace(lambda row: row.x, [None])
    trace(lambda row: asked(row.x), [None])

    assert (sys.getprofile(), sys.gettrace()) == before


def test_a_value_that_is_no_number_is_named_before_a_later_failure() -> None:
    rows = [Row(id=i, x={2: NAN, 5: 0.0}.get(i, 1.0)) for i in range(9)]

    assert_fails_for(2, lambda row: row.x / row.x, rows)


def nested(value: Any, times: int) -> Any:
    return value if times == 0 else nested(value, times - 1) * 2.0


def endless(value: Any) -> Any:
    return endless(value + 1)


def factorial(number: Any) -> Any:
    return 1 if number <= 1 else number * factorial(number - 1)


@pytest.mark.parametrize(
    "function",
    [
        lambda row: row.x,
        lambda row: -(row.x**2) + 3 * row.x // 2 % 5,
        lambda row: 1.0 if 0 < row.x <= 3 else row.y,
        lambda row: (row.x and row.y) or row.z,
        lambda row: max(row.x, row.y, 1) - min(row.x, row.y) + abs(row.z),
        lambda row: round(row.x, 1) + int(row.y) + float(row.z) + bool(row.x),
        lambda row: row.name.strip().upper().startswith("A"),
        lambda row: row.code in {"a", "b"} or row.code in ("c", "d") or row.code in ["e"],
        lambda row: BY_PAIR.get((row.x, row.y), 0.0) * RATES[row.z],
        lambda row: sum(row.x * rate for rate in RATES),
        lambda row: [rate * row.x for rate in RATES][-1],
        lambda row: math.sqrt(row.x) + np.maximum(row.x, 1),
        lambda row: nested(row.x, 5),
        lambda row: (row.x, (row.y, 1)),
        lambda row: (lambda value, by=2: value * by)(row.x),  # noqa: PLC3002
        lambda row: row.category.supplier.country.rate,
        lambda row: row["unit price"] * row.days[0],
        operator.attrgetter("x"),
        operator.itemgetter("x"),
        partial(lambda rate, row: row.x * rate, 2.0),
        partial(lambda row, rate: row.x * rate, rate=2.0),
        float,
    ],
)
def test_what_is_traced(function: Callable[..., Any]) -> None:
    assert is_traced(function)


def swallowing(row: Row) -> Any:
    try:
        return 1.0 / row.x
    except ZeroDivisionError:
        return 0.0


def asserting(row: Row) -> Any:
    assert row.x > 0
    return row.x


def assigning(row: Row) -> Any:
    row.seen = True
    return row.x


def importing(row: Row) -> Any:
    import math

    return math.sqrt(row.x)


def opening(row: Row) -> Any:
    with row.x as value:
        return value


def matched(row: Row) -> Any:
    match row.x:
        case int():
            return 1.0
    return 2.0


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda row: 1.0 if row.x is None else row.x, "it compares with 'is'"),
        (lambda row: 1.0 if row.x is not None else 2.0, "it compares with 'is'"),
        (swallowing, "it catches exceptions"),
        (asserting, "it raises an exception itself"),
        (assigning, "it changes something outside itself"),
        (importing, "it imports a module"),
        (opening, "it opens something with 'with'"),
        (matched, "it uses match"),
        (lambda row: isinstance(row.x, int), "it calls isinstance()"),
        (lambda row: hasattr(row, "x"), "it calls hasattr()"),
        (lambda row: type(row.x) in (int, float), "it calls type()"),
        (lambda row: f"{row.x}", "it makes a text of values"),
        (lambda row: str(row.x), "it makes a text of a value of the row"),
        (lambda row: "{}".format(row.x), "it makes a text of a value of the row"),  # noqa: UP032
        (lambda row: [one + 1 for one in row.parts], "it goes through a collection of the row"),
        (lambda row: sum(one.cost for one in row.parts), "it goes through a collection of the row"),
        (lambda row: sum(row.parts), "it goes through a collection of the row"),
        (lambda row: len(row.parts), "it counts a collection of the row"),
        (lambda row: "a" in row.parts, "it searches a collection of the row"),
        (lambda row: range(row.x), "it uses a value of the row as a position"),
        (lambda row: {row.x: 1.0}, "it looks a value of the row up in a dict or set"),
        (lambda row: np.where(row.x, 1, 2), "it calls numpy's where"),
        (lambda row: RATES.append(row.x), "it calls .append(), which changes something"),
        (lambda row: BY_PAIR.setdefault(row.x, 1.0), "it calls .setdefault(), which changes something"),
        (lambda row: [row.x, row.y], "it computes with a list"),
        (lambda row: row.method(by=2), "it calls a method of a value with named arguments"),
        (lambda row: next(iter(RATES)) * row.x, "it calls next()"),
        (lambda row: factorial(row.x), "more than 32 paths"),
        (lambda row: (value for value in (row.x, row.y)), "it computes with a generator"),
    ],
)
def test_what_is_refused_and_why(function: Callable[..., Any], why: str) -> None:
    assert why in reason(function)
    assert RATES == [1, 2, 3]


def test_a_recursion_without_an_end_fails_as_it_does_for_a_row() -> None:
    assert_fails_for(0, lambda row: endless(row.x), nine(1.0, 2.0))


def test_more_than_32_branches_are_left_to_the_rows() -> None:
    def stepped(row: Row) -> Any:
        return sum(1.0 if row.x > bound else 0.0 for bound in range(6))

    assert "more than 32 paths" in reason(stepped)
    assert computed(stepped, nine(3.0, 5.0)) == by_row(stepped, nine(3.0, 5.0))


def test_what_differs_from_call_to_call_is_left_to_the_rows() -> None:
    numbers = random.Random(1)
    drawn = computed(lambda row: numbers.random() * row.x, nine(1.0, 1.0))
    counter = count()
    counted = computed(lambda row: counter.__next__() + row.x, nine(1.0, 1.0))

    assert len(set(drawn)) == 9
    assert len(set(counted)) == 9


SETTING = 1.0


def test_globals_are_read_anew_by_every_compile() -> None:
    variable = LXVariable[Row, float]("x").from_data(nine(1.0, 2.0)).indexed_by(lambda row: row.id)
    model = LXModel("m").add_variable(variable.bounds(lower=lambda row: row.x * SETTING))

    before = model.compile().lower.tolist()
    globals()["SETTING"] = 10.0
    after = model.compile().lower.tolist()
    globals()["SETTING"] = 1.0

    assert after == [10.0 * value for value in before]


def test_a_loop_variable_that_was_rebound_is_refused_though_the_function_is_traced() -> None:
    model = LXModel("m")
    for rate in (1.0, 2.0):
        variable = LXVariable[Row, float](f"x{rate}").from_data(nine(1.0, 2.0)).indexed_by(lambda row: row.id)
        model.add_variable(variable.bounds(lower=lambda row: row.x * rate))

    with pytest.raises(LXLateBindingError, match="rate"):
        model.compile()


class Counting:
    """A row that counts how often it is read."""

    def __init__(self, id: int, seen: list[int]) -> None:
        self.id = id
        self._seen = seen

    @property
    def x(self) -> float:
        self._seen.append(self.id)
        return float(self.id)


def test_a_traced_function_reads_each_row_once_and_is_called_for_three_of_them_besides() -> None:
    seen: list[int] = []
    rows = [Counting(i, seen) for i in range(100)]
    variable = LXVariable[Counting, float]("x").from_data(rows).indexed_by(lambda row: row.id)

    LXModel("m").add_variable(variable.bounds(lower=lambda row: row.x * 2.0)).compile()

    assert sorted(seen) == sorted([*range(100), 0, 50, 99])


def test_a_function_that_is_left_to_the_rows_is_called_once_for_each() -> None:
    seen: list[int] = []
    rows = [Counting(i, seen) for i in range(100)]
    variable = LXVariable[Counting, float]("x").from_data(rows).indexed_by(lambda row: row.id)

    LXModel("m").add_variable(variable.bounds(lower=lambda row: row.x if row.x is not None else 0.0)).compile()

    assert sorted(seen) == sorted([*range(100), *range(100)])
