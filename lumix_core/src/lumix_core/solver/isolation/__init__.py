"""Solvers in processes of their own: how they are started, what they are handed, and how they end."""

from lumix_core.solver.isolation.child import is_isolated
from lumix_core.solver.isolation.choice import PROCESS_OPTIONS, Isolation, checked_process_options
from lumix_core.solver.isolation.solver import IsolatedSolver, isolated_solver, start_early

__all__ = [
    "PROCESS_OPTIONS",
    "IsolatedSolver",
    "Isolation",
    "checked_process_options",
    "is_isolated",
    "isolated_solver",
    "start_early",
]
