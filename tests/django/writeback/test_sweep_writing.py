"""Sweeps of scenarios written to the tables of models, in whatever transaction there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import OperationalError, connection, transaction
from sweep_writing import EXPECTED, SweepWriting, analyzed, back
from workshop.models import Good, OwnRun, ScenarioLine, ScenarioRun

from lumix import LXSweep


@pytest.fixture
def tables(database: dict[str, Any]) -> Iterator[str]:
    """Three products; returns the vendor of the database."""
    Good.objects.bulk_create([Good(id=i, name=f"good {i}") for i in (1, 2, 3)])
    yield connection.vendor
    assert not connection.in_atomic_block
    models = apps.get_app_config("workshop").get_models(include_auto_created=True)
    with connection.constraint_checks_disabled(), transaction.atomic():
        for model in (one for one in models if one._meta.managed):
            model._base_manager.all()._raw_delete("default")


@pytest.fixture(scope="module")
def sweep() -> LXSweep:
    return analyzed().run_all_scenarios()


class Tables:
    """What the shared tests ask of the tables."""

    Run, Line = ScenarioRun, ScenarioLine
    DatabaseError = OperationalError
    handle = None
    product_column = "workshop_good.id"

    def add_products(self, keys: range) -> None:
        Good.objects.bulk_create([Good(id=i, name=f"good {i}") for i in keys])

    def lines(self, sweep: LXSweep) -> dict[tuple[str, int], float]:
        rows = ScenarioLine.objects.filter(run__sweep=sweep.sweep_id)
        return {
            (name, product): made for name, product, made in rows.values_list("run__scenario", "product_id", "quantity")
        }

    def comments(self) -> list[str | None]:
        return list(ScenarioRun.objects.values_list("comment", flat=True))

    def stock(self) -> int:
        return Good.objects.get(id=1).stock


@pytest.fixture
def results(tables: str) -> Tables:
    return Tables()


@contextmanager
def changed(within: Callable[[], AbstractContextManager[object]]) -> Iterator[None]:
    """Change a good, in the block in which is written."""
    with within():
        Good.objects.filter(id=1).update(stock=77)
        yield


@pytest.fixture(params=[nullcontext, transaction.atomic], ids=["no block", "atomic"])
def block(request: pytest.FixtureRequest) -> AbstractContextManager[None]:
    return changed(request.param)


class TestSweeps(SweepWriting):
    most = 20
    more_for_rows = 2
    more_for_scenarios = 4


def test_there_is_a_row_for_each_scenario_and_lines_where_it_has_a_point(results: Tables, sweep: LXSweep) -> None:
    written = back(results, sweep).write()

    runs = ScenarioRun.objects.values_list("scenario", "status", "objective", "delta_objective", "changes", "solver")
    assert set(runs) == {
        ("baseline", "optimal", 16.0, 0.0, "", "highs"),
        ("more", "optimal", 20.0, 4.0, "total +2", "highs"),
        ("none", "infeasible", None, None, "total = -1", "highs"),
        ("broken", "error", None, None, "<lambda>", None),
    }
    assert {one.id for one in ScenarioRun.objects.all()} == {one.run_id for one in sweep.values()}
    assert ScenarioRun.objects.get(scenario="broken").finished_at == sweep["broken"].finished_at
    assert results.lines(sweep) == EXPECTED
    assert (written[ScenarioRun], written[ScenarioLine]) == (4, 6)


def test_a_history_with_few_attributes_and_a_key_of_its_own(tables: str, sweep: LXSweep) -> None:
    for _ in range(2):
        sweep.write_back().record(OwnRun, run="run").write()

    found = dict(OwnRun.objects.values_list("run", "status"))
    assert found == {UUID(one.run_id): str(one.status) for one in sweep.values()}


def test_a_block_that_is_rolled_back_takes_the_sweep_with_it(results: Tables, sweep: LXSweep) -> None:
    with transaction.atomic():
        back(results, sweep).write()
        assert results.lines(sweep) == EXPECTED
        transaction.set_rollback(True)

    assert ScenarioRun.objects.count() == ScenarioLine.objects.count() == 0
