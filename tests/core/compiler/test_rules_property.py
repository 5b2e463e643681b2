"""Random rules mean what Python means by them: the arrays are those that plain Python gives, bit for bit."""

from __future__ import annotations

import ast
import math
import random
from collections import Counter
from fractions import Fraction
from typing import Any

from lumix_core import SKIP, LXConstraint, LXIndexDimension, LXModel, LXParameter, LXVariable, between
from lumix_core.errors import LXFunctionError, LXMissingKeyError
from tests.shared.random_rules import Compared, Plain, PlainFamily, PlainParameter, Poison, Row, Writer
from tests.shared.scale import examples

ROUNDS = examples(900)


class World:
    """Rows, families and captured data, once for LumiX and once as plain Python has them."""

    def __init__(self, source: random.Random) -> None:
        self.x, self.y, self.m = (rows(source, count) for count in (4, 3, 3))
        self.pairs = [(i, j) for i in self.x for j in self.y if source.random() < 0.7]
        self.need = {
            (i, j): source.choice([1, 2, 5, 0.5]) for i in range(1, 5) for j in range(1, 5) if source.random() < 0.6
        }
        self.captured = {"chosen": {1, 2}, "table": {i: source.randint(-2, 3) for i in range(6)}}
        self.over_pairs = source.random() < 0.2

    def given(self) -> dict[str, Any]:
        """Return the families of LumiX."""
        x, y = (LXVariable[Row, float](name).indexed_by(lambda r: r.id).from_data(of) for name, of in self.singles())
        dimensions = [LXIndexDimension(Row, lambda r: r.id).from_data(of) for of in (self.x, self.y)]
        known = {(i.id, j.id) for i, j in self.pairs}
        xy = (
            LXVariable[Any, float]("xy").indexed_by_product(*dimensions).where_multi(lambda i, j: (i.id, j.id) in known)
        )
        over = LXVariable[Any, float]("over")
        need = LXParameter("need").from_data(self.need).default(0)
        return {"x": x, "y": y, "xy": xy, "over": over, "need": need, "outside": x[2] + 2 * over + 3}

    def plain(self) -> dict[str, Any]:
        """Return the families of plain Python."""
        x, y = (PlainFamily(name, of, [row.id for row in of]) for name, of in self.singles())
        xy = PlainFamily("xy", self.pairs, [(i.id, j.id) for i, j in self.pairs])
        over = Plain(((("over", ()), Fraction(1)),))
        return {
            "x": x,
            "y": y,
            "xy": xy,
            "over": over,
            "need": PlainParameter(self.need),
            "outside": x[2] + 2 * over + 3,
        }

    def singles(self) -> list[tuple[str, list[Row]]]:
        """Return the families of one dimension."""
        return [("x", self.x), ("y", self.y)]


def rows(source: random.Random, count: int) -> list[Row]:
    return [Row(i, source.randint(0, 3), source.randint(-2, 3), source.randint(0, 5)) for i in range(1, count + 1)]


class Unchained(ast.NodeTransformer):
    """Writes the chained comparisons that rules return as calls of between."""

    def visit_Return(self, node: ast.Return) -> Any:
        found = node.value
        if isinstance(found, ast.Compare) and len(found.ops) > 1:
            parts = [found.left, *found.comparators]
            node.value = ast.Call(ast.Name("between", ast.Load()), parts, [])
        return ast.fix_missing_locations(node)


def function_of(text: str, around: dict[str, Any], *, plain: bool = False) -> Any:
    tree = ast.parse(text)
    space = dict(around)
    exec(compile(Unchained().visit(tree) if plain else tree, "<rule>", "exec"), space)
    return space["rule"]


def expected(text: str, world: World) -> list[Any]:
    """Return what plain Python gives for each row: None for no constraint, else numbers and bounds, or a truth."""
    two_sides = {"SKIP": SKIP, "between": lambda *parts: Compared("between", parts)}
    rule = function_of(text, {**world.captured, **world.plain(), **two_sides}, plain=True)
    return [rule(*given) for given in (world.pairs if world.over_pairs else [(m,) for m in world.m])]


def compiled(text: str, world: World) -> tuple[Any, bool]:
    """Return the problem, and whether the rule became columns."""
    families = world.given()
    rule = function_of(text, {**world.captured, **families, "SKIP": SKIP, "between": between})
    constraint = LXConstraint[Row]("c").rule(rule)
    variables = [families[name] for name in ("x", "y", "xy", "over")]
    constraint = constraint.over(families["xy"]) if world.over_pairs else constraint.from_data(world.m)
    model = LXModel("random").add_variables(variables).add_constraint(constraint)
    problem = model.compile()
    done = model._report.statistics[constraint.function]  # type: ignore[union-attr, index]
    return problem, done.mode != "row by row", done.reason


def difference(text: str, world: World, problem: Any) -> str | None:
    """Return what is not as plain Python has it."""
    wanted = [result for result in expected(text, world) if result is not SKIP]
    if problem.num_constraints != len(wanted):
        return f"{problem.num_constraints} constraints, not {len(wanted)}"
    position = {(b.name, key): b.start + i for b in problem.variables for i, key in enumerate(b.keys)}
    for i, result in enumerate(wanted):
        span = slice(problem.row_starts[i], problem.row_starts[i + 1])
        found = dict(zip(problem.columns[span].tolist(), problem.coefficients[span].tolist(), strict=True))
        low, high = float(problem.row_lower[i]), float(problem.row_upper[i])
        if isinstance(result, bool):
            if found or (low <= 0 <= high) is not result:
                return f"row {i}: {found} within {low}, {high}, not {result}"
            continue
        numbers, least, greatest = result.bounds()
        if not numbers and (low, high) in ((-math.inf, math.inf), (-math.inf, -1.0)):  # numbers, of which rows tell so
            if ((least or 0) <= 0 <= (greatest or 0)) is not (high == math.inf):
                return f"row {i}: {low}, {high}, not {least}, {greatest}"
            continue
        mine = {position[key]: float(value) for key, value in numbers.items()}
        sides = -math.inf if least is None else float(least), math.inf if greatest is None else float(greatest)
        turned = {column: -value for column, value in mine.items()}, (-sides[1] + 0.0, -sides[0] + 0.0)
        if (found, (low, high)) not in ((mine, sides), turned):
            return f"row {i}: {found} within {low}, {high}, not {mine} within {sides}"
    return None


def outcome(seed: int) -> tuple[str, str, str]:
    """Try one rule and return what came of it, the rule, and why."""
    source = random.Random(seed)
    world = World(source)
    text = Writer(source).rule(["m", "k"] if world.over_pairs else ["m"])
    try:
        problem, is_traced, reason = compiled(text, world)
    except LXMissingKeyError as error:
        return ("refused" if fails(text, world, Poison) else f"WRONG refusal {error}"), text, ""
    except LXFunctionError as error:
        return ("refused" if fails(text, world, TypeError) else f"WRONG refusal {error}"), text, ""
    wrong = difference(text, world, problem)
    if wrong is not None:
        return f"WRONG {'columns' if is_traced else 'rows'}: {wrong}", text, reason
    return ("columns" if is_traced else "row by row"), text, reason


def fails(text: str, world: World, error: type[Exception]) -> bool:
    """Whether plain Python fails so, too."""
    try:
        for result in expected(text, world):
            if isinstance(result, Compared):
                result.bounds()
    except error:
        return True
    return False


def test_rules_mean_what_python_means_by_them() -> None:
    tried = Counter()
    for seed in range(ROUNDS):
        what, text, reason = outcome(seed)
        assert not what.startswith("WRONG"), f"seed {seed}: {what}\n{text}"
        assert "one thing for a row" not in reason, f"seed {seed}: only the check of a few rows has seen it\n{text}"
        tried[what] += 1

    assert tried["columns"] > 0.6 * ROUNDS
