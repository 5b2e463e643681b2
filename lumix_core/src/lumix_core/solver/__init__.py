"""The seam for a solver, and what becomes of its answers: checked, mapped back, kept open, explained."""

from lumix_core.solver.certificates import recession_of
from lumix_core.solver.closing import Closing
from lumix_core.solver.goal_stage import LXGoalStage
from lumix_core.solver.isolation import is_isolated, isolated_solver
from lumix_core.solver.known_faults import KnownFault, KnowsFaults
from lumix_core.solver.logs import Write, log_lines
from lumix_core.solver.native import NativeCallError, OnNative
from lumix_core.solver.optimizer import LXOptimizer, checked_model, checked_optimizer
from lumix_core.solver.progress import LXProgress
from lumix_core.solver.reformulations.ranges import Ranges
from lumix_core.solver.refresh import LXRefresh
from lumix_core.solver.registry import load_solver
from lumix_core.solver.session import LXLiveSession
from lumix_core.solver.solution import FamilyValues, LXSolution, Results, with_families, without_families
from lumix_core.solver.solver import (
    ChecksOptions,
    FindsConflicts,
    LiveRun,
    LiveSolver,
    LXFeature,
    Ranging,
    RawConflict,
    RawProgress,
    RawResult,
    RewindingRun,
    SharesNoProcess,
    Solver,
    SolverOptions,
    bad_native_option,
    unknown_native_option,
)
from lumix_core.solver.status import LXIntegrality, LXLimit, LXStart, LXStartPoint, LXStatus
from lumix_core.solver.turns import Turns, in_turn
from lumix_core.solver.verify import Verifier

__all__ = [
    "ChecksOptions",
    "Closing",
    "FamilyValues",
    "FindsConflicts",
    "KnownFault",
    "KnowsFaults",
    "LXFeature",
    "LXGoalStage",
    "LXIntegrality",
    "LXLimit",
    "LXLiveSession",
    "LXOptimizer",
    "LXProgress",
    "LXRefresh",
    "LXSolution",
    "LXStart",
    "LXStartPoint",
    "LXStatus",
    "LiveRun",
    "LiveSolver",
    "NativeCallError",
    "OnNative",
    "Ranges",
    "Ranging",
    "RawConflict",
    "RawProgress",
    "RawResult",
    "Results",
    "RewindingRun",
    "SharesNoProcess",
    "Solver",
    "SolverOptions",
    "Turns",
    "Verifier",
    "Write",
    "bad_native_option",
    "checked_model",
    "checked_optimizer",
    "in_turn",
    "is_isolated",
    "isolated_solver",
    "load_solver",
    "log_lines",
    "recession_of",
    "unknown_native_option",
    "with_families",
    "without_families",
]
