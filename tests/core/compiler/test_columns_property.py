"""The promise of columns: they say what the rows say, bit for bit, or the same member is in error.

Functions are drawn as source text and compiled; rows are drawn with every kind of value that a database or a list may
hold. Each model is compiled by LumiX, and evaluated here by calling the very functions for one row, or one
combination of rows, after the other.
"""

from __future__ import annotations

import math
import operator
import re
import struct
import warnings
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import partial
from itertools import product
from math import inf, isfinite, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXParameter, LXVariable
from lumix_core.errors import LXError
from lumix_core.formulas.tracing import trace

warnings.simplefilter("ignore", RuntimeWarning)
Function = Callable[..., Any]


class Category:
    rate = 1.5

    def __init__(self, markup: Any, code: Any) -> None:
        self.markup, self.code = markup, code

    def __repr__(self) -> str:
        return f"Category({self.markup!r}, {self.code!r})"


class Row:
    scale = 2.0

    def __init__(self, id: int, **attributes: Any) -> None:
        self.id = id
        self.__dict__.update(attributes)

    @property
    def both(self) -> Any:
        return self.x + self.y

    def scaled(self, factor: Any) -> Any:
        return self.x * factor

    def __repr__(self) -> str:
        return f"Row({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"


# What rows hold.

plain_floats = st.sampled_from([0.0, -0.0, 0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, -1.0, -2.5, 7.25, 1e-3])
wild_floats = st.sampled_from([nan, inf, -inf, 5e-324, -5e-324, 2.2e-308, 1.7e308, -1e308, 1e16, 0.30000000000000004])
plain_ints = st.integers(-3, 8)
wild_ints = st.sampled_from([2**53, 2**53 + 1, -(2**53) - 1, 2**62, 2**63 - 1, -(2**63), 2**63, 2**64 + 1, 10**400])
others = st.sampled_from(
    [
        *(None, True, False, Decimal("1.10"), Decimal("NaN"), Decimal(3), Fraction(1, 3), Fraction(2)),
        *(np.float64(0.1), np.int64(4), np.bool_(True), np.float32(0.1), "1", "abc", "", date(2024, 1, 31)),
        *(datetime(2024, 1, 31, 12), (1, 2), 1 + 2j),
    ]
)
texts = st.sampled_from(["a", "b", "abc", "", "A", "1", "häßlich"])
any_number = st.one_of(plain_floats, wild_floats, plain_ints, wild_ints, others)
columns_of_numbers = [plain_floats, plain_floats, plain_ints, st.one_of(plain_floats, wild_floats), st.booleans()]
columns_of_numbers += [st.one_of(plain_ints, wild_ints), st.one_of(plain_floats, plain_ints), any_number]
columns_of_keys = [plain_ints, plain_ints, st.booleans(), st.one_of(plain_ints, st.sampled_from([1.0, 2.0, nan, None]))]
categories = st.builds(Category, st.one_of(plain_floats, plain_ints), texts)


@st.composite
def rows(draw: Any, least: int = 4, most: int = 12) -> list[Row]:
    """Rows whose columns are mostly of one kind each; one row may be of another kind altogether."""
    count = draw(st.integers(least, most))
    numbers = st.sampled_from(columns_of_numbers)
    x, y, n = draw(numbers), draw(numbers), draw(st.sampled_from(columns_of_keys))
    category = draw(st.sampled_from([categories, st.one_of(st.none(), categories)]))
    columns = {"x": x, "y": y, "n": n, "s": texts, "category": category}
    made = [Row(i, **{name: draw(column) for name, column in columns.items()}) for i in range(count)]
    if draw(st.booleans()):
        odd = draw(st.sampled_from(made))
        setattr(odd, draw(st.sampled_from(["x", "y", "n"])), draw(any_number))
    return made


# What functions capture.

DICT = {0: 1.5, 1: 0.25, 2: -1.0, 3: 0.0, "a": 4.0}
MIXED = {0: 1, 1: 2.5, 2: None, 3: True, 4: Decimal("0.5"), "b": 7}
PAIRS = {(0, 1): 1.5, (1, 1): 2.0, (2, 0): 3.0, (1, "a"): 4.0, (3, 3, 3): 5.0}
NUMBERS = {0, 1, 2, 2.5, "a"}
LISTED = [1, 2, 2, 0.5, "b", None]
LISTED_PAIRS = [(0, 0), (1, 2), (1, 2)]
TUPLED = (0.5, 1, 3)
HELD = Category(2.5, "held")
HOURS = LXParameter[Any]("hours").from_data({0: 0.5, 1: 1.5, 2: 2.5}).default(0.0)
STRICT = LXParameter[Any]("strict").from_data({0: 0.5, 1: 1.5, 2: 2.5, 3: 1.0})
PAIRED = LXParameter[Any]("paired").from_data({(0, 0): 0.5, (1, 1): 1.5, (1, 2): 2.5, (2, 2): 4.0}).default(0.0)
EXACT = LXParameter[Any]("exact").from_data({(i, j): i + j / 4 for i, j in product(range(-3, 9), repeat=2)})


def halved(value: Any) -> Any:
    return value / 2


def clipped(value: Any, low: Any = 0, high: Any = 3) -> Any:
    if value < low:
        return low
    return high if value > high else value


def sure(value: Any) -> Any:
    """Return a number for anything; it asks what a column cannot answer."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0


class Weigher:
    def __init__(self, weight: float) -> None:
        self.weight = weight
        self.by_code = dict(DICT)

    def __call__(self, value: Any) -> Any:
        return value * self.weight

    def of(self, key: Any) -> Any:
        return self.by_code.get(key, self.weight)


WORLD: dict[str, Any] = {
    "DICT": DICT,
    "MIXED": MIXED,
    "PAIRS": PAIRS,
    "NUMBERS": NUMBERS,
    "LISTED": LISTED,
    "LISTED_PAIRS": LISTED_PAIRS,
    "TUPLED": TUPLED,
    "HELD": HELD,
    "HOURS": HOURS,
    "STRICT": STRICT,
    "PAIRED": PAIRED,
    "EXACT": EXACT,
    "halved": halved,
    "clipped": clipped,
    "sure": sure,
    "weigh": Weigher(1.5),
    "above": partial(clipped, low=1),
    "math": math,
    "sqrt": math.sqrt,
    "np": np,
    "Decimal": Decimal,
    "RATE": 0.75,
    "COUNT": 3,
    "operator": operator,
}

# Functions, as source text: N is a number, C a condition, K a key, T a text, and R a row.

NUMBERS_ = """
    R.x | R.x | R.y | R.y | R.n | R.id | R.both | R.scaled(2) | R.scale | R.category.markup | R.category.rate
    0 | 1 | 2 | -1 | 0.5 | -0.0 | 0.1 | 10 | 1e308 | (2**53) | True | RATE | COUNT | HELD.markup | TUPLED[0] | LISTED[3]
"""
COMPUTED = """
    (N + N) | (N - N) | (N * N) | (N * N) | (N / N) | (N // N) | (N % N) | (N ** 2) | (1.5 ** N) | (N ** 0.5)
    (-N) | (+N) | abs(N) | min(N, N)
    max(N, N, 1) | round(N) | round(N, 1) | float(N) | int(N) | bool(N) | sum([N, N, 0.1]) | halved(N) | clipped(N)
    above(N, high=N) | sure(N) | weigh(N) | math.floor(N) | sqrt(N) | np.maximum(N, 1) | np.float64(1.5) * N
    (N, N)[0] | (lambda v: v * v)(N) | sum(v * N for v in TUPLED) | (N if N else 0) | Decimal('0.5') * N
    DICT[K] | DICT.get(K, 0) | DICT.get(K, 1.5) | MIXED.get(K, 0) | (DICT.get(K) or 0) | PAIRS[K, K]
    PAIRS.get((K, K), 0) | PAIRS.get((K, 1), 0.5) | HOURS[K] | HOURS(K) | STRICT[K] | PAIRED[K, K] | PAIRED(K, K)
    EXACT[K, K] | weigh.of(K) | TUPLED[K] | float(K in NUMBERS) | PAIRED[K, 1] | HELD.markup * HOURS[K]
    (N if C else N) | (N if C else N) | ((C) * N) | (C and N) | (N or N)
"""
CONDITIONS = """
    N < N | N <= N | N > 1 | N == N | N != N | 0 < N <= N | N < N < N | N | K in (1, 2, 'a') | K in {1, 2, 'a'}
    K in [0, 1] | K in NUMBERS | K not in LISTED | (K, K) in PAIRS | K in DICT | K in HOURS | (K, K) in PAIRED
    (K, K) == (1, 1) | (K, N) < (N, 1) | K in (K, N) | T.startswith('a') | T.upper() == 'A' | T == 'b' | T[:1] == 'a'
    T < 'b' | R.category | R.category is None | COUNT > 2 | (C and C) | (C and C) | (C or C) | (not C) | (C if C else C)
"""
KEYS = "R.n | R.id | R.x | R.s | R.n % 3"
TEXTS = "R.s | R.category.code"
TIES = """
    p.n == q.n | p.id == q.id | p.x == q.x | (p.n, p.s) == (q.n, q.s) | p.s == q.s | p.n == q.n + 1
    (p.id, q.id) in PAIRED | (p.n, q.n) in PAIRS | PAIRED[p.id, q.id] | PAIRED[p.id, q.id] > 0 | PAIRS.get((p.n, q.n))
    PAIRED[p.n, q.n] * q.x | p.category == q.category | p.id in DICT | q.id == p.id == 2 | (p.id, q.id) in LISTED_PAIRS
"""
GUARDS = "q.x and p.y / q.x > 1 | (p.y / q.x > 1) and q.x | p.x > 0 and p.y / p.x < 2 | q.n != 0 | p.y > q.y | C | C"
JOINS = """
    I | G | (I) and (G) | (I) and (G) | (G) and (I) | (I) and (I) | (I) or (G) | not ((I) or (G))
    ((I) if (G) else False)
"""
FOUND = """
    PAIRED[p.id, q.id] | PAIRED[p.n, q.n] | PAIRS.get((p.n, q.n), 0) | EXACT[p.n, q.n] | (p.n == q.n)
    -PAIRED[p.id, q.id] | HOURS[p.n] * (p.id == q.id) | PAIRED[p.id, 1] | PAIRED[p.id, q.id] / q.x
"""
WEIGHTS = "F | F * N | F * N | N * F | (N if J else 0) | (F if J else 0.0) | (1.0 if F * N else 0) | N"
GRAMMAR = {
    "N": NUMBERS_,
    "M": COMPUTED,
    "C": CONDITIONS,
    "K": KEYS,
    "T": TEXTS,
    "I": TIES,
    "G": GUARDS,
    "J": JOINS,
    "F": FOUND,
    "W": WEIGHTS,
    "Y": "K | (K, p.id) | (K, (K, p.id)) | (p.id, K, N) | (N, p.id)",
}
RULES = {name: re.split(r"\s*[|\n]\s*", text.strip()) for name, text in GRAMMAR.items()}
SHALLOW = {"C": ["N > 1", "K in (1, 2, 'a')", "T == 'b'", "R.category"]}
PART = re.compile(r"\b[NCKTRIGJFWY]\b")


@st.composite
def texts_of(draw: Any, symbol: str, names: tuple[str, ...], depth: int = 3) -> str:
    """Return an expression: a rule of the grammar, with other expressions for its capital letters."""
    if symbol == "R":
        return str(draw(st.sampled_from(names)))
    rules = RULES["M"] if symbol == "N" and depth and draw(st.integers(0, 2)) else RULES[symbol]
    chosen = draw(st.sampled_from(rules if depth > 1 else SHALLOW.get(symbol, rules)))
    below = max(depth - 1, 0)
    return PART.sub(lambda part: draw(texts_of(part.group(), names, below)), chosen)


def pure(text: str) -> bool:
    """Whether an expression does nothing that has to be left to the rows."""
    return not any(word in text for word in ("sure(", "is None", "np.", "weigh.of", "for v in"))


HOW = ["def", "late", "lambda", "lambda", "default", "closure", "partial", "object", "method", "loop"]


def written(text: str, names: tuple[str, ...], how: str) -> Function:
    """Compile an expression as a function of rows, in one of the ways in which users write one."""
    rows_ = ", ".join(names)
    first = names[0]
    sources = {
        "def": f"def f({rows_}):\n    return {text}",
        "late": f"def f({rows_}):\n    found = {text}\n    return 1.0 if {first}.id == 2 else found",
        "lambda": f"f = lambda {rows_}: {text}",
        "default": f"f = lambda {rows_}, RATE=0.75, *, DICT=DICT: {text}",
        "closure": f"def make(RATE, PAIRS):\n    return lambda {rows_}: {text}\nf = make(0.75, PAIRS)",
        "object": f"class F:\n    def __call__(self, {rows_}):\n        return {text}\nf = F()",
        "method": f"class F:\n    def of(self, {rows_}):\n        return {text}\nf = F().of",
        "loop": f"def f({rows_}):\n    for v in TUPLED:\n        if {first}.id < v: return v\n    return {text}",
        "partial": f"f = partial(lambda RATE, {rows_}: {text}, 0.75)",
    }
    world = {**WORLD, "partial": partial}
    exec(compile(sources[how], f"<{text}>", "exec"), world)
    return world["f"]  # type: ignore[no-any-return]


def functions(symbol: str, *names: str) -> st.SearchStrategy[Function]:
    return st.builds(written, texts_of(symbol, names), st.just(names), st.sampled_from(HOW))


# What the rows say.


class WrongError(Exception):
    """A function fails for a member, or gives what no model can hold; the text names the member as messages do."""


def number(named: str, function: Function, *rows: Any, infinite: float | None = None) -> float:
    """Return what a function gives, as a coefficient; only a finite real number is one, or no bound."""
    try:
        value = function(*rows)
        if (isfinite(value) or float(value) == infinite) and not isinstance(value, complex):
            return float(value)
    except Exception:  # noqa: BLE001 - any failure is one
        raise WrongError(named) from None
    raise WrongError(named)


def holds(named: str, function: Function, *rows: Any) -> bool:
    """Return whether a condition holds; NaN is neither true nor false."""
    try:
        value = function(*rows)
        if value == value or isinstance(value, Row | Category | tuple):  # noqa: PLR0124
            return bool(value)
    except Exception:  # noqa: BLE001 - any failure is one
        raise WrongError(named) from None
    raise WrongError(named)


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


# What LumiX says.


def cells_of(problem: Any, block: int = 0) -> dict[Any, bytes]:
    """Return the coefficients of a block of constraints by the keys of row and column."""
    columns = [key for one in problem.variables for key in one.keys]
    found = {}
    for row, key in enumerate(problem.constraints[block].keys, start=problem.constraints[block].start):
        for position in range(problem.row_starts[row], problem.row_starts[row + 1]):
            found[key, columns[problem.columns[position]]] = bits(float(problem.coefficients[position]))
    return found


def sides(values: Any) -> list[bytes]:
    return list(map(bits, values.tolist()))


def keyed(blocks: Any, values: Any) -> list[Any]:
    return list(zip(blocks[0].keys, sides(values), strict=True))


def assert_same(model: LXModel, said: Callable[[Any], Any], expected: Callable[[], Any]) -> None:
    """Assert that a model is compiled to what is expected, or that both name the same member as the one in error."""
    wrong = None
    try:
        wanted = expected()
    except WrongError as error:
        wrong = str(error)
    if wrong is None:
        assert said(model.compile()) == wanted
        return
    with pytest.raises(LXError) as caught:
        model.compile()
    assert wrong in str(caught.value)


def family(rows: list[Row], name: str = "x") -> LXVariable[Any, Any]:
    return LXVariable[Any, float](name).from_data(rows).indexed_by(lambda row: row.id)


@given(rows(), functions("N", "p"))
def test_a_bound_is_what_its_function_says_of_each_row(rows: list[Row], function: Function) -> None:
    model = LXModel("m").add_variable(family(rows).bounds(lower=function))

    assert_same(
        model,
        lambda problem: sides(problem.lower),
        lambda: [bits(number(f"key {row.id} of 'x'", function, row)) for row in rows],
    )


@given(rows(), functions("C", "p"), functions("N", "p"))
def test_a_filtered_term_is_what_its_functions_say_of_each_row(
    rows: list[Row], where: Function, coefficient: Function
) -> None:
    variable = family(rows)
    terms = LXLinearExpression().add_multi_term(variable, coeff=coefficient, where=where)
    model = LXModel("m").add_variable(variable).add_constraint(LXConstraint[Any]("c").expression(terms).le().rhs(1))

    def expected() -> dict[Any, bytes]:
        kept = [row for row in rows if holds(f"key {row.id} of 'x'", where, row)]
        values = {row.id: number(f"key {row.id} of 'x'", coefficient, row) for row in kept}
        return {((), key): bits(value) for key, value in values.items() if value}

    assert_same(model, cells_of, expected)


@given(rows(most=6), rows(most=6), functions("W", "p", "q"), functions("J", "p", "q"), st.booleans())
def test_a_term_of_pairs_is_what_its_functions_say_of_each_pair(
    rows: list[Row], others: list[Row], coefficient: Function, where: Function, filtered: bool
) -> None:
    variable, condition = family(rows), where if filtered else None
    terms = LXLinearExpression().add_multi_term(variable, coeff=coefficient, where=condition)
    limit = LXConstraint[Any]("c").expression(terms).le().rhs(1).from_data(others).indexed_by(lambda row: row.id)
    model = LXModel("m").add_variable(variable).add_constraint(limit)

    def expected() -> dict[Any, bytes]:
        pairs = [(f"key {q.id} of 'c' and key {p.id} of 'x'", p, q) for q in others for p in rows]
        kept = [pair for pair in pairs if condition is None or holds(pair[0], condition, *pair[1:])]
        values = {(q.id, p.id): number(named, coefficient, p, q) for named, p, q in kept}
        return {key: bits(value) for key, value in values.items() if value}

    assert_same(model, cells_of, expected)


@given(rows(most=6), rows(most=6), functions("J", "p", "q"), functions("W", "p", "q"))
def test_a_product_has_the_combinations_that_its_condition_keeps(
    rows: list[Row], others: list[Row], where: Function, upper: Function
) -> None:
    first = LXIndexDimension(Row, lambda row: row.id).from_data(rows)
    second = LXIndexDimension(Row, lambda row: row.id).from_data(others)
    variable = LXVariable[Any, float]("x").indexed_by_product(first, second).where_multi(where).bounds(upper=upper)
    model = LXModel("m").add_variable(variable)

    def expected() -> list[Any]:
        pairs = product(rows, others)
        kept = [(p, q) for p, q in pairs if holds(f"key {p.id} of 'row' and key {q.id} of 'row'", where, p, q)]
        return [((p.id, q.id), bits(number(f"key {(p.id, q.id)} of 'x'", upper, p, q, infinite=inf))) for p, q in kept]

    assert_same(
        model, lambda problem: list(zip(problem.variables[0].keys, sides(problem.upper), strict=True)), expected
    )


@given(rows(), functions("C", "p"), functions("N", "p"))
def test_an_indexed_constraint_is_what_its_functions_say_of_each_row(
    rows: list[Row], where: Function, rhs: Function
) -> None:
    variable = family(rows)
    own = LXLinearExpression().add_term(variable, 1.0)
    limit = LXConstraint[Any]("c").expression(own).le().rhs(rhs).from_data(rows).indexed_by(lambda row: row.id)
    model = LXModel("m").add_variable(variable).add_constraint(limit.where(where))

    def expected() -> list[Any]:
        kept = [row for row in rows if holds(f"row {row.id} of 'c'", where, row)]
        return [(row.id, bits(number(f"key {row.id} of 'c'", rhs, row, infinite=inf))) for row in kept]

    assert_same(
        model, lambda problem: list(zip(problem.constraints[0].keys, sides(problem.row_upper), strict=True)), expected
    )


@given(rows(), functions("Y", "p"))
def test_keys_are_what_their_function_says_of_each_row(rows: list[Row], function: Function) -> None:
    variable = LXVariable[Any, float]("x").from_data(rows).indexed_by(function)
    model = LXModel("m").add_variable(variable)

    try:
        wanted = [function(row) for row in rows]
        assert len(set(wanted)) == len(wanted)
    except Exception:  # noqa: BLE001 - any failure is one
        wanted = []

    try:
        found = list(model.compile().variables[0].keys)
    except LXError:
        assert not wanted or any(map(holds_null, wanted))
        return
    assert list(map(exactly, found)) == list(map(exactly, wanted))


def holds_null(key: Any) -> bool:
    if isinstance(key, tuple):
        return any(map(holds_null, key))
    return key is None or bool(key != key)  # noqa: PLR0124 - NaN


def exactly(value: Any) -> Any:
    """Return a value with its type and its bits."""
    if type(value) is tuple:
        return tuple(map(exactly, value))
    return (type(value), bits(value)) if isinstance(value, float) else (type(value), value)


@given(texts_of("N", ("p",), 2), texts_of("C", ("p",), 2), texts_of("J", ("p", "q"), 3), st.sampled_from(HOW))
def test_functions_of_values_are_traced(number: str, condition: str, pair: str, how: str) -> None:
    assume(pure(number + condition + pair))

    found = [trace(written(text, ("p",), how), [None]) for text in (number, condition)]
    found.append(trace(written(pair, ("p", "q"), how), [None, None]))

    # A Decimal on the left asks the other value for its class before it leaves the comparison to it.
    known = ("32 paths", "it reads __class__")
    assert all(one.formula is not None or any(why in one.reason for why in known) for one in found)
