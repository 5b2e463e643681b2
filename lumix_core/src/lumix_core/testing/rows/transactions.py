"""Writing that fails midway, and writing by two at once: all of a plan is there, or all that was there before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from threading import Thread
from typing import Any

import pytest

from lumix_core.errors import LXWriteError
from lumix_core.rows.adapter import RowAdapter
from lumix_core.rows.writing import WritingAdapter
from lumix_core.testing.kit import Kit
from lumix_core.testing.limits import on_main_thread
from lumix_core.testing.rows.engine import write_back
from lumix_core.testing.rows.plans import MANY, part_class, read, reference_of, solution_of, writing
from lumix_core.testing.rows.world import PlanningWorld, RowWorld, planning

OLD = ([(1, 1.0), (2, 2.0)], [1, 2, 3, 4], 0)
NEW = ([(1, 5.0), (2, 5.0), (3, 5.0)], [1, 2, 3], 1)
"""Products with their prices, parts, and how many runs are recorded: before and after the plan of `plan_of`."""


class Transactions(Kit, limited=on_main_thread):
    """All or nothing."""

    @pytest.mark.parametrize("moment", ["before", "after"])
    def test_a_failure_at_any_statement_leaves_the_old_plan(
        self, adapter: RowAdapter, world: RowWorld, moment: str
    ) -> None:
        """Whether the database fails before it executes the statement or after it, down to the commit."""
        if (known := writing(adapter)) is None:
            return
        plans, part = planning(world), part_class(adapter, world)
        back = plan_of(known, plans, part)
        plans.fill(2)
        failed = []

        for statement in failures(plans, moment, lambda: back.write(plans.committing, adapter=known)):
            failed.append(statement.split()[0].upper())
            plans.close_transaction()
            assert saved(adapter, plans, part, plans.handle) == OLD, statement

        assert failed.count("DELETE") >= 2
        assert failed.count("INSERT") >= 3
        assert ("COMMIT" in failed) == (moment == "before")
        assert others_see(adapter, plans, part) == NEW

    def test_a_failure_at_the_commit_leaves_the_old_plan(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Its error reaches the user, and the next write starts anew."""
        if (known := writing(adapter)) is None:
            return
        plans, part = planning(world), part_class(adapter, world)
        back = plan_of(known, plans, part)
        plans.fill(2)

        def fail(statement: str) -> None:
            if statement == "COMMIT":
                raise plans.DatabaseError("lost")

        with plans.statements(fail, ignore), pytest.raises(plans.DatabaseError, match="lost"):
            back.write(plans.committing, adapter=known)

        assert others_see(adapter, plans, part) == OLD
        back.write(plans.committing, adapter=known)
        assert others_see(adapter, plans, part) == NEW

    @pytest.mark.parametrize("count", [1, MANY])
    def test_a_transaction_of_the_user_goes_on_after_a_refusal(
        self, adapter: RowAdapter, world: RowWorld, count: int
    ) -> None:
        """A row that leads nowhere is named in it as well, and what was written in it before is committed."""
        if (known := writing(adapter)) is None:
            return
        plans = planning(world)
        plans.fill(0)
        name = reference_of(known, plans.Product).names[0]
        wrong = [{"id": i, "name": "new", name: 1 if i < count else 77} for i in range(1, count + 1)]

        with plans.transaction():
            write_back().replace(plans.Product, [{"id": 1, "name": "kept"}]).write(plans.handle, adapter=known)
            with pytest.raises(LXWriteError, match=rf"row {count - 1} \(.*{name}=77\) refers by '{name}' to"):
                write_back().replace(plans.Product, wrong).write(plans.handle, adapter=known)

        assert plans.elsewhere(lambda handle: [row.name for row in read(adapter, plans.Product, handle)]) == ["kept"]

    @pytest.mark.parametrize("where", [{}, {"price": 3.0}], ids=["all rows", "some rows"])
    def test_two_plans_at_once_are_not_mixed(
        self, adapter: RowAdapter, world: RowWorld, where: Mapping[str, Any]
    ) -> None:
        """Who comes second waits, and replaces the rows of the first; or is refused by the database."""
        if (known := writing(adapter)) is None:
            return
        plans = planning(world)
        plans.fill(0)
        mine, others = ([{"id": i, "name": "new", "price": 3.0} for i in keys] for keys in ((1, 2), (3, 4)))
        errors: list[Exception] = []

        def write() -> None:
            back = write_back().replace(plans.Product, others, where=where)
            try:
                plans.elsewhere(lambda handle: back.write(handle, adapter=known))
            except Exception as error:  # noqa: BLE001 - looked at below
                errors.append(error)

        second = Thread(target=write, daemon=True)
        with plans.transaction():
            write_back().replace(plans.Product, mine, where=where).write(plans.handle, adapter=known)
            second.start()
            second.join(0.1)
        second.join(60)

        stored = plans.elsewhere(lambda handle: [row.id for row in read(adapter, plans.Product, handle)])
        assert stored == ([1, 2] if errors else [3, 4])
        assert all(isinstance(error, plans.DatabaseError) for error in errors)


def plan_of(adapter: WritingAdapter, world: PlanningWorld, part: type) -> Any:
    """Return a plan of three tables: one that refers to another, and the history."""
    name, keys = reference_of(adapter, part).names[0], [1, 2, 3]
    products = {"id": keys, "name": ["new"] * 3, "price": [5.0] * 3}
    parts = {"id": keys, "weight": [1.0] * 3, name: keys}
    return write_back().replace(part, parts).replace(world.Product, products).record(world.Run, solution_of(5.0))


def saved(adapter: RowAdapter, world: PlanningWorld, part: type, handle: Any) -> tuple[Any, ...]:
    """Return all that is in the tables."""
    products = [(row.id, row.price) for row in read(adapter, world.Product, handle)]
    return products, [row.id for row in read(adapter, part, handle)], len(read(adapter, world.Run, handle))


def others_see(adapter: RowAdapter, world: PlanningWorld, part: type) -> tuple[Any, ...]:
    """Return all that is in the tables, as another connection sees it."""
    return world.elsewhere(lambda handle: saved(adapter, world, part, handle))


def failures(world: PlanningWorld, moment: str, write: Callable[[], object]) -> Iterator[str]:
    """Write until it succeeds, failing one statement later each time; yield the statement that failed."""
    injected: Any = type("Injected", (world.DatabaseError,), {})
    for number in range(1, 100):
        sent: list[str] = []
        count = _failing(sent, number, injected)
        try:
            with world.statements(*(count, ignore) if moment == "before" else (ignore, count)):
                write()
        except injected:
            yield sent[number - 1]
        else:
            return


def ignore(statement: str) -> None:
    """Do nothing before, or after, a statement."""


def _failing(sent: list[str], number: int, error: type[Exception]) -> Callable[[str], None]:
    def count(statement: str) -> None:
        sent.append(statement)
        if len(sent) == number:
            raise error(statement)

    return count
