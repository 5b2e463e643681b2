"""Plugins as real distributions: a package and its metadata, written to a folder on the path."""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from lumix_core.errors import LXPluginError
from lumix_core.plugins.registry import Registry
from lumix_core.rows.adapter import RowAdapter
from lumix_core.rows.registry import RowAdapters
from lumix_core.solver.registry import load_solver
from lumix_core.solver.solver import Solver


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
