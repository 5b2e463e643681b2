"""Native options by which a run looks only for points that are good enough."""

from __future__ import annotations

from lumix_core.solver import LXLimit, LXStatus, SolverOptions

NO_POINT = (LXStatus.INFEASIBLE, LXStatus.INFEASIBLE_OR_UNBOUNDED)

End = tuple[LXStatus, LXLimit | None]
"""How a run ended."""


def within_cutoff(end: End, options: SolverOptions, *cutoffs: str) -> End:
    """Return the end of a run; one that found no point is ended by the cutoff, where the user has set one.

    Whether there are points beyond is then not known, and what the solver calls infeasible may not be.

    Args:
        end: as the solver reports it.
        options: of the run.
        cutoffs: the solver's options that set one, in small letters.
    """
    has_cutoff = any(name.lower() in cutoffs for name in options.options)
    return (LXStatus.NO_SOLUTION, LXLimit.OBJECTIVE) if has_cutoff and end[0] in NO_POINT else end
