"""Models: their objectives, families and summaries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable
from lumix_core.errors import LXDuplicateNameError, LXModelError, LXUnknownNameError
from tests.core.language_models import MACHINES, PRODUCTS, Machine, Product, assignment, of_id, production

Compile = Callable[[LXModel], Any]

# Objectives


@pytest.mark.parametrize("maximizing", [True, False], ids=["maximize", "minimize"])
def test_costs_make_the_objective(maximizing: bool, compiled: Compile) -> None:
    x = production().cost(lambda p: p.price)
    y = LXVariable[None, float]("y").cost(-2)
    model = LXModel("m").add_variables(x, y)
    optimise = model.maximize if maximizing else model.minimize
    optimise()

    found = compiled(model)

    assert found.objective == {"production[1]": 3.0, "production[2]": 5.0, "y": -2.0}
    assert found.problem.maximize is maximizing


def test_a_second_cost_adds(compiled: Compile) -> None:
    model = LXModel("m").add_variable(production().cost(lambda p: p.price).cost(10)).minimize()

    found = compiled(model)

    assert found.objective == {"production[1]": 13.0, "production[2]": 15.0}


@pytest.mark.parametrize("method", ["cost", "cost_multi"])
def test_a_cost_of_a_product_is_a_function_of_one_row_a_dimension(method: str, compiled: Compile) -> None:
    variable = assignment()
    getattr(variable, method)(lambda p, m: p.price * m.hours)

    found = compiled(LXModel("m").add_variable(variable).minimize())

    assert found.objective == {
        "assignment[(1, 1)]": 30.0,
        "assignment[(1, 2)]": 60.0,
        "assignment[(2, 1)]": 50.0,
        "assignment[(2, 2)]": 100.0,
    }


def test_a_model_without_an_objective_has_no_costs(compiled: Compile) -> None:
    model = LXModel("m").add_variable(production())

    found = compiled(model)

    assert (found.objective, found.problem.offset) == ({}, 0.0)


def test_the_last_objective_counts(compiled: Compile) -> None:
    variable = production()
    model = LXModel("m").add_variable(variable).maximize(LXLinearExpression().add_term(variable))
    model.minimize(LXLinearExpression().add_term(variable, 2.0, keys=[1]))

    found = compiled(model)

    assert (found.problem.maximize, found.objective) == (False, {"production[1]": 2.0})


# Models


def test_every_builder_method_returns_its_own_object() -> None:
    x = LXVariable[Product, float]("x")
    limit = LXConstraint[Product]("limit")
    model = LXModel("m")
    expression = LXLinearExpression()
    dimension = LXIndexDimension(Product, of_id)
    free = LXVariable[Product, float]("free")

    returned = [
        (x, [x.continuous(), x.integer(), x.binary(), x.bounds(lower=0), x.from_data(PRODUCTS), x.indexed_by(of_id)]),
        (x, [x.where(bool), x.where_multi(bool), x.cost(1), x.cost_multi(1)]),
        (free, [free.indexed_by_product(dimension)]),
        (dimension, [dimension.from_data(PRODUCTS), dimension.where(bool)]),
        (expression, [expression.add_term(x), expression.add_multi_term(x), expression.sum_over(x)]),
        (expression, [expression.add_constant(1)]),
        (limit, [limit.expression(expression), limit.le(), limit.rhs(1), limit.rhs(1)]),
        (limit, [limit.from_data(PRODUCTS), limit.indexed_by(of_id), limit.where(bool)]),
        (model, [model.add_variable(x), model.add_variables(free), model.add_constraint(limit)]),
        (model, [model.add_constraints(), model.minimize(), model.maximize()]),
    ]

    assert all(result is own for own, results in returned for result in results)


def test_several_families_are_added_one_by_one_or_as_a_list() -> None:
    a, b, c = (LXVariable[None, float](name) for name in "abc")
    d, e = (LXConstraint[None](name) for name in "de")

    model = LXModel("m").add_variables(a, [b, c]).add_constraints([d], e)

    assert (model.variables, model.constraints) == ([a, b, c], [d, e])


def test_families_are_found_by_name() -> None:
    x, limit = LXVariable[None, float]("x"), LXConstraint[None]("limit")

    model = LXModel("m").add_variable(x).add_constraint(limit)

    assert model.get_variable("x") is x
    assert model.get_constraint("limit") is limit


def test_a_variable_and_a_constraint_may_share_a_name(compiled: Compile) -> None:
    x = LXVariable[None, float]("hours")
    limit = LXConstraint[None]("hours").expression(LXLinearExpression().add_term(x)).le().rhs(1)

    found = compiled(LXModel("m").add_variable(x).add_constraint(limit))

    assert found.rows == {"hours": {"hours": 1.0}}


def test_a_summary_names_families_and_reads_no_rows() -> None:
    def fail(row: Any) -> Any:
        raise AssertionError(row)

    x = LXVariable[Product, int]("x").from_data(PRODUCTS).indexed_by(fail)
    y = assignment()
    limit = LXConstraint[Machine]("limit").from_data(MACHINES).le()

    text = LXModel("plan").add_variables(x, y).add_constraint(limit).maximize(LXLinearExpression()).summary()

    assert text.splitlines() == [
        "Model 'plan': maximize",
        "  variables: 2",
        "    x[Product]: integer",
        "    assignment[Product, Machine]: continuous",
        "  constraints: 1",
        "    limit[Machine]: ... <= ...",
    ]


def test_a_summary_names_the_source_of_rows_of_no_class() -> None:
    variable = LXVariable[Any, float]("x").from_data(PRODUCTS)

    text = LXModel("plan").add_variable(variable).summary()

    assert "    x[list given to from_data]: continuous" in text.splitlines()


# Families that are taken away


def limited(name: str, variable: LXVariable[Any, Any], most: float) -> LXConstraint[Any]:
    return LXConstraint[Any](name).expression(LXLinearExpression().sum_over(variable)).le().rhs(most)


def test_a_name_is_free_again_once_its_family_is_removed(compiled: Compile) -> None:
    x, y = production(), LXVariable[None, float]("y")
    model = LXModel("m").add_variables(x, y).add_constraints(limited("a", x, 1), limited("b", x, 2))
    model.remove_constraint("a").remove_variable("y").add_constraint(limited("a", x, 3))

    found = compiled(model.add_variable(LXVariable[None, float]("y").bounds(0, 9)))

    assert [upper for _, upper in found.sides.values()] == [2.0, 3.0]
    assert found.bounds["y"] == (0.0, 9.0)


@pytest.mark.parametrize("word", ["constraint", "variable"])
def test_only_what_is_there_is_removed(word: str, error_text: Callable[..., str]) -> None:
    model = LXModel("m").add_variable(production())

    assert f"Model 'm' has no {word} 'none'." in error_text(
        LXUnknownNameError, getattr(model, f"remove_{word}"), "none"
    )


def test_a_variable_that_is_used_is_missed_when_the_model_is_compiled() -> None:
    x = production()
    model = LXModel("m").add_variable(x).add_constraint(limited("a", x, 1)).remove_variable("production")

    with pytest.raises(LXModelError, match="Constraint 'a' uses the variable 'production', which was never added"):
        model.compile()


EDITS: dict[str, Callable[[LXModel, LXConstraint[Any]], None]] = {
    "replaced": lambda model, b: (model.constraints.remove(model.constraints[0]), model.constraints.append(b))[0],
    "assigned": lambda model, b: model.constraints.__setitem__(0, b),
    "another list": lambda model, b: setattr(model, "constraints", [b]),
    "renamed": lambda model, b: setattr(model.constraints[0], "name", "b"),
    "cleared": lambda model, b: model.constraints.clear(),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_names_are_those_of_the_list_however_it_was_edited(edit: Any) -> None:
    x = production()
    model = LXModel("m").add_variable(x).add_constraint(limited("a", x, 2))
    edit(model, limited("b", x, 3))

    model.add_constraint(limited("a", x, 4))

    assert model.compile().row_upper.tolist()[-1] == 4.0
    with pytest.raises(LXDuplicateNameError):
        model.add_constraint(limited("a", x, 5))


@pytest.mark.parametrize("word", ["variable", "constraint"])
def test_two_families_of_one_name_are_refused_when_the_model_is_compiled(
    word: str, error_text: Callable[..., str]
) -> None:
    """A list that was edited by hand may hold them; results would be those of the first."""
    x = production()
    model = LXModel("m").add_variable(x).add_constraint(limited("a", x, 2))
    model.constraints.append(limited("a", x, 3)) if word == "constraint" else model.variables.append(production())

    text = error_text(LXDuplicateNameError, model.compile)

    assert f"more than once among its {word}s: results are found by name." in text
