"""LumiX: optimisation models written directly over your own rows."""

from lumix_core import (
    LXConstraint,
    LXError,
    LXExplanation,
    LXIndexDimension,
    LXLimit,
    LXLinearExpression,
    LXModel,
    LXModelError,
    LXNoSolutionError,
    LXOptimizer,
    LXParameter,
    LXProblem,
    LXSense,
    LXSolution,
    LXStatus,
    LXVariable,
    LXWarning,
    LXWriteBack,
    LXWriteError,
    LXWritten,
)

__version__ = "0.1.0"

__all__ = [
    "LXConstraint",
    "LXError",
    "LXExplanation",
    "LXIndexDimension",
    "LXLimit",
    "LXLinearExpression",
    "LXModel",
    "LXModelError",
    "LXNoSolutionError",
    "LXOptimizer",
    "LXParameter",
    "LXProblem",
    "LXSense",
    "LXSolution",
    "LXStatus",
    "LXVariable",
    "LXWarning",
    "LXWriteBack",
    "LXWriteError",
    "LXWritten",
]
