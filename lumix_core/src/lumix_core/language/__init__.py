"""What users write: variables, expressions, constraints, parameters and the model; data, no evaluation."""

from lumix_core.language.constraints import LXConstraint
from lumix_core.language.expressions import LXLinearExpression
from lumix_core.language.indexed import LXIndexDimension
from lumix_core.language.linear_forms import SKIP, LXComparison, LXLinearForm, between
from lumix_core.language.mixins import Bracketed
from lumix_core.language.model import LXModel
from lumix_core.language.nonlinear import LXNonLinearExpression, LXQuadraticExpression
from lumix_core.language.parameters import LXParameter
from lumix_core.language.variables import LXVariable

__all__ = [
    "SKIP",
    "Bracketed",
    "LXComparison",
    "LXConstraint",
    "LXIndexDimension",
    "LXLinearExpression",
    "LXLinearForm",
    "LXModel",
    "LXNonLinearExpression",
    "LXParameter",
    "LXQuadraticExpression",
    "LXVariable",
    "between",
]
