"""Why a model is infeasible, in the user's words: families, keys and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lumix_core.errors import LXUnsupportedError
from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.goal_columns import hard_part
from lumix_core.problem.problem import LXProblem, LXSense, block_at
from lumix_core.problem.requirements import Requirements
from lumix_core.problem.text import html_lines, html_table, lines_text, number_text, sum_text
from lumix_core.solver.infeasibility.diagnose import Clash, Diagnosis, Relaxation, diagnose
from lumix_core.solver.reformulations import Native, reformulated
from lumix_core.solver.run import check_supported
from lumix_core.solver.solver import Solver, SolverOptions
from lumix_core.solver.status import LXLimit

SHOWN_LINES = 20
"""How many constraints, bounds and amounts are written."""


@dataclass(frozen=True)
class LXRequirement:
    """A constraint or a bound, or the side of it that matters.

    Args:
        family: the name of the constraint's or the variable's family, as the user wrote it.
        key: its key; ``()`` in a family without an index.
        sense: the side that takes part; ``==`` where both do.
        value: the number on the right: the right-hand side less the constant of the expression, or the bound.
        terms: what is on the left: pairs of a variable's name and its coefficient.
        is_bound: whether it is a bound of a variable.
        is_half: whether it is one side of what the user wrote as ``==``.
    """

    family: str
    key: Any
    sense: LXSense
    value: float
    terms: tuple[tuple[str, float], ...]
    is_bound: bool = False
    is_half: bool = False

    @property
    def name(self) -> str:
        """The name, as ``family[key]``."""
        return self.family if self.key == () else f"{self.family}[{self.key!r}]"

    @property
    def label(self) -> str:
        """The name of a constraint, or of which variable it is a bound."""
        return f"bound of {self.name}" if self.is_bound else self.name

    @property
    def relation(self) -> str:
        """What must hold: the left side, the sense and the number."""
        half = f", for which {self.sense} is enough" if self.is_half else ""
        empty = "" if self.terms else ", and it has no terms"
        return f"{sum_text(self.terms)} {self.written} {number_text(self.value)}{half}{empty}"

    @property
    def written(self) -> LXSense:
        """The sense as the user wrote it."""
        return LXSense.EQ if self.is_half else self.sense

    def __str__(self) -> str:
        return f"{'bound' if self.is_bound else self.name}: {self.relation}"


@dataclass(frozen=True)
class LXClash:
    """Where a conflict meets: what the other requirements do to one of the constraints.

    Args:
        constraint: the constraint.
        reached: the left side's least value that the others allow, or the most where it must be at least something.
    """

    constraint: LXRequirement
    reached: float

    def __str__(self) -> str:
        name, reached, value = self.constraint.name, number_text(self.reached), number_text(self.constraint.value)
        if self.constraint.sense is LXSense.LE:
            return f"The others need at least {reached} of {name}, which allows {value}."
        return f"The others allow at most {reached} of {name}, which needs {value}."


@dataclass(frozen=True)
class LXAmount:
    """By how much one requirement is relaxed, always above 0.

    Args:
        requirement: the side that is relaxed.
        amount: in the unit of the requirement's own number.
    """

    requirement: LXRequirement
    amount: float

    @property
    def value(self) -> float:
        """The number that the requirement would have instead."""
        sign = 1.0 if self.requirement.sense is LXSense.LE else -1.0
        return self.requirement.value + sign * self.amount

    def __str__(self) -> str:
        requirement = self.requirement
        word = "up" if requirement.sense is LXSense.LE else "down"
        before, after = number_text(requirement.value), number_text(self.value)
        return f"{requirement.label}: {requirement.written} {before}, {word} by {number_text(self.amount)} to {after}"


@dataclass(frozen=True)
class LXRelaxation:
    """The least total by which constraints and bounds have to be relaxed, until the model is feasible.

    A unit of each counts 1. Lower bounds of 0 and upper bounds of 1 of whole variables stay as they are, and so
    does integrality. A lower bound above 0 is relaxed to 0 at most, and so does an upper bound below 0.

    Args:
        amounts: by how much which of them, the largest first.
        is_least: whether no smaller total does, within the solver's gap; False where a limit ended the search for one.
    """

    amounts: tuple[LXAmount, ...]
    is_least: bool

    @property
    def total(self) -> float:
        """The sum of the amounts."""
        return sum(amount.amount for amount in self.amounts)

    def __str__(self) -> str:
        return "\n".join([self._title, *lines_text(self.amounts, SHOWN_LINES)])

    @property
    def _title(self) -> str:
        word = "The least total relaxation" if self.is_least else "A relaxation, not proved to be the least,"
        return f"{word} that makes it feasible is {number_text(self.total)}:"

    def _repr_html_(self) -> str:
        """Return the amounts as a table, for notebooks."""
        lines = [
            (one.requirement.label, str(one.requirement.written), *map(number_text, (one.requirement.value, one.value)))
            for one in self.amounts[:SHOWN_LINES]
        ]
        head = ("constraint or bound", "", "as it is", "would have to be")
        return html_lines(self._title) + html_table(head, lines, len(self.amounts))


@dataclass(frozen=True)
class LXInfeasibility:
    """Why a model is infeasible: keys and numbers, and no row and no session; ``str()`` words it in sentences.

    Args:
        model: the model's name.
        constraints: the constraints that cannot hold together,
        bounds: with these bounds of variables,
        integrality: and with the variables of these families being whole.
        is_irreducible: whether the conflict was proved to be one of which nothing can be left out: without any one
            of its constraints, bounds, or families of whole variables, the rest can hold together.
        clash: where the conflict meets; None where no single constraint shows it.
        relaxation: what would make the model feasible; None where a limit ended the analysis before it was found.
        limit: what ended the analysis early, or None. The rest holds all the same.
        solver: the solver's name.
    """

    model: str
    constraints: tuple[LXRequirement, ...]
    bounds: tuple[LXRequirement, ...]
    integrality: tuple[str, ...]
    is_irreducible: bool
    clash: LXClash | None
    relaxation: LXRelaxation | None
    limit: LXLimit | None
    solver: str

    def __str__(self) -> str:
        lines = [
            f"Model {self.model!r} is infeasible: these cannot hold together.",
            *lines_text([*self.constraints, *self.bounds], SHOWN_LINES),
            *(f"  integrality: the variables of {name!r} are whole" for name in self.integrality),
        ]
        if self.clash is not None:
            lines.append(str(self.clash))
        lines.append(self._smallest())
        lines.append(str(self.relaxation) if self.relaxation is not None else self._without_relaxation())
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return the conflict and what would make the model feasible, as tables, for notebooks."""
        conflict = [(one.label, one.relation) for one in (*self.constraints, *self.bounds)]
        conflict += [(f"integrality of {name}", "whole numbers") for name in self.integrality]
        parts = [
            html_lines(f"Model {self.model!r} is infeasible: these cannot hold together."),
            html_table(("constraint or bound", "must hold"), conflict[:SHOWN_LINES], len(conflict)),
            html_lines(*([] if self.clash is None else [str(self.clash)]), self._smallest()),
        ]
        if self.relaxation is None:
            return "".join([*parts, html_lines(self._without_relaxation())])
        return "".join([*parts, self.relaxation._repr_html_()])

    def _smallest(self) -> str:
        if self.is_irreducible:
            single = len(self.constraints) + len(self.bounds) + len(self.integrality) == 1
            return "It cannot hold by itself." if single else "Without any one of them, the others can hold together."
        return f"Perhaps not all of them are needed{self._ended()}."

    def _without_relaxation(self) -> str:
        return f"What would make it feasible was not found{self._ended()}."

    def _ended(self) -> str:
        if self.limit is not None:
            return f": the {self.limit} limit ended the analysis"
        return f": solver {self.solver!r} left a question about it without an answer"


class Wording:
    """Puts what was found in a problem into the user's words."""

    def __init__(self, problem: LXProblem, solver: str) -> None:
        self._problem = problem
        self._solver = solver

    def infeasibility(self, found: Diagnosis) -> LXInfeasibility:
        """Return a diagnosis by families and keys."""
        return LXInfeasibility(
            model=self._problem.name,
            constraints=tuple(self._constraints(found.conflict)),
            bounds=tuple(self._bounds(found.conflict)),
            integrality=tuple(self._integrality(found.conflict)),
            is_irreducible=found.is_irreducible,
            clash=self._clash(found.conflict, found.clash),
            relaxation=self._relaxation(found.relaxation),
            limit=found.limit,
            solver=self._solver,
        )

    def _constraints(self, requirements: Requirements) -> Iterator[LXRequirement]:
        for row in np.flatnonzero(requirements.row_lower | requirements.row_upper).tolist():
            yield from self._row(row, bool(requirements.row_lower[row]), bool(requirements.row_upper[row]))

    def _bounds(self, requirements: Requirements) -> Iterator[LXRequirement]:
        for column in np.flatnonzero(requirements.lower | requirements.upper).tolist():
            yield from self._column(column, bool(requirements.lower[column]), bool(requirements.upper[column]))

    def _integrality(self, requirements: Requirements) -> Iterator[str]:
        for block in self._problem.variables:
            if requirements.integer[block.span].any():
                yield block.name

    def _row(self, row: int, lower: bool, upper: bool) -> Iterator[LXRequirement]:
        problem = self._problem
        span = slice(problem.row_starts[row], problem.row_starts[row + 1])
        names = map(problem.column_name, problem.columns[span].tolist())
        terms = tuple(zip(names, problem.coefficients[span].tolist(), strict=True))
        block = block_at(problem.constraints, row, "row")
        ends = (float(problem.row_lower[row]), float(problem.row_upper[row]))
        for sense, value, half in _halves(ends, lower, upper):
            yield LXRequirement(block.name, block.key(row), sense, value, terms, is_half=half)

    def _column(self, column: int, lower: bool, upper: bool) -> Iterator[LXRequirement]:
        problem = self._problem
        block = block_at(problem.variables, column, "x")
        ends = (float(problem.lower[column]), float(problem.upper[column]))
        terms = ((problem.column_name(column), 1.0),)
        for sense, value, _ in _halves(ends, lower, upper):
            yield LXRequirement(block.name, block.key(column), sense, value, terms, is_bound=True)

    def _clash(self, requirements: Requirements, found: Clash | None) -> LXClash | None:
        if found is None:
            return None
        lower, upper = bool(requirements.row_lower[found.row]), bool(requirements.row_upper[found.row])
        (constraint,) = self._row(found.row, lower, upper)
        return LXClash(constraint, found.reached)

    def _relaxation(self, found: Relaxation | None) -> LXRelaxation | None:
        if found is None:
            return None
        amounts = [LXAmount(requirement, amount) for requirement, amount in self._amounts(found.amounts)]
        return LXRelaxation(tuple(sorted(amounts, key=lambda amount: -amount.amount)), found.is_least)

    def _amounts(self, amounts: FloatArray) -> Iterator[tuple[LXRequirement, float]]:
        m, n = self._problem.num_constraints, self._problem.num_variables
        for position in np.flatnonzero(amounts).tolist():
            if position < 2 * m:
                (requirement,) = self._row(position % m, position < m, position >= m)
            else:
                side = position - 2 * m
                (requirement,) = self._column(side % n, side < n, side >= n)
            yield requirement, float(amounts[position])


def _halves(ends: tuple[float, float], lower: bool, upper: bool) -> Iterator[tuple[LXSense, float, bool]]:
    """Yield the sides that take part: sense, number, and whether it is one half of an equality."""
    equal = ends[0] == ends[1]
    if equal and lower and upper:
        yield LXSense.EQ, ends[0], False
        return
    if lower:
        yield LXSense.GE, ends[0], equal
    if upper:
        yield LXSense.LE, ends[1], equal


def explain_infeasibility(solver: Solver, problem: LXProblem, options: SolverOptions) -> LXInfeasibility:
    """Find out why a compiled problem is infeasible; see `LXOptimizer.explain_infeasibility`.

    What is not linear is looked at as the linear rows that it can be rewritten into. Goals can be missed, so they are
    left out.

    Raises:
        LXUnsupportedError: the solver does not take the problems by which the reason is found.
    """
    problem = reformulated(hard_part(problem), Native(solver.name, frozenset())).problem
    check_supported(solver, problem, options)
    try:
        found = diagnose(problem, solver, replace(options, native=None))
    except LXUnsupportedError as error:
        raise LXUnsupportedError(
            f"Solver {solver.name!r} cannot explain why model {problem.name!r} is infeasible: the reason is found by "
            f"problems with continuous variables and without some of the bounds, which it does not take. Use another "
            f"solver: LXOptimizer().use_solver('highs').explain_infeasibility(model)."
        ) from error
    return Wording(problem, solver.name).infeasibility(found)
