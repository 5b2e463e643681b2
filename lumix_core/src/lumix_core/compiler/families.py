"""Families as compiled: the rows behind every element, and its key."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lumix_core.compiler.batches import Argument, Batch
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.joins.axes import Axes
from lumix_core.compiler.joins.join import matching
from lumix_core.compiler.key_checks import check_keys, warn_empty
from lumix_core.errors import LXModelError
from lumix_core.formulas.nodes import attribute_paths
from lumix_core.formulas.user_function import UserFunction, frozen
from lumix_core.problem.arrays import IntArray
from lumix_core.problem.keys import Keys, RowKey, check_row, qualified_name, unreadable
from lumix_core.rows import frames
from lumix_core.rows.columns import Column, together
from lumix_core.rows.sources import mapped_key
from lumix_core.rows.tables import Kind, Table

if TYPE_CHECKING:
    from lumix_core.language.constraints import LXConstraint
    from lumix_core.language.indexed import Indexed
    from lumix_core.language.variables import Join, LXVariable


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
        reader: how the key of a row is found, for a family with a single index.
        kind: what kind of row that index is made over.
    """

    name: str
    keys: Keys
    arguments: tuple[Argument, ...]
    reader: KeyReader | None = None
    kind: Kind | None = None

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


def variable_family(variable: LXVariable[Any, Any], evaluator: Evaluator) -> Family:
    """Read the rows of a variable and return its family."""
    _check_indices(variable)
    if variable.is_scalar:
        return _scalar(variable.name)
    if len(variable.dimensions) > 1:
        dimensions = [read_dimension(one, evaluator, variable.owner) for one in variable.dimensions]
        return _product(variable, dimensions, evaluator)
    if variable.join is not None:
        keyed = variable.join.key is None
        return _joined(variable, read_dimension(variable, evaluator, variable.owner, keyed), evaluator)
    (single,) = variable.dimensions or (variable,)
    family = _single(variable.name, read_dimension(single, evaluator, variable.owner))
    conditions = [*variable.filters, *variable.multi_filters] if variable.dimensions else variable.multi_filters
    return _filtered(family, conditions, evaluator) if conditions else family


def constraint_family(constraint: LXConstraint[Any], evaluator: Evaluator) -> Family:
    """Read the rows of a constraint and return its family."""
    if constraint.is_scalar:
        return _scalar(constraint.name)
    return _single(constraint.name, read_dimension(constraint, evaluator, constraint.owner))


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
        _check_arity(indexed.key, 1)
    reader = KeyReader(indexed.key, table.primary_key)
    keys: Column = argument.positions
    if keyed:
        keys = reader.keys(rows, evaluator)
        check_keys(keys, owner, own=reader.reads_own_key)
    row_key, kind = reader.row_key(table, evaluator), table.kind(indexed.declared_type)
    return Dimension(argument, tuple(keys.tolist()), _label(table, label), reader, row_key, kind)


def read_rows(indexed: Indexed[Any], evaluator: Evaluator, owner: str) -> Batch:
    """Read one source and return the rows that pass its filters, as the one argument of a function."""
    source = indexed.required_source()
    table = evaluator.reading.table(source)
    if not len(table):
        warn_empty(owner, str(source))
    argument = Argument.whole(table)
    batch = Batch((argument,), len(table), _row_namer(argument, indexed.name))
    for condition in indexed.filters:
        _check_arity(condition, 1)
        argument = argument.take(np.flatnonzero(evaluator.truths(condition, batch)))
        batch = Batch((argument,), len(argument.positions), _row_namer(argument, indexed.name))
    return batch


def _row_namer(argument: Argument, label: str) -> Callable[[int], str]:
    def element(i: int) -> str:
        position = int(argument.positions[i])
        return f"row {position} of {label!r} ({argument.table.rows[position]!r:.80})"

    return element


def _label(table: Table, fallback: str) -> str:
    """Name a dimension for data frames: by the class of its rows."""
    row_type = table.row_type
    plain = row_type is None or row_type.__module__ in ("builtins", frames.__name__)
    return fallback if plain or row_type is None else row_type.__name__.lower()


def _scalar(name: str) -> Family:
    return Family(name, Keys.scalar(), ())


def _single(name: str, dimension: Dimension) -> Family:
    keys = Keys.single(dimension.keys, dimension.label, dimension.row_key)
    return Family(name, keys, (dimension.argument,), dimension.reader, dimension.kind)


def _filtered(family: Family, conditions: Sequence[UserFunction], evaluator: Evaluator) -> Family:
    for condition in conditions:
        _check_arity(condition, 1)
    (kept,) = matching(evaluator, Axes.in_order([family.batch()]), conditions).picks
    level = tuple(family.keys[i] for i in kept.tolist())
    keys = Keys.single(level, family.keys.labels[0], family.keys.row_keys[0])
    arguments = tuple(one.take(kept) for one in family.arguments)
    return Family(family.name, keys, arguments, family.reader, family.kind)


def _product(variable: LXVariable[Any, Any], dimensions: list[Dimension], evaluator: Evaluator) -> Family:
    for condition in (*variable.filters, *variable.multi_filters):
        _check_arity(condition, len(dimensions))
    axes = Axes.in_order([dimension.batch() for dimension in dimensions])
    picks = matching(evaluator, axes, [*variable.filters, *variable.multi_filters]).picks
    keys = Keys(
        tuple(dimension.keys for dimension in dimensions),
        picks,
        _distinct([dimension.label for dimension in dimensions]),
        tuple(dimension.row_key for dimension in dimensions),
    )
    arguments = tuple(one.argument.take(pick) for one, pick in zip(dimensions, picks, strict=True))
    return Family(variable.name, keys, arguments)


def _distinct(labels: list[str]) -> tuple[str, ...]:
    if len(set(labels)) == len(labels):
        return tuple(labels)
    return tuple(f"{label}_{position}" for position, label in enumerate(labels, 1))


def _joined(variable: LXVariable[Any, Any], primary: Dimension, evaluator: Evaluator) -> Family:
    join = variable.join
    assert join is not None
    _check_arity(join.join, 1)
    lists = evaluator.objects(join.join, primary.batch(), list)
    related = [row for rows in lists for row in rows]
    first = primary.argument.take(np.repeat(np.arange(len(lists)), [len(rows) for rows in lists]))
    second = Argument.whole(Table(related, join.related))
    batch = Batch((first, second), len(related), lambda i: f"pair {i} of {variable.name!r}")
    for condition in variable.multi_filters:
        _check_arity(condition, 2)
        batch = batch.take(np.flatnonzero(evaluator.truths(condition, batch)))
    keys = _pair_keys(variable, primary, batch, evaluator)
    check_keys(keys, variable.owner, own=False)
    types = (_named_type(primary.argument.table.row_type), qualified_name(join.related))
    row_key = RowKey(function=_PairKey(types, _key_of_pair(variable, primary, batch.arguments[1].table, evaluator)))
    label = f"{join.primary.__name__}_{join.related.__name__}".lower()
    return Family(variable.name, Keys.single(keys.tolist(), label, row_key), batch.arguments)


@dataclass(frozen=True)
class _PairKey:
    """Reads the key of a pair of rows: one function of both, or one of each."""

    types: tuple[str | None, str | None]
    parts: tuple[Any, ...]

    def __call__(self, pair: Any) -> Hashable:
        if not (isinstance(pair, tuple) and len(pair) == 2):
            raise KeyError(pair)
        for row, row_type in zip(pair, self.types, strict=True):
            check_row(row, row_type)
        if len(self.parts) == 1:
            key: Hashable = self.parts[0](*pair)
            return key
        return tuple(part(row) for part, row in zip(self.parts, pair, strict=True))


def _key_of_pair(
    variable: LXVariable[Any, Any], primary: Dimension, related: Table, evaluator: Evaluator
) -> tuple[Any, ...]:
    assert variable.join is not None
    if variable.join.key is not None:
        return (frozen(variable.join.key.call) or unreadable,)
    return (primary.row_key, _related_reader(variable.join).row_key(related, evaluator))


def _pair_keys(variable: LXVariable[Any, Any], primary: Dimension, batch: Batch, evaluator: Evaluator) -> Column:
    assert variable.join is not None
    if variable.join.key is not None:
        _check_arity(variable.join.key, 2)
        return evaluator.values(variable.join.key, batch)
    readers = (primary.reader, _related_reader(variable.join))
    parts = [
        reader.keys(Batch((one,), batch.size, batch.element), evaluator)
        for reader, one in zip(readers, batch.arguments, strict=True)
    ]
    return together(parts)


def _related_reader(join: Join) -> KeyReader:
    return KeyReader(None, mapped_key(join.related))


def _check_indices(variable: LXVariable[Any, Any]) -> None:
    declared = {"from_data/from_model": variable.source, "indexed_by": variable.key, "indexed_by_join": variable.join}
    own = [word for word, used in declared.items() if used is not None]
    if variable.dimensions and own:
        raise LXModelError(
            f"{variable.owner} has both indexed_by_product() and {' and '.join(own)}(): its rows come from the "
            f"dimensions. Give the source and the key to each LXIndexDimension, and leave the rest out."
        )


def _check_arity(function: UserFunction, dimensions: int) -> None:
    function.arity(dimensions, with_row=False)
