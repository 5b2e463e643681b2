"""Rows of data frames."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from lumix_core import LXModel
from lumix_core.errors import LXFunctionError, LXIndexKeyError, LXModelError, LXNumberError, LXSourceError
from tests.core.rows.families import keys_of, of_id, variable_over

ErrorText = Callable[..., str]
LIBRARIES = pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])


@LIBRARIES
def test_the_rows_of_a_frame_are_read_by_attribute(library: Any, compiled: Any) -> None:
    frame = library.DataFrame({"id": [1, 2], "price": [2.5, 3.5]})
    variable = variable_over(frame, of_id).bounds(upper=lambda row: row.price)

    found = compiled(LXModel("m").add_variable(variable))

    assert found.bounds == {"x[1]": (-np.inf, 2.5), "x[2]": (-np.inf, 3.5)}


@LIBRARIES
@pytest.mark.parametrize("column", ["unit price", "class", "2nd", "", "count", "price"])
def test_any_column_is_read_by_its_name(library: Any, column: str) -> None:
    frame = library.DataFrame({"id": [1, 2], column: [2.5, 3.5]})

    (first, second) = variable_over(frame).get_instances()

    assert (first[column], second[column]) == (2.5, 3.5)


@LIBRARIES
@pytest.mark.parametrize("column", ["count", "index", "columns", "make", "keys", "values", "name", "_price", "items"])
def test_a_column_hides_what_rows_have_of_their_own(library: Any, column: str) -> None:
    """A method read in place of a column would be true in every condition."""
    frame = library.DataFrame({"id": [1, 2], column: [0, 1]})
    variable = variable_over(frame, of_id).where(lambda row: getattr(row, column))

    found = keys_of(variable)

    assert found == [[2]]


@LIBRARIES
def test_keys_from_a_frame_are_plain_python_objects(library: Any) -> None:
    frame = library.DataFrame({"id": [1, 2], "name": ["a", "b"]})
    variable = variable_over(frame, lambda row: (row.id, row.name))

    (keys,) = keys_of(variable)

    assert [list(map(type, key)) for key in keys] == [[int, str], [int, str]]


@LIBRARIES
def test_without_a_key_the_rows_of_a_frame_are_their_own_keys(library: Any) -> None:
    frame = library.DataFrame({"product": [1, 1, 2], "machine": [1, 2, 1]})

    (keys,) = keys_of(variable_over(frame))

    assert keys == [(1, 1), (1, 2), (2, 1)]


@LIBRARIES
def test_an_unknown_column_is_told_with_the_known_ones(library: Any, error_text: ErrorText) -> None:
    frame = library.DataFrame({"id": [1], "price": [2.0]})
    variable = variable_over(frame, of_id).bounds(upper=lambda row: row.prize)

    text = error_text(LXFunctionError, keys_of, variable)

    assert "no column 'prize'; the columns are id, price" in text
    assert "key 1 of 'x'" in text


@LIBRARIES
def test_an_unknown_column_by_name_is_told_with_the_known_ones(library: Any, error_text: ErrorText) -> None:
    frame = library.DataFrame({"id": [1], "unit price": [2.0]})
    variable = variable_over(frame, of_id).bounds(upper=lambda row: row["unit cost"])

    text = error_text(LXFunctionError, keys_of, variable)

    assert "no column 'unit cost'; the columns are id, unit price" in text


def test_named_index_levels_are_columns() -> None:
    frame = pd.DataFrame(
        {"hours": [1.0, 2.0]}, index=pd.MultiIndex.from_tuples([(1, "a"), (2, "b")], names=["product", "machine"])
    )
    variable = variable_over(frame, lambda row: (row.product, row.machine))

    found = keys_of(variable)

    assert found == [[(1, "a"), (2, "b")]]


def test_an_index_without_a_name_is_no_column() -> None:
    frame = pd.DataFrame({"id": [1, 2]}, index=[10, 20])

    rows = variable_over(frame).get_instances()

    assert [tuple(row) for row in rows] == [(1,), (2,)]


def test_an_index_named_as_a_column_is_refused_with_the_columns_name(error_text: ErrorText) -> None:
    frame = pd.DataFrame({"id": [1, 2]}).set_index("id", drop=False)

    text = error_text(LXSourceError, variable_over(frame).get_instances)

    assert "'id'" in text
    assert "Rename" in text


def test_a_repeated_column_name_is_refused(error_text: ErrorText) -> None:
    frame = pd.DataFrame([[1, 2.0, 3.0]], columns=["id", "price", "price"])

    text = error_text(LXSourceError, variable_over(frame).get_instances)

    assert text == (
        "A data frame has the column 'price' 2 time(s): each column needs a name of its own, a string, "
        "to be read as row.name. Rename the columns before from_data()."
    )


def test_a_column_name_that_is_no_string_is_refused(error_text: ErrorText) -> None:
    frame = pd.DataFrame([[1, 2.0]])

    text = error_text(LXSourceError, variable_over(frame).get_instances)

    assert "the column 0" in text
    assert "a string" in text


MISSING = {
    "None in pandas": (pd.DataFrame({"id": [1, 2], "price": [1.0, None]}), "is NaN"),
    "NaN in pandas": (pd.DataFrame({"id": [1, 2], "price": [1.0, float("nan")]}), "is NaN"),
    "None among objects": (pd.DataFrame({"id": [1, 2], "price": pd.Series([1, None], dtype=object)}), "is NULL"),
    "NA in pandas": (pd.DataFrame({"id": [1, 2], "price": pd.array([1, None], dtype="Int64")}), "is <NA> (NAType)"),
    "NaT in pandas": (pd.DataFrame({"id": [1, 2], "price": pd.to_datetime(["2025-01-01", None])}), "NaT"),
    "null in polars": (pl.DataFrame({"id": [1, 2], "price": [1.0, None]}), "is NULL"),
    "NaN in polars": (pl.DataFrame({"id": [1, 2], "price": [1.0, float("nan")]}), "is NaN"),
}


@pytest.mark.parametrize(("frame", "flaw"), MISSING.values(), ids=MISSING.keys())
def test_a_missing_value_of_a_frame_is_no_number(frame: Any, flaw: str, error_text: ErrorText) -> None:
    variable = variable_over(frame.iloc[1:] if isinstance(frame, pd.DataFrame) else frame[1:], of_id)
    variable.bounds(upper=lambda row: row.price)

    text = error_text(LXNumberError, keys_of, variable)

    assert text.startswith("The upper bound of 'x'")
    assert flaw in text
    assert "for key 2 of 'x'" in text
    assert "FrameRow.price" in text


MISSING_KEYS = {
    "NaN": pd.DataFrame({"id": [1.0, float("nan")]}),
    "NA": pd.DataFrame({"id": pd.array([1, None], dtype="Int64")}),
    "NaT": pd.DataFrame({"id": pd.to_datetime(["2025-01-01", None])}),
    "None": pd.DataFrame({"id": pd.Series(["a", None], dtype=object)}),
    "string NaN": pd.DataFrame({"id": pd.Series(["a", None], dtype="str")}),
    "polars null": pl.DataFrame({"id": [1, None]}),
}


@pytest.mark.parametrize("frame", MISSING_KEYS.values(), ids=MISSING_KEYS.keys())
def test_a_missing_key_of_a_frame_is_refused(frame: Any, error_text: ErrorText) -> None:
    variable = variable_over(frame, of_id)

    text = error_text(LXIndexKeyError, keys_of, variable)

    assert "is NULL or NaN, so nothing identifies its row" in text


def test_a_missing_truth_of_a_frame_is_no_yes() -> None:
    """NaN is true in Python: a row whose flag was never filled in would be kept."""
    frame = pd.DataFrame({"id": [1, 2], "active": [1.0, float("nan")]})
    variable = variable_over(frame, of_id).where(lambda row: row.active)

    with pytest.raises(LXModelError, match=r"The filter of 'x' .* neither true nor false.*FrameRow\.active"):
        keys_of(variable)


@LIBRARIES
def test_a_frame_is_read_again_at_every_compile(library: Any) -> None:
    frame = library.DataFrame({"id": [1, 2], "price": [1.0, 2.0]})
    variable = variable_over(frame, of_id).bounds(upper=lambda row: row.price)
    model = LXModel("m").add_variable(variable)
    model.compile()
    if library is pd:
        frame.loc[0, "price"] = 9.0
    else:
        frame[0, "price"] = 9.0

    problem = model.compile()

    assert problem.upper.tolist() == [9.0, 2.0]


@LIBRARIES
def test_a_frame_without_rows_makes_an_empty_family(library: Any) -> None:
    frame = library.DataFrame({"id": [], "price": []})

    with pytest.warns(UserWarning, match="its source is empty"):
        found = keys_of(variable_over(frame, of_id))

    assert found == [[]]


def test_the_rows_of_pandas_itertuples_are_rows() -> None:
    frame = pd.DataFrame({"id": [1, 2], "price": [1.0, 2.0]})
    variable = variable_over(frame.itertuples(), of_id)

    found = keys_of(variable)

    assert found == [[1, 2]]


@LIBRARIES
def test_a_row_of_a_frame_shows_its_columns(library: Any) -> None:
    frame = library.DataFrame({"id": [1], "unit price": [2.5]})

    (row,) = variable_over(frame).get_instances()

    assert repr(row) == "FrameRow(id=1, unit price=2.5)"


def test_a_row_of_a_frame_has_its_columns() -> None:
    """As a tuple it would have its values, and a question for a column would quietly get a no."""
    (row,) = variable_over(pd.DataFrame({"id": [1], "unit price": [2.5]})).get_instances()

    assert "unit price" in row
    assert "price" not in row


def test_a_row_of_a_frame_survives_pickling() -> None:
    (row,) = variable_over(pd.DataFrame({"id": [1], "unit price": [2.5]})).get_instances()

    copy = pickle.loads(pickle.dumps(row))

    assert (copy.id, copy["unit price"], copy) == (1, 2.5, row)
    assert type(copy) is type(row)


@pytest.mark.parametrize("name", ["unit price", "unit.price", "2nd", "", "class", "price€", "_kept"])
def test_a_column_of_any_name_is_read_by_getattr(name: str) -> None:
    frame = pd.DataFrame({"id": range(9), name: [i / 4 for i in range(9)]})
    variable = variable_over(frame).bounds(lower=lambda row: getattr(row, name))

    found = LXModel("m").add_variable(variable).compile().lower.tolist()

    assert found == [i / 4 for i in range(9)]


def test_a_column_that_looks_like_a_special_name_is_read_as_an_item() -> None:
    frame = pd.DataFrame({"id": [1], "__price": [2.5]})
    (row,) = variable_over(frame).get_instances()

    with pytest.raises(AttributeError, match=r"is read as row\['__price'\]"):
        getattr(row, "__price")
    assert row["__price"] == 2.5
