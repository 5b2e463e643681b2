"""Random rules with products, abs, min and max have the value that Python gives them, at random points."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from lumix_core import LXConstraint, LXModel, between
from lumix_core.errors import LXFunctionError, LXMissingKeyError
from tests.core.compiler.test_rules_property import World, function_of
from tests.shared.random_rules import Compared, Poison, Row, Writer
from tests.shared.scale import examples

ROUNDS = examples(300)


@dataclass(frozen=True, eq=False)
class At:
    """The value of a sum at a point; it is not known where an element that is not there counts.

    What is multiplied by the number 0 is nothing, and so is its product with an element that is not there.
    """

    value: Fraction | None
    is_nothing: bool = False

    def of(self, other: Any, combine: Any) -> At:
        """Return this combined with another value."""
        theirs = other.value if isinstance(other, At) else Fraction(other)
        return At(None if self.value is None or theirs is None else combine(self.value, theirs))

    def __add__(self, other: Any) -> At:
        is_nothing = self.is_nothing and (other.is_nothing if isinstance(other, At) else not other)
        return self if is_nothing else self.of(other, lambda a, b: a + b)

    __radd__ = __add__

    def __sub__(self, other: Any) -> At:
        return self + -other

    def __rsub__(self, other: Any) -> At:
        return -self + other

    def __mul__(self, other: Any) -> At:
        is_nothing = self.is_nothing or (other.is_nothing if isinstance(other, At) else not other)
        return At(Fraction(0), is_nothing) if is_nothing else self.of(other, lambda a, b: a * b)

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> At:
        return self * self

    def __neg__(self) -> At:
        return self * -1

    def __abs__(self) -> At:
        return At(None if self.value is None else abs(self.value))

    def __le__(self, other: Any) -> Any:
        return Compared("<=", (self, other))

    def __ge__(self, other: Any) -> Any:
        return Compared(">=", (self, other))

    def known(self) -> Fraction:
        """Return the value; raises `Poison` where it is not known."""
        if self.value is None:
            raise Poison
        return self.value


def extreme(of: Any) -> Any:
    """Return ``min`` or ``max`` of values at a point."""

    def call(*items: Any) -> At:
        values = [At(Fraction(0)) + item for item in (items[0] if len(items) == 1 else items)]
        is_unknown = not values or any(one.value is None for one in values)
        return At(None) if is_unknown else of(values, key=lambda one: one.value)

    return call


class FamilyAt:
    """A family at a point."""

    def __init__(self, family: Any, values: dict[Any, Fraction]) -> None:
        self._family = family
        self._values = values

    def __iter__(self) -> Any:
        return iter(self._family)

    def __getitem__(self, key: Any) -> At:
        return At(self._values.get(self._family._key(key)))

    def get(self, key: Any, missing: Any = 0) -> Any:
        """Return the value of an element, or what is given in its place."""
        return self[key] if self._family._key(key) in self._values else missing


class NonLinearWriter(Writer):
    """Writes rules that hold products and functions of linear sums."""

    def beyond(self, rows: list[str]) -> str:
        """Return something that is not linear."""
        kind = self.source.random()
        if kind < 0.2:
            return f"abs({self.expression(rows, 1)})"
        if kind < 0.35:
            return f"({self.expression(rows, 2)}) * ({self.expression(rows, 2)})"
        if kind < 0.4:
            return f"({self.expression(rows, 2)}) ** 2"
        function = self.pick("min", "max")
        if kind < 0.6:
            other = self.number(rows) if self.chance(0.5) else self.expression(rows, 2)
            return f"{function}({self.expression(rows, 2)}, {other})"
        name, family = f"g{len(rows)}", self.pick("x", "y")
        inner = [*rows, name]
        term = f"{family}[{name}]" if self.chance(0.4) else f"{family}[{name}] + {self.expression(inner, 2)}"
        return f"{function}({term} for {name} in {family}{self.maybe_filter(inner)})"

    def whole(self, rows: list[str], depth: int = 0) -> str:
        """Return a sum that holds something not linear."""
        kind = self.source.random()
        if kind < 0.35 or depth > 1:
            return self.beyond(rows)
        if kind < 0.5:
            return f"{self.number(rows)} * {self.beyond(rows)}"
        if kind < 0.65:
            return f"({self.whole(rows, depth + 1)} {self.pick('+', '-')} {self.expression(rows, 1)})"
        if kind < 0.72:
            return f"({self.whole(rows, depth + 1)} if {self.condition(rows)} else {self.whole(rows, depth + 1)})"
        name = f"w{len(rows)}"
        inner = [*rows, name]
        return f"sum({self.whole(inner, depth + 1)} for {name} in {self.pick('x', 'y')}{self.maybe_filter(inner)})"

    def rule(self, rows: list[str]) -> str:
        """Return the text of a rule."""
        right = self.number(rows) if self.chance(0.7) else self.expression(rows, 1)
        left, right = (self.whole(rows), right) if self.chance(0.8) else (right, self.whole(rows))
        return f"def rule({', '.join(rows)}):\n    return over + {left} {self.pick('<=', '>=')} {right}\n"


def at(world: World, values: dict[str, dict[Any, Fraction]]) -> dict[str, Any]:
    """Return the families of plain Python at a point."""
    plain = world.plain()
    families = {name: FamilyAt(plain[name], values[name]) for name in ("x", "y", "xy")}
    over = At(values["over"][()])
    outside = families["x"][2] + 2 * over + 3
    return {**world.captured, **families, "over": over, "outside": outside, "need": plain["need"]} | {
        "min": extreme(min),
        "max": extreme(max),
    }


def outcome(seed: int) -> tuple[str, str]:
    """Try one rule and return what came of it, and the rule."""
    source = random.Random(seed)
    world = World(source)
    text = NonLinearWriter(source).rule(["m", "k"] if world.over_pairs else ["m"])
    families = world.given()
    rule = function_of(text, {**world.captured, **families, "between": between})
    constraint = LXConstraint[Row]("c").rule(rule)
    constraint = constraint.over(families["xy"]) if world.over_pairs else constraint.from_data(world.m)
    model = LXModel("random").add_variables([families[name] for name in ("x", "y", "xy", "over")])
    model.add_constraint(constraint)
    calls = world.pairs if world.over_pairs else [(m,) for m in world.m]
    try:
        problem = model.compile()
    except (LXMissingKeyError, LXFunctionError) as error:
        values = point(model_blocks(model, families, world), source)
        return ("refused" if fails(text, world, values, calls) else f"WRONG refusal: {error}"), text
    is_traced = model._report.statistics[constraint.function].mode != "row by row"  # type: ignore[union-attr, index]
    for _ in range(3):
        values = point([(block.name, list(block.keys)) for block in problem.variables], source)
        x = np.array([float(value) for block in values.values() for value in block.values()])
        plain = function_of(text, at(world, values))
        activity = problem.activity(x)
        for i, given in enumerate(calls):
            try:
                found = plain(*given)
                left, right = ((At(Fraction(0)) + part).known() for part in found.parts)
            except Poison:
                return f"WRONG: row {i} has an element that is not there", text
            slack = float(right - left if found.sense == "<=" else left - right)
            mine = {float(problem.row_upper[i] - activity[i]), float(activity[i] - problem.row_lower[i])}
            if slack not in mine:
                return f"WRONG {'columns' if is_traced else 'rows'}: row {i} has {mine}, not {slack}", text
    return ("columns" if is_traced else "row by row"), text


def model_blocks(model: LXModel, families: dict[str, Any], world: World) -> list[tuple[str, list[Any]]]:
    plain = world.plain()
    return [*((name, plain[name].keys) for name in ("x", "y", "xy")), ("over", [()])]


def point(blocks: list[tuple[str, list[Any]]], source: random.Random) -> dict[str, dict[Any, Fraction]]:
    """Return a quarter for each element."""
    return {name: {key: Fraction(source.randint(-20, 20), 4) for key in keys} for name, keys in blocks}


def fails(text: str, world: World, values: Any, calls: list[Any]) -> bool:
    """Whether plain Python fails, too."""
    plain = function_of(text, at(world, values))
    try:
        for given in calls:
            for part in plain(*given).parts:
                (At(Fraction(0)) + part).known()
    except Poison:
        return True
    return False


def test_rules_that_are_not_linear_have_the_values_of_python() -> None:
    tried = Counter()
    for seed in range(ROUNDS):
        what, text = outcome(seed)
        assert not what.startswith("WRONG"), f"seed {seed}: {what}\n{text}"
        tried[what] += 1

    assert tried["columns"] > 0.5 * ROUNDS
