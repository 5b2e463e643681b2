"""A base for adapters, with defaults for what not every ORM has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence, Set
from typing import Any

from lumix_core.rows.adapter import RowQuery
from lumix_core.rows.features import LXRowFeature
from lumix_core.rows.standins import RowClass


class BaseRowAdapter(ABC):
    """A row adapter to derive from; `RowAdapter` describes what each method must do.

    What has no default here is what only the ORM knows: its classes, its handles, and its queries.

    Attributes:
        name: the name under which the adapter is registered.
        features: what it can do besides; each feature describes what the adapter or its queries have then.
        handles: the classes of sessions, connections, engines and queries, which no copy may hold.
    """

    name: str
    features: frozenset[LXRowFeature] = frozenset()
    handles: tuple[type, ...]

    @abstractmethod
    def owns(self, cls: type) -> bool:
        """Whether this ORM maps the class."""

    @abstractmethod
    def row_class(self, cls: type) -> RowClass:
        """Return what a copy must know of a mapped class."""

    @abstractmethod
    def query(self, target: object, handle: object | None) -> RowQuery | None:
        """Turn the arguments of ``from_model`` into a query; None for what is nothing of this ORM."""

    def is_handle(self, obj: object) -> bool:
        """Whether the object is an instance of one of the `handles`."""
        return issubclass(type(obj), self.handles)  # isinstance() would make a lazy object load what it stands for

    def primary_key(self, cls: type) -> tuple[str, ...]:
        """Return the key that `row_class` names."""
        return self.row_class(cls).primary_key

    def load(self, rows: Sequence[Any], names: Set[str] | None = None) -> None:  # noqa: B027 - right for many
        """Do nothing: the default for an ORM whose rows are complete from the start."""

    def values(self, row: Any) -> dict[str, Any]:
        """Return those attributes of `row_class` that are in the row's ``__dict__``."""
        held = vars(row)
        return {name: held[name] for name in self.row_class(type(row)).attributes if name in held}

    def plain(self, value: Any) -> Any:
        """Return NotImplemented: the default for an ORM without collections and definitions of its own."""
        return NotImplemented
