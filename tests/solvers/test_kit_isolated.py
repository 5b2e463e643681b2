"""The solver kit catches what goes wrong only where runs are in a process of their own."""

import threading
from dataclasses import replace

import pytest
from solver_faults import Fake

from lumix_core.errors import LXError
from lumix_core.solver import isolated_solver
from lumix_core.solver.isolation import is_isolated
from lumix_core.testing import SolverConformance


def be_silent_elsewhere(problem, options):
    return problem, replace(options, log=False) if is_isolated() else options


def say_more_elsewhere(problem, result):
    return replace(result, details={"processes": 2 if is_isolated() else 1})


@pytest.fixture(scope="module")
def twin():
    return isolated_solver(Fake(before=be_silent_elsewhere, after=say_more_elsewhere))


def test_another_answer_of_an_isolated_run_is_caught(twin):
    with pytest.raises(AssertionError):
        SolverConformance().test_isolated_answer_is_that_of_a_run_here(solver=twin.inner, twin=twin, kind="integer")


def test_missing_log_of_an_isolated_run_is_caught(twin, capfd):
    with pytest.raises(AssertionError):
        SolverConformance().test_isolated_log_comes_over(solver=twin.inner, twin=twin, capfd=capfd)


def test_solver_that_cannot_be_sent_is_caught():
    solver = Fake()
    solver.lock = threading.Lock()

    with pytest.raises(LXError, match="cannot run isolated"):
        SolverConformance().test_can_be_sent_to_another_process(solver=solver)
