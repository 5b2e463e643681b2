"""Solvers are made with their own arguments; one that is not found says what to install or repair."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lumix_core.errors import LXOptionError, LXPluginWarning, LXSolverNotFoundError
from lumix_core.solver.solver import Solver
from tests.core.distributions import Plugins, message_of, run_python, solver_hook, write_distribution

Install = Callable[..., None]
Run = Callable[..., str]

SOLVER = """
class AcmeSolver:
    name = "acme"
    features = frozenset()

    def __init__(self, *, leased=False, licence=None):
        self.leased = leased

    def is_available(self):
        return True

    def solve(self, problem, options):
        raise NotImplementedError
"""


def test_a_solver_is_made_with_its_own_arguments(install: Install) -> None:
    install("lumix-acme", solver_hook(), solver=SOLVER)

    solver = Plugins().load_solver("acme", {"leased": True})

    assert isinstance(solver, Solver)
    assert solver.leased is True  # type: ignore[attr-defined]


def test_each_call_makes_a_solver_of_its_own(install: Install) -> None:
    install("lumix-acme", solver_hook(), solver=SOLVER)
    plugins = Plugins()

    first, second = plugins.load_solver("acme", {}), plugins.load_solver("acme", {})

    assert first is not second


def test_a_solver_is_imported_when_it_is_asked_for(install: Install) -> None:
    install("lumix-acme", solver_hook(), solver=SOLVER)
    plugins = Plugins()
    plugins.registrations()
    before = "lumix_acme.solver" in sys.modules

    plugins.load_solver("acme", {})

    assert not before
    assert "lumix_acme.solver" in sys.modules


def test_an_argument_that_the_solver_does_not_take_is_refused(install: Install) -> None:
    install("lumix-acme", solver_hook(), solver=SOLVER)

    message = message_of(Plugins().load_solver, "acme", {"lease": True}, error=LXOptionError)

    assert message == (
        "Solver 'acme' takes no argument 'lease'. Its own arguments are 'leased', 'licence'; the options of "
        "every solver are 'time_limit', 'mip_rel_gap', 'mip_abs_gap', 'threads', 'seed', 'log', 'options', "
        "'isolated', 'memory_limit'. "
        "Did you mean 'leased'?"
    )


def test_a_misspelt_common_option_is_recognised(install: Install) -> None:
    install("lumix-acme", solver_hook(), solver=SOLVER)

    message = message_of(Plugins().load_solver, "acme", {"timelimit": 5}, error=LXOptionError)

    assert message.endswith("Did you mean 'time_limit'?")


def test_an_argument_like_no_other_is_pointed_to_the_native_options(install: Install) -> None:
    install("lumix-acme", solver_hook(), solver=SOLVER)

    message = message_of(Plugins().load_solver, "acme", {"presolve": "off"}, error=LXOptionError)

    assert message.endswith("Options by the solver's own names go into options={...}.")


def test_a_solver_that_takes_any_argument_gets_it(install: Install) -> None:
    install("lumix-acme", solver_hook(), solver=SOLVER.replace("licence=None", "**others"))

    solver = Plugins().load_solver("acme", {"anything": 1})

    assert solver.name == "acme"


def test_a_solver_that_needs_an_argument_says_so(install: Install) -> None:
    install("lumix-acme", solver_hook(), solver=SOLVER.replace("licence=None", "licence"))

    message = message_of(Plugins().load_solver, "acme", {}, error=LXOptionError)

    assert message == (
        "Solver 'acme' cannot be made without 'licence', which has no default. Write use_solver('acme', licence=...)."
    )


def not_found(plugins: Plugins, name: str) -> str:
    return message_of(plugins.load_solver, name, {}, error=LXSolverNotFoundError)


def test_an_unknown_solver_names_what_is_installed_and_what_could_be(tmp_path: Path, run_alone: Run) -> None:
    write_distribution(tmp_path / "site", "lumix-acme", solver_hook())
    write_distribution(
        tmp_path / "site", "lumix-other", solver_hook("other", requires="native", install="pip install other")
    )

    message = run_alone("""
        from lumix_core.solver.registry import load_solver
        try:
            load_solver("gurobi", {})
        except Exception as error:
            print(type(error).__name__, error)
    """)

    assert message == (
        "LXSolverNotFoundError There is no solver 'gurobi' here. Ready to use: 'acme'. "
        "Not installed: 'other' (pip install other). "
        "Name one of these, or install the distribution that brings it."
    )


def test_without_any_solver_the_message_says_what_to_install(run_alone: Run) -> None:
    message = run_alone("""
        from lumix_core.solver.registry import load_solver
        try:
            load_solver("highs", {})
        except Exception as error:
            print(type(error).__name__, error)
    """)

    assert message == (
        "LXSolverNotFoundError There is no solver 'highs' here, nor any other. "
        'Run: pip install "lumix-modeling[highs]"'
    )


def test_a_misspelt_solver_is_recognised(install: Install) -> None:
    install("lumix-acme", solver_hook())

    message = not_found(Plugins(), "acne")

    assert message.endswith("Did you mean 'acme'?")


def test_an_unknown_solver_names_the_plugins_that_could_not_be_loaded(install: Install) -> None:
    install("lumix-acme", solver_hook())
    install("lumix-broken", "import acme_native")

    with pytest.warns(LXPluginWarning):
        message = not_found(Plugins(), "gurobi")

    assert (
        "Plugin 'broken' of lumix-broken 1.0 could not be loaded: ModuleNotFoundError: No module named 'acme_native'. "
    ) in message


def test_where_the_variable_keeps_solvers_away_the_message_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMIX_PLUGINS", "")

    message = not_found(Plugins(), "highs")

    assert message == (
        "There is no solver 'highs' here, nor any other. "
        "The environment variable LUMIX_PLUGINS allows no plugin: unset it to load every plugin."
    )


def test_a_solver_whose_package_is_missing_says_what_to_type(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("lumix-acme", solver_hook(requires="acme_native", install='pip install "lumix-acme[native]"'))
    install("lumix-other", solver_hook("other", requires="lumix_other"))

    message = not_found(Plugins(), "acme")

    assert message == (
        "Solver 'acme' needs the package 'acme_native', which is not installed. "
        "Run: pip install \"lumix-acme[native]\". Ready to use instead: 'other'. "
        "The environment variable LUMIX_PLUGINS allows 'acme', 'other': unset it to load every plugin."
    )


@pytest.mark.parametrize(
    ("module", "cause"),
    [
        ("raise ImportError('libacme.so: cannot open shared object file')", ImportError),
        ("raise OSError('libacme.so: cannot open shared object file')", OSError),
        (SOLVER.replace("self.leased = leased", "import acme_native"), ModuleNotFoundError),
    ],
)
def test_the_real_error_of_a_solver_that_cannot_be_loaded_is_reported(
    install: Install, module: str, cause: type[Exception]
) -> None:
    install("lumix-acme", solver_hook(), solver=module)

    with pytest.raises(LXSolverNotFoundError) as caught:
        Plugins().load_solver("acme", {})

    assert type(caught.value.__cause__) is cause
    assert f"{cause.__name__}: {caught.value.__cause__}." in str(caught.value)


def test_a_solver_that_cannot_be_loaded_says_what_to_repair(install: Install) -> None:
    install("lumix-acme", solver_hook(), solver="raise ImportError('libacme.so: wrong ELF class')")

    message = not_found(Plugins(), "acme")

    assert message == (
        "Solver 'acme' cannot be loaded, although the package 'lumix_acme' is installed: "
        "ImportError: libacme.so: wrong ELF class. Repair that package: pip install lumix-acme. "
        "Ready to use instead: none. "
        "The environment variable LUMIX_PLUGINS allows 'acme': unset it to load every plugin."
    )


def test_a_solver_that_cannot_run_here_is_not_found(install: Install) -> None:
    install("lumix-acme", solver_hook(), solver=SOLVER.replace("return True", "return False"))

    message = not_found(Plugins(), "acme")

    assert message.startswith(
        "Solver 'acme' reports that it cannot run here, although the package 'lumix_acme' is installed. "
        "See that its program and its licence are installed. Ready to use instead: none."
    )


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("lumix_acme.solvr:AcmeSolver", "No module named 'lumix_acme.solvr'"),
        ("lumix_acme.solver:Acme", "module 'lumix_acme.solver' has no attribute 'Acme'"),
    ],
)
def test_a_solver_that_is_not_where_its_plugin_says_is_the_plugins_fault(
    install: Install, target: str, problem: str
) -> None:
    install("lumix-acme", solver_hook(target=target), solver=SOLVER)

    message = message_of(Plugins().load_solver, "acme", {})

    assert message == (
        f"There is no {target!r}, where the solver 'acme' is said to be: {problem}. "
        f"Correct what 'lumix_acme.plugin' registers, or reinstall lumix-acme."
    )


def test_a_solver_that_lacks_a_method_is_refused(install: Install) -> None:
    install("lumix-acme", solver_hook(), solver=SOLVER.replace("def solve(", "def optimise("))

    message = message_of(Plugins().load_solver, "acme", {})

    assert message == (
        "'lumix_acme.solver:AcmeSolver' makes an object without 'solve', which every solver needs. "
        "Add what lumix_core.solver.Solver describes, or upgrade lumix-acme."
    )


def test_the_functions_of_the_module_share_what_was_found() -> None:
    shared = run_python(
        "-c",
        "import lumix_core.plugins as plugins;"
        "first, second = plugins.registrations(), plugins.registrations();"
        "print(bool(first), all(one is other for one, other in zip(first, second)))",
    )

    assert shared == "True True"
