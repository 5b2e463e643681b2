"""Which plugins are found, listed and loaded. They are real distributions here, written to a folder on the path."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lumix_core.plugins.entry_points import Plugin, Registration
from tests.core.distributions import (
    ADAPTER,
    Plugins,
    adapter_hook,
    run_python,
    solver_hook,
    write_distribution,
    write_metadata,
)

Install = Callable[..., None]
Run = Callable[..., str]


def test_our_own_plugins_are_found_under_their_distributions() -> None:
    found = Plugins().registrations()

    names = {(one.kind, one.name, one.plugin.distribution) for one in found}
    assert names >= {
        ("row adapter", "sqlalchemy", "lumix-sqlalchemy"),
        ("solver", "cpsat", "lumix-solvers"),
        ("solver", "glpk", "lumix-solvers"),
        ("solver", "highs", "lumix-solvers"),
        ("solver", "ortools", "lumix-solvers"),
        ("solver", "pulp", "lumix-solvers"),
        ("solver", "scip", "lumix-solvers"),
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
