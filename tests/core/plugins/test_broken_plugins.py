"""Plugins that cannot be loaded are listed with the reason, and rules that are broken are errors."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest

from lumix_core.errors import LXPluginWarning, LXSolverNotFoundError
from tests.core.distributions import Plugins, adapter_hook, message_of, solver_hook

Install = Callable[..., None]

RULE_BREAKER = """
from lumix_core.plugins import hookimpl

@hookimpl
def lumix_solver(register):
    pass
"""


SOLVER = """
class Solver:
    name = "other"
    features = frozenset()
    def is_available(self): return True
    def solve(self, problem, options): raise NotImplementedError
"""


def reason_of(plugins: Plugins) -> str:
    """Why the one plugin is broken."""
    with pytest.warns(LXPluginWarning):
        (one,) = plugins.registrations()
    assert one.state == "broken"
    return one.reason


def test_a_plugin_that_cannot_be_imported_is_warned_of(install: Install) -> None:
    install("lumix-broken", "import acme_native")

    with pytest.warns(LXPluginWarning) as caught:
        Plugins().registrations()

    assert [str(one.message) for one in caught] == [
        "Plugin 'broken' of lumix-broken 1.0 could not be loaded: "
        "ModuleNotFoundError: No module named 'acme_native'. LumiX goes on without what it brings. "
        "Repair or uninstall lumix-broken, or leave it out with LUMIX_PLUGINS."
    ]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        ("import acme_native", "ModuleNotFoundError: No module named 'acme_native'"),
        ("raise ValueError('two\\nlines.')", "ValueError: two lines"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise NotImplementedError", "NotImplementedError"),
        ("1 +", "SyntaxError: invalid syntax (plugin.py, line 1)"),
    ],
)
def test_a_broken_plugin_is_listed_with_its_reason_and_the_others_live(
    install: Install, failure: str, reason: str
) -> None:
    install("lumix-acme", solver_hook())
    install("lumix-broken", failure)

    with pytest.warns(LXPluginWarning):
        found = Plugins().registrations()

    assert [(one.kind, one.name, one.state, one.reason) for one in found] == [
        ("solver", "acme", "ready", ""),
        ("plugin", "broken", "broken", reason),
    ]


def test_a_plugin_whose_hook_fails_brings_nothing(install: Install) -> None:
    install("lumix-acme", f"{solver_hook()}    raise OSError('no licence server')\n")

    with pytest.warns(LXPluginWarning, match="OSError: no licence server"):
        found = Plugins().registrations()

    assert [(one.kind, one.state) for one in found] == [("plugin", "broken")]


def test_a_plugin_that_calls_register_wrongly_is_broken(install: Install) -> None:
    hook = solver_hook().replace(", install='pip install lumix-acme'", "")
    install("lumix-acme", hook)

    with pytest.warns(LXPluginWarning, match="missing 1 required keyword-only argument: 'install'"):
        Plugins().registrations()


def test_two_broken_plugins_of_one_name_are_both_listed(install: Install) -> None:
    install("lumix-broken", "import acme_native", entry_point="ours")
    install("lumix-wrecked", "import acme_native", entry_point="ours")

    with pytest.warns(LXPluginWarning):
        found = Plugins().registrations()

    assert [one.plugin.distribution for one in found] == ["lumix-broken", "lumix-wrecked"]


def test_a_broken_plugin_is_warned_of_once(install: Install) -> None:
    install("lumix-broken", "import acme_native")
    plugins = Plugins()
    with pytest.warns(LXPluginWarning):
        plugins.registrations()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        plugins.registrations()
        plugins.row_adapters()

    assert caught == []


def test_the_warning_as_an_error_does_not_undo_the_loading(install: Install) -> None:
    install("lumix-acme", solver_hook())
    install("lumix-broken", "import acme_native")
    plugins = Plugins()

    with pytest.raises(LXPluginWarning):
        plugins.registrations()

    assert [one.name for one in plugins.registrations()] == ["acme", "broken"]


def test_a_misspelt_hook_is_broken(install: Install) -> None:
    install("lumix-acme", RULE_BREAKER)

    reason = reason_of(Plugins())

    assert reason == (
        "it has the hook 'lumix_solver', which does not exist, so LumiX would "
        "never call it. The hooks are 'lumix_row_adapters', 'lumix_solvers'. Did you mean 'lumix_solvers'?"
    )


def test_what_breaks_the_rules_stops_no_other(install: Install) -> None:
    install("lumix-acme", RULE_BREAKER)
    install(
        "lumix-other", solver_hook("other", target="lumix_other.solver:Solver", requires="lumix_other"), solver=SOLVER
    )
    plugins = Plugins()

    with pytest.warns(
        LXPluginWarning, match="acme.*could not be loaded.*Did you mean 'lumix_solvers'[?] LumiX goes on"
    ):
        solver = plugins.load_solver("other", {})

    assert solver.name == "other"
    assert plugins.row_adapters() == []
    assert "Plugin 'acme' of lumix-acme 1.0 could not be loaded: it has the hook" in message_of(
        plugins.load_solver, "acme", {}, error=LXSolverNotFoundError
    )


def test_an_unknown_hook_that_the_plugin_calls_optional_is_allowed(install: Install) -> None:
    install("lumix-acme", RULE_BREAKER.replace("@hookimpl", "@hookimpl(optionalhook=True)"))

    assert Plugins().registrations() == []


def test_a_misspelt_hook_beside_an_optional_one_is_the_one_named(install: Install) -> None:
    optional = "\n@hookimpl(optionalhook=True)\ndef lumix_exporters(register):\n    pass\n"
    install("lumix-acme", RULE_BREAKER + optional)

    assert "has the hook 'lumix_solver'," in reason_of(Plugins())


def test_a_hook_with_other_parameters_is_broken(install: Install) -> None:
    install("lumix-acme", solver_hook().replace("register", "registrar"))

    reason = reason_of(Plugins())

    assert reason == (
        "it has a hook that LumiX cannot call: hookimpl definition: "
        "lumix_solvers(registrar); Argument(s) {'registrar'} are declared in the hookimpl but can not be found "
        "in the hookspec. LumiX gives a hook one argument, by the name register. "
        "Write it with that one, as in: def lumix_solvers(register)"
    )


def test_a_hook_that_is_not_marked_is_broken(install: Install) -> None:
    install("lumix-acme", solver_hook().replace("@hookimpl", ""))

    reason = reason_of(Plugins())

    assert reason == (
        "it has a function lumix_solvers() that is not marked as a hook, "
        "so LumiX would never call it. Mark it with @hookimpl from lumix_core.plugins"
    )


def test_a_module_named_like_a_hook_is_no_hook(install: Install) -> None:
    install("lumix-tiny", f"import lumix_solvers\n{adapter_hook()}")

    assert [one.name for one in Plugins().registrations()] == ["tiny"]


def test_a_plugin_without_hooks_is_broken(install: Install) -> None:
    install("lumix-acme", "def register():\n    pass\n")

    reason = reason_of(Plugins())

    assert reason == (
        "it has no hooks: nothing in 'lumix_acme.plugin' is marked with @hookimpl, "
        "so it brings nothing. Write one of the hooks 'lumix_row_adapters', 'lumix_solvers' there, or correct "
        "the entry point to name the module that has them"
    )


TWICE = (
    "its name 'acme' is registered by plugin 'acme' of lumix-acme 1.0 and plugin 'other' of lumix-other 1.0, so that "
    "nobody can know which of them is meant; uninstall all but one, or set LUMIX_PLUGINS to the plugins that should be "
    "loaded"
)


def test_a_solver_whose_name_is_registered_twice_cannot_be_used_and_others_can(install: Install) -> None:
    install("lumix-acme", solver_hook("acme"))
    install("lumix-other", solver_hook("acme"))
    install(
        "lumix-third", solver_hook("third", target="lumix_third.solver:Solver", requires="lumix_third"), solver=SOLVER
    )
    plugins = Plugins()

    with pytest.warns(LXPluginWarning, match="its name 'acme' is registered by"):
        registered = plugins.registrations()

    assert [(one.name, one.state, one.reason) for one in registered] == [
        ("acme", "broken", TWICE),
        ("acme", "broken", TWICE),
        ("third", "ready", ""),
    ]
    assert message_of(plugins.load_solver, "acme", {}) == f"Solver 'acme' cannot be used: {TWICE}."
    assert plugins.load_solver("third", {}).name == "other"


def test_of_two_adapters_of_one_name_the_first_knows_its_rows(install: Install, plugins: Plugins) -> None:
    install("lumix-zeal", adapter_hook("lumix_zeal:absent", "lumix_zeal"))

    with pytest.warns(LXPluginWarning, match="Row adapter 'tiny' of plugin 'zeal'.*registered by plugin 'tiny'"):
        adapters = plugins.row_adapters()

    assert [one.name for one in adapters] == ["tiny"]
    assert plugins.adapter_for(type("Product", (), {"tiny_table": "products"})) is adapters[0]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"name": ""}, "registers the solver '' with name='', which"),
        ({"target": "lumix_acme.solver.AcmeSolver"}, "with target='lumix_acme.solver.AcmeSolver', which"),
        ({"target": "lumix_acme.solver:"}, "with target='lumix_acme.solver:', which"),
        ({"target": ":AcmeSolver"}, "with target=':AcmeSolver', which"),
        ({"requires": "acme.native"}, "with requires='acme.native', which"),
        ({"install": ""}, "with install='', which"),
    ],
)
def test_a_malformed_registration_is_broken(install: Install, wrong: dict[str, str], problem: str) -> None:
    install("lumix-acme", solver_hook(**wrong))

    reason = reason_of(Plugins())

    assert problem in reason


def test_the_refusal_of_a_malformed_registration_says_what_to_write(install: Install) -> None:
    install("lumix-acme", solver_hook(target="lumix_acme.solver.AcmeSolver"))

    reason = reason_of(Plugins())

    assert reason == (
        "it registers the solver 'acme' with target='lumix_acme.solver.AcmeSolver', "
        "which LumiX cannot use. Give where it is, as 'package.module:Class', in the call of register() in "
        "'lumix_acme.plugin'"
    )
