"""The solution that answers are compared with, where the user gives one."""

from __future__ import annotations

from lumix_core import LXModel, LXModelError, LXSolution


def checked_baseline(given: LXSolution | None) -> LXSolution | None:
    """Return what was given, if it is a solution or None."""
    if given is None or isinstance(given, LXSolution):
        return given
    raise LXModelError(
        f"LXWhatIfAnalyzer() got {given!r:.80} as its baseline_solution. Give it what solve() returned for the model, "
        f"or leave it out."
    )


def check_same(model: LXModel, given: LXSolution | None, found: LXSolution) -> None:
    """Refuse a solution of another model: every difference to it would be wrong."""
    if given is None or not (given.is_optimal() and found.is_optimal() and found.has_duals()):
        return
    ours, theirs = found.objective_value, given.objective_value
    if abs(ours - theirs) > 1e-6 * (1.0 + abs(ours)):
        raise LXModelError(
            f"baseline_solution has the objective {theirs:.12g}, and model {model.name!r} with its rows as they are "
            f"now has {ours:.12g}: every difference to it would be wrong. Solve the model again, or leave out "
            f"baseline_solution."
        )
