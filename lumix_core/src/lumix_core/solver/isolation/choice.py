"""Whether a solver runs in a process of its own: as the user says, or where libraries cannot share a process."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any

from lumix_core.errors import LXOptionError
from lumix_core.solver.isolation.memory import CAN_LIMIT, bytes_of
from lumix_core.solver.isolation.solver import isolated_solver
from lumix_core.solver.solver import SharesNoProcess, Solver

_LOG = logging.getLogger("lumix.solver")


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("True or False, or leave it out")


PROCESS_OPTIONS: dict[str, Callable[[Any], Any]] = {"isolated": _flag, "memory_limit": bytes_of}
"""Options of the process that a solver runs in; no solver sees them."""


def checked_process_options(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of a user's options that are of the process, checked; None means the default.

    Raises:
        LXOptionError: a value is not valid.
    """
    checked = {}
    for name in PROCESS_OPTIONS.keys() & values.keys():
        try:
            checked[name] = None if values[name] is None else PROCESS_OPTIONS[name](values[name])
        except ValueError as error:
            raise LXOptionError(f"Option {name}={values[name]!r} makes no sense: give {error}.") from None
    return checked


class Isolation:
    """The isolated twins of one solver, which keep their processes. A copy has twins of its own."""

    def __init__(self) -> None:
        self._twins: dict[int | None, Solver] = {}
        self._of: Solver | None = None

    def solver(self, solver: Solver, isolated: bool | None = None, memory_limit: int | None = None) -> Solver:
        """Return a solver, or its isolated twin.

        Args:
            solver: the solver.
            isolated: what the user says; None leaves it to the libraries that are loaded.
            memory_limit: bytes; None without a limit.

        Raises:
            LXOptionError: there is a limit on memory without a process of its own; or the solver cannot be handed to
                another process.
        """
        reason = clash(solver) if isolated is None else ""
        if not (isolated or reason):
            if memory_limit is not None:
                raise LXOptionError(
                    f"memory_limit={memory_limit!r} is of a process, and solver {solver.name!r} would share that of "
                    f"your program. Add isolated=True, or leave memory_limit out."
                )
            return solver
        if memory_limit is not None and not CAN_LIMIT:
            raise LXOptionError(
                f"memory_limit={memory_limit!r} cannot be honoured: {sys.platform} does not hold a process to a limit. "
                f"Leave it out; Linux can."
            )
        if reason:
            _LOG.info("solver %r runs in a process of its own: %s", solver.name, reason)
        return self._twin(solver, memory_limit)

    def _twin(self, solver: Solver, memory_limit: int | None) -> Solver:
        if self._of is not solver:
            self._of, self._twins = solver, {}
        if memory_limit not in self._twins:
            self._twins[memory_limit] = isolated_solver(solver, memory_limit)
        return self._twins[memory_limit]

    def __reduce__(self) -> tuple[Any, ...]:
        return Isolation, ()


def clash(solver: Solver) -> str:
    """Return why the library of a solver cannot be loaded into this process, as far as it is known; else nothing."""
    if not isinstance(solver, SharesNoProcess):
        return ""
    loaded = (f"module {module!r} is loaded, and {why}" for module, why in solver.clashes.items() if is_loaded(module))
    return next(loaded, "")


def is_loaded(module: str) -> bool:
    """Whether a module was imported by this process."""
    return module in sys.modules
