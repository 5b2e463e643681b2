"""The minimal core of LumiX: models over a user's own rows, compiled to arrays, solved and mapped back."""

import logging
import sys

from lumix_core.compiler.explanation import LXExplanation
from lumix_core.errors import (
    LXCopyError,
    LXEmptySourceWarning,
    LXError,
    LXFileError,
    LXModelError,
    LXNoSolutionError,
    LXNotInfeasibleError,
    LXSolverError,
    LXSolverVersionWarning,
    LXSourceError,
    LXStaleReadWarning,
    LXWarning,
    LXWorkerError,
    LXWriteError,
)
from lumix_core.language.constraints import LXConstraint
from lumix_core.language.expressions import LXLinearExpression
from lumix_core.language.indexed import LXIndexDimension
from lumix_core.language.linear_forms import SKIP, LXComparison, LXLinearForm, between
from lumix_core.language.model import LXModel
from lumix_core.language.nonlinear import LXNonLinearExpression, LXQuadraticExpression
from lumix_core.language.parameters import LXParameter
from lumix_core.language.variables import LXVariable
from lumix_core.plugins import hookspecs
from lumix_core.problem.goals import LXGoalMode
from lumix_core.problem.problem import LXBlock, LXProblem, LXSense
from lumix_core.problem.statistics import LXModelStatistics
from lumix_core.solver.goal_stage import LXGoalStage
from lumix_core.solver.infeasibility.report import LXInfeasibility
from lumix_core.solver.optimizer import LXOptimizer
from lumix_core.solver.plan_check import LXPlanCheck
from lumix_core.solver.progress import LXProgress
from lumix_core.solver.refresh import LXRefresh
from lumix_core.solver.relaxed_terms import LXRelaxedTerm
from lumix_core.solver.session import LXLiveSession
from lumix_core.solver.solution import LXSolution
from lumix_core.solver.status import LXIntegrality, LXLimit, LXStart, LXStartPoint, LXStatus

logging.getLogger("lumix").addHandler(logging.NullHandler())  # silent, unless the program sets logging up
sys.modules[f"{__name__}.hookspecs"] = hookspecs  # where plugins find it that were written for a checkout before 0.1.0

__all__ = [
    "SKIP",
    "LXBlock",
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
    "LXSense",
    "LXSolution",
    "LXSolverError",
    "LXSolverVersionWarning",
    "LXSourceError",
    "LXStaleReadWarning",
    "LXStart",
    "LXStartPoint",
    "LXStatus",
    "LXVariable",
    "LXWarning",
    "LXWorkerError",
    "LXWriteError",
    "between",
]
