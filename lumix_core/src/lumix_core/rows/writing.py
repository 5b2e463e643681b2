"""The seam for writing: what an ORM's adapter knows of a class, and does in one transaction.

Everything is checked before an adapter writes, so adapters contain no checks of values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

Kind: TypeAlias = Literal["number", "integer", "text", "truth", "uuid", "other"]
"""The kind of values that an attribute holds, for the checks before they are written."""
Key: TypeAlias = tuple[Any, ...]
"""The values that identify a row, in the order of the attributes."""


@dataclass(frozen=True)
class WrittenField:
    """One attribute of a class that is stored in a column.

    Args:
        name: the attribute.
        kind: what its values are; "other" is left to the ORM and the database.
        nullable: whether it may be NULL.
        filled: whether the ORM or the database fills it in where rows leave it out.
        writable: False where the database computes it, and accepts no value.
        length: how many characters a text may have; None without a limit.
        comparable: False where the database changes what it is given, as an encrypted column does, so that rows
            cannot be selected by a value.
    """

    name: str
    kind: Kind
    nullable: bool
    filled: bool = False
    writable: bool = True
    length: int | None = None
    comparable: bool = True


@dataclass(frozen=True)
class Reference:
    """A foreign key.

    Args:
        names: the attributes that hold it.
        table: the table that it refers to, named as `WrittenTable.name` is.
        columns: what they refer to, for messages.
        target: what `RowWriter.existing` is given to look there; of a class that refers to itself, the class.
        target_names: the names to look for in ``target``, in the order of ``names``.
        deferred: whether the database checks it only at the end of the transaction.
    """

    names: tuple[str, ...]
    table: str
    columns: tuple[str, ...]
    target: Any
    target_names: tuple[str, ...]
    deferred: bool = False


@dataclass(frozen=True)
class WrittenTable:
    """The facts that writing needs of a mapped class; its rows are stored in one table.

    Args:
        cls: the class.
        name: its table, with the schema where it has one.
        fields: the attributes by name.
        primary_key: the attributes that make the primary key.
        unique: those of each unique key besides it.
        references: the foreign keys.
        advice: for names that are not columns (relationships and the like), what to give instead.
    """

    cls: type
    name: str
    fields: Mapping[str, WrittenField]
    primary_key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...]
    references: tuple[Reference, ...]
    advice: Mapping[str, str]


@dataclass(frozen=True)
class OneOf:
    """Several values, at least one, of which an attribute must have one."""

    values: tuple[Any, ...]


class RowWriter(Protocol):
    """Writes in one transaction.

    ``where`` maps attributes to the values that they must have, or to `OneOf` several; {} means every row. A text is
    the very same text: one that the database only takes for equal, such as "North" for "north", is another value.
    """

    @property
    def integrity_errors(self) -> tuple[type[Exception], ...]:
        """The errors of a key or another constraint that does not hold, and of a value that a column cannot hold."""
        ...

    @property
    def checks_references(self) -> bool:
        """Whether the database checks foreign keys, now or at the end; where it does not, the core does."""
        ...

    def savepoint(self) -> AbstractContextManager[object]:
        """Return a block that leaves nothing behind if it fails, after which statements run again."""
        ...

    def cascades(self, table: WrittenTable, where: Mapping[str, Any]) -> Mapping[str, int]:
        """Return the rows of other tables that deleting would change or delete with it: how many, by table."""
        ...

    def count(self, table: WrittenTable, where: Mapping[str, Any]) -> int:
        """Return how many rows there are."""
        ...

    def delete(self, table: WrittenTable, where: Mapping[str, Any]) -> int:
        """Delete rows and return how many."""
        ...

    def update(self, table: WrittenTable, where: Mapping[str, Any], values: Mapping[str, Any]) -> int:
        """Set attributes of rows and return how many rows there are."""
        ...

    def insert(self, table: WrittenTable, columns: Mapping[str, Sequence[Any]]) -> None:
        """Insert rows, at least one: for each attribute its values, Python's own objects, all of one length."""
        ...

    def existing(self, target: Any, names: Sequence[str], keys: Sequence[Key]) -> set[Key]:
        """Return those of some keys that rows have.

        Args:
            target: a mapped class, or the target of a `Reference`.
            names: the attributes of the class, or the ``target_names`` of the reference.
            keys: distinct tuples without None, a value for each name.
        """
        ...


@runtime_checkable
class FilteredWriter(Protocol):
    """What a `RowWriter` has besides where the user's session or manager may hide rows from queries."""

    def shown(self, table: WrittenTable, where: Mapping[str, Any]) -> int | None:
        """Return how many rows the session or manager itself would return; None where it hides none."""
        ...


@runtime_checkable
class CountingWriter(Protocol):
    """What a `RowWriter` has besides where the database may keep or leave out rows by rules of its own (triggers)."""

    def stored(self, table: WrittenTable, where: Mapping[str, Any]) -> int | None:
        """Return how many rows there are now; None on databases that keep and leave out none."""
        ...


@runtime_checkable
class WritingAdapter(Protocol):
    """What a row adapter that can write has besides."""

    @property
    def name(self) -> str:
        """The name under which the adapter is registered."""
        ...

    def written_table(self, cls: type) -> WrittenTable:
        """Return the facts that writing needs of a mapped class. Runs no query.

        Raises:
            LXWriteError: its rows cannot be written; the message gives the reason.
        """
        ...

    def instance_values(self, row: Any) -> Mapping[str, Any]:
        """Return the attributes that are set on an instance of a mapped class. Runs no query.

        Raises:
            LXWriteError: the instance is in a session, or was read from the database.
        """
        ...

    def writing(self, handle: object | None, tables: Sequence[WrittenTable]) -> AbstractContextManager[RowWriter]:
        """Return a transaction, or a savepoint within the user's own; left with an error, nothing was written.

        Args:
            handle: what was given to ``write()``.
            tables: what will be written.

        Raises:
            LXWriteError: the handle is not valid, or cannot write all of this in one transaction.
        """
        ...
