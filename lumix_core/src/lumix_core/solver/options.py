"""The common options of every solver, checked once for all of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral
from pathlib import Path
from typing import Any

from lumix_core.errors import LXOptionError, did_you_mean, listed
from lumix_core.problem.numbers import flaw
from lumix_core.solver.isolation import PROCESS_OPTIONS, IsolatedSolver
from lumix_core.solver.solver import ChecksOptions, LXFeature, Solver, SolverOptions

LONGEST = 2_000_000
"""Seconds, 23 days: some solvers and systems count milliseconds, with 31 bits."""
MOST_THREADS = 1024
"""Beyond, solvers refuse, or are busy with starting threads."""


def _seconds(value: Any) -> float:
    if _is_number(value) and 0 < float(value) <= LONGEST:
        return float(value)
    raise ValueError(f"a number of seconds above 0 and up to {LONGEST}, or None for no limit")


def _gap(value: Any) -> float:
    if _is_number(value) and float(value) >= 0:
        return float(value)
    raise ValueError("a number of at least 0")


def _count(value: Any) -> int:
    if _is_whole(value) and 1 <= value <= MOST_THREADS:
        return int(value)
    raise ValueError(f"a whole number from 1 to {MOST_THREADS}")


def _seed(value: Any) -> int:
    if _is_whole(value) and 0 <= value < 2**31:
        return int(value)
    raise ValueError("a whole number from 0 to 2147483647")


def _log(value: Any) -> bool | Path | logging.Logger:
    if isinstance(value, bool | Path | logging.Logger):
        return value
    if isinstance(value, str) and value:
        return Path(value)
    raise ValueError("True, False, the path of a file, or a logging.Logger")


def _native(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        return dict(value)
    raise ValueError("a dictionary of the solver's own option names and values")


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return flaw(value) is None and not isinstance(value, bool)


COMMON: dict[str, Callable[[Any], Any]] = {
    "time_limit": _seconds,
    "mip_rel_gap": _gap,
    "mip_abs_gap": _gap,
    "threads": _count,
    "seed": _seed,
    "log": _log,
    "options": _native,
}
KNOWN = listed([*COMMON, *PROCESS_OPTIONS], limit=len(COMMON) + len(PROCESS_OPTIONS))
"""The options of every solver, for messages."""


def checked_options(values: Mapping[str, Any]) -> SolverOptions:
    """Return common options given by a user, checked; None means the solver's default.

    Raises:
        LXOptionError: a name is not one of the common options, or a value is not valid.
    """
    checked: dict[str, Any] = {}
    for name, value in values.items():
        if name not in COMMON:
            raise LXOptionError(
                f"There is no option {name!r}.{did_you_mean(name, [*COMMON, *PROCESS_OPTIONS])} The options of every "
                f"solver are {KNOWN}; give others by the solver's own names in options={{...}}."
            )
        if value is None:
            continue
        try:
            checked[name] = COMMON[name](value)
        except ValueError as error:
            raise LXOptionError(f"Option {name}={value!r} makes no sense: give {error}.") from None
    return SolverOptions(**checked)


OF_ONE_RUN: dict[LXFeature, str] = {
    LXFeature.START: "It cannot begin with a start point. Leave out start=",
    LXFeature.PROGRESS: "It does not report what it has found so far. Leave out on_progress=",
    LXFeature.CANCEL: "No other thread can end its runs, as on_progress= and solve_async() need. Call solve() without",
    LXFeature.NATIVE: "It has no model of its own that on_native= could be given. Leave out on_native=",
}
"""What is asked of one run alone, and what to say where a solver lacks it."""


def refuse_lacking(solver: Solver, needed: Iterable[LXFeature]) -> None:
    """Raise LXOptionError where a solver lacks what is asked of one run."""
    for feature in needed:
        if feature not in solver.features:
            if isinstance(solver, IsolatedSolver) and feature in solver.inner.features:
                raise _is_elsewhere(solver)
            raise LXOptionError(
                f"Solver {solver.name!r} has no feature {str(feature)!r}. {OF_ONE_RUN[feature]}, or use another "
                f"solver, such as 'highs'."
            )


def _is_elsewhere(solver: IsolatedSolver) -> LXOptionError:
    return LXOptionError(
        f"Solver {solver.name!r} runs in a process of its own, where its model cannot be given to on_native=. Leave it "
        f"out, or solve with isolated=False. Where nobody said isolated=True, the logger 'lumix.solver' tells why the "
        f"solver cannot share this process."
    )


def refuse_unsupported(solver: Solver, options: SolverOptions) -> None:
    """Raise LXOptionError for an option that the solver cannot honour."""
    refuse_lacking(solver, (feature for feature in OF_ONE_RUN if getattr(options, feature) is not None))
    for name in COMMON:
        value = getattr(options, name)
        is_requested = bool(value) if isinstance(value, Mapping) else value is not None and value is not False
        if is_requested and LXFeature(name) not in solver.features:
            honoured = [option for option in COMMON if LXFeature(option) in solver.features]
            raise LXOptionError(
                f"Solver {solver.name!r} cannot honour {name}={value!r}: it would be ignored. "
                f"Leave it out, or use another solver; this one honours {listed(honoured)}."
            )
    if options.options and isinstance(solver, ChecksOptions):
        solver.check_options(options)
