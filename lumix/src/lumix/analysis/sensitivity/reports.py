"""The sensitivity of a solution, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumix.analysis.tables import table

if TYPE_CHECKING:
    from lumix.analysis.sensitivity.analyzer import LXSensitivityAnalyzer

SHOWN = 10
"""How many rows a summary names."""


def summary(analyzer: LXSensitivityAnalyzer) -> str:
    """Return a few lines: the objective, what binds, and what more of it is worth."""
    binding = analyzer.get_binding_constraints()
    rows = len(analyzer.solution.shadow_prices.array)
    lines = [
        f"Model {analyzer.model.name!r}: objective {analyzer.solution.objective_value:,.6g}",
        f"  {len(binding)} of {rows} constraints are binding",
    ]
    paying = [one for one in analyzer.get_most_sensitive_constraints(SHOWN) if one[1].shadow_price != 0.0]
    lines += [f"  {name}: one more is worth {one.shadow_price:+,.6g}" for name, one in paying]
    return "\n".join(lines)


def report(analyzer: LXSensitivityAnalyzer) -> str:
    """Return tables of all rows and variables."""
    constraints = [
        [
            name,
            f"{one.shadow_price:.6g}",
            f"{one.slack:.6g}",
            f"{one.allowable_decrease:.6g}",
            f"{one.allowable_increase:.6g}",
            "binding" if one.is_binding else "",
        ]
        for name, one in analyzer.analyze_all_constraints().items()
    ]
    variables = [
        [
            name,
            f"{one.value:.6g}",
            f"{one.reduced_cost:.6g}",
            f"{one.objective_range[0]:.6g}",
            f"{one.objective_range[1]:.6g}",
            "basic" if one.is_basic else "",
        ]
        for name, one in analyzer.analyze_all_variables().items()
    ]
    return "\n".join(
        [
            f"Model {analyzer.model.name!r}: objective {analyzer.solution.objective_value:,.6g}",
            "",
            *table(["constraint", "shadow price", "slack", "may fall by", "may rise by", ""], constraints),
            "",
            *table(["variable", "value", "reduced cost", "cost from", "cost to", ""], variables),
        ]
    )
