"""The command ``new-adapter``: a package that installs, and whose kit says what to fill in."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from lumix.commands import main

FIRST = {"solver": "Fill in AcmeSolver.solve()", "orm": "Fill in World.__init__()"}
"""What the first test that fails says, after some that pass."""


def run(*command: str, cwd: Path, site: Path) -> str:
    """Return what a command prints, with a folder on the path."""
    environment = {**os.environ, "PYTHONPATH": str(site)}
    words = [sys.executable, "-m", *command]
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("kind", FIRST)
def test_a_package_installs_and_its_kit_says_what_to_fill_in(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder, site = tmp_path / "lumix_acme", tmp_path / "site"

    status = main(["new-adapter", kind, "acme"])
    run(
        "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", f"--target={site}", ".", cwd=folder, site=site
    )
    kit = run("pytest", "-x", "-q", "-p", "no:cacheprovider", cwd=folder, site=site)

    assert status == 0
    assert 'written_for = "' + ".".join(version("lumix-core").split(".")[:2]) in (
        folder / "tests" / "test_acme.py"
    ).read_text(encoding="utf-8")
    assert FIRST[kind] in kit
    assert " passed" in kit
    assert "acme" in run("lumix", "plugins", cwd=tmp_path, site=site)


@pytest.mark.parametrize(
    ("name", "message"), [("Ac-me", "small letters"), ("there", "is there already"), ("highs", "has this name already")]
)
def test_a_package_that_cannot_be_written_is_refused(
    name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lumix_there").mkdir()

    status = main(["new-adapter", "solver", name])

    assert status == 2
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.rglob("*")] == ["lumix_there"]
