"""The kits tell whether a solver and an adapter are registered, and what to write where they are not."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lumix_core.errors import LXPluginError
from lumix_core.plugins import registry
from lumix_core.problem import LXProblem
from lumix_core.rows import registry as rows_registry
from lumix_core.solver import LXFeature, RawResult, SolverOptions
from lumix_core.testing import RowAdapterConformance, SolverConformance
from lumix_core.testing.rows.toy import ToyAdapter
from lumix_core.testing.rows.toy_world import ToyWorld

CAUGHT = (AssertionError, LXPluginError, pytest.fail.Exception)
Install = Callable[[str], None]
PLUGIN = """
from lumix_core.plugins import hookimpl

lumix_seam = "1.0"

@hookimpl
def lumix_solvers(register):
    register("acme", {target!r}, requires={requires!r}, install="pip install lumix-acme")
"""


class AcmeSolver:
    """A solver as a stranger has it before it solves anything."""

    name = "acme"
    features: frozenset[LXFeature] = frozenset()

    def is_available(self) -> bool:
        return True

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        raise NotImplementedError


class AnotherSolver(AcmeSolver):
    """Of the same name."""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution whose plugin module has a text; plugins are looked for anew."""

    def installed(plugin: str) -> None:
        metadata = tmp_path / "lumix_acme-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: lumix-acme\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[lumix]\nacme = {tmp_path.name}_plugin\n")
        (tmp_path / f"{tmp_path.name}_plugin.py").write_text(plugin)  # a module that no other test has imported
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setattr(registry, "REGISTRY", registry.Registry())

    return installed


@pytest.fixture(autouse=True)
def _broken_plugins_are_no_errors() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def registered_as(target: str, requires: str = "lumix_core") -> str:
    return PLUGIN.format(target=target, requires=requires)


def test_a_registered_solver_passes(install: Install) -> None:
    install(registered_as(f"{__name__}:AcmeSolver"))

    SolverConformance().test_is_registered(solver=AcmeSolver())


def test_a_subclass_of_the_registered_one_passes(install: Install) -> None:
    install(registered_as(f"{__name__}:AcmeSolver"))

    SolverConformance().test_is_registered(solver=AnotherSolver())


def test_a_function_that_makes_the_solver_passes(install: Install) -> None:
    install(registered_as(f"{__name__}:made"))

    SolverConformance().test_is_registered(solver=AcmeSolver())


def made() -> AcmeSolver:
    return AcmeSolver()


def test_a_solver_that_is_not_registered_learns_the_lines() -> None:
    with pytest.raises(pytest.fail.Exception) as caught:
        SolverConformance().test_is_registered(solver=AcmeSolver())

    text = str(caught.value)
    package = __name__.partition(".")[0]
    assert "No solver is registered as 'acme', so that use_solver('acme') does not find it." in text
    assert f'\n[project.entry-points.lumix]\nacme = "{package}.plugin"\n' in text
    assert f'    register("acme", "{__name__}:AcmeSolver", requires="{package}", install=' in text
    assert 'expected_failures = {"test_is_registered": ' in text


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        (registered_as(f"{__name__}:AnotherSolver"), r"makes another solver: .*AnotherSolver', and this one is a Acme"),
        (registered_as(f"{__name__}:AcmeSolver", "no_such_module"), r"is not installed: package 'no_such_module' is"),
        (registered_as("lumix_core.solver:NoSuchSolver"), r"There is no 'lumix_core.solver:NoSuchSolver'"),
        ("lumix_seam = '9.0'", r"No solver is registered as 'acme'.*Plugin 'acme' of lumix-acme 1.0 could not be load"),
        (registered_as(f"{__name__}:AcmeSolver").replace("@hookimpl", ""), r"not marked as a hook"),
    ],
)
def test_a_solver_that_is_registered_wrongly_is_told_why(install: Install, plugin: str, reason: str) -> None:
    install(plugin)

    with pytest.raises(CAUGHT, match=f"(?s){reason}"):
        SolverConformance().test_is_registered(solver=AcmeSolver())


def test_plugins_that_are_left_out_are_told(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMIX_PLUGINS", "")
    install(registered_as(f"{__name__}:AcmeSolver"))

    with pytest.raises(pytest.fail.Exception, match="The environment variable LUMIX_PLUGINS allows no plugin"):
        SolverConformance().test_is_registered(solver=AcmeSolver())


def test_an_adapter_that_is_not_registered_learns_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_registry, "_SHARED", rows_registry.RowAdapters(registry.Registry()))
    world: Any = ToyWorld()

    with pytest.raises(pytest.fail.Exception) as caught:
        RowAdapterConformance().test_is_registered(adapter=ToyAdapter(), world=world)
    world.close()

    text = str(caught.value)
    assert "No adapter is registered for Product" in text
    assert '\n[project.entry-points.lumix]\ntoy = "lumix_core.plugin"\n' in text
    assert 'def lumix_row_adapters(register: Register) -> None:\n    register("toy", "lumix_core.testing.rows' in text
