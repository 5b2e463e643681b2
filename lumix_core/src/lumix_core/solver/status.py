"""How a run ended: the status of the answer, and the limit that stopped it."""

from __future__ import annotations

from enum import StrEnum


class LXStatus(StrEnum):
    """What is known about the model after a run."""

    OPTIMAL = "optimal"
    """A point is returned and proved best, within the requested gap."""
    FEASIBLE = "feasible"
    """A point is returned; a limit ended the run before it was proved best."""
    INFEASIBLE = "infeasible"
    """No point satisfies the model."""
    UNBOUNDED = "unbounded"
    """Points satisfy the model, and the objective improves without end."""
    INFEASIBLE_OR_UNBOUNDED = "infeasible_or_unbounded"
    """One of the two; it is not known which."""
    NO_SOLUTION = "no_solution"
    """A limit ended the run before any point was found."""
    ERROR = "error"
    """The solver gave up without an answer; ``raw_status`` holds its own word."""

    @property
    def has_point(self) -> bool:
        """Whether a run that ended so returns a point."""
        return self in (LXStatus.OPTIMAL, LXStatus.FEASIBLE)


ENDLESS = (LXStatus.UNBOUNDED, LXStatus.INFEASIBLE_OR_UNBOUNDED)
"""The statuses of models whose objective may improve without end."""


class LXLimit(StrEnum):
    """What ended a run before it was finished; set if and only if the status is feasible or no_solution."""

    TIME = "time"
    NODE = "node"
    ITERATION = "iteration"
    SOLUTION = "solution"
    MEMORY = "memory"
    OBJECTIVE = "objective"
    INTERRUPT = "interrupt"
    """Ctrl-C."""
    CANCELLED = "cancelled"
    """``progress.cancel()``, an error of ``on_progress``, or the end of the task that awaits the answer."""
    RELAXATION = "relaxation"
    """The answer is that of a relaxation: see ``solution.relaxation``."""
    OTHER = "other"

    @property
    def phrase(self) -> str:
        """How texts on a solution name the end of the run."""
        ends = {LXLimit.INTERRUPT: "interrupted", LXLimit.CANCELLED: "cancelled"}
        return ends.get(self, f"ended by the {self} limit")


class LXStart(StrEnum):
    """What a solver started from."""

    COLD = "cold"
    """From scratch."""
    HOT = "hot"
    """The numbers were changed in the open solver; a linear problem goes on from its last basis."""
    REBUILT = "rebuilt"
    """From scratch, since the open solver could not take the change; ``solution.start_reason`` has the reason."""


class LXStartPoint(StrEnum):
    """What became of the point given as ``solve(model, start=)``; ``solution.start_point_reason`` tells why."""

    ACCEPTED = "accepted"
    """It satisfies the model, and the solver began with it."""
    REPAIRED = "repaired"
    """Values were missing, or did not satisfy the model; the solver began with a point with the other values."""
    REJECTED = "rejected"
    """No point that satisfies the model was found with its whole values; the solver began without it."""
    IGNORED = "ignored"
    """The run had no use for it, or the solver made none of it."""


class LXIntegrality(StrEnum):
    """Whether the whole variables of a model were whole in a run."""

    KEPT = "kept"
    """The model was solved as it is."""
    RELAXED = "relaxed"
    """Without integrality, within the bounds: ``solve(model, relax=True)``."""
    FIXED = "fixed"
    """Each whole variable held at its value in another solution: ``solve(model, fix=solution)``."""

    @property
    def note(self) -> str:
        """What texts on a solution add to the name of the model; empty where it was solved as it is."""
        notes = {
            LXIntegrality.RELAXED: " (relaxed: without integrality)",
            LXIntegrality.FIXED: " (whole variables fixed)",
        }
        return notes.get(self, "")
