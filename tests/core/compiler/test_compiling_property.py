"""Random small models, compiled, against the same models evaluated one member at a time over dictionaries.

A model is drawn as plain data, then read twice: `build` writes it with LumiX, and `Expected` evaluates it from the
meaning of each word of the language. All numbers are small multiples of 1/4, so that sums are exact in any order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from math import inf
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from scale import examples

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable
from lumix_core.errors import LXModelError

Key = Any
Cells = dict[Key, float]


@dataclass(frozen=True)
class Product:
    id: int
    a: float
    b: int


@dataclass(frozen=True)
class Chair(Product):
    pass


@dataclass(frozen=True)
class Table(Product):
    pass


@dataclass(frozen=True)
class Machine:
    id: int
    a: float
    b: int


CLASSES = {"products": Product, "machines": Machine}
KINDS: dict[str, list[type]] = {"products": [Product, Chair, Table], "machines": [Machine]}
COEFFICIENTS: dict[int, list[Callable[..., float]]] = {
    0: [lambda: 2.0, lambda: -1.5],
    1: [lambda r: r.a, lambda r: r.a - r.b, lambda r: -2 * r.a + 0.25],
    2: [lambda r, s: r.a * s.b, lambda r, s: r.b - s.a, lambda r, s: float(r.id == s.id)],
    3: [lambda r, s, t: r.a + s.b - t.b, lambda r, s, t: t.a * (r.b - s.b)],
}
CONDITIONS: dict[int, list[Callable[..., object]]] = {
    0: [lambda: True],
    1: [lambda r: r.b > 0, lambda r: r.a <= 1, lambda r: r.id % 2],
    2: [lambda r, s: r.id != s.id, lambda r, s: r.b > s.b, lambda r, s: r.a * s.a >= 0],
    3: [lambda r, s, t: r.id == t.id, lambda r, s, t: s.id == t.id and r.b, lambda r, s, t: r.a + s.a > t.a],
}


@dataclass(frozen=True)
class Family:
    """What a family of variables is over: no dimension, one, or two; how each and all of them are filtered."""

    dimensions: tuple[str, ...]
    dimension_filters: tuple[Callable[..., object] | None, ...]
    filter: Callable[..., object] | None
    lower: float | Callable[..., float] | None
    upper: float | Callable[..., float] | None
    domain: str
    cost: float | Callable[..., float]


@dataclass(frozen=True)
class Term:
    family: int
    method: str
    coefficient: float | Callable[..., float]
    coefficient_takes_row: bool
    condition: Callable[..., object] | None
    condition_takes_row: bool
    picks: tuple[int, ...] | None


@dataclass(frozen=True)
class Part:
    """Some terms and a constant, times a factor."""

    terms: tuple[Term, ...]
    constant: float
    factor: float


@dataclass(frozen=True)
class Rule:
    """A constraint: over nothing or over some of the rows of one kind, and one that no family has."""

    rows: str | None
    extra: Any
    filter: Callable[..., object] | None
    parts: tuple[Part, ...]
    sense: str
    rhs: float | Callable[..., float]


@dataclass(frozen=True)
class Draft:
    rows: dict[str, tuple[Any, ...]]
    families: tuple[Family, ...]
    rules: tuple[Rule, ...]
    maximizing: bool
    objective: tuple[Part, ...] | None


quarters = st.integers(-12, 12).map(lambda n: n / 4)


def row_of(kind: str, ids: st.SearchStrategy[int]) -> st.SearchStrategy[Any]:
    return st.one_of(*(st.builds(cls, ids, quarters, st.integers(-2, 3)) for cls in KINDS[kind]))


def rows_of(kind: str) -> st.SearchStrategy[tuple[Any, ...]]:
    row = row_of(kind, st.integers(0, 6))
    return st.lists(row, min_size=2, max_size=4, unique_by=lambda row: row.id).map(tuple)


def number_or_function(arity: int) -> st.SearchStrategy[Any]:
    return st.one_of(quarters, st.sampled_from(COEFFICIENTS[arity]))


def maybe_condition(arity: int) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), st.sampled_from(CONDITIONS[arity]))


@st.composite
def families(draw: Any) -> Family:
    dimensions = draw(st.sampled_from([(), ("products",), ("machines",), ("products", "machines"), ("machines",) * 2]))
    arity = len(dimensions)
    return Family(
        dimensions,
        tuple(draw(maybe_condition(1)) for _ in dimensions) if arity == 2 else (None,) * arity,
        draw(maybe_condition(arity)) if arity else None,
        draw(st.one_of(st.none(), number_or_function(arity))),
        draw(st.one_of(st.none(), number_or_function(arity))),
        draw(st.sampled_from(["continuous", "integer", "binary"])),
        draw(number_or_function(arity)),
    )


@st.composite
def terms(draw: Any, families: tuple[Family, ...], indexed: bool) -> Term:
    position = draw(st.integers(0, len(families) - 1))
    arity = len(families[position].dimensions)
    method = draw(st.sampled_from(["add_term", "add_multi_term", "sum_over"]))
    coefficient_takes_row = indexed and method != "sum_over" and draw(st.booleans())
    condition_takes_row = indexed and draw(st.booleans())
    picks = draw(st.one_of(st.none(), st.lists(st.integers(0, 20), min_size=1, max_size=4).map(tuple)))
    coefficient: Any = 1.0
    if method != "sum_over":
        functions = st.sampled_from(COEFFICIENTS[arity + coefficient_takes_row])
        coefficient = draw(functions if coefficient_takes_row else number_or_function(arity))
    condition = None if picks is not None else draw(maybe_condition(arity + condition_takes_row))
    return Term(position, method, coefficient, coefficient_takes_row, condition, condition_takes_row, picks)


def expressions(families: tuple[Family, ...], indexed: bool) -> st.SearchStrategy[tuple[Part, ...]]:
    some = st.lists(terms(families, indexed), min_size=1, max_size=3).map(tuple)
    part = st.builds(Part, some, quarters, st.sampled_from([1.0, -1.0, 0.5, 2.0, 3.0, 0.0]))
    return st.lists(part, min_size=1, max_size=2).map(tuple)


@st.composite
def rules(draw: Any, families: tuple[Family, ...]) -> Rule:
    rows = draw(st.sampled_from([None, "products", "products", "machines"]))
    arity = 0 if rows is None else 1
    return Rule(
        rows,
        draw(st.one_of(st.none(), row_of(rows, st.just(9)))) if rows else None,
        draw(maybe_condition(1)) if rows else None,
        draw(expressions(families, indexed=rows is not None)),
        draw(st.sampled_from(["le", "ge", "eq"])),
        draw(number_or_function(arity)),
    )


@st.composite
def drafts(draw: Any) -> Draft:
    some = draw(st.lists(families(), min_size=2, max_size=3).map(tuple))
    return Draft(
        {kind: draw(rows_of(kind)) for kind in KINDS},
        some,
        draw(st.lists(rules(some), min_size=1, max_size=3).map(tuple)),
        draw(st.booleans()),
        draw(st.one_of(st.none(), expressions(some, indexed=False))),
    )


class RefusedError(Exception):
    """A row has no variable of its own, and nothing excludes it; or a term would sum all in every row."""


class Expected:
    """The draft, evaluated one member at a time."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.elements = [dict(self._elements(family)) for family in draft.families]

    def _elements(self, family: Family) -> Iterator[tuple[Key, tuple[Any, ...]]]:
        for rows in product(*(self.draft.rows[name] for name in family.dimensions)):
            each = zip(family.dimension_filters, rows, strict=True)
            if all(keep is None or keep(row) for keep, row in each) and (family.filter is None or family.filter(*rows)):
                ids = tuple(row.id for row in rows)
                yield (ids[0] if len(ids) == 1 else ids), rows

    def keys_of_term(self, term: Term) -> set[Key] | None:
        """The keys that a term names: any of the family's, by place."""
        keys = list(self.elements[term.family])
        return None if term.picks is None else {keys[pick % len(keys)] for pick in term.picks if keys}

    def columns(self) -> dict[tuple[int, Key], tuple[float, float, bool]]:
        return {
            (position, key): (*self._bounds(family, rows), family.domain != "continuous")
            for position, family in enumerate(self.draft.families)
            for key, rows in self.elements[position].items()
        }

    def _bounds(self, family: Family, rows: tuple[Any, ...]) -> tuple[float, float]:
        lower = -inf if family.lower is None else value_of(family.lower, rows)
        upper = inf if family.upper is None else value_of(family.upper, rows)
        return (max(lower, 0.0), min(upper, 1.0)) if family.domain == "binary" else (lower, upper)

    def rows(self) -> dict[tuple[int, Key], tuple[Cells, float, float]]:
        found = {}
        for position, rule in enumerate(self.draft.rules):
            for row in self._rows_of(rule):
                cells, constant = self._sum(rule.parts, row)
                side = value_of(rule.rhs, () if row is None else (row,)) - constant
                lower, upper = {"le": (-inf, side), "ge": (side, inf), "eq": (side, side)}[rule.sense]
                found[position, () if row is None else row.id] = (cells, lower, upper)
        return found

    def _rows_of(self, rule: Rule) -> list[Any]:
        if rule.rows is None:
            return [None]
        return [row for row in rows_of_rule(self.draft, rule) if rule.filter is None or rule.filter(row)]

    def objective(self) -> tuple[Cells, float]:
        if self.draft.objective is not None:
            return self._sum(self.draft.objective, None)
        costs = {
            (position, key): value_of(family.cost, rows)
            for position, family in enumerate(self.draft.families)
            for key, rows in self.elements[position].items()
        }
        return nonzeros(costs), 0.0

    def _sum(self, parts: tuple[Part, ...], row: Any) -> tuple[Cells, float]:
        cells: Cells = defaultdict(float)
        for part in parts:
            for term in part.terms:
                for key, coefficient in self._term(term, row):
                    cells[term.family, key] += part.factor * coefficient
        return nonzeros(cells), sum(part.factor * part.constant for part in parts)

    def _term(self, term: Term, row: Any) -> Iterator[tuple[Key, float]]:
        chosen = self.keys_of_term(term)
        own = self._own_key(term, row, chosen)
        for key, rows in self.elements[term.family].items():
            if own is not None and key != own[0]:
                continue
            if chosen is not None and key not in chosen:
                continue
            if term.condition and not term.condition(*rows, *((row,) if term.condition_takes_row else ())):
                continue
            yield key, value_of(term.coefficient, (*rows, row) if term.coefficient_takes_row else rows)

    def _own_key(self, term: Term, row: Any, chosen: set[Key] | None) -> tuple[Key] | None:
        """The key of the row's own variable where the term means that one; None where it means the sum."""
        dimensions = self.draft.families[term.family].dimensions
        takes_row = term.coefficient_takes_row or (term.condition is not None and term.condition_takes_row)
        alike = row is not None and len(dimensions) == 1 and isinstance(row, CLASSES[dimensions[0]])
        if term.method != "add_term" or takes_row or row is None or not dimensions:
            return None
        if not alike:
            raise RefusedError(row)
        excluded = (term.condition and not term.condition(row)) or (chosen is not None and row.id not in chosen)
        if row.id not in self.elements[term.family] and not excluded:
            raise RefusedError(row)
        return (row.id,)


def rows_of_rule(draft: Draft, rule: Rule) -> list[Any]:
    return [*draft.rows[rule.rows or ""], *([] if rule.extra is None else [rule.extra])]


def value_of(value: float | Callable[..., float], rows: tuple[Any, ...]) -> float:
    return value(*rows) if callable(value) else value


def nonzeros(cells: Cells) -> Cells:
    return {key: value for key, value in cells.items() if value}


def build(draft: Draft, expected: Expected) -> LXModel:
    """Write the draft with LumiX."""
    variables = [written_family(draft, family, position) for position, family in enumerate(draft.families)]
    model = LXModel("drawn").add_variables(variables)
    for position, rule in enumerate(draft.rules):
        constraint = (
            LXConstraint[Any](f"c{position}").expression(written(rule.parts, variables, expected)).rhs(rule.rhs)
        )
        getattr(constraint, rule.sense)()
        if rule.rows:
            constraint.from_data(rows_of_rule(draft, rule)).indexed_by(lambda row: row.id)
        if rule.filter:
            constraint.where(rule.filter)
        model.add_constraint(constraint)
    optimise = model.maximize if draft.maximizing else model.minimize
    if draft.objective is not None:
        return optimise(written(draft.objective, variables, expected))
    for variable, family in zip(variables, draft.families, strict=True):
        variable.cost(family.cost)
    return optimise()


def written_family(draft: Draft, family: Family, position: int) -> LXVariable[Any, Any]:
    variable = LXVariable[Any, float](f"x{position}").bounds(family.lower, family.upper)
    getattr(variable, family.domain)()
    dimensions = [
        LXIndexDimension(CLASSES[name], lambda row: row.id).from_data(draft.rows[name]) for name in family.dimensions
    ]
    if len(dimensions) == 1:
        variable.from_data(draft.rows[family.dimensions[0]]).indexed_by(lambda row: row.id)
    elif dimensions:
        for dimension, condition in zip(dimensions, family.dimension_filters, strict=True):
            if condition:
                dimension.where(condition)
        variable.indexed_by_product(*dimensions)
    return variable if family.filter is None else variable.where(family.filter)


def written(parts: tuple[Part, ...], variables: list[LXVariable[Any, Any]], expected: Expected) -> LXLinearExpression:
    total = LXLinearExpression()
    for part in parts:
        expression = LXLinearExpression().add_constant(part.constant)
        for term in part.terms:
            arguments = {"where": term.condition, "keys": expected.keys_of_term(term)}
            if term.method != "sum_over":
                arguments["coeff"] = term.coefficient
            getattr(expression, term.method)(variables[term.family], **arguments)
        total = total + part.factor * expression
    return total


def compiled_rows(problem: Any) -> dict[tuple[int, Key], tuple[Cells, float, float]]:
    names = [(position, key) for position, block in enumerate(problem.variables) for key in block.keys]
    found = {}
    for position, block in enumerate(problem.constraints):
        for row, key in enumerate(block.keys, start=block.start):
            span = slice(problem.row_starts[row], problem.row_starts[row + 1])
            columns, values = problem.columns[span].tolist(), problem.coefficients[span].tolist()
            assert columns == sorted(set(columns))
            assert all(values)
            cells = {names[column]: value for column, value in zip(columns, values, strict=True)}
            found[position, key] = (cells, float(problem.row_lower[row]), float(problem.row_upper[row]))
    return found


def compiled_columns(problem: Any) -> dict[tuple[int, Key], tuple[float, float, bool]]:
    names = [(position, key) for position, block in enumerate(problem.variables) for key in block.keys]
    numbers = zip(problem.lower.tolist(), problem.upper.tolist(), problem.integer.tolist(), strict=True)
    return dict(zip(names, numbers, strict=True))


@settings(max_examples=examples(200), report_multiple_bugs=False)
@given(drafts())
def test_a_model_is_compiled_to_what_its_words_mean(draft: Draft) -> None:
    expected = Expected(draft)
    model = build(draft, expected)

    try:
        problem = model.compile()
    except LXModelError:
        problem = None

    try:
        rows = expected.rows()
    except RefusedError:
        assert problem is None
        return
    assert problem is not None
    assert compiled_rows(problem) == rows
    assert list(compiled_columns(problem).items()) == list(expected.columns().items())
    assert problem.maximize is draft.maximizing
    names = list(expected.columns())
    objective = {name: cost for name, cost in zip(names, problem.objective.tolist(), strict=True) if cost}
    assert (objective, problem.offset) == expected.objective()
