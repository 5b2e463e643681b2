"""A whole row adapter, over bare `sqlite3`: the annotations of a class are the columns of the table of its name."""

import json
import sqlite3
from collections.abc import Iterable, Sequence, Set
from typing import Any, NamedTuple

from lumix_core.errors import LXCopyError, LXSourceError
from lumix_core.rows import BaseRowAdapter, RowClass, row_class_of


class ToyRow:
    """A row with the key ``id``; one that was not read from a database has no connection."""

    def __init__(self, _connection: sqlite3.Connection | None = None, **values: Any) -> None:
        vars(self).update(values, _connection=_connection)


class Related:
    """The row whose id is in the column ``by`` of this one; with ``many``, those whose ``by`` is the id of this one."""

    def __init__(self, target: type, by: str, many: bool = False) -> None:
        self.target, self.by, self.many = target, by, many

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, row: Any, owner: type) -> Any:
        self.load([row])
        return vars(row)[self.name]  # Python finds it there from now on, and does not come here

    def load(self, rows: Sequence[Any]) -> None:
        """Load what rows of one connection lead to, in one query."""
        here, there = ("id", self.by) if self.many else (self.by, "id")
        related: dict[Any, list[Any]] = {getattr(row, here): [] for row in rows}
        for other in select(self.target, rows[0]._connection, there, related):
            related[getattr(other, there)].append(other)
        for row in rows:
            several = related[getattr(row, here)]
            vars(row)[self.name] = several if self.many else next(iter(several), None)


def select(cls: type, connection: sqlite3.Connection, column: str = "", keys: Iterable[Any] = ()) -> list[Any]:
    """Return the rows of a class by id: all, or those with one of some keys in a column."""
    where = f" WHERE {column} IN (SELECT value FROM json_each(:keys))" if column else ""
    sql = f"SELECT {', '.join(cls.__annotations__)} FROM {cls.__name__}{where} ORDER BY id"
    cursor = connection.execute(sql, {"keys": json.dumps(list(keys))})
    return [cls(connection, **dict(zip(cls.__annotations__, values, strict=True))) for values in cursor]


class ToyQuery(NamedTuple):
    """All rows of a class; queries with the same identity are run once."""

    row_type: type
    identity: tuple[type, sqlite3.Connection]

    def rows(self, flush: bool = True) -> list[Any]:
        """Return the rows; no change is ever pending."""
        return select(*self.identity)

    def __str__(self) -> str:
        return f"the rows of {self.row_type.__name__}"


class ToyAdapter(BaseRowAdapter):
    """Reads the rows of classes that are derived from `ToyRow`."""

    name = "toy"
    handles = (sqlite3.Connection, sqlite3.Cursor)

    def owns(self, cls: type) -> bool:
        """Whether rows of the class are in a database; the detached rows of a copy are not."""
        return issubclass(cls, ToyRow) and cls is not ToyRow and row_class_of(cls) is None

    def row_class(self, cls: type) -> RowClass:
        """Return the columns and the relationships."""
        related = (name for name, value in vars(cls).items() if isinstance(value, Related))
        return RowClass(cls, (*cls.__annotations__, *related), primary_key=("id",))

    def query(self, target: object, handle: object | None) -> ToyQuery | None:
        """Return the query for all rows of a class."""
        if not (isinstance(target, type) and self.owns(target)):
            return None
        if not isinstance(handle, sqlite3.Connection):
            raise LXSourceError(f"There is no connection. Write .from_model({target.__name__}, connection).")
        return ToyQuery(target, (target, handle))

    def load(self, rows: Sequence[Any], names: Set[str] | None = None) -> None:
        """Load each relationship that rows lack, in one query for all rows of a class."""
        for cls, connection in {(type(row), row._connection) for row in rows if row._connection}:
            batch = [row for row in rows if type(row) is cls and row._connection is connection]
            for name in self.row_class(cls).attributes:
                lacking = [row for row in batch if name not in vars(row)]
                if lacking and (names is None or name in names):
                    vars(cls)[name].load(lacking)
                    keys = {row.id for row in lacking}
                    if names is None and len(select(cls, connection, "id", keys)) < len(keys):
                        raise LXCopyError(f"Rows of {cls.__name__} were deleted meanwhile. Read them anew.")
