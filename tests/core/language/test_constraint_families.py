"""Constraints over the elements of a variable, over combinations and over related pairs; and their two sides."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from math import inf, nan
from typing import Any

import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXOptimizer, LXSense, LXVariable
from lumix_core.errors import LXIncompleteError, LXModelError, LXNotLinearError, LXNumberError

Compile = Callable[[LXModel], Any]
ErrorText = Callable[..., str]


@dataclass(frozen=True)
class Line:
    id: int
    pieces: float


@dataclass(frozen=True)
class Order:
    id: int
    lines: tuple[Line, ...] = ()


ORDERS = [Order(1, (Line(1, 2.0), Line(2, 3.0))), Order(2, (Line(1, 4.0),))]
DAYS = [1, 2]


def days() -> LXIndexDimension[Any]:
    return LXIndexDimension(int).from_data(DAYS)


def orders() -> LXIndexDimension[Any]:
    return LXIndexDimension(Order, lambda order: order.id).from_data(ORDERS)


def sent() -> LXVariable[Any, float]:
    return LXVariable[Any, float]("sent").indexed_by_product(orders(), days()).where_multi(lambda o, d: o.id >= d)


def joined(family: Any) -> Any:
    return family.from_data(ORDERS).indexed_by_join(
        Order, Line, lambda order: order.lines, lambda order, line: (order.id, line.id)
    )


def over(variable: LXVariable[Any, Any]) -> LXConstraint[Any]:
    return LXConstraint[Any]("c").over(variable).expression(LXLinearExpression().add_term(variable)).le()


def test_a_constraint_over_a_variable_has_its_keys_and_rows(compiled: Compile) -> None:
    variable = sent()

    found = compiled(LXModel("m").add_variable(variable).add_constraint(over(variable).rhs(lambda o, d: 10 * o.id + d)))

    assert found.rows == {f"c[{key}]": {f"sent[{key}]": 1.0} for key in [(1, 1), (2, 1), (2, 2)]}
    assert found.sides == {"c[(1, 1)]": (-inf, 11.0), "c[(2, 1)]": (-inf, 21.0), "c[(2, 2)]": (-inf, 22.0)}


def test_a_constraint_over_a_variable_can_be_filtered(compiled: Compile) -> None:
    variable = sent()
    constraint = over(variable).rhs(1).where_multi(lambda o, d: d == 1).where(lambda o, d: o.id == 2)

    found = compiled(LXModel("m").add_variable(variable).add_constraint(constraint))

    assert found.rows == {"c[(2, 1)]": {"sent[(2, 1)]": 1.0}}
    assert constraint.get_instances() == [(ORDERS[1], 1)]


def test_the_own_pair_of_a_join_is_found_by_its_key(compiled: Compile) -> None:
    variable = joined(LXVariable[Any, float]("x"))
    own = over(variable).rhs(lambda order, line: line.pieces)
    other = joined(LXConstraint[Any]("d")).expression(LXLinearExpression().add_term(variable, lambda o, k: k.pieces))

    found = compiled(LXModel("m").add_variable(variable).add_constraints(own, other.ge().rhs(0)))

    keys = {(1, 1): 2.0, (1, 2): 3.0, (2, 1): 4.0}
    assert found.rows == {
        **{f"c[{key}]": {f"x[{key}]": 1.0} for key in keys},
        **{f"d[{key}]": {f"x[{key}]": pieces} for key, pieces in keys.items()},
    }
    assert [found.sides[f"c[{key}]"] for key in keys] == [(-inf, pieces) for pieces in keys.values()]


def test_the_pairs_of_a_join_match_the_rows_of_one_of_its_classes(compiled: Compile) -> None:
    variable = joined(LXVariable[Any, float]("x"))
    each = LXConstraint[Order]("c").from_data(ORDERS).indexed_by(lambda order: order.id).le().rhs(1)
    each.expression(LXLinearExpression().sum_over(variable, matching=True))

    found = compiled(LXModel("m").add_variable(variable).add_constraint(each))

    assert found.rows == {"c[1]": {"x[(1, 1)]": 1.0, "x[(1, 2)]": 1.0}, "c[2]": {"x[(2, 1)]": 1.0}}


def test_a_constraint_over_a_scalar_is_a_single_one(compiled: Compile) -> None:
    z = LXVariable[None, float]("z")

    found = compiled(LXModel("m").add_variable(z).add_constraint(over(z).rhs(3)))

    assert found.rows == {"c": {"z": 1.0}}


def test_a_constraint_over_a_variable_has_no_rows_beside(error_text: ErrorText) -> None:
    variable = sent()
    model = LXModel("m").add_variable(variable).add_constraint(over(variable).rhs(1).from_data(ORDERS))

    text = error_text(LXModelError, model.compile)

    assert text.startswith("LXConstraint('c') has both over() and from_data/from_model(): its rows and keys are those")


def test_a_constraint_is_over_a_variable_and_nothing_else() -> None:
    with pytest.raises(LXModelError, match=r"LXConstraint\('c'\).over\(\) got .* which is not a variable"):
        LXConstraint[Any]("c").over(ORDERS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["copy", "pickle"]
)
def test_copies_have_the_same_rows(copied: Callable[[LXModel], LXModel]) -> None:
    variable = sent()
    constraint = LXConstraint[Any]("c").over(variable).between(lambda o, d: -inf, lambda o, d: o.id)
    constraint.expression(LXLinearExpression().add_term(variable, at=lambda o, d: (o.id, d - 1), missing="skip"))
    model = LXModel("m").add_variable(variable).add_constraint(constraint)

    twin = copied(model)

    assert twin.compile().has_numbers_of(model.compile())
    assert twin.constraints[0].base is twin.variables[0]


def test_a_session_keeps_what_a_constraint_is_over() -> None:
    variable = sent().bounds(0, 9)
    total = LXLinearExpression().sum_over(variable)
    model = LXModel("m").add_variable(variable).add_constraint(over(variable).rhs(2)).maximize(total)

    with LXOptimizer().open(model) as session:
        variable.where_multi(lambda o, d: d == 2)
        session.set_rhs("c", 5, key=(2, 1))

        assert session.solve().objective_value == 9.0


def band(**sides: Any) -> LXModel:
    x = LXVariable[int, float]("x").bounds(0, 10).from_data(DAYS)
    constraint = LXConstraint[int]("band").from_data(DAYS).between(sides["lower"], sides["upper"])
    constraint.expression(LXLinearExpression().add_term(x).add_constant(1))
    return LXModel("m").add_variable(x).add_constraint(constraint)


def test_both_sides_hold_less_the_constant(compiled: Compile) -> None:
    found = compiled(band(lower=2, upper=lambda day: inf if day == 1 else 4))

    assert found.sides == {"band[1]": (1.0, inf), "band[2]": (1.0, 3.0)}


@pytest.mark.parametrize("name", ["highs", "pulp"])
@pytest.mark.parametrize(("maximize", "expected"), [(True, 9.0), (False, 2.0)])
def test_both_sides_bind(name: str, maximize: bool, expected: float) -> None:
    model = band(lower=2, upper=lambda day: inf if day == 1 else 0 + 4)
    x = model.get_variable("x")
    if maximize:
        model.maximize(LXLinearExpression().add_term(x, lambda day: 3 if day == 2 else 0))
    else:
        model.minimize(LXLinearExpression().sum_over(x))

    assert LXOptimizer().use_solver(name).solve(model).objective_value == pytest.approx(expected)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda c: c.between(3, 2), LXModelError, "between(3, 2): no value lies between them"),
        (lambda c: c.between(nan, 2), LXNumberError, "The lower side of 'c' is NaN"),
        (lambda c: c.between(1, None), LXNumberError, "The upper side of 'c' is NULL (None)"),
        (lambda c: c.between(1, 2).le(), LXModelError, "LXConstraint('c') is between already: .le() would replace"),
        (lambda c: c.between(1, 2).rhs(1), LXModelError, "has the right-hand side 1, 2 already: .rhs(1) would"),
        (lambda c: c.between(1, 2).between(1, 3), LXModelError, ".between(1, 3) would replace it"),
        (lambda c: c.rhs(1).between(1, 3), LXModelError, "has the right-hand side 1 already: .between(1, 3)"),
        (lambda c: c.ge().between(1, 3), LXModelError, "LXConstraint('c') is >= already: .between(...) would"),
        (lambda c: c.ge().rhs(1).le(), LXModelError, "LXConstraint('c') is >= already: .le() would replace that"),
        (lambda c: c.le().eq(), LXModelError, "LXConstraint('c') is <= already: .eq() would replace that"),
        (lambda c: c.rhs(1).rhs(2), LXModelError, "has the right-hand side 1 already: .rhs(2) would replace it"),
        (lambda c: c.rhs(1).rhs(lambda r: 1), LXModelError, "has the right-hand side 1 already"),
        (lambda c: c.expression(LXLinearExpression()), LXModelError, "has an expression already"),
        (lambda c: c.rhs(c.lhs), LXNotLinearError, "Subtract it on the left: .expression(left - right)"),
        (lambda c: c.rhs(sent()), LXNotLinearError, "The right-hand side of 'c' is a variable"),
        (lambda c: c.between(0, c.lhs), LXNotLinearError, "The upper side of 'c' is an expression"),
    ],
)
def test_a_second_different_side_is_refused(call: Any, error: Any, message: str, error_text: ErrorText) -> None:
    constraint = LXConstraint[Any]("c").expression(LXLinearExpression())

    assert message in error_text(error, call, constraint)


def test_the_same_side_may_be_declared_twice() -> None:
    constraint = LXConstraint[Any]("c").le().le().rhs(3).rhs(3.0)

    assert (constraint.sense, constraint.rhs_value) == (LXSense.LE, 3.0)


@pytest.mark.parametrize(("sense", "value"), [("le", -inf), ("ge", inf), ("eq", inf), ("eq", -inf)])
@pytest.mark.parametrize("how", [lambda value: value, lambda value: lambda day: value], ids=["number", "function"])
def test_a_side_that_nothing_satisfies_is_refused(sense: str, value: float, how: Any) -> None:
    x = LXVariable[int, float]("x").from_data(DAYS)
    constraint = LXConstraint[int]("c").from_data(DAYS).expression(LXLinearExpression().add_term(x)).rhs(how(value))

    with pytest.raises(LXNumberError, match="The right-hand side of 'c'"):
        LXModel("m").add_variable(x).add_constraint(getattr(constraint, sense)()).compile()


@pytest.mark.parametrize(("sense", "value"), [("le", inf), ("ge", -inf)])
def test_a_side_that_never_binds_is_allowed(sense: str, value: float, compiled: Compile) -> None:
    x = LXVariable[int, float]("x").from_data(DAYS)
    constraint = LXConstraint[int]("c").from_data(DAYS).expression(LXLinearExpression().add_term(x).add_constant(4))
    getattr(constraint, sense)().rhs(lambda day: value if day == 1 else 6)

    found = compiled(LXModel("m").add_variable(x).add_constraint(constraint))

    assert found.sides["c[1]"] == (-inf, inf)
    assert 2.0 in found.sides["c[2]"]


def test_a_sense_that_is_assigned_must_fit_the_sides() -> None:
    model = band(lower=0, upper=1)
    model.get_constraint("band").sense = LXSense.LE

    with pytest.raises(LXModelError, match=r"Constraint 'band' has the sense .*and two sides"):
        model.compile()


def test_a_constraint_with_a_sense_and_no_side_is_incomplete() -> None:
    x = LXVariable[int, float]("x").from_data(DAYS)
    constraint = LXConstraint[int]("c").expression(LXLinearExpression().sum_over(x)).le()

    with pytest.raises(LXIncompleteError, match="rhs"):
        LXModel("m").add_variable(x).add_constraint(constraint).compile()
