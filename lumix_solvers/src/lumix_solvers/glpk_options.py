"""GLPK's own options, checked: it ends the process where it is given others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

from lumix_core.solver import bad_native_option, unknown_native_option
from lumix_solvers.glpk_library import Search, Simplex, constant

Check = Callable[[Any], bool]


def _one_of(*values: int) -> Check:
    return lambda value: value in values


def _between_0_and_1(value: Any) -> bool:
    return bool(0.0 < value < 1.0)


def _not_negative(value: Any) -> bool:
    return bool(0 <= value < 2**31)


SWITCH = _one_of(0, 1)
OF_SIMPLEX: Mapping[str, tuple[type, Check, str]] = {
    "meth": (int, _one_of(1, 2, 3), "GLP_PRIMAL, GLP_DUALP or GLP_DUAL"),
    "pricing": (int, _one_of(0x11, 0x22), "GLP_PT_STD or GLP_PT_PSE"),
    "r_test": (int, _one_of(0x11, 0x22, 0x33), "GLP_RT_STD, GLP_RT_HAR or GLP_RT_FLIP"),
    "tol_bnd": (float, _between_0_and_1, "a number between 0 and 1"),
    "tol_dj": (float, _between_0_and_1, "a number between 0 and 1"),
    "tol_piv": (float, _between_0_and_1, "a number between 0 and 1"),
    "it_lim": (int, _not_negative, "a whole number of at least 0"),
    "excl": (int, SWITCH, "GLP_ON or GLP_OFF"),
    "shift": (int, SWITCH, "GLP_ON or GLP_OFF"),
}
"""The options of linear problems, and of the first relaxation of others: type, check, and what is taken."""

SWITCHES = ("mir_cuts", "gmi_cuts", "cov_cuts", "clq_cuts", "fp_heur", "ps_heur", "sr_heur")
OF_SEARCH: Mapping[str, tuple[type, Check, str]] = {
    "br_tech": (int, _one_of(1, 2, 3, 4, 5), "one of GLP_BR_FFV, _LFV, _MFV, _DTH and _PCH"),
    "bt_tech": (int, _one_of(1, 2, 3, 4), "one of GLP_BT_DFS, _BFS, _BLB and _BPH"),
    "pp_tech": (int, _one_of(0, 1, 2), "one of GLP_PP_NONE, _ROOT and _ALL"),
    "tol_int": (float, _between_0_and_1, "a number between 0 and 1"),
    "tol_obj": (float, _between_0_and_1, "a number between 0 and 1"),
    **dict.fromkeys(SWITCHES, (int, SWITCH, "GLP_ON or GLP_OFF")),
    "ps_tm_lim": (int, _not_negative, "a whole number of milliseconds"),
}
"""The options of the search for whole values."""


def check_native(options: Mapping[str, Any]) -> None:
    """Refuse options that GLPK does not have, and values that it does not take.

    Raises:
        LXOptionError: there are some.
    """
    known = {**OF_SIMPLEX, **OF_SEARCH}
    for name, value in options.items():
        if name not in known:
            raise unknown_native_option("glpk", name, list(known))
        kind, check, words = known[name]
        number = _number(value)
        if number is None or (kind is int and not isinstance(number, Integral)) or not check(number):
            raise bad_native_option("glpk", name, value, f"it takes {words}")


def set_native(parameters: Simplex | Search, options: Mapping[str, Any]) -> None:
    """Set those options that a structure of GLPK's has."""
    known = OF_SIMPLEX if isinstance(parameters, Simplex) else OF_SEARCH
    for name, value in options.items():
        if name in known:
            setattr(parameters, name, known[name][0](_number(value)))


def _number(value: Any) -> Any:
    """Return a number, or that of one of GLPK's constants by its name; None where it is neither."""
    if isinstance(value, str):
        return constant(value)
    if isinstance(value, bool):
        return int(value)
    return value if isinstance(value, Real) else None
