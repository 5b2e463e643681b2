"""What a problem holds beyond linear rows, as text."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lumix_core.problem.problem import LXBlock, LXProblem
from lumix_core.problem.structures import FunctionKind

WRITTEN = {FunctionKind.ABS: "|{}|", FunctionKind.MIN: "min({})", FunctionKind.MAX: "max({})"}
"""How functions of arguments are written."""
SHOWN_ARGUMENTS = 4
"""How many arguments, columns of a set or terms of an argument are written."""


def terms_beyond(problem: LXProblem, row: int) -> list[tuple[str, float]]:
    """Return the terms of a row (or of the objective, `OBJECTIVE`) that are not linear: text and coefficient."""
    held = problem.structures
    products, functions = held.quadratics, held.functions
    terms = []
    for k in np.flatnonzero(products.rows == row).tolist():
        left, right = int(products.left[k]), int(products.right[k])
        name = problem.column_name(left)
        text = f"{name}^2" if left == right else f"{name}*{problem.column_name(right)}"
        terms.append((text, float(products.values[k])))
    for k in np.flatnonzero(functions.use_rows == row).tolist():
        terms.append((function_text(problem, int(functions.use_functions[k])), float(functions.use_values[k])))
    return terms


def function_text(problem: LXProblem, function: int) -> str:
    """Return a function of its arguments: ``|x[1] - 3|``, ``max(a, b)``, ``curve(x)``."""
    functions = problem.structures.functions
    span = range(int(functions.starts[function]), int(functions.starts[function + 1]))
    shown = [argument_text(problem, argument) for argument in span[:SHOWN_ARGUMENTS]]
    if len(span) > SHOWN_ARGUMENTS:
        shown.append(f"... {len(span) - SHOWN_ARGUMENTS:,} more")
    return WRITTEN.get(FunctionKind(int(functions.kinds[function])), "curve({})").format(", ".join(shown))


def argument_text(problem: LXProblem, argument: int) -> str:
    """Return a linear expression: its first terms and its constant."""
    functions = problem.structures.functions
    start, stop = int(functions.argument_starts[argument]), int(functions.argument_starts[argument + 1])
    parts = []
    for k in range(start, min(stop, start + SHOWN_ARGUMENTS)):
        coefficient = float(functions.argument_coefficients[k])
        size = "" if abs(coefficient) == 1 else f"{abs(coefficient):.10g} "
        parts.append(
            f"{'-' if coefficient < 0 else '+'} {size}{problem.column_name(int(functions.argument_columns[k]))}"
        )
    if stop - start > SHOWN_ARGUMENTS:
        parts.append(f"+ ... ({stop - start - SHOWN_ARGUMENTS:,} more)")
    constant = float(functions.argument_constants[argument])
    if constant or not parts:
        parts.append(f"{'-' if constant < 0 else '+'} {abs(constant):.10g}")
    text = " ".join(parts)
    return text.removeprefix("+ ") if text.startswith("+") else f"-{text[2:]}"


def indicator_text(problem: LXProblem, row: int) -> str:
    """Return when a row holds, ``open[1] == 1 -> ``; empty for a row that always does."""
    indicators = problem.structures.indicators
    position = int(np.searchsorted(indicators.rows, row))
    if position >= len(indicators) or indicators.rows[position] != row:
        return ""
    return f"{problem.column_name(int(indicators.columns[position]))} == {int(indicators.values[position])} -> "


def set_lines(problem: LXProblem, shown: int) -> Iterator[str]:
    """Yield one line for each of the first special ordered sets, and how many more there are."""
    sets = problem.structures.sets
    for position, (kind, columns, _) in enumerate(sets):
        if position == shown:
            yield f"  ... ({len(sets) - shown:,} more)"
            return
        names = [problem.column_name(int(column)) for column in columns[:SHOWN_ARGUMENTS]]
        more = f", ... {len(columns) - SHOWN_ARGUMENTS:,} more" if len(columns) > SHOWN_ARGUMENTS else ""
        yield f"  SOS{kind}: {', '.join(names)}{more}"


def domain_text(problem: LXProblem, block: LXBlock) -> str:
    """Return the domain of a family of variables: ``binary`` where all are whole, from 0 to 1."""
    whole, semi = problem.integer[block.span], problem.structures.semi
    if len(semi) and semi[block.span].any():
        part = "" if semi[block.span].all() else " in part"
        return f"{'semi-integer' if whole.any() else 'semi-continuous'}{part}"
    if not whole.any():
        return "continuous"
    if not whole.all():
        return "integer in part"
    unit = (problem.lower[block.span] == 0).all() and (problem.upper[block.span] == 1).all()
    return "binary" if unit else "integer"


def kinds_text(problem: LXProblem) -> list[str]:
    """Return how many there are of each thing beyond linear rows: ``3 semi-continuous``, ``2 products``."""
    held = problem.structures
    functions = held.functions.kinds
    counts = {
        "semi-continuous": int(np.count_nonzero(held.semi)),
        "special ordered sets": len(held.sets),
        "indicators": len(held.indicators),
        "products": len(held.quadratics),
        "absolute values": int((functions == FunctionKind.ABS).sum()),
        "minima and maxima": int(((functions == FunctionKind.MIN) | (functions == FunctionKind.MAX)).sum()),
        "curves": int((functions == FunctionKind.PIECEWISE).sum()),
    }
    return [f"{count:,} {word}" for word, count in counts.items() if count]
