"""Rules that are not linear become the structures that expressions with the same meaning become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXNonLinearExpression, LXVariable
from lumix_core.errors import LXFunctionError
from lumix_core.problem.structures import FunctionKind


@dataclass(frozen=True, eq=False)
class Product:
    id: int
    line: int
    goal: float


PRODUCTS = [Product(1, 1, 5.0), Product(2, 1, 7.0), Product(3, 2, 9.0)]
made = LXVariable[Product, float]("made").bounds(0, 60).indexed_by(lambda p: p.id).from_data(PRODUCTS)
used = LXVariable[Product, int]("used").binary().indexed_by(lambda p: p.id).from_data(PRODUCTS)


def model() -> LXModel:
    return LXModel("plan").add_variables(made, used)


def way_of(compiled: LXModel, function: str) -> str:
    return next(line.way for line in compiled.explain().functions if line.function == function).split(",")[0]


def test_a_product_and_an_absolute_value_are_those_of_builders() -> None:
    built = model().minimize(LXNonLinearExpression().add_product(made, used, coeff=2))
    far = LXNonLinearExpression().add_abs(LXLinearExpression().add_term(made).add_term(used, lambda p: -p.goal))
    built.add_constraint(LXConstraint[Product]("near").over(made).expression(far).le().rhs(lambda p: p.goal))
    ruled = model().minimize(lambda: 2 * sum(made[p] * used[p] for p in made))
    ruled.add_constraint(
        LXConstraint[Product]("near").over(made).rule(lambda p: abs(made[p] - p.goal * used[p]) <= p.goal)
    )

    assert ruled.compile().has_numbers_of(built.compile())
    assert way_of(ruled, "the rule 'near'") == way_of(ruled, "the objective") == "columns"


def test_what_goes_through_a_family_has_an_argument_for_each_row() -> None:
    ruled = model().minimize(lambda: max(made[p] + p.goal for p in made if p.line == 1) + min(made[3], 4))

    functions = ruled.compile().structures.functions

    assert way_of(ruled, "the objective") == "columns"
    assert functions.kinds.tolist() == [FunctionKind.MAX, FunctionKind.MIN]
    assert functions.argument_constants.tolist() == [5.0, 7.0, 0.0, 4.0]


def test_equal_functions_are_added_up() -> None:
    ruled = model().minimize(lambda: abs(made[1]) + abs(made[1]) - 2 * abs(made[1]) + made[1] * made[2])

    assert len(ruled.compile().structures.functions) in {0, 3}
    assert len(ruled.compile().structures.quadratics.rows) == 1


@pytest.mark.parametrize("line", [3, 2])
def test_the_largest_of_nothing_is_refused_where_there_is_nothing(line: int) -> None:
    def rule(p: Any) -> Any:
        return max(made[q] for q in made if q.line == p.line + line - 2) <= p.goal

    constraint = LXConstraint[Product]("c").from_data(PRODUCTS[2:]).rule(rule)
    refused = model().add_constraint(constraint)

    if line == 2:
        assert len(refused.compile().structures.functions) == 1
    else:
        with pytest.raises(LXFunctionError, match=r"the rule 'c'.*|The rule 'c'.* max\(\) has no argument"):
            refused.compile()
