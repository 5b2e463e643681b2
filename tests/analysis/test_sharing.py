"""Analyzers and sessions in several threads, in forked processes, and as copies."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lumix import LXModelError, LXScenario, LXScenarioAnalyzer, LXSensitivityAnalyzer, LXWhatIfAnalyzer
from lumix_core import LXSense
from lumix_core.errors import LXCopyError

ROUNDS = 15
SECONDS = 60


def ask_from_threads(count, ask):
    """Call a function for each of many numbers, from several threads at once, and return what it returns by number."""
    with ThreadPoolExecutor(count) as executor:
        return list(executor.map(ask, range(count * ROUNDS), timeout=SECONDS))


class TestThreads:
    @pytest.mark.parametrize("count", [2, 5])
    def test_whatif(self, workshop, optimizer, count):
        with LXWhatIfAnalyzer(workshop.model, optimizer) as whatif:
            expected = [whatif.modify_variable_bound("made", upper=5 + i % 7, key=2).new_objective for i in range(7)]

            found = ask_from_threads(
                count, lambda i: whatif.modify_variable_bound("made", upper=5 + i % 7, key=2).new_objective
            )

        assert found == [pytest.approx(expected[i % 7]) for i in range(count * ROUNDS)]

    def test_whatif_whose_first_question_comes_from_all(self, workshop, highs):
        with LXWhatIfAnalyzer(workshop.model, highs) as whatif:
            baselines = ask_from_threads(4, lambda _: whatif.get_baseline_solution())

        assert all(baseline is baselines[0] for baseline in baselines)

    def test_whatif_of_parameters_and_data_that_compile_again(self, workshop, highs):
        row = type(workshop.products[0])

        with LXWhatIfAnalyzer(workshop.model, highs) as whatif:
            found = ask_from_threads(
                3,
                lambda i: (
                    whatif.modify_data(row, lambda p: p.id == 3, "profit", 200.0 + i).new_objective
                    if i % 2
                    else whatif.modify_parameter("quantity", lambda number: number / (i + 1)).new_objective
                ),
            )
            alone = [
                whatif.modify_data(row, lambda p: p.id == 3, "profit", 200.0 + i).new_objective
                for i in range(1, len(found), 2)
            ]

        assert found[1::2] == pytest.approx(alone)

    def test_an_answer_that_is_solved_for_later(self, workshop, highs):
        with LXWhatIfAnalyzer(workshop.model, highs) as whatif:
            answers = [whatif.increase_constraint_rhs("stock", by=i, key=1) for i in range(1, 9)]
            solutions = ask_from_threads(4, lambda i: answers[i % 8].solution.objective_value)

        assert solutions == [pytest.approx(answers[i % 8].new_objective) for i in range(len(solutions))]

    def test_sensitivity(self, workshop, highs):
        with LXSensitivityAnalyzer(workshop.model, highs.solve(workshop.model)) as analyzer:
            found = ask_from_threads(4, lambda i: analyzer.analyze_constraint("stock", i % 3 + 1).allowable_increase)
            alone = [analyzer.analyze_constraint("stock", key).allowable_increase for key in (1, 2, 3)]

        assert found == [alone[i % 3] for i in range(len(found))]

    def test_scenarios(self, analyzer):
        for i in range(5):
            analyzer.add_scenario(LXScenario(f"wood {i}").modify_constraint_rhs("stock", add=i, key=1))

        found = ask_from_threads(3, lambda i: analyzer.run_scenario(f"wood {i % 5}").objective)

        assert found == [found[i % 5] for i in range(len(found))]

    def test_changes_in_a_block_are_one_turn(self, session):
        def ask(i):
            with session.trying():
                session.set_rhs("hours", 50.0 + i)
                objective = session.solve().objective_value
                return session.rhs("hours") == [50.0 + i] and objective == session.solve().objective_value

        assert all(ask_from_threads(4, ask))
        assert session.rhs("hours") == [100.0]

    def test_closing_waits_for_the_question_under_way(self, workshop, highs):
        whatif = LXWhatIfAnalyzer(workshop.model, highs)
        whatif.get_baseline_solution()
        started, found = threading.Event(), []

        def change(session):
            started.set()
            session.set_rhs("hours", 90.0)

        thread = threading.Thread(target=lambda: found.append(whatif.ask("fewer hours", change).new_objective))
        thread.start()
        started.wait(SECONDS)
        whatif.close()
        thread.join(SECONDS)

        assert found == [pytest.approx(2735.714285714286)]


FORKING = """
    import os, signal, sys, threading
    from lumix import (
        LXConstraint, LXError, LXLinearExpression, LXModel, LXOptimizer, LXScenario, LXScenarioAnalyzer,
        LXSensitivityAnalyzer, LXVariable, LXWhatIfAnalyzer,
    )

    x = LXVariable[None, float]("x").bounds(lower=0)
    c = LXConstraint("c").expression(LXLinearExpression().add_term(x)).le().rhs(5)
    model = LXModel("m").add_variable(x).add_constraint(c).maximize(LXLinearExpression().add_term(x))
    optimizer = LXOptimizer()

    def in_a_fork(ask):
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            try:
                print(ask())
            except LXError as error:
                print(error)
            sys.exit(0)  # through the finalizers that run at the end of a process
        assert os.waitpid(child, 0)[1] == 0
"""


def forked(program):
    """Run a program that forks, and return what it prints by line."""
    source = textwrap.dedent(FORKING) + textwrap.dedent(program)
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=SECONDS, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
class TestForks:
    @pytest.mark.parametrize(
        ("make", "ask", "title"),
        [
            ("LXWhatIfAnalyzer(model, optimizer)", "a.modify_variable_bound('x', upper=2)", "The what-if analyzer"),
            ("LXScenarioAnalyzer(model, optimizer)", "a.run_scenario('baseline')", "The scenario analyzer"),
            (
                "LXSensitivityAnalyzer(model, optimizer.solve(model))",
                "a.analyze_constraint('c').allowable_increase",
                "The sensitivity analyzer",
            ),
            ("optimizer.open(model)", "a.solve()", "The session"),
            ("optimizer.open(model)", "a.rhs('c')", "The session"),
        ],
    )
    def test_what_is_open_says_whose_it_is(self, make, ask, title):
        refusal, parent = forked(f"a = {make}\n{ask}\nin_a_fork(lambda: {ask})\n{ask}\nprint('parent', os.getpid())")

        assert refusal.startswith(
            f"{title} of model 'm' was opened by process {parent.split()[1]}, and this is process"
        )
        assert "here" in refusal

    def test_a_lock_that_another_thread_holds_is_not_waited_for(self):
        found = forked(
            """
            session = optimizer.open(model)
            held, done = threading.Event(), threading.Event()

            def hold():
                with session.trying():
                    held.set()
                    done.wait(30)

            threading.Thread(target=hold).start()
            held.wait(30)
            in_a_fork(lambda: session.rhs("c"))
            done.set()
            """
        )

        assert [line[:28] for line in found] == ["The session of model 'm' was"]

    def test_what_was_never_asked_is_opened_by_the_fork(self):
        found = forked(
            """
            whatif = LXWhatIfAnalyzer(model, optimizer)
            scenarios = LXScenarioAnalyzer(model, optimizer)
            in_a_fork(lambda: whatif.modify_variable_bound("x", upper=2).new_objective)
            in_a_fork(lambda: scenarios.run_scenario("baseline").objective)
            print(whatif.modify_variable_bound("x", upper=3).new_objective)
            """
        )

        assert found == ["2.0", "5.0", "3.0"]

    def test_a_fork_may_open_the_model_itself_and_close_what_it_has(self):
        found = forked(
            """
            session = optimizer.open(model)
            session.solve()
            in_a_fork(lambda: optimizer.open(model).solve().objective_value)
            in_a_fork(session.close)
            print(session.solve().objective_value)
            """
        )

        assert found == ["5.0", "None", "5.0"]


class TestCopies:
    @pytest.mark.parametrize(
        "copied",
        [copy.copy, copy.deepcopy, lambda whatif: pickle.loads(pickle.dumps(whatif))],
        ids=["copy", "deep", "pickle"],
    )
    def test_whatif_that_was_used(self, workshop, highs, copied):
        with LXWhatIfAnalyzer(workshop.model, highs) as whatif:
            whatif.increase_constraint_rhs("stock", by=1, key=1)

            with copied(whatif) as twin:
                assert twin.increase_constraint_rhs("stock", by=1, key=1).delta_objective == pytest.approx(200 / 35)

    def test_a_copy_with_its_model_changes_with_it(self, workshop, highs):
        with LXWhatIfAnalyzer(workshop.model, highs) as whatif:
            whatif.get_baseline_solution()
            model, twin = copy.deepcopy((workshop.model, whatif))

            model.get_constraint("hours").rhs_value = 45.0

            assert twin.model is model
            assert twin.get_baseline_solution().objective_value < whatif.get_baseline_solution().objective_value
            twin.close()

    def test_scenarios_that_were_run(self, analyzer):
        analyzer.add_scenario(LXScenario("more").modify_constraint_rhs("stock", add=1, key=1))
        objective = analyzer.run_scenario("more").objective

        with copy.deepcopy(analyzer) as twin:
            assert twin.get_result("more").objective == objective
            assert twin.run_scenario("more").objective == objective

    def test_sensitivity_that_was_asked(self, workshop, highs):
        with LXSensitivityAnalyzer(workshop.model, highs.solve(workshop.model)) as analyzer:
            expected = analyzer.analyze_constraint("stock", 1).allowable_increase

            with pickle.loads(pickle.dumps(analyzer)) as twin:
                assert twin.analyze_constraint("stock", 1).allowable_increase == expected

    @pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
    def test_a_session_cannot_be_copied(self, session, copied):
        with pytest.raises(
            LXCopyError, match=r"session of model 'workshop' cannot be copied.*optimizer\.open\(model\)"
        ):
            copied(session)


def test_an_analyzer_of_a_model_that_was_changed(workshop, highs):
    with LXScenarioAnalyzer(workshop.model, highs) as analyzer:
        analyzer.add_scenario(LXScenario("own").add_custom_modification(lambda model: None))
        workshop.hours.rhs_value = 45.0

        assert "have changed since" in analyzer.run_scenario("own").error


CHANGES = [
    lambda w: setattr(w.hours, "rhs_value", 45.0),
    lambda w: w.made.bounds(upper=3),
    lambda w: w.made.integer(),
    lambda w: w.model.minimize(),
    lambda w: w.model.objective.add_term(w.made, 1.0),
    lambda w: setattr(w.stock, "sense", LXSense.GE),
    lambda w: w.stock.where(lambda m: m.id < 3),
    lambda w: w.model.constraints.pop(),
    lambda w: w.stock.lhs.add_constant(1),
]


@pytest.mark.parametrize("change", CHANGES)
def test_sensitivity_of_a_model_that_was_changed(workshop, highs, change):
    with LXSensitivityAnalyzer(workshop.model, highs.solve(workshop.model)) as analyzer:
        analyzer.analyze_all_variables()
        change(workshop)

        with pytest.raises(LXModelError, match="of model 'workshop' was changed since this analyzer was made"):
            analyzer.analyze_constraint("stock", 1)


def test_sensitivity_of_a_model_that_was_only_used(workshop, highs):
    with LXSensitivityAnalyzer(workshop.model, highs.solve(workshop.model)) as analyzer:
        workshop.model.compile()
        workshop.model.explain()
        workshop.made.get_instances()
        workshop.hours.rhs_value = 100

        assert analyzer.analyze_constraint("stock", 1).is_binding
