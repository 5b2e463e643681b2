"""The value of an expression at the point of a solution, from the rows of its variables as they are now."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isroutine
from typing import Any

import numpy as np

from lumix_core.compiler.compile import compile_model
from lumix_core.compiler.rules.planning import families_of
from lumix_core.errors import LXModelError
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.elements import elements_in
from lumix_core.language.expressions import LXLinearExpression
from lumix_core.language.linear_forms import LXLinearForm
from lumix_core.language.model import LXModel
from lumix_core.language.variables import LXVariable
from lumix_core.solver.alignment import Values, aligned_values


def expression_value(expression: Any, values: Values) -> float:
    """Return the value of an expression, in which each term stands for what it does in an objective.

    Args:
        expression: the expression, or a rule that returns a sum; the rows of its variables are read now.
        values: of the variables of a solution.

    Raises:
        LXModelError: it is no expression, it needs the rows of a constraint, or the rows are others than those of the
            solution.
    """
    model = LXModel("solution.value()")
    if isinstance(expression, LXLinearExpression):
        model.minimize(expression).add_variables(expression.variables())
    elif isinstance(expression, LXLinearForm) or isroutine(expression):
        rule = UserFunction.of(
            _returning(expression) if isinstance(expression, LXLinearForm) else expression, "the sum"
        )
        model.objective, model.maximizing = rule, False
        model.add_variables([one for one in families_of(rule) if isinstance(one, LXVariable)])
    else:
        raise LXModelError(
            f"solution.value() got {expression!r:.80}, which is not an expression. Write "
            f"solution.value(LXLinearExpression().add_term(variable)), or read solution.variables[variable]."
        )
    problem, _ = compile_model(model)
    parts = [aligned_values(block, values, "The solution") for block in problem.variables]
    return problem.objective_at(np.concatenate([np.empty(0), *parts]))


def _returning(form: LXLinearForm) -> Callable[[], LXLinearForm]:
    variables = [one.variable for _, element in form.monomials for one in elements_in(element)]

    def rule(_variables: list[Any] = variables) -> LXLinearForm:
        return form

    return rule
