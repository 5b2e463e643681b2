"""Programs that sweep: what Ctrl-C ends, and what a program that starts processes is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import time
from concurrent.futures import ProcessPoolExecutor
from lumix import *

def slow(model):
    time.sleep(0.2)

if __name__ == "__main__":
    x = LXVariable("x").bounds(0, 1)
    model = LXModel("m").add_variable(x).maximize(LXLinearExpression().add_term(x))
    analyzer = LXScenarioAnalyzer(model, LXOptimizer())
    for i in range(200):
        analyzer.add_scenario(LXScenario(str(i)).add_custom_modification(slow))
    with ProcessPoolExecutor(2) as executor:
        print([process.pid for process in executor._processes.values()] if executor._processes else "", flush=True)
        try:
            analyzer.run_all_scenarios(executor, callback=lambda one: print("solved", one.done, flush=True))
        except KeyboardInterrupt:
            done = analyzer.compare_scenarios().count(" optimal ")
            print("interrupted", done > 2, flush=True)
"""

SERIAL = """
import os, signal, threading
from lumix import *
from lumix_core.testing.solvers.problems import hard_to_prove

hard = hard_to_prove()
rows = [dict(zip(hard.columns[i:j].tolist(), hard.coefficients[i:j].tolist()))
        for i, j in zip(hard.row_starts, hard.row_starts[1:])]
x = LXVariable[int, float]("x").from_data(range(hard.num_variables)).indexed_by(lambda j: j)
x.integer().bounds(0, lambda j: 1 if hard.integer[j] else 1000)
split = LXConstraint[int]("split").from_data(range(len(rows))).indexed_by(lambda i: i)
split.expression(LXLinearExpression().add_multi_term(x, lambda j, i: rows[i].get(j, 0.0))).eq()
model = LXModel("m").add_variable(x).add_constraint(split.rhs(lambda i: float(hard.row_lower[i])))
model.minimize(LXLinearExpression().add_term(x, lambda j: float(hard.objective[j])))
analyzer = LXScenarioAnalyzer(model, LXOptimizer().use_solver("highs", time_limit=1.0))
for i in range(20):
    analyzer.add_scenario(LXScenario(str(i)).modify_constraint_rhs("split", add=i, key=1))
threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    analyzer.run_all_scenarios()
except KeyboardInterrupt:
    print("interrupted")
print(analyzer.run_scenario("1").solution.limit)
"""

UNGUARDED = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from lumix import *

x = LXVariable("x").bounds(0, 1)
model = LXModel("m").add_variable(x).maximize(LXLinearExpression().add_term(x))
analyzer = LXScenarioAnalyzer(model, LXOptimizer()).add_scenario(LXScenario("s"))
executor = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
analyzer.run_all_scenarios(executor)
"""


def test_ctrl_c_ends_the_sweep_and_its_workers(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    program = subprocess.Popen(
        [sys.executable, "program.py"], cwd=tmp_path, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert program.stdout is not None
    while "solved 4" not in program.stdout.readline():
        assert program.poll() is None
    began = time.monotonic()

    os.killpg(program.pid, signal.SIGINT)
    rest = program.communicate(timeout=30)[0]

    assert "interrupted True" in rest
    assert time.monotonic() - began < 10
    with pytest.raises(ProcessLookupError):
        os.killpg(program.pid, 0)


def test_ctrl_c_ends_a_sweep_in_this_process(tmp_path):
    (tmp_path / "program.py").write_text(SERIAL)

    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )

    assert done.stdout.split() == ["interrupted", "time"]


def test_a_program_without_its_guard_is_told(tmp_path):
    (tmp_path / "program.py").write_text(UNGUARDED)

    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 1
    assert "LXWorkerError: The workers of the ProcessPoolExecutor die" in done.stderr
    assert 'if __name__ == "__main__":' in done.stderr
