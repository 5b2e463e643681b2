"""The parts of a chart of bars, and the lines that charts have in common."""

from __future__ import annotations

from typing import Any

from lumix.analysis.charts.numbers import Effect, compared, effect_of, has_number, lack
from lumix.analysis.charts.texts import beside, hover, number, plain
from lumix.analysis.scenarios.results import LXScenarioResult
from lumix_core.errors import LXUnsupportedError

COLOURS = {Effect.BETTER: "#0072B2", Effect.WORSE: "#C24A00", Effect.SAME: "#767676", Effect.UNKNOWN: "#767676"}
"""Told apart by those who do not see red, green or blue as well, and dark enough for white text."""


def graph_objects() -> Any:
    """Return plotly's module of figures.

    Raises:
        LXUnsupportedError: plotly is not installed.
    """
    try:
        import plotly.graph_objects
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "plotly":
            raise
        raise LXUnsupportedError(
            'Charts and reports need plotly, which is not installed. Run: pip install "lumix-modeling[report]"'
        ) from error
    return plotly.graph_objects


def bar_figure(names: list[str], what: str) -> Any:
    """Return a figure with a line for each name, the first on top."""
    figure = graph_objects().Figure()
    figure.update_layout(
        barmode="overlay",
        bargap=0.25,
        height=110 + height_of(names),
        margin={"t": 50, "r": 16, "b": 50, "l": 8},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom"},
        showlegend=True,
    )
    figure.update_xaxes(
        title={"text": what, "standoff": 8}, tickangle=0, nticks=6, separatethousands=True, minexponent=6,
        automargin=True, zeroline=True,
    )  # fmt: skip
    name_lines(figure, names)
    return figure


def height_of(names: list[str]) -> int:
    """Return the height of lines with these names, in pixels."""
    return len(names) * (40 if any("<br>" in beside(name) for name in names) else 26)


def name_lines(figure: Any, names: list[str]) -> None:
    """Give a figure a line for each name, the first on top."""
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=[plain(name) for name in names],
        range=[len(names) - 0.5, -0.5], tickvals=[plain(name) for name in names], ticktext=list(map(beside, names)),
        automargin=True, showgrid=False, fixedrange=True, zeroline=False,
        ticks="outside", ticklen=6, tickcolor="rgba(0,0,0,0)",
    )  # fmt: skip


def bars(
    effect: Effect,
    places: list[str],
    lengths: list[float],
    texts: list[str],
    results: list[LXScenarioResult],
    *,
    anchor: str = "start",
) -> Any:
    """Return the bars of one effect, each with its place, its length, its text and the scenario behind it.

    The text stands in its bar, at the start or the end of it, or beside it where the bar is too short, or has another
    one drawn upon it.
    """
    alone = [places.count(position) == 1 for position in places]
    return graph_objects().Bar(
        name=effect.value,
        orientation="h",
        x=lengths,
        y=[plain(position) for position in places],
        text=texts,
        textposition=["auto" if length and own else "outside" for length, own in zip(lengths, alone, strict=True)],
        insidetextanchor=anchor,
        textangle=0,
        constraintext="none",
        cliponaxis=False,
        insidetextfont={"color": "white"},
        hovertext=[hover(details_of(result)) for result in results],
        hoverinfo="text",
        marker={
            "color": COLOURS[effect],
            "line": {"color": "rgba(255,255,255,0.7)", "width": 1},
            "pattern": {"shape": ["" if result.is_optimal() else "/" for result in results], "fillmode": "overlay"},
        },
    )


def add_pointless(figure: Any, results: list[LXScenarioResult]) -> None:
    """Show those without a point at the edge, on an axis of their own: they have no place among numbers."""
    if results:
        figure.add_trace(
            graph_objects().Scatter(
                name="no point",
                mode="markers+text",
                x=[0.0] * len(results),
                y=[plain(result.name) for result in results],
                xaxis="x2",
                text=[f" {plain(lack(result))}" for result in results],
                textposition="middle right",
                marker={"symbol": "x", "size": 8, "color": "#767676"},
                hovertext=[hover(details_of(result)) for result in results],
                hoverinfo="text",
            )
        )
        figure.update_layout(xaxis2={"overlaying": "x", "range": [-0.02, 1], "visible": False, "fixedrange": True})


def add_line(figure: Any, x: float, name: str) -> None:
    """Draw a vertical line, which is named in the legend."""
    figure.add_shape(
        type="line", x0=x, x1=x, y0=0, y1=1, yref="paper", name=name, showlegend=True,
        line={"dash": "dash", "width": 2, "color": "#B8860B"},
    )  # fmt: skip


def widen(figure: Any, deltas: list[float], texts: list[str]) -> None:
    """Leave space for texts beside bars, on the sides that have bars; a report does so for the width that it has."""
    largest = max(map(abs, deltas)) or 1.0
    space = 0.02 * largest * max(map(len, texts))
    low, high = min([0.0, *deltas]), max([0.0, *deltas])
    low -= space if low < 0 else 0.05 * largest
    high += space if high > 0 else 0.05 * largest
    figure.update_xaxes(range=[low, high])


def change(result: LXScenarioResult) -> str:
    """Return by how much a scenario moves the objective; 0 where that is no more than rounding."""
    return number(moved(result), "+")


def moved(result: LXScenarioResult) -> float:
    """Return the same as a number."""
    return 0.0 if effect_of(result, maximize=True) is Effect.SAME else result.delta_objective


def details_of(result: LXScenarioResult) -> list[str]:
    """Tell of a scenario, for the mouse."""
    lines = [result.name, result.description, *map(str, result.changes)]
    if not has_number(result):
        return [*lines, lack(result), result.error]
    lines.append(f"objective {number(result.objective)}" + " (not proved best)" * (not result.is_optimal()))
    if compared(result):
        lines.append(f"{change(result)} ({number(result.delta_percentage, '+')}%)")
    return lines
