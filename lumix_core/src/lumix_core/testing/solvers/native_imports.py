"""Which packages with native code a solver imports before it is used."""

from __future__ import annotations

import builtins
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import EXTENSION_SUFFIXES
from typing import Any

from lumix_core.solver.solver import Solver

SUFFIXES = tuple(EXTENSION_SUFFIXES)
PROGRAM = """
import importlib, json, sys
sys.path[:] = json.loads(sys.argv[1])
suffixes = tuple(json.loads(sys.argv[2]))

def native():
    modules = [(n, str(getattr(m, "__file__", None) or "")) for n, m in list(sys.modules.items())]
    return {n.partition(".")[0] for n, file in modules if file.endswith(suffixes)} - set(sys.stdlib_module_names)

import lumix_core
before = native()
cls = importlib.import_module(sys.argv[3])
for name in sys.argv[4].split("."):
    cls = getattr(cls, name)
try:
    cls().is_available()
except TypeError:  # it needs arguments
    pass
print(json.dumps(sorted(native() - before)))
"""


def native_packages() -> set[str]:
    """Return the packages outside the standard library of which native code is loaded."""
    loaded = {name.partition(".")[0] for name, module in list(sys.modules.items()) if _is_native(module)}
    return loaded - set(sys.stdlib_module_names)


def _is_native(module: Any) -> bool:
    return str(getattr(module, "__file__", None) or "").endswith(SUFFIXES)


def imported_by_being_made(solver: Solver) -> list[str]:
    """Return what a new process has loaded once the class of a solver is imported, made and available.

    Empty where the class is defined in a module of tests, which may import anything.
    """
    cls = type(solver)
    module = sys.modules.get(cls.__module__)
    if "<locals>" in cls.__qualname__ or module is None or "pytest" in vars(module) or cls.__module__ == "__main__":
        return []
    given = json.dumps(sys.path), json.dumps(SUFFIXES)
    command = [sys.executable, "-c", PROGRAM, *given, cls.__module__, cls.__qualname__]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{cls.__module__} cannot be imported in a new process:\n{done.stderr[-2000:]}"
    packages: list[str] = json.loads(done.stdout.splitlines()[-1])
    return packages


@contextmanager
def imports() -> Iterator[set[str]]:
    """Collect the packages with native code that are imported within the block, loaded before or not."""
    wanted: set[str] = set()
    by_statement, by_name = builtins.__import__, importlib.import_module

    def statement(name: str, *arguments: Any, **options: Any) -> Any:
        wanted.add(name.partition(".")[0])
        return by_statement(name, *arguments, **options)

    def named(name: str, package: str | None = None) -> Any:
        wanted.add(name.partition(".")[0])
        return by_name(name, package)

    native: set[str] = set()
    builtins.__import__, importlib.import_module = statement, named
    try:
        yield native
    finally:
        builtins.__import__, importlib.import_module = by_statement, by_name
        native |= wanted & native_packages() - {"numpy"}
