"""Data frames as rows, and results as data frames; pandas and polars are recognised by their shape, never imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from operator import itemgetter
from typing import Any

from lumix_core.errors import LXOptionError, LXSourceError, LXUnsupportedError


class FrameRow(tuple[Any, ...]):
    """A row of a data frame: ``row.price``, or ``row["unit price"]`` where the column's name is no identifier.

    Rows of frames with the same columns are of one class.
    """

    __slots__ = ()
    _lx_columns: tuple[str, ...] = ()

    def __getitem__(self, item: Any) -> Any:
        if isinstance(item, str):
            try:
                item = self._lx_columns.index(item)
            except ValueError:
                raise KeyError(f"no column {item!r}; the columns are {', '.join(self._lx_columns)}") from None
        return tuple.__getitem__(self, item)

    def __contains__(self, item: object) -> bool:
        return item in self._lx_columns if isinstance(item, str) else tuple.__contains__(self, item)

    def __getattr__(self, name: str) -> Any:
        if name in self._lx_columns:
            if name.startswith("__"):
                raise AttributeError(f"the column {name!r} is read as row[{name!r}]")
            return self[name]
        raise AttributeError(f"no column {name!r}; the columns are {', '.join(self._lx_columns)}")

    def __repr__(self) -> str:
        values = zip(self._lx_columns, self, strict=True)
        return f"FrameRow({', '.join(f'{name}={value!r}' for name, value in values)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore_row, (self._lx_columns, tuple(self))


def _restore_row(columns: tuple[str, ...], values: tuple[Any, ...]) -> FrameRow:
    return tuple.__new__(row_class(columns), values)


@cache
def row_class(columns: tuple[str, ...]) -> type[FrameRow]:
    """Return the class of the rows of a frame with these columns."""
    elements: dict[str, Any] = {"__slots__": (), "_lx_columns": columns}
    for position, name in enumerate(columns):
        if name.isidentifier() and not name.startswith(("__", "_lx_")):
            elements[name] = property(itemgetter(position))
    created = type("FrameRow", (FrameRow,), elements)
    created.__qualname__ = f"FrameRow({', '.join(columns)})"
    return created


def is_frame(data: Any) -> bool:
    """Whether the data is a pandas or polars DataFrame."""
    return hasattr(data, "columns") and (hasattr(data, "itertuples") or hasattr(data, "iter_rows"))


def with_named_columns(frame: Any) -> Any:
    """Return a pandas or polars DataFrame with named index levels of pandas as columns.

    Raises:
        LXSourceError: a column's name is repeated or is not a string.
    """
    index = getattr(frame, "index", None)
    if index is not None and any(name is not None for name in index.names):
        _check_columns([*(name for name in index.names if name is not None), *frame.columns])
        frame = frame.reset_index()
    _check_columns(list(frame.columns))
    return frame


def frame_rows(frame: Any) -> Sequence[FrameRow]:
    """Return the rows of a frame that has named columns."""
    names = tuple(frame.columns)
    columns = [column_values(frame, name) for name in names]
    return list(map(partial(tuple.__new__, row_class(names)), zip(*columns, strict=True)))


def _check_columns(names: list[Any]) -> None:
    for name in names:
        if not isinstance(name, str) or names.count(name) > 1:
            raise LXSourceError(
                f"A data frame has the column {name!r} {names.count(name)} time(s): each column needs a name "
                f"of its own, a string, to be read as row.name. Rename the columns before from_data()."
            )


def column_values(frame: Any, name: str) -> list[Any]:
    """Return the values of a column as Python objects; pandas and polars name this differently."""
    values = frame[name]
    plain: Callable[[], list[Any]] = getattr(values, "to_list", None) or values.tolist
    return plain()


def make_frame(columns: dict[str, list[Any]], library: str | None = None) -> Any:
    """Return a DataFrame of ``library`` ("pandas" or "polars"), or of whichever is installed.

    Raises:
        LXUnsupportedError: the library is not installed.
        LXOptionError: there is no such library.
    """
    import importlib

    if library not in (None, "pandas", "polars"):
        raise LXOptionError(f"to_frame() got library={library!r:.80}. Give one of 'pandas', 'polars'.")

    for name in ("pandas", "polars") if library is None else (library,):
        try:
            return importlib.import_module(name).DataFrame(columns)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    raise LXUnsupportedError(
        f"to_frame() needs {library or 'pandas or polars'}, which is not installed. "
        f"Run: pip install {library or 'pandas'}"
    )
