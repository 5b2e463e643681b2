"""The hooks of LumiX: what a plugin may register.

A plugin is a module (or object) named by an entry point of the group ``lumix``, with functions marked
``@hookimpl`` that get ``register`` (a parameter of that name) and call it once for each thing they bring.

It may state ``lumix_seam = "1.0"``, the version of the seams that it was written for, as a plain text: a name imported
from here would always be the version that is installed.
"""

from __future__ import annotations

from typing import Protocol

import pluggy

SEAM = "1.0"
"""The version of the hooks, of the row seam and of the solver seam, as "major.minor".

The major number changes where plugins must be changed with it: a plugin that states another one is not loaded. The
minor number changes where something is added.
"""

hookspec = pluggy.HookspecMarker("lumix")
hookimpl = pluggy.HookimplMarker("lumix")
"""Marks a function of a plugin as one of the hooks, ``lumix_row_adapters`` or ``lumix_solvers``."""


class Register(Protocol):
    """How a plugin says what it brings; nothing is imported until someone uses it."""

    def __call__(self, name: str, target: str, *, requires: str, install: str) -> None:
        """Register one adapter or solver.

        Args:
            name: what users call it; no other registration of the kind may have it.
            target: where it is, as ``"package.module:Class"``; called without arguments to make one.
            requires: the top-level package that it needs, such as ``"sqlalchemy"``: a plain name without dots, and
                your own package where you need no other.
            install: what to type where that package is missing, such as ``"pip install lumix-sqlalchemy"``.
        """


@hookspec
def lumix_row_adapters(register: Register) -> None:
    """Register adapters for ORMs; each makes a `lumix_core.rows.RowAdapter`."""


@hookspec
def lumix_solvers(register: Register) -> None:
    """Register solvers; each makes a `lumix_core.solver.Solver`, and gets the solver's own arguments."""
