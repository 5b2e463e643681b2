"""The value of an expression at the point of a solution, from the rows of its variables as they are now."""

from __future__ import annotations

import numpy as np

from lumix_core.compiler.compile import compile_model
from lumix_core.errors import LXModelError
from lumix_core.language.expressions import LXLinearExpression
from lumix_core.language.model import LXModel
from lumix_core.solver.alignment import Values, aligned_values


def expression_value(expression: LXLinearExpression, values: Values) -> float:
    """Return the value of an expression, in which each term stands for what it does in an objective.

    Args:
        expression: the expression; the rows of its variables are read now.
        values: of the variables of a solution.

    Raises:
        LXModelError: it is no expression, it needs the rows of a constraint, or the rows are others than those of the
            solution.
    """
    if not isinstance(expression, LXLinearExpression):
        raise LXModelError(
            f"solution.value() got {expression!r:.80}, which is not an expression. Write "
            f"solution.value(LXLinearExpression().add_term(variable)), or read solution.variables[variable]."
        )
    model = LXModel("solution.value()").minimize(expression)
    model.add_variables(expression.variables())
    problem, _ = compile_model(model)
    parts = [aligned_values(block, values, "The solution") for block in problem.variables]
    return problem.objective_at(np.concatenate([np.empty(0), *parts]))
