"""Attributes that parts of a model do not have cannot be assigned; those that they have do what they say."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXParameter, LXVariable
from lumix_core.errors import LXAttributeError, LXModelError, LXNotLinearError, LXNumberError

ErrorText = Callable[..., str]


def family() -> LXVariable[int, float]:
    return LXVariable[int, float]("x").from_data([1, 2])


UNKNOWN: dict[str, tuple[Any, str, str]] = {
    "a variable's bound": (family(), "upper_bound", "Did you mean 'upper'?"),
    "a variable's short bound": (family(), "ub", "Its attributes are "),
    "a constraint's side": (LXConstraint[int]("c"), "rhs_valeu", "Did you mean 'rhs_value'?"),
    "a constraint's sense": (LXConstraint[int]("c"), "sens", "Did you mean 'sense'?"),
    "a model's objective": (LXModel("m"), "objective_expr", "Did you mean 'objective'?"),
    "a model's direction": (LXModel("m"), "minimise", "Did you mean 'minimize'?"),
    "an expression's constant": (LXLinearExpression(), "constnat", "Did you mean 'constant'?"),
    "a parameter's default": (LXParameter[int]("p"), "defualt_value", "Did you mean 'default_value'?"),
    "a dimension's filter": (LXIndexDimension(int), "wher", "Did you mean 'where'?"),
    "something private": (LXModel("m"), "_objectiv", "has no attribute '_objectiv'"),
}


@pytest.mark.parametrize(("part", "name", "hint"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_an_attribute_that_is_not_there_is_refused(part: Any, name: str, hint: str, error_text: ErrorText) -> None:
    text = error_text(LXAttributeError, setattr, part, name, 1)

    assert "so assigning it would change nothing." in text
    assert hint in text
    assert not hasattr(part, name)


def test_it_is_an_attribute_error_to_python() -> None:
    with pytest.raises(AttributeError):
        family().upper_bound = 1  # type: ignore[attr-defined]


METHODS: dict[str, tuple[Any, str]] = {
    "bounds": (family(), "bounds"),
    "cost": (family(), "cost"),
    "right-hand side": (LXConstraint[int]("c"), "rhs"),
    "expression": (LXConstraint[int]("c"), "expression"),
    "objective": (LXModel("m"), "maximize"),
    "default": (LXParameter[int]("p"), "default"),
    "term": (LXLinearExpression(), "add_term"),
}


@pytest.mark.parametrize(("part", "name"), METHODS.values(), ids=METHODS.keys())
def test_a_method_is_not_replaced_by_a_value(part: Any, name: str, error_text: ErrorText) -> None:
    text = error_text(LXAttributeError, setattr, part, name, 1)

    assert text.endswith(f".{name} is a method, and cannot be replaced by a value. Call it: .{name}(...).")
    assert callable(getattr(part, name))


@pytest.mark.parametrize(
    ("part", "name"),
    [(family(), "domain"), (family(), "is_scalar"), (LXConstraint[int]("c"), "right_hand_side")],
)
def test_what_follows_from_other_parts_is_not_assigned(part: Any, name: str, error_text: ErrorText) -> None:
    text = error_text(LXAttributeError, setattr, part, name, "binary")

    assert f".{name} can be read only: it follows from what was declared" in text


def test_bounds_can_be_assigned() -> None:
    x = family()
    x.lower, x.upper = -1, lambda i: 10 * i

    problem = LXModel("m").add_variable(x).compile()

    assert (problem.lower.tolist(), problem.upper.tolist()) == ([-1.0, -1.0], [10.0, 20.0])


def test_an_objective_and_a_left_hand_side_can_be_assigned() -> None:
    x = family().bounds(0, 1)
    row = LXConstraint[None]("row").expression(LXLinearExpression().sum_over(x)).le().rhs(1)
    model = LXModel("m").add_variable(x).add_constraint(row).minimize(LXLinearExpression().sum_over(x))
    model.objective, row.lhs = LXLinearExpression().sum_over(x, 3.0), LXLinearExpression().sum_over(x, 2.0)

    problem = model.compile()

    assert problem.objective.tolist() == [3.0, 3.0]
    assert problem.coefficients.tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    ("part", "name", "value", "error"),
    [
        (family(), "upper", "9", LXNumberError),
        (family(), "lower", float("inf"), LXNumberError),
        (family(), "upper", LXLinearExpression(), LXNotLinearError),
        (LXConstraint[int]("c"), "lhs", 5, LXModelError),
        (LXModel("m"), "objective", family(), LXModelError),
    ],
)
def test_what_is_assigned_is_checked(part: Any, name: str, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        setattr(part, name, value)


class Stock(LXVariable[int, float]):
    """A family of a user's own, with attributes of its own."""

    unit: str
    colour = "red"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.place = "here"


def test_a_class_of_the_users_has_its_own_attributes(error_text: ErrorText) -> None:
    stock = Stock("stock").from_data([1])
    stock.unit, stock.colour, stock.place = "kg", "blue", "there"

    text = error_text(LXAttributeError, setattr, stock, "unti", "g")

    assert "Did you mean 'unit'?" in text
    for twin in (copy.deepcopy(stock), copy.copy(stock), pickle.loads(pickle.dumps(stock))):
        assert (twin.unit, twin.colour, twin.place) == ("kg", "blue", "there")
