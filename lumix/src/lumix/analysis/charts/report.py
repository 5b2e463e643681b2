"""A sweep as one page of HTML, with its table and its charts, which needs nothing but itself."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import IO
from uuid import uuid4

from lumix.analysis.charts.drawing import KINDS, TITLES, Chart, chart
from lumix.analysis.charts.numbers import compared, effect_of, has_number, others, state
from lumix.analysis.charts.parts import change, graph_objects
from lumix.analysis.charts.texts import number, several
from lumix.analysis.scenarios.results import LXScenarioResult, notes_of
from lumix.analysis.scenarios.sweep_results import SweepResults
from lumix_core import LXModelError, LXNoSolutionError

COLUMNS = ("Scenario", "Description", "ProblemDiff", "Status", "Objective", "Change", "Change in %")
NUMBERS = ("Objective", "Change", "Change in %")


def write_report(sweep: SweepResults, path: str | os.PathLike[str], title: str | None = None) -> Path:
    """Write the page of a sweep; see `LXSweep.report`."""
    graph_objects()
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"report() got {str(target)!r}, which is a folder. Give the path of a file in it.")
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"report() cannot write {str(target)!r}: there is no folder {str(target.parent)!r}. Make it first."
        )
    text = page(sweep, title)
    with replaced(target) as file:
        file.write(text)
    return target


def page(sweep: SweepResults, title: str | None = None) -> str:
    """Return the page of a sweep as HTML."""
    from plotly.offline import get_plotlyjs

    frame = Template((files("lumix.analysis.charts") / "report.html").read_text(encoding="utf-8"))
    return frame.substitute(
        title=escape(f"Scenarios of model {sweep.model_name!r}" if title is None else str(title)),
        summary="\n".join(f"<li>{escape(line)}</li>" for line in summary(sweep)),
        links=" ".join(f'<a href="#{kind}-title">{TITLES[kind]}</a>' for kind in KINDS),
        head="".join(f'<th scope="col" role="columnheader"{_kind(column)}>{column}</th>' for column in COLUMNS),
        rows="\n".join(_row(sweep, result) for result in sweep.values()),
        errors=_errors(sweep),
        charts="\n".join(_figure(sweep, kind) for kind in KINDS),
        plotly=get_plotlyjs(),
    )


@contextmanager
def replaced(target: Path) -> Iterator[IO[str]]:
    """Open a file beside a target, which takes its place once it is written."""
    beside = target.with_name(f".{target.name}.{uuid4().hex[:8]}.tmp")
    try:
        with beside.open("x", encoding="utf-8", errors="replace") as file:
            yield file
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def summary(sweep: SweepResults) -> list[str]:
    """Return what there is to say before all numbers, in sentences."""
    scenarios = others(sweep)
    counts: dict[str, int] = {}
    for result in scenarios:
        counts[state(result)] = counts.get(state(result), 0) + 1
    counted = ", ".join(f"{count} {what}" for what, count in counts.items())
    solvers = sorted({result.solution.solver for result in (sweep.baseline, *scenarios) if result.solution is not None})
    by = f" by {' and '.join(solvers)}" if solvers else ""
    return [
        *_best(sweep),
        f"{several(len(scenarios), 'scenario')}{f': {counted}' if counted else ''}.",
        f"Solved{by} in {number(sweep.seconds)} s.",
    ]


def _best(sweep: SweepResults) -> list[str]:
    """Name the best result, as `LXScenarioAnalyzer.get_best_scenario` does."""
    candidates = [result for result in sweep.values() if has_number(result)]
    if sweep.maximize is None:
        return ["The model has no objective, so no scenario is the best."]
    if not candidates:
        return ["No scenario has a point, so none is the best."]
    best = (max if sweep.maximize else min)(candidates, key=lambda result: result.objective)
    moved = f" ({change(best)})" if compared(best) and best.name != sweep.baseline.name else ""
    which = "highest" if sweep.maximize else "lowest"
    proved = "" if best.is_optimal() else ", not proved best of its model"
    return [f"Best ({which} objective): {best.name}, {number(best.objective)}{moved}{proved}."]


def _row(sweep: SweepResults, result: LXScenarioResult) -> str:
    numbers = [number(result.objective), "–", "–"] if has_number(result) else ["–"] * 3
    if compared(result):
        numbers[1:] = [change(result), number(result.delta_percentage, "+")]
    changes = "<br>".join(escape(str(made)) for made in result.changes)
    cells = [escape(result.description), changes, escape(state(result)), *map(escape, numbers)]
    effect = effect_of(result, sweep.maximize).name.lower() if has_number(result) else "pointless"
    return (
        f'<tr role="row" class="{effect}"><th scope="row" role="rowheader" class="words">{escape(result.name)}</th>'
        + "".join(
            f'<td role="cell" data-label="{label}"{_kind(label)}>{cell}</td>'
            for label, cell in zip(COLUMNS[1:], cells, strict=True)
        )
        + "</tr>"
    )


def _kind(label: str) -> str:
    kinds = {"Status": "status", "Description": "words", "ProblemDiff": "words", **dict.fromkeys(NUMBERS, "number")}
    return f' class="{kinds[label]}"' if label in kinds else ""


def _errors(sweep: SweepResults) -> str:
    notes = notes_of(list(sweep.values()))
    if not notes:
        return ""
    items = "\n".join(f"<li>{escape(note)}</li>" for note in notes)
    return f'<h3>What went wrong</h3>\n<ul class="errors">\n{items}\n</ul>'


def _figure(sweep: SweepResults, kind: str) -> str:
    """Return a chart, or the sentence with the reason why there is nothing to show."""
    head = f'<section aria-labelledby="{kind}-title">\n<h2 id="{kind}-title">{TITLES[kind]}</h2>\n'
    try:
        made = chart(sweep, kind)
    except (LXNoSolutionError, LXModelError) as error:
        return f'{head}<p class="nothing">{escape(str(error))}</p>\n</section>'
    return f"{head}{_drawn(kind, made)}\n</section>"


def _drawn(kind: str, made: Chart) -> str:
    made.figure.update_layout(template="none", dragmode=False)
    drawn = in_script(made.figure.to_json())
    notes = "".join(f"<p>{escape(note)}</p>" for note in made.notes)
    return (
        f'<figure>\n<div class="chart" id="{kind}" role="img" aria-label="{escape(made.alt)}" '
        f'style="min-height: {made.figure.layout.height:.0f}px"></div>\n<figcaption>{notes}</figcaption>\n</figure>\n'
        f'<script type="application/json" id="{kind}-figure">{drawn}</script>'
    )


def in_script(text: str) -> str:
    """Return JSON that ends no script, whatever it holds; NaN and infinite numbers are refused."""
    return json.dumps(json.loads(text), allow_nan=False).replace("<", "\\u003c").replace("&", "\\u0026")
