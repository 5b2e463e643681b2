"""Computes what a formula in LaTeX means, as a reader of mathematics would, from the values of a row."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

TOKEN = re.compile(r"\\(?:left|right)(?:\\[a-z]+|\\[{}]|[()|])|\\text\{[^}]*\}|\\(?:[A-Za-z]+|.)|\d+(?:\.\d+)?|\S")
RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda left, right: left < right,
    r"\le": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    r"\ge": lambda left, right: left >= right,
    "=": lambda left, right: left == right,
    r"\neq": lambda left, right: left != right,
}
CLOSING = {
    r"\left(": (r"\right)", lambda value: value),
    r"\left|": (r"\right|", abs),
    r"\left\lfloor": (r"\right\rfloor", lambda value: value // 1),
}


class LatexReader:
    """Reads one formula; ``values`` are those of the attributes, by name."""

    def __init__(self, text: str, values: dict[str, Any]) -> None:
        self.tokens = [*TOKEN.findall(text), ""]
        self.position = 0
        self.values = values

    def read(self) -> Any:
        value = self.either()
        assert self.next == "", self.tokens[self.position :]
        return value

    @property
    def next(self) -> str:
        return self.tokens[self.position]

    def take(self, *expected: str) -> str:
        token = self.next
        assert not expected or token in expected, (token, expected)
        self.position += 1
        return token

    def either(self) -> Any:
        value = self.both()
        while self.next == r"\vee":
            self.take()
            other = self.both()
            value = bool(value) or bool(other)
        return value

    def both(self) -> Any:
        value = self.relation()
        while self.next == r"\wedge":
            self.take()
            other = self.relation()
            value = bool(value) and bool(other)
        return value

    def relation(self) -> Any:
        if self.next == r"\neg":
            self.take()
            return not self.power()
        left = self.sum()
        if self.next == r"\bmod":
            self.take()
            return left % self.power()
        holds = None
        while self.next in RELATIONS:
            sign, right = RELATIONS[self.take()], None
            right = self.sum()
            holds = sign(left, right) and holds is not False
            left = right
        return left if holds is None else holds

    def sum(self) -> Any:
        value = self.signed()
        while self.next in ("+", "-"):
            value = value + self.product() if self.take() == "+" else value - self.product()
        return value

    def signed(self) -> Any:
        if self.next != "-":
            return self.product()
        self.take()
        return -self.product()

    def product(self) -> Any:
        value = self.power()
        while self.next in (r"\,", r"\cdot"):
            self.take()
            value = value * self.power()
        return value

    def power(self) -> Any:
        value = self.atom()
        while self.next == "^":
            self.take()
            value = value ** self.group()
        return value

    def group(self) -> Any:
        self.take("{")
        value = self.either()
        self.take("}")
        return value

    def atom(self) -> Any:
        token = self.take()
        if token in CLOSING:
            closing, meaning = CLOSING[token]
            value = self.either()
            self.take(closing)
            return meaning(value)
        return self.named(token)

    def named(self, token: str) -> Any:
        if token == r"\frac":
            return self.group() / self.group()
        if token in (r"\min", r"\max"):
            return self.extreme(min if token == r"\min" else max)
        if token == r"\begin":
            return self.cases()
        if token == r"\mathrm":
            return self.attribute()
        if token in (r"\text{true}", r"\text{false}"):
            return token == r"\text{true}"
        return Fraction(token)

    def attribute(self) -> Any:
        self.take("{")
        name = self.take()
        for token in ("}", "_", "{", "p", "}"):
            self.take(token)
        return self.values[name]

    def extreme(self, choose: Callable[[list[Any]], Any]) -> Any:
        self.take(r"\left\{")
        values = [self.either()]
        while self.next == ",":
            self.take()
            values.append(self.either())
        self.take(r"\right\}")
        return choose(values)

    def cases(self) -> Any:
        while self.take() != "}":
            pass
        chosen: list[Any] = []
        while self.next != r"\end":
            value = self.either()
            self.take("&")
            holds = True if "if" not in self.take() else bool(self.either())
            chosen += [value] if holds else []
            if self.next == r"\\":
                self.take()
        while self.take() != "}":
            pass
        return chosen[0]
