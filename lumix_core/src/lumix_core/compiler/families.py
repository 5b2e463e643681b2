"""Families as compiled: the rows behind every element, and its key."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np

from lumix_core.compiler.batches import Argument, Batch
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.joins.axes import Axes
from lumix_core.compiler.joins.join import matching
from lumix_core.compiler.key_checks import check_keys, warn_empty
from lumix_core.errors import LXModelError, LXNotLoadedError, LXSourceError
from lumix_core.formulas.nodes import attribute_paths
from lumix_core.formulas.user_function import UserFunction, frozen
from lumix_core.problem.arrays import IntArray
from lumix_core.problem.keys import Keys, RowKey, check_row, qualified_name, unreadable
from lumix_core.problem.numbers import is_real_type
from lumix_core.rows import frames
from lumix_core.rows.columns import Column, together
from lumix_core.rows.sources import mapped_key
from lumix_core.rows.tables import Kind, Table

if TYPE_CHECKING:
    from lumix_core.language.constraints import LXConstraint
    from lumix_core.language.families import IndexedFamily, Join
    from lumix_core.language.indexed import Indexed


@dataclass(frozen=True, eq=False)
class KeyReader:
    """How the key of a row is found, for the rows of one dimension and others of their kind."""

    function: UserFunction | None
    primary_key: tuple[str, ...] | None

    @property
    def reads_own_key(self) -> bool:
        """Whether each row is its own key."""
        return self.function is None and self.primary_key is None

    def keys(self, batch: Batch, evaluator: Evaluator) -> Column:
        """Return the key of every row of a batch with one argument."""
        parts, compound = self.parts(batch, evaluator)
        return together(parts) if compound else parts[0]

    def parts(self, batch: Batch, evaluator: Evaluator) -> tuple[tuple[Column, ...], bool]:
        """Return what the keys are made of, and whether a key is the tuple of its parts or its one part."""
        if self.function is not None:
            return evaluator.parts(self.function, batch)
        (argument,) = batch.arguments
        if self.primary_key is None:
            return (argument.column(()),), False
        found = tuple(argument.column((name,)) for name in self.primary_key)
        return found, len(found) > 1

    def row_key(self, table: Table, evaluator: Evaluator) -> RowKey:
        """Return the same, free of what the function captures where it only reads attributes."""
        named = _named_type(table.row_type)
        if self.function is not None:
            traced = attribute_paths(evaluator.tracer.trace_of(self.function, (table,)).formula)
            if traced is None:
                return RowKey(named, function=frozen(self.function.call) or unreadable)
            return RowKey(named, *traced)
        if self.primary_key is None:
            return RowKey(named)
        return RowKey(named, tuple((name,) for name in self.primary_key), len(self.primary_key) > 1)


@dataclass(frozen=True, eq=False)
class PairKeyReader:
    """How the key of a pair of rows is found: by a function of both, or as the pair of their keys."""

    function: UserFunction | None
    readers: tuple[KeyReader, KeyReader]

    def keys(self, batch: Batch, evaluator: Evaluator) -> Column:
        """Return the key of every pair of a batch with two arguments."""
        if self.function is not None:
            self.function.arity(2)
            return evaluator.values(self.function, batch)
        parts = [
            reader.keys(Batch((argument,), batch.size, batch.element), evaluator)
            for reader, argument in zip(self.readers, batch.arguments, strict=True)
        ]
        return together(parts)


def _named_type(row_type: type | None) -> str | None:
    return None if row_type is None else qualified_name(row_type)


@dataclass(frozen=True, eq=False)
class Dimension:
    """The rows of one dimension that passed its filters, and their keys."""

    argument: Argument
    keys: tuple[Hashable, ...]
    label: str
    reader: KeyReader
    row_key: RowKey
    kind: Kind

    def batch(self) -> Batch:
        """Return its rows as the one argument of a function."""
        return Batch((self.argument,), len(self.keys), lambda i: f"key {self.keys[i]!r} of {self.label!r}")


@dataclass(frozen=True, eq=False)
class Family:
    """A family of variables or constraints, as compiled.

    Args:
        name: as the user wrote it.
        keys: of its elements, in order.
        arguments: the rows behind each element, one argument a dimension.
        kinds: what kind of row each dimension is made over.
        readers: how the key of a row of each dimension is found.
        level_rows: the row behind each key of each level of ``keys``; none for pairs of a join.
        pair_key: how the key of a pair of rows is found, for a join.
    """

    name: str
    keys: Keys
    arguments: tuple[Argument, ...]
    kinds: tuple[Kind, ...] = ()
    readers: tuple[KeyReader, ...] = ()
    level_rows: tuple[Argument, ...] = ()
    pair_key: PairKeyReader | None = None

    @property
    def size(self) -> int:
        """The number of elements."""
        return len(self.keys)

    @cached_property
    def elements(self) -> IntArray:
        """All of them, by number; not to be written to."""
        return np.arange(self.size)

    def batch(self) -> Batch:
        """Return the elements as the arguments of a function."""
        return Batch(self.arguments, self.size, self.element)

    def element(self, i: int) -> str:
        """Name an element in messages."""
        return repr(self.name) if self.keys.is_scalar else f"key {self.keys[i]!r} of {self.name!r}"


def family_of(declared: IndexedFamily[Any], evaluator: Evaluator) -> Family:
    """Read the rows of a variable or a constraint and return its family."""
    if declared.is_scalar:
        return _scalar(declared.name)
    _check_indices(declared)
    if len(declared.dimensions) > 1:
        dimensions = [read_dimension(dimension, evaluator, declared.owner) for dimension in declared.dimensions]
        return _product(declared, dimensions, evaluator)
    if declared.join is not None:
        keyed = declared.join.key is None
        return _joined(declared, read_dimension(declared, evaluator, declared.owner, keyed), evaluator)
    (single,) = declared.dimensions or (declared,)
    family = _single(declared.name, read_dimension(single, evaluator, declared.owner))
    conditions = [*declared.filters, *declared.multi_filters] if declared.dimensions else declared.multi_filters
    return filtered(family, conditions, evaluator)


def constraint_family(
    constraint: LXConstraint[Any], evaluator: Evaluator, variables: Mapping[int, Family] | None = None
) -> Family:
    """Read the rows of a constraint and return its family.

    Args:
        constraint: the constraint.
        evaluator: of this compile.
        variables: the families of variables that are read already, by the ``id`` of the variable.
    """
    base = constraint.base
    if base is None:
        return family_of(constraint, evaluator)
    _check_base(constraint)
    family = (variables or {}).get(id(base)) or family_of(base, evaluator)
    conditions = [*constraint.filters, *constraint.multi_filters]
    return filtered(replace(family, name=constraint.name), conditions, evaluator)


def rows_of(family: Family) -> list[Any]:
    """Return the rows behind each element: the row itself, or a tuple of them for several dimensions."""
    if len(family.arguments) == 1:
        return list(family.arguments[0].rows())
    return list(family.batch().calls()) if family.arguments else []


def read_dimension(indexed: Indexed[Any], evaluator: Evaluator, owner: str, keyed: bool = True) -> Dimension:
    """Read one source, apply its filters and find its keys, or number the rows where they need none.

    Raises:
        LXIndexKeyError: a key is repeated, NULL or cannot be hashed.
    """
    rows = read_rows(indexed, evaluator, owner)
    (argument,) = rows.arguments
    table, label = argument.table, indexed.name
    if indexed.key is not None:
        indexed.key.arity(1)
    reader = KeyReader(indexed.key, table.primary_key)
    keys: Column = argument.positions
    if keyed:
        keys = reader.keys(rows, evaluator)
        check_keys(keys, owner, own=reader.reads_own_key)
    row_key, kind = reader.row_key(table, evaluator), table.kind(indexed.declared_type)
    if keyed and reader.function is not None:
        values = plain_values(argument)
        row_key = row_key if values is None else RowKey(values=dict(zip(values, keys.tolist(), strict=True)))
    return Dimension(argument, tuple(keys.tolist()), _label(table, label), reader, row_key, kind)


def read_rows(indexed: Indexed[Any], evaluator: Evaluator, owner: str) -> Batch:
    """Read one source and return the rows that pass its filters, as the one argument of a function."""
    source = indexed.required_source()
    table = evaluator.reading.table(source)
    if not len(table):
        warn_empty(owner, str(source))
    elif not isinstance(getattr(table.row_type, "_fields", ()), tuple) or table.row_type is None:
        _check_labels(table.rows[0], owner)
    argument = Argument.whole(table)
    batch = Batch((argument,), len(table), _row_namer(argument, indexed.name))
    for condition in indexed.filters:
        condition.arity(1)
        argument = argument.take(np.flatnonzero(evaluator.truths(condition, batch)))
        batch = Batch((argument,), len(argument.positions), _row_namer(argument, indexed.name))
    return batch


def _check_labels(row: Any, owner: str) -> None:
    """Refuse rows of a query with a column whose name leads to something else of the row, such as ``t``."""
    labels = getattr(row, "_fields", ())
    if not labels or not isinstance(labels, tuple) or len(labels) != len(row):
        return
    for label, value in zip(labels, row, strict=True):
        with warnings.catch_warnings(action="ignore"):  # such names may be deprecated
            held = getattr(row, label, value)
        if held is not value:
            raise LXSourceError(
                f"{owner} reads rows with a column labelled {label!r}, and row.{label} is something else of "
                f"{type(row).__name__}, not that column. Label it otherwise, such as .label({label + '_value'!r})."
            )


PLAIN = (str, bytes, date, UUID, np.datetime64)


def plain_values(argument: Argument) -> list[Hashable] | None:
    """Return rows that are plain values, such as texts or tuples of numbers; None for objects."""
    row_type = argument.table.row_type
    if row_type is not None and row_type is not tuple and not is_plain(row_type):
        return None
    rows = list(argument.rows())
    parts = chain.from_iterable(rows) if row_type is tuple else rows
    return rows if all(map(is_plain, set(map(type, parts)))) else None


def is_plain(row_type: type) -> bool:
    """Whether rows of a class are plain values: numbers, texts, dates."""
    return is_real_type(row_type) or issubclass(row_type, PLAIN)


def _row_namer(argument: Argument, label: str) -> Callable[[int], str]:
    def element(i: int) -> str:
        position = int(argument.positions[i])
        return f"row {position} of {label!r} ({_shown(argument.table.rows[position])})"

    return element


def _shown(row: Any) -> str:
    try:
        return f"{row!r:.80}"
    except LXNotLoadedError:  # of a row that was read as columns, only these are there
        return type(row).__name__


def _label(table: Table, fallback: str) -> str:
    """Name a dimension for data frames: by the class of its rows."""
    row_type = table.row_type
    plain = row_type is None or row_type.__module__ in ("builtins", frames.__name__)
    return fallback if plain or row_type is None else row_type.__name__.lower()


def _scalar(name: str) -> Family:
    return Family(name, Keys.scalar(), ())


def _single(name: str, dimension: Dimension) -> Family:
    keys = Keys.single(dimension.keys, dimension.label, dimension.row_key)
    rows = (dimension.argument,)
    return Family(name, keys, rows, (dimension.kind,), (dimension.reader,), rows)


def filtered(family: Family, conditions: Sequence[UserFunction], evaluator: Evaluator) -> Family:
    """Return the elements of a family that satisfy every condition; each takes one row a dimension."""
    for condition in conditions:
        condition.arity(len(family.arguments))
        kept = np.flatnonzero(evaluator.truths(condition, family.batch()))
        family = taken_elements(family, kept)
    return family


def taken_elements(family: Family, kept: IntArray) -> Family:
    """Return some elements of a family."""
    arguments = tuple(argument.take(kept) for argument in family.arguments)
    keys = family.keys
    if len(keys.levels) != 1:
        codes = tuple(code[kept] for code in keys.codes)
        return replace(family, keys=replace(keys, codes=codes), arguments=arguments)
    level = tuple(keys[i] for i in kept.tolist())
    single = Keys.single(level, keys.labels[0], keys.row_keys[0])
    level_rows = arguments if family.level_rows else ()
    return replace(family, keys=single, arguments=arguments, level_rows=level_rows)


def _product(declared: IndexedFamily[Any], dimensions: list[Dimension], evaluator: Evaluator) -> Family:
    conditions = [*declared.filters, *declared.multi_filters]
    for condition in conditions:
        condition.arity(len(dimensions))
    axes = Axes.in_order([dimension.batch() for dimension in dimensions])
    picks = matching(evaluator, axes, conditions).picks
    keys = Keys(
        tuple(dimension.keys for dimension in dimensions),
        picks,
        _distinct([dimension.label for dimension in dimensions]),
        tuple(dimension.row_key for dimension in dimensions),
    )
    arguments = tuple(one.argument.take(pick) for one, pick in zip(dimensions, picks, strict=True))
    return Family(
        declared.name,
        keys,
        arguments,
        tuple(dimension.kind for dimension in dimensions),
        tuple(dimension.reader for dimension in dimensions),
        tuple(dimension.argument for dimension in dimensions),
    )


def _distinct(labels: list[str]) -> tuple[str, ...]:
    if len(set(labels)) == len(labels):
        return tuple(labels)
    return tuple(f"{label}_{position}" for position, label in enumerate(labels, 1))


def _joined(declared: IndexedFamily[Any], primary: Dimension, evaluator: Evaluator) -> Family:
    join = declared.join
    assert join is not None
    join.join.arity(1)
    lists = evaluator.objects(join.join, primary.batch(), list)
    related = [row for rows in lists for row in rows]
    first = primary.argument.take(np.repeat(np.arange(len(lists)), [len(rows) for rows in lists]))
    second = Argument.whole(Table(related, join.related))
    batch = Batch((first, second), len(related), lambda i: f"pair {i} of {declared.name!r}")
    for condition in declared.multi_filters:
        condition.arity(2)
        batch = batch.take(np.flatnonzero(evaluator.truths(condition, batch)))
    readers = (primary.reader, KeyReader(None, mapped_key(join.related)))
    pair_key = PairKeyReader(join.key, readers)
    keys = pair_key.keys(batch, evaluator)
    check_keys(keys, declared.owner, own=False)
    table = batch.arguments[1].table
    types = (_named_type(primary.argument.table.row_type), qualified_name(join.related))
    plain = tuple(map(plain_values, (primary.argument, batch.arguments[1])))
    rows = tuple(None if values is None else frozenset(values) for values in plain)
    row_key = RowKey(function=_PairKey(types, _key_of_pair(join, primary, table, readers[1], evaluator), rows))
    label = f"{join.primary.__name__}_{join.related.__name__}".lower()
    kinds = (primary.kind, table.kind(join.related))
    return Family(
        declared.name,
        Keys.single(keys.tolist(), label, row_key),
        batch.arguments,
        kinds,
        readers,
        pair_key=pair_key,
    )


@dataclass(frozen=True)
class _PairKey:
    """Reads the key of a pair of rows: one function of both, or one of each."""

    types: tuple[str | None, str | None]
    parts: tuple[Any, ...]
    rows: tuple[frozenset[Hashable] | None, ...]

    def __call__(self, pair: Any) -> Hashable:
        if not (isinstance(pair, tuple) and len(pair) == 2):
            raise KeyError(pair)
        for row, row_type, rows in zip(pair, self.types, self.rows, strict=True):
            check_row(row, row_type)
            if rows is not None and row not in rows:  # a plain value that is no row
                raise KeyError(row)
        if len(self.parts) == 1:
            key: Hashable = self.parts[0](*pair)
            return key
        return tuple(part(row) for part, row in zip(self.parts, pair, strict=True))


def _key_of_pair(
    join: Join, primary: Dimension, related: Table, reader: KeyReader, evaluator: Evaluator
) -> tuple[Any, ...]:
    if join.key is not None:
        return (frozen(join.key.call) or unreadable,)
    return (primary.row_key, reader.row_key(related, evaluator))


def _check_indices(declared: IndexedFamily[Any]) -> None:
    sources = {
        "from_data/from_model": declared.source,
        "indexed_by": declared.key,
        "indexed_by_join": declared.join,
    }
    own = [call for call, value in sources.items() if value is not None]
    if declared.dimensions and own:
        raise LXModelError(
            f"{declared.owner} has both indexed_by_product() and {' and '.join(own)}(): its rows come from the "
            f"dimensions. Give the source and the key to each LXIndexDimension, and leave the rest out."
        )


def _check_base(constraint: LXConstraint[Any]) -> None:
    sources = {
        "from_data/from_model": constraint.source,
        "indexed_by": constraint.key,
        "indexed_by_join": constraint.join,
        "indexed_by_product": constraint.dimensions or None,
    }
    own = [call for call, value in sources.items() if value is not None]
    if own:
        raise LXModelError(
            f"{constraint.owner} has both over() and {' and '.join(own)}(): its rows and keys are those of the "
            f"variable. Leave one of them out."
        )
