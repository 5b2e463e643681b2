"""Versions of solvers that are known to give wrong answers: what is wrong with them, and who is told."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from lumix_core.errors import LXSolverVersionWarning, caller_level
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.solver import LXFeature, Solver


@dataclass(frozen=True, kw_only=True)
class KnownFault:
    """Wrong answers of some versions of a solver's library.

    Args:
        library: its distribution, such as ``"highspy"``.
        first: the oldest version in which it was seen.
        fixed: the oldest version without it; None where there is none yet.
        what: what is wrong, to follow the name of the library: "calls some points optimal that are not".
        source: where that is documented.
        avoided: what keeps it from LumiX's answers, as a sentence; nothing where nothing does.
        install: what to type for a version without it; needed where nothing avoids it.
        features: what a problem needs at least one of for its answer to be in doubt.
    """

    library: str
    first: str
    fixed: str | None
    what: str
    source: str
    avoided: str = ""
    install: str = ""
    features: frozenset[LXFeature] = frozenset()

    def is_in(self, version: str) -> bool:
        """Whether a version of the library has it; one that does not begin with numbers has not."""
        number = _numbers(version)
        return number >= _numbers(self.first) and (self.fixed is None or number < _numbers(self.fixed))

    @property
    def versions(self) -> str:
        """The versions that have it, in words."""
        return f"{self.first} and later" if self.fixed is None else f"from {self.first}, before {self.fixed}"

    def told(self, version: str) -> str:
        """Return what to know of it, in sentences, where a version is installed."""
        cure = self.avoided or f"Run: {self.install}"
        return f"{self.library} {version} {self.what} ({self.source}). {cure}"


@runtime_checkable
class KnowsFaults(Protocol):
    """What a solver may have besides whose library is known to give wrong answers in some versions."""

    @property
    def known_faults(self) -> Sequence[tuple[KnownFault, str]]:
        """Those of the versions that are installed here, each with that version; cheap, and imports nothing native."""
        ...


def warn_of_faults(solver: Solver, problem: LXProblem, needed: frozenset[LXFeature]) -> None:
    """Warn where the answer to a problem may be wrong, since nothing keeps a known fault from it.

    Args:
        solver: the solver.
        problem: the problem.
        needed: the features that it needs.
    """
    if not isinstance(solver, KnowsFaults):
        return
    for fault, version in solver.known_faults:
        if not fault.avoided and fault.features & needed:
            warnings.warn(
                f"The answer of solver {solver.name!r} to model {problem.name!r} may be wrong: {fault.told(version)}",
                LXSolverVersionWarning,
                stacklevel=caller_level(),
            )


def _numbers(version: str) -> tuple[int, ...]:
    leading = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in leading.group().split(".")) if leading else ()
