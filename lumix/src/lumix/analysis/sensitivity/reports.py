"""The sensitivity of a solution, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lumix.analysis.sensitivity.records import LXConstraintSensitivity, LXVariableSensitivity
from lumix.analysis.tables import table
from lumix_core.problem import html_table, number_text

SHOWN = 10
"""How many rows a summary names."""


def summary(title: str, binding: int, rows: int, most_sensitive: Sequence[tuple[str, LXConstraintSensitivity]]) -> str:
    """Return a few lines: the binding rows, and the shadow prices of the most sensitive.

    Args:
        title: the first line.
        binding: how many rows bind.
        rows: how many rows there are.
        most_sensitive: names and records of the rows with the largest shadow prices.
    """
    paying = [(name, record) for name, record in most_sensitive if record.shadow_price != 0.0]
    lines = [f"  {name}: shadow price {record.shadow_price:+,.6g}" for name, record in paying]
    return "\n".join([title, f"  {binding} of {rows} constraints are binding", *lines])


def constraints_html(records: Sequence[LXConstraintSensitivity], count: int) -> str:
    """Return a table in HTML of some rows, out of so many."""
    lines = [
        (record.name, *map(number_text, (record.shadow_price, record.slack)), "binding" if record.is_binding else "")
        for record in records
    ]
    return html_table(("constraint", "shadow price", "slack", ""), lines, count)


def report(
    title: str, of_constraints: Mapping[str, LXConstraintSensitivity], of_variables: Mapping[str, LXVariableSensitivity]
) -> str:
    """Return tables of all rows and variables, below a title."""
    constraints = [
        [
            name,
            f"{constraint.shadow_price:.6g}",
            f"{constraint.slack:.6g}",
            f"{constraint.allowable_decrease:.6g}",
            f"{constraint.allowable_increase:.6g}",
            "binding" if constraint.is_binding else "",
        ]
        for name, constraint in of_constraints.items()
    ]
    variables = [
        [
            name,
            f"{variable.value:.6g}",
            f"{variable.reduced_cost:.6g}",
            f"{variable.objective_range[0]:.6g}",
            f"{variable.objective_range[1]:.6g}",
            "basic" if variable.is_basic else "",
        ]
        for name, variable in of_variables.items()
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
