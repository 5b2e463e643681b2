"""The hooks of LumiX: what a plugin may register.

A plugin is a module (or object) named by an entry point of the group ``lumix``, with functions marked
``@hookimpl`` that get ``register`` (a parameter of that name) and call it once for each thing they bring.
"""

from __future__ import annotations

from typing import Protocol

import pluggy

hookspec = pluggy.HookspecMarker("lumix")
hookimpl = pluggy.HookimplMarker("lumix")


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
