"""What is refused of parameters: values, keys, and wrong use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import polars as pl
import pytest

from lumix_core import LXParameter
from lumix_core.errors import (
    LXEmptySourceWarning,
    LXFunctionError,
    LXIncompleteError,
    LXIndexKeyError,
    LXLateBindingError,
    LXModelError,
    LXNumberError,
    LXSourceError,
)
from tests.core.recipes import HERE, Recipe, hours_of, of_source, recipes

ErrorText = Callable[..., str]


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
        "LXParameter('hours').from_data() got <LXParameter('other')>, which is a part of a model and no rows. "
        "Give it the same rows, or read them with other.get_instances().",
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


def test_going_through_it_gives_the_keys() -> None:
    assert list(hours_of(recipes())) == [(row.product_id, row.machine_id) for row in recipes()]
    assert len(hours_of(recipes())) == len(recipes())


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
