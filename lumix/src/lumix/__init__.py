"""LumiX: optimisation models written directly over your own rows."""

from lumix_core import (
    LXConstraint,
    LXError,
    LXExplanation,
    LXIndexDimension,
    LXInfeasibility,
    LXLimit,
    LXLinearExpression,
    LXModel,
    LXModelError,
    LXNoSolutionError,
    LXNotInfeasibleError,
    LXOptimizer,
    LXParameter,
    LXProblem,
    LXSense,
    LXSolution,
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
    "LXInfeasibility",
    "LXLimit",
    "LXLinearExpression",
    "LXModel",
    "LXModelError",
    "LXNoSolutionError",
    "LXNotInfeasibleError",
    "LXOptimizer",
    "LXParameter",
    "LXProblem",
    "LXSense",
    "LXSolution",
    "LXStatus",
    "LXVariable",
    "LXWarning",
]
