"""The solver's own model, handed to a function of the user's just before a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lumix_core.problem.problem import LXProblem
from lumix_core.solver.progress import checked_function

OnNative = Callable[[Any, LXProblem], Any]
"""A function of the user's that is given the solver's own model, and the problem that is in it."""


class NativeCallError(Exception):
    """What a function of the user's raised, on its way past the solver, which might take it for an error of its own.

    Args:
        error: what is raised where the user called.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True)
class NativeCall:
    """A function given as ``on_native``, whose errors are told from those of the solver.

    Args:
        call: the function.
    """

    call: OnNative

    def __call__(self, model: Any, problem: LXProblem) -> Any:
        """Call the function.

        Raises:
            NativeCallError: it raised an error.
        """
        try:
            return self.call(model, problem)
        except Exception as error:
            raise NativeCallError(error) from error


def checked_native(call: Any) -> NativeCall | None:
    """Return a function given as ``on_native``; None without one.

    Raises:
        LXOptionError: it is none, or would have to be awaited.
    """
    checked = checked_function(
        "on_native",
        call,
        "a function of two arguments, the solver's own model and the problem that is in it, such as "
        "on_native=lambda highs, problem: highs.setOptionValue(...)",
    )
    return None if checked is None else NativeCall(checked)
