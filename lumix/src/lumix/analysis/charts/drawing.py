"""Charts of a sweep, drawn with plotly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from lumix.analysis.charts.numbers import (
    Comparison,
    Effect,
    Line,
    comparison_of,
    effect_of,
    has_number,
    lack,
    others,
    states,
    tornado_of,
)
from lumix.analysis.charts.parts import (
    add_line,
    add_pointless,
    bar_figure,
    bars,
    change,
    graph_objects,
    height_of,
    moved,
    name_lines,
    widen,
)
from lumix.analysis.charts.texts import compact, distinct, hover, number, percent, plain, several, shortened, some
from lumix.analysis.charts.utilisation import Shares, shares_of
from lumix.analysis.scenarios.results import LXScenarioResult
from lumix.analysis.scenarios.sweep_results import SweepResults
from lumix_core.errors import LXOptionError, did_you_mean, listed
from lumix_core.problem import flaw

TITLES = {
    "comparison": "Objective of each scenario",
    "tornado": "What moves the objective most",
    "utilisation": "How much of each limit is used",
}
TOP = {"tornado": 20, "utilisation": 30}
MOST_LABELS = 45
"""How many scenarios are named above a heat map; of more, some."""
COLUMN = 20
"""How many characters of a name stand above a column."""
FEW = 20
"""How many have room for their names on a telephone, and for gaps and numbers."""


@dataclass(frozen=True)
class Chart:
    """A chart and its words.

    Args:
        notes: what it does not show, and why; sentences.
        alt: what there is to see, for those who do not.
        figure: the plotly Figure, without title and notes.
    """

    notes: list[str]
    alt: str
    figure: Any


def plot(sweep: SweepResults, kind: str, top_n: int | None = None) -> Any:
    """Return a plotly Figure of a sweep, with its title and notes; see `LXSweep.plot`."""
    made = chart(sweep, kind, top_n)
    notes = [line for note in made.notes for line in wrap(note, 90)]
    title = "<br>".join([plain(TITLES[kind]), *(f"<sub>{plain(line)}</sub>" for line in notes)])
    top = made.figure.layout.margin.t + 40 + 18 * len(notes)
    above = {"t": 22 if notes else 12}  # plotly draws the first of several lines higher
    made.figure.update_layout(
        title={"text": title, "x": 0, "xref": "paper", "xanchor": "left", "y": 1, "yanchor": "top", "pad": above},
        margin_t=top,
        height=made.figure.layout.height + top - made.figure.layout.margin.t,
    )
    return made.figure


def chart(sweep: SweepResults, kind: Any, top_n: Any = None) -> Chart:
    """Return a chart of a sweep.

    Raises:
        LXOptionError: there is no such kind, or ``top_n`` is no number of lines.
        LXUnsupportedError: plotly is not installed.
        LXModelError, LXNoSolutionError: there is nothing to show.
    """
    if not isinstance(kind, str) or kind not in KINDS:
        guess = did_you_mean(kind, KINDS) if isinstance(kind, str) else ""
        raise LXOptionError(f"plot() got kind={kind!r:.80}. Give one of {listed(KINDS)}.{guess}")
    if top_n is not None and kind not in TOP:
        raise LXOptionError(f"plot({kind!r}) got top_n={top_n!r:.80}, but it shows all scenarios. Leave top_n out.")
    if top_n is not None and (isinstance(top_n, bool) or flaw(top_n) or top_n < 1 or int(top_n) != top_n):
        raise LXOptionError(f"plot({kind!r}) got top_n={top_n!r:.80}. Give a whole number of at least 1.")
    graph_objects()
    return KINDS[kind](sweep, int(top_n or TOP.get(kind, 0)))


def _comparison(sweep: SweepResults, _top_n: int) -> Chart:
    found = comparison_of(sweep)
    figure = bar_figure([result.name for result in others(sweep)], "objective")
    for effect, some_results in _by_effect(found.shown, sweep.maximize).items():
        objectives = [result.objective for result in some_results]
        texts = [number(result.objective) + " (not proved best)" * (not result.is_optimal()) for result in some_results]
        figure.add_trace(bars(effect, [result.name for result in some_results], objectives, texts, some_results))
    add_pointless(figure, found.pointless)
    if found.baseline is not None:
        add_line(figure, found.baseline, f"baseline {number(found.baseline)}")
        return Chart([], _objectives_seen(found), figure)
    why = f"The baseline has no point: its status is {lack(sweep.baseline)}. So there is no line for it."
    return Chart([why], _objectives_seen(found), figure)


def _objectives_seen(found: Comparison) -> str:
    high, low = (pick(found.shown, key=lambda result: result.objective) for pick in (max, min))
    ends = [f"{number(result.objective)} ({result.name})" for result in (low, high)]
    line = "" if found.baseline is None else f"; the baseline is at {number(found.baseline)}"
    missing = f"; without a point: {states(found.pointless)}" if found.pointless else ""
    return f"Bars: the objective of {several(len(found.shown), 'scenario')}, from {' to '.join(ends)}{line}{missing}."


def _tornado(sweep: SweepResults, top_n: int) -> Chart:
    lines = tornado_of(sweep)
    shown = lines[:top_n]
    more = [f"The {top_n} largest of {several(len(lines), 'change')} are shown."] if len(lines) > top_n else []
    names = distinct([line.name for line in shown])
    figure = bar_figure(names, "change of the objective")
    _add_ends(figure, dict(zip(names, shown, strict=True)), sweep.maximize)
    add_line(figure, 0.0, f"baseline {number(sweep.baseline.objective)}")
    reach = " to ".join(change(result) for result in shown[0].ends)
    seen = f"Bars: how far {several(len(shown), 'change')} move the objective. The largest: {shown[0].name}, {reach}."
    return Chart([*more, *_left_out(others(sweep), has_number)], seen, figure)


def _add_ends(figure: Any, lines: dict[str, Line], maximize: bool | None) -> None:
    """Draw the ends of lines; where both are on one side, the shorter upon the longer, which has its number."""
    ends = {result: name for name, line in lines.items() for result in line.ends}
    numbered = {result for line in lines.values() for result in line.outer_ends}
    results = [
        result for line in lines.values() for result in sorted(line.ends, key=lambda end: -abs(end.delta_objective))
    ]
    for effect, group in _by_effect(results, maximize).items():
        texts = [compact(moved(result), "+") if result in numbered else "" for result in group]
        deltas = [result.delta_objective for result in group]
        figure.add_trace(bars(effect, [ends[result] for result in group], deltas, texts, group, anchor="end"))
    widen(figure, [moved(result) for result in results], [compact(moved(result), "+") for result in results])


def _utilisation(sweep: SweepResults, top_n: int) -> Chart:
    found = shares_of(sweep, top_n)
    rows = distinct(found.rows)
    figure = graph_objects().Figure(_heat_map(found, rows))
    _name_columns(figure, [scenario.name for scenario in found.scenarios])
    name_lines(figure, rows)
    above = 20 + 6 * max(len(shortened(scenario.name, COLUMN)) for scenario in found.scenarios)
    figure.update_layout(height=90 + above + height_of(rows), margin={"t": above, "r": 16, "b": 20, "l": 8})
    seen = (
        f"Heat map: the share of {several(len(rows), 'right-hand side')} that is used in "
        f"{several(len(found.scenarios), 'scenario')}. Most used: {rows[0]}."
    )
    return Chart(_notes_of_shares(found) + _left_out(list(sweep.values()), LXScenarioResult.is_feasible), seen, figure)


def _heat_map(found: Shares, rows: list[str]) -> Any:
    shares = [[found.share(i, j) for j in range(len(found.scenarios))] for i in range(len(rows))]
    few = len(found.scenarios) <= FEW
    return graph_objects().Heatmap(
        x=[plain(scenario.name) for scenario in found.scenarios],
        y=[plain(name) for name in rows],
        z=shares,
        text=[["" if share is None else percent(share) for share in row] for row in shares],
        texttemplate="%{text}" if few else "",
        hovertext=[[_used(found, i, j) for j in range(len(found.scenarios))] for i in range(len(rows))],
        hoverinfo="text",
        hoverongaps=True,
        zmin=0,
        zmax=1,
        colorscale="Cividis",
        xgap=1 if few else 0,  # a gap is a pixel: narrow cells would be nothing else
        ygap=1,
        colorbar={
            "orientation": "h", "y": 0, "yanchor": "top", "thickness": 12, "len": 0.9, "tickformat": ".0%",
            "ypad": 12,
        },
    )  # fmt: skip


def _name_columns(figure: Any, names: list[str]) -> None:
    named = names[:: -(-len(names) // MOST_LABELS)]
    figure.update_xaxes(
        type="category", side="top", tickangle=-60, automargin=True, showgrid=False, fixedrange=True,
        tickvals=[plain(name) for name in named], ticktext=[plain(shortened(name, COLUMN)) for name in named],
    )  # fmt: skip


KINDS: dict[str, Callable[[SweepResults, int], Chart]] = {
    "comparison": _comparison,
    "tornado": _tornado,
    "utilisation": _utilisation,
}
"""What draws each kind of chart, given the sweep and how many lines at most."""


def _by_effect(results: list[LXScenarioResult], maximize: bool | None) -> dict[Effect, list[LXScenarioResult]]:
    effects = [effect_of(result, maximize) for result in results]
    groups = {
        effect: [result for result, own in zip(results, effects, strict=True) if own is effect] for effect in Effect
    }
    return {effect: group for effect, group in groups.items() if group}


def _left_out(results: list[LXScenarioResult], has: Callable[[LXScenarioResult], bool]) -> list[str]:
    missing = [result for result in results if not has(result)]
    if not missing:
        return []
    named = some([f"{shortened(result.name)} ({lack(result)})" for result in missing])
    return [f"Without a point, and so not shown: {named}."]


def _used(found: Shares, row: int, scenario: int) -> str:
    used, available = found.used[row][scenario], found.available[row][scenario]
    share, position = found.share(row, scenario), [found.rows[row], found.scenarios[scenario].name]
    if used is None or available is None:
        return hover([*position, "has no such row"])
    numbers = f"used {number(used)} of {number(available)}"
    return hover([*position, f"{numbers} ({share:.1%})" if share is not None else f"{numbers}: no share"])


def _notes_of_shares(found: Shares) -> list[str]:
    notes = []
    if found.more:
        notes.append(f"The {len(found.rows)} most used of {len(found.rows) + found.more} rows are shown.")
    if found.without:
        notes.append(f"{several(found.without, 'row')} with a right-hand side of 0 or below have no share.")
    if len(found.scenarios) > FEW:
        notes.append("Where there is no room for all, only some of the scenarios are named.")
    return notes
