"""Problems as files in LP format, every number with all its digits.

The format: CPLEX file formats reference, "LP file format", as far as it is linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy as np

from lumix_core.problem.files.beyond_linear import lp_condition, lp_products, lp_sections
from lumix_core.problem.files.lines import Lines, open_lines, open_writer
from lumix_core.problem.files.mps import INFINITE
from lumix_core.problem.files.names import LXFileNames, read_table, table_lines
from lumix_core.problem.files.parts import Parts
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.structures import OBJECTIVE

MARK = "\\> "
"""Starts the comments that hold the table of names."""
TERMS_A_LINE = 6
"""How many terms are written on one line; readers limit lines."""
SECTIONS = {
    **dict.fromkeys(("maximize", "maximise", "maximum", "max"), "maximize"),
    **dict.fromkeys(("minimize", "minimise", "minimum", "min"), "minimize"),
    **dict.fromkeys(("subject to", "such that", "st", "s.t.", "st."), "rows"),
    **dict.fromkeys(("bounds", "bound"), "bounds"),
    **dict.fromkeys(("generals", "general", "gen", "integers", "integer", "int"), "integers"),
    **dict.fromkeys(("binaries", "binary", "bin"), "binaries"),
    "end": "end",
}
"""The sections of a linear problem, by their spellings."""
NOT_LINEAR = ("semi-continuous", "semi", "semis", "sos", "sos1", "sos2", "pwlobj", "lazy constraints", "user cuts")
TOKEN = re.compile(
    r"\s*(?:(?P<sense>[<>]=?|=[<>]?)|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<sign>[+-])|(?P<colon>:)"
    r"|(?P<name>[A-Za-z!\"#$%&()/,;?@_`'{}|~][A-Za-z0-9!\"#$%&()/,.;?@_`'{}|~]*))"
)
INFINITY = ("inf", "infinity")


def write_lp(problem: LXProblem, path: Path) -> LXFileNames:
    """Write a problem to a file, and return the names that its columns and rows have there."""
    names = LXFileNames.of(problem)
    with open_writer(path) as file:
        file.writelines(f"{line}\n" for line in _lines(problem, names))
    return names


def _lines(problem: LXProblem, names: LXFileNames) -> Iterator[str]:
    columns, rows = list(names.variables), list(names.constraints)
    twins = _twins(problem, rows)
    yield "Maximize" if problem.maximize else "Minimize"
    # All columns, those without a cost too: readers number columns in the order in which they meet them.
    costs = zip(problem.objective.tolist(), columns, strict=True)
    constant = [(problem.offset, "")] if problem.offset else []
    yield from _expression("obj", [*costs, *constant], lp_products(problem, OBJECTIVE, columns))
    yield "Subject To"
    yield from _rows(problem, columns, rows, twins)
    yield "Bounds"
    for name, lower, upper in zip(columns, problem.lower.tolist(), problem.upper.tolist(), strict=True):
        yield _bound(name, lower, upper)
    if problem.integer.any():
        yield "Generals"
        yield from (f" {columns[j]}" for j in np.flatnonzero(problem.integer).tolist())
    yield from lp_sections(problem, columns)
    yield from (f"{MARK}{chunk}" for chunk in table_lines(problem, {"upper_rows": twins}))
    yield "End"


def _twins(problem: LXProblem, rows: list[str]) -> dict[str, str]:
    """Return the names of second rows for the upper bounds of ranges, which some readers do not take as one row."""
    lower, upper = problem.row_lower, problem.row_upper
    taken = set(rows)
    twins = {}
    for i in np.flatnonzero(np.isfinite(lower) & np.isfinite(upper) & (lower != upper)).tolist():
        twin = f"{rows[i]}__upper"
        while twin in taken:
            twin += "_"
        taken.add(twin)
        twins[rows[i]] = twin
    return twins


def _rows(problem: LXProblem, columns: list[str], rows: list[str], twins: dict[str, str]) -> Iterator[str]:
    starts, places, values = problem.row_starts.tolist(), problem.columns.tolist(), problem.coefficients.tolist()
    bounds = zip(rows, problem.row_lower.tolist(), problem.row_upper.tolist(), strict=True)
    for i, (name, lower, upper) in enumerate(bounds):
        terms = [(values[k], columns[places[k]]) for k in range(starts[i], starts[i + 1])]
        if not terms:
            terms = [(0.0, columns[0])]
        more, when = (
            ("", "") if problem.is_linear else (lp_products(problem, i, columns), lp_condition(problem, i, columns))
        )
        if lower == upper:
            yield from _expression(name, terms, f"{more} = {lower!r}", when)
        elif upper == np.inf:
            yield from _expression(name, terms, f"{more} >= {_number(lower)}", when)
        elif lower == -np.inf:
            yield from _expression(name, terms, f"{more} <= {upper!r}", when)
        else:
            yield from _expression(name, terms, f"{more} >= {lower!r}", when)
            yield from _expression(twins[name], terms, f"{more} <= {upper!r}", when)


def _expression(name: str, terms: list[tuple[float, str]], end: str, when: str = "") -> Iterator[str]:
    texts = [f"{'-' if value < 0 else '+'} {abs(value)!r} {column}".rstrip() for value, column in terms]
    for start in range(0, len(texts), TERMS_A_LINE):
        first, last = start == 0, start + TERMS_A_LINE >= len(texts)
        head = f" {name}: {when}" if first else "  "
        yield f"{head}{' '.join(texts[start : start + TERMS_A_LINE])}{end if last else ''}"
    if not texts:
        yield f" {name}:"


def _bound(name: str, lower: float, upper: float) -> str:
    if lower == -np.inf and upper == np.inf:
        return f" {name} free"
    if lower == upper:
        return f" {name} = {lower!r}"
    return f" {_number(lower)} <= {name} <= {_number(upper)}"


def _number(value: float) -> str:
    return repr(value) if np.isfinite(value) else "+inf" if value > 0 else "-inf"


def read_lp(path: Path) -> LXProblem:
    """Return the problem of a file in LP format.

    Raises:
        LXFileError: the file is no LP, is damaged, or is not linear; it names the line.
        OSError: the file cannot be opened.
    """
    with open_lines(path) as lines:
        return _Reader(lines).read()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


@dataclass
class _Reader:
    lines: Lines
    parts: Parts = field(init=False)
    chunks: list[str] = field(default_factory=list)
    tokens: list[_Token] = field(default_factory=list)
    at: int = 0
    bounded: set[tuple[int, str]] = field(default_factory=set)
    has_objective: bool = False

    def __post_init__(self) -> None:
        self.parts = Parts(self.lines)

    def read(self) -> LXProblem:
        section = ""
        for line in self.lines:
            if line.startswith(MARK):
                self.chunks.append(line[len(MARK) :])
                continue
            text = line.split("\\", 1)[0]
            word = " ".join(text.lower().split())
            if (begun := SECTIONS.get(word)) is not None:
                self._section(section)
                section = begun
                if section == "end":
                    break
            elif word in NOT_LINEAR:
                self.lines.fail(f"section {word!r} is not one of a linear problem")
            elif word:
                self.tokens.extend(self._tokens(text))
        if section != "end":
            self.lines.fail("the file ends without End")
        self.parts.refuse_negative_upper_bounds({column for column, word in self.bounded if word == ">"})
        return self.parts.problem("", read_table(self.chunks, self.lines.fail))

    def _tokens(self, text: str) -> Iterator[_Token]:
        position = 0
        text = text.rstrip()
        while position < len(text):
            match = TOKEN.match(text, position)
            if match is None:
                self.lines.fail(f"{text[position : position + 40].strip()!r} is not part of a linear problem")
            if match.lastgroup == "number":
                self.lines.number_of(match["number"])
            yield _Token(match.lastgroup or "", match[match.lastgroup or 0], self.lines.number)
            position = match.end()

    def _section(self, section: str) -> None:
        """Read the tokens of a section that is complete."""
        if section in ("maximize", "minimize"):
            if self.has_objective:
                self.lines.fail("the file has two objectives")
            self.has_objective = True
            self.parts.maximize = section == "maximize"
            self._objective()
        while self.at < len(self.tokens):
            if section == "rows":
                self._constraint()
            elif section == "bounds":
                self._bound()
            elif section in ("integers", "binaries"):
                self._integer(section == "binaries")
            else:
                self._fail("there is data before the first section" if not section else "the objective has a sense")
        self.tokens, self.at = [], 0

    def _objective(self) -> None:
        self._label()
        terms, constant = self._terms()
        for column, number in terms.items():
            self.parts.add_cost(column, number)
        self.parts.offset = constant

    def _constraint(self) -> None:
        name = self._label()
        lower = None
        if self._starts_with_bound():
            lower = self._signed()
            opening = self._sense()
        terms, constant = self._terms()
        if not terms:
            self._fail("a constraint has no variables")
        row = self.parts.add_row(name if name is not None else f"c{len(self.parts.rows) + 1}")
        sense = self._sense() if lower is None or self._peek("sense") else None
        if lower is not None:
            self._limit(row, {"<": ">", ">": "<", "=": "="}[opening], lower - constant)
        if sense is not None:
            end = self.tokens[self.at - 1]
            self._limit(row, sense, self._signed() - constant)
            follows = self._token()
            if follows is not None and follows.line == self.tokens[self.at - 1].line and follows.line >= end.line:
                self._fail("something follows the right-hand side on its line")
        for column, number in terms.items():
            self.parts.add_entry(row, column, number)

    def _limit(self, row: int, sense: str, number: float) -> None:
        lower, upper = self.parts.row_lower, self.parts.row_upper
        if (sense in "<=" and upper[row] != np.inf) or (sense in ">=" and lower[row] != -np.inf):
            self._fail("a constraint has two bounds on one side")
        if sense in "<=":
            upper[row] = number
        if sense in ">=":
            lower[row] = number

    def _bound(self) -> None:
        if self._starts_with_bound():
            number, sense = self._signed(), self._sense()
            column = self._column()
            self._set(column, {"<": ">", ">": "<", "=": "="}[sense], number)
            if not self._peek("sense"):
                return
        else:
            column = self._column()
            follows = self._token()
            if follows is not None and follows.text.lower() == "free":
                self.at += 1
                self._set(column, ">", -np.inf)
                self._set(column, "<", np.inf)
                return
        self._set(column, self._sense(), self._signed())

    def _set(self, column: int, sense: str, number: float) -> None:
        value = float(np.copysign(np.inf, number)) if abs(number) >= INFINITE else number
        for word, bounds in (("<", self.parts.upper), (">", self.parts.lower)):
            if sense in (word, "="):
                if (column, word) in self.bounded:
                    self._fail(f"column {self.parts.column_name(column)!r} has two bounds on one side")
                self.bounded.add((column, word))
                bounds[column] = value

    def _integer(self, binary: bool) -> None:
        column = self._column()
        self.parts.integer[column] = True
        if not binary:
            return
        for word, bounds, limit in ((">", self.parts.lower, 0.0), ("<", self.parts.upper, 1.0)):
            if (column, word) not in self.bounded:
                bounds[column] = limit
            elif not 0.0 <= bounds[column] <= 1.0:
                self._fail(f"column {self.parts.column_name(column)!r} is binary and has the bound {bounds[column]:g}")

    def _terms(self) -> tuple[dict[int, float], float]:
        """Read a sum of terms, up to a sense, a label or the end; return coefficients by column and the constant."""
        terms: dict[int, float] = {}
        constant, begun = 0.0, False
        while (token := self._token()) is not None and token.kind in ("sign", "number", "name"):
            if begun and token.kind != "sign":
                break
            number = self._coefficient()
            follows = self._token()
            if follows is not None and follows.kind == "name":
                self.at += 1
                column = self._new_column(follows.text)
                if column in terms:
                    self._fail(f"column {follows.text[:80]!r} is there twice in one expression", follows)
                terms[column] = 1.0 if number is None else number
            elif number is not None and token.kind != "name":
                constant += number
            else:
                self._fail("a sign stands alone")
            begun = True
        return terms, constant

    def _coefficient(self) -> float | None:
        """Read signs and a number; a sign without a number is 1 or -1, and neither is None."""
        sign = self._sign()
        token = self._token()
        if token is not None and token.kind == "number":
            self.at += 1
            return (sign or 1.0) * float(token.text)
        return sign

    def _sign(self) -> float | None:
        sign = None
        while self._peek("sign"):
            sign = (1.0 if sign is None else sign) * (-1.0 if self.tokens[self.at].text == "-" else 1.0)
            self.at += 1
        return sign

    def _signed(self) -> float:
        sign, token = self._sign() or 1.0, self._token()
        if token is not None and token.kind == "number":
            self.at += 1
            return sign * float(token.text)
        if token is None or token.text.lower() not in INFINITY:
            self._fail("a number is missing")
        self.at += 1
        return float(sign * np.inf)

    def _sense(self) -> str:
        token = self._token()
        if token is None or token.kind != "sense":
            self._fail("expected <=, >= or =")
        self.at += 1
        return next((word for word in "<>" if word in token.text), "=")

    def _label(self) -> str | None:
        if self._peek("name") and self.at + 1 < len(self.tokens) and self.tokens[self.at + 1].kind == "colon":
            self.at += 2
            return self.tokens[self.at - 2].text
        return None

    def _starts_with_bound(self) -> bool:
        """Whether a number with a sense after it is next."""
        at = self.at
        while at < len(self.tokens) and self.tokens[at].kind == "sign":
            at += 1
        if at + 1 >= len(self.tokens) or self.tokens[at + 1].kind != "sense":
            return False
        return self.tokens[at].kind == "number" or self.tokens[at].text.lower() in INFINITY

    def _column(self) -> int:
        token = self._token()
        if token is None or token.kind != "name":
            self._fail("expected the name of a variable")
        if token.text not in self.parts.columns:
            self._fail(f"{token.text[:80]!r} is in no constraint, nor in the objective", token)
        self.at += 1
        return self.parts.columns[token.text]

    def _new_column(self, name: str) -> int:
        found = self.parts.columns.get(name)
        return self.parts.add_column(name) if found is None else found

    def _token(self) -> _Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _peek(self, kind: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at].kind == kind

    def _fail(self, problem: str, token: _Token | None = None) -> NoReturn:
        token = token or (self.tokens[min(self.at, len(self.tokens) - 1)] if self.tokens else None)
        self.lines.fail(problem, None if token is None else token.line)
