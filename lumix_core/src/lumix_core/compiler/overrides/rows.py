"""Rows with another value in one attribute; the user's own rows stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import FunctionType, ModuleType
from typing import Any, overload

from lumix_core.compiler.conversions import truth_of
from lumix_core.compiler.mentions import Mentions
from lumix_core.compiler.overrides.changed_rows import with_attribute
from lumix_core.copying.reachable import attributes_of, reached
from lumix_core.errors import LXFunctionError, LXModelError, LXNotLoadedError, LXSourceError, listed
from lumix_core.formulas.captures import brought, unwrapped
from lumix_core.rows.columns import Column, column
from lumix_core.rows.copyable import Copyable
from lumix_core.rows.registry import adapter_for
from lumix_core.rows.sources import QuerySource, Source
from lumix_core.rows.standins import RowClass, row_class_of
from lumix_core.rows.tables import PRESENT, LazyRows, Path, Table


class NoSuchRowsError(LXModelError):
    """No row is one of those that are to be changed."""


@dataclass(frozen=True, eq=False)
class RowOverride:
    """Another value in one attribute of some rows.

    Args:
        row_type: the class of the rows.
        where: a condition on a row; true for these rows; None for all rows.
        attribute: the attribute.
        value: the new value, or a function of the row.
    """

    row_type: type
    where: Callable[[Any], object] | None
    attribute: str
    value: Any

    @property
    def title(self) -> str:
        """How messages call it."""
        return f"modify_data({self.row_type.__name__}, ..., {self.attribute!r}, ...)"

    def tables(
        self,
        tables: Mapping[Hashable, Table],
        read: Mapping[Hashable, Table],
        sources: Mapping[Hashable, Source],
        functions: Sequence[Any],
    ) -> dict[Hashable, Table]:
        """Return the tables that are other ones then, by the identity of their source.

        Args:
            tables: all tables of a model.
            read: the same as they were read, before any override.
            sources: where they were read from.
            functions: of the model.

        Raises:
            LXSourceError: no source has rows of the class, or no such attribute.
            LXModelError: the condition is true for no row; or what depends on the rows would still see the old value.
            LXFunctionError: a function failed for a row.
        """
        mine = self.concerned(tables)
        for table in mine.values():
            self._check_derived(table, functions)
        found = {name: self._overridden(table, read[name], sources[name]) for name, table in mine.items()}
        if not any(found.values()):
            raise NoSuchRowsError(
                f"{self.title}: the condition is true for none of the rows, so nothing would change. Correct it."
            )
        self._check_seen(tables, functions, [t.rows[i] for n, t in mine.items() for i in found[n] if _is_live(t)])
        return {name: self._table(mine[name], values) for name, values in found.items() if values}

    def concerned(self, tables: Mapping[Hashable, Table]) -> dict[Hashable, Table]:
        """Return those of the tables that have rows of the class.

        Raises:
            LXSourceError: there are none, or the rows have no such attribute.
        """
        mine = {name: table for name, table in tables.items() if self._holds(table)}
        if not mine:
            shown = sorted({cls.__name__ for table in tables.values() for cls in _types(table)})
            raise LXSourceError(
                f"{self.title}: no part of the model is made over rows of {self.row_type.__name__}. Its sources have "
                f"rows of {listed(shown)}. Name one of these classes."
            )
        for table in mine.values():
            self._check_attribute(table)
        return mine

    def _holds(self, table: Table) -> bool:
        return any(issubclass(cls, self.row_type) for cls in _types(table))

    def _overridden(self, table: Table, read: Table, source: Source) -> dict[int, Any]:
        """Return the new values by position."""
        try:
            return dict(self._new_values(table.rows))
        except LXNotLoadedError:  # a function reads what no function of the model does
            return dict(self._new_values(_whole_rows(table, read, source, self.title)))

    def _new_values(self, rows: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        for position, row in enumerate(rows):
            if not isinstance(row, self.row_type):
                continue
            try:
                if self.where is None or truth_of(self.where(row)):
                    yield position, self.value(row) if callable(self.value) else self.value
            except LXNotLoadedError:
                raise
            except Exception as error:
                raise LXFunctionError(
                    f"{self.title}: a function failed for the row {row!r:.80}: {type(error).__name__}: {error}. "
                    f"Correct the function, or what it reads."
                ) from error

    def _check_attribute(self, table: Table) -> None:
        if _is_of_columns(table):
            known = {path[0] for path in table.columns if len(path) == 1}
            why = "no function of the model reads it"
        else:
            known = {self.attribute} if all(_has(row, self.attribute) for row in table.rows[:1]) else set()
            why = "the rows have no such attribute"
        if self.attribute not in known:
            raise LXSourceError(
                f"{self.title}: {why}, so changing it would change nothing. Correct the name of the attribute."
            )

    def _check_derived(self, table: Table, functions: Sequence[Any]) -> None:
        """Refuse where functions read what follows from the attribute, and would stay as it was read."""
        for cls in _types(table):
            known = table.row_class or _row_class_of_type(cls)
            following = set() if known is None else known.following(self.attribute) | _of_the_query(table, known)
            if self.attribute in following or not following:
                continue
            names = {path[0] for path in table.columns if path}
            if _is_live(table) or not table.columns:
                names = names | Mentions(functions).of(cls)
            for name in sorted(following & names):
                raise LXModelError(
                    f"{self.title}: functions of the model read {cls.__name__}.{name}, which follows from "
                    f"{self.attribute} in the database and would stay as it was read. Compute it in the functions, or "
                    f"change the data themselves and solve the model again."
                )

    def _check_seen(self, tables: Mapping[Hashable, Table], functions: Iterable[Any], rows: list[Any]) -> None:
        """Refuse rows that something else leads to, which would still see them as they were."""
        for table in tables.values():
            paths = [path for path in table.columns if self._is_on(path, table)]
            if paths:
                self._refuse(f"{_types(table)[0].__name__}.{'.'.join(paths[0])}")
        changed = {id(row) for row in rows}
        held = [value for table in tables.values() if _is_live(table) for row in table.rows for value in _held(row)]
        if changed and any(id(part) in changed for part in reached(held)):
            self._refuse("an attribute of other rows")
        if changed and any(id(part) in changed for function in functions for part in _captured(function)):
            self._refuse("a function of the model, which captures them or reads them as a global,")

    def _is_on(self, path: Path, table: Table) -> bool:
        """Whether a path of columns leads through the class to the attribute."""
        cls = table.row_type
        for name, following in pairwise(path):
            adapter = None if cls is None else adapter_for(cls)
            cls = None if adapter is None or cls is None else adapter.row_class(cls).related.get(name)
            if cls is not None and issubclass(cls, self.row_type):
                known = _row_class_of_type(cls)
                if following in {self.attribute, *(known.following(self.attribute) if known is not None else ())}:
                    return True
        return False

    def _refuse(self, origin: str) -> None:
        raise LXModelError(
            f"{self.title}: {origin} leads to rows of {self.row_type.__name__} too, and would still see the old value. "
            f"Look such rows up by key in the model, or change the data themselves and solve the model again."
        )

    def _table(self, table: Table, values: Mapping[int, Any]) -> Table:
        def row(position: int) -> Any:
            row_now = table.rows[position]
            return with_attribute(row_now, self.attribute, values[position]) if position in values else row_now

        rows = LazyRows(row, len(table))
        columns: dict[Path, Column] = {}
        if _is_of_columns(table):
            changed = _with_values(table.columns[self.attribute,], values)
            columns = {**_stored_columns(table), (self.attribute,): changed}
        return Table(
            OverriddenRows(rows) if _is_live(table) else rows,
            table.row_type,
            table.primary_key,
            tuples=table.tuples,
            detached=table.detached,
            columns=columns,
            row_class=table.row_class,
        )


def row_override(
    row_type: type[Any], where: Callable[[Any], object] | None, attribute: str, value: Any, call: str = ""
) -> RowOverride:
    """Return an override as a user asks for it.

    Args:
        row_type, where, attribute, value: of the override.
        call: what messages add to the call's name, such as the scenario that it is part of.

    Raises:
        LXModelError: the condition is no function.
        LXSourceError: the class of the rows is no class.
    """
    if where is not None and not callable(where):
        raise LXModelError(
            f"modify_data({getattr(row_type, '__name__', row_type)}){call} got where={where!s:.60}, which is no "
            f"function of a row. Write where=lambda row: row.name == ..., or None for all rows."
        )
    if not isinstance(row_type, type):
        raise LXSourceError(
            f"modify_data(){call} got {row_type!r:.80} as the class of the rows. Give the class itself, such as "
            f"Product."
        )
    return RowOverride(row_type, where, attribute, value)


class OverriddenRows(Sequence[Any]):
    """The user's own rows, of which some are replaced by copies."""

    def __init__(self, rows: LazyRows) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, position: int) -> Any: ...
    @overload
    def __getitem__(self, position: slice) -> list[Any]: ...
    def __getitem__(self, position: Any) -> Any:
        return self._rows[position]


def _types(table: Table) -> list[type]:
    if table.row_type is not None:
        return [table.row_type]
    return sorted(set(map(type, table.rows)), key=lambda cls: cls.__name__)


def _is_of_columns(table: Table) -> bool:
    """Whether the columns were read, and rows are made of them."""
    return isinstance(table.rows, LazyRows) and bool(table.columns)


def _is_live(table: Table) -> bool:
    """Whether the rows are the user's own objects."""
    return not isinstance(table.rows, LazyRows)


def _has(row: Any, attribute: str) -> bool:
    known = row_class_of(type(row))
    return attribute in known.attributes if known is not None else hasattr(row, attribute)


def _held(row: Any) -> list[Any]:
    """Return what the attributes of a row hold; of an ORM's row those that are loaded."""
    adapter = adapter_for(type(row))
    return attributes_of(row) if adapter is None else list(adapter.values(row).values())


def _captured(function: Any) -> Iterator[Any]:
    """Yield what a function captures, or uses as a global, and what that leads to; not the rows of parameters."""
    plain = unwrapped(function)
    held = brought(plain) if isinstance(plain, FunctionType) else [function]
    return reached([value for value in held if not isinstance(value, Copyable | ModuleType)])


def _with_values(values: Column, others: Mapping[int, Any]) -> Column:
    listed_values = values.tolist()
    for position, value in others.items():
        listed_values[position] = value
    return column(listed_values)


def _of_the_query(table: Table, known: RowClass) -> set[str]:
    """Return the attributes that live rows have of their query alone, which may have computed them, as annotations."""
    adapter = adapter_for(known.mapped)
    if adapter is None or table.detached or not _is_live(table) or not len(table):
        return set()
    own = adapter.values(table.rows[0]).keys() - set(known.attributes)
    return {name for name in own if not name.startswith("_") and not hasattr(known.mapped, name)}


def _row_class_of_type(cls: type) -> RowClass | None:
    known = row_class_of(cls)
    adapter = None if known is not None else adapter_for(cls)
    return known if adapter is None else adapter.row_class(cls)


def _stored_columns(table: Table) -> dict[Path, Column]:
    """Return the columns of a table without those that properties of the rows have computed."""
    known = table.row_class or (None if table.row_type is None else _row_class_of_type(table.row_type))
    if known is None:
        return dict(table.columns)
    return {path: values for path, values in table.columns.items() if path and path[0] in known.attributes}


def _whole_rows(table: Table, read: Table, source: Source, title: str) -> Sequence[Any]:
    """Read all attributes of rows of which some columns were read; they must be the same rows still.

    Args:
        table: the rows, some of which may be overridden.
        read: the same as they were read.
        source: where they were read from.
        title: how messages call the override.
    """
    if not isinstance(source, QuerySource) or table.primary_key is None:
        raise LXSourceError(f"{title}: a function reads what was not loaded of the rows. Let it read other attributes.")
    rows = source.read().rows
    for path, values in read.columns.items():
        if len(path) == 1 and path != (PRESENT,) and not _same_column(values, [getattr(row, *path) for row in rows]):
            what = "other rows" if path[0] in table.primary_key else f"other values of {path[0]!r}"
            raise LXSourceError(
                f"{title}: a function reads columns that were not read before, and the table has {what} by now. "
                f"Open the model again."
            )
    changed = {path[0]: values.tolist() for path, values in table.columns.items() if _is_changed(path, values, read)}
    return [_overlaid(row, {name: values[i] for name, values in changed.items()}) for i, row in enumerate(rows)]


def _is_changed(path: Path, values: Column, read: Table) -> bool:
    return len(path) == 1 and values is not read.columns.get(path)


def _overlaid(row: Any, values: Mapping[str, Any]) -> Any:
    for name, value in values.items():
        row = with_attribute(row, name, value)
    return row


def _same_column(then: Column, now: list[Any]) -> bool:
    known = then.tolist()
    return len(known) == len(now) and all(
        one is other or one == other or (one != one and other != other)  # noqa: PLR0124 - NaN
        for one, other in zip(known, now, strict=True)
    )
