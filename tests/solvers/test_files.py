"""Files of problems are read by other programs, which find the same optimum."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import highspy
import numpy as np
import pulp
import pyscipopt
import pytest

from lumix_core.problem import FloatArray, LXProblem
from lumix_core.problem.files import write_problem
from lumix_core.testing.solvers.problems import one_vertex, random_integers

CBC = str(pulp.PULP_CBC_CMD.pulp_cbc_path)
LIMIT = 60
SEEDS = range(6)
MADE = {"whole numbers": random_integers, "fractions": one_vertex}


def optimum_in_memory(problem: LXProblem) -> float:
    highs = silent()
    rows, columns = problem.num_constraints, problem.num_variables
    highs.addVars(columns, problem.lower, problem.upper)
    highs.changeColsCost(columns, np.arange(columns, dtype=np.int32), problem.objective)
    kinds = np.array([int(whole) for whole in problem.integer], dtype=np.uint8)
    highs.changeColsIntegrality(columns, np.arange(columns, dtype=np.int32), kinds)
    bounds = (problem.row_lower, problem.row_upper)
    highs.addRows(rows, *bounds, problem.num_nonzeros, problem.row_starts[:-1], problem.columns, problem.coefficients)
    highs.changeObjectiveSense(highspy.ObjSense.kMaximize if problem.maximize else highspy.ObjSense.kMinimize)
    highs.run()
    return float(highs.getInfo().objective_function_value) + problem.offset


def optimum_by_highs(path: Path) -> float:
    highs = silent()
    assert highs.readModel(str(path)) != highspy.HighsStatus.kError
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(highs.getInfo().objective_function_value)


def silent() -> highspy.Highs:
    highs = highspy.Highs()
    highs.setOptionValue("log_to_console", False)
    return highs


def optimum_by_cbc(path: Path, folder: Path) -> float:
    solution = folder / "solution.txt"
    command = [CBC, str(path), "-solve", "-solution", str(solution), "-quit"]
    subprocess.run(command, capture_output=True, timeout=LIMIT, check=True)
    status, _, value = solution.read_text().splitlines()[0].rpartition(" ")
    assert status.startswith("Optimal")
    return float(value)


def optimum_by_scip(path: Path) -> float:
    scip = pyscipopt.Model()
    scip.hideOutput()
    scip.setParam("limits/time", LIMIT)
    scip.readProblem(str(path))
    scip.optimize()
    assert scip.getStatus() == "optimal"
    return float(scip.getObjVal())


def optimum_by_pulp(path: Path) -> float:
    _, problem = pulp.LpProblem.fromMPS(str(path))
    assert problem.solve(pulp.COIN_CMD(path=CBC, msg=False, timeLimit=LIMIT)) == pulp.LpStatusOptimal
    return float(pulp.value(problem.objective))


@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", MADE)
def test_other_programs_find_the_same_optimum(tmp_path: Path, kind: str, seed: int, maximize: bool) -> None:
    problem = MADE[kind](seed, maximize=maximize)
    expected = optimum_in_memory(problem)
    # MPS files are minimisations, since CBC ignores the sense that is written in one.
    minimum = -expected if maximize else expected

    write_problem(problem, tmp_path / "plan.mps")
    write_problem(problem, tmp_path / "plan.lp")

    assert optimum_by_highs(tmp_path / "plan.mps") == pytest.approx(minimum)
    assert optimum_by_highs(tmp_path / "plan.lp") == pytest.approx(expected)
    assert optimum_by_cbc(tmp_path / "plan.mps", tmp_path) == pytest.approx(minimum)
    assert optimum_by_scip(tmp_path / "plan.mps") == pytest.approx(minimum)
    assert optimum_by_scip(tmp_path / "plan.lp") == pytest.approx(expected)
    # CBC does not take the constant of the objective from an LP file as it is.
    write_problem(replace(problem, offset=0.0), tmp_path / "plan.lp")
    assert abs(optimum_by_cbc(tmp_path / "plan.lp", tmp_path)) == pytest.approx(abs(expected - problem.offset))
    # PuLP reads neither the constant of the objective of an MPS file nor rows with two sides.
    problem = replace(problem, offset=0.0, row_upper=one_sided(problem))
    expected = optimum_in_memory(problem)
    write_problem(problem, tmp_path / "plan.mps")
    assert optimum_by_pulp(tmp_path / "plan.mps") == pytest.approx(-expected if maximize else expected)


def one_sided(problem: LXProblem) -> FloatArray:
    """The upper row bounds, infinite in rows that have another lower one."""
    two_sided = np.isfinite(problem.row_lower) & np.isfinite(problem.row_upper)
    return np.where(two_sided & (problem.row_lower != problem.row_upper), np.inf, problem.row_upper)
