"""What a problem and its families look like when they are printed."""

from __future__ import annotations

from typing import Any

import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXProblem, LXVariable


@pytest.fixture(scope="module")
def problem() -> LXProblem:
    x = LXVariable[int, float]("x").bounds(0, 1).from_data(range(900))
    y = LXVariable[Any, float]("y" * 500).indexed_by_product(
        *(LXIndexDimension(str).from_data([f"{word} {i}" * 100 for i in range(30)]) for word in ("here", "there"))
    )
    rows = LXConstraint[str]("rows").from_data([f"place {i}" for i in range(2000)])
    rows.expression(LXLinearExpression().sum_over(x)).le().rhs(1)
    return LXModel("large").add_variables(x, y).add_constraint(rows).compile()


def test_a_family_is_shown_with_its_name_and_size(problem: LXProblem) -> None:
    assert repr(problem.variables[0]) == "<LXBlock x: 900 from position 0>"
    assert repr(problem.constraints) == "(<LXBlock rows: 2000 from position 0>,)"
    assert len(repr(problem.variables)) < 200


def test_keys_are_shown_in_part(problem: LXProblem) -> None:
    assert repr(problem.variables[0].keys) == "<Keys: 900 (0, 1, 2, ...)>"
    assert len(repr(problem.variables[1].keys)) < 500


def test_a_problem_is_shown_in_a_line(problem: LXProblem) -> None:
    assert repr(problem) == "<LXProblem 'large': minimize, 1800 variables, 2000 constraints, 1800000 nonzeros>"
