"""Build the same models in different ways, side by side, and print what it took as tables of Markdown.

    python bench.py [TABLE ...] [--only NAME ...] [--repeats N] [--skip-slow] [--timeout SECONDS] [--json FILE]

Every figure is the median over processes of their own, which take turns. README.md says what is measured.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from contenders import MARK
from tables import TABLES, Contender, Table, table

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ANOTHER_MODEL = "ANOTHER MODEL than the first line's"
FENCE = "<!-- figures -->\n"
PACKAGES = ("numpy", "highspy", "SQLAlchemy", "psycopg", "linopy", "pyoptinterface", "PuLP", "lumix-opt", "pyarrow")


@dataclass(frozen=True)
class Settings:
    """What the command line says."""

    pythons: dict[bool, str]
    repeats: int
    timeout: float
    skip_slow: bool
    only: list[str]

    def includes(self, contender: Contender) -> bool:
        """Whether a contender is to run; the yardsticks always do."""
        named = not self.only or any(text in contender.name for text in ("floor", *self.only))
        return named and not (self.skip_slow and contender.slow)


@dataclass
class Line:
    """What the runs of one contender at one size gave."""

    table: str
    contender: Contender
    size: str
    runs: list[dict[str, Any]] = field(default_factory=list)
    note: str = ""

    def median(self, name: str = "seconds") -> float:
        return statistics.median(run[name] for run in self.runs)

    def part(self, name: str) -> float:
        return statistics.median(run["parts"][name] for run in self.runs)

    def raw(self) -> dict[str, Any]:
        """Return what can be written as JSON."""
        return {**vars(self), "contender": self.contender.name}


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(argv)
    settings = Settings(
        {False: arguments.python, True: arguments.peers_python},
        arguments.repeats,
        arguments.timeout,
        arguments.skip_slow,
        arguments.only,
    )
    if arguments.remove_data:
        return remove_data(settings)
    text, lines = [machine(settings)], []
    print(text[0])
    for name in arguments.tables or [one.name for one in TABLES]:
        lines += measure(table(name), settings)
        text.append(report(table(name), [line for line in lines if line.table == name]))
        print(text[-1], flush=True)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps([line.raw() for line in lines], indent=1))
    if arguments.into:
        insert(Path(arguments.into), "\n".join(text))
    return int(any(line.note == ANOTHER_MODEL for line in lines))


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(description="Build the same models in different ways, side by side.")
    result.add_argument("tables", nargs="*", metavar="TABLE", help=f"of {', '.join(one.name for one in TABLES)}")
    result.add_argument("--repeats", type=int, default=5)
    result.add_argument("--only", nargs="+", default=[], metavar="NAME", help="contenders whose names contain this")
    result.add_argument("--timeout", type=float, default=900.0, help="seconds for one process")
    result.add_argument("--skip-slow", action="store_true", help="leave out what takes half a minute or more")
    result.add_argument("--python", default=str(ROOT / ".venv" / "bin" / "python"), help="that has LumiX")
    result.add_argument("--peers-python", default=str(ROOT / ".venv-peers" / "bin" / "python"), help="that has peers")
    result.add_argument("--json", help="a file for every single run")
    result.add_argument("--into", help="a document to put the tables into, between its two fences")
    result.add_argument("--remove-data", action="store_true", help="remove the databases of earlier runs, and end")
    return result


def measure(chosen: Table, settings: Settings) -> list[Line]:
    """Run all contenders of a table, in turns."""
    lines = [
        Line(chosen.name, one, size)
        for size in chosen.sizes
        for one in chosen.contenders
        if (one.sizes is None or size in one.sizes) and settings.includes(one)
    ]
    for size in chosen.sizes:
        reason = fill(chosen, size, settings)
        for line in lines:
            if line.size == size and reason:
                line.note = reason
    for turn in range(settings.repeats):
        for line in lines:
            if not line.note and not (turn and line.contender.slow):
                run(chosen, line, settings)
    check(lines)
    return lines


def run(chosen: Table, line: Line, settings: Settings) -> None:
    """Run one contender once, in a process of its own."""
    print(f"{chosen.name} {line.size}: {line.contender.name}", file=sys.stderr, flush=True)
    arguments = ["worker.py", chosen.name, line.size, line.contender.name]
    try:
        done = process(settings.pythons[line.contender.peer], arguments, settings.timeout)
    except subprocess.TimeoutExpired:
        line.note = f"more than {settings.timeout:.0f} s"
        return
    marked = [text for text in done.stdout.splitlines() if text.startswith(MARK)]
    if done.returncode or not marked:
        line.note = f"failed: {(done.stderr.strip().splitlines() or [done.returncode])[-1]}"
        return
    found = json.loads(marked[-1].removeprefix(MARK))
    if "skipped" in found:
        line.note = f"skipped: {found['skipped']}"
    else:
        line.runs.append(found)


def process(python: str, arguments: Sequence[str], timeout: float | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    return subprocess.run(
        [python, *arguments], cwd=HERE, env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )


def fill(chosen: Table, size: str, settings: Settings) -> str:
    """Fill the databases of a table; returns why that is impossible, or nothing."""
    if not chosen.variant:
        return ""
    for one in dict.fromkeys((size, chosen.warm_up)):
        code = f"from {chosen.filled_by} import fill; fill({chosen.variant!r}, {one!r})"
        done = process(settings.pythons[True], ["-c", code])
        if done.returncode:
            return f"skipped: no database: {done.stderr.strip().splitlines()[-1]}"
    return ""


def remove_data(settings: Settings) -> int:
    """Remove the databases that earlier runs left."""
    failed = 0
    for module, variant in dict.fromkeys((one.filled_by, one.variant) for one in TABLES if one.variant):
        done = process(settings.pythons[True], ["-c", f"from {module} import remove; remove({variant!r})"])
        failed |= done.returncode
        print(f"{module}, {variant}: {'could not be removed' if done.returncode else 'removed'}")
    return failed


def check(lines: list[Line]) -> None:
    """Note every contender whose model is not that of the first one at its size."""
    for line in lines:
        first = next((one.runs[0]["model"] for one in lines if one.size == line.size and one.runs), None)
        if any(not same(first, found["model"]) for found in line.runs):
            line.note = ANOTHER_MODEL


def same(one: dict[str, float], other: dict[str, float]) -> bool:
    """Whether the numbers of two models agree, but for the rounding of sums."""
    return one.keys() == other.keys() and all(
        math.isclose(one[name], other[name], rel_tol=1e-9, abs_tol=1e-6) for name in one
    )


def report(chosen: Table, lines: list[Line]) -> str:
    """Return a table as text."""
    parts = list(dict.fromkeys(name for line in lines for found in line.runs for name in found["parts"]))
    head = [chosen.unit, "best", "ratio", "processor", "its ratio", *parts, "memory MB", "runs"]
    text = [f"\n### {chosen.title}"]
    for size in chosen.sizes:
        of_size = [line for line in lines if line.size == size]
        text += [f"\n#### {size}{shape(of_size)}\n", cells("", *head), cells("---", *["---:"] * len(head))]
        text += [cells(*row(chosen, line, of_size, parts)) for line in of_size if line.runs]
        notes = [f"* {line.contender.name}: {line.note}" for line in of_size if line.note]
        text += ["", *notes] if notes else []
    if len(chosen.sizes) > 2:
        text += growth(chosen, lines)
    return "\n".join(text)


def shape(lines: list[Line]) -> str:
    model = next((line.runs[0]["model"] for line in lines if line.runs), None)
    if model is None:
        return ""
    return f": {model['columns']:,} columns, {model['rows']:,} rows, {model['nonzeros']:,} nonzeros"


def row(chosen: Table, line: Line, of_size: list[Line], parts: list[str]) -> Iterator[str]:
    yield line.contender.name
    yield number(line.median() * chosen.per_second)
    yield number(min(found["seconds"] for found in line.runs) * chosen.per_second)
    yardstick = of_size[0]
    yield f"{line.median() / yardstick.median():.2f}" if yardstick.runs else ""
    yield number(line.median("processor") * chosen.per_second)
    yield f"{line.median('processor') / yardstick.median('processor'):.2f}" if yardstick.runs else ""
    for name in parts:
        known = name in line.runs[0]["parts"]
        yield number(line.part(name) * chosen.per_second) if known else ""
    yield number(line.median("memory") / 2**20)
    yield str(len(line.runs))


def growth(chosen: Table, lines: list[Line]) -> list[str]:
    """Return, for each contender, by which power of the nonzeros its time grows: between sizes, and over all."""
    text = ["\n#### Exponents\n"]
    steps = [f"{a} to {b}" for a, b in pairwise(chosen.sizes)]
    text += [cells("", *steps, "all"), cells("---", *["---:"] * (len(steps) + 1))]
    for one in chosen.contenders:
        points = [
            (math.log(line.runs[0]["model"]["nonzeros"]), math.log(line.median()))
            for line in lines
            if line.contender is one and line.runs
        ]
        if len(points) == len(chosen.sizes):
            slopes = [slope(pair) for pair in pairwise(points)]
            text.append(cells(one.name, *(f"{found:.2f}" for found in (*slopes, slope(points)))))
    return text


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the line of least squares."""
    xs, ys = zip(*points, strict=True)
    return statistics.linear_regression(xs, ys).slope


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def cells(*values: str) -> str:
    return f"| {' | '.join(values)} |"


def machine(settings: Settings) -> str:
    """Return what the figures were measured on."""
    code = (
        "from importlib.metadata import distributions as d; import json; "
        "print(json.dumps({one.name.lower(): one.version for one in d()}))"
    )
    load = f"{os.getloadavg()[0]:.1f} processes running before"
    text = [f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}; {load}."]
    for python, name in ((settings.pythons[False], "LumiX"), (settings.pythons[True], "Peers")):
        done = process(python, ["-c", code])
        if done.returncode:
            raise SystemExit(f"{python} does not run: {done.stderr.strip()}")
        found = json.loads(done.stdout)
        versions = (f"{one} {found[one.lower()]}" for one in PACKAGES if one.lower() in found)
        text.append(f"{name}: {', '.join(versions)}.")
    return "\n".join(text)


def insert(document: Path, text: str) -> None:
    """Put the tables between the fences of a document."""
    before, _, after = document.read_text().split(FENCE)
    document.write_text(f"{before}{FENCE}\n{text}\n\n{FENCE}{after}")


if __name__ == "__main__":
    sys.exit(main())
