"""Analysis of models: what-if questions and sensitivity."""

from lumix.analysis.records import LXConstraintSensitivity, LXVariableSensitivity
from lumix.analysis.results import LXWhatIfChange, LXWhatIfResult
from lumix.analysis.sensitivity import LXSensitivityAnalyzer
from lumix.analysis.whatif import LXWhatIfAnalyzer

__all__ = [
    "LXConstraintSensitivity",
    "LXSensitivityAnalyzer",
    "LXVariableSensitivity",
    "LXWhatIfAnalyzer",
    "LXWhatIfChange",
    "LXWhatIfResult",
]
