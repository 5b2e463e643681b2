"""Sweeps on executors: what travels, workers that die, progress, and ends before the end."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
import threading
import time
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import ClassVar

import pytest

from lumix import LXModelError, LXOptimizer, LXScenario, LXScenarioAnalyzer, LXStatus, LXVariable, LXWorkerError
from lumix.analysis.workers.parcels import Opened
from lumix_core.errors import LXOptionError, LXUnknownNameError, LXUnsupportedError
from lumix_core.solver.solver import LXFeature
from lumix_solvers.highs import HighsSolver

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def processes():
    with ProcessPoolExecutor(2, mp_context=SPAWN) as executor:
        yield executor


@pytest.fixture
def threads():
    with ThreadPoolExecutor(2) as executor:
        yield executor


def woods(count):
    return [LXScenario(f"wood {i}").modify_constraint_rhs("stock", add=i, key=1) for i in range(count)]


def of_woods(workshop, optimizer, count=20):
    return LXScenarioAnalyzer(workshop.model, optimizer).add_scenarios(*woods(count))


def objectives(sweep):
    return {name: one.objective for name, one in sweep.items() if one.is_feasible()}


def kills(name, path=None):
    """A scenario that kills the process that solves it: each, or only the first, which then makes a file."""

    def kill(model):
        if path is None or not Path(path).exists():
            if path is not None:
                Path(path).touch()
            os.kill(os.getpid(), signal.SIGKILL)

    return LXScenario(name).add_custom_modification(kill)


def dies_sending(path):
    """A scenario whose process is killed when half of its results is sent: the first, which then makes a file."""

    def prepare(model):
        send = Connection._send

        def send_half(self, content, write=os.write):
            if not path.exists():
                path.touch()
                write(self.fileno(), bytes(content[:100]))
                os.kill(os.getpid(), signal.SIGKILL)
            send(self, content)

        Connection._send = send_half

    return LXScenario("sent").add_custom_modification(prepare)


def dies_in_second_start(folder):
    """Start a worker; the second of all is killed."""
    starts = len(list(folder.glob("start *")))
    Path(folder, f"start {starts}").touch()
    if starts == 1:
        os.kill(os.getpid(), signal.SIGKILL)


class Recording(ProcessPoolExecutor):
    """Keeps its tasks and their futures."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.tasks, self.futures = [], []

    def submit(self, function, *given):
        self.tasks += given
        self.futures.append(super().submit(function, *given))
        return self.futures[-1]


class TestTravel:
    def test_the_model_is_opened_once_in_each_worker(self, workshop, highs):
        with Recording(2, mp_context=SPAWN) as executor:
            of_woods(workshop, highs, 60).run_all_scenarios(executor)
            fresh = [future.result(60).fresh for future in executor.futures]

        assert 1 <= sum(fresh) <= 2
        assert len(fresh) > 2

    def test_tasks_carry_no_model(self, workshop, highs):
        rows = [replace(workshop.products[0], id=i, name="x" * 1000) for i in range(100)]
        model = type(workshop)(products=rows).model
        analyzer = LXScenarioAnalyzer(model, highs).add_scenarios(*woods(20))

        with Recording(1, mp_context=SPAWN) as executor:
            analyzer.run_all_scenarios(executor)

        assert max(len(pickle.dumps(task)) for task in executor.tasks) < 1000

    def test_a_second_sweep_of_the_same_scenarios_opens_nothing(self, workshop, highs):
        analyzer = of_woods(workshop, highs, 3)

        with Recording(1, mp_context=SPAWN) as executor:
            first = analyzer.run_all_scenarios(executor)
            second = analyzer.run_all_scenarios(executor)
            fresh = [future.result(60).fresh for future in executor.futures]

        assert sum(fresh) == 1
        assert objectives(first) == objectives(second)

    def test_a_worker_holds_one_model(self, workshop, integer_workshop, highs):
        with ThreadPoolExecutor(1) as executor:
            for one in (workshop, integer_workshop, workshop):
                of_woods(one, highs, 3).run_all_scenarios(executor)
                gc.collect()

                assert sum(type(found) is Opened for found in gc.get_objects()) == 1

    def test_a_worker_elsewhere_is_sent_the_model(self, workshop, highs):
        class Elsewhere(ThreadPoolExecutor):
            """Has workers that cannot read the files of this machine."""

            def submit(self, function, task):
                return super().submit(function, replace(task, parcel=replace(task.parcel, path="/nowhere/parcel")))

        analyzer = of_woods(workshop, highs)
        with Elsewhere(2) as executor:
            assert objectives(analyzer.run_all_scenarios(executor)) == objectives(analyzer.run_all_scenarios())

    def test_where_no_file_can_be_written_workers_are_sent_the_model(self, workshop, highs, processes, monkeypatch):
        monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
        analyzer = of_woods(workshop, highs)

        assert objectives(analyzer.run_all_scenarios(processes)) == objectives(analyzer.run_all_scenarios())

    @pytest.mark.thorough
    def test_a_file_that_is_swept_away_is_not_needed(self, workshop, highs, tmp_path, monkeypatch):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        analyzer = of_woods(workshop, highs, 8)

        with ProcessPoolExecutor(1, mp_context=SPAWN, max_tasks_per_child=1) as executor:
            swept = analyzer.run_all_scenarios(
                executor, callback=lambda one: [path.unlink() for path in tmp_path.glob("lumix-*/parcel")]
            )

        assert objectives(swept) == objectives(analyzer.run_all_scenarios())

    def test_keys_of_results_are_those_of_the_model(self, workshop, highs, processes):
        analyzer = LXScenarioAnalyzer(workshop.model, highs).add_scenarios(*woods(2))
        analyzer.add_scenario(LXScenario("thrift").modify_parameter("quantity", lambda needed: 0.9 * needed))

        sweep = analyzer.run_all_scenarios(processes)

        for one in sweep.values():
            assert one.solution.variables["made"][workshop.products[2]] > 0
            assert list(one.activity["stock"]) == [1, 2, 3]
        assert sweep["wood 1"].rhs["stock"][1] == 501

    def test_a_result_without_any_constraint(self, workshop, highs, threads):
        analyzer = LXScenarioAnalyzer(workshop.model, highs)
        analyzer.add_scenario(
            LXScenario("bare").add_custom_modification(
                lambda model: (model.constraints.clear(), model.get_variable("made").bounds(upper=1))
            )
        )

        bare = analyzer.run_all_scenarios(threads)["bare"]

        assert bare.objective == 365.0
        assert list(bare.activity) == []

    def test_forked_workers(self, workshop, highs):
        analyzer = of_woods(workshop, highs)

        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as executor:
            together = analyzer.run_all_scenarios(executor)

        assert objectives(together) == objectives(analyzer.run_all_scenarios())


class TestWorkersThatDie:
    def test_one_that_is_killed_loses_no_scenario(self, workshop, highs, processes):
        analyzer = of_woods(workshop, highs, 200)

        def kill_one(progress):
            if progress.done == 5:
                os.kill(next(iter(processes._processes)), signal.SIGKILL)

        sweep = analyzer.run_all_scenarios(processes, callback=kill_one)

        with pytest.raises(BrokenExecutor):
            processes.submit(os.getpid)
        assert [one.error for one in sweep.values() if one.error] == []
        assert list(sweep) == ["baseline", *(f"wood {i}" for i in range(200))]
        assert objectives(sweep) == objectives(analyzer.run_all_scenarios())

    def test_a_scenario_that_kills_its_worker_once_is_solved(self, workshop, highs, processes, tmp_path):
        analyzer = of_woods(workshop, highs, 5).add_scenario(kills("once", tmp_path / "killed"))

        sweep = analyzer.run_all_scenarios(processes)

        assert (tmp_path / "killed").exists()
        assert sweep["once"].objective == sweep.baseline.objective
        assert len(objectives(sweep)) == 7

    @pytest.mark.thorough
    def test_scenarios_that_always_do_are_recorded_and_stop_no_other(self, workshop, highs, processes):
        analyzer = LXScenarioAnalyzer(workshop.model, highs)
        analyzer.add_scenarios(kills("first"), *woods(30), kills("last"))

        sweep = analyzer.run_all_scenarios(processes)

        failed = {name: one for name, one in sweep.items() if one.status is LXStatus.ERROR}
        assert list(failed) == ["first", "last"]
        for one in failed.values():
            assert "Its worker failed each of the 3 times that it was solved" in one.error
            assert "BrokenProcessPool" in one.error
        assert len(objectives(sweep)) == 31

    def test_workers_that_die_as_they_start(self, workshop, highs):
        with (
            ProcessPoolExecutor(2, mp_context=SPAWN, initializer=os._exit, initargs=(1,)) as executor,
            pytest.raises(LXWorkerError, match=r"die, also those of others .* an initializer of the executor"),
        ):
            of_woods(workshop, highs, 3).run_all_scenarios(executor)

    def test_a_new_pool_is_set_up_like_the_old_one(self, workshop, highs, tmp_path):
        analyzer = of_woods(workshop, highs, 3).add_scenario(kills("once", tmp_path / "killed"))
        analyzer.add_scenario(
            LXScenario("told").add_custom_modification(
                lambda m: setattr(m.get_constraint("hours"), "rhs_value", len(os.getcwd()))
            )
        )

        with ProcessPoolExecutor(1, mp_context=SPAWN, initializer=os.chdir, initargs=(tmp_path,)) as executor:
            sweep = analyzer.run_all_scenarios(executor)

        assert sweep["told"].error == ""
        assert sweep["told"].rhs["hours"] == len(str(tmp_path))

    @pytest.mark.thorough
    def test_one_that_is_killed_while_the_pool_is_renewed(self, workshop, highs, tmp_path):
        analyzer = of_woods(workshop, highs, 5).add_scenario(kills("once", tmp_path / "killed"))

        with ProcessPoolExecutor(
            1, mp_context=SPAWN, initializer=dies_in_second_start, initargs=(tmp_path,)
        ) as executor:
            sweep = analyzer.run_all_scenarios(executor)

        assert len(list(tmp_path.glob("start *"))) == 3
        assert len(objectives(sweep)) == 7

    @pytest.mark.thorough
    @pytest.mark.parametrize("start", ["fork", "spawn"])
    def test_one_that_is_killed_while_it_sends_its_results(self, workshop, highs, tmp_path, start):
        analyzer = of_woods(workshop, highs, 5).add_scenario(dies_sending(tmp_path / "killed"))

        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(start)) as executor:
            sweep = analyzer.run_all_scenarios(executor)

        assert (tmp_path / "killed").exists()
        assert len(objectives(sweep)) == 7

    def test_threads_that_cannot_start(self, workshop, highs):
        with (
            ThreadPoolExecutor(1, initializer=int, initargs=("no number",)) as executor,
            pytest.raises(LXWorkerError, match="The executor ThreadPoolExecutor is broken"),
        ):
            of_woods(workshop, highs, 3).run_all_scenarios(executor)

    @pytest.mark.parametrize("at_once", [True, False])
    def test_an_executor_that_is_shut_down_in_the_middle(self, workshop, highs, at_once):
        analyzer = of_woods(workshop, highs, 400)

        with (
            ThreadPoolExecutor(2) as executor,
            pytest.raises(LXWorkerError, match=r"ThreadPoolExecutor takes no more tasks: .* after shutdown\. What was"),
        ):
            analyzer.run_all_scenarios(
                executor, callback=lambda one: executor.shutdown(wait=False, cancel_futures=at_once)
            )

        assert " optimal " in analyzer.compare_scenarios()

    def test_a_result_that_cannot_travel_is_recorded(self, workshop, highs, processes):
        class Key:
            def __init__(self):
                self.lock = threading.Lock()

        analyzer = of_woods(workshop, highs, 5)
        analyzer.add_scenario(
            LXScenario("locked").add_custom_modification(
                lambda model: model.add_variable(LXVariable("own").from_data([Key()]).bounds(0, 1))
            )
        )

        sweep = analyzer.run_all_scenarios(processes)

        assert "the attribute 'lock' of Key: a lock" in sweep["locked"].error
        assert len(objectives(sweep)) == 6

    @pytest.mark.parametrize("executor", [None, "threads"])
    def test_a_function_that_exits_fails_and_no_more(self, workshop, highs, executor, request):
        analyzer = of_woods(workshop, highs, 3)
        analyzer.add_scenario(LXScenario("exits").add_custom_modification(lambda model: sys.exit(3)))

        sweep = analyzer.run_all_scenarios(executor and request.getfixturevalue(executor))

        assert "failed: SystemExit: 3" in sweep["exits"].error
        assert len(objectives(sweep)) == 4

    def test_what_fails_in_a_worker_without_killing_it_is_recorded(self, workshop, highs, threads):
        def exhausted(model):
            raise MemoryError("no more")

        analyzer = of_woods(workshop, highs, 3)
        analyzer.add_scenario(LXScenario("huge").add_custom_modification(exhausted))

        sweep = analyzer.run_all_scenarios(threads)

        assert "MemoryError: no more" in sweep["huge"].error
        assert len(objectives(sweep)) == 4


class TestThreadsOfSolvers:
    def told(self, workshop, executor, optimizer_options, **options):
        class Telling(HighsSolver):
            """HiGHS, which tells how many threads it was to have."""

            seen: ClassVar = set()

            def open(self, problem, given):
                self.seen.add(given.threads)
                return super().open(problem, given)

        analyzer = of_woods(workshop, LXOptimizer().use_solver(Telling(), **optimizer_options), 3)
        analyzer.add_scenario(LXScenario("few").add_custom_modification(lambda model: None))
        analyzer.run_scenario("baseline")
        Telling.seen.clear()
        analyzer.run_all_scenarios(executor, **options)
        return Telling.seen

    def test_workers_have_one_each(self, workshop, threads):
        assert self.told(workshop, threads, {}) == {1}

    def test_as_many_as_the_optimizer_says(self, workshop, threads):
        assert self.told(workshop, threads, {"threads": 2}) == {2}

    def test_as_many_as_asked_for(self, workshop, threads):
        assert self.told(workshop, threads, {"threads": 2}, threads_per_solve=3) == {3}

    def test_this_process_has_what_the_optimizer_says(self, workshop):
        assert self.told(workshop, None, {}) == {None}

    def test_a_solver_that_has_no_such_option(self, workshop, threads):
        class Single(HighsSolver):
            features = HighsSolver.features - {LXFeature.THREADS}

        analyzer = of_woods(workshop, LXOptimizer().use_solver(Single()), 2)

        assert len(objectives(analyzer.run_all_scenarios(threads))) == 3
        with pytest.raises(LXOptionError, match="cannot honour threads=2"):
            analyzer.run_all_scenarios(threads, threads_per_solve=2)


class TestProgress:
    @pytest.fixture(params=["here", "threads", "processes"])
    def executor(self, request):
        return None if request.param == "here" else request.getfixturevalue(request.param)

    def test_a_callback_is_told_of_every_scenario(self, workshop, highs, executor):
        seen = []

        sweep = of_woods(workshop, highs).run_all_scenarios(executor, callback=seen.append)

        assert [one.done for one in seen] == list(range(1, 21))
        assert {one.total for one in seen} == {20}
        assert {one.result.name: one.result for one in seen} == {
            name: one for name, one in sweep.items() if name != "baseline"
        }
        assert sorted(one.seconds for one in seen) == [one.seconds for one in seen]

    def test_it_can_end_the_sweep(self, workshop, highs, executor):
        analyzer = of_woods(workshop, highs, 400)

        sweep = analyzer.run_all_scenarios(executor, callback=lambda one: one.done == 3 and one.cancel())

        left = [one for one in sweep.values() if one.error]
        assert len(sweep) == 401
        assert 1 <= len(left) <= 397
        assert {one.error for one in left} == {
            "The sweep was cancelled before this scenario was solved. Run it again with run_scenario()."
        }
        assert "and" in str(sweep).splitlines()[-1]
        assert analyzer.run_scenario(left[0].name).is_optimal()

    def test_what_is_under_way_is_not_waited_for(self, workshop, highs, threads, tmp_path):
        def waits(model):
            while not (tmp_path / "ended").exists():
                time.sleep(0.01)

        analyzer = LXScenarioAnalyzer(workshop.model, highs)
        analyzer.add_scenarios(LXScenario("long").add_custom_modification(waits), *woods(5))

        sweep = analyzer.run_all_scenarios(threads, callback=lambda one: one.done == 5 and one.cancel())
        (tmp_path / "ended").touch()

        assert "cancelled" in sweep["long"].error
        assert sum(one.is_optimal() for one in sweep.values()) == 6

    def test_what_it_raises_ends_the_sweep(self, workshop, highs, executor):
        def raises(progress):
            raise ZeroDivisionError(progress.result.name)

        analyzer = of_woods(workshop, highs, 400)

        with pytest.raises(ZeroDivisionError) as raised:
            analyzer.run_all_scenarios(executor, callback=raises)

        assert analyzer.get_result(str(raised.value)).is_optimal()
        with pytest.raises(LXUnknownNameError, match="was not run yet"):
            analyzer.get_result("wood 399")

    def test_a_bar(self, workshop, highs, capsys):
        analyzer = of_woods(workshop, highs, 2)
        analyzer.add_scenario(LXScenario("none").modify_constraint_rhs("stock", set_value=10, key=1))

        analyzer.run_all_scenarios(progress=True)

        printed = capsys.readouterr()
        assert printed.out == ""
        assert "workshop" in printed.err
        assert "3/3" in printed.err
        assert "1 infeasible" in printed.err

    def test_a_bar_of_a_model_whose_name_looks_like_markup(self, workshop, highs, capsys):
        workshop.model.name = "plan [/b]"

        of_woods(workshop, highs, 2).run_all_scenarios(progress=True)

        assert "plan [/b]" in capsys.readouterr().err

    def test_a_bar_without_rich(self, workshop, highs, monkeypatch):
        for name in [one for one in sys.modules if one.partition(".")[0] == "rich"]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "rich", None)

        with pytest.raises(LXUnsupportedError, match=r'pip install "lumix-modeling\[progress\]"'):
            of_woods(workshop, highs, 2).run_all_scenarios(progress=True)

    def test_a_range_of_values_by_workers(self, workshop, highs, executor):
        analyzer = LXScenarioAnalyzer(workshop.model, highs)

        found = analyzer.sensitivity_to_parameter("stock", [0.9, 1.0, 1.1], executor=executor)

        assert [one.objective for one in found.values()] == pytest.approx(
            [workshop.optimum + move * workshop.wood_price for move in (-50, 0, 50)]
        )


def test_what_is_no_executor(workshop, highs):
    with pytest.raises(LXModelError, match=r"got 4 as its executor. Give it a concurrent.futures.Executor"):
        of_woods(workshop, highs, 2).run_all_scenarios(4)
