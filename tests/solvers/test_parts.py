"""The parts that solvers share: interruptible work, programs, logs, one-sided rows, MPS files."""

import ctypes
import logging
import os
import signal
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from lumix_core.solver.status import LXLimit
from lumix_core.testing.solvers.problems import INF, fixed_charge, planted, problem, random_integers
from lumix_solvers import interrupts, program
from lumix_solvers.interrupts import KeptWorkers, run_until_done
from lumix_solvers.logs import Lines, log_lines
from lumix_solvers.mps import write_mps
from lumix_solvers.onesided import one_sided
from lumix_solvers.program import Program
from lumix_solvers.signals import KEPT


class TestInterrupts:
    @pytest.fixture
    def ctrl_c(self):
        timers = []

        def after(*moments):
            timers.extend(threading.Timer(moment, os.kill, (os.getpid(), signal.SIGINT)) for moment in moments)
            for timer in timers:
                timer.start()

        yield after
        for timer in timers:
            timer.join(60)

    def test_work_is_done_on_another_thread(self):
        seen = []

        ended = run_until_done(lambda: seen.append(threading.current_thread()), lambda: None)

        assert ended
        assert seen != [threading.current_thread()]

    def test_failure_of_the_work_is_raised_here(self):
        with pytest.raises(ZeroDivisionError):
            run_until_done(lambda: 1 / 0, lambda: None)

    def test_ctrl_c_asks_the_work_to_stop(self, ctrl_c):
        stop = threading.Event()
        ctrl_c(0.2)

        ended = run_until_done(lambda: stop.wait(20.0), stop.set)

        assert ended

    def test_handler_that_native_code_has_left_is_not_put_back(self):
        handler, set_handler = ctypes.pythonapi.PyOS_getsig, ctypes.pythonapi.PyOS_setsig
        handler.restype, set_handler.argtypes = ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p]
        before = handler(signal.SIGINT)
        set_handler(signal.SIGINT, signal.SIG_IGN)

        with KEPT.during_a_run():
            during = handler(signal.SIGINT)

        assert (during, handler(signal.SIGINT)) == (before, before)

    def test_work_that_does_not_stop_is_left_behind(self, ctrl_c, monkeypatch):
        monkeypatch.setattr(interrupts, "GRACE", 0.2)
        over = threading.Event()
        ctrl_c(0.2)

        ended = run_until_done(lambda: over.wait(20.0), lambda: None)
        over.set()

        assert not ended

    def test_second_ctrl_c_does_not_wait(self, ctrl_c):
        over = threading.Event()
        ctrl_c(0.2, 0.4)

        started = time.monotonic()
        ended = run_until_done(lambda: over.wait(20.0), lambda: None)
        over.set()

        assert not ended
        assert time.monotonic() - started < interrupts.GRACE


class TestProgram:
    def test_lines_are_passed_on(self, tmp_path):
        lines = []
        one = Program([sys.executable, "-c", "print('a'); print('b')"], tmp_path, lines.append)

        one.run(None)

        assert lines == one.log == ["a", "b"]
        assert (one.stopped_by, one.killed) == (None, False)

    def test_time_limit_is_kept_from_outside(self, tmp_path, monkeypatch):
        monkeypatch.setattr(program, "GRACE", 0.4)
        one = Program([sys.executable, "-c", "import time; time.sleep(20)"], tmp_path, lambda line: None)

        one.run(0.2)

        assert (one.stopped_by, one.killed) == (LXLimit.TIME, False)

    def test_ctrl_c_of_a_terminal_does_not_reach_it(self, tmp_path):
        one = Program([sys.executable, "-c", "import os; print(os.getpgrp() == os.getpid())"], tmp_path, str)

        one.run(None)

        assert one.log == ["True"]

    def test_no_timer_is_left_behind(self, tmp_path):
        before = threading.active_count()

        Program([sys.executable, "-c", ""], tmp_path, lambda line: None).run(3600.0)

        assert threading.active_count() <= before


class TestLogs:
    def test_pieces_become_lines(self):
        lines = Lines()

        assert [lines.add(piece) for piece in ("a", "b\nc", "\n\n")] == [[], ["ab"], ["c", ""]]

    def test_false_goes_nowhere(self, capsys):
        with log_lines(False) as write:
            write("line")

        assert capsys.readouterr() == ("", "")

    def test_true_goes_to_standard_output(self, capsys):
        with log_lines(True) as write:
            write("line")

        assert capsys.readouterr() == ("line\n", "")

    def test_lines_with_percent_signs_reach_a_logger_as_they_are(self, caplog):
        logger = logging.getLogger("lumix.solver")
        with caplog.at_level(logging.INFO, "lumix.solver"), log_lines(logger) as write:
            write("gap 5% %s")

        assert caplog.messages == ["gap 5% %s"]


class TestKeptWorkers:
    def test_one_run_after_the_other_is_on_one_thread(self):
        kept, threads = KeptWorkers(), []

        for _ in range(3):
            assert kept.run(lambda: threads.append(threading.get_ident()), lambda: None)

        assert len(set(threads)) == 1
        assert threads[0] != threading.get_ident()

    def test_runs_at_the_same_time_have_threads_of_their_own(self):
        kept, threads = KeptWorkers(), []

        def outer():
            threads.append(threading.get_ident())
            kept.run(lambda: threads.append(threading.get_ident()), lambda: None)

        assert kept.run(outer, lambda: None)
        assert len(set(threads)) == 2

    def test_what_fails_is_raised_and_the_thread_kept(self):
        kept, threads = KeptWorkers(), []

        with pytest.raises(ZeroDivisionError):
            kept.run(lambda: threads.append(threading.get_ident()) or 1 / 0, lambda: None)
        kept.run(lambda: threads.append(threading.get_ident()), lambda: None)

        assert threads[0] == threads[1]

    def test_work_that_does_not_end_keeps_its_thread_to_itself(self, monkeypatch):
        monkeypatch.setattr("lumix_solvers.interrupts.GRACE", 0.01)
        kept, threads, end = KeptWorkers(), [], threading.Event()

        ended = kept.run(lambda: threads.append(threading.get_ident()) or end.wait(30.0), lambda: None, lambda: True)
        kept.run(lambda: threads.append(threading.get_ident()), lambda: None)
        end.set()

        assert not ended
        assert threads[0] != threads[1]


class TestOneSidedRows:
    def test_ranges_are_taken_apart_and_open_rows_left_out(self):
        rows = one_sided(problem([1.0], [([1.0], 1.0, 2.0), ([1.0], -INF, INF), ([1.0], 3.0, 3.0), ([1.0], -INF, 4.0)]))

        sides = sorted(zip(rows.source.tolist(), rows.senses.tolist(), rows.rhs.tolist(), strict=True))

        assert sides == [(0, "G", 1.0), (0, "L", 2.0), (2, "E", 3.0), (3, "L", 4.0)]

    def test_duals_of_two_sides_are_added(self):
        rows = one_sided(problem([1.0], [([1.0], 1.0, 2.0), ([1.0], -INF, INF)]))

        np.testing.assert_array_equal(rows.merged(np.array([0.0, -3.0]), 2), [-3.0, 0.0])

    def test_no_rows(self):
        asked = problem([1.0])
        rows = one_sided(asked)

        assert len(rows) == 0
        assert [len(part) for part in rows.entries(asked)] == [0, 0, 0]


PROBLEMS = {
    "linear": planted(3, maximize=True).problem,
    "integers": random_integers(2, maximize=False),
    "mixed": fixed_charge(maximize=True),
    "no rows": problem([1.0, -2.0], lower=[-INF, -3.0], upper=[-1.0, INF]),
    "columns in no row": problem([0.0, 1.0, 0.0], [([0.0, 1.0, 0.0], 1.0, 2.0)], integer=[True, False, True]),
    "all digits": problem([1 / 3], [([1e-7 / 3], -1e15 / 7, INF)], lower=0.1, upper=1e20 / 3, offset=-2 / 3),
}


@pytest.mark.parametrize("asked", PROBLEMS.values(), ids=PROBLEMS)
def test_mps_file_read_back_is_the_problem(asked, tmp_path):
    import highspy

    rows = one_sided(asked)
    write_mps(asked, rows, tmp_path / "problem.mps")

    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("infinite_bound", INF)
    highs.readModel(str(tmp_path / "problem.mps"))
    read = highs.getLp()
    sign = -1.0 if asked.maximize else 1.0
    np.testing.assert_array_equal(read.col_cost_, sign * asked.objective)
    assert read.offset_ == sign * asked.offset
    np.testing.assert_array_equal(read.col_lower_, asked.lower)
    np.testing.assert_array_equal(read.col_upper_, asked.upper)
    integer = [kind == highspy.HighsVarType.kInteger for kind in read.integrality_]
    assert integer == (asked.integer.tolist() if asked.is_mip else [])
    np.testing.assert_array_equal(read.row_lower_, np.where(rows.senses == "L", -INF, rows.rhs))
    np.testing.assert_array_equal(read.row_upper_, np.where(rows.senses == "G", INF, rows.rhs))
    np.testing.assert_array_equal(dense_columns(read.a_matrix_, len(rows)), dense(asked)[rows.source])


def dense(asked):
    matrix = np.zeros((asked.num_constraints, asked.num_variables))
    matrix[asked.row_numbers(), asked.columns] = asked.coefficients
    return matrix


def dense_columns(read, rows):
    matrix = np.zeros((rows, len(read.start_) - 1))
    columns = np.repeat(np.arange(len(read.start_) - 1), np.diff(read.start_))
    matrix[read.index_, columns] = read.value_
    return matrix


def test_mps_file_names_no_user_data(tmp_path):
    asked = replace(problem([1.0], [([1.0], 1.0, INF)]), name="a secret plan")

    write_mps(asked, one_sided(asked), tmp_path / "problem.mps")

    assert "secret" not in (tmp_path / "problem.mps").read_text()
