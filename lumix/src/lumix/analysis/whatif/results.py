"""What a what-if question is answered with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from lumix.analysis.tables import percentage
from lumix_core import LXInfeasibility, LXSolution, LXStatus
from lumix_core.language import Bracketed
from lumix_core.problem import html_lines, html_table, number_text

SHOWN = 20
"""How many changes a notebook shows."""
Solved: TypeAlias = tuple[LXSolution, Callable[[], LXInfeasibility]]
"""A solution, and what explains why there is none."""


@dataclass(frozen=True)
class LXWhatIfChange:
    """One number that was changed.

    Args:
        name: what it belongs to, as ``family[key]``.
        original_value, new_value: the number before and after.
    """

    name: str
    original_value: float
    new_value: float

    @property
    def delta(self) -> float:
        """By how much it was changed."""
        return self.new_value - self.original_value


@dataclass(frozen=True, eq=False, repr=False)
class LXWhatIfResult(Bracketed):
    """The answer to a what-if question.

    Reading an objective where there is none (the changed model is infeasible, say) raises `LXNoSolutionError`: look at
    ``result.solution.status``.

    Args:
        description: the question, in words.
        original_solution: of the model as it is.
        changes: the numbers that were changed; empty where data were.
        from_duals: whether the objective follows from the shadow prices, without a solve. The solution is then found
            when it is read.
    """

    description: str
    original_solution: LXSolution
    changes: tuple[LXWhatIfChange, ...]
    from_duals: bool
    _solve: Callable[[], Solved] = field(repr=False)
    _objective: float | None = None

    @cached_property
    def _solved(self) -> Solved:
        return self._solve()

    @property
    def solution(self) -> LXSolution:
        """The solution of the changed model."""
        return self._solved[0]

    @cached_property
    def infeasibility(self) -> LXInfeasibility | None:
        """Why the changed model is infeasible, found out when it is read; None where it is not."""
        if self.from_duals:
            return None
        solution, explain = self._solved
        return explain() if solution.status is LXStatus.INFEASIBLE else None

    @property
    def new_solution(self) -> LXSolution:
        """The same as ``solution``."""
        return self.solution

    @property
    def original_objective(self) -> float:
        """The objective of the model as it is."""
        return self.original_solution.objective_value

    @property
    def new_objective(self) -> float:
        """The objective of the changed model."""
        return self.solution.objective_value if self._objective is None else self._objective

    @property
    def delta_objective(self) -> float:
        """By how much the change raises the objective."""
        return self.new_objective - self.original_objective

    @property
    def delta_percentage(self) -> float:
        """The same in percent of the original objective's size; infinite where that is 0 and the new one is not."""
        return percentage(self.delta_objective, self.original_objective)

    def _repr_html_(self) -> str:
        """Return the changes and both objectives as tables, for notebooks."""
        changes = [
            (change.name, *map(number_text, (change.original_value, change.new_value, change.delta)))
            for change in self.changes[:SHOWN]
        ]
        parts = [html_lines(f"What if: {self.description}")]
        if changes:
            parts.append(html_table(("changed", "before", "after", "difference"), changes, len(self.changes)))
        if self._objective is None and not self.solution.is_feasible():
            return "".join([*parts, html_lines(f"The changed model is {self.solution.status}.")])
        if not self.original_solution.is_feasible():
            return "".join([*parts, html_lines(f"The objective is {number_text(self.new_objective)}.")])
        numbers = map(number_text, (self.original_objective, self.new_objective, self.delta_objective))
        line = ("objective", *numbers, f"{self.delta_percentage:+.2f} %")
        return "".join([*parts, html_table(("", "before", "after", "difference", ""), [line])])

    def __getstate__(self) -> dict[str, Any]:
        why = self.infeasibility
        return {**self.__dict__, "infeasibility": why, "_solved": (self.solution, None), "_solve": None}

    def __repr__(self) -> str:
        if self._objective is None and not self.solution.is_feasible():
            return f"<LXWhatIfResult {self.description}: {self.solution.status}>"
        if not self.original_solution.is_feasible():
            return f"<LXWhatIfResult {self.description}: {self.new_objective:.10g}>"
        return f"<LXWhatIfResult {self.description}: {self.original_objective:.10g} -> {self.new_objective:.10g}>"
