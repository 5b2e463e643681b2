"""A plugin states the version of the seams that it was written for; one of another major version is refused."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lumix.commands import main
from lumix_core.errors import LXPluginWarning
from lumix_core.plugins import SEAM, Registration
from lumix_core.plugins.registry import REGISTRY, Registry

Install = Callable[[str], None]
HOOK = """
from lumix_core.plugins import hookimpl

@hookimpl
def lumix_solvers(register):
    register("acme", "lumix_acme:AcmeSolver", requires="lumix_acme", install="pip install lumix-acme")
"""
NEXT = "2.0"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install lumix-acme 3.1 with a text as its plugin; no other plugin is loaded."""

    def install_one(plugin: str) -> None:
        metadata = tmp_path / "lumix_acme-3.1.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: lumix-acme\nVersion: 3.1\n")
        (metadata / "entry_points.txt").write_text("[lumix]\nacme = lumix_acme\n")
        (tmp_path / "lumix_acme.py").write_text(plugin)
        importlib.invalidate_caches()

    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("LUMIX_PLUGINS", "acme")
    yield install_one
    sys.modules.pop("lumix_acme", None)


def found() -> Registration:
    (one,) = Registry().registrations()
    return one


@pytest.mark.parametrize("version", ["1.0", "1.7", SEAM])
def test_a_plugin_of_the_same_major_version_is_taken(install: Install, version: str) -> None:
    install(f"lumix_seam = {version!r}\n{HOOK}")

    assert (found().kind, found().state) == ("solver", "ready")


def test_a_plugin_that_states_no_version_is_taken(install: Install) -> None:
    install(HOOK)

    assert (found().kind, found().state) == ("solver", "ready")


@pytest.mark.parametrize(("version", "upgrade"), [(NEXT, "lumix-core"), ("10.0", "lumix-core"), ("0.9", "lumix-acme")])
def test_a_plugin_of_another_major_version_is_broken(install: Install, version: str, upgrade: str) -> None:
    install(f"lumix_seam = {version!r}\n{HOOK}")

    with pytest.warns(LXPluginWarning) as caught:
        one = found()

    assert (one.kind, one.state) == ("plugin", "broken")
    assert [str(one.message) for one in caught] == [
        f"Plugin 'acme' of lumix-acme 3.1 could not be loaded: it is written for version {version} of the seams, and "
        f"the installed lumix-core has version {SEAM}. Run: pip install --upgrade {upgrade}. LumiX goes on without "
        f"what it brings. Repair or uninstall lumix-acme, or leave it out with LUMIX_PLUGINS."
    ]


@pytest.mark.parametrize("rules", ["def lumix_ideas(register)", "def lumix_solvers(register, more)"])
def test_hooks_of_another_version_break_no_rule_of_this_one(install: Install, rules: str) -> None:
    install(f"lumix_seam = {NEXT!r}\n{HOOK.replace('def lumix_solvers(register)', rules)}")

    with pytest.warns(LXPluginWarning):
        one = found()

    assert one.state == "broken"


@pytest.mark.parametrize("version", [1, 1.0, (1, 0), "1", "one", "1.0.0", ""])
def test_what_is_no_version_is_broken(install: Install, version: object) -> None:
    install(f"lumix_seam = {version!r}\n{HOOK}")

    with pytest.warns(LXPluginWarning):
        one = found()

    assert one.reason == (
        f"it states lumix_seam = {version!r}, which is not a version of the seams. "
        f"Write the version that it was written for, such as lumix_seam = {SEAM!r}, in 'lumix_acme'"
    )


def test_the_command_shows_the_reason(
    install: Install, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(f"lumix_seam = {NEXT!r}\n{HOOK}")
    monkeypatch.setattr(REGISTRY, "_outcome", None)

    status = main(["plugins"])

    printed = capsys.readouterr().out
    assert status == 0
    assert printed.splitlines()[1].split()[:6] == ["plugin", "acme", "acme", "lumix-acme", "3.1", "broken"]
    assert f"it is written for version {NEXT} of the seams, and the installed lumix-core has version {SEAM}" in printed


@pytest.mark.parametrize("distribution", ["lumix_sqlalchemy", "lumix_django", "lumix_solvers"])
def test_our_own_plugins_state_the_version(distribution: str) -> None:
    assert importlib.import_module(f"{distribution}.plugin").lumix_seam == SEAM
