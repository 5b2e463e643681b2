"""Sweeps of scenarios written to the tables of models, in whatever transaction there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import OperationalError, connection, transaction
from workshop.models import Good, OwnRun, ScenarioLine, ScenarioRun

from lumix import (
    LXConstraint,
    LXLinearExpression,
    LXModel,
    LXOptimizer,
    LXScenario,
    LXScenarioAnalyzer,
    LXScenarioResult,
    LXSweep,
    LXSweepWriteBack,
    LXVariable,
    LXWriteError,
)

LINES = {"run": "run_id", "key": "product_id", "value": "quantity"}
EXPECTED = {
    ("baseline", 1): 0.0,
    ("baseline", 2): 2.0,
    ("baseline", 3): 4.0,
    ("more", 1): 0.0,
    ("more", 2): 4.0,
    ("more", 3): 4.0,
}


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


def analyzed(count: int = 3, more: int = 0) -> LXScenarioAnalyzer:
    """Scenarios of a model over the products: one better, one impossible, one broken, and more of the better ones."""
    made = LXVariable[int, float]("made").indexed_by(lambda i: i).from_data(range(1, count + 1)).bounds(0, 4)
    total = LXConstraint("total").expression(LXLinearExpression().sum_over(made)).le().rhs(6)
    model = LXModel("plan").add_variable(made).add_constraint(total)
    analyzer = LXScenarioAnalyzer(model.maximize(LXLinearExpression().add_term(made, float)), LXOptimizer())
    return analyzer.add_scenarios(
        LXScenario("more").describe("a second shift").modify_constraint_rhs("total", add=2),
        LXScenario("none").modify_constraint_rhs("total", set_value=-1),
        LXScenario("broken").add_custom_modification(lambda model: model.nothing),
        *(LXScenario(f"scenario {i}").modify_constraint_rhs("total", add=i) for i in range(more)),
    )


@pytest.fixture(scope="module")
def sweep() -> LXSweep:
    return analyzed().run_all_scenarios()


def back(sweep: LXSweep) -> LXSweepWriteBack:
    return sweep.write_back().record(ScenarioRun).append(ScenarioLine, "made", **LINES)


def lines(sweep: LXSweep) -> dict[tuple[str, int], float]:
    """What is planned in the scenarios of a sweep."""
    rows = ScenarioLine.objects.filter(run__sweep=sweep.sweep_id)
    return {
        (name, product): made for name, product, made in rows.values_list("run__scenario", "product_id", "quantity")
    }


def one_wrong(result: LXScenarioResult) -> list[dict[str, Any]]:
    """A line for each scenario, which no database takes for the last one."""
    return [{"product_id": 1, "quantity": 5_000.0 if result.name == "broken" else 1.0}]


def test_there_is_a_row_for_each_scenario_and_lines_where_it_has_a_point(tables: str, sweep: LXSweep) -> None:
    written = back(sweep).write()

    runs = ScenarioRun.objects.values_list("scenario", "status", "objective", "delta_objective", "changes", "solver")
    assert set(runs) == {
        ("baseline", "optimal", 16.0, 0.0, "", "highs"),
        ("more", "optimal", 20.0, 4.0, "total +2", "highs"),
        ("none", "infeasible", None, None, "total = -1", "highs"),
        ("broken", "error", None, None, "<lambda>", None),
    }
    assert {one.id for one in ScenarioRun.objects.all()} == {one.run_id for one in sweep.values()}
    assert ScenarioRun.objects.get(scenario="broken").finished_at == sweep["broken"].finished_at
    assert lines(sweep) == EXPECTED
    assert (written[ScenarioRun], written[ScenarioLine]) == (4, 6)


def test_writing_twice_is_writing_once(tables: str, sweep: LXSweep) -> None:
    for _ in range(2):
        written = back(sweep).write()

    assert lines(sweep) == EXPECTED
    assert ScenarioRun.objects.count() == 4
    assert written.deleted == {ScenarioLine: 6}


def test_a_second_sweep_stands_beside_the_first(tables: str) -> None:
    analyzer = analyzed()
    first, second = analyzer.run_all_scenarios(), analyzer.run_all_scenarios()

    for one in (first, second, first):
        back(one).write()

    assert lines(first) == lines(second) == EXPECTED
    assert ScenarioRun.objects.count() == 8


def test_a_history_with_few_attributes_and_a_key_of_its_own(tables: str, sweep: LXSweep) -> None:
    for _ in range(2):
        sweep.write_back().record(OwnRun, run="run").write()

    found = dict(OwnRun.objects.values_list("run", "status"))
    assert found == {UUID(one.run_id): str(one.status) for one in sweep.values()}


def test_a_block_that_is_rolled_back_takes_the_sweep_with_it(tables: str, sweep: LXSweep) -> None:
    with transaction.atomic():
        back(sweep).write()
        assert lines(sweep) == EXPECTED
        transaction.set_rollback(True)

    assert ScenarioRun.objects.count() == ScenarioLine.objects.count() == 0


@pytest.mark.parametrize("block", [nullcontext, transaction.atomic], ids=["no block", "atomic"])
def test_what_the_database_refuses_of_the_last_scenario_leaves_what_was_there(
    tables: str, sweep: LXSweep, block: Callable[[], AbstractContextManager[object]]
) -> None:
    back(sweep).write()
    wrong = sweep.write_back().record(ScenarioRun, comment="new").append(ScenarioLine, one_wrong, run="run_id")

    with block():
        Good.objects.filter(id=1).update(stock=77)
        # PyMySQL has an error of another kind for conditions
        with pytest.raises((LXWriteError, OperationalError), match="no_wonders"):
            wrong.write()

    assert lines(sweep) == EXPECTED
    assert not ScenarioRun.objects.filter(comment="new").exists()
    assert Good.objects.get(id=1).stock == 77


def test_a_row_that_leads_nowhere_names_its_scenario(tables: str, sweep: LXSweep) -> None:
    def rows(result: LXScenarioResult) -> list[dict[str, Any]]:
        return [{"product_id": i, "quantity": 1.0} for i in ((1, 99) if result.name == "broken" else (1, 2))]

    with pytest.raises(LXWriteError, match=r"scenario 'broken': row 1 \(product_id=99, .*refers by 'product_id'"):
        sweep.write_back().record(ScenarioRun).append(ScenarioLine, rows, run="run_id").write()

    assert ScenarioRun.objects.count() == 0


def test_statements_grow_neither_with_rows_nor_with_scenarios(tables: str, statements: list[str]) -> None:
    Good.objects.bulk_create([Good(id=i, name=f"good {i}") for i in range(4, 101)])
    counts = []
    for products, more in ((3, 0), (100, 0), (100, 36)):
        sweep = analyzed(products, more).run_all_scenarios()
        for _ in range(2):
            statements.clear()
            back(sweep).write()
            counts.append(len(statements))
    few, few_again, many_rows, many_rows_again, many, many_again = counts

    assert few <= 20
    assert many_rows <= few + 2  # whether the table takes COPY
    assert many <= few + 4  # SQLite and MariaDB are sent rows in parts
    assert many_rows_again - few_again <= 2
    assert many_again <= many + 40  # a row of the history that is there already is changed by itself
