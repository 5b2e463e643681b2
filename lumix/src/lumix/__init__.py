"""LumiX: optimisation models written directly over your own rows."""

from lumix.analysis import LXSensitivityAnalyzer, LXWhatIfAnalyzer, LXWhatIfResult
from lumix_core import (
    LXConstraint,
    LXError,
    LXExplanation,
    LXIndexDimension,
    LXLimit,
    LXLinearExpression,
    LXLiveSession,
    LXModel,
    LXModelError,
    LXNoSolutionError,
    LXOptimizer,
    LXParameter,
    LXProblem,
    LXSense,
    LXSolution,
    LXStart,
    LXStatus,
    LXVariable,
    LXWarning,
)

__version__ = "0.1.0"

__all__ = [
    "LXConstraint",
    "LXError",
    "LXExplanation",
    "LXIndexDimension",
    "LXLimit",
    "LXLinearExpression",
    "LXLiveSession",
    "LXModel",
    "LXModelError",
    "LXNoSolutionError",
    "LXOptimizer",
    "LXParameter",
    "LXProblem",
    "LXSense",
    "LXSensitivityAnalyzer",
    "LXSolution",
    "LXStart",
    "LXStatus",
    "LXVariable",
    "LXWarning",
    "LXWhatIfAnalyzer",
    "LXWhatIfResult",
]
