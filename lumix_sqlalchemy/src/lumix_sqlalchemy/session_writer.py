"""Writing through a session whose listeners, methods or options change what a statement does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Executable, Select, insert, select
from sqlalchemy.orm import Query, Session

from lumix_core.errors import LXWriteError
from lumix_core.rows import WrittenTable
from lumix_sqlalchemy.interceptors import overrides, query_interceptor
from lumix_sqlalchemy.row_writer import ConnectionWriter, table_of

# Instances are expired when all is written.
OPTIONS = {"synchronize_session": False, "render_nulls": True}


class SessionWriter(ConnectionWriter):
    """Writes by statements of the session, so that its listeners do with them what they do with its own.

    Args:
        session: the session, in a transaction.
        connection: its connection.
    """

    def __init__(self, session: Session, connection: Connection) -> None:
        super().__init__(connection)
        self.session = session

    def shown(self, table: WrittenTable, where: Mapping[str, Any]) -> int | None:
        """Return how many rows the session shows, by whichever of its ways of querying they are asked for."""
        conditions = self._conditions(table_of(table.cls), table, where)
        found = list(self._ways(table.cls, conditions))  # held, so that each has its id
        return len(set.intersection(*({id(row) for row in rows} for rows in found)))

    def _ways(self, cls: type, conditions: Sequence[ColumnElement[bool]]) -> Iterator[Sequence[Any]]:
        """Yield the instances that each way gives that the application may have changed."""
        statement: Select[Any] = select(cls).where(*conditions)  # whole instances: listeners may look at any attribute
        yield self.session.scalars(statement).unique().all()
        if overrides(self.session, "execute"):
            yield self.session.execute(statement).scalars().unique().all()
        query: Query[Any] = self.session.query(cls)
        if query_interceptor(query) is not None:
            yield query.enable_assertions(False).filter(*conditions).all()

    def _insert(self, table: WrittenTable, columns: Mapping[str, Sequence[Any]]) -> None:
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        self.session.execute(insert(table.cls), rows, execution_options=OPTIONS)

    def _run(self, statement: Executable) -> Any:
        result: Any = self.session.execute(statement, execution_options=OPTIONS)
        if not (hasattr(result, "rowcount") or result.returns_rows):
            raise LXWriteError(
                "A listener of the session answers a statement by a result of its own, so that nobody knows how many "
                "rows were changed. Write in a session without this listener. Nothing was written."
            )
        return result

    def _entity(self, table: WrittenTable) -> Any:
        return table.cls

    def _stored(self, table: WrittenTable, values: Mapping[str, Any]) -> Mapping[Any, Any]:
        return values
