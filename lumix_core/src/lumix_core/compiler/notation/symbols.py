"""Symbols for index sets, functions and tables of a model, each with the note that says what it stands for."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.plan import dimensions_of
from lumix_core.compiler.rules.formula_functions import FormulaFunction
from lumix_core.formulas.captures import captured
from lumix_core.formulas.latex import LONGEST_FORMULA, FormulaLatex, RowSymbol, TableNames, Written
from lumix_core.formulas.latex_text import name_latex
from lumix_core.formulas.nodes import Apply, Attribute, Computed, Constant, Node
from lumix_core.formulas.user_function import UserFunction, code_of
from lumix_core.language.indexed import LXIndexDimension
from lumix_core.rows.sources import QuerySource, Source, mapped_key
from lumix_core.rows.standins import RowClass
from lumix_core.rows.tables import Kind, Path

if TYPE_CHECKING:
    from lumix_core.language.families import IndexedFamily, Join
    from lumix_core.language.indexed import Indexed
    from lumix_core.language.model import LXModel


class _QueryRow:
    """Stands for the class of rows of a query that reads columns, not instances."""


@dataclass(frozen=True, eq=False)
class Axis:
    """One dimension of a family, as it is written.

    Args:
        kind: of its rows.
        row_class: what an ORM knows of their class.
        key: the path to their key where that is one attribute; empty where a row is its own key.
        letter: the symbol of an index.
        members: the symbol of the set of all rows; of related rows, the function that returns them.
        filters: which of the rows count.
    """

    kind: Kind
    row_class: RowClass | None
    key: Path | None
    letter: str
    members: str | UserFunction
    filters: tuple[UserFunction, ...]


@dataclass(frozen=True, eq=False)
class Index:
    """An index over the rows of a dimension, in one constraint or sum.

    Args:
        symbol: a letter, perhaps with primes.
        axis: the dimension.
    """

    symbol: str
    axis: Axis

    @property
    def row(self) -> RowSymbol:
        """The row that the index stands for."""
        return RowSymbol(Written(self.symbol), self.axis.key)


class Symbols:
    """All symbols of a model, and the notes that explain them.

    Args:
        model: the model.
        evaluator: traces functions, and knows the rows of data that was given; no query is run.
    """

    def __init__(self, model: LXModel, evaluator: Evaluator) -> None:
        self.notes: dict[str, str] = {}
        self._tracer = evaluator.tracer
        self._table_of = evaluator.reading.table
        self._axes: dict[int, tuple[Axis, ...]] = {}
        self._sources: dict[Hashable, int] = {}
        self._sets: dict[Hashable, str] = {}
        self._functions: dict[UserFunction, str] = {}
        self._objects: dict[int, tuple[str, Any]] = {}
        self._names: Counter[str] = Counter()
        self._letters: dict[Hashable, str] = {}
        self._choose_letters(model)

    def axes(self, family: IndexedFamily[Any] | LXIndexDimension[Any]) -> tuple[Axis, ...]:
        """Return the dimensions of a family; two for one that is made by a join, itself for a dimension."""
        if isinstance(family, LXIndexDimension):
            return (self._axis(family),)
        base = getattr(family, "base", None)
        if base is not None:
            return self.axes(base)
        known = self._axes.get(id(family))
        if known is None:
            known = self._axes[id(family)] = tuple(map(self._axis, dimensions_of(family)))
            if family.join is not None:
                known = self._axes[id(family)] = (*known, self._related(family))
        return known

    def written(self, function: UserFunction, rows: Sequence[RowSymbol], axes: Sequence[Axis]) -> Written:
        """Return the value of a function of some rows; a symbol with a note where it is no formula."""
        formula = self.formula(function, axes)
        return self._unknown(function, rows) if formula is None else self._latex(function, rows).value(formula)

    def factor(self, function: UserFunction, rows: Sequence[RowSymbol], axes: Sequence[Axis]) -> tuple[float, Written]:
        """Return a function's value as a sign, 1 or -1, and the rest."""
        formula = self.formula(function, axes)
        if formula is None:
            return 1.0, self._unknown(function, rows)
        sign, rest = _unsigned(formula)
        return sign, self._latex(function, rows).value(rest)

    def condition(self, function: UserFunction, rows: Sequence[RowSymbol], axes: Sequence[Axis]) -> Written:
        """Return the truth of a function of some rows."""
        formula = self.formula(function, axes)
        return self._unknown(function, rows) if formula is None else self._latex(function, rows).condition(formula)

    def key(self, function: UserFunction, rows: Sequence[RowSymbol], axes: Sequence[Axis]) -> list[Written]:
        """Return the parts of the key that a function computes."""
        formula = self.formula(function, axes)
        return [self._unknown(function, rows)] if formula is None else self._latex(function, rows).key_parts(formula)

    def formula(self, function: UserFunction, axes: Sequence[Axis]) -> Node | None:
        """Return the formula of a function, None where it has none that can be written; a note says why."""
        function.check_captures()
        traced = self._tracer.trace_for(function, [axis.row_class for axis in axes])
        if traced.formula is None or traced.formula.size > LONGEST_FORMULA:
            size = 0 if traced.formula is None else traced.formula.size
            self._note_function(function, traced.reason or f"its formula has {size:,} parts")
            return None
        return traced.formula

    def value(self, part: FormulaFunction, rows: Sequence[RowSymbol], names: TableNames) -> Written:
        """Return the value of a part of a rule."""
        return self._unknown(part, rows) if self._is_long(part) else FormulaLatex(rows, names).value(part.formula)

    def truth(self, part: FormulaFunction, rows: Sequence[RowSymbol], names: TableNames) -> Written:
        """Return the truth of a part of a rule."""
        return self._unknown(part, rows) if self._is_long(part) else FormulaLatex(rows, names).condition(part.formula)

    def parts_of(self, part: FormulaFunction, rows: Sequence[RowSymbol], names: TableNames) -> list[Written]:
        """Return the parts of the key that a part of a rule computes."""
        return [self._unknown(part, rows)] if self._is_long(part) else FormulaLatex(rows, names).key_parts(part.formula)

    def factor_of(self, part: FormulaFunction, rows: Sequence[RowSymbol], names: TableNames) -> tuple[float, Written]:
        """Return the value of a part of a rule as a sign, 1 or -1, and the rest."""
        if self._is_long(part):
            return 1.0, self._unknown(part, rows)
        sign, formula = _unsigned(part.formula)
        return sign, FormulaLatex(rows, names).value(formula)

    def rule(self, rule: UserFunction, rows: Sequence[RowSymbol], reason: str) -> str:
        """Return a rule that was not traced, as a function."""
        self._note_function(rule, reason)
        return self._unknown(rule, rows).text

    def _is_long(self, part: FormulaFunction) -> bool:
        if part.formula.size <= LONGEST_FORMULA:
            return False
        self._note_function(part, f"its formula has {part.formula.size:,} parts")
        return True

    def table(self, table: Any, missing: Constant | None, function: UserFunction | None) -> str:
        """Return the symbol of a table that a function looks up."""
        is_parameter = hasattr(type(table), "lookup_table")
        name = table.name if is_parameter else _captured_name(function, table) or "table"
        symbol = self._object(table, name, "mathsf")
        default = getattr(table, "default_value", None) if missing is None else missing.value
        size = "" if is_parameter else f" with {len(table):,} entries"
        shown = f"{default:g}" if isinstance(default, float) else repr(default)
        rest = "" if default is None and missing is None else f"; {shown} where it lacks a key"
        self.notes.setdefault(symbol, f"{'parameter' if is_parameter else type(table).__name__}{size}{rest}")
        return symbol

    def captured(self, value: Any, function: UserFunction | None) -> str:
        """Return the symbol of an object that a function captures."""
        name = _captured_name(function, value) or type(value).__name__
        symbol = self._object(value, name, "mathsf")
        self.notes.setdefault(symbol, f"an object of class {type(value).__name__}")
        return symbol

    def keys(self, owner: str, count: int) -> str:
        """Return a symbol for a set of keys that is too large to be written out."""
        self._names["keys="] += 1
        symbol = f"K_{{{self._names['keys=']}}}"
        self.notes[symbol] = f"the {count:,} keys that keys= of {owner!r} names"
        return symbol

    def constant(self, value: Any) -> str:
        """Return a value that the model itself names, such as a key."""
        return FormulaLatex((), _NamesOf(self, None)).value(Constant(value)).text

    def _latex(self, function: UserFunction, rows: Sequence[RowSymbol]) -> FormulaLatex:
        return FormulaLatex(rows, _NamesOf(self, function))

    def _unknown(self, function: UserFunction, rows: Sequence[RowSymbol]) -> Written:
        arguments = ", ".join(row.written.text for row in rows)
        return Written(rf"{self._functions[function]}\left( {arguments} \right)")

    def _note_function(self, function: UserFunction, reason: str) -> None:
        if function not in self._functions:
            self._functions[function] = symbol = f"f_{{{len(self._functions) + 1}}}"
            self.notes[symbol] = f"{function.role}, a function that is no formula: {reason} ({function.place})"

    def _object(self, held: Any, name: str, font: str) -> str:
        known = self._objects.get(id(held))
        if known is None:
            self._names[name] += 1
            number = f"^{{({self._names[name]})}}" if self._names[name] > 1 else ""
            known = self._objects[id(held)] = (f"{name_latex(name, font)}{number}", held)
        return known[0]

    def _axis(self, indexed: Indexed[Any]) -> Axis:
        source = indexed.required_source()
        kind, row_class = self._kind(indexed), self._row_class(source)
        letter = self._letters[_group(kind)]
        key = self._key_path(indexed, row_class)
        members = self._set(source, kind, letter, key)
        return Axis(kind, row_class, key, letter, members, tuple(indexed.filters))

    def _related(self, family: IndexedFamily[Any]) -> Axis:
        join = family.join
        assert join is not None
        kind = _related_kind(join)
        primary = mapped_key(join.related)
        key = () if primary is None else primary if len(primary) == 1 else None
        letter = self._letters[_group(kind)]
        return Axis(kind, self._tracer.row_class(join.related), key, letter, join.join, ())

    def _kind(self, indexed: Indexed[Any]) -> Kind:
        source = indexed.required_source()
        number = self._sources.setdefault(source.identity, len(self._sources))
        if isinstance(source, QuerySource):
            row_type = source.query.row_type
            return Kind(number, frozenset({row_type or _QueryRow}), row_type is None)
        kind = self._table_of(source).kind(indexed.declared_type)
        return Kind(number, kind.types, kind.anonymous)

    def _row_class(self, source: Source) -> RowClass | None:
        if isinstance(source, QuerySource):
            row_type = source.query.row_type
            return None if row_type is None else self._tracer.row_class(row_type)
        return self._tracer.mapped(self._table_of(source))

    def _key_path(self, indexed: Indexed[Any], row_class: RowClass | None) -> Path | None:
        if indexed.key is not None:
            formula = self._tracer.trace_for(indexed.key, [row_class]).formula
            return formula.path if isinstance(formula, Attribute) else None
        source = indexed.required_source()
        if isinstance(source, QuerySource):
            row_type = source.query.row_type
            primary = None if row_type is None else source.adapter.primary_key(row_type)
        else:
            primary = self._table_of(source).primary_key
        return () if primary is None else primary if len(primary) == 1 else None

    def _set(self, source: Source, kind: Kind, letter: str, key: Path | None) -> str:
        known = self._sets.get(source.identity)
        if known is None:
            name = _class_name(kind)
            symbol = rf"\mathcal{{{letter.upper()}}}" if name is None else name_latex(name, "mathrm")
            self._names[symbol] += 1
            known = symbol if self._names[symbol] == 1 else f"{symbol}_{{{self._names[symbol]}}}"
            self._sets[source.identity] = known
            stands = f"; an index stands for the key .{'.'.join(key)}" if key else ""
            self.notes[known] = f"{_cut(str(source))}{stands}"
        return known

    def _choose_letters(self, model: LXModel) -> None:
        """Choose a letter for each kind of row: the name that most functions of the model give to it, where one is."""
        wishes: dict[Hashable, Counter[str]] = {}
        for kind, name in _parameter_names(model, self._kinds):
            wishes.setdefault(_group(kind), Counter())[name] += 1
        taken = {variable.name for variable in model.variables}
        for group, counted in wishes.items():
            named = [name for name, _ in counted.most_common() if len(name) == 1 and name in ascii_lowercase]
            own = [letter for letter in getattr(group, "__name__", "").lower() if letter in ascii_lowercase]
            letter = next((one for one in (*named, *own, *ascii_lowercase) if one not in taken), None)
            self._letters[group] = letter or f"i_{{{len(self._letters)}}}"
            taken.add(self._letters[group])

    def _kinds(self, family: IndexedFamily[Any]) -> list[Kind]:
        base = getattr(family, "base", None)
        if base is not None:
            return self._kinds(base)
        related = [] if family.join is None else [_related_kind(family.join)]
        return [*map(self._kind, dimensions_of(family)), *related]


class _NamesOf:
    """The symbols of what one function captures."""

    def __init__(self, symbols: Symbols, function: UserFunction | None) -> None:
        self._symbols = symbols
        self._function = function

    def table(self, table: Any, missing: Constant | None) -> str:
        """Return the symbol of a table."""
        return self._symbols.table(table, missing, self._function)

    def captured(self, value: Any) -> str:
        """Return the symbol of another object."""
        return self._symbols.captured(value, self._function)

    def computed(self, node: Computed, rows: Sequence[RowSymbol]) -> Written:
        """Refuse what only rules compute."""
        raise NotImplementedError


def _unsigned(formula: Node) -> tuple[float, Node]:
    """Return a formula as a sign and the rest."""
    sign = 1.0
    while isinstance(formula, Apply) and formula.function is operator.neg:
        formula, sign = formula.operands[0], -sign
    return sign, formula


LONGEST_SOURCE = 100
"""The most characters of a source in a note."""


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SOURCE else f"{text[: LONGEST_SOURCE - 1]}…"


def _related_kind(join: Join) -> Kind:
    return Kind(id(join), frozenset({join.related}), anonymous=False)


def _group(kind: Kind) -> Hashable:
    """Return what rows have in common that are written with one letter: their class, or else their table."""
    return next(iter(kind.types)) if len(kind.types) == 1 and not kind.anonymous else kind.table


def _class_name(kind: Kind) -> str | None:
    group = _group(kind)
    return group.__name__ if isinstance(group, type) else None


def _captured_name(function: UserFunction | None, held: Any) -> str | None:
    if function is None:
        return None
    return next((name for name, (value, _) in captured(function.call) if value is held), None)


def _parameter_names(model: LXModel, kinds: Callable[[Any], list[Kind]]) -> Iterator[tuple[Kind, str]]:
    """Yield each kind of row with the names that functions give to it, in the order of the model."""
    for variable in model.variables:
        yield from _names_in(_own_functions(variable), kinds(variable))
        yield from _names_in((variable.lower, variable.upper, *variable.costs), kinds(variable))
    for constraint in model.constraints:
        rows = kinds(constraint)
        sides = (constraint.right_hand_side, *(constraint.range or ()))
        yield from _names_in((*_own_functions(constraint), constraint.function, *sides), rows)
        for term in constraint.lhs.terms if constraint.lhs is not None else ():
            yield from _names_in((term.coefficient, term.condition), [*kinds(term.variable), *rows])
            yield from _names_in((term.at,), rows)
    for term in () if model.objective is None or isinstance(model.objective, UserFunction) else model.objective.terms:
        yield from _names_in((term.coefficient, term.condition), kinds(term.variable))


def _own_functions(family: IndexedFamily[Any]) -> list[UserFunction | None]:
    single = [indexed.key for indexed in dimensions_of(family)] if len(dimensions_of(family)) == 1 else []
    return [*single, *family.filters, *family.multi_filters]


def _names_in(functions: Sequence[float | UserFunction | None], kinds: Sequence[Kind]) -> Iterator[tuple[Kind, str]]:
    yield from ((kind, "") for kind in kinds)
    for function in functions:
        code = code_of(function.call) if isinstance(function, UserFunction) else None
        if code is not None:
            yield from zip(kinds, code.co_varnames[: code.co_argcount], strict=False)
