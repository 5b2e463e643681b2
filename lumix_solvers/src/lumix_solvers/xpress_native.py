"""Problems of Xpress: silent, licensed, with the options of one run; and Xpress's errors in our words."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from numbers import Integral, Real
from typing import Any

from lumix_core.errors import LXOptionError
from lumix_core.problem import LXProblem
from lumix_core.solver import SolverOptions, bad_native_option, unknown_native_option
from lumix_solvers.watch import no_licence, too_large

OPTIONS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "time_limit": ("timelimit", float),
    "mip_rel_gap": ("miprelstop", lambda gap: gap / (1.0 + gap)),  # Xpress's is of the larger of incumbent and bound
    "mip_abs_gap": ("mipabsstop", float),
    "threads": ("threads", int),
    "seed": ("randomseed", int),
}
"""The common options, what Xpress calls them, and what it is given."""

ALWAYS = {
    "miptol": 1e-7,
    "miprelstop": 0.0,
    "mipaddcutoff": 0.0,
    "miprelcutoff": 0.0,
}
"""No better point is passed over; whole numbers may be 1e-6 away from one."""

PRODUCTS = {"barprimalstop": 1e-9, "bardualstop": 1e-9, "bargapstop": 1e-9, "feastol": 1e-9}
"""For problems with products, whose points are not those of a basis."""

MIXED = {"presolveops": 511 - 8}
"""For problems with integers: Xpress's own steps of presolve but dual reductions, after which it calls points optimal
that are not the best (seen in 9.9.1)."""

CAREFUL = {
    "presolve": 0,
    "mippresolve": 0,
    "miptol": 1e-9,
    "feastol": 1e-9,
    "optimalitytol": 1e-9,
}
"""For runs without presolve."""

VALUES: Mapping[type, tuple[type, Callable[[Any], Any], str]] = {
    int: (Integral, int, "a whole number"),
    float: (Real, float, "a number"),
    str: (str, str, "a text"),
}
"""For each type of Xpress's controls: what is accepted, what is passed on, and what to call it."""

TOO_LARGE = "?120 "
"""How Xpress's error for problems that are larger than the licence allows begins."""
ADVICE = "Install a full licence (Xpress looks for it in XPAUTH_PATH)"


@contextmanager
def licensed() -> Iterator[Any]:
    """Yield the module xpress, with a licence while it is used.

    Raises:
        LXSolverError: there is no licence.
    """
    import xpress  # native, so imported on use only

    _keep_quiet(xpress.LicenseWarning)
    try:
        held: AbstractContextManager[None] = xpress.init()  # type: ignore[attr-defined]  # which its stub lacks
    except (xpress.InterfaceError, xpress.SolverError) as error:
        raise no_licence("xpress", ADVICE, str(error).rstrip(".")) from error
    with held:
        yield xpress


def _keep_quiet(category: type[Warning]) -> None:
    """Let Xpress say nothing of its licence; whatever resets the filters of warnings, it says that again."""
    if not any(action == "ignore" and chosen is category for action, _, chosen, *_ in warnings.filters):
        warnings.filterwarnings("ignore", category=category)


def configured(xpress: Any, problem: LXProblem, options: SolverOptions) -> Any:
    """Return a problem of Xpress's that writes nothing, with the options, the native ones last.

    Raises:
        LXOptionError: Xpress has no such control, or refuses its value.
    """
    native = xpress.problem()
    native.setOutputEnabled(False)
    native.setControl(ALWAYS | (PRODUCTS if problem.structures.has_terms else {}))
    native.setControl(MIXED if problem.is_mip else {})
    native.setControl({} if options.presolve else CAREFUL)
    _set_common(xpress, native, options)
    for name, value in options.options.items():
        _set_native(xpress, native, name, value)
    return native


@contextmanager
def all_coefficients(native: Any) -> Iterator[None]:
    """Let Xpress take small coefficients too; later it drops those that its own computations leave, as it should."""
    before = native.getControl("matrixtol")
    native.setControl("matrixtol", 0.0)
    try:
        yield
    finally:
        native.setControl("matrixtol", before)


@contextmanager
def translated(xpress: Any, problem: LXProblem) -> Iterator[None]:
    """Raise LXSolverError for errors of Xpress's that are about the size of its licence."""
    try:
        yield
    except xpress.SolverError as error:
        if not str(error).startswith(TOO_LARGE):
            raise
        limits = "the licence that comes with the wheel allows 5,000 of both together, and 200 where there are products"
        raise too_large("xpress", problem, limits, ADVICE, str(error)) from error


def _set_common(xpress: Any, native: Any, options: SolverOptions) -> None:
    for name, (control, passed) in OPTIONS.items():
        value = getattr(options, name)
        reason = "" if value is None else _refused(xpress, native, control, passed(value))
        if reason:
            raise LXOptionError(f"Solver 'xpress' refuses {name}={value!r}: {reason}. Give a value that it allows.")


def _set_native(xpress: Any, native: Any, name: str, value: object) -> None:
    known = native.getControl()
    if name.lower() not in known:
        raise unknown_native_option("xpress", name, list(known))
    accepted, passed_on, word = next(of for kind, of in VALUES.items() if isinstance(known[name.lower()], kind))
    if not isinstance(value, accepted) or isinstance(value, bool):
        raise bad_native_option("xpress", name, value, f"it takes {word}")
    reason = _refused(xpress, native, name.lower(), passed_on(value))
    if reason:
        raise bad_native_option("xpress", name, value, reason)


def _refused(xpress: Any, native: Any, control: str, value: Any) -> str:
    """Set a control; return why that was not possible, empty where it was. Some values Xpress replaces in silence."""
    try:
        native.setControl(control, value)
        kept = native.getControl(control)
    except (xpress.InterfaceError, xpress.SolverError, xpress.ModelError, ValueError, KeyError, OverflowError) as error:
        return str(error).rstrip(".")
    return "" if kept == value else f"it makes {kept!r} of it"
