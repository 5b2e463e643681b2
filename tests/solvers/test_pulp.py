"""PuLP's solvers: the conformance kit for CBC and for HiGHS behind PuLP, and what is their own."""

import logging
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from lumix_core.errors import LXOptionError, LXSolverError, LXSolverNotFoundError
from lumix_core.solver.solver import LXFeature, SolverOptions
from lumix_core.solver.status import LXLimit, LXStatus
from lumix_core.testing import SolverConformance
from lumix_core.testing.kit import solve
from lumix_core.testing.solvers.problems import INF, hard_to_find, hard_to_prove, planted, problem
from lumix_core.testing.solvers.proofs import assert_reaches
from lumix_solvers import program
from lumix_solvers.cbc import OPTIONS, Cbc
from lumix_solvers.cbc_rows import without_units
from lumix_solvers.pulp import PulpSolver


class TestCbc(SolverConformance):
    @pytest.fixture
    def solver(self):
        return PulpSolver()


@pytest.mark.thorough
class TestHighsThroughPulp(SolverConformance):
    @pytest.fixture
    def solver(self):
        return PulpSolver("HiGHS")


@pytest.fixture
def solver():
    return PulpSolver()


@pytest.fixture
def small():
    return problem([3.0, 2.0], [([1.0, 1.0], -INF, 4.0), ([1.0, 3.0], -INF, 6.0)], maximize=True, offset=10.0)


@pytest.fixture
def executable():
    import pulp

    return Path(pulp.PULP_CBC_CMD.pulp_cbc_path)


class TestReach:
    def test_asking_whether_it_is_available_imports_nothing_native(self):
        code = (
            "import sys; from lumix_solvers.pulp import PulpSolver as S; "
            "print(S().is_available(), sorted({'pulp', 'highspy'} & set(sys.modules)))"
        )

        said = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
        ).stdout

        assert said == "True []\n"

    @pytest.mark.parametrize("name", ["NO_SUCH_SOLVER", "GLPK_CMD"])
    def test_solver_that_pulp_cannot_run_is_refused_with_those_it_can(self, small, name):
        if name == "GLPK_CMD" and _installed("glpsol"):
            pytest.skip("GLPK is installed here")

        with pytest.raises(LXSolverNotFoundError) as refusal:
            solve(PulpSolver(name), small)

        assert str(refusal.value).startswith(f"PuLP cannot run a solver named {name!r} here. It can run ")
        assert "'PULP_CBC_CMD'" in str(refusal.value)
        assert 'use_solver("pulp", solver=...)' in str(refusal.value)

    def test_cbc_on_the_path_is_found(self, small, executable, monkeypatch):
        monkeypatch.setenv("PATH", str(executable.resolve().parent), prepend=":")

        result = solve(PulpSolver("COIN_CMD"), small)

        assert_reaches(result, small, 22.0)

    def test_cbc_that_is_nowhere_is_refused(self, small, monkeypatch):
        monkeypatch.setenv("PATH", "/nowhere")

        with pytest.raises(LXSolverNotFoundError, match="PuLP cannot run a solver named 'COIN_CMD' here"):
            solve(PulpSolver("COIN_CMD"), small)

    def test_of_an_untried_solver_no_more_is_supposed_than_what_pulp_promises(self):
        assert PulpSolver("GUROBI").features == {LXFeature.INTEGER, LXFeature.NATIVE}

    def test_option_that_is_not_known_to_be_passed_on_is_refused(self, small):
        with pytest.raises(LXOptionError, match="cannot honour threads=2: it would be ignored"):
            solve(PulpSolver("HiGHS"), small, threads=2)


def _installed(command):
    import shutil

    return shutil.which(command) is not None


class TestCbcOptions:
    @pytest.mark.parametrize(
        ("name", "value", "reason"),
        [
            ("threads", "many", "String of many is illegal for integer parameter threads"),
            ("maxNodes", 1.5, "String of 1.5 is illegal for integer parameter maxNodes"),
            ("ratioGap", -1, "-1 was provided for ratioGap - valid range is 0 to"),
            ("presolve", "maybe", "Possible options for presolve are: on off more file"),
        ],
    )
    def test_bad_value_is_refused_in_the_words_of_cbc(self, solver, small, name, value, reason):
        with pytest.raises(LXOptionError) as refusal:
            solve(solver, small, options={name: value})

        assert str(refusal.value).startswith(f"Solver 'pulp' refuses {value!r} for its option {name!r}")
        assert reason in str(refusal.value)

    @pytest.mark.parametrize("name", ["tempo", "thr", "solve", "direction", "-threads", "import"])
    def test_what_is_no_parameter_is_refused(self, solver, small, name):
        with pytest.raises(LXOptionError, match=rf"Solver 'pulp' has no option '{name}'"):
            solve(solver, small, options={name: 1})

    @pytest.mark.parametrize(
        "options", [{"presolve": "off"}, {"cutsOnOff": False}, {"logLevel": 0}, {"MAXNODES": 1000}, {"passCuts": 3}]
    )
    def test_good_values_are_taken(self, solver, options):
        asked = problem([1.0], [([2.0], 3.0, INF)], upper=5.0, integer=True)

        result = solve(solver, asked, options=options)

        assert_reaches(result, asked, 2.0)

    def test_node_limit(self, solver):
        result = solve(solver, hard_to_prove(), options={"maxNodes": 5})

        assert (result.status, result.limit) == (LXStatus.FEASIBLE, LXLimit.NODE)

    def test_solution_limit(self, solver):
        result = solve(solver, hard_to_prove(), options={"maxSolutions": 1})

        assert (result.status, result.limit) == (LXStatus.FEASIBLE, LXLimit.SOLUTION)

    def test_log_that_says_nothing_leaves_the_limit_open(self, solver):
        result = solve(solver, hard_to_prove(), options={"maxNodes": 5, "logLevel": 0})

        assert (result.status, result.limit) == (LXStatus.FEASIBLE, LXLimit.OTHER)

    def test_relative_gap_holds_against_the_incumbent(self, solver):
        result = solve(solver, hard_to_prove(offset=-20.0), mip_rel_gap=0.5, time_limit=15.0)

        assert result.status is LXStatus.OPTIMAL
        assert result.objective - -20.0 <= 0.5 * abs(result.objective)

    def test_native_gap_is_not_taken_for_a_proof(self, solver):
        result = solve(solver, hard_to_prove(offset=-20.0), options={"ratioGap": 0.5}, time_limit=15.0)

        assert result.status is LXStatus.OPTIMAL
        assert -20.001 <= result.best_bound <= -20.0

    def test_no_seed_is_the_time_of_day(self):
        assert OPTIONS["seed"](7) == ["-randomSeed", "7", "-randomCbcSeed", "7"]
        assert "0" not in OPTIONS["seed"](0)

    def test_no_number_of_threads_means_something_else(self):
        assert [OPTIONS["threads"](count)[1] for count in (1, 2, 64, 200)] == ["0", "2", "64", "99"]


class TestCbcRuns:
    def test_linear_problem_stopped_in_time_has_no_point(self, solver):
        asked = planted(1, rows=2500, columns=2500, per_row=8).problem

        result = solve(solver, asked, time_limit=0.05)

        assert (result.status, result.limit, result.x) == (LXStatus.NO_SOLUTION, LXLimit.TIME, None)

    def test_bound_is_printed_with_few_digits_and_still_holds(self, solver):
        result = solve(solver, hard_to_prove(maximize=True, offset=1.0 / 3.0), time_limit=0.5)

        assert result.best_bound >= 1.0 / 3.0
        assert result.best_bound == pytest.approx(1.0 / 3.0, abs=1e-3)

    def test_unbounded_integers_are_not_called_unbounded_from_the_relaxation(self, solver):
        asked = problem([-1.0, -1.0], [([1.0, -1.0], -2.0, 3.0)], integer=True)

        assert solve(solver, asked).status is LXStatus.INFEASIBLE_OR_UNBOUNDED

    def test_nothing_is_left_in_the_temporary_folder(self, solver, small, tmp_path, monkeypatch):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

        solve(solver, small)

        assert list(tmp_path.iterdir()) == []

    def test_failing_logger_ends_the_run_and_is_named(self, solver):
        logger = logging.Logger("failing")
        logger.addFilter(lambda record: 1 / 0)

        started = time.monotonic()
        with pytest.raises(LXOptionError, match=r"logger .failing.: ZeroDivisionError"):
            solver.solve(hard_to_find(), SolverOptions(log=logger, time_limit=30.0))

        assert time.monotonic() - started < 5.0

    def test_log_file_in_no_folder_is_refused(self, solver, small, tmp_path):
        with pytest.raises(LXOptionError, match=r"log cannot be written to .*: No such file or directory"):
            solve(solver, small, log=tmp_path / "none" / "solver.log")

    def test_log_file_is_appended_to(self, solver, small, tmp_path):
        for _ in range(2):
            solve(solver, small, log=tmp_path / "solver.log")

        assert (tmp_path / "solver.log").read_text().count("Welcome to the CBC MILP Solver") == 2


class TestOptimaThatAreNone:
    """Problems of which CBC, left to itself, reports points as optimal that are not."""

    def test_continuous_columns_that_are_added_up_need_not_be_whole(self, solver):
        rows = [
            ([-1.0, 1.0, 1.0, 0.0, 0.0], 0.0, 0.0),
            ([0.0, 1.0, 2.0, 4.0, 3.0], 8.0, INF),
            ([0.0, 3.0, 1.0, 0.0, 4.0], 4.0, INF),
        ]
        upper, whole = [20.0, 25.0, 25.0, 1.0, 1.0], [False, False, False, True, True]
        lower = [1.0, 0.0, 0.0, 0.0, 0.0]
        asked = problem([1.0, 0.0, 0.0, 2.0, 1.0], rows, lower=lower, upper=upper, integer=whole)

        assert solve(solver, asked).objective == pytest.approx(3.5)

    def test_two_batches_are_not_taken_for_one(self, solver):
        rows = [
            ([-2.0, 3.0, 2.0, -2.0, 2.0, 0.0, 0.0], -INF, -1.5),
            ([-2.0, 4.0, 1.0, 4.0, 0.0, 0.0, 0.0], -INF, 12.5),
            ([-4.0, 0.0, -3.0, -1.0, 2.0, 0.0, 0.0], -3.0, INF),
            ([0.0, 1.0, 0.0, 0.0, 0.0, -3.0, 0.0], -INF, 0.0),
            ([0.0, 0.0, 0.0, 0.0, 1.0, 0.0, -2.0], -INF, 0.0),
            ([0.0, 1.0, 0.0, 0.0, 0.0, -2.0, 0.0], 0.0, INF),
            ([0.0, 0.0, 0.0, 0.0, 1.0, 0.0, -1.0], 0.0, INF),
        ]
        lower, upper = [0.0, 0.0, -2.0, 1.0, 0.0, 0.0, 0.0], [1.0, 3.0, 1.0, 4.0, 2.0, 1.0, 1.0]
        costs, whole = [-2.0, 3.0, 4.0, -3.0, 3.0, 0.0, 0.0], [False] * 5 + [True] * 2
        asked = problem(costs, rows, lower=lower, upper=upper, integer=whole)

        assert solve(solver, asked).objective == pytest.approx(-22.0)

    def test_a_point_that_preprocessing_loses_on_the_way_back_is_looked_for_without_it(self, solver):
        rows = [([4.0, 1.0, 0.0, 1.0], -INF, 0.0), ([1.0, 4.0, 3.0, 2.0], -INF, 0.0)]
        lower, upper = [-INF, 0.0, -INF, -3.0], [INF, 6.0, INF, 0.0]
        whole = [False, True, True, True]
        asked = problem([1.0, 3.0, 0.0, 7.0], rows, lower=lower, upper=upper, integer=whole, maximize=True)

        assert solve(solver, asked, mip_rel_gap=0.0, mip_abs_gap=0.0, threads=1).objective == pytest.approx(16.5)

    def test_rows_keep_what_they_mean_and_lose_their_units(self):
        rows = [([1.0, -0.5, 1.0], 1.0, INF), ([3.0, 0.0, 1.0], -INF, 2.0), ([0.1, 0.25, 0.0], 1 / 3, 0.7)]
        asked = problem([1.0, 1.0, 1.0], rows, integer=[False, False, True])

        given = without_units(asked)

        assert given.row_lower.tolist() == [4.0, -INF, 1 / 3]
        assert given.row_upper.tolist() == [INF, 2.0, 0.7]
        assert given.coefficients.tolist() == [4.0, -2.0, 4.0, 3.0, 1.0, 0.1, 0.25]


class TestReading:
    """What is made of answers that CBC gave, or could give, replayed by a script in its place."""

    @pytest.fixture
    def replay(self, tmp_path):
        def cbc(lines):
            script = tmp_path / "cbc"
            script.write_text(f"#!{sys.executable}\n" + "\n".join(lines), encoding="utf-8")
            script.chmod(0o755)
            return Cbc(str(script), "pulp")

        return cbc

    def test_optimum_that_the_log_denies_is_an_error(self, replay, small):
        # Seen of CBC 2.10.3, where processor time ran out while the incumbent was to be written down.
        cbc = replay(
            [
                "import struct",
                "print('Result - Problem proven infeasible')",
                "open('solution.txt', 'w').write('Optimal - objective value 0.00000000')",
                "open('solution.bin', 'wb').write(struct.pack('ii9d', 2, 2, *[0.0] * 9))",
            ]
        )

        result = cbc.solve(small, SolverOptions(), print)

        assert result.status is LXStatus.ERROR
        assert result.raw_status == "Optimal, but Problem proven infeasible"

    def test_incumbent_that_solves_nothing_is_dropped(self, replay, small):
        cbc = replay(
            [
                "import struct",
                "print('Result - Stopped on time limit')",
                "open('solution.txt', 'w').write('Stopped on time - objective value 0.00000000')",
                "open('solution.bin', 'wb').write(struct.pack('ii9d', 2, 2, *[99.0] * 9))",
            ]
        )

        result = cbc.solve(small, SolverOptions(), print)

        assert (result.status, result.limit, result.x) == (LXStatus.NO_SOLUTION, LXLimit.TIME, None)

    def test_program_that_writes_no_answer_is_an_error(self, replay, small):
        cbc = replay(["print('out of memory')"])

        with pytest.raises(
            LXSolverError, match=r"ended without an answer; the last line of its log: \['out of memory'\]"
        ):
            cbc.solve(small, SolverOptions(), print)

    def test_program_that_does_not_heed_its_time_limit_is_killed(self, replay, small, monkeypatch):
        monkeypatch.setattr(program, "GRACE", 0.4)
        cbc = replay(["import signal, time", "signal.signal(signal.SIGINT, signal.SIG_IGN)", "time.sleep(20)"])

        started = time.monotonic()
        result = cbc.solve(small, SolverOptions(time_limit=0.5), print)

        assert time.monotonic() - started < 5.0
        assert (result.status, result.limit, result.raw_status) == (LXStatus.NO_SOLUTION, LXLimit.TIME, "Killed")


class TestThroughPulp:
    @pytest.fixture
    def solver(self):
        return PulpSolver("HiGHS")

    def test_infeasible_is_believed_where_the_bounds_exclude_unbounded(self, solver):
        asked = problem([1.0], [([1.0], 3.0, INF)], upper=2.0, integer=True)

        assert solve(solver, asked).status is LXStatus.INFEASIBLE

    def test_infeasible_is_doubted_where_the_objective_may_be_unbounded(self, solver):
        asked = problem([-1.0], [([1.0], 3.0, INF)], integer=True)

        assert solve(solver, asked).status is LXStatus.INFEASIBLE_OR_UNBOUNDED

    def test_variable_in_no_expression_keeps_its_place(self, solver):
        asked = problem([0.0, 1.0, 0.0], [([0.0, 1.0, 0.0], 1.0, INF)], lower=[4.0, 0.0, -2.0], upper=[4.0, 9.0, -2.0])

        result = solve(solver, asked)

        np.testing.assert_allclose(result.x, [4.0, 1.0, -2.0])

    def test_ranges_have_one_dual(self, solver):
        asked = problem([1.0, 1.0], [([2.0, 1.0], -3.0, 5.0)], lower=-4.0, upper=4.0)

        result = solve(solver, asked)

        np.testing.assert_allclose(result.duals, [0.5])
