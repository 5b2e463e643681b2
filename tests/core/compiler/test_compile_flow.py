"""A compile is four steps, each of which hands on a value that can be printed: plan, read, evaluate, assemble."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXParameter, LXProblem, LXVariable
from lumix_core.compiler.assemble import assemble
from lumix_core.compiler.compile import read
from lumix_core.compiler.evaluate import evaluate
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.plan import plan
from lumix_core.compiler.reading import Reading


@dataclass
class Item:
    id: int
    profit: float


@pytest.fixture
def model() -> LXModel:
    items = [Item(1, 2.0), Item(2, 3.0)]
    needed = LXParameter[Item]("needed").from_data({1: 0.5, 2: 1.5})
    made = LXVariable[Item, float]("made").from_data(items).indexed_by(lambda i: i.id)
    made.bounds(lower=0, upper=lambda i: float(f"{i.id}"))
    hours = LXConstraint[Item]("hours").expression(LXLinearExpression().add_term(made, lambda i: needed[i.id]))
    profit = LXLinearExpression().add_term(made, lambda i: i.profit)
    return LXModel("plan").add_variable(made).add_constraint(hours.le().rhs(4)).maximize(profit)


def test_each_step_hands_on_what_the_next_one_needs(model: LXModel) -> None:
    reading = Reading()
    with Evaluator(reading) as evaluator:
        planned = plan(model, evaluator.tracer, reading)
        read(planned, reading)
        numbers = evaluate(model, evaluator)
        problem = assemble(model, numbers)

    assert str(planned).splitlines() == [
        "LXVariable('made') from list given to from_data: "
        "whole rows: the upper bound of 'made' has to be called with it: it makes a text of values",
        "the key of 'made': over columns",
        "the upper bound of 'made': row by row: it makes a text of values",
        "the coefficient of 'made' in LXConstraint('hours'): over columns",
        "the coefficient of 'made' in the objective: over columns",
    ]
    assert str(reading).startswith("list given to from_data: 2 rows in ")
    assert str(numbers) == "made: 2, hours: 1; 2 nonzeros"
    assert isinstance(problem, LXProblem)
    assert problem.arrays().keys() == model.compile().arrays().keys()
    assert all((problem.arrays()[name] == array).all() for name, array in model.compile().arrays().items())


def test_the_plan_is_made_before_anything_is_evaluated(model: LXModel) -> None:
    called: list[Item] = []
    model.get_variable("made").where(lambda i: called.append(i) is None)

    reading = Reading()
    with Evaluator(reading) as evaluator:
        read(plan(model, evaluator.tracer, reading), reading)

    assert called == []
