"""Wrong answers of solvers that are known: in which versions, who is told, and what the README says of them."""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from lumix import LXLinearExpression, LXModel, LXOptimizer, LXVariable
from lumix_core.errors import LXSolverVersionWarning
from lumix_core.solver import KnownFault, KnowsFaults, LXFeature
from lumix_solvers import known_faults
from lumix_solvers.highs import HighsSolver
from lumix_solvers.known_faults import FAULTS, faults_of
from lumix_solvers.pulp import PulpSolver

DISTRIBUTION = Path(__file__).parents[2] / "lumix_solvers"
Pretend = Callable[[str, str], None]


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let a version of a library be the one that is installed."""

    def pretended(library: str, version: str) -> None:
        monkeypatch.setattr(known_faults, "_installed", {library: version}.get)

    return pretended


def model_of(variable: Any) -> LXModel:
    return (
        LXModel("plan")
        .add_variable(variable.bounds(lower=1.0, upper=3.5))
        .minimize(LXLinearExpression().add_term(variable))
    )


def whole() -> LXModel:
    return model_of(LXVariable[Any, int]("x").integer())


def fault(**parts: Any) -> KnownFault:
    return KnownFault(**{"library": "acme", "first": "1.9", "fixed": None, "what": "errs", "source": "here"} | parts)


@pytest.mark.parametrize(
    ("version", "fixed", "has_it"),
    [
        ("1.8.9", None, False),
        ("1.9", None, True),
        ("1.9.0.1", None, True),
        ("1.10", None, True),
        ("1.10", "1.11", True),
        ("1.11", "1.11", False),
        ("1.11.0rc1", "1.11", False),
        ("2.0", "1.11", False),
        ("our-own", None, False),
    ],
)
def test_versions_from_the_first_to_the_fixed_one_have_it(version: str, fixed: str | None, has_it: bool) -> None:
    assert fault(fixed=fixed).is_in(version) is has_it


@pytest.mark.parametrize("entry", FAULTS, ids=lambda entry: f"{entry.library} {entry.first}")
def test_a_fault_is_avoided_or_lies_outside_of_what_we_ask_for(entry: KnownFault) -> None:
    extras = tomllib.loads((DISTRIBUTION / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    asked = {Requirement(text).name: text for texts in extras.values() for text in texts}

    assert bool(entry.avoided) != bool(entry.install)
    if entry.install:
        assert entry.install == f'pip install "{asked[entry.library]}"'
        assert entry.features
        assert entry.fixed is not None
        oldest = [one.version for one in Requirement(asked[entry.library]).specifier if one.operator == ">="]
        assert not any(entry.is_in(version) for version in oldest)


def test_the_readme_shows_the_table() -> None:
    rows = [(f"{one.library}, {one.versions}", one.what, one.source, one.avoided or one.install) for one in FAULTS]
    table = "\n".join(f"| {versions} | {what} | {source} | {cure} |" for versions, what, source, cure in rows)

    assert f"\n{table}\n\n" in (DISTRIBUTION / "README.md").read_text()


@pytest.mark.parametrize(
    "made",
    [whole, lambda: model_of(LXVariable[Any, float]("x").semicontinuous())],
    ids=["integer", "semi-continuous"],
)
def test_a_run_that_may_be_wrong_is_warned_of_where_the_user_asked_for_it(pretend: Pretend, made: Any) -> None:
    pretend("highspy", "1.15.1")

    with pytest.warns(LXSolverVersionWarning) as caught:
        solution = LXOptimizer().use_solver("highs").solve(made())

    assert "The answer of solver 'highs' to model 'plan' may be wrong: highspy 1.15.1 calls points" in str(
        caught[0].message
    )
    assert 'issue 3274). Run: pip install "highspy>=' in str(caught[0].message)
    assert {Path(one.filename) for one in caught} == {Path(__file__)}
    assert solution.is_optimal()


def test_live_sessions_and_other_processes_warn_too(pretend: Pretend) -> None:
    pretend("highspy", "1.15.1")

    with pytest.warns(LXSolverVersionWarning), LXOptimizer().open(whole()) as session:
        session.solve()
    with pytest.warns(LXSolverVersionWarning):
        LXOptimizer().use_solver("highs", isolated=True).solve(whole())
    with pytest.warns(LXSolverVersionWarning):
        LXOptimizer().use_solver("pulp", solver="HiGHS").solve(whole())


@pytest.mark.parametrize(
    ("version", "made"),
    [("1.15.1", lambda: model_of(LXVariable[Any, float]("x"))), ("1.16.0", whole), ("our-own", whole)],
    ids=["linear", "mended", "unknown"],
)
def test_a_run_that_is_not_in_doubt_is_silent(pretend: Pretend, version: str, made: Any) -> None:
    pretend("highspy", version)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert LXOptimizer().use_solver("highs").solve(made()).is_optimal()


def test_what_is_avoided_is_not_warned_of(pretend: Pretend) -> None:
    pretend("pulp", "3.3.2")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert LXOptimizer().use_solver("pulp").solve(whole()).is_optimal()


def test_the_library_is_that_of_the_solver_behind_pulp(pretend: Pretend) -> None:
    pretend("highspy", "1.15.1")

    assert {one.library for one, _ in PulpSolver("HiGHS").known_faults} == {"highspy"}
    assert (PulpSolver().known_faults, PulpSolver("GLPK_CMD").known_faults) == ((), ())


def test_a_library_that_is_not_installed_has_no_faults() -> None:
    assert known_faults._installed("no-such-library") is None
    assert faults_of("no-such-library") == ()


def test_features_that_are_in_doubt_are_those_of_a_mixed_integer_problem() -> None:
    solver = HighsSolver()

    assert isinstance(solver, KnowsFaults)
    assert {LXFeature.INTEGER, LXFeature.SEMICONTINUOUS} <= known_faults.MIXED
