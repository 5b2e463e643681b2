"""The types of a solution's values, and a solution as mappings and frames."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lumix_core import LXOptimizer, LXVariable
from lumix_core.errors import LXOptionError, LXUnsupportedError
from tests.core.solver.solved_models import PRODUCTS, Product, assignment, impossible, of_id, production, solved

ErrorText = Callable[..., str]
LIBRARIES = pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])


@dataclass(frozen=True)
class Value:
    id: int


# Types


@pytest.mark.parametrize("domain", ["integer", "binary"])
def test_the_values_of_a_family_of_ints_are_ints(domain: str) -> None:
    variable = getattr(LXVariable[Product, int]("x").from_data(PRODUCTS).indexed_by(of_id), domain)()
    variable.bounds(lower=lambda p: p.id - 1)

    values = solved(variable).variables["x"]

    assert dict(values) == {1: 0, 2: 1}
    assert [type(value) for value in values.values()] == [int, int]


def test_the_values_of_an_integer_family_of_floats_are_whole_floats() -> None:
    variable = production(kind=float).integer()

    values = solved(variable).variables["production"]

    assert dict(values) == {1: 4.0, 2: 5.0}
    assert all(type(value) is float for value in values.values())


def test_a_scalar_of_ints_is_an_int() -> None:
    solution = solved(LXVariable[None, int]("x").bounds(lower=2.5))

    assert solution.variables["x"] == 3
    assert type(solution.variables["x"]) is int


def test_numbers_are_pythons_own() -> None:
    solution = solved(production())

    numbers = [solution.objective_value, solution.best_bound, solution.solve_time, solution.variables["production"][1]]

    assert [type(number) for number in numbers] == [float] * 4


# Other views


def test_get_mapped_takes_a_variable_or_its_name() -> None:
    x = production()
    solution = solved(x)

    by_variable, by_name = solution.get_mapped(x), solution.get_mapped("production")

    assert dict(by_variable) == dict(by_name) == {1: 3.5, 2: 5.0}


@LIBRARIES
def test_a_family_becomes_a_frame(library: ModuleType) -> None:
    x = production()

    frame = solved(x).to_frame(x, library.__name__)

    assert isinstance(frame, library.DataFrame)
    assert frame.to_dict(**({"orient": "list"} if library is pd else {"as_series": False})) == {
        "product": [1, 2],
        "value": [3.5, 5.0],
    }


def test_a_product_becomes_a_frame_with_a_column_for_each_dimension() -> None:
    variable = assignment().where_multi(lambda p, m: p.id == 1)

    frame = solved(variable).to_frame("assignment")

    assert frame.to_dict("list") == {"product": [1, 1], "machine": ["A", "B"], "value": [36.0, 37.0]}


def test_two_dimensions_over_one_class_have_columns_of_their_own() -> None:
    frame = solved(assignment(PRODUCTS, PRODUCTS)).to_frame("assignment")

    assert list(frame.columns) == ["product_1", "product_2", "value"]


@pytest.mark.parametrize(
    "variable",
    [
        LXVariable[int, float]("value").from_data([7, 8]).bounds(lower=1),
        LXVariable[Value, float]("x").from_data([Value(7), Value(8)]).indexed_by(of_id).bounds(lower=1),
    ],
    ids=["family named value", "class named Value"],
)
def test_the_keys_of_a_frame_are_not_lost_to_the_values(variable: LXVariable[Any, float]) -> None:
    frame = solved(variable).to_frame(variable)

    columns = frame.to_dict("list")
    assert columns.pop("value") == [1.0, 1.0]
    assert list(columns.values()) == [[7, 8]]


def test_the_values_of_ints_are_ints_in_a_frame() -> None:
    frame = solved(LXVariable[Product, int]("x").from_data(PRODUCTS).indexed_by(of_id).bounds(lower=2)).to_frame("x")

    assert frame["value"].dtype == "int64"


def test_a_scalar_becomes_a_frame_of_one_row() -> None:
    frame = solved(LXVariable[None, float]("x").bounds(lower=2.5)).to_frame("x")

    assert frame.to_dict("list") == {"value": [2.5]}


def test_a_frame_of_a_library_that_is_not_installed_says_what_to_install(
    error_text: ErrorText, monkeypatch: pytest.MonkeyPatch
) -> None:
    solution = solved(production())
    monkeypatch.setitem(sys.modules, "polars", None)

    text = error_text(LXUnsupportedError, solution.to_frame, "production", "polars")

    assert text == "to_frame() needs polars, which is not installed. Run: pip install polars"


def test_a_family_becomes_an_arrow_table() -> None:
    table = solved(production()).to_frame("production", backend=pa)

    assert table.to_pydict() == {"product": [1, 2], "value": [3.5, 5.0]}


def test_keys_that_a_library_has_no_type_for_say_so(error_text: ErrorText) -> None:
    x = LXVariable[Any, float]("x").from_data([1, "a"]).bounds(lower=1)

    text = error_text(LXUnsupportedError, solved(x).to_frame, "x", "pyarrow")

    assert text.startswith("pyarrow has no type for the values of a column: ")
    assert text.endswith("Use to_frame(backend='pandas'), whose columns hold values of any types.")


def test_a_frame_of_a_library_without_frames_is_refused(error_text: ErrorText) -> None:
    text = error_text(LXOptionError, solved(production()).to_frame, "production", "numpy")

    assert text == "to_frame() got backend='numpy'. Give one of 'pandas', 'polars', 'pyarrow'."


# Notebooks


def test_a_notebook_shows_the_outcome_and_the_first_values_by_key() -> None:
    many = LXVariable[int, int]("<many>").from_data(range(500)).bounds(lower=lambda i: 1234567 + i)
    html = solved(many, assignment(), LXVariable[None, float]("one").bounds(lower=2.5))._repr_html_()

    assert html.startswith("<p>Model &#x27;plan&#x27;: optimal, solver highs")
    assert "<br>objective 6" in html
    assert "<th>&lt;many&gt;</th>" in html
    assert "<td>9</td><td>1,234,576</td></tr><tr><td>... (490 more)</td><td></td>" in html
    assert "<th>product, machine</th><th>assignment</th>" in html
    assert "<td>(1, &#x27;A&#x27;)</td><td>36</td>" in html
    assert "<th>one</th></tr></thead><tbody><tr><td>2.5</td>" in html
    assert "<script" not in html
    assert len(html) < 3000


def test_a_notebook_shows_no_values_where_there_is_no_point() -> None:
    html = LXOptimizer().solve(impossible())._repr_html_()

    assert "infeasible" in html
    assert "<table>" not in html


def test_a_notebook_shows_the_first_families_of_many() -> None:
    html = solved(*(LXVariable[None, float](f"x{i}").bounds(lower=0) for i in range(45)))._repr_html_()

    assert html.count("<table>") == 40
    assert html.endswith("<p>... (5 more families)</p>")
