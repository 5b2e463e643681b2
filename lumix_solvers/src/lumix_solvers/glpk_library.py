"""The library GLPK that swiglpk brings, called through ctypes.

swiglpk's own functions hold Python's global lock while GLPK runs, so that nothing could end a run, and take one number
at a time. GLPK keeps its state by process (by thread where it was built so), so that one run at a time may use it.
A fatal error ends the process unless the hook that is called then never returns.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any

TERMINAL = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)
"""A function that is given what GLPK prints; 1 says that it is not to be printed besides."""
FATAL = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
"""A function that is called at a fatal error. When it returns, GLPK ends the process."""
BRANCHING = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
"""A function that is called at each node of a search, with the tree."""

INT, DOUBLE, POINTER = ctypes.c_int, ctypes.c_double, ctypes.c_void_p


class Simplex(ctypes.Structure):
    """GLPK's ``glp_smcp``."""

    _fields_ = [
        *((name, INT) for name in ("msg_lev", "meth", "pricing", "r_test")),
        *((name, DOUBLE) for name in ("tol_bnd", "tol_dj", "tol_piv", "obj_ll", "obj_ul")),
        *((name, INT) for name in ("it_lim", "tm_lim", "out_frq", "out_dly", "presolve", "excl", "shift", "aorn")),
        ("reserved", DOUBLE * 33),
    ]


class Search(ctypes.Structure):
    """GLPK's ``glp_iocp``."""

    _fields_ = [
        *((name, INT) for name in ("msg_lev", "br_tech", "bt_tech")),
        *((name, DOUBLE) for name in ("tol_int", "tol_obj")),
        *((name, INT) for name in ("tm_lim", "out_frq", "out_dly")),
        ("cb_func", BRANCHING),
        ("cb_info", POINTER),
        *((name, INT) for name in ("cb_size", "pp_tech")),
        ("mip_gap", DOUBLE),
        *((name, INT) for name in ("mir_cuts", "gmi_cuts", "cov_cuts", "clq_cuts", "presolve", "binarize", "fp_heur")),
        *((name, INT) for name in ("ps_heur", "ps_tm_lim", "sr_heur", "use_sol")),
        ("save_sol", ctypes.c_char_p),
        *((name, INT) for name in ("alien", "flip")),
        ("reserved", DOUBLE * 23),
    ]


FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "glp_delete_prob": (None, (POINTER,)),
    "glp_free_env": (INT, ()),
    "glp_config": (ctypes.c_char_p, (ctypes.c_char_p,)),
    "glp_term_hook": (None, (TERMINAL, POINTER)),
    "glp_term_out": (INT, (INT,)),
    "glp_error_hook": (None, (FATAL, POINTER)),
    "glp_set_obj_dir": (None, (POINTER, INT)),
    "glp_set_obj_coef": (None, (POINTER, INT, DOUBLE)),
    "glp_add_rows": (INT, (POINTER, INT)),
    "glp_add_cols": (INT, (POINTER, INT)),
    "glp_set_row_bnds": (None, (POINTER, INT, INT, DOUBLE, DOUBLE)),
    "glp_set_col_bnds": (None, (POINTER, INT, INT, DOUBLE, DOUBLE)),
    "glp_set_col_kind": (None, (POINTER, INT, INT)),
    "glp_load_matrix": (None, (POINTER, INT, POINTER, POINTER, POINTER)),
    "glp_scale_prob": (None, (POINTER, INT)),
    "glp_adv_basis": (None, (POINTER, INT)),
    "glp_std_basis": (None, (POINTER,)),
    "glp_init_smcp": (INT, (POINTER,)),
    "glp_init_iocp": (INT, (POINTER,)),
    "glp_get_num_cols": (INT, (POINTER,)),
    "glp_simplex": (INT, (POINTER, POINTER)),
    "glp_intopt": (INT, (POINTER, POINTER)),
    "glp_get_status": (INT, (POINTER,)),
    "glp_get_it_cnt": (INT, (POINTER,)),
    "glp_mip_status": (INT, (POINTER,)),
    "glp_get_obj_val": (DOUBLE, (POINTER,)),
    "glp_mip_obj_val": (DOUBLE, (POINTER,)),
    "glp_get_col_prim": (DOUBLE, (POINTER, INT)),
    "glp_mip_col_val": (DOUBLE, (POINTER, INT)),
    "glp_get_row_dual": (DOUBLE, (POINTER, INT)),
    "glp_get_col_dual": (DOUBLE, (POINTER, INT)),
    "glp_ios_reason": (INT, (POINTER,)),
    "glp_ios_get_prob": (POINTER, (POINTER,)),
    "glp_ios_terminate": (None, (POINTER,)),
    "glp_ios_best_node": (INT, (POINTER,)),
    "glp_ios_node_bound": (DOUBLE, (POINTER, INT)),
    "glp_ios_heur_sol": (INT, (POINTER, POINTER)),
    "glp_ios_tree_size": (None, (POINTER, POINTER, POINTER, POINTER)),
}
"""What is called of GLPK: what each function returns and takes."""


@cache
def glpk() -> Any:
    """Return the library; whatever calls it lets other threads of Python go on."""
    from swiglpk import _swiglpk  # native, so imported on use only

    library = ctypes.CDLL(_swiglpk.__file__)
    for name, (returned, taken) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = returned, taken
    return library


def constant(name: str) -> int | None:
    """Return one of GLPK's constants, such as ``GLP_ON``; None where there is no such one."""
    import swiglpk

    value = getattr(swiglpk, name, None) if name.startswith("GLP_") else None
    return value if isinstance(value, int) else None


TURN = threading.Lock()
"""Whoever has it may call GLPK."""


def reset_hooks() -> None:
    """Let GLPK print, and end the process, as it does without LumiX."""
    glpk().glp_term_hook(TERMINAL(), None)
    glpk().glp_error_hook(FATAL(), None)


class Environment:
    """What GLPK prints within, and its fatal errors; used under `TURN`, on the thread that GLPK runs on.

    Args:
        hear: is given what it prints.
        die: is called at a fatal error, with GLPK's own words. The thread never goes on after that, and must be left
            behind: the process would end.
    """

    def __init__(self, hear: Callable[[str], None], die: Callable[[str], None]) -> None:
        self._hear = hear
        self._die = die
        self._words: list[str] = []
        self._hooks = TERMINAL(self._print), FATAL(self._park)

    def __enter__(self) -> None:
        glpk().glp_term_hook(self._hooks[0], None)
        glpk().glp_error_hook(self._hooks[1], None)

    def __exit__(self, *error: object) -> None:
        reset_hooks()
        if glpk().glp_config(b"TLS"):  # then it is this thread's alone; else it may hold problems of others
            glpk().glp_free_env()

    def _print(self, info: int, text: bytes) -> int:
        words = text.decode("utf-8", errors="replace")
        self._words = [*self._words[-3:], words]
        self._hear(words)
        return 1

    def _park(self, info: int) -> None:
        self._die("".join(self._words).strip().replace("\n", "; "))
        while True:
            time.sleep(3600.0)
