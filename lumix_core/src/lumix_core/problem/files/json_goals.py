"""Goals of a problem as JSON: mode, families, rows, priorities and weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from lumix_core.problem.goals import NO_GOALS, Goals, LXGoalMode
from lumix_core.problem.problem import LXBlock

Fail = Callable[[str], NoReturn]


def goals_to_json(goals: Goals) -> dict[str, Any]:
    """Return goals as JSON."""
    return {
        "mode": str(goals.mode),
        "families": list(goals.families),
        "rows": goals.rows.tolist(),
        "priorities": goals.priorities.tolist(),
        "weights": goals.weights.tolist(),
    }


def goals_from_json(form: dict[str, Any], blocks: tuple[LXBlock, ...], fail: Fail) -> Goals:
    """Return the goals that `goals_to_json` wrote; ``fail`` is called with what is wrong.

    Args:
        form: the JSON.
        blocks: the families of constraints of the problem.
        fail: raises.
    """
    if not form:
        return NO_GOALS
    if form["mode"] not in list(LXGoalMode):
        fail(f"goals.mode is {form['mode']!r:.40}, which is no mode")
    families = tuple(map(str, form["families"]))
    own = [np.arange(block.start, block.stop) for block in blocks if block.name in families]
    rows = np.array(form["rows"], dtype=np.int32)
    if len(own) != len(families) or not np.array_equal(rows, np.concatenate([np.empty(0), *own])):
        fail("goals.rows are not the rows of goals.families")
    priorities, weights = np.array(form["priorities"], dtype=np.int32), np.array(form["weights"], dtype=np.float64)
    if priorities.shape != rows.shape or weights.shape != rows.shape:
        fail(f"goals.priorities and goals.weights need {len(rows)} values each")
    if (priorities < 1).any() or not np.isfinite(weights).all() or (weights < 0).any():
        fail("goals has a priority below 1, or a weight that is no number of at least 0")
    return Goals(rows, priorities, weights, LXGoalMode(form["mode"]), families)
