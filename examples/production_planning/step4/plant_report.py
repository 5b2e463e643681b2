"""A written report of a plan, as one page with charts that a browser opens without a network."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from plan_figures import by_period, machine_names, used_share
from plant import Period, PlantProduct
from plant_model import costs
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lumix import LXModel, LXSolution

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Plan of the plant</title>
<style>body {{ font: 16px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
td, th {{ padding: 0 1rem 0 0; text-align: left }}</style>
<h1>Plan of the plant</h1>
{body}
</html>
"""
MOST_MACHINES = 30
MOST_LATE = 20


def write_report(session: Session, model: LXModel, solution: LXSolution, path: str) -> str:
    """Write the page, and return its path. It needs plotly."""
    periods = {period.id: str(period.starts_on) for period in session.scalars(select(Period).order_by(Period.id))}
    parts = {name: solution.value(part) for name, part in costs(model).items()}
    charts = [cost_chart(parts), flow_chart(solution, periods), load_chart(session, solution, periods)]
    texts = [cost_text(solution, parts), flow_text(solution, periods), load_text(session, solution, periods)]
    titles = ("What it costs", "What is made, kept and late", "How full the machines are")
    body = [  # the first chart brings the code of plotly along
        f"<h2>{title}</h2><p>{escape(text)}</p>{picture.to_html(full_html=False, include_plotlyjs=i == 0)}"
        for i, (title, text, picture) in enumerate(zip(titles, texts, charts, strict=True))
    ]
    body.append(f"<h2>What is late</h2>{late_table(session, solution, periods)}")
    Path(path).write_text(PAGE.format(body="\n".join(body)), encoding="utf-8")
    return path


def cost_text(solution: LXSolution, parts: dict[str, float]) -> str:
    largest = max(parts, key=lambda name: parts[name])
    share = parts[largest] / solution.objective_value if solution.objective_value else 0.0
    proof = f"No plan costs less than {solution.best_bound:,.0f}." if solution.gap else "No plan costs less."
    return f"The plan costs {solution.objective_value:,.0f}; {share:.0%} of that are {largest}. {proof}"


def flow_text(solution: LXSolution, periods: dict[int, str]) -> str:
    made, late = by_period(solution, "make"), by_period(solution, "late")
    busiest, latest = max(periods, key=lambda t: made[t]), max(periods, key=lambda t: late[t])
    delays = (
        f"Most is late on {periods[latest]}: {late[latest]:,.0f} units." if late[latest] > 0.5 else "Nothing is late."
    )
    return f"{sum(made.values()):,.0f} units are made, most of them in the period of {periods[busiest]}. {delays}"


def load_text(session: Session, solution: LXSolution, periods: dict[int, str]) -> str:
    shares = average_shares(session, solution, periods)
    fullest = next(iter(shares))
    mean = sum(shares.values()) / len(shares)
    return f"The machines are used for {mean:.0%} of their hours. The fullest is {fullest}, with {shares[fullest]:.0%}."


def average_shares(session: Session, solution: LXSolution, periods: dict[int, str]) -> dict[str, float]:
    """Return the share of its hours that each machine is used, the fullest first."""
    shares = {
        name: sum(used_share(solution, machine, period) for period in periods) / len(periods)
        for machine, name in machine_names(session).items()
    }
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def cost_chart(parts: dict[str, float]) -> Any:
    return chart({"type": "bar", "x": list(parts.values()), "y": list(parts), "orientation": "h"}, xaxis_title="cost")


def flow_chart(solution: LXSolution, periods: dict[int, str]) -> Any:
    dates = list(periods.values())
    made, stock, late = (
        [amounts[t] for t in periods] for amounts in (by_period(solution, name) for name in ("make", "stock", "late"))
    )
    return chart(
        {"type": "bar", "x": dates, "y": made, "name": "made"},
        {"type": "scatter", "x": dates, "y": stock, "name": "in stock at the end"},
        {"type": "scatter", "x": dates, "y": late, "name": "late at the end"},
        yaxis_title="units",
    )


def load_chart(session: Session, solution: LXSolution, periods: dict[int, str]) -> Any:
    numbers = {name: machine for machine, name in machine_names(session).items()}
    shown = list(average_shares(session, solution, periods))[:MOST_MACHINES]
    shares = [[used_share(solution, numbers[name], period) for period in periods] for name in shown]
    heat = {"type": "heatmap", "x": list(periods.values()), "y": shown, "z": shares, "zmin": 0, "zmax": 1}
    return chart({**heat, "colorscale": "Cividis"}, yaxis_autorange="reversed")


def chart(*traces: dict[str, Any], **layout: Any) -> Any:
    from plotly.graph_objects import Figure  # type: ignore[import-untyped]

    look = {"height": 420, "margin": {"t": 20, "l": 20, "r": 20, "b": 20}, "template": "plotly_white"}
    return Figure(traces).update_layout(**look, **layout)


def late_table(session: Session, solution: LXSolution, periods: dict[int, str]) -> str:
    """Return the products and periods with the most units late, as a table."""
    late = sorted(((units, key) for key, units in solution.variables["late"].items() if units > 1e-6), reverse=True)
    if not late:
        return "<p>Nothing is late.</p>"
    rows = "".join(late_rows(session, late[:MOST_LATE], periods))
    more = f"<p>The {MOST_LATE} largest of {len(late):,} are shown.</p>" if len(late) > MOST_LATE else ""
    return f"<table><tr><th>Product<th>Period<th>Units late at its end{rows}</table>{more}"


def late_rows(session: Session, late: list[tuple[float, tuple[int, int]]], periods: dict[int, str]) -> Iterator[str]:
    wanted = select(PlantProduct).where(PlantProduct.id.in_({product for _, (product, _) in late}))
    names = {p.id: p.product.name for p in session.scalars(wanted.options(joinedload(PlantProduct.product)))}
    for units, (product, period) in late:
        yield f"<tr><td>{escape(names[product])}<td>{periods[period]}<td>{units:,.1f}"
