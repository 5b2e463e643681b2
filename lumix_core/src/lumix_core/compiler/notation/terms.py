"""Terms in the notation of mathematics: sums over index sets, own elements, and elements by a key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lumix_core.compiler.elements import shared_dimensions
from lumix_core.compiler.notation.index_sets import domain_latex, family_conditions, fresh, keys_condition
from lumix_core.compiler.notation.symbols import Axis, Index, Symbols
from lumix_core.errors import LXModelError, LXUnsupportedError, sentence
from lumix_core.formulas.latex import PRODUCT, SUM, RowSymbol, Written, number_written, times
from lumix_core.formulas.latex_text import name_latex, text_latex
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.term_overloads import Meaning

if TYPE_CHECKING:
    from lumix_core.language.expressions import LXLinearExpression, Term

SKIPPED = r"^{\circ}"
"""Marks an element that is left out where the family lacks it."""


@dataclass(frozen=True)
class _Elements:
    """What a term stands for.

    Args:
        subscripts: of the variable.
        rows: how the row of each of its dimensions is written.
        summed: the indices that are summed over.
        conditions: which elements are summed.
    """

    subscripts: list[str]
    rows: list[RowSymbol]
    summed: list[Index] = field(default_factory=list)
    conditions: list[Written] = field(default_factory=list)


class TermWriter:
    """Writes the terms of one constraint, or of the objective.

    Args:
        symbols: of the model.
        rows: the indices of the constraint; none for the objective.
        position: what the terms are part of, for messages.
    """

    def __init__(self, symbols: Symbols, rows: Sequence[Index], position: str) -> None:
        self._symbols = symbols
        self._rows = tuple(rows)
        self._position = position

    def expression(self, expression: LXLinearExpression, shown: int) -> str:
        """Return the sum of terms and constant; of the terms, the first ones."""
        if expression.parts:
            raise LXUnsupportedError(
                f"{sentence(self._position)} has {expression.parts[0].name}(...), which to_latex() does not write. "
                f"Print model.to_text() instead."
            )
        parts = [self._term(term) for term in expression.terms[:shown]]
        constant = [signed(expression.constant, [])] if expression.constant else []
        return sum_latex(parts, len(expression.terms), constant)

    def _term(self, term: Term) -> tuple[str, str]:
        """Return the sign of a term, and the rest of it."""
        axes = self._symbols.axes(term.variable)
        elements = self._elements(term, axes)
        name, mark = name_latex(term.variable.name, "mathit"), SKIPPED if term.skips else ""
        element = Written(f"{name}{mark}_{{{', '.join(elements.subscripts)}}}" if axes else name)
        conditions = self._term_conditions(term, axes, elements)
        size, factors = term.scale, [element]
        if isinstance(term.coefficient, UserFunction):
            given = self._given(term.coefficient, axes, elements)
            direction, factor = self._symbols.factor(term.coefficient, *given)
            size *= direction
            factors.insert(0, factor)
        else:
            size *= term.coefficient
        if not elements.summed:
            return signed(size, [*map(bracket, conditions), *factors])
        sign, text = signed(size, factors)
        domain = domain_latex(self._symbols, elements.summed, [*elements.conditions, *conditions])
        return sign, rf"\sum_{{{domain}}} {text}"

    def _given(
        self, function: UserFunction, axes: Sequence[Axis], elements: _Elements
    ) -> tuple[list[RowSymbol], list[Axis]]:
        """Return the rows that a function of a term takes, and their dimensions."""
        count = function.arity(len(axes), len(self._rows))
        rows = [*elements.rows, *(index.row for index in self._rows)]
        return rows[:count], [*axes, *(index.axis for index in self._rows)][:count]

    def _term_conditions(self, term: Term, axes: Sequence[Axis], elements: _Elements) -> list[Written]:
        conditions = []
        if term.condition is not None:
            given = self._given(term.condition, axes, elements)
            conditions.append(self._symbols.condition(term.condition, *given))
        if term.keys is not None:
            conditions.append(keys_condition(self._symbols, term, elements.subscripts))
        return conditions

    def _elements(self, term: Term, axes: Sequence[Axis]) -> _Elements:
        needs_rows = term.at is not None or term.skips or term.meaning is Meaning.MATCHING
        if needs_rows and not self._rows:
            raise self._unclear(term, "it needs the rows of an indexed constraint, and there are none here")
        if term.at is not None:
            return self._at(term, term.at, axes)
        if not axes:
            return _Elements([], [])
        if self._rows and term.meaning is Meaning.MATCHING:
            return self._matching(term, axes)
        if self._rows and term.meaning is Meaning.ROW and not self._takes_row(term, axes):
            return self._own(term, axes)
        return self._summed(term, axes, [None] * len(axes))

    def _takes_row(self, term: Term, axes: Sequence[Axis]) -> bool:
        functions = [one for one in (term.coefficient, term.condition) if isinstance(one, UserFunction)]
        return any(function.arity(len(axes), len(self._rows)) > len(axes) for function in functions)

    def _at(self, term: Term, at: UserFunction, axes: Sequence[Axis]) -> _Elements:
        rows = [index.row for index in self._rows]
        at.arity(len(rows))
        parts = self._symbols.key(at, rows, [index.axis for index in self._rows])
        subscripts = [part.text for part in parts]
        if len(parts) == len(axes) and term.variable.join is None:
            found = [RowSymbol(part, axis.key) for part, axis in zip(parts, axes, strict=True)]
            return _Elements(subscripts, found)
        whole = parts[0] if len(parts) == 1 else Written(rf"\left( {', '.join(subscripts)} \right)")
        if len(axes) == 1:
            return _Elements(subscripts, [RowSymbol(whole)])
        return _Elements(subscripts, [RowSymbol(Written(f"{whole.text}_{{{i}}}")) for i in range(1, len(axes) + 1)])

    def _shared(self, term: Term, axes: Sequence[Axis]) -> list[int | None]:
        """Return which dimension of the constraint each of the variable's is."""
        shared = shared_dimensions([axis.kind for axis in axes], [index.axis.kind for index in self._rows])
        if not shared.is_complete and shared.is_empty:
            raise self._unclear(term, "there are no rows that tell")
        if shared.unclear:
            raise self._unclear(term, "several dimensions could correspond to each other")
        return list(shared.positions)

    def _own(self, term: Term, axes: Sequence[Axis]) -> _Elements:
        positions = self._shared(term, axes)
        if None in positions:
            raise self._unclear(term, "it would be the sum of the whole family in every row")
        indices = [self._rows[position] for position in positions if position is not None]
        return _Elements(_subscripts(axes, indices), [index.row for index in indices])

    def _matching(self, term: Term, axes: Sequence[Axis]) -> _Elements:
        positions = self._shared(term, axes)
        if all(position is None for position in positions):
            raise self._unclear(term, "it has no dimension in common with the constraint")
        return self._summed(term, axes, positions)

    def _summed(self, term: Term, axes: Sequence[Axis], positions: Sequence[int | None]) -> _Elements:
        """Return the sum over all dimensions that are not one of the constraint's."""
        taken = {index.symbol for index in self._rows}
        indices = [
            fresh(axis, taken) if position is None else self._rows[position]
            for axis, position in zip(axes, positions, strict=True)
        ]
        summed = [index for index, position in zip(indices, positions, strict=True) if position is None]
        conditions = [
            Written(rf"{index.symbol} \in {axis.members}")
            for axis, index in zip(axes, indices, strict=True)
            if isinstance(axis.members, str) and axis.members != index.axis.members
        ]
        rows = [index.row for index in indices]
        conditions += family_conditions(self._symbols, term.variable, rows)
        return _Elements(_subscripts(axes, indices), rows, summed, conditions)

    def _unclear(self, term: Term, why: str) -> LXModelError:
        return LXModelError(
            f"{sentence(self._position)}: the term of {term.variable.name!r} cannot be written in mathematics, since "
            f"which elements it stands for is not clear: {why}. Compile the model: its message says what to write."
        )


def _subscripts(axes: Sequence[Axis], indices: Sequence[Index]) -> list[str]:
    """Return the keys that rows have in a family, which may be others than the constraint's."""
    return [
        f"{name_latex('.'.join(axis.key), 'mathrm')}_{{{index.symbol}}}"
        if axis.key and axis.key != index.axis.key
        else index.symbol
        for axis, index in zip(axes, indices, strict=True)
    ]


def sum_latex(parts: Sequence[tuple[str, str]], count: int, constant: Sequence[tuple[str, str]] = ()) -> str:
    """Return a sum of terms, each a sign and the rest; those of ``count`` that are not given are counted."""
    more = [("+", text_latex(f"... ({count - len(parts):,} more)"))] if count > len(parts) else []
    (sign, first), *rest = [*parts, *more, *constant] or [("+", "0")]
    return " ".join([f"-{first}" if sign == "-" else first, *(f"{sign} {part}" for sign, part in rest)])


def bracket(condition: Written) -> Written:
    """Return 1 where a condition holds, else 0."""
    return Written(rf"\left[ {condition.text} \right]")


def signed(size: float, factors: Sequence[Written]) -> tuple[str, str]:
    """Return a product with a number as its sign and the rest."""
    sign, number = ("-" if size < 0 else "+"), number_written(abs(size))
    counted = factors if factors and abs(size) == 1 else [number, *factors]
    product = times(*counted)
    is_addend = sign == "+" and product.level == SUM and not product.text.startswith("-")
    return sign, product.text if is_addend else product.within(PRODUCT)


def variable_latex(name: str, subscripts: Sequence[Any]) -> str:
    """Return a variable with its subscripts."""
    symbol = name_latex(name, "mathit")
    return f"{symbol}_{{{', '.join(subscripts)}}}" if subscripts else symbol
