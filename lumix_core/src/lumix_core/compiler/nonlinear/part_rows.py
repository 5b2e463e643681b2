"""The rows that a part of an expression is made for, and its arguments there as linear expressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lumix_core.compiler.columns import Columns
from lumix_core.compiler.elements import shared_dimensions
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.families import Family, constraint_family
from lumix_core.compiler.matrices import Matrix, element_numbers, expression_matrix
from lumix_core.compiler.terms import Entries, TermReader
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.term_overloads import Meaning
from lumix_core.problem.arrays import FloatArray, IntArray

if TYPE_CHECKING:
    from lumix_core.language.constraints import LXConstraint
    from lumix_core.language.expressions import LXLinearExpression, Term
    from lumix_core.language.nonlinear_parts import Part


@dataclass(frozen=True, eq=False)
class Owner:
    """A constraint, or the objective, whose expression has parts.

    Args:
        constraint: the constraint; None for the objective.
        expression: its left-hand side, or what is optimised.
        family: of its rows.
        start: its first row, or `OBJECTIVE`.
        position: what messages call it.
    """

    constraint: LXConstraint[Any] | None
    expression: LXLinearExpression | UserFunction | None
    family: Family
    start: int
    position: str


@dataclass(frozen=True, eq=False)
class PartRows:
    """What a part is made for: once for each element of a family, each of which belongs to a row.

    Args:
        family: the elements.
        rows: the row of each, or `OBJECTIVE`.
        position: what messages call it.
        columns: of the model.
        evaluator: of this compile.
    """

    family: Family
    rows: IntArray
    position: str
    columns: Columns
    evaluator: Evaluator

    @classmethod
    def of(
        cls, part: Part, owner: Owner, columns: Columns, evaluator: Evaluator, known: Mapping[int, Family]
    ) -> PartRows:
        """Return the rows of a part; ``known`` are the families of variables."""
        made = part.rows(owner.constraint)
        if made is None or made is owner.constraint:
            rows = owner.start + np.arange(owner.family.size)
            return cls(owner.family, rows, owner.position, columns, evaluator)
        family = constraint_family(made, evaluator, known)
        return cls(family, np.full(family.size, owner.start), owner.position, columns, evaluator)

    @property
    def size(self) -> int:
        """How often the part is made."""
        return self.family.size

    def coefficients(self, part: Part) -> FloatArray:
        """Return the coefficient of the part in each of its rows."""
        return part.scale * element_numbers(part.coefficient, self.family, self.evaluator)

    def argument(self, expression: LXLinearExpression) -> Matrix:
        """Return a linear expression for each element, without its constant."""
        return expression_matrix(expression, self.columns, self.family, self.position, self.evaluator)

    def entries(self, term: Term) -> tuple[Entries, int]:
        """Return each element of a family that belongs to a row, and the position of its first column.

        Those are the row's own one, those that agree with it, or all where there is a single row.
        """
        family, start = self.columns.position(term.variable, self.position)
        meaning = Meaning.ROW
        if self.family.arguments and family.arguments:
            shared = shared_dimensions(family.kinds, self.family.kinds)
            has_some = any(position is not None for position in shared.positions)
            if not shared.is_complete and has_some:
                meaning = Meaning.MATCHING
        read = TermReader(replace(term, meaning=meaning), family, self.family, self.position, self.evaluator)
        return read.entries(), start
