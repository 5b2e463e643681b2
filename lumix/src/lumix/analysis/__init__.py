"""Analysis of models: what-if questions, scenarios and sensitivity."""

from lumix.analysis.records import LXConstraintSensitivity, LXVariableSensitivity
from lumix.analysis.results import LXWhatIfChange, LXWhatIfResult
from lumix.analysis.scenario import LXScenario
from lumix.analysis.scenario_results import LXScenarioChange, LXScenarioResult
from lumix.analysis.scenarios import LXScenarioAnalyzer
from lumix.analysis.sensitivity import LXSensitivityAnalyzer
from lumix.analysis.sweep import LXSweep
from lumix.analysis.sweep_writing import LXSweepWriteBack
from lumix.analysis.whatif import LXWhatIfAnalyzer

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
