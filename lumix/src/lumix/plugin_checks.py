"""Whether what plugins registered can be made: each adapter and solver in a process of its own.

Native libraries of two solvers may not stand each other, and a process may crash.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace

from lumix_core.errors import LXError, LXOptionError
from lumix_core.plugins import Registration, registrations
from lumix_core.rows import row_adapters
from lumix_core.solver import load_solver

SECONDS = 60
"""How long one of them may take."""
PROGRAM = "import sys; from lumix.plugin_checks import make; sys.exit(make(*sys.argv[1:]))"


def checked(registered: Iterable[Registration]) -> list[Registration]:
    """Return registrations of which those are broken that are installed, and cannot be made."""
    return [_checked(registration) if registration.state == "ready" else registration for registration in registered]


def _checked(registration: Registration) -> Registration:
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, registration.kind, registration.name]
    try:
        done = subprocess.run(
            [*command, registration.requires], capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return replace(registration, state="broken", reason=f"it cannot be made within {SECONDS} seconds")
    if done.returncode == 0:
        return registration
    last = (done.stderr.strip().splitlines() or [""])[-1]
    reason = f"its process ended with signal {-done.returncode}" if done.returncode < 0 else last
    return replace(registration, state="broken", reason=reason)


def make(kind: str, name: str, requires: str) -> str | None:
    """Make one adapter or solver, and return why it is broken, None where it is not."""
    return _make_solver(name) if kind == "solver" else _make_adapter(name, requires)


def _make_solver(name: str) -> str | None:
    try:
        load_solver(name, {})
    except LXOptionError:  # it needs an argument of its own
        return None
    except LXError as error:
        return " ".join(str(error).split())
    return None


def _make_adapter(name: str, requires: str) -> str | None:
    importlib.import_module(requires)
    row_adapters()
    reasons = (
        one.reason for one in registrations() if (one.kind, one.name, one.state) == ("row adapter", name, "broken")
    )
    return next(reasons, None)
