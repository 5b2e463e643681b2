"""Index sets in the notation of mathematics: indices, the sets that they go through, and conditions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lumix_core.compiler.notation.symbols import Axis, Index, Symbols
from lumix_core.formulas.latex import AND, FEW, RELATION, RowSymbol, Written
from lumix_core.language.indexed import LXIndexDimension

if TYPE_CHECKING:
    from lumix_core.language.expressions import Term
    from lumix_core.language.families import IndexedFamily


def indices_of(symbols: Symbols, family: IndexedFamily[Any]) -> list[Index]:
    """Return an index for each dimension of a family, with primes where one letter is needed twice."""
    taken: set[str] = set()
    return [fresh(axis, taken) for axis in symbols.axes(family)]


def fresh(axis: Axis, taken: set[str]) -> Index:
    """Return an index whose symbol is not taken, and take it."""
    symbol = axis.letter
    while symbol in taken:
        symbol += "'"
    taken.add(symbol)
    return Index(symbol, axis)


def domain_latex(symbols: Symbols, indices: Sequence[Index], conditions: Sequence[Written]) -> str:
    """Return what indices go through: ``p \\in P, m \\in M : ...``."""
    return among([_membership(symbols, indices, i) for i in range(len(indices))], conditions)


def among(members: Sequence[str], conditions: Sequence[Written]) -> str:
    """Return memberships, and the conditions on them."""
    text = r",\, ".join(members)
    return rf"{text} \,:\, {joined(conditions)}" if conditions else text


def joined(conditions: Sequence[Written]) -> str:
    """Return conditions that must all hold."""
    return r",\, ".join(condition.within(AND) for condition in conditions)


def membership(symbols: Symbols, index: Index) -> str:
    """Return that an index goes through the rows of a dimension."""
    return _membership(symbols, [index], 0)


def _membership(symbols: Symbols, indices: Sequence[Index], position: int) -> str:
    index, first = indices[position], indices[0]
    members = index.axis.members
    if not isinstance(members, str):
        members = symbols.written(members, [first.row], [first.axis]).text
    return rf"{index.symbol} \in {members}"


def family_conditions(
    symbols: Symbols, family: IndexedFamily[Any] | LXIndexDimension[Any], rows: Sequence[RowSymbol]
) -> list[Written]:
    """Return which combinations of rows count, as filters of dimensions and of the family say."""
    axes = symbols.axes(family)
    base = getattr(family, "base", None)
    if isinstance(family, LXIndexDimension):
        return [symbols.condition(condition, rows, axes) for condition in axes[0].filters]
    if base is not None:
        conditions = family_conditions(symbols, base, rows)
        own = [*family.filters, *family.multi_filters]
    else:
        pairs = [(condition, row, axis) for axis, row in zip(axes, rows, strict=True) for condition in axis.filters]
        conditions = [symbols.condition(condition, [row], [axis]) for condition, row, axis in pairs]
        own = [*(family.filters if family.dimensions else ()), *family.multi_filters]
    for condition in own:
        condition.arity(len(axes))
    return [*conditions, *(symbols.condition(condition, rows, axes) for condition in own)]


def keys_condition(symbols: Symbols, term: Term, subscripts: Sequence[str]) -> Written:
    """Return that an element is among those that ``keys=`` of a term names."""
    keys = term.keys or ()
    element = subscripts[0] if len(subscripts) == 1 else rf"\left( {', '.join(subscripts)} \right)"
    if len(keys) > FEW:
        return Written(rf"{element} \in {symbols.keys(term.variable.name, len(keys))}", RELATION)
    listed = ", ".join(symbols.constant(key) for key in keys)
    return Written(rf"{element} \in \{{ {listed} \}}", RELATION)
