"""What is done with an analyzer while it sweeps: closed, added to, swept once more, used from two threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from lumix import LXModelError, LXScenario, LXScenarioAnalyzer


@pytest.fixture
def threads():
    with ThreadPoolExecutor(2) as executor:
        yield executor


def of_woods(workshop, optimizer, count=20):
    scenarios = [LXScenario(f"wood {i}").modify_constraint_rhs("stock", add=i, key=1) for i in range(count)]
    return LXScenarioAnalyzer(workshop.model, optimizer).add_scenarios(*scenarios)


def objectives(sweep):
    return {name: one.objective for name, one in sweep.items()}


@pytest.fixture(params=["here", "threads"])
def executor(request):
    return None if request.param == "here" else request.getfixturevalue(request.param)


@pytest.mark.parametrize("then", [lambda analyzer: None, lambda analyzer: analyzer.run_scenario("baseline")])
def test_closed_in_a_callback(workshop, highs, executor, then):
    analyzer = of_woods(workshop, highs)

    def close(progress):
        if progress.done == 2:
            analyzer.close()
            then(analyzer)

    sweep = analyzer.run_all_scenarios(executor, callback=close)

    assert objectives(sweep) == objectives(of_woods(workshop, highs).run_all_scenarios())


def test_a_closed_analyzer_lets_the_solver_go_when_its_sweep_ends(workshop, highs):
    analyzer = of_woods(workshop, highs)
    session = analyzer._opened().session

    analyzer.run_all_scenarios(callback=lambda progress: analyzer.close())

    with pytest.raises(LXModelError, match="is closed"):
        session.solve()


def test_swept_in_a_callback(workshop, highs, executor):
    analyzer, inner = of_woods(workshop, highs, 4), []

    sweep = analyzer.run_all_scenarios(
        executor, callback=lambda progress: inner.append(analyzer.run_all_scenarios(executor))
    )

    assert [objectives(one) for one in inner] == [objectives(sweep)] * 4


def test_scenarios_added_in_a_callback_are_for_the_next_sweep(workshop, highs, executor):
    analyzer = of_woods(workshop, highs, 3)

    sweep = analyzer.run_all_scenarios(
        executor, callback=lambda progress: analyzer.add_scenario(LXScenario(f"new {progress.done}"))
    )

    assert len(sweep) == 4
    assert len(analyzer.run_all_scenarios()) == 7


def test_two_threads_take_turns(workshop, highs, threads):
    analyzer = of_woods(workshop, highs, 60)

    sweeps = [threads.submit(analyzer.run_all_scenarios) for _ in range(4)]

    assert [objectives(one.result(60)) for one in sweeps] == [objectives(analyzer.run_all_scenarios())] * 4
