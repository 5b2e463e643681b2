"""Parameters without an ORM: what they hold, and how they are asked."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import pandas as pd
import pytest

from lumix_core import LXModel, LXParameter
from lumix_core.errors import LXFunctionError, LXIndexKeyError, LXMissingKeyError, LXNumberError
from tests.core.recipes import (
    EXPECTED,
    MACHINES,
    PRODUCTS,
    SOURCES,
    Machine,
    Product,
    Recipe,
    hours_of,
    of_source,
    plan,
    recipes,
)

ErrorText = Callable[..., str]
Compile = Callable[[LXModel], Any]


class Route(NamedTuple):
    product: Product
    machine: Machine
    hours: float


def by_product(rows: Any) -> LXParameter[Any]:
    return LXParameter[Recipe]("hours").indexed_by(lambda r: r.product_id).value(lambda r: r.hours).from_data(rows)


# What it holds


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
        f"LXParameter('hours') was looked up with {shown}, which cannot be one of its keys: they are like (1, 1). "
        "Look up a key of their kind, its parts in the same order."
    )


def test_a_number_for_a_text_is_refused(error_text: ErrorText) -> None:
    price = LXParameter[Any]("price").from_data({"chair": 1.0}).default(0.0)

    assert "was looked up with 1, which cannot be one of its keys: they are like 'chair'." in error_text(
        LXMissingKeyError, lambda: price[1]
    )


def test_a_dict_of_keys_of_many_kinds_may_be_asked_for_each() -> None:
    price = LXParameter[Any]("price").from_data({1: 1.0, "chair": 2.0, (1, 2): 3.0}).default(0.0)

    assert [price[1], price["chair"], price[1, 2], price[9], price["desk"], price[3, 4]] == [1, 2, 3, 0, 0, 0]


@pytest.mark.parametrize("ask", [operator.getitem, operator.contains])
def test_a_key_that_cannot_be_hashed_is_refused(ask: Callable[[Any, Any], Any], error_text: ErrorText) -> None:
    hours = hours_of(recipes()).default(0.0)

    text = error_text(LXIndexKeyError, ask, hours, (1, [2]))

    assert text.startswith("LXParameter('hours') was looked up with (1, [2]), which cannot be hashed")
    assert text.endswith("Look up a key: hours[row.id].")


def test_names_that_are_not_those_of_the_key_are_refused(error_text: ErrorText) -> None:
    hours = hours_of(recipes())

    assert error_text(LXFunctionError, lambda: hours(product=1, machine_id=2)) == (
        "LXParameter('hours') was looked up with product, machine_id, but its parts are product_id, machine_id. "
        "Name every part of the key, or give them in order."
    )


@pytest.mark.parametrize("key", [lambda r: r.product_id + 1, lambda r: (r.product_id, r.product_id)])
def test_names_are_refused_where_the_key_has_none(key: Callable[[Any], Any], error_text: ErrorText) -> None:
    hours = hours_of(recipes()).indexed_by(key)

    text = error_text(LXFunctionError, lambda: hours(product_id=1))

    assert "LXParameter('hours') was looked up with product_id, but " in text


@pytest.mark.parametrize("call", [lambda hours: hours(), lambda hours: hours(1, machine_id=2)])
def test_a_key_is_given_in_order_or_by_name(call: Callable[[Any], Any], error_text: ErrorText) -> None:
    text = error_text(LXFunctionError, call, hours_of(recipes()))

    assert "a key is given either in order or by name. Write hours(1, 2), or name every part." in text


# Series of pandas


def test_a_series_is_a_table_by_its_index(compiled: Compile) -> None:
    hours = pd.Series({(1, 1): 0.5, (1, 2): 1.0, (3, 2): 3.5})

    parameter = LXParameter[Any]("hours").from_data(hours).default(0)

    assert [parameter[1, 2], parameter(3, 2), parameter[9, 9]] == [1.0, 3.5, 0.0]
    assert compiled(plan(lambda p, m: parameter[p.id, m.id])).rows == EXPECTED


@pytest.mark.parametrize(
    ("series", "key"),
    [
        (pd.Series({"a": 2, "b": 3}), "a"),
        (pd.Series([2, 3]), 0),
        (pd.Series([2.0], index=pd.to_datetime(["2025-01-01"])), pd.Timestamp("2025-01-01")),
        (pd.DataFrame({"i": ["a", "b"], "n": [2, 3]}).set_index("i")["n"], "a"),
        (pd.DataFrame({"i": ["a", "a"], "n": [1, 1]}).groupby("i")["n"].sum(), "a"),
    ],
    ids=["texts", "numbers", "dates", "column", "group"],
)
def test_the_index_of_a_series_may_be_anything(series: Any, key: Any) -> None:
    assert LXParameter[Any]("p").from_data(series)[key] == 2.0


def test_a_series_with_a_label_twice_is_refused(error_text: ErrorText) -> None:
    series = pd.Series([1.0, 2.0, 3.0], index=["a", "b", "a"])

    text = error_text(LXIndexKeyError, LXParameter[Any]("p").from_data, series)

    assert text.startswith(
        "LXParameter('p').from_data() got a Series with the label 'a' 2 times: a key has one number."
    )


def test_a_series_with_gaps_is_refused(error_text: ErrorText) -> None:
    parameter = LXParameter[Any]("p").from_data(pd.Series({"a": 1.0, "b": None}))

    assert "The value of 'p' is NaN for key 'b'" in error_text(LXNumberError, lambda: parameter["a"])


def test_a_series_is_taken_as_it_is_then() -> None:
    series = pd.Series({"a": 1.0})
    parameter = LXParameter[Any]("p").from_data(series)
    series["a"] = 2.0

    assert parameter["a"] == 1.0
