"""LumiX: optimisation models written directly over your own rows."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lumix.namesakes import refuse_namesakes
from lumix_core import (
    SKIP,
    LXComparison,
    LXConstraint,
    LXCopyError,
    LXEmptySourceWarning,
    LXError,
    LXExplanation,
    LXFileError,
    LXGoalMode,
    LXGoalStage,
    LXIndexDimension,
    LXInfeasibility,
    LXIntegrality,
    LXLimit,
    LXLinearExpression,
    LXLinearForm,
    LXLiveSession,
    LXModel,
    LXModelError,
    LXModelStatistics,
    LXNonLinearExpression,
    LXNoSolutionError,
    LXNotInfeasibleError,
    LXOptimizer,
    LXParameter,
    LXPlanCheck,
    LXProblem,
    LXProgress,
    LXQuadraticExpression,
    LXRefresh,
    LXRelaxedTerm,
    LXSense,
    LXSolution,
    LXSolverError,
    LXSolverVersionWarning,
    LXSourceError,
    LXStaleReadWarning,
    LXStart,
    LXStartPoint,
    LXStatus,
    LXVariable,
    LXWarning,
    LXWorkerError,
    LXWriteError,
    between,
)

if TYPE_CHECKING:
    from lumix.analysis import (
        LXScenario,
        LXScenarioAnalyzer,
        LXScenarioResult,
        LXSensitivityAnalyzer,
        LXSweep,
        LXSweepWriteBack,
        LXWhatIfAnalyzer,
        LXWhatIfResult,
    )
    from lumix.writeback import LXWriteBack, LXWritten

__version__ = "0.1.0"

refuse_namesakes()

_ON_USE = {
    "LXScenario": "lumix.analysis",
    "LXScenarioAnalyzer": "lumix.analysis",
    "LXScenarioResult": "lumix.analysis",
    "LXSensitivityAnalyzer": "lumix.analysis",
    "LXSweep": "lumix.analysis",
    "LXSweepWriteBack": "lumix.analysis",
    "LXWhatIfAnalyzer": "lumix.analysis",
    "LXWhatIfResult": "lumix.analysis",
    "LXWriteBack": "lumix.writeback",
    "LXWritten": "lumix.writeback",
}
"""Names that are imported when they are used, so that `import lumix` costs little more than the core."""

__all__ = [
    "SKIP",
    "LXComparison",
    "LXConstraint",
    "LXCopyError",
    "LXEmptySourceWarning",
    "LXError",
    "LXExplanation",
    "LXFileError",
    "LXGoalMode",
    "LXGoalStage",
    "LXIndexDimension",
    "LXInfeasibility",
    "LXIntegrality",
    "LXLimit",
    "LXLinearExpression",
    "LXLinearForm",
    "LXLiveSession",
    "LXModel",
    "LXModelError",
    "LXModelStatistics",
    "LXNoSolutionError",
    "LXNonLinearExpression",
    "LXNotInfeasibleError",
    "LXOptimizer",
    "LXParameter",
    "LXPlanCheck",
    "LXProblem",
    "LXProgress",
    "LXQuadraticExpression",
    "LXRefresh",
    "LXRelaxedTerm",
    "LXScenario",
    "LXScenarioAnalyzer",
    "LXScenarioResult",
    "LXSense",
    "LXSensitivityAnalyzer",
    "LXSolution",
    "LXSolverError",
    "LXSolverVersionWarning",
    "LXSourceError",
    "LXStaleReadWarning",
    "LXStart",
    "LXStartPoint",
    "LXStatus",
    "LXSweep",
    "LXSweepWriteBack",
    "LXVariable",
    "LXWarning",
    "LXWhatIfAnalyzer",
    "LXWhatIfResult",
    "LXWorkerError",
    "LXWriteBack",
    "LXWriteError",
    "LXWritten",
    "between",
]


def __getattr__(name: str) -> Any:
    """Import what is imported on use."""
    if name not in _ON_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_ON_USE[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_ON_USE})
