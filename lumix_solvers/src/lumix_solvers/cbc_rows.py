"""Rows as CBC is given them, multiplied where it would draw a wrong conclusion from their coefficients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lumix_core.problem import LXProblem


def without_units(problem: LXProblem) -> LXProblem:
    """Return a problem in which few rows have a coefficient of 1 or -1 for a continuous column.

    CBC (seen in 2.10.3, which PuLP ships) looks at each continuous column with a cost. Where such a column is in one
    row, and all continuous columns of that row have the coefficient 1 or -1, it takes the objective for a multiple of
    whole steps (``CbcModel::analyzeObjective``). That is so where each of them is in no other row, and need not be so
    elsewhere. From then on CBC leaves out each point that is better than its incumbent by less than such a step, and
    reports the incumbent as optimal. Rows that are multiplied by powers of 2 mean the same, and nothing is rounded.

    Args:
        problem: with integer columns; for others CBC does not branch.
    """
    rows, columns = problem.row_numbers(), problem.columns
    is_continuous = ~problem.integer[columns]
    is_shared = is_continuous & (np.bincount(columns, minlength=problem.num_variables) > 1)[columns]
    doubtful = np.zeros(problem.num_constraints, dtype=np.bool_)
    doubtful[rows[is_shared]] = True
    scales = np.ones(problem.num_constraints)
    while True:
        sizes = np.abs(problem.coefficients * scales[rows])
        units = np.unique(rows[(sizes == 1.0) & is_continuous & doubtful[rows]])
        if not len(units):
            break
        scales[units] *= 2.0
    return replace(
        problem,
        coefficients=problem.coefficients * scales[rows],
        row_lower=problem.row_lower * scales,
        row_upper=problem.row_upper * scales,
    )
