"""The conformance kit for row adapters."""

from __future__ import annotations

import pytest

from lumix_core.rows.adapter import RowAdapter
from lumix_core.testing.rows.columns import Columns
from lumix_core.testing.rows.copies import Copies
from lumix_core.testing.rows.forms import Forms
from lumix_core.testing.rows.identity import Keeping
from lumix_core.testing.rows.loading import Loading
from lumix_core.testing.rows.queries import Conversions, Queries, Selections
from lumix_core.testing.rows.reading import Reading
from lumix_core.testing.rows.refreshing import Refreshing
from lumix_core.testing.rows.snapshots import Snapshots
from lumix_core.testing.rows.transactions import Transactions
from lumix_core.testing.rows.world import RowWorld
from lumix_core.testing.rows.writers import Writers
from lumix_core.testing.rows.writing import Writing


class RowAdapterConformance(
    # pytest runs the tests of the last base first: an author meets simple ones before others.
    Refreshing,
    Snapshots,
    Transactions,
    Writing,
    Writers,
    Keeping,
    Columns,
    Conversions,
    Forms,
    Copies,
    Loading,
    Selections,
    Queries,
    Reading,
):
    """Everything that LumiX counts on in the adapter of an ORM, as tests to inherit.

    The whole test module of an adapter::

        import pytest

        from lumix_core.testing import RowAdapterConformance
        from my_adapter import MyAdapter


        class TestMyAdapter(RowAdapterConformance):
            @pytest.fixture
            def adapter(self):
                return MyAdapter()

            @pytest.fixture
            def world(self, tmp_path):
                with MyWorld(tmp_path / "test.db") as world:
                    yield world

    where ``MyWorld`` is what `lumix_core.testing.rows.world.RowWorld` describes: three mapped classes and a database of
    their own. An example is `lumix_core.testing.rows.toy_world`, for the adapter `lumix_core.testing.rows.toy`. A world
    that has what `QueryWorld` and `PlanningWorld` of the same module describe is tested more. Of features that the
    adapter does not declare, only their refusal is tested. The adapter must be registered too, since copies find the
    adapter of a row by its class. A test that takes longer than ``limit`` seconds fails. No plugin and no configuration
    of pytest is needed; deviations stand in ``expected_failures``, as in `SolverConformance`.
    """

    @pytest.fixture
    def adapter(self) -> RowAdapter:
        """Override: return the adapter to be tested."""
        raise NotImplementedError("override the fixture 'adapter' so that it returns the adapter to be tested")

    @pytest.fixture
    def world(self) -> RowWorld:
        """Override: return an empty world; a new one for each test."""
        raise NotImplementedError("override the fixture 'world' so that it returns a RowWorld")
