"""Sweeps whose solver runs in processes of its own: a crash is the error of one scenario, whoever solves it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import nullcontext

import pytest
from process_faults import Fragile

from lumix import LXOptimizer, LXScenario, LXScenarioAnalyzer, LXWhatIfAnalyzer
from lumix_core.errors import LXSolverError

POOLS = {
    "alone": nullcontext,
    "spawned": lambda: ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")),
    "threads": lambda: ThreadPoolExecutor(2),
    "forked by a server": lambda: ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("forkserver")),
}
LONG = ("alone", "threads", "forked by a server")


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.thorough] * (name in LONG)) for name in POOLS])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor | None]:
    with POOLS[request.param]() as executor:
        yield executor


@pytest.fixture
def fragile() -> LXOptimizer:
    """HiGHS, whose process ends with SIGSEGV where the first row is to be 112 at the most."""
    return LXOptimizer().use_solver(Fragile("segfault", rhs=112.0), isolated=True)


def with_most_first(workshop):
    """Return a model whose first row is how many of the first product are made at the most."""
    workshop.model.constraints.sort(key=lambda constraint: constraint.name != "most")
    return workshop.model


def test_a_crash_is_the_error_of_one_scenario(workshop, executor, highs, fragile) -> None:
    model = with_most_first(workshop)
    scenarios = [
        LXScenario(f"most {rhs}").modify_constraint_rhs("most", set_value=rhs, key=1) for rhs in (11, 112, 13, 114)
    ]
    own = LXScenarioAnalyzer(model, highs).add_scenarios(*scenarios).run_all_scenarios()

    sweep = LXScenarioAnalyzer(model, fragile).add_scenarios(*scenarios).run_all_scenarios(executor)

    assert "crashed: its process ended with SIGSEGV" in sweep["most 112"].error
    assert [name for name, result in sweep.items() if result.error] == ["most 112"]
    assert all(result.objective == own[name].objective for name, result in sweep.items() if not result.error)


@pytest.mark.thorough
def test_after_a_crash_of_a_what_if_question_the_next_one_has_its_answer(integer_workshop, fragile) -> None:
    with LXWhatIfAnalyzer(with_most_first(integer_workshop), fragile) as analyzer:
        before = analyzer.increase_constraint_rhs("most", to=113.0, key=1).new_objective
        with pytest.raises(LXSolverError, match="the next solve is in a new process"):
            analyzer.increase_constraint_rhs("most", to=112.0, key=1)

        assert analyzer.increase_constraint_rhs("most", to=113.0, key=1).new_objective == before
