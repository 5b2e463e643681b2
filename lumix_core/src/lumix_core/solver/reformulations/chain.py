"""All rewritings, one after the other, and the way back from the answer of a solver."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.structure_text import function_text
from lumix_core.solver.reformulations.extremes import rewrite_extremes
from lumix_core.solver.reformulations.indicators import rewrite_indicators
from lumix_core.solver.reformulations.piecewise import rewrite_piecewise
from lumix_core.solver.reformulations.products import rewrite_products
from lumix_core.solver.reformulations.rewriting import LXReformulation, Native, Product, Rewriting, Tangents
from lumix_core.solver.reformulations.semicontinuous import rewrite_semicontinuous
from lumix_core.solver.reformulations.special_sets import rewrite_special_sets
from lumix_core.solver.relaxed_terms import LXRelaxedTerm
from lumix_core.solver.solver import RawResult
from lumix_core.solver.status import LXLimit, LXStatus

REWRITINGS: tuple[Rewriting, ...] = (
    rewrite_semicontinuous,
    rewrite_extremes,
    rewrite_piecewise,
    rewrite_special_sets,
    rewrite_products,
    rewrite_indicators,
)
"""In this order: curves become sets, what precedes products decides whether there are whole variables, and products in
rows of indicators become linear before these do."""
CLOSED = 1e-6
"""How far what stands for a product may be from it, relative to 1 and its size, and still count as equal."""


@dataclass(frozen=True, eq=False)
class Reformulated:
    """A problem as a solver takes it.

    Args:
        original: the problem.
        problem: what the solver is given; the same where nothing was to be rewritten.
        steps: what was done with everything that is not linear.
        products: products that are relaxed.
        tangents: convex sums of products that are kept by tangents.
    """

    original: LXProblem
    problem: LXProblem
    steps: tuple[LXReformulation, ...] = ()
    products: tuple[Product, ...] = ()
    tangents: tuple[Tangents, ...] = ()

    def answer(self, raw: RawResult) -> RawResult:
        """Return an answer to the problem that the solver was given as one to the original problem."""
        if self.problem is self.original:
            return raw
        raw = replace(raw, details={**raw.details, "reformulations": [str(step) for step in self.steps]})
        if raw.status is LXStatus.UNBOUNDED and self.is_relaxed:
            reason = "the relaxation has no end, and whether the model has one is not known: give all variables bounds"
            return replace(raw, status=LXStatus.ERROR, raw_status=reason)
        if raw.x is None:
            return raw
        # Duals of tangents are those of another point, and duals of relaxed products those of another problem.
        n, m = self.original.num_variables, self.original.num_constraints
        x = raw.x[:n]
        relaxation = tuple(self.relaxed_terms(raw.x))
        answer = replace(
            raw,
            x=x,
            objective=self.original.objective_at(x),
            duals=None if raw.duals is None or self.is_relaxed else raw.duals[:m],
            reduced_costs=None if raw.reduced_costs is None or self.is_relaxed else raw.reduced_costs[:n],
            relaxation=relaxation,
        )
        return _of_relaxation(answer) if self.gap_at(raw.x) > CLOSED else answer

    @property
    def is_relaxed(self) -> bool:
        """Whether one run need not give an exact answer."""
        return bool(self.products or self.tangents)

    def gap_at(self, x: FloatArray) -> float:
        """Return the largest distance, relative to 1 and its size, of a relaxed product from what stands for it."""
        gaps = [one.gap_at(x) for one in self.tangents] + [
            abs(x[one.column] - x[one.left] * x[one.right]) / (1.0 + abs(x[one.left] * x[one.right]))
            for one in self.products
        ]
        return float(max(gaps, default=0.0))

    def relaxed_terms(self, x: FloatArray) -> list[LXRelaxedTerm]:
        """Return what is not exact, at a point of the problem that the solver was given."""
        name = self.original.column_name
        terms = [
            LXRelaxedTerm(
                f"{name(one.left)}*{name(one.right)}", float(x[one.left] * x[one.right]), float(x[one.column])
            )
            for one in self.products
        ]
        terms += [
            LXRelaxedTerm(
                "sum of products",
                float(one.scale * one.products.products_at(x).sum()),
                float(one.scale * x[one.columns].sum()),
            )
            for one in self.tangents
            if one.gap_at(x) > CLOSED
        ]
        functions = self.original.structures.functions
        curved = np.flatnonzero(functions.errors)
        if len(curved):
            values = functions.values_at(x[: self.original.num_variables])
            terms += [
                LXRelaxedTerm(function_text(self.original, k), None, float(values[k]), float(functions.errors[k]))
                for k in curved.tolist()
            ]
        return terms


def _of_relaxation(answer: RawResult) -> RawResult:
    """Return an answer that claims no more than a relaxation proves: a bound, and a point that need not be a point."""
    if answer.status is not LXStatus.OPTIMAL:
        return replace(answer, duals=None, reduced_costs=None)
    return replace(answer, status=LXStatus.FEASIBLE, limit=LXLimit.RELAXATION, duals=None, reduced_costs=None)


def reformulated(problem: LXProblem, native: Native) -> Reformulated:
    """Rewrite all that a solver does not take as it is.

    Raises:
        LXUnsupportedError: something cannot be rewritten, since a variable has no bounds.
    """
    made = problem
    steps: list[LXReformulation] = []
    products: list[Product] = []
    tangents: list[Tangents] = []
    if problem.is_linear:
        return Reformulated(problem, problem)
    native = replace(native, _ranges=[])  # of this problem
    for rewrite in REWRITINGS:
        done = rewrite(made, native)
        made = done.problem
        steps += done.steps
        products += done.products
        tangents += done.tangents
    return Reformulated(problem, made, tuple(steps), tuple(products), tuple(tangents))
