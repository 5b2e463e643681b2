"""The commands that take a model, and what they say of targets that are none."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lumix import LXConstraint, LXLimit, LXLinearExpression, LXModel, LXOptimizer, LXSolution, LXStatus, LXVariable
from lumix.__main__ import main as program
from lumix.commands import main
from lumix.model_commands import exit_status
from lumix.outputs import json_text, solution_record
from lumix_core.problem import LXProblem
from lumix_core.solver import LXFeature, RawResult, SolverOptions

PLAN = """
from lumix import LXConstraint, LXLinearExpression, LXModel, LXScenario, LXVariable

def build():
    made = LXVariable[tuple, float]("made").bounds(lower=0, upper=40).from_data([("chair", 1), ("table", 2)])
    wood = LXConstraint("wood").expression(LXLinearExpression().sum_over(made, lambda p: 8.0 * p[1])).le().rhs(400)
    profit = LXLinearExpression().add_term(made, lambda p: 45.0 * p[1])
    return LXModel("plan").add_variable(made).add_constraint(wood).maximize(profit)

model = build()
scenarios = [LXScenario("more wood").modify_constraint_rhs("wood", add=80)]
nothing = None

def infeasible():
    model = build()
    return model.add_constraint(LXConstraint("much").expression(model.constraints[0].lhs).ge().rhs(500))

def fails():
    return {}["chair"]

def needs(session):
    return build()

def stops():
    raise SystemExit("two\\nlines")

def prints():
    print("read")
    return build()

"""


@pytest.fixture(autouse=True)
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "plan.py").write_text(PLAN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    sys.modules.pop("plan", None)


@pytest.mark.parametrize("target", ["plan", "plan:build", "plan.py", "plan.py:model"])
def test_a_model_is_solved_and_summed_up(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["solve", target])

    assert status == 0
    assert "objective 2,250" in capsys.readouterr().out


def test_a_solution_is_printed_and_written_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["solve", "plan", "--json", "--time-limit", "60", "--option", "presolve=off", "--option", "random_seed=3"]

    assert main([*words, "--values", "plan.csv"]) == 0
    assert main([*words, "--values", "plan.json"]) == 0

    printed = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (printed["status"], printed["objective"], printed["solver"]) == ("optimal", 2250.0, "highs")
    rows = list(csv.DictReader(Path("plan.csv").read_text().splitlines()))
    assert [(row["variable"], row["key"]) for row in rows] == [("made", '["chair", 1]'), ("made", '["table", 2]')]
    assert sum(8 * (i + 1) * float(row["value"]) for i, row in enumerate(rows)) == 400.0
    assert json.loads(Path("plan.json").read_text()) == printed["values"]


def test_no_point_is_an_exit_status_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "plan:infeasible", "--json", "--values", "plan.csv"]) == 1
    assert main(["explain", "plan:infeasible", "--infeasible"]) == 0

    first, *others = capsys.readouterr().out.splitlines()
    assert json.loads(first)["status"] == "infeasible"
    assert not Path("plan.csv").exists()
    assert any("much" in line for line in others)


def test_a_model_is_explained_and_exported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "plan"]) == 0
    assert main(["export", "plan", "plan.mps"]) == 0

    assert "Model 'plan'" in capsys.readouterr().out
    assert LXModel.read("plan.mps").compile().num_variables == 2


def test_scenarios_and_ranges_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep", "plan", "--scenarios", "plan:scenarios", "--scale", "wood=0.5,1.5", "--json"]

    status = main([*words, "--report", "plan.html"])

    rows = json.loads(capsys.readouterr().out.splitlines()[0])
    assert status == 0
    assert {row["scenario"]: row["objective"] for row in rows} == {
        "baseline": 2250.0,
        "more wood": 2700.0,
        "wood x 0.5": 1125.0,
        "wood x 1.5": 3375.0,
    }
    assert "more wood" in Path("plan.html").read_text()


@pytest.mark.parametrize(
    ("change", "scenario", "objective"),
    [
        ("--rhs wood=480", "wood rhs = 480", 2700.0),
        ("--lower made=1", "made lower = 1", 2250.0),
        ("--upper made=10", "made upper = 10", 1350.0),
        ("--upper made=inf", "made upper = inf", 2250.0),
    ],
)
def test_bounds_and_right_hand_sides_are_set(
    change: str, scenario: str, objective: float, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["sweep", "plan", *change.split(), "--json"])

    _, row = json.loads(capsys.readouterr().out)
    assert status == 0
    assert (row["scenario"], row["objective"]) == (scenario, objective)


def test_only_json_is_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "plan:prints", "--json", "--log"]) == 0

    printed = capsys.readouterr()
    assert json.loads(printed.out)["objective"] == 2250.0
    assert printed.err.startswith("read\n")
    assert len(printed.err.splitlines()) > 1


@pytest.mark.parametrize(
    ("status", "limit", "expected"),
    [
        (LXStatus.NO_SOLUTION, LXLimit.INTERRUPT, 130),
        (LXStatus.NO_SOLUTION, LXLimit.TIME, 1),
        (LXStatus.FEASIBLE, LXLimit.INTERRUPT, 130),
        (LXStatus.FEASIBLE, LXLimit.TIME, 0),
    ],
)
def test_the_exit_status_tells_of_points_and_of_ctrl_c(status: LXStatus, limit: LXLimit, expected: int) -> None:
    assert exit_status(limited(status, limit)) == expected


def test_a_gap_without_an_end_is_null_in_json() -> None:
    solution = limited(LXStatus.FEASIBLE, LXLimit.TIME, best_bound=-2.0)

    assert json.loads(json_text(solution_record(solution)))["gap"] is None


def limited(status: LXStatus, limit: LXLimit, best_bound: float | None = None) -> LXSolution:
    """Return the solution of a solver that was ended by a limit, with 0 for its point where it has one."""

    class Limited:
        name = "limited"
        features = frozenset({LXFeature.INTEGER, LXFeature.BEST_BOUND})

        def is_available(self) -> bool:
            return True

        def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
            point: dict[str, Any] = {"x": np.zeros(2), "objective": 0.0} if status.has_point else {}
            return RawResult(status=status, raw_status="limited", limit=limit, best_bound=best_bound, **point)

    x = LXVariable[int, int]("x").from_data([2, 3]).bounds(-1, 3)
    row = LXConstraint[None]("row").expression(LXLinearExpression().sum_over(x, lambda i: i)).ge().rhs(-4)
    model = LXModel("m").add_variable(x).add_constraint(row).minimize(LXLinearExpression().sum_over(x))
    return LXOptimizer().use_solver(Limited()).solve(model)


def test_keys_of_numpy_are_numbers_in_json() -> None:
    assert json_text([np.int64(3), date(2025, 1, 2)]) == '[3, "2025-01-02"]'


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["solve", "plan:other"], "'plan' has no 'other'. Write plan:NAME, with a name that it defines."),
        (["solve", "plan:nothing"], "'plan:nothing' gives None, which is no LXModel. Name a model, or a function that"),
        (["solve", "plan:biuld"], "'plan' has no 'biuld'. Did you mean 'build'?"),
        (["solve", ":build"], "':build' names no module. Write module:name or path.py:name."),
        (["solve", "plan:needs"], "'plan:needs' needs arguments: needs(session). Name a function without any, such as"),
        (["solve", "plan:stops"], "'plan:stops' failed: SystemExit: two lines (plan.py, line 25)."),
        (["solve", "plan", "--values", "folder.csv"], "--values 'folder.csv' cannot be written: it is a folder."),
        (["export", "plan", "no/plan.mps"], "The file 'no/plan.mps' cannot be written: there is no folder 'no'."),
        (["sweep", "plan", "--rhs", "wood=1", "--report", "no/a.html"], "--report 'no/a.html' cannot be written:"),
        (["sweep", "plan", "--rhs", "wood="], "--rhs 'wood=' makes no sense. Write --rhs CONSTRAINT=400,450."),
        (["sweep", "plan", "--upper", "mode=1"], "Scenario 'mode upper = 1', modify_variable_bound('mode'): The model"),
        (["solve", "plan:fails"], "'plan:fails' failed: KeyError: 'chair' (plan.py, line 19)."),
        (["solve", "no_plan"], "'no_plan' (of 'no_plan') cannot be imported: ModuleNotFoundError: No module named "),
        (["solve", "no_plan.py"], "There is no file 'no_plan.py' here"),
        (["solve", "plan", "--solver", "higgs"], "There is no solver 'higgs' here."),
        (["solve", "plan", "--option", "presolve"], "--option 'presolve' makes no sense. Write --option NAME=VALUE."),
        (["solve", "plan", "--values", "plan.xls"], "--values 'plan.xls' is of no kind that is known."),
        (["solve", "plan", "--values", "no/plan.csv"], "--values 'no/plan.csv' cannot be written: there is no"),
        (["sweep", "plan"], "sweep needs scenarios. Give --scenarios module:name, or --scale CONSTRAINT=0.9,1.1."),
        (["sweep", "plan", "--scale", "wood=a"], "--scale 'wood=a' makes no sense."),
        (["sweep", "plan", "--scenarios", "plan:nothing"], "'plan:nothing' gives None, which is no list of LXScenario"),
        (["export", "plan", "plan.txt"], "plan.txt has none of the endings"),
    ],
)
def test_an_error_is_one_line(words: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("folder.csv").mkdir()

    status = main(words)

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"Error: {text}")
    assert status == 2


def test_nobody_who_reads_the_output_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)

        assert main(["plugins", "--json"]) == 141


def test_letters_that_a_terminal_does_not_know_are_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = TextIOWrapper(BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(sys, "argv", ["lumix", "solve", "plan:größe"])

    status = program()

    terminal.flush()
    assert status == 2
    assert b"has no 'gr\\xf6\\xdfe'" in terminal.buffer.getvalue()


def test_experts_see_the_traceback() -> None:
    with pytest.raises(Exception, match="plan:fails"):
        main(["solve", "plan:fails", "--traceback"])


def test_doctor_tells_versions_and_problems(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert "lumix-core" in text
    assert f"highs       ready  highspy {version('highspy')}" in text
    assert "No problem was found." in text

    monkeypatch.setattr("lumix.doctor.untested", lambda _: iter(["numpy 9 is not tested."]))
    monkeypatch.setattr("lumix_solvers.highs.version", lambda _: "1.15.1")
    monkeypatch.setattr("lumix.doctor.find_spec", lambda _: object())
    assert main(["doctor", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["problems"] == ["numpy 9 is not tested."]
    assert found["notes"][0].startswith("Solver 'highs' runs isolated where module 'ortools' is loaded")


def test_doctor_names_versions_that_give_wrong_answers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = {"highspy": "1.15.1", "gurobipy": "13.0.3"}
    monkeypatch.setattr("lumix_solvers.known_faults._installed", installed.get)
    monkeypatch.setattr("lumix.doctor.untested", lambda _: iter([]))

    assert main(["doctor"]) == 1

    text = capsys.readouterr().out
    assert "\nProblem: Solver 'highs': highspy 1.15.1 calls points optimal that are not" in text
    assert "\nNote: Solver 'gurobi': gurobipy 13.0.3 calls points" in text
    assert "No problem was found." not in text


def test_plugins_are_listed_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "--json"]) == 0

    listed = json.loads(capsys.readouterr().out)
    assert {("solver", "highs", "ready"), ("row adapter", "django", "ready")} <= {
        (one["kind"], one["name"], one["state"]) for one in listed
    }
