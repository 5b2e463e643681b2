"""Parameters without an ORM: what they hold, how they are asked, what is refused, and their use in models."""

from __future__ import annotations

import copy
import functools
import operator
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXParameter, LXVariable
from lumix_core.errors import (
    LXEmptySourceWarning,
    LXFunctionError,
    LXIncompleteError,
    LXIndexKeyError,
    LXLateBindingError,
    LXMissingKeyError,
    LXModelError,
    LXNumberError,
    LXSourceError,
)

ErrorText = Callable[..., str]
Compile = Callable[[LXModel], Any]
HERE = __file__


@dataclass(frozen=True)
class Product:
    id: int


@dataclass(frozen=True)
class Machine:
    id: int


@dataclass
class Recipe:
    product_id: Any
    machine_id: Any
    hours: Any = 1.0


class Route(NamedTuple):
    product: Product
    machine: Machine
    hours: float


PRODUCTS = [Product(1), Product(2), Product(3)]
MACHINES = [Machine(1), Machine(2)]


def recipes() -> list[Recipe]:
    return [Recipe(1, 1, 0.5), Recipe(1, 2, 1.0), Recipe(3, 2, 3.5)]


def hours_of(rows: Any) -> LXParameter[Any]:
    """The parameter of most tests, without a default."""
    return (
        LXParameter[Recipe]("hours")
        .indexed_by(lambda r: (r.product_id, r.machine_id))
        .value(lambda r: r.hours)
        .from_data(rows)
    )


def by_product(rows: Any) -> LXParameter[Any]:
    return LXParameter[Recipe]("hours").indexed_by(lambda r: r.product_id).value(lambda r: r.hours).from_data(rows)


def amounts() -> LXVariable[Product, float]:
    return LXVariable[Product, float]("x").bounds(lower=0).indexed_by(lambda p: p.id).from_data(PRODUCTS)


def plan(coefficient: Any = 1.0, where: Any = None) -> LXModel:
    """A model with a term over products in a constraint over machines."""
    x = amounts()
    used = LXLinearExpression().add_term(x, coefficient, where=where)
    limit = LXConstraint[Machine]("limit").from_data(MACHINES).indexed_by(lambda m: m.id)
    return LXModel("plan").add_variable(x).add_constraint(limit.expression(used).le().rhs(10))


EXPECTED = {"limit[1]": {"x[1]": 0.5}, "limit[2]": {"x[1]": 1.0, "x[3]": 3.5}}
"""The rows of the plan with the hours as coefficients."""


# What it holds


SOURCES = {
    "list": recipes,
    "tuple": lambda: tuple(recipes()),
    "generator": lambda: (one for one in recipes()),
    "dict": lambda: {(one.product_id, one.machine_id): one.hours for one in recipes()},
    "pandas": lambda: pd.DataFrame([vars(one) for one in recipes()]),
    "pandas with an index": lambda: pd.DataFrame([vars(one) for one in recipes()]).set_index("product_id"),
    "polars": lambda: pl.DataFrame([vars(one) for one in recipes()]),
}


def of_source(data: Any) -> LXParameter[Any]:
    return LXParameter[Any]("hours").from_data(data) if isinstance(data, dict) else hours_of(data)


@pytest.mark.parametrize("source", SOURCES)
def test_a_number_is_found_by_its_key(source: str) -> None:
    hours = of_source(SOURCES[source]())

    assert [hours[1, 1], hours[1, 2], hours[3, 2]] == [0.5, 1.0, 3.5]


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_gives_the_same_coefficients(source: str, compiled: Compile) -> None:
    hours = of_source(SOURCES[source]()).default(0)

    assert compiled(plan(lambda p, m: hours[p.id, m.id])).rows == EXPECTED


def test_a_generator_is_read_once_and_kept() -> None:
    hours = hours_of(one for one in recipes())

    hours[1, 1]
    model = plan(lambda p, m: hours[p.id, m.id], where=lambda p, m: (p.id, m.id) in hours)

    assert model.compile().coefficients.tolist() == model.compile().coefficients.tolist() == [0.5, 1.0, 3.5]


KEYS = {
    "text": ("chair", "desk"),
    "date": (date(2024, 1, 1), date(2024, 1, 2)),
    "uuid": (UUID(int=1), UUID(int=2)),
    "decimal": (Decimal("1.5"), Decimal(2)),
    "float": (1.5, 2.0),
    "large int": (1, 2**70),
    "pair in a tuple": ((1, (2, "a")), (1, (2, "b"))),
    "three parts": ((1, "a", date(2024, 1, 1)), (1, "b", date(2024, 1, 1))),
    "one part": ((1,), (2,)),
    "wide apart": ((0, 0, 0, 0), (60_000, 60_000, 60_000, 60_000)),
}


@pytest.mark.parametrize("name", KEYS)
def test_keys_may_be_of_any_kind(name: str) -> None:
    first, second = KEYS[name]
    rows = [Recipe(first, None, 1.5), Recipe(second, None, 2.5)]

    of_rows, of_dict = by_product(rows), LXParameter[Any]("hours").from_data({first: 1.5, second: 2.5})

    assert [of_rows[first], of_rows[second], of_dict[first], of_dict[second]] == [1.5, 2.5, 1.5, 2.5]


def test_many_lookups_find_the_same_as_the_first() -> None:
    hours = hours_of([Recipe(i, -i, i / 2) for i in range(1000)])

    assert [hours[i, -i] for i in range(1000)] == [i / 2 for i in range(1000)]


def test_without_a_key_function_a_row_is_its_own_key() -> None:
    demand = LXParameter[int]("demand").value(lambda t: 10 * t).from_data(range(4))

    assert demand[3] == 30.0


def test_a_key_of_another_numeric_type_is_the_same_key() -> None:
    hours = by_product(recipes()[1:])

    assert [hours[np.int64(1)], hours[1.0], hours[Decimal(3)]] == [1.0, 1.0, 3.5]


@pytest.mark.parametrize("number", [2, 2.0, Decimal(2), Fraction(2), np.float32(2), np.int64(2)])
def test_every_real_number_becomes_a_float(number: Any) -> None:
    of_rows, of_dict = by_product([Recipe(1, 1, number)]), LXParameter[Any]("hours").from_data({1: number})

    assert [(type(found), found) for found in (of_rows[1], of_dict[1])] == [(float, 2.0)] * 2


def test_where_leaves_rows_out() -> None:
    hours = hours_of([*recipes(), Recipe(3, 1, None)]).where(lambda r: r.hours is not None).where(lambda r: r.hours > 1)

    assert [(p, m) for p in (1, 2, 3) for m in (1, 2) if (p, m) in hours] == [(3, 2)]


def test_a_number_may_be_looked_up_in_another_parameter() -> None:
    rate = LXParameter[Any]("rate").from_data({1: 2.0, 2: 3.0})
    cost = hours_of(recipes()).value(lambda r: r.hours * rate[r.machine_id])

    assert [cost[1, 1], cost[3, 2]] == [1.0, 10.5]


def test_get_instances_returns_the_rows_that_count() -> None:
    rows = recipes()
    hours = hours_of(rows).where(lambda r: r.machine_id == 2)

    assert hours.get_instances() == rows[1:]


def test_get_instances_of_a_dict_are_its_items() -> None:
    assert LXParameter[Any]("hours").from_data({(1, 2): 3}).get_instances() == [((1, 2), 3)]


# How it is asked


ASKED: dict[str, Callable[[LXParameter[Any]], float]] = {
    "item": lambda hours: hours[1, 2],
    "item of a tuple": lambda hours: hours[(1, 2)],
    "call": lambda hours: hours(1, 2),
    "call with a tuple": lambda hours: hours((1, 2)),
    "call by name": lambda hours: hours(product_id=1, machine_id=2),
    "call by name in another order": lambda hours: hours(machine_id=2, product_id=1),
}


@pytest.mark.parametrize("way", ASKED)
def test_every_way_to_ask_gives_the_same(way: str) -> None:
    assert ASKED[way](hours_of(recipes())) == 1.0


def test_a_key_of_one_part_may_be_called_without_its_tuple() -> None:
    hours = hours_of([Recipe(1, 1, 2.5)]).indexed_by(lambda r: (r.product_id,))

    assert [hours(1), hours((1,)), hours[(1,)], hours(product_id=1)] == [2.5] * 4


def test_an_attribute_of_a_related_row_is_named_with_the_way_to_it() -> None:
    hours = LXParameter[Route]("hours").from_data([Route(PRODUCTS[0], MACHINES[1], 1.5)])

    hours.indexed_by(lambda r: (r.product.id, r.machine.id)).value(lambda r: r.hours)

    assert hours(machine_id=2, product_id=1) == 1.5


def test_a_missing_key_gives_the_default() -> None:
    hours = hours_of(recipes()).default(0.25)

    assert [hours[2, 2], hours(2, 2), hours(product_id=2, machine_id=2)] == [0.25] * 3


def test_a_missing_key_without_a_default_is_an_error_that_names_it(error_text: ErrorText) -> None:
    hours = hours_of(recipes())

    assert error_text(LXMissingKeyError, lambda: hours[2, 7]) == (
        "LXParameter('hours') has no value for the key (2, 7): none of its 3 rows has it, and there is no default. "
        "Add the row, or give a default: .default(0.0)."
    )


def test_a_missing_key_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        hours_of(recipes())[2, 7]


def test_in_asks_for_a_row_and_not_for_the_default() -> None:
    hours = hours_of(recipes()).default(0.0)

    assert [(1, 1) in hours, (2, 1) in hours] == [True, False]


def test_a_null_key_has_no_row() -> None:
    hours = hours_of(recipes()).default(0.0)

    assert (hours[1, None], (None, 1) in hours) == (0.0, False)


KINDS: dict[str, tuple[Any, str]] = {
    "one value for a pair": (1, "1"),
    "three values for a pair": ((1, 2, 3), "(1, 2, 3)"),
    "text for a number": ((1, "2"), "(1, '2')"),
    "a row for its key": ((PRODUCTS[0], MACHINES[0]), "(Product(id=1), Machine(id=1))"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ask", [operator.getitem, operator.contains])
def test_what_can_be_no_key_is_refused_even_with_a_default(
    kind: str, ask: Callable[[Any, Any], Any], error_text: ErrorText
) -> None:
    key, shown = KINDS[kind]
    hours = hours_of(recipes()).default(0.0)

    assert error_text(LXMissingKeyError, ask, hours, key) == (
        f"LXParameter('hours') was asked for {shown}, which can be none of its keys: they are like (1, 1). "
        "Ask for a key of their kind, its parts in the same order."
    )


def test_a_number_for_a_text_is_refused(error_text: ErrorText) -> None:
    price = LXParameter[Any]("price").from_data({"chair": 1.0}).default(0.0)

    assert "was asked for 1, which can be none of its keys: they are like 'chair'." in error_text(
        LXMissingKeyError, lambda: price[1]
    )


def test_a_dict_of_keys_of_many_kinds_may_be_asked_for_each() -> None:
    price = LXParameter[Any]("price").from_data({1: 1.0, "chair": 2.0, (1, 2): 3.0}).default(0.0)

    assert [price[1], price["chair"], price[1, 2], price[9], price["desk"], price[3, 4]] == [1, 2, 3, 0, 0, 0]


@pytest.mark.parametrize("ask", [operator.getitem, operator.contains])
def test_a_key_that_cannot_be_hashed_is_refused(ask: Callable[[Any, Any], Any], error_text: ErrorText) -> None:
    hours = hours_of(recipes()).default(0.0)

    text = error_text(LXIndexKeyError, ask, hours, (1, [2]))

    assert text.startswith("LXParameter('hours') was asked for (1, [2]), which cannot be hashed")
    assert text.endswith("Ask for a key: hours[row.id].")


def test_names_that_are_not_those_of_the_key_are_refused(error_text: ErrorText) -> None:
    hours = hours_of(recipes())

    assert error_text(LXFunctionError, lambda: hours(product=1, machine_id=2)) == (
        "LXParameter('hours') was asked for product, machine_id, but its parts are product_id, machine_id. "
        "Name every part of the key, or give them in order."
    )


@pytest.mark.parametrize("key", [lambda r: r.product_id + 1, lambda r: (r.product_id, r.product_id)])
def test_names_are_refused_where_the_key_has_none(key: Callable[[Any], Any], error_text: ErrorText) -> None:
    hours = hours_of(recipes()).indexed_by(key)

    text = error_text(LXFunctionError, lambda: hours(product_id=1))

    assert "LXParameter('hours') was asked for product_id, but " in text


@pytest.mark.parametrize("call", [lambda hours: hours(), lambda hours: hours(1, machine_id=2)])
def test_a_key_is_given_in_order_or_by_name(call: Callable[[Any], Any], error_text: ErrorText) -> None:
    text = error_text(LXFunctionError, call, hours_of(recipes()))

    assert "a key is given either in order or by name. Write hours(1, 2), or name every part." in text


# What is refused


@pytest.mark.parametrize(
    ("value", "flaw"),
    [
        (None, "is NULL (None)"),
        (float("nan"), "is NaN"),
        (float("inf"), "is infinite"),
        ("3", "is '3' (str), not a number"),
        (2j, "is 2j (complex), not a number"),
    ],
)
def test_a_value_that_is_no_number_is_refused(value: Any, flaw: str, error_text: ErrorText) -> None:
    hours = hours_of([*recipes(), Recipe(2, 1, value)])

    text = error_text(LXNumberError, lambda: hours[1, 1])

    assert text.startswith(f"The value of 'hours' (the function at {HERE}:")
    assert text.endswith(
        f"{flaw} for key (2, 1) of 'hours'. It read Recipe.hours = {value!r}. "
        "Give a finite number, or leave such rows out with .where()."
    )


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
def test_a_gap_in_a_frame_is_refused(library: Any, error_text: ErrorText) -> None:
    hours = hours_of(library.DataFrame({"product_id": [1, 2], "machine_id": [1, 1], "hours": [1.5, None]}))

    text = error_text(LXNumberError, lambda: hours[1, 1])

    assert "for key (2, 1) of 'hours'. It read FrameRow.hours = " in text


@pytest.mark.parametrize("value", [None, float("nan"), "3"])
def test_a_value_of_a_dict_that_is_no_number_is_refused(value: Any, error_text: ErrorText) -> None:
    hours = LXParameter[Any]("hours").from_data({(1, 1): 1.0, (2, 1): value})

    text = error_text(LXNumberError, lambda: hours[1, 1])

    assert text.startswith("The value of 'hours' is ")
    assert text.endswith("for key (2, 1). Give a finite number, or leave the key out.")


def test_a_repeated_key_is_refused(error_text: ErrorText) -> None:
    hours = hours_of([*recipes(), Recipe(1, 2, 9.0)])

    assert error_text(LXIndexKeyError, lambda: hours[1, 1]) == (
        "LXParameter('hours'): the key (1, 2) is repeated (rows 1 and 3): every row needs a key of its own. "
        "Correct the data, or make the key of more attributes: lambda row: (row.a, row.b)."
    )


def test_a_repeated_key_of_many_parts_is_refused(error_text: ErrorText) -> None:
    ends = [0, 60_000, 60_000]
    hours = hours_of([Recipe(i, i, 1.0) for i in ends]).indexed_by(lambda r: (r.product_id,) * 4)

    text = error_text(LXIndexKeyError, lambda: hours[0, 0, 0, 0])

    assert "the key (60000, 60000, 60000, 60000) is repeated (rows 1 and 2)" in text


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_a_null_in_a_key_is_refused(missing: Any, error_text: ErrorText) -> None:
    hours = hours_of([*recipes(), Recipe(1, missing)])

    assert error_text(LXIndexKeyError, lambda: hours[1, 1]) == (
        f"LXParameter('hours'): the key (1, {missing!r}) is NULL or NaN, so nothing identifies its row. "
        "Give a key that every row has, or leave such rows out with .where()."
    )


def test_a_null_key_of_a_dict_is_refused(error_text: ErrorText) -> None:
    hours = LXParameter[Any]("hours").from_data({None: 1.0})

    assert "the key None is NULL or NaN" in error_text(LXIndexKeyError, lambda: hours[1])


def test_a_key_of_a_row_that_cannot_be_hashed_is_refused(error_text: ErrorText) -> None:
    hours = hours_of([*recipes(), Recipe(1, [])])

    text = error_text(LXIndexKeyError, lambda: hours[1, 1])

    assert text.startswith("LXParameter('hours'): a key cannot be hashed (unhashable type: 'list'")


def test_a_misspelt_attribute_is_named(error_text: ErrorText) -> None:
    hours = hours_of(recipes()).value(lambda r: r.hurs)  # type: ignore[attr-defined]

    text = error_text(LXFunctionError, lambda: hours[1, 1])

    assert "failed for key (1, 1) of 'hours': AttributeError:" in text
    assert "Did you mean 'hours'?" in text


WRONG: dict[str, tuple[Callable[[], Any], type[LXModelError], str]] = {
    "no rows": (
        lambda: LXParameter[Recipe]("hours").value(lambda r: r.hours)[1],
        LXIncompleteError,
        "LXParameter('hours') has no rows: nothing says where they come from. "
        "Add .from_data(rows) or .from_model(Row, session).",
    ),
    "no value": (
        lambda: LXParameter[Recipe]("hours").from_data(recipes())[1],
        LXIncompleteError,
        "LXParameter('hours') has no value: nothing says which number of a row it holds. "
        "Add .value(lambda row: row.hours).",
    ),
    "no name": (
        lambda: LXParameter[Recipe](""),
        LXModelError,
        "LXParameter('') has no name: it must be a text that is not empty. "
        'Write LXParameter("production"), since results and messages find it by name.',
    ),
    "a dict with a function": (
        lambda: LXParameter[Any]("hours").from_data({1: 1.0}).where(lambda r: True)[1],
        LXModelError,
        "LXParameter('hours') has a dict, which holds keys and numbers already, and functions of rows beside it. "
        "Leave out .indexed_by(), .value() and .where(), or give rows.",
    ),
    "a number as value": (
        lambda: LXParameter[Recipe]("hours").value(5),  # type: ignore[arg-type]
        LXFunctionError,
        "The value of 'hours' is 5, which is no function. Give a function of the row, such as lambda row: row.price.",
    ),
    "no number as default": (
        lambda: LXParameter[Recipe]("hours").default(None),  # type: ignore[arg-type]
        LXNumberError,
        "The default of 'hours' is NULL (None). "
        "Give a finite number; without a default, looking up a missing key is an error.",
    ),
    "a set": (
        lambda: LXParameter[Any]("hours").from_data({1, 2}),
        LXSourceError,
        "LXParameter('hours').from_data() got a set, which has no order of its own: the same model would be compiled "
        "to other arrays in every process. Write .from_data(sorted(data, key=...)), or give a list.",
    ),
    "a parameter": (
        lambda: LXParameter[Any]("hours").from_data(LXParameter[Any]("other")),
        LXSourceError,
        "LXParameter('hours').from_data() got <LXParameter('other')>, which is not a collection of rows. "
        "Give a list of objects, one a row, or a pandas or polars DataFrame.",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_use_is_refused(name: str, error_text: ErrorText) -> None:
    call, error, text = WRONG[name]

    assert error_text(error, call) == text


@pytest.mark.parametrize("part", ["value", "indexed_by", "where"])
def test_a_function_of_two_rows_is_refused(part: str, error_text: ErrorText) -> None:
    hours = hours_of(recipes())
    getattr(hours, part)(lambda r, s: 1.0)

    text = error_text(LXFunctionError, lambda: hours[1, 1])

    assert "takes 2 argument(s), but it is given 1" in text


def test_it_cannot_be_gone_through() -> None:
    with pytest.raises(TypeError, match="'LXParameter' object is not iterable"):
        list(hours_of(recipes()))


def test_a_parameter_that_looks_itself_up_is_refused(error_text: ErrorText) -> None:
    hours = hours_of(recipes())
    hours.value(lambda r: hours[r.product_id, r.machine_id])

    assert error_text(LXModelError, lambda: hours[1, 1]) == (
        "LXParameter('hours') looks itself up: a function of its own rows asks for one of its numbers, which are not "
        "known before. Give the function another parameter, or a dict."
    )


@pytest.mark.parametrize("data", [[], {}])
def test_a_source_without_rows_is_a_warning(data: Any) -> None:
    hours = of_source(data).default(0.0)

    with pytest.warns(LXEmptySourceWarning, match=r"LXParameter\('hours'\) has no rows"):
        assert hours[1, 1] == 0.0


def test_a_value_that_captures_a_loop_variable_is_refused(error_text: ErrorText) -> None:
    made = []
    for factor in (1, 2):
        made.append(hours_of(recipes()).value(lambda r: factor * r.hours))

    text = error_text(LXLateBindingError, lambda: made[0][1, 1])

    assert text.startswith("The value of 'hours' (the function at ")


# When it is read


@pytest.mark.parametrize("data", [recipes(), {(1, 1): 0.5}])
def test_the_rows_are_read_at_the_first_lookup_and_kept(data: Any) -> None:
    hours = of_source(data)

    first = hours[1, 1]
    data.clear()

    assert (first, hours[1, 1]) == (0.5, 0.5)


CHANGES: dict[str, tuple[Callable[[LXParameter[Any]], Any], Any]] = {
    "rows": (lambda hours: hours.from_data([Recipe(1, 1, 7.0)]), 7.0),
    "key": (lambda hours: hours.indexed_by(lambda r: (r.machine_id - 1, r.product_id)), 1.0),
    "filter": (lambda hours: hours.where(lambda r: r.product_id > 1).default(0.0), 0.0),
    "value": (lambda hours: hours.value(lambda r: 2 * r.hours), 1.0),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_said_after_a_lookup_counts_for_the_next(change: str) -> None:
    hours = hours_of(recipes())
    hours[1, 1]

    alter, expected = CHANGES[change]
    alter(hours)

    assert hours[1, 1] == expected


def test_rows_take_the_place_of_a_dict() -> None:
    hours = LXParameter[Any]("hours").from_data({1: 1.0})
    hours[1]

    hours.from_data([Recipe(1, 1, 2.0)]).indexed_by(lambda r: r.product_id).value(lambda r: r.hours)

    assert hours[1] == 2.0


def test_a_dict_takes_the_place_of_a_dict() -> None:
    hours = LXParameter[Any]("hours").from_data({1: 1.0})
    hours[1]

    assert hours.from_data({1: 2.0})[1] == 2.0


@pytest.mark.parametrize("data", [recipes(), {(1, 1): 0.5, (1, 2): 1.0, (3, 2): 3.5}])
def test_every_compile_sees_the_data_as_it_is(data: Any, compiled: Compile) -> None:
    hours = of_source(data).default(0.0)
    model = plan(lambda p, m: hours[p.id, m.id])

    before = compiled(model).rows
    data.pop((3, 2)) if isinstance(data, dict) else data.pop()

    assert before == EXPECTED
    assert compiled(model).rows == {"limit[1]": {"x[1]": 0.5}, "limit[2]": {"x[1]": 1.0}}


def test_a_function_that_runs_row_by_row_sees_the_data_as_it_is(compiled: Compile) -> None:
    rows = recipes()
    hours = hours_of(rows).default(0.0)
    model = plan(lambda p, m: hours[p.id, m.id] if p is not None else 0.0)

    hours[1, 1]
    rows[0].hours = 9.0

    assert compiled(model).rows["limit[1]"] == {"x[1]": 9.0}


@pytest.mark.parametrize(
    "value",
    [
        lambda r, rate: r.hours * rate[r.machine_id],
        lambda r, rate: r.hours * rate[r.machine_id] if r is not None else 0,
    ],
    ids=["columns", "row by row"],
)
def test_a_parameter_of_another_sees_the_data_as_it_is(value: Callable[[Any, Any], float]) -> None:
    rates = {1: 1.0, 2: 2.0}
    rate = LXParameter[Any]("rate").from_data(rates)
    rate[1]

    rates[1] = 10.0
    cost = hours_of(recipes()).value(functools.partial(value, rate=rate))

    assert cost[1, 1] == 5.0


def test_get_instances_of_a_family_sees_the_data_as_it_is() -> None:
    wanted = {1: 1.0}
    demand = LXParameter[Any]("demand").from_data(wanted).default(0.0)
    family = amounts().where(lambda p: demand[p.id] > 0 if p is not None else False)
    demand[1]

    wanted[2] = 1.0

    assert family.get_instances() == PRODUCTS[:2]


# In models


def test_a_lookup_is_a_coefficient(compiled: Compile) -> None:
    hours = hours_of(recipes()).default(0.0)

    assert compiled(plan(lambda p, m: hours[p.id, m.id])).rows == EXPECTED


COEFFICIENTS: dict[str, Callable[[LXParameter[Any]], Callable[[Any, Any], Any]]] = {
    "call": lambda hours: lambda p, m: hours(p.id, m.id),
    "call by name": lambda hours: lambda p, m: hours(machine_id=m.id, product_id=p.id),
    "row by row": lambda hours: lambda p, m: hours[p.id, m.id] if p is not None else 0.0,
    "row by row and by name": lambda hours: lambda p, m: hours(product_id=p.id, machine_id=m.id) if p is not m else 0,
    "default argument": lambda hours: lambda p, m, hours=hours: hours[p.id, m.id],
    "only where there is one": lambda hours: lambda p, m: hours[p.id, m.id] if (p.id, m.id) in hours else 0,  # noqa: SIM401
}


@pytest.mark.parametrize("way", COEFFICIENTS)
def test_every_way_to_write_a_coefficient_gives_the_same(way: str, compiled: Compile) -> None:
    hours = hours_of(recipes()).default(0.0)

    assert compiled(plan(COEFFICIENTS[way](hours))).rows == EXPECTED


CONDITIONS: dict[str, Callable[[LXParameter[Any]], Callable[[Any, Any], Any]]] = {
    "comparison": lambda hours: lambda p, m: hours[p.id, m.id] > 0,
    "membership": lambda hours: lambda p, m: (p.id, m.id) in hours,
    "truth": lambda hours: lambda p, m: hours[p.id, m.id],
    "row by row": lambda hours: lambda p, m: (p.id, m.id) in hours if p is not None else False,
}


@pytest.mark.parametrize("way", CONDITIONS)
def test_a_lookup_is_a_condition(way: str, compiled: Compile) -> None:
    hours = hours_of(recipes()).default(0.0)

    rows = compiled(plan(2.0, where=CONDITIONS[way](hours))).rows

    assert rows == {"limit[1]": {"x[1]": 2.0}, "limit[2]": {"x[1]": 2.0, "x[3]": 2.0}}


def test_a_default_that_is_not_zero_counts_for_every_other_pair(compiled: Compile) -> None:
    hours = hours_of(recipes()).default(4.0)

    rows = compiled(plan(lambda p, m: hours[p.id, m.id])).rows

    assert rows["limit[1]"] == {"x[1]": 0.5, "x[2]": 4.0, "x[3]": 4.0}


def test_a_lookup_is_a_bound(compiled: Compile) -> None:
    most = LXParameter[Any]("most").from_data({1: 10, 3: 30}).default(5)

    x = amounts().bounds(lower=lambda p: most[p.id] / 10, upper=lambda p: most[p.id])

    assert compiled(LXModel("m").add_variable(x)).bounds == {"x[1]": (1, 10), "x[2]": (0.5, 5), "x[3]": (3, 30)}


def test_a_lookup_is_a_right_hand_side(compiled: Compile) -> None:
    available = LXParameter[Any]("available").from_data({1: 80, 2: 100})
    model = plan()

    model.get_constraint("limit").rhs(lambda m: available[m.id])

    assert [upper for _, upper in compiled(model).sides.values()] == [80, 100]


def test_a_lookup_is_a_cost(compiled: Compile) -> None:
    price = LXParameter[Any]("price").from_data({1: 3.0, 2: 4.0}).default(0)

    model = LXModel("m").add_variable(amounts().cost(lambda p: price[p.id])).minimize()

    assert compiled(model).objective == {"x[1]": 3.0, "x[2]": 4.0}


def test_a_lookup_filters_rows(compiled: Compile) -> None:
    active = LXParameter[Any]("active").from_data({1: 1, 2: 0}).default(0)

    assert compiled(LXModel("m").add_variable(amounts().where(lambda p: active[p.id] == 1))).columns == ["x[1]"]


def test_a_lookup_filters_combinations(compiled: Compile) -> None:
    hours = hours_of(recipes())
    on = LXVariable[Any, int]("on").indexed_by_product(
        LXIndexDimension(Product, lambda p: p.id).from_data(PRODUCTS),
        LXIndexDimension(Machine, lambda m: m.id).from_data(MACHINES),
    )

    on.where_multi(lambda p, m: (p.id, m.id) in hours)

    assert compiled(LXModel("m").add_variable(on)).columns == ["on[(1, 1)]", "on[(1, 2)]", "on[(3, 2)]"]


def test_a_lookup_is_a_key(compiled: Compile) -> None:
    rank = LXParameter[Any]("rank").from_data({1: 30, 2: 20, 3: 10})

    x = LXVariable[Product, float]("x").from_data(PRODUCTS).indexed_by(lambda p: rank[p.id])

    assert compiled(LXModel("m").add_variable(x)).columns == ["x[30.0]", "x[20.0]", "x[10.0]"]


def test_a_missing_key_in_a_function_names_the_function_the_member_and_the_key(error_text: ErrorText) -> None:
    hours = hours_of(recipes())

    text = error_text(LXMissingKeyError, plan(lambda p, m: hours[p.id, m.id]).compile)

    assert text.startswith(f"The coefficient of 'x' (the function at {HERE}:")
    assert text.endswith(
        "failed for key 1 of 'limit' and key 2 of 'x' in constraint 'limit': LXParameter('hours') has no value for "
        "the key (2, 1): none of its 3 rows has it, and there is no default. "
        "Add the row, or give a default: .default(0.0)."
    )


CANNOT: dict[str, Callable[[LXParameter[Any]], Any]] = {
    "text": lambda hours: lambda p, m: hours[str(p.id), m.id],
    "constant text": lambda hours: lambda p, m: hours["1", m.id],
    "rows": lambda hours: lambda p, m: hours[p, m],
    "one part": lambda hours: lambda p, m: hours[p.id],
    "itself": lambda hours: hours,
}


@pytest.mark.parametrize("way", CANNOT)
def test_what_can_be_no_key_is_refused_in_functions(way: str, error_text: ErrorText) -> None:
    hours = hours_of(recipes()).default(0.0)

    text = error_text(LXMissingKeyError, plan(CANNOT[way](hours)).compile)

    assert "which can be none of its keys: they are like (1, 1)" in text


JOINED: dict[str, tuple[LXParameter[Any], Callable[[LXParameter[Any]], Any]]] = {
    "column": (
        LXParameter[Any]("hours").from_data({("1", 1): 1.0, ("2", 2): 2.0}),
        lambda hours: lambda p, m: hours[p.id, m.id],
    ),
    "constant": (
        LXParameter[Any]("hours").from_data({(1, 1, 7): 1.0, (2, 2, 7): 2.0}),
        lambda hours: lambda p, m: hours[p.id, m.id, "day"],
    ),
}


@pytest.mark.parametrize("part", JOINED)
def test_a_join_that_can_find_nothing_is_refused(part: str, error_text: ErrorText) -> None:
    hours, coefficient = JOINED[part]

    text = error_text(LXMissingKeyError, plan(coefficient(hours.default(0.0))).compile)

    assert "which can be none of its keys: they are like (" in text


def test_one_row_that_asks_for_what_can_be_no_key_is_found(error_text: ErrorText) -> None:
    most = LXParameter[Any]("most").from_data({1: 10, 2: 20}).default(5)
    rows = [Recipe(one, 1) for one in (1, "2", 3, 4, 5)]
    x = LXVariable[Recipe, float]("x").indexed_by(lambda r: r.product_id).from_data(rows)

    model = LXModel("m").add_variable(x.bounds(upper=lambda r: most[r.product_id]))

    assert "for key '2' of 'x': LXParameter('most') was asked for '2'," in error_text(LXMissingKeyError, model.compile)


def test_a_condition_on_what_can_be_no_key_is_refused(error_text: ErrorText) -> None:
    hours = hours_of([Recipe("a", 1), Recipe("b", 2)])

    text = error_text(LXMissingKeyError, plan(1.0, where=lambda p, m: (p.id, m.id) in hours).compile)

    assert "was asked for (1, 1), which can be none of its keys: they are like ('a', 1)" in text


def test_a_wrong_value_is_refused_where_a_model_uses_it(error_text: ErrorText) -> None:
    hours = hours_of([*recipes(), Recipe(2, 1, None)]).default(0.0)

    text = error_text(LXNumberError, plan(lambda p, m: hours[p.id, m.id]).compile)

    assert "is NULL (None) for key (2, 1) of 'hours'" in text


def test_a_parameter_itself_is_a_function_of_rows_that_are_its_keys(compiled: Compile) -> None:
    demand = LXParameter[Any]("demand").from_data({0: 5.0, 1: 7.0})
    x = LXVariable[int, float]("x").from_data(range(2)).bounds(lower=demand)

    assert compiled(LXModel("m").add_variable(x)).bounds == {"x[0]": (5.0, np.inf), "x[1]": (7.0, np.inf)}


def test_a_join_asks_for_a_few_pairs_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    number = LXParameter._number
    monkeypatch.setattr(LXParameter, "_number", lambda self, key: asked.append(key) or number(self, key))
    hours = hours_of([Recipe(i, i) for i in range(300)]).default(0.0)
    x = LXVariable[Product, float]("x").from_data([Product(i) for i in range(300)]).indexed_by(lambda p: p.id)
    limit = LXConstraint[Machine]("limit").from_data([Machine(i) for i in range(300)]).indexed_by(lambda m: m.id)

    used = LXLinearExpression().add_term(x, lambda p, m: hours[p.id, m.id])
    problem = LXModel("m").add_variable(x).add_constraint(limit.expression(used).le().rhs(1)).compile()

    assert len(problem.coefficients) == 300
    assert len(asked) < 20


def test_two_models_share_a_parameter(compiled: Compile) -> None:
    hours = hours_of(recipes()).default(0.0)
    one, other = plan(lambda p, m: hours[p.id, m.id]), plan(lambda p, m: 2 * hours[p.id, m.id])

    assert compiled(one).rows == EXPECTED
    assert compiled(other).rows["limit[1]"] == {"x[1]": 1.0}


def test_a_function_may_compile_another_model(compiled: Compile) -> None:
    rows = recipes()
    hours = hours_of(rows).default(0.0)
    inner = plan(lambda p, m: hours[p.id, m.id] if p is not None else 0.0)

    def coefficient(p: Product, m: Machine) -> float:
        return hours[p.id, m.id] * len(inner.compile().coefficients) if p is not None else 0.0

    assert compiled(plan(coefficient)).rows["limit[1]"] == {"x[1]": 1.5}


def test_threads_compile_with_one_parameter_at_a_time_of_their_own() -> None:
    hours = hours_of([Recipe(p, m, p + m / 10) for p in (1, 2, 3) for m in (1, 2)])
    together = threading.Barrier(4)

    def compile_one(factor: int) -> list[float]:
        model = plan(lambda p, m, factor=factor: factor * hours[p.id, m.id] if p is not None else 0.0)
        together.wait(60)
        return model.compile().coefficients.tolist()

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(compile_one, [1, 2, 4, 8]))

    assert found == [[factor * (p + m / 10) for m in (1, 2) for p in (1, 2, 3)] for factor in (1, 2, 4, 8)]


# Copies


HOWS: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
}
COPIES = pytest.mark.parametrize("how", HOWS)
SHARED = LXParameter[Any]("shared")
"""A parameter that functions find among the globals of their module."""


@pytest.fixture
def shared() -> dict[Any, float]:
    numbers = {(1, 1): 0.5, (1, 2): 1.0, (3, 2): 3.5}
    SHARED.from_data(numbers).default(0.0)
    return numbers


@COPIES
def test_a_copy_compiles_to_the_same_arrays(how: str) -> None:
    hours = hours_of(recipes()).default(0.0)
    model = plan(lambda p, m: hours[p.id, m.id], where=lambda p, m: (p.id, m.id) in hours)

    twin = HOWS[how](model)

    arrays = [{name: one.tobytes() for name, one in made.compile().arrays().items()} for made in (model, twin)]
    assert arrays[0] == arrays[1]


@COPIES
@pytest.mark.parametrize("source", ["list", "dict", "pandas", "polars"])
def test_a_copy_has_data_of_its_own(how: str, source: str) -> None:
    hours = of_source(SOURCES[source]())
    hours[1, 1]

    twin = HOWS[how](hours)
    hours.from_data({}).default(9.0)

    assert [twin[1, 1], twin(1, 2), (2, 2) in twin] == [0.5, 1.0, False]


@COPIES
def test_a_copy_holds_the_data_as_it_is_and_not_as_it_was_read(how: str) -> None:
    rows = recipes()
    hours = hours_of(rows)
    hours[1, 1]

    rows[0].hours = 9.0

    assert HOWS[how](hours)[1, 1] == 9.0


@COPIES
def test_changing_the_data_changes_no_copy(how: str, compiled: Compile) -> None:
    rows = recipes()
    hours = hours_of(rows).default(0.0)
    model = plan(lambda p, m: hours[p.id, m.id])

    twin = HOWS[how](model)
    rows[0].hours = 9.0

    assert (compiled(model).rows["limit[1]"], compiled(twin).rows) == ({"x[1]": 9.0}, EXPECTED)


def test_changing_a_copy_changes_no_original(compiled: Compile) -> None:
    hours = hours_of(recipes()).default(0.0)
    model = plan(lambda p, m: hours[p.id, m.id])

    twin, mine = copy.deepcopy((model, hours))
    mine.get_instances()[0].hours = 9.0

    assert (compiled(twin).rows["limit[1]"], compiled(model).rows) == ({"x[1]": 9.0}, EXPECTED)


@COPIES
def test_a_global_parameter_is_copied_too(how: str, shared: dict[Any, float], compiled: Compile) -> None:
    model = plan(lambda p, m: SHARED[p.id, m.id])

    twin = HOWS[how](model)
    shared[1, 1] = 9.0

    assert (compiled(model).rows["limit[1]"], compiled(twin).rows) == ({"x[1]": 9.0}, EXPECTED)


def test_functions_of_a_copy_share_one_parameter(compiled: Compile) -> None:
    hours = hours_of(recipes()).default(0.0)
    model = plan(lambda p, m: hours[p.id, m.id], where=lambda p, m: hours[p.id, m.id] > 0.5)

    twin, mine = copy.deepcopy([model, hours])
    mine.from_data([Recipe(2, 2, 8.0)])

    assert compiled(twin).rows == {"limit[1]": {}, "limit[2]": {"x[2]": 8.0}}


def test_a_shallow_copy_shares_the_data() -> None:
    rows = recipes()
    twin = copy.copy(hours_of(rows))

    rows[0].hours = 9.0

    assert twin[1, 1] == 9.0


def test_changing_a_shallow_copy_leaves_the_original() -> None:
    hours = hours_of(recipes())
    hours[1, 1]

    copy.copy(hours).from_data([Recipe(1, 1, 9.0)])

    assert hours[1, 1] == 0.5
