"""Sizes and ranges of a model by family, and what of it is badly scaled."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXModelStatistics, LXVariable
from lumix_core.problem.statistics import LXRange, range_of, statistics_of
from lumix_core.testing.solvers.problems import INF, problem

ROWS = [(1, 2.0), (2, -5.0), (3, 0.0)]


def of_key(row: Any) -> Any:
    return row[0]


def amounts() -> LXVariable[Any, float]:
    return LXVariable[Any, float]("made").from_data(ROWS).indexed_by(of_key).bounds(lower=0, upper=40)


def plan() -> LXModel:
    made, on = amounts(), LXVariable[Any, int]("on").binary()
    limit = LXConstraint[Any]("limit").from_data(ROWS).indexed_by(of_key)
    limit.expression(LXLinearExpression().add_term(made).add_term(on, -40)).le().rhs(lambda row: row[1])
    total = LXConstraint("total").expression(LXLinearExpression().sum_over(made, lambda row: row[1])).le().rhs(INF)
    cost = LXLinearExpression().sum_over(made, lambda row: row[1]).add_term(on, 0.25)
    return LXModel("plan").add_variables(made, on).add_constraints(limit, total).minimize(cost)


def pair(first: float, second: float, *, whole: bool = False, **numbers: float) -> LXModelStatistics:
    """The statistics of ``first x + second y >= rhs``, with an upper bound of y and a cost of x."""
    x, y = LXVariable[None, float]("x").bounds(lower=0), LXVariable[None, float]("y").bounds(0, numbers.get("upper", 1))
    limit = LXConstraint("limit").expression(LXLinearExpression().add_term(x, first).add_term(y, second))
    limit.ge().rhs(numbers.get("rhs", 1))
    cost = LXLinearExpression().add_term(x, numbers.get("cost", 1)).add_term(y)
    return LXModel("m").add_variables(x, y.integer() if whole else y).add_constraint(limit).minimize(cost).statistics()


def test_sizes_are_those_of_the_problem() -> None:
    sizes = plan().statistics()

    assert (sizes.num_variables, sizes.num_integers, sizes.num_constraints, sizes.num_nonzeros) == (4, 1, 4, 8)


def test_ranges_leave_out_zero_and_what_is_infinite() -> None:
    ranges = plan().statistics()

    assert ranges.coefficients == LXRange(1, 40)
    assert ranges.bounds == LXRange(1, 40)
    assert ranges.right_hand_sides == LXRange(2, 5)
    assert ranges.costs == LXRange(0.25, 5)


def test_each_family_has_its_own_ranges() -> None:
    made, on = plan().statistics().variables
    limit, total = plan().statistics().constraints

    assert (made.name, made.size, made.domain, made.nonzeros) == ("made", 3, "continuous", 5)
    assert (made.coefficients, made.bounds, made.costs) == (LXRange(1, 5), LXRange(40, 40), LXRange(2, 5))
    assert (on.name, on.size, on.domain, on.nonzeros) == ("on", 1, "binary", 3)
    assert (on.coefficients, on.costs) == (LXRange(40, 40), LXRange(0.25, 0.25))
    assert (limit.size, limit.nonzeros, limit.coefficients) == (3, 6, LXRange(1, 40))
    assert limit.right_hand_sides == LXRange(2, 5)
    assert (total.size, total.nonzeros, total.right_hand_sides) == (1, 2, None)


def test_they_are_printed() -> None:
    assert str(plan().statistics()).splitlines() == [
        "Model 'plan': 4 variables (1 whole), 4 constraints, 8 nonzeros",
        "  coefficients 1 to 40",
        "  bounds 1 to 40",
        "  right-hand sides 2 to 5",
        "  costs 0.25 to 5",
        "variables:",
        "  made: 3 continuous, 5 nonzeros, coefficients 1 to 5, bounds 40, costs 2 to 5",
        "  on: 1 binary, 3 nonzeros, coefficients 40, bounds 1, costs 0.25",
        "constraints:",
        "  limit: 3, 6 nonzeros, coefficients 1 to 40, right-hand sides 2 to 5",
        "  total: 1, 2 nonzeros, coefficients 2 to 5",
        "nothing looks badly scaled",
    ]
    assert repr(plan().statistics()) == ("<LXModelStatistics 'plan': 4 variables (1 whole), 4 constraints, 8 nonzeros>")


def test_a_model_without_anything_has_statistics() -> None:
    empty = LXModel("empty").statistics()

    assert (empty.coefficients, empty.bounds, empty.costs, empty.badly_scaled) == (None, None, None, ())
    assert "no variables\nno constraints" in str(empty)


def test_they_cannot_be_changed_and_are_plain_data() -> None:
    numbers = plan().statistics()

    with pytest.raises(dataclasses.FrozenInstanceError):
        numbers.model = "other"  # type: ignore[misc]
    assert copy.deepcopy(numbers) == pickle.loads(pickle.dumps(numbers)) == numbers


# What is badly scaled.


def test_a_constraint_of_wide_range_is_named_with_both_ends() -> None:
    (sentence,) = pair(1e-3, 2e3).badly_scaled

    assert sentence == (
        "limit has coefficients from 0.001 (x) to 2000 (y): use units in which both have a similar size."
    )


def test_a_large_factor_of_a_whole_variable_is_to_be_made_smaller() -> None:
    (sentence,) = pair(1, -1e7, whole=True).badly_scaled

    assert sentence == (
        "limit has coefficients from 1 (x) to -1e+07 (y): make the factor of the whole variable as small as the data "
        "allow."
    )


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"rhs": -3e9}, "limit has a right-hand side of 3e+09"),
        ({"upper": 1e12}, "y has a bound of 1e+12"),
        ({"cost": 1e-10}, "costs of the model range from 1e-10 to 1"),
    ],
)
def test_large_numbers_and_wide_costs_are_named(numbers: dict[str, float], words: str) -> None:
    (sentence,) = pair(1, 1, **numbers).badly_scaled

    assert sentence.startswith(words)


@pytest.mark.parametrize("numbers", [{"rhs": 9e8}, {"upper": 9e8}, {"cost": 1e-8}, {"rhs": INF * -1}])
def test_numbers_within_the_limits_are_not_named(numbers: dict[str, float]) -> None:
    assert pair(1, 9e5, **numbers).badly_scaled == ()


def test_families_far_apart_are_named_even_if_no_single_constraint_is_wide() -> None:
    made = amounts()
    small, large = (
        LXConstraint(name).expression(LXLinearExpression().sum_over(made, factor)).le().rhs(1)
        for name, factor in (("small", 1e-5), ("large", 1e5))
    )

    (sentence,) = LXModel("m").add_variable(made).add_constraints(small, large).statistics().badly_scaled

    assert sentence.startswith("coefficients of the model range from 1e-05 to 1e+05")


def test_the_widest_constraint_of_a_family_stands_for_the_others() -> None:
    made, on = amounts(), LXVariable[Any, float]("on").bounds(0, 1)
    limit = LXConstraint[Any]("limit").from_data(ROWS).indexed_by(of_key)
    big = LXLinearExpression().add_term(made).sum_over(on, lambda row: -(10.0 ** (4 + row[0])))
    limit.expression(big).le().rhs(1)
    numbers = LXModel("m").add_variables(made, on).add_constraint(limit).statistics()

    (sentence,) = numbers.badly_scaled

    assert sentence.startswith("limit[3] (and 1 more of 'limit') has coefficients from 1 (made[3]) to -1e+07")
    assert repr(numbers).endswith("1 badly scaled>")
    assert str(numbers).endswith(f"badly scaled:\n  {sentence}")


def test_numbers_at_the_ends_of_floating_point_have_a_range() -> None:
    assert range_of(problem([1.0], upper=[5e-324]).upper) == LXRange(5e-324, 5e-324)
    assert LXRange(5e-324, 1e300).ratio == INF
    assert statistics_of(problem([1e300], [([1e300], -INF, 1e-300)])).coefficients == LXRange(1e300, 1e300)
