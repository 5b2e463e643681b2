"""Handing a model of lumix-opt to HiGHS.

It has no solver for HiGHS. Its public ``to_canonical()`` is what its own solvers build from, and what its documentation
offers to other engines; from there on, this is as quick as it can be by hand.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

import highspy
import numpy as np
from holding import Array, Arrays, compressed, hold

from lumix import LXModel
from lumix.core.enums import LXConstraintSense, LXObjectiveSense, LXVarType


def hold_canonical(model: LXModel[Any], bounds: tuple[Array, Array] | None = None) -> highspy.Highs:
    """Compile and hand over.

    Args:
        model: of lumix-opt.
        bounds: in place of the model's own, which are two numbers for a whole family.
    """
    canonical = model.to_canonical()
    variables, rows = canonical.variables, canonical.rows
    objective = np.zeros(len(variables))
    objective[list(canonical.objective)] = list(canonical.objective.values())
    right = np.array([row.rhs for row in rows])
    kinds = np.array([row.sense.value for row in rows])
    if bounds is None:
        bounds = np.array([one.lower for one in variables]), np.array([one.upper for one in variables])
    lengths = [len(row.coeffs) for row in rows]
    columns = np.fromiter(chain.from_iterable(row.coeffs for row in rows), np.int32, sum(lengths))
    values = np.fromiter(chain.from_iterable(row.coeffs.values() for row in rows), np.float64, sum(lengths))
    starts, places, values = compressed(columns, np.repeat(np.arange(len(rows)), lengths), values, len(variables))
    return hold(
        Arrays(
            maximize=canonical.sense is LXObjectiveSense.MAXIMIZE,
            objective=objective,
            lower=bounds[0],
            upper=bounds[1],
            integer=np.array([one.var_type is not LXVarType.CONTINUOUS for one in variables]),
            row_lower=np.where(kinds == LXConstraintSense.LE.value, -np.inf, right),
            row_upper=np.where(kinds == LXConstraintSense.GE.value, np.inf, right),
            starts=starts,
            rows=places,
            coefficients=values,
        )
    )
