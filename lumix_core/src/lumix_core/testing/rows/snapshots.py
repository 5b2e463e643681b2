"""How a model is read at one moment, while others write.

Snapshots are optional: an adapter without them is refused by the core, and these tests require no more of it. The moves
of stock that others make in the meantime are written by the adapter itself, so an adapter that only reads has no more
than the first test.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest

from lumix_core.errors import LXSourceError
from lumix_core.language.expressions import LXLinearExpression
from lumix_core.language.model import LXModel
from lumix_core.language.parameters import LXParameter
from lumix_core.language.variables import LXVariable
from lumix_core.rows.adapter import RowAdapter
from lumix_core.rows.features import LXRowFeature, features_of
from lumix_core.testing.kit import Kit
from lumix_core.testing.limits import on_main_thread
from lumix_core.testing.rows.engine import write_back
from lumix_core.testing.rows.plans import category_class, read, solved
from lumix_core.testing.rows.transactions import ignore
from lumix_core.testing.rows.world import PlanningWorld, RowWorld, planning

TOTAL = 100.0
STEP = 10.0


class Snapshots(Kit, limited=on_main_thread):
    """One moment for all that a compile reads."""

    def test_a_snapshot_is_of_one_transaction(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Two queries of one handle are read in it; without snapshots the adapter is refused by name."""
        world.fill(2)
        world.close_transaction()
        x = LXVariable[Any, float]("x").from_model(world.Product, world.handle, adapter=adapter)
        model = LXModel("plan").add_variable(x.bounds(0, lambda row: row.price))
        first: Any
        second: Any
        first, second = (adapter.query(world.Product, world.handle) for _ in range(2))
        if LXRowFeature.SNAPSHOTS not in features_of(adapter, first):
            with pytest.raises(LXSourceError, match=adapter.name):
                model.compile(snapshot=True)
            return

        problem = model.compile(snapshot=True)

        assert problem.upper.tolist() == [1.0, 2.0]
        with ExitStack() as ends:
            assert hash(first.snapshot(ends)) == hash(second.snapshot(ends))
            assert first.snapshot(ends) == second.snapshot(ends)

    def test_without_a_snapshot_a_move_between_two_reads_is_seen_in_half(
        self, adapter: RowAdapter, world: RowWorld
    ) -> None:
        """Unless the database's own transactions see one moment: a compile sees what two queries see."""
        if (stock := stock_in(adapter, world)) is None:
            return
        (here,) = read(adapter, stock.world.Product, stock.world.handle)
        expected = here.price
        stock.move()
        (there,) = read(adapter, stock.category, stock.world.handle)
        expected += there.markup
        stock.fill()

        with stock.moving_between_reads() as reads:
            found = total(stock.model())

        assert len(reads) == 2
        assert found == expected
        assert expected in (TOTAL, TOTAL + STEP)

    def test_a_snapshot_is_of_one_moment(self, adapter: RowAdapter, world: RowWorld) -> None:
        """A move between two reads is not seen, and is seen in the next transaction."""
        if (stock := stock_in(adapter, world)) is None:
            return

        with stock.moving_between_reads() as reads:
            found = total(stock.model(), snapshot=True)

        assert (len(reads), found) == (2, TOTAL)
        stock.world.close_transaction()
        assert stock.model().compile().upper.tolist() == [TOTAL - STEP, STEP]

    def test_solving_takes_a_snapshot_too(self, adapter: RowAdapter, world: RowWorld) -> None:
        """The plan is of one moment."""
        if (stock := stock_in(adapter, world)) is None:
            return

        with stock.moving_between_reads() as reads:
            solution = solved(stock.model(), snapshot=True)

        assert (len(reads), solution.objective_value) == (2, TOTAL)

    def test_parameters_are_read_at_the_same_moment(self, adapter: RowAdapter, world: RowWorld) -> None:
        """What a function looks up is of the moment at which its rows are."""
        if (stock := stock_in(adapter, world)) is None:
            return
        there = LXParameter[Any]("there").indexed_by(lambda row: row.id).value(lambda row: row.markup)
        there.from_model(stock.category, stock.world.handle, adapter=adapter)
        x = LXVariable[Any, float]("x").from_model(stock.world.Product, stock.world.handle, adapter=adapter)
        model = LXModel("stock").add_variable(x.bounds(0, lambda row: row.price + there[row.id]))

        with stock.moving_between_reads() as reads:
            found = total(model, snapshot=True)

        assert (len(reads), found) == (2, TOTAL)

    def test_the_plan_is_written_in_the_transaction_that_it_was_read_in(
        self, adapter: RowAdapter, world: RowWorld
    ) -> None:
        """A snapshot goes on where a transaction is open already, and the plan is committed with it."""
        if (stock := stock_in(adapter, world)) is None:
            return

        with stock.world.transaction():
            solution = solved(stock.model(), snapshot=True)
            back = write_back().replace(stock.world.Task, {1: solution.objective_value}, key="id", value="project")
            back.write(stock.world.handle, adapter=stock.adapter)

        task = stock.world.Task
        assert stock.world.elsewhere(lambda handle: [row.project for row in read(adapter, task, handle)]) == [TOTAL]

    def test_a_snapshot_leaves_no_transaction_behind(self, adapter: RowAdapter, world: RowWorld) -> None:
        """What is begun for it is ended with it, unless the handle ends it as it does with all of its reading."""
        if (stock := stock_in(adapter, world)) is None:
            return

        before = stock.model().compile(snapshot=True).upper.tolist()
        with stock.world.transaction():
            stock.model().compile(snapshot=True)
        stock.move()
        stock.world.close_transaction()
        after = stock.model().compile(snapshot=True).upper.tolist()

        assert (before, after) == ([TOTAL, 0.0], [TOTAL - STEP, STEP])

    def test_a_snapshot_leaves_the_users_transaction_open(self, adapter: RowAdapter, world: RowWorld) -> None:
        """One that has begun is neither committed nor rolled back by reading in it."""
        if (stock := stock_in(adapter, world)) is None:
            return
        task = stock.world.Task

        with pytest.raises(ZeroDivisionError), stock.world.transaction():
            write_back().replace(task, [{"id": 1, "project": 1}]).write(stock.world.handle, adapter=stock.adapter)
            stock.model().compile(snapshot=True)
            assert [row.id for row in read(adapter, task, stock.world.handle)] == [1], "it was rolled back"
            raise ZeroDivisionError

        assert stock.world.elsewhere(lambda handle: len(read(adapter, task, handle))) == 0, "it was committed"

    def test_plans_of_one_moment_while_others_move_stock(self, adapter: RowAdapter, world: RowWorld) -> None:
        """However the reads and the moves fall together."""
        if (stock := stock_in(adapter, world)) is None:
            return
        enough, plans, compiled = Event(), set[tuple[float, ...]](), 0
        moving = Thread(target=stock.move_until, args=[enough], daemon=True)
        limit = monotonic() + 20

        moving.start()
        while min(compiled / 4, len(plans)) < 5 and monotonic() < limit:
            compiled += 1
            plans.add(tuple(stock.model().compile(snapshot=True).upper.tolist()))
            stock.world.close_transaction()
        enough.set()
        moving.join(60)

        assert {sum(stock) for stock in plans} == {TOTAL}
        assert len(plans) >= 5


class Stock:
    """A product whose price and a category whose markup are 100 together, whatever others move between them."""

    def __init__(self, adapter: RowAdapter, world: PlanningWorld, category: type) -> None:
        self.adapter: Any = adapter  # one that writes too
        self.world = world
        self.category = category
        self.moved = 0.0

    def fill(self) -> None:
        """Put everything where it was at first, and let no transaction be open."""
        self.moved = 0.0
        self.world.close_transaction()
        self.world.elsewhere(self._write)

    def move(self) -> None:
        """Move some of it in one transaction of another connection."""
        self.moved = (self.moved + STEP) % TOTAL
        self.world.elsewhere(self._write)

    def move_until(self, enough: Event) -> None:
        """Move some of it again and again."""
        while not enough.is_set():
            self.move()

    def model(self) -> LXModel:
        """Return a model with all of it, of which one part is read as instances and the other as columns."""
        here, there = (
            LXVariable[Any, float](cls.__name__).from_model(cls, self.world.handle, adapter=self.adapter)
            for cls in (self.world.Product, self.category)
        )
        here.bounds(0, lambda row: sum([row.price for _ in range(1)]))
        there.bounds(0, lambda row: row.markup)
        expression = LXLinearExpression().add_term(here).add_term(there)
        return LXModel("stock").add_variables(here, there).maximize(expression)

    @contextmanager
    def moving_between_reads(self) -> Iterator[list[str]]:
        """Move some of it right after the first of two tables was read, and collect the reads."""
        tables = (self.adapter.written_table(cls).name for cls in (self.world.Product, self.category))
        names = [name.rpartition(".")[2] for name in tables]
        reads: list[str] = []

        def sent(statement: str) -> None:
            if statement.startswith("SELECT") and any(name in statement for name in names):
                reads.append(statement)
                if len(reads) == 1:
                    self.move()

        with self.world.statements(ignore, sent):
            yield reads

    def _write(self, handle: Any) -> None:
        products = [{"id": 1, "name": "stock", "price": TOTAL - self.moved}]
        back = write_back().replace(self.world.Product, products)
        back.replace(self.category, [{"id": 1, "markup": self.moved}]).write(handle, adapter=self.adapter)


def stock_in(adapter: RowAdapter, world: RowWorld) -> Stock | None:
    """Return the stock of a world; None where the adapter does not write, or its queries know no snapshots."""
    known = features_of(adapter, adapter.query(world.Product, world.handle))
    if not {LXRowFeature.WRITING, LXRowFeature.SNAPSHOTS} <= known:
        return None
    plans, category = planning(world), category_class(adapter, world)
    plans.fill(0)
    stock = Stock(adapter, plans, category)
    stock.fill()
    return stock


def total(model: LXModel, **options: Any) -> float:
    """Return the sum of the upper bounds."""
    return float(model.compile(**options).upper.sum())
