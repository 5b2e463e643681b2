"""Sweeps on Dask: a real cluster of processes on this machine."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import distributed
import pytest
from process_faults import Fragile

from lumix import LXModelError, LXOptimizer, LXScenario, LXScenarioAnalyzer, LXStatus
from lumix.analysis.workers.pools import workers_of


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def analyzer(workshop, highs):
    scenarios = [LXScenario(f"wood {i}").modify_constraint_rhs("stock", add=i, key=1) for i in range(60)]
    return LXScenarioAnalyzer(workshop.model, highs).add_scenarios(*scenarios)


def bits(sweep):
    return {name: one.solution and one.solution._x.tobytes() for name, one in sweep.items()}


def test_it_tells_how_many_workers_it_has(client):
    assert workers_of(client.get_executor()) == 2


def test_results_are_those_that_there_would_be_without(analyzer, client):
    analyzer.add_scenario(LXScenario("broken").add_custom_modification(lambda model: model.nothing))
    alone = analyzer.run_all_scenarios()

    together = analyzer.run_all_scenarios(client.get_executor())

    assert list(together) == list(alone)
    assert bits(together) == bits(alone)
    assert together["broken"].error == alone["broken"].error


def test_a_sweep_can_be_ended(analyzer, client):
    sweep = analyzer.run_all_scenarios(client.get_executor(), callback=lambda one: one.cancel())

    assert sum("cancelled" in one.error for one in sweep.values()) > 0
    assert bits(analyzer.run_all_scenarios(client.get_executor())) == bits(analyzer.run_all_scenarios())


def test_a_worker_that_is_killed_loses_no_scenario(analyzer, client):
    def kill_one(progress):
        if progress.done == 5:
            os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)

    sweep = analyzer.run_all_scenarios(client.get_executor(), callback=kill_one)

    assert [one.error for one in sweep.values() if one.error] == []
    assert bits(sweep) == bits(analyzer.run_all_scenarios())


def test_a_client_is_no_executor(analyzer, client):
    with pytest.raises(LXModelError, match=r"Give it a concurrent.futures.Executor, such as client.get_executor\(\)"):
        analyzer.run_all_scenarios(client)


@pytest.mark.thorough
def test_a_scenario_that_kills_its_workers_is_recorded(analyzer, client, tmp_path):
    deaths = tmp_path / "deaths"
    deaths.mkdir()

    def kills(model):
        Path(deaths, str(os.getpid())).touch()
        os.kill(os.getpid(), signal.SIGKILL)

    analyzer.add_scenario(LXScenario("deadly").add_custom_modification(kills))
    with distributed.Client(client.cluster) as other:
        other.run_on_scheduler(lambda dask_scheduler: setattr(dask_scheduler, "allowed_failures", 0))
        sweep = analyzer.run_all_scenarios(other.get_executor())

    assert [name for name, one in sweep.items() if one.status is LXStatus.ERROR] == ["deadly"]
    assert "KilledWorker" in sweep["deadly"].error
    assert len(list(deaths.iterdir())) == 3


@pytest.mark.thorough
def test_a_crash_of_an_isolated_solver_is_the_error_of_one_scenario(workshop, client):
    workshop.model.constraints.sort(key=lambda constraint: constraint.name != "most")
    fragile = LXOptimizer().use_solver(Fragile("segfault", rhs=112.0), isolated=True)
    analyzer = LXScenarioAnalyzer(workshop.model, fragile)
    for rhs in (111, 112, 113):
        analyzer.add_scenario(LXScenario(f"most {rhs}").modify_constraint_rhs("most", set_value=rhs, key=1))

    sweep = analyzer.run_all_scenarios(client.get_executor())

    assert [name for name, one in sweep.items() if one.error] == ["most 112"]
    assert "SIGSEGV" in sweep["most 112"].error
