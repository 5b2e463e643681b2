"""A problem as text: rows, bounds and sums with their numbers, by families and keys."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Any

import numpy as np

from lumix_core.problem.arrays import FloatArray, IndexArray, IntArray
from lumix_core.problem.problem import LXBlock, LXProblem, find_block, known_position
from lumix_core.problem.structure_text import domain_text, indicator_text, kinds_text, set_lines, terms_beyond
from lumix_core.problem.structures import OBJECTIVE

SHOWN_TERMS = 6
"""How many terms of a sum are written."""
SHOWN_FAMILIES = 40
"""How many families of variables, and of constraints, are written."""
LONGEST_NAME = 80
"""The most characters of the name of an element."""


def number_text(value: float) -> str:
    """Return a number with ten significant digits at most."""
    return f"{value + 0.0:,.10g}"


def sum_text(terms: Sequence[tuple[str, float]], count: int | None = None, shown: int = SHOWN_TERMS) -> str:
    """Return a sum of terms.

    Args:
        terms: pairs of a variable's name and its coefficient; those that are not shown may be left out.
        count: how many terms there are; all that are given, unless it says more.
        shown: how many are written.
    """
    if not terms:
        return "0"
    parts = [_term(name, coefficient, first=not i) for i, (name, coefficient) in enumerate(terms[:shown])]
    return " ".join([*parts, *_more_terms((len(terms) if count is None else count) - shown)])


def _term(name: str, coefficient: float, *, first: bool) -> str:
    size = "" if abs(coefficient) == 1 else f"{number_text(abs(coefficient))} "
    if first:
        return f"{'-' if coefficient < 0 else ''}{size}{name}"
    return f"{'-' if coefficient < 0 else '+'} {size}{name}"


def _more_terms(more: int) -> list[str]:
    return [f"+ ... ({more:,} more)"] if more > 0 else []


def between_text(middle: str, lower: float, upper: float) -> str:
    """Return what lies between two bounds, either of which may be infinite, as a relation."""
    if lower == upper:
        return f"{middle} == {number_text(lower)}"
    if math.isinf(lower) and math.isinf(upper):
        return f"{middle} has no bound"
    if math.isinf(lower):
        return f"{middle} <= {number_text(upper)}"
    if math.isinf(upper):
        return f"{middle} >= {number_text(lower)}"
    return f"{number_text(lower)} <= {middle} <= {number_text(upper)}"


def short_name(name: str) -> str:
    """Return the name of an element, cut where it is very long."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."


def row_text(problem: LXProblem, row: int, terms: int = SHOWN_TERMS) -> str:
    """Return one constraint: its name, its first terms and its row bounds.

    A constant of the expression is on the right, as in the problem.
    """
    start, stop = int(problem.row_starts[row]), int(problem.row_starts[row + 1])
    shown = slice(start, min(stop, start + terms))
    left = _sum(problem, row, problem.columns[shown], problem.coefficients[shown], stop - start)
    bounds = float(problem.row_lower[row]), float(problem.row_upper[row])
    name = short_name(problem.row_name(row))
    return f"{name}: {problem.goals.text(row)}{indicator_text(problem, row)}{between_text(left, *bounds)}"


def named_row_text(problem: LXProblem, name: str, key: Any, terms: int) -> str:
    """Return one constraint as `row_text` does.

    Args:
        problem: the problem.
        name: of the family.
        key: the key, or the row, of the element; None in a family without an index.
        terms: how many terms are written.

    Raises:
        LXUnknownNameError: there is no such family.
        LXUnknownKeyError: the family has no such key.
    """
    block = find_block(problem.constraints, name, "constraint")
    return row_text(problem, known_position(block, key), terms)


def _sum(problem: LXProblem, row: int, columns: IndexArray | IntArray, coefficients: FloatArray, count: int) -> str:
    """Return the linear terms that are given, how many more there are, and all other terms of the row."""
    names = [short_name(problem.column_name(column)) for column in columns.tolist()]
    terms = list(zip(names, coefficients.tolist(), strict=True))
    if problem.is_linear:
        return sum_text(terms, count, len(names))
    terms += [(short_name(text), coefficient) for text, coefficient in terms_beyond(problem, row)]
    return sum_text(terms, count + len(terms) - len(names), len(terms))


def problem_text(problem: LXProblem, rows: int, terms: int = SHOWN_TERMS) -> str:
    """Return a problem as lines: objective, constraints, and variables with their domains and bounds.

    Only the rows that are shown are put into words.

    Args:
        problem: the problem.
        rows: how many elements of each family are shown.
        terms: how many terms of each sum.
    """
    return "\n".join(
        [
            f"Model {problem.name!r}: {size_text(problem)}",
            objective_text(problem, terms),
            "constraints:" if problem.constraints else "no constraints",
            *_families(problem.constraints, lambda block: _constraint_lines(problem, block, rows, terms)),
            "variables:" if problem.variables else "no variables",
            *_families(problem.variables, lambda block: _variable_lines(problem, block, rows)),
            *(["special ordered sets:", *set_lines(problem, rows)] if len(problem.structures.sets) else []),
        ]
    )


def size_text(problem: LXProblem) -> str:
    """Return how many variables, constraints and nonzeros there are."""
    whole = int(np.count_nonzero(problem.integer))
    parts = [
        counted(problem.num_variables, "variable") + (f" ({whole:,} whole)" if whole else ""),
        counted(problem.num_constraints, "constraint"),
        counted(problem.num_nonzeros, "nonzero"),
        *kinds_text(problem),
    ]
    return ", ".join(parts)


def counted(count: int, word: str) -> str:
    """Return a number of things, with an s where it is not one."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def objective_text(problem: LXProblem, terms: int = SHOWN_TERMS) -> str:
    """Return the objective: its direction, its first terms and its constant."""
    columns = np.flatnonzero(problem.objective)
    direction = "maximize" if problem.maximize else "minimize"
    if not len(columns) and not problem.offset and not problem.structures.has_terms:
        return f"{direction} 0: any feasible point is optimal"
    shown = columns[:terms]
    text = _sum(problem, OBJECTIVE, shown, problem.objective[shown], len(columns))
    text = "" if text == "0" else text
    if not text:
        return f"{direction} {number_text(problem.offset)}"
    if problem.offset:
        text += f" {'-' if problem.offset < 0 else '+'} {number_text(abs(problem.offset))}"
    return f"{direction} {text}"


def _families(blocks: Sequence[LXBlock], lines: Callable[[LXBlock], Iterator[str]]) -> Iterator[str]:
    for block in blocks[:SHOWN_FAMILIES]:
        yield from lines(block)
    if len(blocks) > SHOWN_FAMILIES:
        yield f"  ... ({len(blocks) - SHOWN_FAMILIES:,} more families)"


def _constraint_lines(problem: LXProblem, block: LXBlock, rows: int, terms: int) -> Iterator[str]:
    if block.keys.is_scalar:
        yield f"  {row_text(problem, block.start, terms)}"
        return
    yield f"  {short_name(block.name)}: {counted(len(block.keys), 'constraint')}"
    for row in range(block.start, min(block.stop, block.start + rows)):
        yield f"    {row_text(problem, row, terms)}"
    yield from _more_rows(block, rows)


def _variable_lines(problem: LXProblem, block: LXBlock, rows: int) -> Iterator[str]:
    lower, upper = problem.lower[block.span], problem.upper[block.span]
    domain = domain_text(problem, block)
    name = short_name(block.name)
    size = "" if block.keys.is_scalar else f"{counted(len(block.keys), 'variable')}, "
    if not len(lower):
        yield f"  {name}: {size}{domain}"
    elif (lower == lower[0]).all() and (upper == upper[0]).all():
        bounds = "" if domain == "binary" else f", {between_text(name, float(lower[0]), float(upper[0]))}"
        yield f"  {name}: {size}{domain}{bounds}"
    else:
        yield f"  {name}: {size}{domain}"
        for column in range(block.start, min(block.stop, block.start + rows)):
            bounds = between_text(short_name(block.element(column)), *_bounds(problem, column))
            yield f"    {bounds}"
        yield from _more_rows(block, rows)


def _more_rows(block: LXBlock, rows: int) -> Iterator[str]:
    if len(block.keys) > rows:
        yield f"    ... ({len(block.keys) - rows:,} more)"


def _bounds(problem: LXProblem, column: int) -> tuple[float, float]:
    return float(problem.lower[column]), float(problem.upper[column])


def lines_text(items: Sequence[object], shown: int) -> list[str]:
    """Return one indented line for each of the first items, and how many more there are."""
    lines = [f"  {item}" for item in items[:shown]]
    return [*lines, f"  ... ({len(items) - shown} more)"] if len(items) > shown else lines


def html_lines(*lines: str) -> str:
    """Return a paragraph of lines of text."""
    return f"<p>{'<br>'.join(escape(line.strip()) for line in lines)}</p>"


def html_table(head: Sequence[str], lines: Sequence[Sequence[str]], count: int | None = None) -> str:
    """Return a table whose cells are texts.

    Args:
        head: the titles of the columns, which may all be empty.
        lines: the rows that are shown.
        count: how many rows there are; a last row says how many of them are not shown.
    """
    more = 0 if count is None else count - len(lines)
    rest = [[f"... ({more:,} more)", *[""] * (len(head) - 1)]] if more > 0 else []
    titles = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    top = f"<thead><tr>{titles}</tr></thead>" if any(head) else ""
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>" for line in [*lines, *rest])
    return f"<table>{top}<tbody>{rows}</tbody></table>"
