"""Random rules, as texts, and what plain Python makes of them over Fractions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, eq=False)
class Row:
    """A row with three small whole numbers."""

    id: int
    a: int
    b: int
    c: int


class Poison(Exception):  # noqa: N818 - a signal, not an error
    """An element that the family does not have counts."""


@dataclass(frozen=True, eq=False)
class Plain:
    """A sum as plain Python keeps it: a number for each element, and one for none."""

    terms: tuple[tuple[Any, Fraction], ...] = ()

    def of(self, other: Any, sign: int) -> Plain:
        """Return the sum with something else."""
        mine = other.terms if isinstance(other, Plain) else ((None, Fraction(other)),)
        return Plain((*self.terms, *((key, sign * value) for key, value in mine)))

    def __add__(self, other: Any) -> Plain:
        return self.of(other, 1)

    def __radd__(self, other: Any) -> Plain:
        return self.of(other, 1)

    def __sub__(self, other: Any) -> Plain:
        return self.of(other, -1)

    def __rsub__(self, other: Any) -> Plain:
        return (-self).of(other, 1)

    def __mul__(self, factor: Any) -> Plain:
        return Plain(tuple((key, value * Fraction(factor)) for key, value in self.terms))

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> Plain:
        return self * (Fraction(1) / Fraction(divisor))

    def __neg__(self) -> Plain:
        return self * -1

    def __le__(self, other: Any) -> Any:
        return Compared("<=", (self, other))

    def __ge__(self, other: Any) -> Any:
        return Compared(">=", (self, other))

    def __eq__(self, other: object) -> Any:
        return Compared("==", (self, other))

    __hash__ = object.__hash__

    def numbers(self) -> dict[Any, Fraction]:
        """Return the number of each element; raises `Poison` where one that is not there counts."""
        totals: dict[Any, Fraction] = {}
        for key, value in self.terms:
            if key is not None and key[1] is MISSING and value:
                raise Poison
            totals[key] = totals.get(key, Fraction(0)) + value
        return {key: value for key, value in totals.items() if value or key is None}


MISSING = object()


@dataclass(frozen=True, eq=False)
class Compared:
    """A comparison of two sums, or a sum between two sides."""

    sense: str
    parts: tuple[Any, ...]

    def bounds(self) -> tuple[dict[Any, Fraction], Fraction | None, Fraction | None]:
        """Return the numbers of the elements, and the least and the greatest value of their sum."""
        if self.sense == "between":
            low, middle, high = self.parts
            numbers = (Plain() + middle).numbers()
            constant = numbers.pop(None, Fraction(0))
            return numbers, Fraction(low) - constant, Fraction(high) - constant
        left, right = self.parts
        numbers = (Plain() + left - right).numbers()
        rhs = -numbers.pop(None, Fraction(0))
        return numbers, None if self.sense == "<=" else rhs, None if self.sense == ">=" else rhs


@dataclass(frozen=True, eq=False)
class PlainFamily:
    """A family as plain Python goes through it."""

    name: str
    rows: list[Any]
    keys: list[Any]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def _key(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        found = tuple(getattr(part, "id", part) for part in parts)
        return found if len(found) > 1 else found[0]

    def __contains__(self, key: Any) -> bool:
        return self._key(key) in self.keys

    def __getitem__(self, key: Any) -> Plain:
        found = self._key(key)
        return Plain((((self.name, found if found in self.keys else MISSING), Fraction(1)),))

    def get(self, key: Any, missing: Any = 0) -> Any:
        """Return an element, or what is given in its place."""
        return self[key] if self._key(key) in self.keys else missing


class PlainParameter(dict[Any, Any]):
    """A table of numbers with the default 0."""

    def __missing__(self, key: Any) -> int:
        return 0


@dataclass(eq=False)
class Writer:
    """Writes random rules over the families x, y (one dimension), xy (two) and over (none), and the parameter need."""

    source: random.Random
    lines: list[str] = field(default_factory=list)

    def pick(self, *options: str) -> str:
        """Return one of the texts."""
        return self.source.choice(options)

    def chance(self, share: float) -> bool:
        """Return whether to do something that is done so often."""
        return self.source.random() < share

    def number(self, rows: list[str], depth: int = 0) -> str:  # noqa: PLR0911 - one kind of number each
        """Return a number of rows."""
        row = self.source.choice(rows)
        kind = self.source.random()
        if kind < 0.35 or depth > 1:
            return f"{row}.{self.pick('a', 'b', 'c')}"
        if kind < 0.5:
            return self.pick("-2", "-1", "0", "1", "2", "3", "0.5")
        if kind < 0.65:
            return f"need[{row}.id, {self.source.choice(rows)}.id]"
        if kind < 0.78:
            return f"({self.number(rows, depth + 1)} {self.pick('+', '-', '*')} {self.number(rows, depth + 1)})"
        if kind < 0.86:
            return f"({self.number(rows, depth + 1)} if {self.condition(rows)} else {self.number(rows, depth + 1)})"
        if kind < 0.92:
            return f"table[{row}.c]"
        return self.numbers_summed(rows)

    def numbers_summed(self, rows: list[str]) -> str:
        """Return a sum of numbers."""
        name = f"n{len(rows)}"
        what = self.pick("1", f"{name}.a", self.number([*rows, name], 2))
        return f"sum({what} for {name} in {self.pick('x', 'y')}{self.maybe_filter([*rows, name])})"

    def condition(self, rows: list[str], depth: int = 0) -> str:
        """Return a condition on rows."""
        kind = self.source.random()
        if depth < 1 and kind < 0.2:
            return f"({self.condition(rows, 1)} {self.pick('and', 'or')} {self.condition(rows, 1)})"
        if depth < 1 and kind < 0.28:
            return f"not ({self.condition(rows, 1)})"
        row, other = self.source.choice(rows), self.source.choice(rows)
        if kind < 0.36:
            return f"{row}.{self.pick('a', 'b')} in chosen"
        if kind < 0.4:
            return f"{row}.b"
        right = f"{other}.{self.pick('a', 'b', 'c')}" if self.chance(0.6) else str(self.source.randint(0, 3))
        return f"{row}.{self.pick('a', 'b', 'c')} {self.pick('<', '<=', '==', '==', '!=', '>')} {right}"

    def maybe_filter(self, rows: list[str]) -> str:
        """Return a filter, or none."""
        return f" if {self.condition(rows)}" if self.chance(0.5) else ""

    def element(self, rows: list[str]) -> str:
        """Return an element of a family."""
        row, other = self.source.choice(rows), self.source.choice(rows)
        kind = self.source.random()
        if kind < 0.35:
            return f"{self.pick('x', 'y')}[{row}.id]"
        if kind < 0.55:
            return f"{self.pick('x', 'y')}.get({row}.id {self.pick('+', '-')} 1, 0)"
        if kind < 0.7:
            return f"xy.get(({row}.id, {other}.id), 0)"
        if kind < 0.78:
            return f"xy[{row}.id, {other}.id]"
        if kind < 0.9:
            return "over"
        return self.pick("x[1]", "outside")

    def summed(self, rows: list[str], depth: int) -> str:
        """Return a sum of elements over a family."""
        if self.chance(0.2):
            left, right = f"i{len(rows)}", f"j{len(rows)}"
            inner = [*rows, left, right]
            own = f"xy[{left}, {right}]"
            term = own if self.chance(0.5) else f"{self.number(inner)} * {own}"
            return f"sum({term} for {left}, {right} in xy{self.maybe_filter(inner)})"
        name, family = f"r{len(rows)}", self.pick("x", "y")
        inner = [*rows, name]
        term = f"{family}[{name}]" if self.chance(0.4) else self.expression(inner, depth + 1)
        if self.chance(0.1):
            return f"sum([{term} for {name} in {family}{self.maybe_filter(inner)}])"
        return f"sum({term} for {name} in {family}{self.maybe_filter(inner)})"

    def expression(self, rows: list[str], depth: int = 0) -> str:
        """Return a sum of elements and numbers."""
        kind = self.source.random()
        if kind < 0.2 or depth > 2:
            return self.element(rows)
        if kind < 0.35:
            return f"{self.number(rows)} * ({self.expression(rows, depth + 1)})"
        if kind < 0.55:
            other = self.expression(rows, depth + 1) if self.chance(0.6) else self.number(rows)
            return f"({self.expression(rows, depth + 1)} {self.pick('+', '-')} {other})"
        if kind < 0.6:
            one, other = self.expression(rows, depth + 1), self.expression(rows, depth + 1)
            return f"({one} if {self.condition(rows)} else {other})"
        if kind < 0.63:
            return f"sum(need[k] * {self.pick('x[1]', 'x.get(k[0], 0)')} for k in need)"
        return self.summed(rows, depth)

    def comparison(self, rows: list[str]) -> str:
        """Return the comparison that a rule returns."""
        left, kind = self.expression(rows), self.source.random()
        if kind < 0.08:
            return f"between({self.number(rows, 2)} - 9, {left}, {self.number(rows, 2)} + 9)"
        if kind < 0.14:
            return f"{self.number(rows, 2)} - 9 <= ({left}) <= {self.number(rows, 2)} + 9"
        right = self.number(rows) if self.chance(0.7) else f"{self.number(rows)} + {self.expression(rows, 1)}"
        pair = (left, right) if self.chance(0.8) else (right, left)
        return f"({pair[0]}) {self.pick('<=', '>=', '==')} ({pair[1]})"

    def rule(self, rows: list[str]) -> str:
        """Return the text of a rule."""
        lines: list[str] = []
        kind = self.source.random()
        if self.chance(0.1):
            lines.append(f"if {self.condition(rows)}: return SKIP")
        if kind < 0.12:
            lines += [f"t = {self.expression(rows, 2)}", f"for p in {self.pick('x', 'y')}:"]
            guard = f"if {self.condition([*rows, 'p'])}: " if self.chance(0.5) else ""
            lines += [f"    {guard}t = t + {self.expression([*rows, 'p'], 2)}", f"return t <= {self.number(rows)}"]
        elif kind < 0.2:
            lines.append(f"l = [{self.expression([*rows, 'p'], 2)} for p in {self.pick('x', 'y')}]")
            lines.append(f"return sum(l) + {self.pick('sum(l)', 'over', '2 * sum(l)')} <= {self.number(rows)}")
        elif kind < 0.26:
            lines += [f"e = {self.expression(rows, 2)}", f"if {self.condition(rows)}:"]
            lines.append(f"    return sum(e + p.a for p in {self.pick('x', 'y')}) <= {self.number(rows)}")
            lines.append(f"return e {self.pick('<=', '>=', '==')} over + 1")
        elif kind < 0.32:
            lines += self.unusual(rows)
        else:
            lines.append(f"return {self.comparison(rows)}")
        return "\n".join([f"def rule({', '.join(rows)}):", *(f"    {line}" for line in lines)]) + "\n"

    def unusual(self, rows: list[str]) -> list[str]:
        """Return a rule that does more with a family than to sum over it."""
        row = rows[0]
        return self.source.choice(
            [
                ["t = over", "for p in x:", "    t = t + x[p]", f"    if p.a > {row}.a: break", "return t <= 9"],
                ["t = over", "for p in x: t = 2 * t + x[p]", f"return t <= {row}.c"],
                ["last = 0", "t = over", "for p in x:", "    t = t + last * x[p]", "    last = p.a", "return t <= 9"],
                [f"return sum(x[p] for p in x) <= len(x) * {row}.a"],
                [f"return sum(y[p.id] for p in x if p.id in y) >= {row}.b"],
                [f"return (over if any(p.a == {row}.a for p in x) else x[1]) <= {row}.c"],
                [f"return sum(x[p] + y[q] for p, q in zip(x, y)) <= {row}.a"],
                [f"return max(p.a for p in x) * over <= {row}.b + 1"],
                [
                    "seen = 0",
                    "t = over",
                    "for p in y:",
                    "    seen = seen + 1",
                    "    t = t + seen * y[p]",
                    "return t <= 9",
                ],
                [f"n = sum(1 for p in x if p.a > {row}.a)", f"return n * over - sum([1 for p in y]) * x[1] <= {row}.b"],
                ["t = 1", "for p in x: t = t * 2", f"return t * over <= {row}.a"],
                ["b = {p.id: x[p] for p in x}", f"return b[1] + over <= {row}.c"],
                [f"return sum([x[p] for p in x][:3]) <= {row}.a"],
                [f"return sum(x[p] for p, _ in zip(x, range(3))) <= {row}.a"],
                [f"return sum(e for e, _ in zip((x[p] for p in x), range(3))) <= {row}.a"],
                [f"return sum(x[p] for i, p in enumerate(x) if i < 3) <= {row}.a"],
                ["n = 0", "t = over", "for p in x:", "    n = n + 1", "    if n < 4: t = t + x[p]", "return t <= 9"],
                [
                    "n = 0",
                    "t = over",
                    "for e in (x[p] for p in x):",
                    "    n += 1",
                    "    t += (n < 4) * e",
                    "return t <= 9",
                ],
                [
                    "k = l = 0",
                    "t = over",
                    "for p in x:",
                    "    t += k * x[p]",
                    "    k = l",
                    "    l = p.a",
                    "return t <= 9",
                ],
                ["n = [0]", "t = over", "for p in x:", "    n += [1]", "    t += (len(n) < 5) * x[p]", "return t <= 9"],
                [
                    "t = over",
                    "for p in x:",
                    f"    w = p.a * {row}.b",
                    "    t += w * x[p]",
                    "for p in y:",
                    "    w = p.c",
                    "    t += w * y[p]",
                    "return t <= 9",
                ],
            ]
        )
