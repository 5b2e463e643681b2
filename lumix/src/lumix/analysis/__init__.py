"""Analysis of models: what-if questions, scenarios and sensitivity."""

from lumix.analysis.scenarios.analyzer import LXScenarioAnalyzer
from lumix.analysis.scenarios.results import LXScenarioChange, LXScenarioResult
from lumix.analysis.scenarios.scenario import LXScenario
from lumix.analysis.scenarios.sweep import LXSweep
from lumix.analysis.scenarios.writing import LXSweepWriteBack
from lumix.analysis.sensitivity.analyzer import LXSensitivityAnalyzer
from lumix.analysis.sensitivity.records import LXConstraintSensitivity, LXVariableSensitivity
from lumix.analysis.whatif.analyzer import LXWhatIfAnalyzer
from lumix.analysis.whatif.results import LXWhatIfChange, LXWhatIfResult

__all__ = [
    "LXConstraintSensitivity",
    "LXScenario",
    "LXScenarioAnalyzer",
    "LXScenarioChange",
    "LXScenarioResult",
    "LXSensitivityAnalyzer",
    "LXSweep",
    "LXSweepWriteBack",
    "LXVariableSensitivity",
    "LXWhatIfAnalyzer",
    "LXWhatIfChange",
    "LXWhatIfResult",
]
