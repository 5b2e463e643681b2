"""Plugins are real distributions here: a package and its metadata, written to a folder on the path."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import os
import subprocess
import sys
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest

from lumix_core.errors import LXOptionError, LXPluginError, LXPluginWarning, LXSolverNotFoundError
from lumix_core.plugins.entry_points import Plugin, Registration
from lumix_core.plugins.registry import Registry
from lumix_core.rows.adapter import RowAdapter
from lumix_core.rows.registry import RowAdapters
from lumix_core.solver.registry import load_solver
from lumix_core.solver.solver import Solver

Install = Callable[..., None]
Run = Callable[..., str]


class Plugins(Registry):
    """A registry of its own, and the adapters and solvers that are made of it."""

    def __init__(self) -> None:
        super().__init__()
        self._row_adapters = RowAdapters(self)

    def row_adapters(self) -> list[RowAdapter]:
        return list(self._row_adapters.in_use())

    def adapter_for(self, cls: type) -> RowAdapter | None:
        return self._row_adapters.owner_of(cls)

    def load_solver(self, name: str, arguments: Mapping[str, object]) -> Solver:
        return load_solver(name, arguments, self)


SOLVER_HOOK = """
from lumix_core.plugins import hookimpl

@hookimpl
def lumix_solvers(register):
    register({name!r}, {target!r}, requires={requires!r}, install={install!r})
"""

ADAPTER_HOOK = SOLVER_HOOK.replace("lumix_solvers", "lumix_row_adapters")

SOLVER = """
class AcmeSolver:
    name = "acme"
    features = frozenset()

    def __init__(self, *, isolated=False, licence=None):
        self.isolated = isolated

    def is_available(self):
        return True

    def solve(self, problem, options):
        raise NotImplementedError
"""

ADAPTER = """
from lumix_core.rows.adapter import RowAdapter

class TinyAdapter(RowAdapter):
    name = "tiny"

    def __init__(self):
        self.asked = []

    def owns(self, cls):
        self.asked.append(cls)
        return hasattr(cls, "tiny_table")
"""

RULE_BREAKER = """
from lumix_core.plugins import hookimpl

@hookimpl
def lumix_solver(register):
    pass
"""


def solver_hook(
    name: str = "acme",
    target: str = "lumix_acme.solver:AcmeSolver",
    requires: str = "lumix_acme",
    install: str = "pip install lumix-acme",
) -> str:
    return SOLVER_HOOK.format(name=name, target=target, requires=requires, install=install)


def adapter_hook(target: str = "lumix_tiny.adapter:TinyAdapter", requires: str = "tinyorm") -> str:
    return ADAPTER_HOOK.format(name="tiny", target=target, requires=requires, install="pip install lumix-tiny")


def write_distribution(site: Path, name: str, plugin: str, entry_point: str | None = None, **modules: str) -> None:
    """Write the distribution ``name`` 1.0 and its package, with ``plugin`` as its plugin module."""
    package = site / name.replace("-", "_")
    package.mkdir(parents=True)
    for module, text in {"__init__": "", "plugin": plugin, **modules}.items():
        (package / f"{module}.py").write_text(text)
    write_metadata(site / f"{package.name}-1.0.dist-info", "METADATA", name, entry_point)


def write_metadata(folder: Path, file: str, name: str, entry_point: str | None = None) -> None:
    folder.mkdir(parents=True)
    (folder / file).write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    shown = entry_point or name.removeprefix("lumix-")
    (folder / "entry_points.txt").write_text(f"[lumix]\n{shown} = {name.replace('-', '_')}.plugin\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path of this process, whose modules are forgotten afterwards."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def install(site: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution into this process; only those installed so are loaded."""
    loaded: list[str] = []

    def install_one(name: str, plugin: str, entry_point: str | None = None, **modules: str) -> None:
        write_distribution(site, name, plugin, entry_point, **modules)
        loaded.append(entry_point or name.removeprefix("lumix-"))
        monkeypatch.setenv("LUMIX_PLUGINS", ",".join(loaded))
        importlib.invalidate_caches()

    return install_one


@pytest.fixture
def run_alone(tmp_path: Path) -> Run:
    """Run code in a process that has the core, what the core needs, and what is in ``tmp_path / "site"``."""
    links = tmp_path / "links"
    links.mkdir()
    for package in ("numpy", "pluggy", "cloudpickle", "lumix_core"):
        link_package(package, links)

    def run(code: str) -> str:
        path = os.pathsep.join([str(links), str(tmp_path / "site")])
        return run_python("-S", "-c", dedent(code), PYTHONPATH=path)

    return run


def link_package(package: str, folder: Path) -> None:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).parent
    for found in (source, source.with_name(f"{package}.libs")):
        if found.exists():
            (folder / found.name).symlink_to(found)


def run_python(*arguments: str, **variables: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "LUMIX_PLUGINS"}
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def tiny_orm(site: Path) -> None:
    """Install the ORM that the tiny adapter is for."""
    (site / "tinyorm.py").write_text("")
    importlib.invalidate_caches()


def message_of(call: Callable[..., object], *arguments: object, error: type[Exception] = LXPluginError) -> str:
    with pytest.raises(error) as caught:
        call(*arguments)
    return str(caught.value)


def test_our_own_plugins_are_found_under_their_distributions() -> None:
    found = Plugins().registrations()

    names = {(one.kind, one.name, one.plugin.distribution) for one in found}
    assert names >= {
        ("row adapter", "sqlalchemy", "lumix-sqlalchemy"),
        ("solver", "highs", "lumix-solvers"),
        ("solver", "pulp", "lumix-solvers"),
    }


def test_a_registration_says_what_it_is_and_who_brings_it(install: Install) -> None:
    install("lumix-acme", solver_hook())

    found = Plugins().registrations()

    assert found == [
        Registration(
            kind="solver",
            name="acme",
            target="lumix_acme.solver:AcmeSolver",
            requires="lumix_acme",
            install="pip install lumix-acme",
            plugin=Plugin("acme", "lumix_acme.plugin", "lumix-acme", "1.0"),
            state="ready",
            reason="",
        )
    ]


def test_what_lacks_its_package_is_listed_as_not_installed(install: Install) -> None:
    install("lumix-acme", solver_hook(requires="acme_native"))

    (found,) = Plugins().registrations()

    assert (found.state, found.reason) == ("not installed", "package 'acme_native' is missing")


def test_an_empty_folder_named_like_the_package_does_not_count_as_installed(site: Path, install: Install) -> None:
    (site / "acme_native").mkdir()
    install("lumix-acme", solver_hook(requires="acme_native"))

    (found,) = Plugins().registrations()

    assert found.state == "not installed"


def test_a_package_installed_later_is_seen(site: Path, install: Install) -> None:
    install("lumix-acme", solver_hook(requires="acme_native"))
    plugins = Plugins()
    before = [one.state for one in plugins.registrations()]

    (site / "acme_native.py").write_text("")
    importlib.invalidate_caches()

    assert before == ["not installed"]
    assert [one.state for one in plugins.registrations()] == ["ready"]


def test_listing_imports_no_orm_no_solver_and_nothing_registered() -> None:
    native = run_python(
        "-c",
        "import sys; from lumix_core.plugins import registrations; registrations();"
        "names = {'sqlalchemy', 'django', 'highspy', 'pulp', 'lumix_solvers.highs', 'lumix_sqlalchemy.adapter'};"
        "print(sorted(names & set(sys.modules)))",
    )

    assert native == "[]"


def test_importing_the_core_loads_no_plugin() -> None:
    loaded = run_python(
        "-c",
        "import sys, lumix_core;"
        "names = {'sqlalchemy', 'django', 'highspy', 'pulp', 'lumix_solvers', 'lumix_sqlalchemy'};"
        "print(sorted(names & set(sys.modules)))",
    )

    assert loaded == "[]"


def test_a_distribution_found_twice_on_the_path_counts_once(site: Path, install: Install) -> None:
    install("lumix-acme", solver_hook())
    write_metadata(site.parent / "source" / "lumix_acme.egg-info", "PKG-INFO", "lumix-acme")
    sys.path.append(str(site.parent / "source"))

    try:
        found = Plugins().registrations()
    finally:
        sys.path.remove(str(site.parent / "source"))

    assert [one.name for one in found] == ["acme"]


def test_two_distributions_may_name_their_entry_points_alike(install: Install) -> None:
    install("lumix-acme", solver_hook("acme"), entry_point="solvers_of_ours")
    install("lumix-other", solver_hook("other"), entry_point="solvers_of_ours")

    found = Plugins().registrations()

    assert [one.name for one in found] == ["acme", "other"]


def test_a_solver_and_an_adapter_may_have_the_same_name(install: Install) -> None:
    install("lumix-acme", solver_hook("tiny"))
    install("lumix-tiny", adapter_hook())

    found = Plugins().registrations()

    assert [(one.kind, one.name) for one in found] == [("solver", "tiny"), ("row adapter", "tiny")]


def test_plugins_are_loaded_once_however_many_threads_ask(install: Install) -> None:
    install(
        "lumix-tiny",
        f"import time, lumix_tiny\n{adapter_hook(requires='lumix_tiny')}"
        "    time.sleep(0.05)\n    lumix_tiny.calls += 1\n",
        __init__="calls = 0\n",
        adapter=ADAPTER,
    )
    plugins = Plugins()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: plugins.row_adapters(), range(8)))

    assert importlib.import_module("lumix_tiny").calls == 1
    assert len({id(adapter) for answer in answers for adapter in answer}) == 1
    assert [len(answer) for answer in answers] == [1] * 8


def test_an_empty_variable_loads_no_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMIX_PLUGINS", "")

    assert Plugins().registrations() == []


def test_the_variable_names_the_plugins_to_load(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("acme", "other", "third"):
        install(f"lumix-{name}", solver_hook(name))
    monkeypatch.setenv("LUMIX_PLUGINS", "third, acme")

    found = Plugins().registrations()

    assert [one.name for one in found] == ["acme", "third"]


def test_what_the_variable_leaves_out_is_not_imported(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("lumix-acme", solver_hook())
    install("lumix-other", "raise AssertionError")
    monkeypatch.setenv("LUMIX_PLUGINS", "acme")

    Plugins().registrations()

    assert "lumix_other" not in sys.modules


def test_an_unknown_name_in_the_variable_is_refused(tmp_path: Path, run_alone: Run) -> None:
    write_distribution(tmp_path / "site", "lumix-acme", solver_hook())

    message = run_alone("""
        import os
        from lumix_core.plugins.registry import registrations
        os.environ["LUMIX_PLUGINS"] = "acme, acne"
        try:
            registrations()
        except Exception as error:
            print(type(error).__name__, error)
    """)

    assert message == (
        "LXPluginError LUMIX_PLUGINS names 'acne', but no installed distribution brings such a plugin. "
        "The plugins installed here are 'acme'. Correct LUMIX_PLUGINS, or unset it to load them all."
    )


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


def test_a_misspelt_hook_is_refused(install: Install) -> None:
    install("lumix-acme", RULE_BREAKER)

    message = message_of(Plugins().registrations)

    assert message == (
        "Plugin 'acme' of lumix-acme 1.0 has the hook 'lumix_solver', which does not exist, so LumiX would "
        "never call it. The hooks are 'lumix_row_adapters', 'lumix_solvers'. Did you mean 'lumix_solvers'?"
    )


def test_a_rule_broken_is_an_error_at_every_use(install: Install) -> None:
    install("lumix-acme", RULE_BREAKER)
    plugins = Plugins()

    messages = {
        message_of(plugins.registrations),
        message_of(plugins.registrations),
        message_of(plugins.row_adapters),
        message_of(plugins.adapter_for, int),
        message_of(plugins.load_solver, "acme", {}),
    }

    assert len(messages) == 1


def test_an_unknown_hook_that_the_plugin_calls_optional_is_allowed(install: Install) -> None:
    install("lumix-acme", RULE_BREAKER.replace("@hookimpl", "@hookimpl(optionalhook=True)"))

    assert Plugins().registrations() == []


def test_a_misspelt_hook_beside_an_optional_one_is_the_one_named(install: Install) -> None:
    optional = "\n@hookimpl(optionalhook=True)\ndef lumix_exporters(register):\n    pass\n"
    install("lumix-acme", RULE_BREAKER + optional)

    assert "has the hook 'lumix_solver'," in message_of(Plugins().registrations)


def test_a_hook_with_other_parameters_is_refused(install: Install) -> None:
    install("lumix-acme", solver_hook().replace("register", "registrar"))

    message = message_of(Plugins().registrations)

    assert message == (
        "Plugin 'acme' of lumix-acme 1.0 has a hook that LumiX cannot call: hookimpl definition: "
        "lumix_solvers(registrar); Argument(s) {'registrar'} are declared in the hookimpl but can not be found "
        "in the hookspec. LumiX gives a hook one argument, by the name register. "
        "Write it with that one, as in: def lumix_solvers(register)"
    )


def test_a_hook_that_is_not_marked_is_refused(install: Install) -> None:
    install("lumix-acme", solver_hook().replace("@hookimpl", ""))

    message = message_of(Plugins().registrations)

    assert message == (
        "Plugin 'acme' of lumix-acme 1.0 has a function lumix_solvers() that is not marked as a hook, "
        "so LumiX would never call it. Mark it with @hookimpl from lumix_core.plugins."
    )


def test_a_module_named_like_a_hook_is_no_hook(install: Install) -> None:
    install("lumix-tiny", f"import lumix_solvers\n{adapter_hook()}")

    assert [one.name for one in Plugins().registrations()] == ["tiny"]


def test_a_plugin_without_hooks_is_refused(install: Install) -> None:
    install("lumix-acme", "def register():\n    pass\n")

    message = message_of(Plugins().registrations)

    assert message == (
        "Plugin 'acme' of lumix-acme 1.0 has no hooks: nothing in 'lumix_acme.plugin' is marked with @hookimpl, "
        "so it brings nothing. Write one of the hooks 'lumix_row_adapters', 'lumix_solvers' there, or correct "
        "the entry point to name the module that has them."
    )


def test_a_name_registered_twice_is_refused_naming_both_distributions(install: Install) -> None:
    install("lumix-acme", solver_hook("acme"))
    install("lumix-other", solver_hook("acme"))

    message = message_of(Plugins().registrations)

    assert message == (
        "The solver 'acme' is registered twice, by plugin 'acme' of lumix-acme 1.0 and by plugin 'other' of "
        "lumix-other 1.0, so its name does not tell which of them is meant. "
        "Uninstall one of the two, or set LUMIX_PLUGINS to the plugins that should be loaded."
    )


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
def test_a_malformed_registration_is_refused(install: Install, wrong: dict[str, str], problem: str) -> None:
    install("lumix-acme", solver_hook(**wrong))

    message = message_of(Plugins().registrations)

    assert problem in message


def test_the_refusal_of_a_malformed_registration_says_what_to_write(install: Install) -> None:
    install("lumix-acme", solver_hook(target="lumix_acme.solver.AcmeSolver"))

    message = message_of(Plugins().registrations)

    assert message == (
        "Plugin 'acme' of lumix-acme 1.0 registers the solver 'acme' with target='lumix_acme.solver.AcmeSolver', "
        "which LumiX cannot use. Give where it is, as 'package.module:Class', in the call of register() in "
        "'lumix_acme.plugin'."
    )


def test_an_adapter_is_not_imported_before_its_orm(site: Path, install: Install) -> None:
    tiny_orm(site)
    install("lumix-tiny", adapter_hook(), adapter=ADAPTER)

    adapters = Plugins().row_adapters()

    assert adapters == []
    assert "lumix_tiny.adapter" not in sys.modules
    assert "tinyorm" not in sys.modules


def test_an_adapter_is_there_once_its_orm_is_imported(site: Path, install: Install) -> None:
    tiny_orm(site)
    install("lumix-tiny", adapter_hook(), adapter=ADAPTER)
    plugins = Plugins()
    plugins.row_adapters()

    importlib.import_module("tinyorm")

    assert [one.name for one in plugins.row_adapters()] == ["tiny"]


def test_only_the_adapters_of_imported_orms_are_made(site: Path, install: Install) -> None:
    tiny_orm(site)
    install("lumix-tiny", adapter_hook(), adapter=ADAPTER)
    install("lumix-other", adapter_hook("lumix_other:absent", "otherorm").replace("'tiny'", "'other'"))
    importlib.import_module("tinyorm")

    adapters = Plugins().row_adapters()

    assert [one.name for one in adapters] == ["tiny"]


@pytest.fixture
def plugins(site: Path, install: Install) -> Plugins:
    """Plugins with the tiny adapter in use."""
    tiny_orm(site)
    install("lumix-tiny", adapter_hook(), adapter=ADAPTER)
    importlib.import_module("tinyorm")
    return Plugins()


def asked(plugins: Plugins) -> list[type]:
    (adapter,) = plugins.row_adapters()
    return adapter.asked  # type: ignore[attr-defined, no-any-return]


def test_an_adapter_is_made_once(plugins: Plugins) -> None:
    (first,) = plugins.row_adapters()
    (second,) = plugins.row_adapters()

    assert first is second


def test_the_adapter_of_a_class_is_the_one_that_owns_it(plugins: Plugins) -> None:
    mapped = type("Product", (), {"tiny_table": "products"})

    adapter = plugins.adapter_for(mapped)

    assert isinstance(adapter, RowAdapter)
    assert adapter.name == "tiny"


def test_a_class_that_no_orm_maps_has_no_adapter(plugins: Plugins) -> None:
    assert plugins.adapter_for(int) is None


@pytest.mark.parametrize("members", [{}, {"tiny_table": "products"}])
def test_adapters_are_asked_once_for_each_class(plugins: Plugins, members: dict[str, str]) -> None:
    row_type = type("Product", (), members)

    plugins.adapter_for(row_type)
    plugins.adapter_for(row_type)

    assert asked(plugins) == [row_type]


def test_a_class_is_asked_about_again_when_an_orm_is_imported_later(site: Path, install: Install) -> None:
    tiny_orm(site)
    install("lumix-tiny", adapter_hook(), adapter=ADAPTER)
    plugins = Plugins()
    mapped = type("Product", (), {"tiny_table": "products"})
    before = plugins.adapter_for(mapped)

    importlib.import_module("tinyorm")

    assert before is None
    assert plugins.adapter_for(mapped) is not None


def test_a_class_that_is_mapped_later_gets_its_adapter(plugins: Plugins) -> None:
    row_type = type("Product", (), {})
    before = plugins.adapter_for(row_type)

    row_type.tiny_table = "products"  # type: ignore[attr-defined]

    assert before is None
    assert plugins.adapter_for(row_type) is not None


def test_asking_keeps_no_class_alive(plugins: Plugins) -> None:
    row_type = type("Product", (), {})
    plugins.adapter_for(row_type)
    asked(plugins).clear()
    reference = weakref.ref(row_type)

    del row_type
    gc.collect()

    assert reference() is None


def test_an_adapter_that_fails_is_warned_of_once_and_listed(site: Path, install: Install) -> None:
    tiny_orm(site)
    install("lumix-tiny", adapter_hook(), adapter="raise RuntimeError('tinyorm 3 is too old')")
    importlib.import_module("tinyorm")
    plugins = Plugins()

    with pytest.warns(LXPluginWarning) as caught:
        plugins.row_adapters()
    plugins.row_adapters()

    (found,) = plugins.registrations()
    assert (found.state, found.reason) == ("broken", "RuntimeError: tinyorm 3 is too old")
    assert [str(one.message) for one in caught] == [
        "Row adapter 'tiny' of plugin 'tiny' of lumix-tiny 1.0 could not be loaded: "
        "RuntimeError: tinyorm 3 is too old. LumiX goes on without what it brings. "
        "Repair or uninstall lumix-tiny, or leave it out with LUMIX_PLUGINS."
    ]


def test_an_adapter_that_fails_leaves_the_others_in_use(plugins: Plugins, install: Install) -> None:
    install("lumix-other", adapter_hook("lumix_other:absent").replace("'tiny'", "'other'"))

    with pytest.warns(LXPluginWarning, match="There is no 'lumix_other:absent'"):
        adapters = plugins.row_adapters()

    assert [one.name for one in adapters] == ["tiny"]


def test_an_adapter_that_lacks_a_method_is_broken(site: Path, install: Install) -> None:
    tiny_orm(site)
    install("lumix-tiny", adapter_hook(), adapter=ADAPTER.replace("(RowAdapter)", ""))
    importlib.import_module("tinyorm")

    with pytest.warns(LXPluginWarning, match="makes an object without 'is_handle', .* every row adapter needs"):
        adapters = Plugins().row_adapters()

    assert adapters == []


def test_a_solver_is_made_with_its_own_arguments(install: Install) -> None:
    install("lumix-acme", solver_hook(), solver=SOLVER)

    solver = Plugins().load_solver("acme", {"isolated": True})

    assert isinstance(solver, Solver)
    assert solver.isolated is True  # type: ignore[attr-defined]


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

    message = message_of(Plugins().load_solver, "acme", {"isolate": True}, error=LXOptionError)

    assert message == (
        "Solver 'acme' takes no argument 'isolate'. Its own arguments are 'isolated', 'licence'; the options of "
        "every solver are 'time_limit', 'mip_rel_gap', 'mip_abs_gap', 'threads', 'seed', 'log', 'options'. "
        "Did you mean 'isolated'?"
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
        (SOLVER.replace("self.isolated = isolated", "import acme_native"), ModuleNotFoundError),
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
        "Solver 'acme' says that it cannot run here, although the package 'lumix_acme' is installed. "
        "See that its program and its licence are in place. Ready to use instead: none."
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
