"""Arguments and native options of single solvers: passed on, or refused by name, whatever the model."""

from __future__ import annotations

import pytest

from lumix import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXVariable
from lumix_core.errors import LXOptionError, LXSolverNotFoundError


def model_of(*, rows):
    x = LXVariable[int, float]("x").bounds(0, 1).from_data([1, 2])
    model = LXModel("m").add_variable(x).maximize(LXLinearExpression().sum_over(x))
    if rows:
        model.add_constraint(LXConstraint("c").expression(LXLinearExpression().sum_over(x)).le().rhs(1.5))
    return model


@pytest.mark.parametrize("name", ["PULP_CBC_CMD", "HiGHS"])
def test_a_solver_of_pulp_by_its_name(name):
    assert LXOptimizer().use_solver("pulp", solver=name).solve(model_of(rows=True)).objective_value == 1.5


def test_a_solver_of_pulp_that_is_not_there():
    with pytest.raises(LXSolverNotFoundError, match="PuLP cannot run a solver named 'NO_SUCH_CMD' here"):
        LXOptimizer().use_solver("pulp", solver="NO_SUCH_CMD").solve(model_of(rows=True))


@pytest.mark.parametrize("rows", [True, False], ids=["solved", "settled without a solver"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"write_model_to_file": True, "write_model_file": "m.mps"}, "cannot honour write_model_to_file=True"),
        ({"write_presolved_model_file": "m.mps"}, "cannot honour write_presolved_model_file='m.mps'"),
        ({"read_solution_file": "s.sol"}, "cannot honour read_solution_file"),
        ({"presolv": "off"}, "has no option 'presolv'"),
        ({"presolve": 1}, "refuses 1 for its option 'presolve'"),
    ],
)
def test_native_options_that_highs_cannot_honour(tmp_path, monkeypatch, rows, options, words):
    monkeypatch.chdir(tmp_path)

    for ask in (LXOptimizer().solve, LXOptimizer().open, LXOptimizer().explain_infeasibility):
        with pytest.raises(LXOptionError, match=words):
            ask(model_of(rows=rows), options=options)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_highs_writes_after_its_run(tmp_path):
    path = tmp_path / "solution.sol"

    solution = LXOptimizer().solve(
        model_of(rows=True), options={"write_solution_to_file": True, "solution_file": str(path)}
    )

    assert solution.is_optimal()
    assert "Optimal" in path.read_text()


def test_native_options_at_their_defaults_are_taken():
    options = {"write_model_to_file": False, "write_model_file": ""}

    assert LXOptimizer().solve(model_of(rows=True), options=options).is_optimal()
