"""Rules that are wrong are refused: the message names the rule's line, the row and the key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXModelError, LXParameter, LXVariable, between
from lumix_core.errors import (
    LXFunctionError,
    LXIncompleteError,
    LXLateBindingError,
    LXMissingKeyError,
    LXNotLinearError,
    LXNumberError,
)

HERE = __file__
ErrorText = Callable[..., str]


@dataclass(frozen=True)
class Product:
    id: int
    profit: Any = 1.0


@dataclass(frozen=True)
class Machine:
    id: int
    hours: Any = 8.0


PRODUCTS = [Product(1), Product(2)]
MACHINES = [Machine(1), Machine(3)]
made = LXVariable[Product, float]("made").indexed_by(lambda p: p.id).from_data(PRODUCTS)
over = LXVariable[Any, float]("over")
other = LXVariable[Product, float]("other").indexed_by(lambda p: p.id).from_data(PRODUCTS)
need = LXParameter[Any]("need").from_data({(1, 1): 2.0})


def compiled(rule: Callable[..., Any], rows: Any = MACHINES) -> Any:
    hours = LXConstraint[Machine]("hours").indexed_by(lambda m: m.id).from_data(rows).rule(rule)
    return LXModel("shop").add_variables(made, over).add_constraint(hours).compile()


def at(rule: Callable[..., Any]) -> str:
    return f"{HERE}:{rule.__code__.co_firstlineno}"


def forgets(m: Machine) -> Any:
    made[m.id] <= m.hours  # noqa: B015 - what is tested


WRONG: dict[str, tuple[Callable[[Any], Any], type[Exception], str]] = {
    "a missing key": (
        lambda m: made[m.id] <= m.hours,
        LXMissingKeyError,
        "The rule 'hours' (the function at {at}) failed for key 3 of 'hours': 'made' has no key 3. "
        "Write made.get(key, 0) where an element may be missing, or leave such rows out with if.",
    ),
    "a missing key of many rows": (
        lambda m: sum(made[p.id + m.id // 3] for p in made) <= m.hours,
        LXMissingKeyError,
        "The rule 'hours' (the function at {at}) failed for key 3 of 'hours' and key 2 of 'made': 'made' has no key 3. "
        "Write made.get(key, 0) where an element may be missing, or leave such rows out with if.",
    ),
    "a missing number": (
        lambda m: sum(need[p.id, m.id] * made[p] for p in made) <= m.hours,
        LXMissingKeyError,
        "The coefficient of 'made' in the rule 'hours' (the function at {at}) failed for key 1 of 'hours' and key 2 of "
        "'made' in the rule 'hours': LXParameter('need') has no value for the key (2, 1): "
        "none of its 1 rows has it, and there is no default. "
        "Add the row, or give a default: .default(0.0).",
    ),
    "a forgotten return": (
        forgets,
        LXFunctionError,
        "The rule 'hours' (the function at {at}) failed for key 1 of 'hours': it returns None: a return is missing. "
        "Return a comparison, or SKIP for no constraint.",
    ),
    "a sum in place of a comparison": (
        lambda m: over + 1,
        LXFunctionError,
        "The rule 'hours' (the function at {at}) failed for key 1 of 'hours': it returns <LXLinearForm over + 1>, "
        "which is no constraint. Return a comparison of sums, or SKIP for no constraint.",
    ),
    "an attribute that is not there": (
        lambda m: made[1] <= m.hour,  # type: ignore[attr-defined]
        LXFunctionError,
        "A number in the rule 'hours' (the function at {at}) failed for key 1 of 'hours': AttributeError: 'Machine' "
        "object has no attribute 'hour'. Did you mean 'hours'? Correct the function or the row.",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_rule_is_refused(name: str, error_text: ErrorText) -> None:
    rule, error, text = WRONG[name]

    assert error_text(error, compiled, rule) == text.format(at=at(rule))


def test_a_null_names_the_row_and_the_attribute(error_text: ErrorText) -> None:
    rows = [MACHINES[0], replace(MACHINES[1], hours=None)]

    def rule(m: Machine) -> Any:
        return over <= m.hours

    assert error_text(LXNumberError, compiled, rule, rows) == (
        f"A number in the rule 'hours' (the function at {at(rule)}) is NULL (None) for key 3 of 'hours'. "
        f"It read Machine.hours = None. Give a finite number, or leave such rows out with if."
    )


def test_a_row_of_another_class_is_no_key(error_text: ErrorText) -> None:
    def rule(m: Machine) -> Any:
        return made[m] <= 1

    assert error_text(LXModelError, compiled, rule) == (
        f"The rule 'hours' (the function at {at(rule)}) indexes 'made' with a row of Machine, but it is made over "
        f"Product. Index it with a key: made[row.id]."
    )


NOT_LINEAR: dict[str, Callable[[Any], Any]] = {
    "a product of three": lambda m: made[1] * over * over <= 1,
    "a quotient": lambda m: 1 / over <= 1,
    "a power": lambda m: over**3 <= 1,
    "an absolute value of a product": lambda m: abs(over * made[1]) <= 1,
    "the largest with a key": lambda m: max(made[1], made[2], key=str) <= 1,
    "a strict order": lambda m: over < 1,
    "not equal": lambda m: made[1] != 1,
    "a family": lambda m: made <= 1,
    "a truth": lambda m: (over if made[1] else made[2]) <= 1,
    "a variable as a side": lambda m: between(0, over, made[1]),
}


@pytest.mark.parametrize("name", NOT_LINEAR)
def test_what_is_not_linear_is_refused(name: str) -> None:
    with pytest.raises(LXNotLinearError, match=r"The rule 'hours' .* failed for key 1 of 'hours': "):
        compiled(NOT_LINEAR[name])


LOST: dict[str, Callable[[Any], Any]] = {
    "two constraints joined by and": lambda m: over <= 1 and made[1] <= 1,
    "a condition on a variable": lambda m: over <= 1 if made[1] >= 0 else over <= 2,
    "a chain of equations": lambda m: 1 == made[1] == over,
    "the truth of a comparison": lambda m: (over <= 1) or (over >= 3),
}


@pytest.mark.parametrize("name", LOST)
def test_a_comparison_is_no_truth(name: str) -> None:
    with pytest.raises(LXModelError, match=r"between\(lower, expression, upper\)"):
        compiled(LOST[name])


def test_a_family_does_not_tell_which_element(error_text: ErrorText) -> None:
    assert error_text(LXNotLinearError, lambda: made + 1) == (
        "LXVariable('made') is a family, and does not tell which of its elements is meant. In a rule write made[row] "
        "or made[key], or sum(made[row] for row in made)."
    )


def test_a_variable_that_is_not_of_the_model_is_refused() -> None:
    with pytest.raises(LXModelError, match=r"The rule 'hours' .* uses the variable 'other', which was never added"):
        compiled(lambda m: sum(other[p] for p in other) <= m.hours)


def test_a_rule_takes_one_row_a_dimension(error_text: ErrorText) -> None:
    def rule() -> Any:
        return over <= 1

    assert error_text(LXFunctionError, compiled, rule) == (
        f"The rule 'hours' (the function at {at(rule)}) takes 0 argument(s), but it is given 1: one row for each "
        f"dimension of its constraint. Write a function of 1 argument(s), or say where its rows come from with "
        f".from_data(rows), .from_model(Row, session) or .over(variable)."
    )


def test_a_generator_is_used_up_after_one_call() -> None:
    some = (made[p] for p in PRODUCTS)

    with pytest.raises(LXFunctionError, match="captures a generator, which is used up after one call"):
        compiled(lambda m: sum(some) <= m.hours)


def test_a_loop_variable_that_was_rebound_is_refused() -> None:
    model = LXModel("shop").add_variables(made, over)
    for limit in (1, 2):

        @model.constraint(name=f"limit {limit}")
        def rule() -> Any:
            return over <= limit

    with pytest.raises(LXLateBindingError, match="The rule 'limit 1'"):
        model.compile()


def test_a_rule_says_all_of_a_constraint(error_text: ErrorText) -> None:
    constraint = LXConstraint[Machine]("hours").le()

    assert error_text(LXModelError, lambda: constraint.rule(lambda m: over <= 1)) == (
        "LXConstraint('hours') has a sense: a rule says all of that itself. Leave one of them out."
    )


def test_a_sense_beside_a_rule_is_refused() -> None:
    constraint = LXConstraint[Machine]("hours").from_data(MACHINES).rule(lambda m: over <= 1).ge()

    with pytest.raises(LXModelError, match="has a rule, and an expression, a sense or a right-hand side beside it"):
        LXModel("shop").add_variable(over).add_constraint(constraint).compile()


def test_a_second_rule_is_refused() -> None:
    constraint = LXConstraint("single").rule(lambda: over <= 1)

    with pytest.raises(LXModelError, match="has a rule already"):
        constraint.rule(lambda: over >= 1)


@pytest.mark.parametrize("over_", [3, "made", (MACHINES, 1), [MACHINES]])
def test_a_constraint_is_over_a_variable_or_rows(over_: Any) -> None:
    with pytest.raises(LXModelError, match=r"expected a variable, \(Row, session\), \(rows,\), dimensions, or \(\)"):
        LXModel("shop").constraint(over=over_)(lambda: over <= 1)


def test_an_objective_returns_a_sum() -> None:
    model = LXModel("shop").add_variables(made, over).minimize(lambda: over <= 1)  # type: ignore[arg-type, return-value]

    with pytest.raises(LXFunctionError, match=r"it is no sum\. Return a sum of elements of variables"):
        model.compile()


def test_an_expression_of_terms_is_no_part_of_a_rule() -> None:
    terms = LXLinearExpression().add_term(over)

    with pytest.raises(LXNotLinearError, match="An expression is added to expressions and numbers"):
        compiled(lambda m: made[1] + terms <= 1)


def test_a_variable_without_an_index_has_no_rows() -> None:
    with pytest.raises(LXModelError, match="has no index, so that there are no rows to go through"):
        compiled(lambda m: sum(over for _ in over) <= 1)


def test_a_constraint_without_a_rule_is_incomplete() -> None:
    with pytest.raises(LXIncompleteError):
        LXModel("shop").add_variable(over).add_constraint(LXConstraint("single")).compile()
