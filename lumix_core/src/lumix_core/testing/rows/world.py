"""The little world in which an adapter for an ORM is tested: products with a category and parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar, cast

import pytest

T = TypeVar("T")


class RowWorld(Protocol):
    """What the author of a row adapter provides: mapped classes, a database of their own, and a handle on it.

    ``Product`` has ``id`` (primary key, int), ``name`` (text), ``price`` (float, nullable), ``category`` (to-one,
    nullable) and ``parts`` (to-many). ``Category`` has ``id`` and ``markup`` (float), and nothing that leads back to
    products where the ORM does not ask for it. ``Part`` has ``id`` and ``weight`` (float).
    Relationships are lazy. The database enforces the foreign keys behind them, and deletes nothing on its own.

    `fill` saves products with the ids 1 to n, the i-th named ``"product i"`` with the price i, all in one category with
    the id 1 and the markup 1.5, each with two parts: the i-th with the ids 2 i - 1 and 2 i, and the weights i and 2 i.
    """

    Product: type[Any]

    @property
    def handle(self) -> Any:
        """The open session, or what stands for it in ``from_model(Product, handle)``."""
        ...

    @property
    def handles(self) -> Sequence[Any]:
        """One of every kind of object that holds a connection or a session, and that no copy may hold."""
        ...

    @property
    def parts_of(self) -> Callable[[Any], Iterable[Any]]:
        """How a function of a product reads its parts: one that captures nothing, such as ``lambda p: p.parts``."""
        ...

    def fill(self, count: int) -> None:
        """Save ``count`` products in place of those that are there, and forget them: none is loaded afterwards.

        A test may call it several times, and after changes that it has not saved.
        """
        ...

    def queries(self) -> AbstractContextManager[list[str]]:
        """Collect the statements that are sent to the database within the block."""
        ...

    def pending(self) -> object:
        """Return what the handle has not saved yet, comparable by ``==``; () where the ORM keeps no such thing."""
        ...

    def save(self, row: Any) -> None:
        """Write what was changed in a row to the database, as a user of the ORM would."""
        ...

    def delete(self, key: int) -> None:
        """Delete the row of a product and its parts in the database, behind the back of the handle."""
        ...

    def orphan(self, key: int) -> None:
        """Take a product's category away in the database, behind the back of the handle.

        Called only where the adapter's queries have ``columns``.
        """
        ...

    def close_transaction(self) -> None:
        """End the transaction that the handle may have begun, keeping what it wrote."""
        ...

    def close(self) -> None:
        """Close the handle and take the database away: nothing can be read after it. A second call does nothing."""
        ...


class QueryWorld(RowWorld, Protocol):
    """What a world may have besides: queries with conditions, values that are converted, a key of two parts.

    Tests of queries need ``selections``, tests of conversions ``Shift`` and ``fill_shifts``, tests of relationships
    ``move``, unless the adapter writes. Without them these tests are skipped, and such faults are not found.

    ``Shift`` has the primary key ``site`` (text), ``day`` (`datetime.date`), in this order, though its class names
    ``day`` first where the ORM allows it; ``is_open`` (bool) and ``cost`` (`decimal.Decimal` of two places, nullable).
    """

    Shift: type[Any]

    def fill_shifts(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Save shifts, which replace those that are there, and forget them; each maps attributes to values."""
        ...

    @property
    def selections(self) -> Sequence[tuple[str, Any, Any, Sequence[int]]]:
        """Queries of the ORM over products, of ten that `fill` saved; each has some, and no two the same in one order.

        At least one has a condition; others the same condition with another value, in another order, and with a limit.
        Each is what ``from_model(target, handle)`` is given.

        Returns:
            name, target, handle, and the ids of the products in the order of the query.
        """
        ...

    def move(self, key: int, category: int | None) -> None:
        """Move a product to a category, behind the back of the handle; None for none.

        A category that is not there yet is saved, with the markup ``category + 0.5``.
        """
        ...


def querying(world: RowWorld, *names: str) -> QueryWorld:
    """Return a world that has some of what `QueryWorld` describes; of any other the test is skipped."""
    missing = [name for name in names if not hasattr(world, name)]
    if missing:
        pytest.skip(f"the world has no {', '.join(missing)}: see lumix_core.testing.rows.world.QueryWorld")
    return cast(QueryWorld, world)


class PlanningWorld(RowWorld, Protocol):
    """What a world may have besides: tables for plans and their runs, and a view of the database that others have.

    Tests of runs, of snapshots and of writing that fails midway need all of it. In a world without it they are skipped.

    ``Run`` has ``id`` (primary key, text of 32 characters), ``objective`` (float, nullable) and ``comment`` (text,
    nullable). ``Line`` has ``id`` (primary key, int, filled in by the ORM or the database), ``product_id`` (int),
    ``quantity`` (float) and a foreign key to ``Run``. ``Task`` has ``id`` (primary key, int), ``project`` (int) and a
    foreign key to its own table, nullable. `fill` empties these tables too.
    """

    Run: type[Any]
    Line: type[Any]
    Task: type[Any]
    DatabaseError: type[Exception]
    """What the ORM raises where the database fails; takes a message."""

    @property
    def committing(self) -> Any:
        """What stands for the database in ``write(...)``, so that the rows are committed: an engine, an alias."""
        ...

    def transaction(self) -> AbstractContextManager[object]:
        """Return a block in a transaction of the handle, whose reads all see one moment.

        It is committed at the end, and rolled back where the block is left by an error.
        """
        ...

    def elsewhere(self, work: Callable[[Any], T]) -> T:
        """Return what ``work(handle)`` returns, with a handle on another connection; commit what it wrote.

        It does not wait for what the world's own handle reads. Other threads may call it at the same time.
        """
        ...

    def statements(
        self, before: Callable[[str], object], after: Callable[[str], object]
    ) -> AbstractContextManager[object]:
        """Call ``before`` with each statement to be sent within the block, and ``after`` with each that was.

        Those are the statements of `handle` and of `committing`, not of `elsewhere`. ``before`` is called with
        ``"COMMIT"`` before a commit too, and is not called for what begins a transaction. What they raise reaches the
        ORM as if the database had failed at that statement.
        """
        ...


def planning(world: RowWorld) -> PlanningWorld:
    """Return a world that has what `PlanningWorld` describes; of any other the test is skipped."""
    names = ("Run", "Line", "Task", "DatabaseError", "committing", "transaction", "elsewhere", "statements")
    missing = [name for name in names if not hasattr(world, name)]
    if missing:
        pytest.skip(f"the world has no {', '.join(missing)}: see lumix_core.testing.rows.world.PlanningWorld")
    return cast(PlanningWorld, world)
