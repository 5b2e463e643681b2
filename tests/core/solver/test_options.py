"""The options of a run: checked once for every solver, and refused where they would be ignored."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXVariable
from lumix_core.errors import LXModelError, LXOptionError, LXSolverError, LXSolverNotFoundError, LXUnsupportedError
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.options import COMMON
from lumix_core.solver.solver import LXFeature, RawResult, SolverOptions

ErrorText = Callable[..., str]
KNOWN = "'time_limit', 'mip_rel_gap', 'mip_abs_gap', 'threads', 'seed', 'log', 'options', 'isolated', 'memory_limit'"


class Recording:
    """HiGHS with some of its features only; it writes down the options that it is given."""

    def __init__(self, *features: LXFeature, name: str = "small") -> None:
        self.name = name
        self.features = frozenset(features or LXFeature)
        self.given: list[SolverOptions] = []

    def is_available(self) -> bool:
        return True

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        from lumix_solvers.highs import HighsSolver

        self.given.append(options)
        return HighsSolver().solve(problem, options)


def small_model(kind: type = float) -> LXModel:
    x = LXVariable[None, kind]("x").bounds(lower=0, upper=9)
    limit = LXConstraint[None]("limit").expression(LXLinearExpression().add_term(x, 2.0)).le().rhs(7)
    return LXModel("plan").add_variable(x).add_constraint(limit).maximize(LXLinearExpression().add_term(x))


def options_given(use: dict[str, Any], solve: dict[str, Any]) -> SolverOptions:
    solver = Recording()
    LXOptimizer().use_solver(solver, **use).solve(small_model(), **solve)
    return solver.given[0]


VALUES: dict[str, list[tuple[Any, Any]]] = {
    "time_limit": [(60, 60.0), (0.5, 0.5), (Decimal("2.5"), 2.5), (np.float32(3), 3.0)],
    "mip_rel_gap": [(0, 0.0), (0.01, 0.01), (Decimal("0.01"), 0.01)],
    "mip_abs_gap": [(0, 0.0), (100, 100.0)],
    "threads": [(1, 1), (2, 2), (np.int64(2), 2)],
    "seed": [(0, 0), (2**31 - 1, 2**31 - 1), (np.int32(7), 7)],
    "log": [(False, False), (logging.getLogger("plan"), logging.getLogger("plan"))],
    "options": [({}, {}), ({"presolve": "off"}, {"presolve": "off"})],
}
GOOD = [pytest.param(name, value, kept, id=f"{name}={value!r}") for name in VALUES for value, kept in VALUES[name]]


@pytest.mark.parametrize(("name", "value", "kept"), GOOD)
@pytest.mark.parametrize("position", ["use_solver", "solve"])
def test_a_good_value_reaches_the_solver(position: str, name: str, value: Any, kept: Any) -> None:
    use, solve = ({name: value}, {}) if position == "use_solver" else ({}, {name: value})

    given = getattr(options_given(use, solve), name)

    assert given == kept
    assert type(given) is type(kept)


@pytest.mark.parametrize("given", ["run.log", Path("run.log")], ids=["text", "path"])
def test_a_log_may_be_the_path_of_a_file(given: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    found = options_given({"log": given}, {})

    assert found.log == Path("run.log")


FLAWED: dict[str, tuple[list[Any], str]] = {
    "time_limit": (
        [0, -1, float("nan"), float("inf"), "60", True, [60], 10**400],
        "a number of seconds above 0 and up to 2000000, or None for no limit",
    ),
    "mip_rel_gap": ([-0.1, float("nan"), float("inf"), "0.1", False, 1j], "a number of at least 0"),
    "mip_abs_gap": ([-1, float("nan"), Decimal("NaN"), "1", True], "a number of at least 0"),
    "threads": ([0, -1, 1.0, 2.5, "2", True, 1025], "a whole number from 1 to 1024"),
    "seed": ([-1, 2**31, 1.0, "1", True], "a whole number from 0 to 2147483647"),
    "log": ([1, 0, "", b"run.log", [], print], "True, False, the path of a file, or a logging.Logger"),
    "options": ([[("a", 1)], "presolve=off", {1: 2}, True], "a dictionary of the solver's own option names and values"),
}
BAD = [
    pytest.param(name, value, wanted, id=f"{name}={value!r:.20}")
    for name, (values, wanted) in FLAWED.items()
    for value in values
]


@pytest.mark.parametrize(("name", "value", "wanted"), BAD)
@pytest.mark.parametrize("position", ["use_solver", "solve"])
def test_a_value_that_makes_no_sense_is_refused(
    position: str, name: str, value: Any, wanted: str, error_text: ErrorText
) -> None:
    optimizer = LXOptimizer()
    call = (
        partial(optimizer.use_solver, "highs") if position == "use_solver" else partial(optimizer.solve, small_model())
    )

    text = error_text(LXOptionError, partial(call, **{name: value}))

    assert text == f"Option {name}={value!r} makes no sense: give {wanted}."


@pytest.mark.parametrize("name", COMMON)
@pytest.mark.parametrize("position", ["use_solver", "solve"])
def test_none_means_the_default(position: str, name: str) -> None:
    use, solve = ({name: None}, {}) if position == "use_solver" else ({}, {name: None})

    given = options_given(use, solve)

    assert given == SolverOptions()


def test_the_options_of_a_run_win_over_the_options_of_all_runs() -> None:
    given = options_given({"time_limit": 60, "threads": 2}, {"time_limit": 5})

    assert (given.time_limit, given.threads) == (5.0, 2)


def test_none_for_a_run_lifts_the_option_of_all_runs() -> None:
    given = options_given({"time_limit": 60, "threads": 2}, {"time_limit": None})

    assert (given.time_limit, given.threads) == (None, 2)


def test_the_options_of_a_run_are_forgotten_after_it() -> None:
    solver = Recording()
    optimizer = LXOptimizer().use_solver(solver, threads=2)

    optimizer.solve(small_model(), threads=1, seed=5)
    optimizer.solve(small_model())

    assert [(given.threads, given.seed) for given in solver.given] == [(1, 5), (2, None)]


def test_choosing_a_solver_again_forgets_the_options_of_before() -> None:
    solver = Recording()

    LXOptimizer().use_solver(solver, seed=5).use_solver(solver).solve(small_model())

    assert solver.given[0].seed is None


def test_a_refused_choice_leaves_the_one_of_before() -> None:
    solver = Recording()
    optimizer = LXOptimizer().use_solver(solver, seed=5)

    with pytest.raises(LXOptionError):
        optimizer.use_solver("highs", seed=-1)
    optimizer.solve(small_model())

    assert solver.given[0].seed == 5


def test_native_options_that_are_changed_later_change_no_run() -> None:
    native = {"presolve": "off"}
    solver = Recording()
    optimizer = LXOptimizer().use_solver(solver, options=native)
    native["presolve"] = "no such value"

    optimizer.solve(small_model())

    assert solver.given[0].options == {"presolve": "off"}


@pytest.mark.parametrize("name", ["gap", "verbose", "tee", "presolve", "licence"])
def test_an_unknown_option_of_a_run_is_told_with_the_known_ones(name: str, error_text: ErrorText) -> None:
    call = partial(LXOptimizer().solve, small_model(), **{name: 1})

    text = error_text(LXOptionError, call)

    assert text == (
        f"There is no option {name!r}. The options of every solver are {KNOWN}; "
        f"give others by the solver's own names in options={{...}}."
    )


@pytest.mark.parametrize("name", ["timelimit", "verbose", "presolve"])
def test_an_unknown_option_of_a_named_solver_is_told_with_the_known_ones(name: str, error_text: ErrorText) -> None:
    call = partial(LXOptimizer().use_solver, "highs", **{name: 1})

    text = error_text(LXOptionError, call)

    assert text.startswith(f"Solver 'highs' takes no argument {name!r}. ")
    assert f"the options of every solver are {KNOWN}" in text


def test_an_option_that_looks_misspelt_is_guessed(error_text: ErrorText) -> None:
    text = error_text(LXOptionError, partial(LXOptimizer().use_solver, "highs", timelimit=1))

    assert text.endswith("Did you mean 'time_limit'?")


def test_an_unknown_option_of_a_solver_object_is_told_with_the_known_ones(error_text: ErrorText) -> None:
    call = partial(LXOptimizer().use_solver, Recording(), remote=True)

    text = error_text(LXOptionError, call)

    assert text == (
        f"use_solver() got a solver object and 'remote', which is no common option ({KNOWN}). "
        f"Give such arguments to the object's own class."
    )


@pytest.mark.parametrize("option", [{"no_such_option": 1}, {"threads": 2}], ids=["unknown", "not honoured"])
def test_an_option_is_refused_before_the_rows_are_read(option: dict[str, int]) -> None:
    def fail(row: Any) -> Any:
        raise AssertionError(row)

    model = LXModel("plan").add_variable(LXVariable[Any, float]("x").from_data([1]).indexed_by(fail))

    with pytest.raises(LXOptionError):
        LXOptimizer().use_solver(Recording(LXFeature.INTEGER)).solve(model, **option)


ASKED: dict[str, Any] = {
    "time_limit": 60,
    "mip_rel_gap": 0.01,
    "mip_abs_gap": 1,
    "threads": 2,
    "seed": 5,
    "log": True,
    "options": {"presolve": "off"},
}


@pytest.mark.parametrize(("name", "value"), ASKED.items(), ids=ASKED.keys())
@pytest.mark.parametrize("position", ["use_solver", "solve"])
def test_an_option_that_the_solver_cannot_honour_is_refused(
    position: str, name: str, value: Any, error_text: ErrorText
) -> None:
    lacking = LXFeature(name)
    solver = Recording(*(feature for feature in LXFeature if feature is not lacking))

    def ask() -> None:
        use, solve = ({name: value}, {}) if position == "use_solver" else ({}, {name: value})
        LXOptimizer().use_solver(solver, **use).solve(small_model(), **solve)

    text = error_text(LXOptionError, ask)

    shown = float(value) if name in ("time_limit", "mip_abs_gap") else value
    others = ", ".join(repr(other) for other in COMMON if other != name)
    assert text == (
        f"Solver 'small' cannot honour {name}={shown!r}: it would be ignored. "
        f"Leave it out, or use another solver; this one honours {others}."
    )
    assert solver.given == []


def test_a_gap_of_0_is_asked_for_too(error_text: ErrorText) -> None:
    call = partial(LXOptimizer().use_solver(Recording(LXFeature.INTEGER)).solve, small_model(), mip_rel_gap=0)

    text = error_text(LXOptionError, call)

    assert text == (
        "Solver 'small' cannot honour mip_rel_gap=0.0: it would be ignored. "
        "Leave it out, or use another solver; this one honours none."
    )


@pytest.mark.parametrize("nothing", [{"log": False}, {"options": {}}, {"time_limit": None}, {"seed": None}])
def test_what_asks_for_nothing_is_honoured_by_every_solver(nothing: dict[str, Any]) -> None:
    solution = LXOptimizer().use_solver(Recording(LXFeature.INTEGER)).solve(small_model(), **nothing)

    assert solution.objective_value == pytest.approx(3.5)


def test_a_solver_without_integers_refuses_them(error_text: ErrorText) -> None:
    solver = Recording(LXFeature.DUALS)
    call = partial(LXOptimizer().use_solver(solver).solve, small_model(int))

    text = error_text(LXUnsupportedError, call)

    assert text == (
        "Model 'plan' has integer variables, which solver 'small' cannot handle. "
        "Use another solver, or make the variables continuous."
    )
    assert solver.given == []


def test_a_solver_without_integers_solves_the_rest() -> None:
    solution = LXOptimizer().use_solver(Recording(LXFeature.DUALS)).solve(small_model())

    assert solution.objective_value == pytest.approx(3.5)


# Solvers


def test_an_unnamed_solver_is_highs() -> None:
    solution = LXOptimizer().solve(small_model())

    assert solution.solver == "highs"


def test_a_solver_object_gives_the_solution_its_name() -> None:
    solution = LXOptimizer().use_solver(Recording(name="mine")).solve(small_model())

    assert solution.solver == "mine"


@pytest.mark.parametrize("model", [None, "plan", LXModel, LXVariable[None, float]("x")], ids=str)
def test_what_is_no_model_is_refused(model: Any, error_text: ErrorText) -> None:
    text = error_text(LXModelError, LXOptimizer().solve, model)

    assert text.startswith(f"solve() got {model!r}, which is not a model.")


def test_use_solver_returns_the_optimizer() -> None:
    optimizer = LXOptimizer()

    assert optimizer.use_solver(Recording()) is optimizer


def test_an_unknown_solver_is_told_with_the_installed_ones(error_text: ErrorText) -> None:
    text = error_text(LXSolverNotFoundError, LXOptimizer().use_solver, "higs")

    assert text.startswith("There is no solver 'higs' here. ")
    assert "'highs'" in text
    assert text.endswith("Did you mean 'highs'?")


class Fixed(Recording):
    """A solver whose class has all that a solver needs."""

    name = "fixed"
    features = frozenset(LXFeature)


@pytest.mark.parametrize("solver", [None, 5, object(), Fixed], ids=["None", "int", "object", "class"])
def test_what_is_no_solver_is_refused(solver: Any, error_text: ErrorText) -> None:
    text = error_text(LXSolverNotFoundError, LXOptimizer().use_solver, solver)

    assert text == (
        f"use_solver() got {solver!r}, which is neither the name of a solver nor a solver object. "
        f"Give a name such as 'highs', or an object with name, features, is_available() and solve()."
    )


class Broken(Recording):
    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        raise RuntimeError("licence expired")


def test_a_solver_that_fails_is_named(error_text: ErrorText) -> None:
    call = partial(LXOptimizer().use_solver(Broken()).solve, small_model())

    text = error_text(LXSolverError, call)

    assert text == (
        "Solver 'small' failed on model 'plan': RuntimeError: licence expired. "
        "Nothing is known of the model; try log=True to see what it did, or another solver."
    )


def test_the_failure_of_a_solver_is_kept_as_the_cause() -> None:
    with pytest.raises(LXSolverError) as caught:
        LXOptimizer().use_solver(Broken()).solve(small_model())

    assert isinstance(caught.value.__cause__, RuntimeError)


def test_the_options_are_the_ones_that_are_documented() -> None:
    documented = inspect.getdoc(LXOptimizer.use_solver)
    assert documented is not None

    missing = [name for name in COMMON if name not in documented]

    assert missing == []


# HiGHS


def test_a_run_is_silent_unless_asked(capfd: pytest.CaptureFixture[str]) -> None:
    LXOptimizer().solve(small_model(int))

    assert capfd.readouterr() == ("", "")


def test_a_log_goes_to_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    LXOptimizer().solve(small_model(int), log=True)

    assert "HiGHS" in capfd.readouterr().out


def test_a_log_goes_to_a_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    LXOptimizer().solve(small_model(int), log=tmp_path / "run.log")

    assert "HiGHS" in (tmp_path / "run.log").read_text()
    assert capfd.readouterr() == ("", "")


def test_a_log_goes_to_a_logger(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="plan"):
        LXOptimizer().solve(small_model(int), log=logging.getLogger("plan"))

    assert any("HiGHS" in record.getMessage() for record in caplog.records)
    assert {(record.name, record.levelno) for record in caplog.records} == {("plan", logging.INFO)}


def test_a_native_option_is_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    LXOptimizer().solve(small_model(int), log=True, options={"presolve": "off"})

    assert "Presolve is switched off" in capfd.readouterr().out


def test_a_misspelt_option_of_a_run_is_guessed(error_text: ErrorText) -> None:
    call = partial(LXOptimizer().solve, small_model(), timelimit=1)

    text = error_text(LXOptionError, call)

    assert text.startswith(
        "There is no option 'timelimit'. Did you mean 'time_limit'? The options of every solver are "
    )


def test_an_unknown_native_option_is_refused(error_text: ErrorText) -> None:
    call = partial(LXOptimizer().solve, small_model(), options={"pre_solve": "off"})

    text = error_text(LXOptionError, call)

    assert text.startswith(
        "Solver 'highs' has no option 'pre_solve' (given in options={...}). Did you mean 'presolve'? "
    )


@pytest.mark.parametrize(
    ("name", "value"), [("presolve", "maybe"), ("presolve", 1), ("simplex_iteration_limit", "many"), ("threads", True)]
)
def test_a_native_option_of_a_wrong_value_is_refused(name: str, value: Any, error_text: ErrorText) -> None:
    call = partial(LXOptimizer().solve, small_model(), options={name: value})

    text = error_text(LXOptionError, call)

    assert text.startswith(f"Solver 'highs' refuses {value!r} for its option {name!r} (given in options={{...}}): ")
    assert text.endswith("Give a value that the solver's manual allows.")
