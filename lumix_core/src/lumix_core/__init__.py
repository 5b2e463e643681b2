"""The minimal core of LumiX: models over a user's own rows, compiled to arrays, solved and mapped back."""

from lumix_core.constraints import LXConstraint
from lumix_core.errors import (
    LXError,
    LXModelError,
    LXNoSolutionError,
    LXNotInfeasibleError,
    LXWarning,
    LXWorkerError,
    LXWriteError,
)
from lumix_core.explaining import LXExplanation
from lumix_core.expressions import LXLinearExpression
from lumix_core.indexing import LXIndexDimension
from lumix_core.infeasibility import LXInfeasibility
from lumix_core.model import LXModel
from lumix_core.optimizer import LXOptimizer
from lumix_core.parameters import LXParameter
from lumix_core.problem import LXBlock, LXProblem
from lumix_core.senses import LXSense
from lumix_core.sessions import LXLiveSession
from lumix_core.solution import LXSolution
from lumix_core.status import LXLimit, LXStart, LXStatus
from lumix_core.variables import LXVariable
from lumix_core.write_back import LXWriteBack
from lumix_core.write_statements import LXWritten

__all__ = [
    "LXBlock",
    "LXConstraint",
    "LXError",
    "LXExplanation",
    "LXIndexDimension",
    "LXInfeasibility",
    "LXLimit",
    "LXLinearExpression",
    "LXLiveSession",
    "LXModel",
    "LXModelError",
    "LXNoSolutionError",
    "LXNotInfeasibleError",
    "LXOptimizer",
    "LXParameter",
    "LXProblem",
    "LXSense",
    "LXSolution",
    "LXStart",
    "LXStatus",
    "LXVariable",
    "LXWarning",
    "LXWorkerError",
    "LXWriteBack",
    "LXWriteError",
    "LXWritten",
]
