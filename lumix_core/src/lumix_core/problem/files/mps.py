"""Problems as files in free MPS format, every number with all its digits.

The format: CPLEX file formats reference, "MPS file format"; the objective's constant is the negative right-hand side
of the objective row. Every bound is written, since readers differ in what they suppose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lumix_core.problem.files.beyond_linear import mps_sections
from lumix_core.problem.files.lines import Lines, open_lines, open_writer
from lumix_core.problem.files.names import LXFileNames, read_table, table_lines
from lumix_core.problem.files.parts import Parts
from lumix_core.problem.problem import LXProblem

INFINITE = 1e30
"""A bound of this size is infinite in a file."""
MARK = "* > "
"""Starts the comments that hold the table of names."""


def write_mps(problem: LXProblem, path: Path) -> LXFileNames:
    """Write a problem to a file, as a minimisation, and return the names that its columns and rows have there."""
    names = LXFileNames.of(problem)
    with open_writer(path) as file:
        file.writelines(f"{line}\n" for line in _lines(problem, names))
    return names


def _lines(problem: LXProblem, names: LXFileNames) -> Iterator[str]:
    rows = list(names.constraints)
    sense, rhs, ranges = _one_sided(problem)
    exact = {name: [lower, upper] for name, lower, upper in _inexact(problem, rows, rhs, ranges)}
    extra = {"maximize": problem.maximize, "exact": exact}
    yield "NAME LUMIX FREE"
    if problem.maximize:
        yield "* The objective is the negative of what is maximised, since some readers ignore OBJSENSE."
    yield from ("ROWS", " N OBJ")
    yield from (f" {word} {name}" for word, name in zip(sense, rows, strict=True))
    yield "COLUMNS"
    yield from _columns(problem, list(names.variables), rows)
    yield "RHS"
    if problem.offset:
        yield f" RHS OBJ {problem.offset if problem.maximize else -problem.offset!r}"
    yield from (f" RHS {name} {side!r}" for name, side in zip(rows, rhs, strict=True) if side)
    if any(ranges):
        yield "RANGES"
        yield from (f" RNG {name} {width!r}" for name, width in zip(rows, ranges, strict=True) if width)
    yield "BOUNDS"
    semi = problem.structures.semi if problem.structures.has_semi else np.zeros_like(problem.integer)
    bounds = zip(names.variables, problem.lower.tolist(), problem.upper.tolist(), semi.tolist(), strict=True)
    for (name, lower, upper, is_semi), whole in zip(bounds, problem.integer.tolist(), strict=True):
        yield from _semi_bounds(name, lower, upper, whole) if is_semi else _bounds(name, lower, upper)
    yield from mps_sections(problem, list(names.variables), rows)
    yield from (f"{MARK}{chunk}" for chunk in table_lines(problem, extra))
    yield "ENDATA"


def _one_sided(problem: LXProblem) -> tuple[list[str], list[float], list[float]]:
    """Return each row's letter, right-hand side and width of its range; 0 where it has none."""
    lower, upper = problem.row_lower, problem.row_upper
    has_lower, has_upper = np.isfinite(lower), np.isfinite(upper)
    letter = np.select([lower == upper, has_upper, has_lower], ["E", "L", "G"], "N")
    rhs = np.select([has_upper, has_lower], [upper, lower], 0.0)
    both = has_lower & has_upper & (lower != upper)
    width = np.subtract(upper, lower, out=np.zeros(len(lower)), where=both)
    return letter.tolist(), rhs.tolist(), width.tolist()


def _inexact(
    problem: LXProblem, rows: list[str], rhs: list[float], ranges: list[float]
) -> Iterator[tuple[str, float, float]]:
    """Yield the ranges whose lower bound is another number when it is computed from the upper one and the width."""
    lower = problem.row_lower.tolist()
    for i, width in enumerate(ranges):
        if width and rhs[i] - width != lower[i]:
            yield rows[i], lower[i], rhs[i]


def _columns(problem: LXProblem, columns: list[str], rows: list[str]) -> Iterator[str]:
    starts, row_of, coefficients = problem.by_column()
    first, places, values = starts.tolist(), row_of.tolist(), coefficients.tolist()
    integer = problem.integer.tolist()
    costs = -problem.objective if problem.maximize else problem.objective
    for j, (name, cost) in enumerate(zip(columns, costs.tolist(), strict=True)):
        if integer[j] != (j > 0 and integer[j - 1]):
            yield _marker(j, integer[j])
        yield f" {name} OBJ {cost!r}"
        yield from (f" {name} {rows[places[k]]} {values[k]!r}" for k in range(first[j], first[j + 1]))
    if columns and integer[-1]:
        yield _marker(len(columns), False)


def _marker(j: int, begins: bool) -> str:
    return f" MARKER{j} 'MARKER' '{'INTORG' if begins else 'INTEND'}'"


def _bounds(column: str, lower: float, upper: float) -> Iterator[str]:
    if lower == upper:
        yield f" FX BND {column} {lower!r}"
    elif lower == -np.inf and upper == np.inf:
        yield f" FR BND {column}"
    else:
        yield f" MI BND {column}" if lower == -np.inf else f" LO BND {column} {lower!r}"
        yield f" PL BND {column}" if upper == np.inf else f" UP BND {column} {upper!r}"


def _semi_bounds(column: str, lower: float, upper: float, whole: bool) -> Iterator[str]:
    """Yield the bounds of a column that may be 0 besides; ``SC`` has the upper one, ``SI`` that of a whole one."""
    yield f" LO BND {column} {lower!r}"
    yield f" {'SI' if whole else 'SC'} BND {column} {INFINITE if upper == np.inf else upper!r}"


def read_mps(path: Path) -> LXProblem:
    """Return the problem of a file in free MPS format.

    Raises:
        LXFileError: the file is no MPS, is damaged, has more than one meaning, or is not linear; it names the line.
        OSError: the file cannot be opened.
    """
    with open_lines(path) as lines:
        return _Reader(lines).read()


@dataclass
class _Reader:
    lines: Lines
    parts: Parts = field(init=False)
    chunks: list[str] = field(default_factory=list)
    objective: str = ""
    in_integers: bool = False
    column: str = ""
    ended: bool = False
    name: str = ""
    ranges: dict[int, float] = field(default_factory=dict)
    senses: dict[int, str] = field(default_factory=dict)
    given_lower: set[int] = field(default_factory=set)
    given_upper: set[int] = field(default_factory=set)
    given_rhs: set[int] = field(default_factory=set)
    marked: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.parts = Parts(self.lines)

    def read(self) -> LXProblem:
        section = ""
        for line in self.lines:
            if line.startswith("*"):
                if line.startswith(MARK):
                    self.chunks.append(line[len(MARK) :])
            elif fields := line.split():
                if not line[0].isspace():
                    section = self._begin(fields)
                    if self.ended:
                        break
                else:
                    self._section(section)(fields)
        if not self.ended:
            self.lines.fail("the file ends without ENDATA")
        self._finish()
        return self.parts.problem(self.name, read_table(self.chunks, self.lines.fail))

    def _begin(self, fields: list[str]) -> str:
        section = fields[0].upper()
        if section == "NAME":
            self.name = " ".join(word for word in fields[1:] if word.upper() != "FREE")
        elif section == "ENDATA":
            self.ended = True
        elif section == "OBJSENSE" and len(fields) > 1:
            self._sense(fields[1:])
        elif section not in self._sections():
            self.lines.fail(f"section {fields[0][:40]!r} is not one of a linear problem")
        return section

    def _sections(self) -> dict[str, Callable[[list[str]], None]]:
        return {
            "OBJSENSE": self._sense,
            "ROWS": self._row,
            "COLUMNS": self._entries,
            "RHS": self._rhs,
            "RANGES": self._range,
            "BOUNDS": self._bound,
        }

    def _section(self, section: str) -> Callable[[list[str]], None]:
        found = self._sections().get(section)
        if found is None:
            self.lines.fail(f"data is in section {section[:40]!r}, which has none")
        return found

    def _sense(self, fields: list[str]) -> None:
        word = fields[0].upper()
        if word not in ("MAX", "MIN", "MAXIMIZE", "MINIMIZE"):
            self.lines.fail(f"OBJSENSE is {fields[0][:40]!r}; expected MAX or MIN")
        self.parts.maximize = word.startswith("MAX")

    def _row(self, fields: list[str]) -> None:
        if len(fields) != 2 or fields[0].upper() not in ("N", "L", "G", "E"):
            self.lines.fail("a row is its kind (N, L, G or E) and its name; names have no spaces")
        kind, name = fields[0].upper(), fields[1]
        if kind == "N" and not self.objective:
            self.objective = self.lines.check_name(name)
            return
        if name == self.objective:
            self.lines.fail(f"row {name[:80]!r} is there twice")
        self.senses[self.parts.add_row(name)] = kind

    def _entries(self, fields: list[str]) -> None:
        if len(fields) == 3 and fields[1].strip("'\"").upper() == "MARKER":
            self._mark(fields[2].strip("'\"").upper())
            return
        name = fields[0]
        if name != self.column:
            self.column = name
            column = self.parts.add_column(name, self.in_integers)
            if self.in_integers:
                self.marked.add(column)
        for row, number in self._pairs(fields[1:]):
            if row == self.objective:
                self.parts.add_cost(len(self.parts.columns) - 1, number)
            else:
                self.parts.add_entry(self._row_number(row), len(self.parts.columns) - 1, number)

    def _mark(self, word: str) -> None:
        if word not in ("INTORG", "INTEND") or self.in_integers == (word == "INTORG"):
            self.lines.fail(f"the marker {word[:40]!r} does not fit here")
        self.in_integers = word == "INTORG"

    def _rhs(self, fields: list[str]) -> None:
        for row, number in self._pairs(fields[1:] if len(fields) % 2 else fields):
            if row == self.objective:
                if -1 in self.given_rhs:
                    self.lines.fail("the objective has two constants")
                self.given_rhs.add(-1)
                self.parts.offset = -number
                continue
            i = self._row_number(row)
            if i in self.given_rhs:
                self.lines.fail(f"row {row[:80]!r} has two right-hand sides")
            self.given_rhs.add(i)
            self.parts.rhs[i] = number

    def _range(self, fields: list[str]) -> None:
        for row, number in self._pairs(fields[1:] if len(fields) % 2 else fields):
            i = self._row_number(row)
            if i in self.ranges or self.senses[i] == "N":
                self.lines.fail(f"row {row[:80]!r} has two ranges" if i in self.ranges else f"{row[:80]!r} is free")
            self.ranges[i] = number

    def _bound(self, fields: list[str]) -> None:
        kind = fields[0].upper()
        bare = kind in ("FR", "MI", "PL")
        if kind not in ("LO", "UP", "FX", "BV", "LI", "UI", "FR", "MI", "PL"):
            self.lines.fail(f"a bound of the kind {fields[0][:40]!r} is not one of a linear problem")
        if kind == "BV":
            bare = len(fields) < 4
        if len(fields) not in ((2, 3) if bare else (3, 4)):
            self.lines.fail("a bound is its kind, the name of its set, a column, and a number")
        name = fields[-1] if bare else fields[-2]
        column = self.parts.columns.get(name)
        if column is None:
            self.lines.fail(f"there is no column {name[:80]!r}")
        number = 0.0 if bare or kind == "BV" else self.lines.value_of(fields[-1])
        if kind == "BV":
            self.parts.integer[column], number = True, 0.0
            self._set(column, 0.0, 1.0)
            return
        if kind in ("LI", "UI"):
            self.parts.integer[column] = True
        lower = {"LO": number, "LI": number, "FX": number, "FR": -np.inf, "MI": -np.inf}.get(kind)
        upper = {"UP": number, "UI": number, "FX": number, "FR": np.inf, "PL": np.inf}.get(kind)
        self._set(column, lower, upper)

    def _set(self, column: int, lower: float | None, upper: float | None) -> None:
        for given, bounds, value, word in (
            (self.given_lower, self.parts.lower, lower, "lower"),
            (self.given_upper, self.parts.upper, upper, "upper"),
        ):
            if value is None:
                continue
            if column in given:
                self.lines.fail(f"column {self.parts.column_name(column)!r} has two {word} bounds")
            given.add(column)
            bounds[column] = np.copysign(np.inf, value) if abs(value) >= INFINITE else value

    def _pairs(self, fields: list[str]) -> Iterator[tuple[str, float]]:
        if len(fields) not in (2, 4):
            self.lines.fail("expected a name and a number, once or twice; names have no spaces")
        for k in range(0, len(fields), 2):
            yield fields[k], self.lines.number_of(fields[k + 1])

    def _row_number(self, name: str) -> int:
        row = self.parts.rows.get(name)
        if row is None:
            self.lines.fail(f"there is no row {name[:80]!r}")
        return row

    def _finish(self) -> None:
        parts = self.parts
        for j in self.marked - self.given_upper - self.given_lower:
            self.lines.fail(
                f"the integer column {parts.column_name(j)!r} has no bounds: readers differ in what they are"
            )
        parts.refuse_negative_upper_bounds(self.given_lower)
        for i, kind in self.senses.items():
            parts.row_lower[i], parts.row_upper[i] = _row_bounds(kind, parts.rhs[i], self.ranges.get(i))


def _row_bounds(kind: str, rhs: float, width: float | None) -> tuple[float, float]:
    if kind == "N":
        return -np.inf, np.inf
    if width is None:
        return (-np.inf if kind == "L" else rhs), (np.inf if kind == "G" else rhs)
    if kind == "E":
        return (rhs, rhs + width) if width >= 0.0 else (rhs + width, rhs)
    return (rhs - abs(width), rhs) if kind == "L" else (rhs, rhs + abs(width))
