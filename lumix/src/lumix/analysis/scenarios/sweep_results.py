"""The results of many scenarios, by name, and what they are results of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from lumix.analysis.scenarios.results import LXScenarioResult
from lumix_core import LXSense
from lumix_core.errors import LXUnknownNameError, listed


@dataclass(frozen=True, eq=False, repr=False)
class SweepResults(Mapping[str, LXScenarioResult]):
    """The results of scenarios by name, in the order in which they were added.

    Args:
        model_name: the name of the model.
        maximize: whether the model maximises; None where it has no objective.
        senses: of the model's constraints.
        results: by name; the baseline first, where it stands among them.
        baseline: the model as it is.
        seconds: that the sweep took.
        sweep_id: distinguishes this sweep from any other: 32 hexadecimal digits.
    """

    model_name: str
    maximize: bool | None
    senses: Mapping[str, LXSense]
    results: Mapping[str, LXScenarioResult]
    baseline: LXScenarioResult
    seconds: float
    sweep_id: str = field(default_factory=lambda: uuid4().hex)

    def __getitem__(self, name: str) -> LXScenarioResult:
        if name not in self.results:
            raise LXUnknownNameError(f"The sweep has no scenario {name!r}. It has {listed(self.results)}.")
        return self.results[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.results)

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self.results))

    def __len__(self) -> int:
        return len(self.results)
