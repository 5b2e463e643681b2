"""The five distributions as they are released, and environments that they are installed in."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = ("lumix_core", "lumix_sqlalchemy", "lumix_django", "lumix_solvers", "lumix")
WAIT = 600.0
"""Seconds that one process waits for what another one makes."""
INHERITED = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
ENVIRONMENT = {
    **INHERITED,
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_RETRIES": "2",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONWARNINGS": "error",
}


@dataclass(frozen=True)
class Built:
    """A distribution as it is released: its folder, the copy of it that was built, the wheel and the sources."""

    folder: str
    copy: Path
    wheel: Path
    sdist: Path


@dataclass(frozen=True)
class Environment:
    """An environment of its own, with what was installed into it."""

    python: Path

    def printed(self, code: str, cwd: Path) -> str:
        """What a program prints; it must end well, and print no warning."""
        return self.output(["-c", code], cwd)

    def output(self, arguments: Sequence[str], cwd: Path) -> str:
        """What the interpreter prints, called with these arguments."""
        done = run([self.python, *arguments], cwd)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout


@pytest.fixture(name="run", scope="session")
def running() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command in a folder, without what the tests' own environment sets."""
    return run


def run(command: Sequence[str | Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    ours = "pip" not in command and "build" not in command
    environment = ENVIRONMENT if ours else {**ENVIRONMENT, "PYTHONWARNINGS": ""}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=600, check=False)


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[], Any]], Any]:
    """Makes what takes long in one process of the run, and hands it to the others: a name, and how it is made."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent

    def made_once(name: str, make: Callable[[], Any]) -> Any:
        made, claim = folder / f"{name}.pickle", folder / f"{name}.claim"
        deadline = time.monotonic() + WAIT
        while not made.exists() and time.monotonic() < deadline:
            try:
                claim.mkdir()
            except FileExistsError:
                time.sleep(0.1)
                continue
            try:
                if not made.exists():
                    written = claim / "made"
                    written.write_bytes(pickle.dumps(make()))
                    written.rename(made)
            finally:
                shutil.rmtree(claim)  # where it failed, another process may try
        assert made.exists(), f"{name} was not made within {WAIT} s by another process of this run"
        return pickle.loads(made.read_bytes())

    return made_once


@pytest.fixture(scope="session")
def built(
    tmp_path_factory: pytest.TempPathFactory, once: Callable[[str, Callable[[], Any]], Any]
) -> Mapping[str, Built]:
    """The five distributions, built as `make dist` builds them, from a copy of the checkout with its caches."""
    made: Mapping[str, Built] = once("built", lambda: _all_built(tmp_path_factory))
    return made


def _all_built(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Built]:
    position = tmp_path_factory.mktemp("built")
    shutil.copy(ROOT / ".gitignore", position)
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(DISTRIBUTIONS, pool.map(lambda name: _build(name, position), DISTRIBUTIONS), strict=True))


def _build(folder: str, position: Path) -> Built:
    copy, out = position / folder, position / "dist" / folder
    shutil.copytree(ROOT / folder, copy)
    for cache in (copy / "src" / folder / "__pycache__", copy / "src" / ".mypy_cache"):
        cache.mkdir(exist_ok=True)
        (cache / "stale.pyc").write_bytes(b"")
    done = run([sys.executable, "-m", "build", "--no-isolation", "--outdir", out, copy], position)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,), (sdist,) = out.glob("*.whl"), out.glob("*.tar.gz")
    return Built(folder, copy, wheel, sdist)


@pytest.fixture(scope="session")
def new_environment(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Environment]:
    """Makes an environment and installs requirements into it: names, or files of wheels."""

    def make(*requirements: str | Path) -> Environment:
        folder = tmp_path_factory.mktemp("environment")
        venv.create(folder / "venv")
        python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
        _install(python, requirements, folder)
        return Environment(python)

    return make


def _install(python: Path, requirements: Sequence[str | Path], cwd: Path) -> None:
    done = run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", *requirements], cwd)
    if done.returncode != 0:
        _skip_without_index(cwd)
        pytest.fail(f"pip install failed:\n{done.stdout}\n{done.stderr}")


def _skip_without_index(cwd: Path) -> None:
    """Skip where pip cannot even download a package that has nothing to do with LumiX."""
    probe = run([sys.executable, "-m", "pip", "download", "--no-deps", "--dest", cwd / "probe", "hatchling"], cwd)
    if probe.returncode != 0:
        pytest.skip(f"the package index cannot be reached: {probe.stderr.strip().splitlines()[-1]}")
