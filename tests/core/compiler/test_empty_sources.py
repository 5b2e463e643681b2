"""A source without rows is warned about, at the line of the user's call."""

from __future__ import annotations

import linecache
import warnings
from typing import Any

import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXModel, LXOptimizer, LXVariable
from lumix_core.errors import LXEmptySourceWarning
from tests.core.error_models import Machine, Product, compile_with, family, of_id

HERE = __file__


def warned_line(caught: Any) -> str:
    """The line of this file that the one warning points at."""
    (warning,) = caught
    assert warning.filename == HERE
    return linecache.getline(HERE, warning.lineno).strip()


def test_an_empty_source_is_warned_about_in_three_beats_at_the_users_line() -> None:
    model = LXModel("plan").add_variable(family([]))

    with pytest.warns(LXEmptySourceWarning) as caught:
        model.compile()

    assert str(caught[0].message) == (
        "LXVariable('production') has no rows: its source is empty (list given to from_data). "
        "The model is built without it; check the query or the data if that is not meant."
    )
    assert warned_line(caught) == "model.compile()"


def test_an_empty_source_is_warned_about_at_the_users_line_of_a_solve() -> None:
    model = LXModel("plan").add_variables(family([]), LXVariable[None, float]("y").bounds(lower=0))
    optimizer = LXOptimizer()

    with pytest.warns(LXEmptySourceWarning) as caught:
        optimizer.solve(model)

    assert warned_line(caught) == "optimizer.solve(model)"


def test_an_empty_source_is_warned_about_at_the_users_line_of_get_instances() -> None:
    constraint = LXConstraint[Product]("limit").from_data([])

    with pytest.warns(LXEmptySourceWarning, match=r"LXConstraint\('limit'\) has no rows") as caught:
        constraint.get_instances()

    assert warned_line(caught) == "constraint.get_instances()"


def test_an_empty_dimension_names_the_variable() -> None:
    empty = LXIndexDimension(Machine, of_id).from_data(())
    variable = LXVariable[Any, float]("x").indexed_by_product(empty)

    with pytest.warns(LXEmptySourceWarning, match=r"LXVariable\('x'\) has no rows.*\(tuple given to from_data\)"):
        compile_with(variable)


def test_rows_that_are_filtered_out_are_no_empty_source() -> None:
    variable = family().where(lambda p: False)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        problem = compile_with(variable)

    assert problem.num_variables == 0
