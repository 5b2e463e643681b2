"""The late-binding trap: a function that captures a loop variable is refused."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable
from lumix_core.errors import LXLateBindingError
from tests.core.error_models import MACHINES, PRODUCTS, Machine, Product, family, model_of, of_id

ErrorText = Callable[..., str]
HERE = __file__


def defined(function: Callable[..., Any]) -> str:
    return f"the function at {HERE}:{inspect.getsourcelines(function)[1]}"


def in_a_for_loop(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:
        expression.add_term(x, lambda p: p.price * machine.hours)
    return expression


def in_a_while_loop(x: Any) -> Any:
    expression, i = LXLinearExpression(), 0
    while i < len(MACHINES):
        machine = MACHINES[i]
        expression.add_term(x, lambda p: p.price * machine.hours)
        i += 1
    return expression


def in_an_endless_loop(x: Any) -> Any:
    expression, machines = LXLinearExpression(), iter(MACHINES)
    while True:
        machine = next(machines, None)
        if machine is None:
            return expression
        expression.add_term(x, lambda p: p.price * machine.hours)


def in_a_comprehension(x: Any) -> Any:
    expression = LXLinearExpression()
    [expression.add_term(x, lambda p: p.price * machine.hours) for machine in MACHINES]
    return expression


def in_a_comprehension_of_functions(x: Any) -> Any:
    expression = LXLinearExpression()
    for function in [lambda p: p.price * machine.hours for machine in MACHINES]:
        expression.add_term(x, function)
    return expression


def in_a_dictionary_of_functions(x: Any) -> Any:
    functions = {}
    for machine in MACHINES:
        functions[machine.id] = lambda p: p.price * machine.hours
    return sum(LXLinearExpression().add_term(x, function) for function in functions.values())


def in_a_generator_expression(x: Any) -> Any:
    return sum(LXLinearExpression().add_term(x, lambda p: p.price * machine.hours) for machine in MACHINES)


def in_a_generator_function(x: Any) -> Any:
    def functions() -> Iterator[Callable[[Any], Any]]:
        for machine in MACHINES:
            yield lambda p: p.price * machine.hours

    expression = LXLinearExpression()
    for function in functions():
        expression.add_term(x, function)
    return expression


def in_a_nested_function(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:

        def coefficient(product: Any) -> Any:
            return product.price * machine.hours

        expression.add_term(x, coefficient)
    return expression


def in_a_function_within_a_function(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:
        expression.add_term(x, lambda p: sum(hours for hours in [machine.hours for _ in range(p.id)]))
    return expression


def in_a_function_that_calls_one_of_the_loop(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:

        def hours() -> Any:
            return machine.hours

        expression.add_term(x, lambda p: p.price * hours())
    return expression


def made_before_the_loop(x: Any) -> Any:
    def coefficient(product: Any) -> Any:
        return product.price * machine.hours

    expression = LXLinearExpression()
    for machine in MACHINES:  # noqa: B007 - the function uses it
        expression.add_term(x, coefficient)
    return expression


def calling_one_made_before_the_loop(x: Any) -> Any:
    def coefficient(product: Any) -> Any:
        return product.price * machine.hours

    expression = LXLinearExpression()
    for machine in MACHINES:  # noqa: B007 - the function uses it
        expression.add_term(x, lambda p: 2 * coefficient(p))
    return expression


def decorated(x: Any) -> Any:
    def checked(function: Any) -> Any:
        @functools.wraps(function)
        def call(row: Any) -> Any:
            return function(row)

        return call

    expression = LXLinearExpression()
    for machine in MACHINES:
        expression.add_term(x, checked(lambda p: p.price * machine.hours))
    return expression


def cached(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:
        expression.add_term(x, functools.cache(lambda p: p.price * machine.hours))
    return expression


def behind_a_partial(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:
        expression.add_term(x, partial(lambda factor, p: factor * p.price * machine.hours, 2))
    return expression


def by_unpacking(x: Any) -> Any:
    expression = LXLinearExpression()
    for _, (machine, *_rest) in enumerate([machine] for machine in MACHINES):
        expression.add_term(x, lambda p: p.price * machine.hours)
    return expression


def by_an_assignment_in_the_body(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:
        hours = machine.hours
        expression.add_term(x, lambda p: p.price * hours)
    return expression


def by_an_assignment_after_the_function(x: Any) -> Any:
    expression, hours = LXLinearExpression(), 1.0
    for machine in MACHINES:
        expression.add_term(x, lambda p: p.price * hours)
        hours = machine.hours
    return expression


def by_a_running_total(x: Any) -> Any:
    expression, total = LXLinearExpression(), 0.0
    for machine in MACHINES:
        total += machine.hours
        expression.add_term(x, lambda p: p.price * total)
    return expression


def by_a_walrus(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:
        if (hours := machine.hours) > 0:
            expression.add_term(x, lambda p: p.price * hours)
    return expression


def by_the_outer_of_two_loops(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:
        for factor in (1, 2):
            expression.add_term(x, lambda p, factor=factor: factor * p.price * machine.hours)
    return expression


def by_the_inner_of_two_loops(x: Any) -> Any:
    expression = LXLinearExpression()
    for factor in (1, 2):
        for machine in MACHINES:
            expression.add_term(x, lambda p, factor=factor: factor * p.price * machine.hours)
    return expression


def by_a_name_that_a_later_loop_takes(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES[:1]:
        expression.add_term(x, lambda p: p.price * machine.hours)
    for machine in MACHINES:
        assert machine.hours
    return expression


def in_a_condition(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:
        expression.add_term(x, 1.0, where=lambda p: p.id == machine.id)
    return expression


class Planner:
    def build(self, x: Any) -> Any:
        self.expression = LXLinearExpression()
        for machine in MACHINES:
            self.expression.add_term(x, lambda p: p.price * machine.hours)
        return self.expression


def in_a_method(x: Any) -> Any:
    return Planner().build(x)


TRAPS = [
    in_a_for_loop,
    in_a_while_loop,
    in_an_endless_loop,
    in_a_comprehension,
    in_a_comprehension_of_functions,
    in_a_dictionary_of_functions,
    in_a_generator_expression,
    in_a_generator_function,
    in_a_nested_function,
    in_a_function_within_a_function,
    in_a_function_that_calls_one_of_the_loop,
    in_a_condition,
    in_a_method,
    made_before_the_loop,
    calling_one_made_before_the_loop,
    decorated,
    cached,
    behind_a_partial,
    by_unpacking,
    by_an_assignment_in_the_body,
    by_an_assignment_after_the_function,
    by_a_running_total,
    by_a_walrus,
    by_the_outer_of_two_loops,
    by_the_inner_of_two_loops,
    by_a_name_that_a_later_loop_takes,
]


@pytest.mark.parametrize("build", TRAPS, ids=[build.__name__ for build in TRAPS])
def test_a_function_that_captures_a_loop_variable_is_refused(
    build: Callable[[Any], LXLinearExpression], error_text: ErrorText
) -> None:
    text = error_text(LXLateBindingError, lambda: model_of(build(family())).compile())

    assert " captures the loop variable " in text
    assert "been rebound since" in text
    assert f"{HERE}:" in text


def test_the_error_of_late_binding_is_told_in_three_beats(error_text: ErrorText) -> None:
    expression, functions, x = LXLinearExpression(), [], family()
    for machine in MACHINES:
        functions.append(lambda p: p.price * machine.hours)
        expression.add_term(x, functions[-1])

    text = error_text(LXLateBindingError, model_of(expression).compile)

    assert text == (
        f"The coefficient of 'production' ({defined(functions[0])}) captures the loop variable 'machine', which has "
        f"been rebound since: every function of that loop would see its last value, Machine(id=3, hours=30.0), not "
        f"Machine(id=1, hours=10.0). Bind it when the function is made: lambda ..., machine=machine: ..."
    )


def rebound_key(rows: list[Any]) -> list[LXVariable[Any, Any]]:
    made = []
    for name in ("a", "b"):
        made.append(LXVariable[Any, float](name).from_data(rows).indexed_by(lambda p: (name, p.id)))
    return made


def rebound_filter(rows: list[Any]) -> list[LXVariable[Any, Any]]:
    made = []
    for name in ("a", "b"):
        made.append(family(rows, name).where(lambda p: p.id != name))
    return made


def rebound_bound(rows: list[Any]) -> list[LXVariable[Any, Any]]:
    made = []
    for name, machine in zip("abc", MACHINES, strict=True):
        made.append(family(rows, name).bounds(upper=lambda p: machine.hours))
    return made


def rebound_cost(rows: list[Any]) -> list[LXVariable[Any, Any]]:
    made = []
    for name, machine in zip("abc", MACHINES, strict=True):
        made.append(family(rows, name).cost(lambda p: machine.hours))
    return made


def rebound_dimension(rows: list[Any]) -> list[LXVariable[Any, Any]]:
    made = []
    for name in ("a", "b"):
        dimension = LXIndexDimension(Product, lambda p: (name, p.id)).from_data(rows)
        made.append(LXVariable[Any, float](name).indexed_by_product(dimension))
    return made


def rebound_combinations(rows: list[Any]) -> list[LXVariable[Any, Any]]:
    made = []
    for name, machine in zip("abc", MACHINES, strict=True):
        made.append(family(rows, name).where_multi(lambda p: p.id != machine.id))
    return made


def rebound_join(rows: list[Any]) -> list[LXVariable[Any, Any]]:
    made = []
    for name, machine in zip("abc", MACHINES, strict=True):
        made.append(family(rows, name).indexed_by_join(Product, Machine, lambda p: [machine]))
    return made


@pytest.mark.parametrize(
    ("build", "role"),
    [
        (rebound_key, "The key of 'a'"),
        (rebound_filter, "The filter of 'a'"),
        (rebound_bound, "The upper bound of 'a'"),
        (rebound_cost, "The cost of 'a'"),
        (rebound_dimension, "The key of 'Product'"),
        (rebound_combinations, "The filter of 'a'"),
        (rebound_join, "The join of 'a'"),
    ],
    ids=["key", "filter", "bound", "cost", "dimension", "combinations", "join"],
)
def test_a_loop_variable_is_found_in_every_function_of_a_family(
    build: Callable[[Any], Any], role: str, error_text: ErrorText
) -> None:
    model = LXModel("plan").add_variables(build(PRODUCTS))
    if model.variables[0].costs:
        model.minimize()

    text = error_text(LXLateBindingError, model.compile)

    assert text.startswith(f"{role} (the function at {HERE}:")


def test_a_loop_variable_is_found_in_a_right_hand_side(error_text: ErrorText) -> None:
    model = LXModel("plan").add_variable(x := family())
    for machine in MACHINES:
        limit = LXConstraint[Product](f"limit{machine.id}").from_data(PRODUCTS).indexed_by(of_id)
        model.add_constraint(
            limit.expression(LXLinearExpression().add_term(x)).le().rhs(lambda p: p.price * machine.hours)
        )

    text = error_text(LXLateBindingError, model.compile)

    assert text.startswith("The right-hand side of 'limit1' (the function at ")


def test_a_loop_variable_is_found_where_it_moves_on_after_a_compile(error_text: ErrorText) -> None:
    models = []
    for machine in MACHINES:
        models.append(model_of(LXLinearExpression().add_term(family(), lambda p: p.price * machine.hours)))
        models[-1].compile()

    text = error_text(LXLateBindingError, models[0].compile)

    assert "captures the loop variable 'machine'" in text
