"""Rules called with real rows: what they give for each, and which elements they mean."""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from lumix_core.compiler.batches import Batch
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.families import Family, KeyReader, is_plain
from lumix_core.compiler.function_errors import failure
from lumix_core.compiler.rules.found import Found
from lumix_core.compiler.rules.nonlinear_columns import Argument, NonLinearColumns, argument_of
from lumix_core.compiler.rules.outcomes import INFINITE, LEFT, LOWER, MIDDLE, RIGHT, SUM, UPPER
from lumix_core.compiler.rules.planning import PlannedRule
from lumix_core.compiler.rules.scope_rows import scope_rows
from lumix_core.errors import LXFunctionError, LXMissingKeyError, LXNotLinearError, LXNumberError
from lumix_core.language.elements import AnyElement, Element, ElementProduct, FunctionElement, elements_in
from lumix_core.language.linear_forms import (
    RULE,
    SKIP,
    LXComparison,
    LXLinearForm,
    Monomial,
    RuleRun,
    called,
    is_linear,
)
from lumix_core.problem.keys import MISSING
from lumix_core.problem.numbers import flaw, is_real_type
from lumix_core.problem.problem import LXSense
from lumix_core.problem.structures import FunctionKind
from lumix_core.rows.tables import Table

if TYPE_CHECKING:
    from lumix_core.compiler.columns import Columns


class RealRun(RuleRun):
    """What a rule is called with where real rows are given to it.

    Args:
        columns: the families of variables.
        evaluator: of this compile.
        position: what the rule is, for messages.
        few: how many rows of each family it goes through; None for all.
    """

    def __init__(self, columns: Columns, evaluator: Evaluator, position: str, few: int | None = None) -> None:
        self._columns = columns
        self._evaluator = evaluator
        self._position = position
        self._few = few
        self._rows: dict[int, list[Any]] = {}
        self._own: dict[tuple[int, ...], int] = {}
        self.nonlinear = NonLinearColumns(columns.size)

    def rows(self, family: Any) -> Iterator[Any]:
        """Return the rows of a family, tuples for several dimensions; the keys of a parameter."""
        return iter([row[0] if len(row) == 1 else row for row in self.tuples(family)])

    def tuples(self, family: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a family, as tuples of one a dimension."""
        known = self._rows.get(id(family))
        if known is None:
            batch = scope_rows(family, self._columns, self._evaluator, self._position).batch
            picks = None if self._few is None else spread(batch.size, self._few)
            batch = batch if picks is None else batch.take(np.array(picks, dtype=np.int64))
            known = self._rows[id(family)] = list(batch.calls()) if batch.arguments else []
            for i, row in zip(picks or (), known, strict=False):
                if not any(is_plain(type(part)) for part in row):  # a plain value may be a key as well
                    self._own[id(family), *map(id, row)] = i
        return known

    def count(self, family: Any) -> int:
        """Return how many elements there are."""
        return scope_rows(family, self._columns, self._evaluator, self._position).batch.size

    def has(self, variable: Any, key: Any) -> bool:
        """Return whether a family has an element."""
        family, _ = self._columns.position(variable, self._position)
        return element_position(family, key) != MISSING

    def element_or(self, variable: Any, key: Hashable, missing: Any) -> Any:
        """Return an element, or what is given in its place."""
        if self.has(variable, key):
            return LXLinearForm.of_element(Element(variable, key))
        return LXLinearForm() if type(missing) is int and missing == 0 else missing

    def column(self, element: AnyElement) -> int:
        """Return the column of what a term stands for, `MISSING` for an optional element that is not there.

        Raises:
            LXMissingKeyError: the family has no such element.
            LXFunctionError: a minimum or a maximum has no argument.
        """
        if isinstance(element, ElementProduct):
            left, right = self.column(element.left), self.column(element.right)
            return MISSING if MISSING in (left, right) else self.nonlinear.product(left, right)
        if isinstance(element, FunctionElement):
            if not element.arguments and self._few is None:
                name = element.kind.name.lower()
                raise LXFunctionError(f"{name}() has no argument. Give it a number, or leave such rows out with if.")
            return self.nonlinear.function(element.kind, [self._argument(form) for form in element.arguments])
        family, start = self._columns.position(element.variable, self._position)
        rows = element.key if type(element.key) is tuple else (element.key,)
        own = self._own.get((id(element.variable), *map(id, rows)))
        found = element_position(family, element.key) if own is None else own
        if found != MISSING:
            return found + start
        if element.is_optional:
            return MISSING
        name = element.variable.name
        raise LXMissingKeyError(
            f"{name!r} has no key {element.key!r:.80}. Write {name}.get(key, 0) where an element may be missing, or "
            f"leave such rows out with if."
        )

    def _argument(self, form: LXLinearForm) -> Argument:
        """Return an argument of a function, without what is 0."""
        terms = []
        for coefficient, element in form.monomials:
            check_number(coefficient, element)
            if coefficient:
                terms.append((None if element is None else self.column(element), float(coefficient)))
        return argument_of([(column, value) for column, value in terms if column != MISSING])


def spread(size: int, few: int) -> list[int]:
    """Return a few positions, spread over all of them."""
    return [i * (size - 1) // (few - 1) for i in range(few)] if size > few else list(range(size))


def element_position(family: Family, key: Any) -> int:
    """Return the position of the element of a key or a row, `MISSING` where there is none."""
    found = family.keys.find(key)
    if found is None and family.keys.levels:
        found = family.keys.find(_key_of_rows(family, key))
    return MISSING if found is None else found


def _key_of_rows(family: Family, key: Any) -> Any:
    """Return the key that rows lead to, or keys among them."""
    if family.pair_key is not None:
        function = family.pair_key.function
        pair = key if type(key) is tuple else (key,)
        if function is not None:
            return function.call(*pair)
        return tuple(_row_key(reader, part) for reader, part in zip(family.readers, pair, strict=True))
    parts = (key,) if len(family.keys.levels) == 1 else key
    if not isinstance(parts, tuple) or len(parts) != len(family.keys.levels):
        return None
    found = []
    for dimension, part in enumerate(parts):
        if _is_known(family, dimension, part):
            found.append(part)
        elif Table([part], type(part)).kind(None).same(family.kinds[dimension]) is False:
            return None
        else:
            found.append(_row_key(family.readers[dimension], part))
    return found[0] if len(found) == 1 else tuple(found)


def _is_known(family: Family, dimension: int, part: Any) -> bool:
    try:
        return part in family.keys._lookups[dimension]
    except TypeError:  # rows need not be hashable
        return False


def _row_key(reader: KeyReader, row: Any) -> Any:
    if reader.function is not None:
        return reader.function.call(row)
    if reader.primary_key is None:
        return row
    parts = tuple(getattr(row, name) for name in reader.primary_key)
    return parts[0] if len(parts) == 1 else parts


@dataclass(eq=False)
class Recorded:
    """What a rule gave for one row after the other.

    Args:
        rows, columns, values: of each part of the result; the column of a number is None.
        senses: of each row; True or False for a comparison of numbers, of which only the truth is known.
    """

    terms: dict[str, list[tuple[int, int | None, Any]]] = field(default_factory=lambda: defaultdict(list))
    senses: list[str | bool] = field(default_factory=list)

    def found(self) -> dict[Hashable, list[Found]]:
        """Return the terms of each part, as arrays."""
        return {output: _arrays(terms) for output, terms in self.terms.items()}


def _arrays(terms: Sequence[tuple[int, int | None, Any]]) -> list[Found]:
    found = []
    for is_number in (True, False):
        some = [term for term in terms if (term[1] is None) == is_number]
        if some:
            rows, columns, values = zip(*some, strict=True)
            found.append(
                Found(
                    np.array(rows, dtype=np.int64),
                    None if is_number else np.array(columns, dtype=np.int64),
                    np.array(values, dtype=np.float64),
                    repeats=True,
                )
            )
    return found


SKIPS = "skip"
_NAMES = {LXSense.BETWEEN: (LOWER, MIDDLE, UPPER)}


def recorded(planned: PlannedRule, batch: Batch, run: RealRun, *, sums: bool = False) -> Recorded:
    """Call a rule for each row of a batch.

    Raises:
        LXModelError: it failed, or returned no constraint; the message names the rule, the row and the key.
    """
    writer = _Writer(run)
    write = writer.sum if sums else writer.comparison
    call = with_sums_of_families(planned.rule.call)
    token = RULE.set(run)
    try:
        for i, rows in enumerate(batch.calls()):
            try:
                write(i, called(call, *rows))
            except Exception as error:
                raise failure(planned.rule, batch, i, error) from error
    finally:
        RULE.reset(token)
    return writer.result


class NoElements(int):
    """What ``sum`` gives where it has nothing to add: 0, but on the left of a comparison it stays on the left."""

    def __eq__(self, other: object) -> Any:
        return LXComparison(LXSense.EQ, (LXLinearForm(), other)) if is_linear(other) else int(self) == other

    def __ne__(self, other: object) -> bool:
        return int(self) != other

    __hash__ = int.__hash__


def with_sums_of_families(rule: Any) -> Any:
    """Return a rule for which the sum of nothing is `NoElements`, where it is a plain function.

    Python exchanges the sides of ``0 == expression``, and nothing would tell on which side the sum was.
    """
    if type(rule) is not FunctionType:
        return rule
    around = _Globals(rule.__globals__)
    twin = FunctionType(rule.__code__, around, rule.__name__, rule.__defaults__, rule.__closure__)
    twin.__kwdefaults__ = rule.__kwdefaults__
    return twin


class _Globals(dict[str, Any]):
    """The globals of a rule, read live, with another ``sum``, ``min`` and ``max``."""

    def __init__(self, base: dict[str, Any]) -> None:
        own = {**vars(builtins), "sum": _sum, "min": _least, "max": _largest}
        super().__init__({"__builtins__": own, "__name__": base.get("__name__", "")})
        self._base = base

    def __missing__(self, name: str) -> Any:
        return self._base[name]


def _sum(items: Iterable[Any], /, start: Any = 0) -> Any:
    total = builtins.sum(items, start)
    return NoElements() if type(total) is int and total == 0 else total


def _least(*items: Any, **named: Any) -> Any:
    return _extreme(FunctionKind.MIN, builtins.min, items, named)


def _largest(*items: Any, **named: Any) -> Any:
    return _extreme(FunctionKind.MAX, builtins.max, items, named)


def _extreme(kind: FunctionKind, plain: Callable[..., Any], items: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Return Python's ``min`` or ``max`` of numbers, and the function of sums of elements."""
    values, run = list(items[0]) if len(items) == 1 else items, RULE.get()
    assert run is not None
    is_of_none = not values and not named  # refused where it counts
    if not is_of_none and not any(map(is_linear, values)):
        return plain(values, **named) if len(items) == 1 else plain(*items, **named)
    if named.keys() - {"default"}:
        raise LXNotLinearError(f"{kind.name.lower()}() of sums of elements takes no key=. Leave it out.")
    return run.function(kind, values)


class _Writer:
    """Writes down what a rule returns.

    Args:
        run: knows the elements.
    """

    def __init__(self, run: RealRun) -> None:
        self.result = Recorded()
        self._run = run

    def sum(self, i: int, value: Any) -> None:
        """Write down the sum for a row."""
        if not is_linear(value) and not is_real_type(type(value)):
            hint = "a return is missing" if value is None else "it is no sum"
            raise LXFunctionError(f"it returns {value!r:.80}: {hint}. Return a sum of elements of variables.")
        self._add(SUM, i, value, None)

    def comparison(self, i: int, value: Any) -> None:
        """Write down the constraint of a row."""
        if value is SKIP:
            self.result.senses.append(SKIPS)
        elif isinstance(value, bool | np.bool_):
            self.result.senses.append(bool(value))
        elif isinstance(value, LXComparison):
            self.result.senses.append(str(value.sense))
            for output, part in zip(_NAMES.get(value.sense, (LEFT, RIGHT)), value.parts, strict=True):
                self._add(output, i, part, INFINITE.get((value.sense, output)))
        else:
            raise LXFunctionError(_no_constraint(value))

    def _add(self, output: str, i: int, value: Any, infinite: float | None) -> None:
        form = value.linear_form() if is_linear(value) else LXLinearForm((Monomial(value, None),))
        for coefficient, element in form.monomials:
            check_number(coefficient, element, infinite)
            if coefficient:
                column = None if element is None else self._run.column(element)
                if column != MISSING:
                    self.result.terms[output].append((i, column, float(coefficient)))


def check_number(coefficient: Any, element: AnyElement | None, infinite: float | None = None) -> None:
    """Refuse a number that is none, or infinite where it must not be."""
    wrong = flaw(coefficient)
    if wrong is None or (element is None and wrong == "is infinite" and float(coefficient) == infinite):
        return
    names = dict.fromkeys(repr(one.variable.name) for one in elements_in(element))
    what = f"the coefficient of {', '.join(names)}" if names else "a number"
    raise LXNumberError(f"{what} {wrong}. Give a finite number, or leave such rows out with if.")


def _no_constraint(value: Any) -> str:
    if value is None:
        return "it returns None: a return is missing. Return a comparison, or SKIP for no constraint."
    return f"it returns {value!r:.80}, which is no constraint. Return a comparison of sums, or SKIP for no constraint."
