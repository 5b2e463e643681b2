"""Data frames of any library as rows, read through narwhals, and results as data frames.

Libraries of frames are recognised by the names of their modules; none is imported before a frame of one is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from importlib import import_module
from importlib.util import find_spec
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lumix_core.errors import LXOptionError, LXSourceError, LXUnsupportedError

if TYPE_CHECKING:
    from narwhals import DataFrame, LazyFrame

LIBRARIES = frozenset(
    ("pandas", "polars", "pyarrow", "duckdb", "_duckdb", "modin", "cudf", "dask", "ibis", "pyspark", "narwhals")
)
"""The libraries that have frames which narwhals reads."""
COLLECTED: tuple[Literal["pyarrow", "polars", "pandas"], ...] = ("pyarrow", "polars", "pandas")
"""The libraries in one of which the rows of a database's relation are collected, the first that is installed."""
MADE = {"pandas": "DataFrame", "polars": "DataFrame", "pyarrow": "table"}
"""The libraries of which frames are made, and what makes them of a mapping of columns."""
Values: TypeAlias = list[Any] | NDArray[Any]
"""The values of a column: an array of float64, int64 or bool, or a list of Python objects."""


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
    """Whether the data is a data frame, lazy or not, of a library that narwhals reads."""
    cls = type(data)
    return _is_of_library(cls.__mro__) and (hasattr(cls, "columns") or hasattr(cls, "column_names"))


@lru_cache(maxsize=1024)
def _is_of_library(bases: tuple[type, ...]) -> bool:
    return any(base.__module__.partition(".")[0] in LIBRARIES for base in bases)


def may_hold_objects(data: Any) -> bool:
    """Whether the data is a frame of pandas or polars, whose columns may hold objects of any class."""
    cls = type(data)
    is_eager = hasattr(cls, "itertuples") or hasattr(cls, "iter_rows")
    return is_eager and hasattr(cls, "__deepcopy__") and is_frame(data)


def require_narwhals(owner: str) -> None:
    """Refuse a frame where nothing reads it.

    Raises:
        LXUnsupportedError: narwhals is not installed.
    """
    if find_spec("narwhals") is None:
        raise LXUnsupportedError(
            f"{owner} got a data frame. Frames are read with narwhals, which is not installed. "
            f"Run: pip install narwhals"
        )


@dataclass(frozen=True, eq=False)
class Frame:
    """A data frame whose rows can be read.

    Args:
        data: the frame, not lazy, each of whose columns has a name of its own.
        is_collected: whether it holds what a lazy frame or a relation returned, and changes no more.
    """

    data: DataFrame[Any]
    is_collected: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.data.columns)

    def __len__(self) -> int:
        return len(self.data)

    def values(self, name: str) -> Values:
        """Return the values of a column, as the library has them: NULL, NaN, NaT and NA stay what they are."""
        series = self.data.get_column(name)
        native = series.to_native()
        is_numpy = isinstance(getattr(native, "dtype", None), np.dtype)
        if not (series.dtype.is_numeric() or str(series.dtype) == "Boolean") or series.dtype.is_decimal():
            return series.to_list()
        if not is_numpy and series.null_count():
            return series.to_list()
        array = series.to_numpy()
        wide = _WIDE.get(array.dtype.kind)
        exact = wide is not None and np.can_cast(array.dtype, wide)
        return array.astype(wide) if exact else series.to_list()  # a copy: the frame may change in place

    def rows(self) -> Sequence[FrameRow]:
        """Return the rows."""
        columns = [as_list(self.values(name)) for name in self.names]
        return list(map(partial(tuple.__new__, row_class(self.names)), zip(*columns, strict=True)))


_WIDE = {"f": np.dtype(np.float64), "i": np.dtype(np.int64), "u": np.dtype(np.int64), "b": np.dtype(np.bool_)}


def as_list(values: Values) -> list[Any]:
    """Return the values of a column as Python objects."""
    return values.tolist() if isinstance(values, np.ndarray) else values


def read_frame(data: Any) -> Frame:
    """Return a frame whose rows can be read: a lazy one is collected; named index levels of pandas are columns.

    Raises:
        LXSourceError: a column's name is repeated or is not a string; or the frame cannot be collected.
        LXUnsupportedError: narwhals is not installed, or a library in which the rows are collected.
    """
    require_narwhals("A model")
    import narwhals as nw

    native = nw.to_native(data, pass_through=True)
    try:
        _check_names(native)
        frame = nw.from_native(_with_index(native))
        return Frame(_collected(frame), True) if isinstance(frame, nw.LazyFrame) else Frame(frame)
    except (LXSourceError, LXUnsupportedError):
        raise
    except Exception as error:
        raise LXSourceError(
            f"The {type(native).__name__} given to from_data() cannot be read: {type(error).__name__}: {error}. Give a "
            f"frame that can be, while its connection and its files are open; or its rows, collected."
        ) from error


def collected_frame(data: Any) -> Any | None:
    """Return the rows of a lazy frame or a relation as a frame that needs no file and no connection; None for others.

    Raises:
        LXSourceError, LXUnsupportedError: as `read_frame`.
    """
    if not is_frame(data):
        return None
    import narwhals as nw

    frame = nw.from_native(data, pass_through=True)
    return read_frame(data).data.to_native() if isinstance(frame, nw.LazyFrame) else None


def _collected(frame: LazyFrame[Any]) -> DataFrame[Any]:
    if str(frame.implementation) in ("polars", "dask"):
        return frame.collect()
    for name in COLLECTED:
        if find_spec(name) is not None:
            return frame.collect(name)
    raise LXUnsupportedError(
        f"The rows of a {type(frame.to_native()).__name__} are collected with pyarrow, polars or pandas, of which none "
        f"is installed. Run: pip install pyarrow"
    )


def _with_index(native: Any) -> Any:
    """Return a frame of pandas with named levels of its index as columns; any other as it is."""
    index = getattr(native, "index", None)
    if not any(name is not None for name in getattr(index, "names", None) or ()):
        return native
    return native.reset_index()


def _check_names(native: Any) -> None:
    if hasattr(native, "collect_schema"):  # polars asks for the names of a lazy frame at a cost, and has no name twice
        return
    index = getattr(getattr(native, "index", None), "names", None) or ()
    columns = native.column_names if hasattr(native, "column_names") else native.columns
    names = [*(name for name in index if name is not None), *columns]
    for name in names:
        if not isinstance(name, str) or names.count(name) > 1:
            raise LXSourceError(
                f"A data frame has the column {name!r} {names.count(name)} time(s): each column needs a name "
                f"of its own, a string, to be read as row.name. Rename the columns before from_data()."
            )


def make_frame(columns: Mapping[str, list[Any]], backend: Any = None) -> Any:
    """Return a data frame of a library.

    Args:
        columns: the values by name.
        backend: "pandas", "polars" or "pyarrow", or the module; without it, the first of these that is installed.

    Raises:
        LXUnsupportedError: the library is not installed, or cannot hold the columns.
        LXOptionError: there is no such library.
    """
    chosen = getattr(backend, "__name__", backend)
    if chosen is not None and chosen not in MADE:
        known = ", ".join(map(repr, MADE))
        raise LXOptionError(f"to_frame() got backend={backend!r:.80}. Give one of {known}.")
    for name in MADE if chosen is None else (chosen,):
        try:
            make = getattr(import_module(name), MADE[name])
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            continue
        return _made(name, make, columns)
    raise LXUnsupportedError(
        f"to_frame() needs {chosen or 'pandas, polars or pyarrow'}, which is not installed. "
        f"Run: pip install {chosen or 'pandas'}"
    )


def _made(name: str, make: Any, columns: Mapping[str, list[Any]]) -> Any:
    try:
        return make(dict(columns))
    except Exception as error:
        raise LXUnsupportedError(
            f"{name} has no type for the values of a column: {type(error).__name__}: {error}. Use "
            f"to_frame(backend='pandas'), whose columns hold values of any types."
        ) from error
