"""What is traced, what is refused and why, and functions that a symbolic row must not answer wrongly.

Where a function is wrong for a few rows only, the odd row is the third of nine: none of the rows that are computed
both ways.
"""

from __future__ import annotations

import builtins
import cProfile
import math
import operator
import pstats
import random
import sys
from collections import namedtuple
from collections.abc import Callable
from functools import partial
from itertools import count
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from lumix_core import LXModel, LXVariable
from lumix_core.errors import LXFunctionError, LXLateBindingError, LXNumberError
from lumix_core.formulas.tracing import trace


class Row(SimpleNamespace):
    id: int


def nine(usual: Any, odd: Any, name: str = "x") -> list[Row]:
    """Nine rows, the third of which is another."""
    return [Row(id=i, odd=i == 2, **{name: odd if i == 2 else usual}) for i in range(9)]


def reason(function: Callable[..., Any]) -> str:
    """Return why a function is not traced."""
    found = trace(function, [None])
    assert found.formula is None
    return found.reason


def is_traced(function: Callable[..., Any], rows: int = 1) -> bool:
    return trace(function, [None] * rows).formula is not None


def computed(function: Callable[..., Any], rows: list[Row]) -> list[float]:
    """Return what a model makes of a function of one row."""
    variable = LXVariable[Row, float]("x").from_data(rows).indexed_by(lambda row: row.id).bounds(lower=function)
    return LXModel("m").add_variable(variable).compile().lower.tolist()


def by_row(function: Callable[..., Any], rows: list[Row]) -> list[float]:
    return [float(function(row)) for row in rows]


def assert_fails_for(key: int, function: Callable[..., Any], rows: list[Row]) -> None:
    with pytest.raises((LXFunctionError, LXNumberError), match=f"key {key} of 'x'"):
        computed(function, rows)


def test_a_loop_that_only_a_row_ends_is_not_followed_for_ever() -> None:
    def steps(row: Row) -> int:
        count = 0
        while count * row.x < 5:
            count += 1
        return count

    found = computed(steps, nine(1.0, 2.0))

    assert "more than 32 ways" in reason(steps)
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
        (lambda row: factorial(row.x), "more than 32 ways"),
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

    assert "more than 32 ways" in reason(stepped)
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
