"""The commands that take a model, and what they say of targets that are none."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lumix import LXModel
from lumix.commands import main

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
    ("words", "text"),
    [
        (["solve", "plan:other"], "'plan' has no 'other'. Write plan:NAME, with a name that it defines."),
        (["solve", "plan:nothing"], "'plan:nothing' gives None, which is no LXModel. Name a model, or a function that"),
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
    status = main(words)

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"Error: {text}")
    assert status == 2


def test_experts_see_the_traceback() -> None:
    with pytest.raises(Exception, match="plan:fails"):
        main(["solve", "plan:fails", "--traceback"])


def test_doctor_tells_versions_and_problems(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert "lumix-core" in text
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
