"""A problem of nothing, where only options are looked at."""

from __future__ import annotations

import numpy as np

from lumix_core.problem import LXProblem

NO_PROBLEM = LXProblem(
    maximize=False,
    objective=np.empty(0),
    offset=0.0,
    lower=np.empty(0),
    upper=np.empty(0),
    integer=np.empty(0, dtype=np.bool_),
    row_starts=np.zeros(1, dtype=np.int32),
    columns=np.empty(0, dtype=np.int32),
    coefficients=np.empty(0),
    row_lower=np.empty(0),
    row_upper=np.empty(0),
    name="nothing",
)
"""Without columns and rows."""
