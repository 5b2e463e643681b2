"""Nothing that nobody asked for is written, wherever a solver's first instance is made and wherever output goes."""

import subprocess
import sys
from threading import Thread

import nbclient
import nbformat
import pytest
from licences import skip_where_missing

from lumix_core.testing.kit import solve
from lumix_core.testing.solvers.problems import INF, problem
from lumix_solvers.gurobi import GurobiSolver
from lumix_solvers.highs import HighsSolver
from lumix_solvers.pulp import PulpSolver

SOLVERS = {
    "highs": "from lumix_solvers.highs import HighsSolver; solver = HighsSolver()",
    "cbc": "from lumix_solvers.pulp import PulpSolver; solver = PulpSolver()",
    "highs through pulp": "from lumix_solvers.pulp import PulpSolver; solver = PulpSolver('HiGHS')",
}
OTHERS = {
    "scip": "from lumix_solvers.scip import ScipSolver; solver = ScipSolver()",
    "ortools": "from lumix_solvers.ortools import OrToolsSolver; solver = OrToolsSolver()",
    "glpk": "from lumix_solvers.glpk import GlpkSolver; solver = GlpkSolver()",
}
"""Solvers of which no more than one position is tried: they have no banner."""

PROGRAM = """\
from lumix_core.solver.solver import LXFeature, SolverOptions
from lumix_core.testing.solvers.problems import INF, problem

{solver}
easy = problem([1.0, 1.0], [([2.0, 1.0], 3.0, INF)], upper=5.0, integer=True)
impossible = problem([1.0], [([1.0], 3.0, INF)], upper=2.0)


def work():
    result = solver.solve(easy, SolverOptions())
    assert result.status == "optimal", result
    assert solver.solve(impossible, SolverOptions()).status == "infeasible"
    if LXFeature.CONFLICTS in solver.features:
        solver.find_conflict(impossible, SolverOptions())
    if hasattr(solver, "open"):
        run = solver.open(easy, SolverOptions())
        assert run.solve().status == "optimal"
        run.close()


{position}
"""

PLACES = {
    "the main thread": "work()",
    "a thread": """\
from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(2) as pool:
    [done.result(timeout=60) for done in [pool.submit(work), pool.submit(work)]]
""",
    "a forked process": """\
import multiprocessing

child = multiprocessing.get_context("fork").Process(target=work)
child.start()
child.join(60)
assert child.exitcode == 0
""",
    "a spawned process": """\
import multiprocessing

if __name__ == "__main__":
    child = multiprocessing.get_context("spawn").Process(target=work)
    child.start()
    child.join(60)
    assert child.exitcode == 0
""",
    "a program whose standard output is closed": """\
import os, sys, tempfile

os.close(1)
with tempfile.TemporaryFile() as file:
    assert file.fileno() == 1, "the file stands where standard output was"
    work()
    assert file.tell() == 0 and file.read() == b""
sys.stdout = None
""",
    "a program whose standard output is captured": """\
import contextlib, io

with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
    work()
assert (out.getvalue(), err.getvalue()) == ("", "")
""",
}


LICENSED = {
    "gurobi": "from lumix_solvers.gurobi import GurobiSolver; solver = GurobiSolver()",
    "cplex": "from lumix_solvers.cplex import CplexSolver; solver = CplexSolver()",
    "xpress": "from lumix_solvers.xpress import XpressSolver; solver = XpressSolver()",
}
"""Solvers that might tell of their licence."""
RUNS = [
    *[("highs", position) for position in PLACES],
    *[
        pytest.param(solver, position, marks=[] if position == "the main thread" else pytest.mark.thorough)
        for solver in ("cbc", "highs through pulp")
        for position in PLACES
    ],
    *[(solver, "a thread") for solver in OTHERS],
    *[(solver, "a program whose standard output is closed") for solver in LICENSED],
]


@pytest.mark.parametrize(("solver", "position"), RUNS)
def test_new_process_prints_nothing(tmp_path, solver, position):
    if solver == "gurobi":
        skip_where_missing(GurobiSolver)
    program = tmp_path / "program.py"
    code = PROGRAM.format(solver={**SOLVERS, **OTHERS, **LICENSED}[solver], position=PLACES[position])
    program.write_text(code, encoding="utf-8")

    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=120, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("solver", [HighsSolver(), PulpSolver("HiGHS")], ids=["highs", "highs through pulp"])
def test_what_other_threads_write_meanwhile_arrives(solver, capfd):
    asked = problem([1.0], [([1.0], 1.0, INF)])
    lines = [f"line {k}" for k in range(2000)]

    def write():
        for line in lines:
            print(line, flush=True)

    writer = Thread(target=write)
    writer.start()
    while writer.is_alive():
        solve(solver, asked)
    writer.join(60)

    assert capfd.readouterr().out.splitlines() == lines


def test_cell_of_a_notebook_has_no_output(monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # with it a kernel does not show what native code writes
    code = PROGRAM.format(solver=SOLVERS["highs"], position="work()")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])

    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()

    assert notebook.cells[0].outputs == []


def test_session_that_is_left_open_ends_quietly_with_the_program(tmp_path):
    code = PROGRAM.format(
        solver=SOLVERS["highs"],
        position="import atexit\nrun = solver.open(easy, SolverOptions())\nrun.solve()\natexit.register(run.close)",
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
