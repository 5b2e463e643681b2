"""The row adapter for Django."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from contextlib import AbstractContextManager
from typing import Any

from django.db.models import Model

from lumix_core.rows import BaseRowAdapter, LXRowFeature, RowClass, RowQuery, RowWriter, WrittenTable, row_class_of
from lumix_django import detaching, table_facts
from lumix_django.classes import row_class
from lumix_django.handles import HANDLES
from lumix_django.queries import query_of
from lumix_django.writing import instance_values, writing


class DjangoAdapter(BaseRowAdapter):
    """Rows of models, read and written through the connections, routers and transactions that Django would use."""

    name = "django"
    features = frozenset(
        {
            LXRowFeature.COLUMNS,
            LXRowFeature.KEEPING,
            LXRowFeature.SNAPSHOTS,
            LXRowFeature.REFRESHING,
            LXRowFeature.AWAITED,
            LXRowFeature.RELEASE,
            LXRowFeature.WRITING,
        }
    )
    handles = HANDLES

    def owns(self, cls: type) -> bool:
        """Whether the class is a model with a table or a view; abstract bases and detached classes are none."""
        return issubclass(cls, Model) and hasattr(cls, "_meta") and not cls._meta.abstract and row_class_of(cls) is None

    def row_class(self, cls: type) -> RowClass:
        """Return the attributes of a model, as plain data."""
        return row_class(cls)

    def load(self, rows: Sequence[Any], names: Set[str] | None = None) -> None:
        """Load the fields and relationships that the rows lack, or those named, in a few queries for all of them."""
        detaching.load(rows, names)

    def release(self, rows: Sequence[Any]) -> None:
        """Take the related sets from rows again that `load` gave them: Django reads those anew each time."""
        detaching.release(rows)

    def values(self, row: Any) -> dict[str, Any]:
        """Return the attributes of a row that are loaded; runs no query."""
        return detaching.values(row)

    def plain(self, value: Any) -> Any:
        """Return a definition (a field, a condition, an expression) as it is, and the rows of a queryset as a list."""
        return detaching.plain(value)

    def query(self, target: object, handle: object | None) -> RowQuery | None:
        """Turn what was given to ``from_model`` into a query.

        Args:
            target: a model, a manager or a queryset (or raw queryset).
            handle: the alias of a database; without one Django's routers choose.

        Raises:
            LXSourceError: the model is abstract, Django is not set up, or there is no such database.
        """
        return query_of(target, handle)

    def written_table(self, cls: type) -> WrittenTable:
        """Return what writing has to know of a model.

        Raises:
            LXWriteError: its rows are stored in several tables, or in none.
        """
        return table_facts.written_table(cls)

    def instance_values(self, row: Any) -> Mapping[str, Any]:
        """Return the attributes that are set on a new instance; of a foreign key the value of its column.

        Raises:
            LXWriteError: the instance was saved or read from the database.
        """
        return instance_values(row)

    def writing(self, handle: object | None, tables: Sequence[WrittenTable]) -> AbstractContextManager[RowWriter]:
        """Return a transaction of its own, or a savepoint within the block of ``transaction.atomic()`` that is open.

        Args:
            handle: the alias of a database; without one Django's routers choose where to write.
            tables: what will be written.

        Raises:
            LXWriteError: there is no such database, or the routers choose several.
        """
        return writing(handle, tables)
