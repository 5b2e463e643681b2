"""A plan held against a model: what it violates, by how much, and what is no plan of the model."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lumix_core import (
    LXConstraint,
    LXLinearExpression,
    LXModel,
    LXModelError,
    LXNoSolutionError,
    LXOptimizer,
    LXPlanCheck,
    LXVariable,
)
from lumix_core.errors import LXMissingKeyError, LXNumberError, LXUnknownKeyError, LXUnknownNameError
from tests.core.solver.solved_models import assignment, impossible

ErrorText = Callable[..., str]


@dataclass(frozen=True)
class Product:
    name: str
    wood: float
    demand: float


CHAIR, TABLE = PRODUCTS = [Product("Chair", 8, 10), Product("Table", 25, 4)]


def of_name(row: Any) -> Any:
    return row.name


def workshop() -> LXModel:
    """Wood for chairs and tables, of which some can be bought in lots of 50."""
    made = LXVariable[Product, float]("made").from_data(PRODUCTS).indexed_by(of_name).bounds(lower=0, upper=40)
    lots = LXVariable[None, int]("lots").bounds(0, 3)
    wood = LXConstraint("wood").le().rhs(200)
    wood.expression(LXLinearExpression().add_term(made, lambda p: p.wood).add_term(lots, -50).add_constant(20))
    demand = LXConstraint[Product]("demand").from_data(PRODUCTS).indexed_by(of_name).ge().rhs(lambda p: p.demand)
    demand.expression(LXLinearExpression().add_term(made))
    model = LXModel("workshop").add_variables(made, lots).add_constraints(wood, demand)
    return model.maximize(LXLinearExpression().sum_over(made).add_term(lots, -1))


def found(check: LXPlanCheck) -> list[tuple[str, str, str, float]]:
    return [(one.kind, one.name, str(one.sense), one.amount) for one in check.violations]


GOOD: dict[str, Any] = {"made": {"Chair": 10, "Table": 4}, "lots": 0}


def test_a_plan_that_satisfies_the_model_is_true() -> None:
    check = workshop().check(GOOD)

    assert check
    assert check.is_feasible is True
    assert check.violations == ()
    assert check.objective_value == 14
    assert str(check) == "The plan is feasible in model 'workshop', with the objective 14."


def test_violations_come_by_family_and_key_the_largest_first() -> None:
    check = workshop().check({"made": {"Chair": 41, "Table": 3.5}, "lots": 2.25})

    assert not check
    assert found(check) == [
        ("constraint", "wood", "<=", 123),
        ("bound", "made['Chair']", "<=", 1),
        ("constraint", "demand['Table']", ">=", 0.5),
        ("integrality", "lots", "==", 0.25),
    ]
    assert [(one.family, one.key, one.value, one.limit) for one in check.violations] == [
        ("wood", (), 303, 180),
        ("made", "Chair", 41, 40),
        ("demand", "Table", 3.5, 4),
        ("lots", (), 2.25, 2),
    ]


def test_they_are_printed_with_what_is_required() -> None:
    assert str(workshop().check({"made": {"Chair": 41, "Table": 3.5}, "lots": 2.25})).splitlines() == [
        "The plan has 4 violations in model 'workshop':",
        "  wood: 303, and <= 180 is required: 123 too much",
        "  bound of made['Chair']: 41, and <= 40 is required: 1 too much",
        "  demand['Table']: 3.5, and >= 4 is required: 0.5 too little",
        "  lots: 2.25 is no whole number, 0.25 away from one",
    ]


def test_many_violations_are_printed_in_part() -> None:
    x = LXVariable[int, float]("x").from_data(range(50)).bounds(0, 1)
    text = str(LXModel("m").add_variable(x).check({x: dict.fromkeys(range(50), 3)})).splitlines()

    assert len(text) == 22
    assert text[-1] == "  ... (30 more)"


def test_the_violations_of_one_family_are_found_by_name_or_object() -> None:
    model = workshop()
    check = model.check({"made": {"Chair": 0, "Table": 3}, "lots": 4})

    assert [one.key for one in check.of("demand")] == ["Chair", "Table"]
    assert check.of(model.get_constraint("demand")) == check.of("demand")
    assert check.of("wood") == ()


def test_an_equality_and_a_range_are_violated_on_either_side() -> None:
    x = LXVariable[None, float]("x").bounds(2, 2)
    exact = LXConstraint("exact").expression(LXLinearExpression().add_term(x, 3)).eq().rhs(6)
    between = LXConstraint("between").expression(LXLinearExpression().add_term(x)).between(1, 3)
    model = LXModel("m").add_variable(x).add_constraints(exact, between)

    assert found(model.check({"x": 0})) == [
        ("constraint", "exact", "==", 6),
        ("bound", "x", "==", 2),
        ("constraint", "between", ">=", 1),
    ]
    assert found(model.check({"x": 5})) == [
        ("constraint", "exact", "==", 9),
        ("bound", "x", "==", 3),
        ("constraint", "between", "<=", 2),
    ]


def test_a_constraint_without_terms_can_be_violated() -> None:
    x = LXVariable[None, float]("x").bounds(0, 1)
    empty = LXConstraint("empty").expression(LXLinearExpression().add_term(x, 0.0)).ge().rhs(3)

    assert found(LXModel("m").add_variable(x).add_constraint(empty).check({"x": 0})) == [
        ("constraint", "empty", ">=", 3)
    ]


@pytest.mark.parametrize(("excess", "feasible"), [(9e-7, True), (3e-4, True), (1e-2, False)])
def test_tolerances_are_relative_to_the_size_of_the_terms(excess: float, feasible: bool) -> None:
    plan = {"made": {"Chair": 10, "Table": 4 + excess / 25}, "lots": 0}

    assert workshop().check(plan).is_feasible is feasible


@pytest.mark.parametrize(("fraction", "feasible"), [(9e-6, True), (2e-5, False), (-2e-5, False)])
def test_whole_variables_have_a_tolerance(fraction: float, feasible: bool) -> None:
    assert workshop().check({**GOOD, "lots": 1 + fraction}).is_feasible is feasible


def test_a_check_cannot_be_changed_and_is_plain_data() -> None:
    check = workshop().check({**GOOD, "lots": 4})

    with pytest.raises(dataclasses.FrozenInstanceError):
        check.violations = ()  # type: ignore[misc]
    assert copy.deepcopy(check) == pickle.loads(pickle.dumps(check)) == check


# How a plan is given.


def test_families_are_named_or_given_and_elements_have_keys_or_rows() -> None:
    model = workshop()
    made, lots = model.variables

    assert model.check({made: {CHAIR: 10, "Table": 4}, lots: 0}) == model.check(GOOD)


@pytest.mark.parametrize(
    "values",
    [
        pd.Series({"Chair": 10, "Table": 4}),
        {"Chair": Decimal(10), "Table": np.int64(4)},
        {"Table": np.float32(4), "Chair": 10.0},
    ],
)
def test_numbers_of_any_kind_are_values(values: Any) -> None:
    assert workshop().check({"made": values, "lots": {(): 0}}) == workshop().check(GOOD)


def test_values_belong_to_their_keys_in_any_order() -> None:
    plan = {"Table": 41, "Chair": 12.5}

    check = workshop().check({"made": plan, "lots": 3})

    assert [one.key for one in check.of("made")] == ["Table"]
    assert check.objective_value == 50.5
    assert check == workshop().check({"made": {TABLE: 41, CHAIR: 12.5}, "lots": 3})


def test_keys_of_several_parts_are_tuples() -> None:
    plan = {(1, "A"): 36.0, (1, "B"): 37.0, (2, "A"): 51.0, (2, "B"): 51.0}
    model = LXModel("m").add_variable(assignment())

    assert found(model.check({"assignment": plan})) == [("bound", "assignment[(2, 'B')]", ">=", 1)]


def test_a_solution_satisfies_the_model_that_it_is_of() -> None:
    solution = LXOptimizer().solve(workshop())
    check = workshop().check(solution)

    assert check
    assert check.objective_value == pytest.approx(solution.objective_value)
    assert workshop().check(solution.variables) == check
    assert workshop().check({"made": solution.get_mapped("made"), "lots": solution.variables["lots"]}) == check


def test_a_solution_of_yesterday_is_held_against_the_model_of_today() -> None:
    solution = LXOptimizer().solve(workshop())
    today = workshop()
    today.get_constraint("wood").rhs_value = 100
    today.get_variable("made").from_data(PRODUCTS[::-1])

    check = today.check(solution)

    assert [one.name for one in check.violations] == ["wood"]
    assert check.violations[0].amount == pytest.approx(100)


def test_a_solution_without_a_point_is_refused() -> None:
    model = impossible()

    with pytest.raises(LXNoSolutionError):
        model.check(LXOptimizer().solve(model))


def test_what_is_left_out_has_the_default() -> None:
    assert workshop().check({"made": {"Chair": 10}, "lots": 0}, default=4) == workshop().check(GOOD)
    assert found(workshop().check({}, default=0)) == [
        ("constraint", "demand['Chair']", ">=", 10),
        ("constraint", "demand['Table']", ">=", 4),
    ]


# What is no plan of the model.


def test_a_value_that_is_missing_is_refused(error_text: ErrorText) -> None:
    assert error_text(LXMissingKeyError, workshop().check, {"made": {"Table": 4}, "lots": 0}) == (
        "check() got no value for made['Chair']. Give a value for each variable, or default=0 for all that are "
        "left out."
    )
    assert "made['Chair'], nor for 2 more variables" in error_text(LXMissingKeyError, workshop().check, {})


def test_names_and_keys_that_are_not_there_are_refused(error_text: ErrorText) -> None:
    check = workshop().check

    assert error_text(LXUnknownNameError, check, {**GOOD, "amde": 1}) == (
        "The model has no variable named 'amde'. It has 'made', 'lots'."
    )
    assert "no variable named 'demand'" in error_text(LXUnknownNameError, check, {**GOOD, "demand": {}})
    demand = workshop().get_constraint("demand")
    assert "which is no variable" in error_text(LXUnknownNameError, check, {**GOOD, demand: {}})
    assert "which is no variable" in error_text(LXUnknownNameError, check, {3: {}})
    assert error_text(LXUnknownKeyError, check, {"made": {"Desk": 1}}) == (
        "'made' has no key 'Desk': it has 'Chair', 'Table'. Give one of its keys, or a row of the family."
    )
    assert "'lots' has no key 1" in error_text(LXUnknownKeyError, check, {"lots": {1: 1}})


def test_a_solution_of_another_model_is_refused() -> None:
    with pytest.raises(LXUnknownNameError):
        workshop().check(LXOptimizer().solve(LXModel("other").add_variable(LXVariable[None, float]("z").bounds(0, 1))))


def test_two_values_of_one_variable_are_refused(error_text: ErrorText) -> None:
    model = workshop()

    assert "two values of made['Chair']" in error_text(LXModelError, model.check, {"made": {"Chair": 1, CHAIR: 1}})
    assert "'lots' twice" in error_text(LXModelError, model.check, {"lots": 1, model.get_variable("lots"): 1})


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "3", 1e18, -1e300, 10**400])
def test_values_that_are_no_numbers_are_refused(value: Any, error_text: ErrorText) -> None:
    assert "made['Chair']" in error_text(
        LXNumberError, workshop().check, {**GOOD, "made": {"Chair": value, "Table": 1}}
    )
    assert "lots" in error_text(LXNumberError, workshop().check, {**GOOD, "lots": value})


@pytest.mark.parametrize("default", [float("nan"), float("inf"), "0"])
def test_a_default_that_is_no_number_is_refused(default: Any) -> None:
    with pytest.raises(LXNumberError, match=r"The default of check\(\)"):
        workshop().check({}, default=default)


def test_values_of_another_form_are_refused(error_text: ErrorText) -> None:
    check = workshop().check

    assert "Give it a solution, or the values" in error_text(LXModelError, check, [1, 2, 3])
    assert "got None as its values" in error_text(LXModelError, check, None)
    assert "got one number as the values of 'made'" in error_text(LXModelError, check, {"made": 3})
    assert "got [1, 2] as the values of 'made'" in error_text(LXModelError, check, {"made": [1, 2]})


def test_a_sum_that_no_float_can_hold_is_refused(error_text: ErrorText) -> None:
    x = LXVariable[None, float]("x").bounds(lower=0)
    huge = LXConstraint("huge").expression(LXLinearExpression().add_term(x, 1e300)).le().rhs(1)
    model = LXModel("m").add_variable(x)

    assert "the objective" in error_text(
        LXNumberError, model.maximize(LXLinearExpression().add_term(x, 1e300)).check, {"x": 1e10}
    )
    assert "terms of huge" in error_text(LXNumberError, model.add_constraint(huge).check, {"x": 1e10})
