"""What is traced, what is refused and why, and functions that a symbolic row must not answer wrongly.

Where a function is wrong for a few rows only, the odd row is the third of nine: none of the rows that are computed
both ways.
"""

from __future__ import annotations

import builtins
import operator
from collections import namedtuple
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from tests.core.formulas.traced import Row, assert_fails_for, by_row, computed, is_traced, nine, reason


def test_a_loop_that_only_a_row_ends_is_not_followed_for_ever() -> None:
    def steps(row: Row) -> int:
        count = 0
        while count * row.x < 5:
            count += 1
        return count

    found = computed(steps, nine(1.0, 2.0))

    assert "more than 32 paths" in reason(steps)
    assert found == by_row(steps, nine(1.0, 2.0))


def test_what_is_computed_and_not_used_raises_as_it_does_for_a_row() -> None:
    def early(row: Row) -> float:
        share = 1.0 / row.x
        return 2.0 if row.odd else share

    assert is_traced(early)
    assert_fails_for(2, early, nine(1.0, 0.0))


def test_what_is_read_and_not_used_raises_as_it_does_for_a_row() -> None:
    def early(row: Row) -> float:
        markup: float = row.category.markup
        return 2.0 if row.odd else markup

    rows = nine(Row(markup=1.5), None, "category")

    assert is_traced(early)
    assert_fails_for(2, early, rows)


def test_a_part_of_a_tuple_that_is_thrown_away_raises_as_it_does_for_a_row() -> None:
    def second(row: Row) -> float:
        both: tuple[float, float] = (1.0 / row.x, 3.0)
        return both[1]

    assert_fails_for(2, second, nine(1.0, 0.0))


@pytest.mark.parametrize(
    "function",
    [
        lambda row: 1.0 if row.x.__class__ == int else 2.0,  # noqa: E721
        lambda row: 1.0 if row.x.__class__.__name__ == "int" else 2.0,
        lambda row: 1.0 if row.x.__doc__ == int.__doc__ else 2.0,
        lambda row: 1.0 if getattr(row.x, "__class__") == int else 2.0,  # noqa: B009, E721
    ],
)
def test_the_class_of_a_value_is_not_that_of_a_symbol(function: Callable[..., Any]) -> None:
    found = computed(function, nine(1.0, 2))

    assert "it reads __" in reason(function)
    assert found == by_row(function, nine(1.0, 2))


def test_a_power_of_numpys_number_is_left_to_the_rows() -> None:
    assert reason(lambda row: np.float64(1.7) ** row.x) == "it computes power with a number of numpy's"
    assert is_traced(lambda row: np.float64(1.7) * row.x)


def test_builtins_by_another_name_are_refused_as_by_their_own() -> None:
    kind, is_a = type, isinstance

    assert reason(lambda row: 1.0 if kind(row.x) in (int,) else 2.0) == "it calls type()"
    assert reason(lambda row: 1.0 if is_a(row.x, int) else 2.0) == "it calls isinstance()"
    assert reason(lambda row: 1.0 if builtins.type(row.x) in (int,) else 2.0) == "it calls type()"
    assert reason(lambda row: 1.0 if operator.is_(row.x, None) else 2.0) == "it calls is_()"


RATES = [1, 2, 3]
PAIR = (1, 2)
BY_PAIR = {PAIR: 5.0}


def total_of(items: Any) -> Any:
    return sum(items) if isinstance(items, list | tuple) else 0


@pytest.mark.parametrize(
    "function",
    [
        lambda row: BY_PAIR.get(PAIR, 0.0) if row.odd else row.x,
        lambda row: 1.0 if row.odd and PAIR in BY_PAIR else 0.0,
        lambda row: row.x * total_of(RATES) if row.odd else row.x,
        lambda row: {"(1, 2)": 3.0}.get(str(PAIR), 1.0) if row.odd else row.x,
        lambda row: 2.0 if row.odd and PAIR == (1, 2) else row.x,
        lambda row: next(iter(reversed(BY_PAIR)))[0] if row.odd else row.x,
        lambda row: np.eye(3)[PAIR] if row.odd else row.x,
        lambda row: 1.0 if row.odd and PAIR.__class__ is tuple else 0.0,
        lambda row: [*RATES][1] if row.odd else row.x,
        lambda row: RATES[-1] + max(PAIR) + len(BY_PAIR) if row.odd else row.x,
    ],
)
def test_a_captured_collection_is_what_it_is(function: Callable[..., Any]) -> None:
    rows = nine(1.5, 1.5)

    assert computed(function, rows) == by_row(function, rows)


class Remembering:
    def __init__(self) -> None:
        self.seen: list[Any] = []

    def __call__(self, row: Row) -> float:
        self.seen.append(row.x)
        return float(row.x)


def test_a_method_that_keeps_values_is_never_given_a_symbol() -> None:
    function = Remembering()

    found = computed(function, nine(1.0, 2.0))

    assert "it calls .append()" in reason(function)
    assert found == by_row(function, nine(1.0, 2.0))
    assert set(map(type, function.seen)) == {float}


def test_a_method_that_keeps_values_is_never_given_a_symbol_by_another_name() -> None:
    seen: list[Any] = []
    keep, kept = seen.append, SimpleNamespace(keep=seen.append)

    assert reason(lambda row: keep(row.x) or row.x) == "it calls append()"
    assert reason(lambda row: kept.keep(row.x) or row.x) == "it calls append()"
    assert seen == []


Pair = namedtuple("Pair", "a b")


def test_a_symbol_within_another_object_is_not_a_constant() -> None:
    assert "computes with a Pair" in reason(lambda row: Pair(row.x, 1))
    assert "computes with a SimpleNamespace" in reason(lambda row: SimpleNamespace(a=row.x))
    assert "computes with a partial" in reason(lambda row: partial(max, row.x))
    assert is_traced(lambda row: Pair(row.x, 1).a)


def test_code_that_is_given_a_symbol_within_a_collection_is_looked_at() -> None:
    asking = SimpleNamespace(of=lambda values: 1.0 if isinstance(values["a"], int) else 2.0)

    assert "isinstance" in reason(lambda row: asking.of({"a": row.x}))
    assert "isinstance" in reason(lambda row: asking.of({"a": [row.x]}))


@pytest.mark.parametrize("third", [1.0, 1e16])
def test_sum_is_pythons_own(third: float) -> None:
    rows = nine((0.5, 0.25, 0.125), (1e16, third, -1e16))

    found = computed(lambda row: sum(row.x[i] for i in (0, 1, 2)), rows)

    assert found == by_row(lambda row: sum(row.x), rows)
    assert is_traced(lambda row: sum([row.x, row.y], 1.5))


def test_a_chain_of_a_thousand_steps_is_left_to_the_rows() -> None:
    weights = [0.1 * i for i in range(1_000)]

    def weighed(row: Row) -> float:
        result = 0.0
        for weight in weights:
            result = result + row.x * weight
        return result

    assert reason(weighed) == "it computes too many steps from each other"
    assert computed(weighed, nine(1.0, 2.0)) == by_row(weighed, nine(1.0, 2.0))


def test_a_value_that_is_used_twice_at_each_of_many_steps_is_left_to_the_rows() -> None:
    def root(row: Row) -> float:
        guess: float = row.x
        for _ in range(40):
            guess = (guess + row.x / guess) / 2.0
        return guess

    assert reason(root) == "it computes too many steps from each other"
    assert computed(root, nine(4.0, 2.0)) == by_row(root, nine(4.0, 2.0))


def test_fifty_steps_are_traced() -> None:
    function = lambda row: sum(row.x * weight for weight in range(50))

    assert is_traced(function)
    assert computed(function, nine(4.0, 2.0)) == by_row(function, nine(4.0, 2.0))


class Spelt(str):
    """A text that equals its lower case, and is hashed as it is."""

    def __eq__(self, other: object) -> bool:
        return self.lower() == str(other).lower()

    def __hash__(self) -> int:
        return str.__hash__(self)


NAN = float("nan")
NOTHING: dict[Any, float] = {}
ONE = {1: 2.0}
CODES = ["a", "c", "a"]
FLAWED = [NAN, 7.0]


@pytest.mark.parametrize(
    ("function", "usual", "odd"),
    [
        (lambda row: 1.0 if row.x in {1.0, NAN} else 2.0, 3.0, NAN),
        (lambda row: 1.0 if row.x in FLAWED else 2.0, 3.0, NAN),
        (lambda row: 1.0 if row.x in CODES else 2.0, "b", Spelt("C")),
        (lambda row: 1.0 if row.x in CODES else 2.0, "b", "c"),
        (lambda row: {NAN: 5.0}.get(row.x, 1.0), 3.0, NAN),
    ],
)
def test_a_value_is_in_a_collection_as_python_says(function: Callable[..., Any], usual: Any, odd: Any) -> None:
    rows = nine(usual, odd)

    assert computed(function, rows) == by_row(function, rows)


@pytest.mark.parametrize(
    "function",
    [
        lambda row: NOTHING.get(row.x, 1.0),
        lambda row: NOTHING.get((row.x, 1), 1.0),
        lambda row: ONE.get((row.x, 1), 1.0),
        lambda row: ONE.get((1, row.x), 1.0),
        lambda row: 1.0 if row.x in NOTHING else 2.0,
    ],
)
def test_what_cannot_be_hashed_is_an_error_where_nothing_is_to_be_found(function: Callable[..., Any]) -> None:
    assert is_traced(function)
    assert_fails_for(2, function, nine(1.0, [1.0]))


def test_a_dict_takes_no_default_by_name() -> None:
    def missing(row: Row) -> Any:
        return ONE.get(row.x, missing=3.0) if row.odd else row.x  # type: ignore[call-overload]

    assert_fails_for(2, missing, nine(1.0, 5.0))


@pytest.mark.parametrize(
    "function",
    [
        lambda row: 1.0 if (row.x, 1) == (row.y, 1) else 2.0,
        lambda row: 1.0 if (row.x, 1) != (row.y, 1) else 2.0,
        lambda row: 1.0 if row.x in (row.y, 5.0) else 2.0,
        lambda row: 1.0 if [1, row.x] == [1, row.y] else 2.0,
        lambda row: (5.0, row.y).count(row.x) + 0.5,
        lambda row: 1.0 if row.x == row.y else 2.0,
        lambda row: 1.0 if row.x == row.y and row.x in (row.y,) else 2.0,
    ],
)
def test_one_nan_is_itself_within_a_tuple_and_differs_from_itself_elsewhere(function: Callable[..., Any]) -> None:
    rows = [Row(id=i, x=NAN if i == 2 else 1.0, y=NAN if i == 2 else 2.0) for i in range(9)]
    mixed = [Row(id=i, x=NAN if i == 2 else "1", y=NAN if i == 2 else 2.0) for i in range(9)]

    assert computed(function, rows) == by_row(function, rows)
    assert computed(function, mixed) == by_row(function, mixed)


class Toolbox:
    kind_of = type
    prices: ClassVar[dict[Any, float]] = {1: 2.0}


TOOLS = Toolbox()
KINDS: dict[str, Any] = {"class": type, "own": lambda x: 1.0 if isinstance(x, bool) else 2.0, "twice": lambda x: 2 * x}
TIERS = {"a": {1: 10.0, 7: 70.0}, "b": {1: 20.0}}
LEVELS = [{1: 0.5, 7: 1.5}, {1: 0.1}]


@pytest.mark.parametrize(
    "function",
    [
        lambda row: 1.0 if KINDS["class"](row.x) in (int,) else 2.0,
        lambda row: 1.0 if KINDS.get("class", type)(row.x) in (int,) else 2.0,
        lambda row: KINDS["own"](row.x),
        lambda row: sum(1.0 if kind(row.x) in (int,) else 2.0 for kind in [KINDS["class"]]),
        lambda row: sum(1.0 if tool(row.x) in (int,) else 2.0 for tool in [*KINDS.values()][:1]),
        lambda row: sum(tool(row.x) for name, tool in KINDS.items() if name == "own"),
        lambda row: 1.0 if TOOLS.kind_of(row.x) in (int,) else 2.0,
        lambda row: 1.0 if TOOLS.kind_of(row.x) in (int, float) else 2.0,
        lambda row: 1.0 if TOOLS.kind_of(row.x) not in (int,) else 2.0,
    ],
)
def test_what_a_captured_collection_or_object_holds_does_not_ask_for_the_class_of_a_symbol(
    function: Callable[..., Any],
) -> None:
    rows = nine(7, True)
    assert not is_traced(function)
    assert computed(function, rows) == by_row(function, rows)


@pytest.mark.parametrize(
    "function",
    [
        lambda row: KINDS["twice"](row.x),
        lambda row: TIERS["a"][row.x],
        lambda row: TIERS.get("a", {})[row.x],
        lambda row: LEVELS[0][row.x] + TIERS["a"].get(row.x, 0.0),
        lambda row: sum(level.get(row.x, 0.0) for level in LEVELS),
        lambda row: sum(tier.get(row.x, 0.0) for tier in TIERS.values()),
    ],
)
def test_collections_within_captured_collections_are_looked_up(function: Callable[..., Any]) -> None:
    rows = nine(7, 1)
    assert is_traced(function)
    assert computed(function, rows) == by_row(function, rows)
