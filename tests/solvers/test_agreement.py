"""Answers of several solvers to one problem are held against the truth and against each other."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from agreement import Case, Outcome, case_of, disagreements, told
from licences import missing
from problem_classes import CLASSES

from lumix_core.errors import LXSolverError
from lumix_core.problem import Quadratics, Structures
from lumix_core.solver.solver import LXFeature, RawResult
from lumix_core.solver.status import LXStatus
from lumix_core.testing.solvers.problems import INF, problem
from lumix_solvers.cplex import CplexSolver
from lumix_solvers.cpsat import CpSatSolver
from lumix_solvers.glpk import GlpkSolver
from lumix_solvers.gurobi import GurobiSolver
from lumix_solvers.highs import HighsSolver
from lumix_solvers.ortools import OrToolsSolver
from lumix_solvers.pulp import PulpSolver
from lumix_solvers.scip import ScipSolver
from lumix_solvers.xpress import XpressSolver

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "agreement" / "agreement.py"
WHOLE = problem([1.0, 2.0], [([1.0, 1.0], 3.0, INF)], upper=9.0, integer=True)


class Claiming:
    """A solver that answers one thing of everything, unless it fails."""

    name = "claiming"

    def __init__(self, *x, status=LXStatus.OPTIMAL, features=ScipSolver.features):
        self.x, self.status, self.features = np.array(x) if x else None, status, features

    def is_available(self):
        return True

    def solve(self, given, options):
        if self.status is LXStatus.ERROR:
            raise LXSolverError("Solver 'claiming' crashed")
        objective = None if self.x is None else given.objective_at(self.x)
        return RawResult(status=self.status, raw_status="so", x=self.x, objective=objective)


def answers(given, **solvers):
    return case_of("some", 1, given, solvers)


def test_a_point_that_is_not_the_best_is_wrong():
    case = answers(WHOLE, right=HighsSolver(), lying=Claiming(2.0, 1.0))

    assert [answer.outcome for answer in case.answers.values()] == [Outcome.RIGHT, Outcome.WRONG]
    assert case.answers["lying"].reason.endswith("optimal 4.0, truth optimal 3")
    assert disagreements(case) == {("right", "lying"): "WRONG"}


def test_an_error_and_a_refusal_claim_nothing():
    failing, lacking = Claiming(status=LXStatus.ERROR), Claiming(features=frozenset({LXFeature.TIME_LIMIT}))

    case = answers(WHOLE, right=HighsSolver(), failing=failing, lacking=lacking)

    assert [answer.outcome for answer in case.answers.values()] == [Outcome.RIGHT, Outcome.ERROR, Outcome.REFUSED]
    assert disagreements(case) == {("right", "failing"): "error"}
    assert told(case) == "some 1: optimal 3 (right); error: crashed (failing)"


def test_where_nothing_is_known_a_point_denies_what_is_claimed():
    """The area of x and y with x + y == 4 is 4 at most; no truth is known of products of continuous variables."""
    base = problem([0.0, 0.0], [([1.0, 1.0], 4.0, 4.0)], upper=4.0, maximize=True)
    area = Quadratics.of(np.array([-1]), np.array([0]), np.array([1]), np.array([1.0]))
    given = replace(base, structures=Structures(quadratics=area))

    case = answers(given, best=Claiming(2.0, 2.0), worse=Claiming(1.0, 3.0))

    assert [answer.outcome for answer in case.answers.values()] == [Outcome.RIGHT, Outcome.WRONG]
    assert case.answers["worse"].reason == "no point is better than 3.0, and there is 4.0"


def test_the_program_prints_tables_and_shows_what_it_wrote_down_again(tmp_path):
    into = tmp_path / "cases.jsonl"
    run = ["--solvers", "highs", "--problems", "1", "--classes", "linear", "indicators", "--into", into]

    first, again = (
        subprocess.run([sys.executable, "-B", PROGRAM, *words], capture_output=True, text=True, check=True, timeout=60)
        for words in (run, ["--report", into])
    )

    cases = [Case.of_json(json.loads(line)) for line in into.read_text().splitlines()]
    assert [(case.kind, case.seed) for case in cases] == [("linear", 0), ("indicators", 0)]
    assert "| highs | all | 2 | 2 | 0 | 0 | 0 | 0 | 0 |" in first.stdout
    assert again.stdout == first.stdout


ALL = (
    HighsSolver,
    PulpSolver,
    ScipSolver,
    OrToolsSolver,
    CpSatSolver,
    GlpkSolver,
    GurobiSolver,
    CplexSolver,
    XpressSolver,
)


@pytest.mark.thorough
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", CLASSES)
def test_no_solver_claims_what_is_not_so(kind):
    solvers = {solver.name: solver() for solver in ALL if solver is CpSatSolver or not missing(solver)}

    cases = [case_of(kind, seed, CLASSES[kind](seed), solvers) for seed in range(100)]

    assert [told(case) for case in cases if Outcome.WRONG in {each.outcome for each in case.answers.values()}] == []
