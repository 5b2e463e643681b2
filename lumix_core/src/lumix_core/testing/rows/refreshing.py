"""How the rows of an open model are read anew, after others wrote."""

from __future__ import annotations

import warnings
from typing import Any

from lumix_core.errors import LXStaleReadWarning
from lumix_core.language.model import LXModel
from lumix_core.language.variables import LXVariable
from lumix_core.rows.adapter import RowAdapter
from lumix_core.solver.optimizer import LXOptimizer
from lumix_core.solver.session import LXLiveSession
from lumix_core.testing.kit import Kit
from lumix_core.testing.limits import on_main_thread
from lumix_core.testing.rows.plans import UpperBounds, read
from lumix_core.testing.rows.snapshots import STEP, TOTAL, stock_in
from lumix_core.testing.rows.world import RowWorld


class Refreshing(Kit, limited=on_main_thread):
    """Rows that are read again while their model is open."""

    def test_a_refresh_misses_the_rows_that_went(self, adapter: RowAdapter, world: RowWorld) -> None:
        """They are told by key, and the model is about the others."""
        world.fill(3)
        x = LXVariable[Any, float]("x").from_model(world.Product, world.handle, adapter=adapter)
        model = LXModel("plan").add_variable(x.bounds(0, lambda row: row.price))

        with opened(model) as session:
            world.close_transaction()
            world.delete(2)
            world.close_transaction()
            refresh = session.refresh()

            assert (refresh.variables["x"].removed, session.problem.upper.tolist()) == ([2], [1.0, 3.0])

    def test_a_refresh_shows_rows_that_the_handle_holds_as_they_are_now(
        self, adapter: RowAdapter, world: RowWorld
    ) -> None:
        """Or warns where an open transaction hides what is new, and shows it after that."""
        if (stock := stock_in(adapter, world)) is None:
            return
        held = read(adapter, stock.world.Product, stock.world.handle)

        with opened(stock.model()) as session, warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            stock.move()
            refresh = session.refresh()
            assert refresh or [one.category for one in told] == [LXStaleReadWarning]
            stock.world.close_transaction()
            session.refresh()

            assert session.problem.upper.tolist() == [TOTAL - STEP, STEP]
        assert len(held) == 1


def opened(model: LXModel) -> LXLiveSession:
    """Return a live session of a model whose optimum is at all upper bounds."""
    return LXOptimizer().use_solver(UpperBounds()).open(model)
