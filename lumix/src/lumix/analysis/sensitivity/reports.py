"""The sensitivity of a solution, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lumix.analysis.sensitivity.records import LXConstraintSensitivity, LXVariableSensitivity
from lumix.analysis.tables import table

SHOWN = 10
"""How many rows a summary names."""


def summary(title: str, binding: int, rows: int, most_sensitive: Sequence[tuple[str, LXConstraintSensitivity]]) -> str:
    """Return a few lines: what binds, and what more of it is worth.

    Args:
        title: the first line.
        binding: how many rows bind.
        rows: how many rows there are.
        most_sensitive: names and records of the rows with the largest shadow prices.
    """
    paying = [(name, one) for name, one in most_sensitive if one.shadow_price != 0.0]
    lines = [f"  {name}: one more is worth {one.shadow_price:+,.6g}" for name, one in paying]
    return "\n".join([title, f"  {binding} of {rows} constraints are binding", *lines])


def report(
    title: str, of_constraints: Mapping[str, LXConstraintSensitivity], of_variables: Mapping[str, LXVariableSensitivity]
) -> str:
    """Return tables of all rows and variables, below a title."""
    constraints = [
        [
            name,
            f"{one.shadow_price:.6g}",
            f"{one.slack:.6g}",
            f"{one.allowable_decrease:.6g}",
            f"{one.allowable_increase:.6g}",
            "binding" if one.is_binding else "",
        ]
        for name, one in of_constraints.items()
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
        for name, one in of_variables.items()
    ]
    return "\n".join(
        [
            title,
            "",
            *table(["constraint", "shadow price", "slack", "may fall by", "may rise by", ""], constraints),
            "",
            *table(["variable", "value", "reduced cost", "cost from", "cost to", ""], variables),
        ]
    )
