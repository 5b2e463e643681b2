"""What is written, statement by statement: all calls in one transaction, with what the database refuses."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, cast

from lumix.writeback.ordering import in_order, own_references, parents_first
from lumix.writeback.refusals import hidden, refused, unlike_written, unshown, without_target
from lumix.writeback.steps import Call, Prepared, prepared
from lumix_core.errors import LXWriteError, listed
from lumix_core.rows import (
    CountingWriter,
    FilteredWriter,
    LXRowFeature,
    OneOf,
    Paused,
    RowWriter,
    WritingAdapter,
    adapter_for,
    features_of,
    row_adapters,
)

_LOG = logging.getLogger("lumix.writeback")

RUNS_A_STATEMENT = 400
"""The number of runs whose rows one statement deletes; databases limit a statement's parameters."""


@dataclass(frozen=True, eq=False)
class LXWritten:
    """What a write-back wrote.

    Args:
        inserted: the number of rows written of each class.
        deleted: the number of rows that they replaced.
        run_id: the id of the recorded run; None where none was recorded, or several.
    """

    inserted: Mapping[type, int]
    deleted: Mapping[type, int]
    run_id: str | None = None

    def __getitem__(self, cls: type) -> int:
        """Return the number of rows written of a class."""
        return self.inserted[cls]

    def __str__(self) -> str:
        counts = [
            f"{cls.__name__}: {count:,} written" + (f", {gone:,} replaced" if (gone := self.deleted.get(cls)) else "")
            for cls, count in self.inserted.items()
        ]
        return "; ".join(counts)


def written(calls: Sequence[Call], handle: object | None, using: str | None, adapter: object | None) -> LXWritten:
    """Check all calls, then write them in one transaction.

    Args:
        calls: at least one, each of another class.
        handle: where to write.
        using: the same, as Django calls it.
        adapter: asked in place of the installed one.

    Raises:
        LXWriteError: something cannot be written as it is, or the database refused a row; nothing was written.
    """
    if handle is not None and using is not None:
        raise LXWriteError(f"write() got both {handle!r:.60} and using={using!r}. Give one of them.")
    began = perf_counter()
    with Paused():
        chosen = _able(adapter) if adapter is not None else _adapter_of(calls)
        checked = in_order([prepared(call, chosen) for call in calls])
        with chosen.writing(using if handle is None else handle, [step.table for step in checked]) as writer:
            result = _write(writer, checked)
    _LOG.info("%s in %.3f s", result, perf_counter() - began)
    return result


def _adapter_of(calls: Sequence[Call]) -> WritingAdapter:
    adapters = {call.cls: adapter_for(call.cls) for call in calls}
    for call in calls:
        if adapters[call.cls] is None:
            raise LXWriteError(
                f"{call.title}: {call.cls.__name__} is not mapped by any row adapter in use "
                f"({', '.join(adapter.name for adapter in row_adapters()) or 'none'}). Give a mapped class, or install "
                f"the adapter of its ORM (such as lumix-sqlalchemy or lumix-django)."
            )
    first, *others = {id(adapter): adapter for adapter in adapters.values()}.values()
    if others:
        raise LXWriteError(
            f"These classes cannot be written in one transaction: {listed(cls.__name__ for cls in adapters)} are "
            f"mapped by {' and '.join(adapter.name for adapter in (first, *others) if adapter is not None)}. Write the "
            f"classes of each ORM by themselves."
        )
    return _able(first)


def _able(adapter: object) -> WritingAdapter:
    if LXRowFeature.WRITING in features_of(adapter):
        return cast(WritingAdapter, adapter)
    raise LXWriteError(
        f"The row adapter {getattr(adapter, 'name', adapter)!r} only reads: it lacks the feature "
        f"'writing', which lumix_core.rows.WritingAdapter describes. Upgrade it, or write with the ORM itself."
    )


def _write(writer: RowWriter, checked: Sequence[Prepared]) -> LXWritten:
    """Delete from the last to the first, so that nothing is left that refers to what is deleted; then insert."""
    deleted = {step.table.cls: _delete(writer, step) for step in reversed(checked) if not step.updates}
    for step in checked:
        _insert(writer, step)
    for step in checked:
        _check_deferred(writer, step)
        _check_shown(writer, step)
    return LXWritten(
        {step.table.cls: step.rows.size for step in checked}, {cls: count for cls, count in deleted.items() if count}
    )


def _delete(writer: RowWriter, step: Prepared) -> int:
    choices = list(_choices(step.where))
    for where in choices:
        _check_cascades(writer, step, where)
    try:
        with writer.savepoint():
            for where in choices:
                _clear_own_references(writer, step, where)
            return sum(_delete_shown(writer, step, where) for where in choices)
    except writer.integrity_errors as error:
        raise LXWriteError(
            f"{step.rows.title}: the rows to be replaced cannot be deleted, since other rows refer to them: {error}. "
            f"Write the class of those rows in the same write-back, or delete them before. Nothing was written."
        ) from error


def _delete_shown(writer: RowWriter, step: Prepared, where: Mapping[str, Any]) -> int:
    """Delete rows, all of which the user's session or manager has to show."""
    shown = _shown(writer, step, [where])
    count = writer.delete(step.table, where)
    if shown is not None and count != shown:
        raise hidden(step.rows.title, step.table.cls, "delete", count, shown)
    return count


def _shown(writer: RowWriter, step: Prepared, choices: Iterable[Mapping[str, Any]]) -> int | None:
    """Return how many rows the user's session or manager shows; None where it hides none."""
    if not hasattr(writer, "shown"):
        return None
    counts = [cast(FilteredWriter, writer).shown(step.table, where) for where in choices]
    return None if None in counts else sum(count for count in counts if count is not None)


def _check_shown(writer: RowWriter, step: Prepared) -> None:
    """Refuse rows that the user's session or manager does not show once they are written."""
    shown = _shown(writer, step, _choices(step.where))
    if shown is None:
        _check_stored(writer, step)
    elif shown != step.rows.size:
        raise unshown(step.rows.title, step.table.cls, step.rows.size, shown)


def _check_stored(writer: RowWriter, step: Prepared) -> None:
    """Refuse what the database has by rules of its own left out of the new rows, or kept of the old ones."""
    if not hasattr(writer, "stored"):
        return
    counts = [cast(CountingWriter, writer).stored(step.table, where) for where in _choices(step.where)]
    stored = sum(count for count in counts if count is not None)
    if None not in counts and stored != step.rows.size:
        raise unlike_written(step.rows.title, step.table.cls, step.rows.size, stored)


def _choices(where: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield conditions that choose the same rows together, none with too many values."""
    several = {name: chosen.values for name, chosen in where.items() if isinstance(chosen, OneOf)}
    if not several:
        yield where
    for name, values in several.items():
        for start in range(0, len(values), RUNS_A_STATEMENT):
            yield {**where, name: OneOf(values[start : start + RUNS_A_STATEMENT])}


def _check_cascades(writer: RowWriter, step: Prepared, where: Mapping[str, Any]) -> None:
    for name, count in writer.cascades(step.table, where).items():
        raise LXWriteError(
            f"{step.rows.title} would change {count:,} row(s) of the table {name!r}, which are deleted or "
            f"changed together with the rows that they refer to (ON DELETE, on_delete). Write the class of {name!r} in "
            f"the same write-back, or delete those rows before. Nothing was written."
        )


def _clear_own_references(writer: RowWriter, step: Prepared, where: Mapping[str, Any]) -> None:
    """Set the references between rows of one table to NULL, since some databases check them row by row."""
    names = [name for reference in own_references(step.table) for name in reference.names]
    names = [name for name in names if step.table.fields[name].nullable and name not in where]
    if names:
        writer.update(step.table, where, dict.fromkeys(names))


def _insert(writer: RowWriter, step: Prepared) -> None:
    if not step.rows.size:
        return
    new: Collection[int] = () if step.updates else range(step.rows.size)
    try:
        with writer.savepoint():
            if step.updates:
                new = _update(writer, step)
            _insert_some(writer, step, new)
    except writer.integrity_errors as error:
        raise refused(writer, step.table, step.rows, step.columns, error, new=new) from error


def _insert_some(writer: RowWriter, step: Prepared, new: Collection[int]) -> None:
    if len(new) == step.rows.size:
        writer.insert(step.table, step.sent)
    elif new:
        some = {name: [values[i] for i in new] for name, values in step.columns.items()}
        writer.insert(step.table, parents_first(step.table, some, step.rows))


def _update(writer: RowWriter, step: Prepared) -> list[int]:
    """Change the rows that are there; return those that are not."""
    rows = range(step.rows.size)
    if step.rows.size > 1 and not any(writer.count(step.table, where) for where in _choices(step.where)):
        return list(rows)
    shown = _shown(writer, step, _choices(step.where))
    new = [i for i in rows if not _update_row(writer, step, i)]
    if shown is not None and len(rows) - len(new) != shown:
        raise hidden(step.rows.title, step.table.cls, "change", len(rows) - len(new), shown)
    return new


def _update_row(writer: RowWriter, step: Prepared, i: int) -> int:
    values = {name: column[i] for name, column in step.columns.items()}
    return writer.update(step.table, {name: values[name] for name in step.where}, values)


def _check_deferred(writer: RowWriter, step: Prepared) -> None:
    """Check the foreign keys that the database checks only when the transaction is committed, or never."""
    for reference in step.table.references:
        if not reference.deferred and writer.checks_references:
            continue
        refusal = without_target(writer, step.table, step.rows, step.columns, reference)
        if refusal is not None:
            raise refusal
