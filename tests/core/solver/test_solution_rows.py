"""The constraints of a solution at its point: activity, slack, and both as data frames."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pytest

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXSolution, LXVariable
from lumix_core.errors import LXNoSolutionError, LXUnknownKeyError, LXUnknownNameError
from lumix_core.problem.problem import LXProblem
from tests.core.solver.solved_models import PRODUCTS, Product, impossible, of_id, plan_model, production, solved

ErrorText = Callable[..., str]
LIBRARIES = pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])


@dataclass(frozen=True)
class Line:
    plant: str
    number: int
    hours: float


class Site(NamedTuple):
    region: str
    code: int


LINES = [Line("north", 1, 5.0), Line("north", 2, 7.0), Line("south", 1, 9.0)]


def limited(sense: str, rhs: float | tuple[float, float], constant: float = 0.0, value: float = 4.0) -> LXSolution:
    """A solution with one constraint, ``2 x + constant``, at ``x = value``."""
    x = LXVariable[None, float]("x").bounds(value, value)
    limit = LXConstraint[None]("limit").expression(LXLinearExpression().add_term(x, 2.0).add_constant(constant))
    if isinstance(rhs, tuple):
        limit.between(*rhs)
    else:
        getattr(limit, sense)().rhs(rhs)
    return LXOptimizer().solve(LXModel("plan").add_variable(x).add_constraint(limit))


def hours_of_lines(key: Any = lambda line: (line.plant, line.number)) -> tuple[LXModel, LXConstraint[Line]]:
    x = LXVariable[Line, float]("made").from_data(LINES).indexed_by(key).bounds(lower=0)
    hours = LXConstraint[Line]("hours").over(x).expression(LXLinearExpression().add_term(x, 2.0))
    hours.le().rhs(lambda line: line.hours)
    model = LXModel("lines").add_variable(x).add_constraint(hours)
    return model.maximize(LXLinearExpression().sum_over(x, lambda line: line.number)), hours


@pytest.mark.parametrize("constant", [0.0, 100.0, -3.5])
@pytest.mark.parametrize(
    ("sense", "rhs", "slack"),
    [("le", 11.0, 3.0), ("ge", 1.0, 7.0), ("eq", 8.0, 0.0), ("", (1.0, 11.0), 3.0), ("", (6.0, 90.0), 2.0)],
    ids=["<=", ">=", "==", "upper side nearer", "lower side nearer"],
)
def test_activity_and_slack_are_in_the_terms_of_the_user(sense: str, rhs: Any, slack: float, constant: float) -> None:
    shifted = tuple(bound + constant for bound in rhs) if isinstance(rhs, tuple) else rhs + constant

    solution = limited(sense, shifted, constant)

    assert solution.activity["limit"] == pytest.approx(8.0 + constant)
    assert solution.slack["limit"] == pytest.approx(slack)


@pytest.mark.parametrize(("sense", "rhs"), [("le", inf), ("ge", -inf), ("", (-inf, inf))])
def test_a_row_that_never_binds_has_endless_slack(sense: str, rhs: Any) -> None:
    assert limited(sense, rhs).slack["limit"] == inf


def test_one_open_side_leaves_the_slack_to_the_other() -> None:
    assert limited("", (-inf, 10.0)).slack["limit"] == pytest.approx(2.0)
    assert limited("", (5.0, inf)).slack["limit"] == pytest.approx(3.0)


def test_rows_are_found_by_key_and_by_row_in_the_constraint_or_its_name() -> None:
    model, hours = hours_of_lines()

    solution = LXOptimizer().solve(model)

    assert solution.activity["hours"]["north", 2] == pytest.approx(7.0)
    assert solution.activity[hours][LINES[1]] == pytest.approx(7.0)
    assert dict(solution.slack[hours]) == pytest.approx({("north", 1): 0.0, ("north", 2): 0.0, ("south", 1): 0.0})
    assert "made" not in solution.activity


def test_what_is_not_there_is_named(error_text: ErrorText) -> None:
    solution = LXOptimizer().solve(hours_of_lines()[0])

    assert "nothing for ('north', 3)" in error_text(LXUnknownKeyError, lambda: solution.slack["hours"]["north", 3])
    assert "nothing named 'made'" in error_text(LXUnknownNameError, lambda: solution.activity["made"])


@pytest.mark.parametrize("read", ["activity", "slack"])
def test_without_a_point_there_are_none(read: str, error_text: ErrorText) -> None:
    text = error_text(LXNoSolutionError, getattr, LXOptimizer().solve(impossible()), read)

    assert "holds no values: its status is infeasible" in text


def test_models_with_integers_have_both() -> None:
    x = LXVariable[Product, int]("x").from_data(PRODUCTS).indexed_by(of_id).bounds(0, 9)
    limit = LXConstraint[None]("limit").expression(LXLinearExpression().sum_over(x, 2.0)).le().rhs(7)
    model = LXModel("whole").add_variable(x).add_constraint(limit).maximize(LXLinearExpression().sum_over(x))

    solution = LXOptimizer().solve(model)

    assert (solution.activity["limit"], solution.slack["limit"]) == (6.0, 1.0)


def test_a_solution_of_a_session_keeps_the_numbers_of_its_own_problem() -> None:
    with LXOptimizer().open(plan_model()) as session:
        first = session.solve()
        second = session.set_rhs("sum", 6.0).solve()
        third = session.set_coefficient("mix", "y", 5.0).solve()

    assert [solution.activity["sum"] for solution in (first, second, third)] == pytest.approx([7.0, 6.0, 6.0])
    assert [solution.slack["sum"] for solution in (first, second, third)] == pytest.approx([2.0, 0.0, 0.0])
    assert third.activity["mix"] == pytest.approx(third.variables["x"] + 5.0 * third.variables["y"])


@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda solution: pickle.loads(pickle.dumps(solution))])
@pytest.mark.parametrize("hot", [False, True], ids=["cold", "hot"])
def test_copies_have_the_same_numbers_and_no_problem(twin_of: Callable[[LXSolution], LXSolution], hot: bool) -> None:
    with LXOptimizer().open(plan_model()) as session:
        solution = session.solve()
        if hot:
            solution = session.set_rhs("sum", 8.0).solve()

    twin = twin_of(solution)

    assert dict(twin.activity) == dict(solution.activity)
    assert dict(twin.slack) == dict(solution.slack)
    assert LXProblem.__name__.encode() not in pickle.dumps(solution)


def test_they_are_read_only() -> None:
    solution = LXOptimizer().solve(plan_model())

    for results in (solution.activity, solution.slack, pickle.loads(pickle.dumps(solution)).activity):
        assert not results.array.flags.writeable


# Data frames


@LIBRARIES
def test_a_constraint_becomes_a_frame_with_a_column_for_each_part_of_its_key(library: ModuleType) -> None:
    model, hours = hours_of_lines()
    model.variables[0].bounds(upper=3)

    frame = LXOptimizer().solve(model).to_frame(hours, library.__name__)

    assert isinstance(frame, library.DataFrame)
    assert frame.to_dict(**({"orient": "list"} if library is pd else {"as_series": False})) == {
        "plant": ["north", "north", "south"],
        "number": [1, 2, 1],
        "activity": [5.0, 6.0, 6.0],
        "slack": [0.0, 1.0, 3.0],
        "shadow_price": [0.5, 0.0, 0.0],
    }


def test_a_frame_of_a_constraint_without_duals_has_no_prices() -> None:
    model, _ = hours_of_lines()
    model.variables[0].integer()

    frame = LXOptimizer().solve(model).to_frame("hours")

    assert list(frame.columns) == ["plant", "number", "activity", "slack"]


@LIBRARIES
@pytest.mark.parametrize(
    ("key", "names"),
    [
        (lambda line: (line.plant, line.number), ["plant", "number"]),
        (lambda line: (line.plant.upper(), line.number), ["line_1", "line_2"]),
        (lambda line: Site(line.plant, line.number), ["region", "code"]),
        (lambda line: f"{line.plant} {line.number}", ["line"]),
    ],
    ids=["attributes", "computed", "named tuple", "one part"],
)
def test_the_columns_of_keys_are_named(key: Any, names: list[str], library: ModuleType) -> None:
    frame = LXOptimizer().solve(hours_of_lines(key)[0]).to_frame("made", library.__name__)

    assert list(frame.columns) == [*names, "value"]
    assert len(frame) == len(LINES)


def test_parts_of_keys_are_not_lost_to_other_columns() -> None:
    class Row(NamedTuple):
        value: int
        activity: int

    x = LXVariable[Row, float]("x").from_data([Row(1, 2), Row(1, 3)]).indexed_by(lambda row: (row.value, row.activity))
    frame = solved(x.bounds(lower=5)).to_frame("x")

    assert frame.to_dict("list") == {"value_key": [1, 1], "activity": [2, 3], "value": [5.0, 5.0]}


def test_dimensions_with_the_same_attributes_have_columns_of_their_own() -> None:
    from lumix_core import LXIndexDimension

    dimensions = [LXIndexDimension(Line, lambda line: (line.plant, line.number)).from_data(LINES[:2]) for _ in range(2)]
    frame = solved(LXVariable[Any, float]("move").indexed_by_product(*dimensions).bounds(lower=1)).to_frame("move")

    assert list(frame.columns) == ["line_1_plant", "line_1_number", "line_2_plant", "line_2_number", "value"]
    assert frame["line_1_number"].tolist() == [1, 1, 2, 2]
    assert frame["line_2_number"].tolist() == [1, 2, 1, 2]


def test_keys_of_different_lengths_stay_one_column() -> None:
    rows = [("a",), ("a", "b")]
    frame = solved(
        LXVariable[Any, float]("x").from_data(rows).indexed_by(lambda row: row[:2]).bounds(lower=1)
    ).to_frame("x")

    assert frame.iloc[:, 0].tolist() == rows


def test_the_frame_of_a_name_that_both_have_is_that_of_the_variable() -> None:
    x = production()
    limit = LXConstraint[Product]("production").over(x).expression(LXLinearExpression().add_term(x)).le().rhs(99)
    model = LXModel("plan").add_variable(x).add_constraint(limit).minimize(LXLinearExpression().sum_over(x))
    solution = LXOptimizer().solve(model)

    assert list(solution.to_frame("production").columns) == ["product", "value"]
    assert list(solution.to_frame(limit).columns) == ["product", "activity", "slack", "shadow_price"]


def test_a_scalar_constraint_becomes_a_frame_of_one_row() -> None:
    frame = limited("le", 11.0).to_frame("limit")

    assert frame.to_dict("list") == {"activity": [8.0], "slack": [3.0], "shadow_price": [0.0]}


def test_activities_agree_with_the_variables_of_any_point() -> None:
    rows = list(range(40))
    x = LXVariable[int, float]("x").from_data(rows).bounds(0, 5)
    limit = LXConstraint[int]("limit").from_data(rows[:15])
    limit.expression(LXLinearExpression().sum_over(x, lambda of, to: (of * 7 + to) % 5 - 1.0).add_constant(2.5))
    limit.between(lambda row: -row, lambda row: 50.0 + row)
    model = LXModel("plan").add_variable(x).add_constraint(limit)
    model.maximize(LXLinearExpression().sum_over(x, lambda row: row % 3 - 0.5))

    solution = LXOptimizer().solve(model)

    values = np.array(list(solution.variables["x"].values()))
    for row, activity in solution.activity["limit"].items():
        coefficients = [(of * 7 + row) % 5 - 1.0 for of in rows]
        assert activity == pytest.approx(float(np.dot(coefficients, values)) + 2.5)
        assert solution.slack["limit"][row] == pytest.approx(min(activity + row, 50.0 + row - activity))
