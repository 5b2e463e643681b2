"""Tables as text: what solvers have, beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lumix_core.solver.solver import LiveSolver, LXFeature, Solver


def features_table(solvers: Iterable[Solver]) -> str:
    """Return a table of what each solver declares to have; its kit proves each, and each refusal."""
    columns = list(solvers)
    lines = [[str(feature), *(_mark(feature in one.features) for one in columns)] for feature in LXFeature]
    lines.append(["live sessions", *(_mark(isinstance(one, LiveSolver)) for one in columns)])
    return text_table(["feature", *(one.name for one in columns)], lines)


def _mark(has: bool) -> str:
    return "yes" if has else "-"


def text_table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return lines of cells, each as wide as the widest in its column."""
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in [head, *lines]
    )
