"""Whatever becomes of the workers, each scenario has one result, and it is that which there is without workers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import examples

from lumix import LXOptimizer, LXScenario, LXScenarioAnalyzer
from tests.analysis.conftest import Workshop

SCENARIOS = 12


class Flaky(ThreadPoolExecutor):
    """Fails in some of its tasks, before or after they are done; or cannot read the parcel in some."""

    def __init__(self, workers, fates):
        super().__init__(workers)
        self.fates = list(fates)
        self.attempts = dict.fromkeys(range(SCENARIOS), 0)

    def submit(self, function, task):
        fate = self.fates.pop() if self.fates else "fine"

        def run():
            if fate == "lacks" and task.parcel.content is None:
                return None
            if fate in ("fails", "fails late"):
                for position in task.positions:
                    self.attempts[position] += 1
            if fate == "fails":
                raise ConnectionError("lost before")
            share = function(task)
            if fate == "fails late":
                raise ConnectionError("lost after")
            return share

        return super().submit(run)


@pytest.fixture(scope="module")
def analyzer():
    analyzer = LXScenarioAnalyzer(Workshop().model, LXOptimizer().use_solver("highs"))
    for i in range(SCENARIOS):
        analyzer.add_scenario(LXScenario(f"{i}").modify_constraint_rhs("stock", add=10 * i, key=1))
    return analyzer


@given(
    workers=st.integers(1, 4),
    fates=st.lists(st.sampled_from(["fine", "fails", "fails late", "lacks"]), max_size=30),
)
@settings(max_examples=examples(60), deadline=None)
def test_each_scenario_has_its_result(analyzer, workers, fates):
    told = []
    expected = {name: one.objective for name, one in analyzer.run_all_scenarios().items()}

    with Flaky(workers, fates) as executor:
        sweep = analyzer.run_all_scenarios(executor, callback=told.append)

    assert list(sweep) == list(expected)
    assert sorted(int(one.result.name) for one in told) == list(range(SCENARIOS))
    lost = {name for name, one in sweep.items() if one.error}
    assert {name: one.objective for name, one in sweep.items() if name not in lost} == {
        name: objective for name, objective in expected.items() if name not in lost
    }
    assert lost == {str(position) for position, count in executor.attempts.items() if count > 2}
