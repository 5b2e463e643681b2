"""A term of a rule over rows: which element stands in which row, with which coefficient."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from lumix_core.compiler.batches import Batch
from lumix_core.compiler.elements import elements_at, own_elements
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.families import Family
from lumix_core.compiler.joins.join import matching
from lumix_core.compiler.rules.found import Found
from lumix_core.compiler.rules.function_reading import FunctionReader
from lumix_core.compiler.rules.nonlinear_columns import NonLinearColumns
from lumix_core.compiler.rules.parts import ElementPart, FunctionPart, RulePart, elements_of, is_needed
from lumix_core.compiler.rules.planning import PlannedRule
from lumix_core.compiler.rules.runs import Scope
from lumix_core.compiler.rules.scope_rows import NO_BATCH, NO_ROWS, ScopeRows, axes_of, scope_rows
from lumix_core.compiler.terms import TermReader
from lumix_core.errors import LXMissingKeyError, LXModelError, sentence
from lumix_core.formulas.recorder import Untraceable
from lumix_core.language.expressions import Term
from lumix_core.language.term_overloads import Meaning
from lumix_core.problem.arrays import FloatArray, IntArray, is_increasing

if TYPE_CHECKING:
    from lumix_core.compiler.columns import Columns


@dataclass(frozen=True, eq=False)
class PartReader:
    """Reads one term of a rule.

    Args:
        part: the term.
        constraint: the rows of the rule; of a single element without arguments for an objective.
        columns: the families of variables.
        planned: the rule.
        evaluator: of this compile.
        nonlinear: numbers products and functions as columns.
    """

    part: RulePart
    constraint: Family
    columns: Columns
    planned: PlannedRule
    evaluator: Evaluator
    nonlinear: NonLinearColumns

    @property
    def _position(self) -> str:
        return f"{self.planned.title} (the function at {self.planned.rule.location})"

    def found(self, infinite: float | None = None) -> Found:
        """Return the term for all rows.

        Args:
            infinite: the infinite number that is allowed, where the term is a number.

        Raises:
            LXMissingKeyError: the family has no such element.
            LXNumberError: a coefficient is no finite number.
            Untraceable: which element a row leads to, only the rows tell.
        """
        if not self.constraint.size:
            return Found(NO_ROWS, None if self.part.element is None else NO_ROWS, np.empty(0))
        return self._counted(self._found_once(infinite))

    def _counted(self, found: Found) -> Found:
        """Return a term as often as it is: added again, as Python does, which may round otherwise than a multiple."""
        count = self.part.count
        if count == 1:
            return found
        columns = None if found.columns is None else np.tile(found.columns, count)
        return Found(np.tile(found.rows, count), columns, np.tile(found.values, count), True, found.family)

    def _found_once(self, infinite: float | None) -> Found:
        if self.part.is_plain:
            return self._plain()
        if isinstance(self.part.element, FunctionPart):
            return self._functions(self.part.element)
        batches, rows = self._batches()
        axes = axes_of(batches)
        condition, coefficient = self.part.condition, self.part.coefficient
        if not batches:
            return self._repeated(*self._single(NO_BATCH, infinite))
        if rows and not self.part.scopes:
            return self._of_rows(batches[0], infinite)
        found = matching(self.evaluator, axes, [] if condition is None else [condition], coefficient)
        batch = axes.batch(found.picks)
        values = self.evaluator.numbers(
            coefficient, batch, found.known, infinite if self.part.element is None else None
        )
        kept, elements = self._elements(batch, list(found.picks[len(batches) - len(self.part.scopes) :]), values)
        values = values[kept]
        if rows:
            return Found(found.picks[0][kept], elements, values, repeats=True)
        return self._repeated(elements, values, repeats=elements is None or not is_increasing(elements))

    def _of_rows(self, batch: Batch, infinite: float | None) -> Found:
        """Return a term that goes through nothing: at most one element, or one number, for each row."""
        condition = self.part.condition
        rows = self.constraint.elements
        if condition is not None:
            rows = np.flatnonzero(self.evaluator.truths(condition, batch))
            batch = batch.take(rows)
        allowed = infinite if self.part.element is None else None
        values = self.evaluator.numbers(self.part.coefficient, batch, infinite=allowed)
        kept, elements = self._elements(batch, [], values)
        if len(kept) < len(rows):
            rows, values = rows[kept], values[kept]
        return Found(rows, elements, values, family=self._family)

    @property
    def _family(self) -> int:
        return 0 if not isinstance(self.part.element, ElementPart) else id(self.part.element.variable)

    def _single(self, batch: Batch, infinite: float | None) -> tuple[IntArray | None, FloatArray]:
        """Return a term that reads no rows at all."""
        if self.part.condition is not None and not self.evaluator.truths(self.part.condition, batch)[0]:
            batch = batch.take(np.empty(0, dtype=np.int64))
        allowed = infinite if self.part.element is None else None
        values = self.evaluator.numbers(self.part.coefficient, batch, infinite=allowed)
        kept, elements = self._elements(batch, [], values)
        return elements, values[kept]

    def _repeated(self, elements: IntArray | None, values: FloatArray, *, repeats: bool = False) -> Found:
        """Return what is the same in every row."""
        size, count = self.constraint.size, len(values)
        rows = np.repeat(np.arange(size), count)
        columns = None if elements is None else np.tile(elements, size)
        return Found(rows, columns, np.tile(values, size), repeats, self._family)

    def _plain(self) -> Found:
        """Return a sum over a family of its own elements, as a term of an expression is read."""
        element, part = self.part.element, self.part
        assert isinstance(element, ElementPart)
        family, start = self.columns.position(element.variable, self._position)
        term = Term(element.variable, part.coefficient, part.condition, None, Meaning.SUM)
        found = TermReader(term, family, self.constraint, self.planned.title, self.evaluator).entries()
        return Found(found.rows, found.elements + start, found.values, family=self._family)

    def _batches(self) -> tuple[list[Batch], bool]:
        """Return what is combined: the rows of the rule if the term reads them, and those of its loops."""
        rows = [self.constraint.batch()] if self.part.reads_rows else []
        return [*rows, *(self._scope(scope).batch for scope in self.part.scopes)], bool(rows)

    def _scope(self, scope: Scope) -> ScopeRows:
        return scope_rows(scope.family, self.columns, self.evaluator, self._position)

    def _elements(self, batch: Batch, picks: list[IntArray], values: FloatArray) -> tuple[IntArray, IntArray | None]:
        """Return which of the combinations have an element that counts, and the columns of these elements."""
        kept = np.flatnonzero(values) if not values.all() else np.arange(batch.size)
        if self.part.element is None:
            return kept, None
        found = []
        for element in sorted(elements_of(self.part.element), key=is_needed):
            family, start = self.columns.position(element.variable, self._position)
            if element.scope is not None:
                found.append(picks[element.scope][kept] + start)
                continue
            some = batch if len(kept) == batch.size else batch.take(kept)
            positions = self._found_elements(element, family, some)
            absent = np.flatnonzero(positions < 0)
            if len(absent) and not element.is_optional:
                raise self._missing(element, family, some, int(absent[0]))
            there = positions >= 0
            kept, found = kept[there], [one[there] for one in found]
            found.append(positions[there] + start)
        return kept, found[0] if len(found) == 1 else self.nonlinear.products(*found)

    def _functions(self, function: FunctionPart) -> Found:
        """Return a function for each row, and for each row of the loops that it is within."""
        batches, has_rows = self._batches()
        axes = axes_of(batches)
        condition, coefficient = self.part.condition, self.part.coefficient
        if batches:
            found = matching(self.evaluator, axes, [] if condition is None else [condition], coefficient)
            picks, batch, known = list(found.picks), axes.batch(found.picks), found.known
        else:
            is_there = condition is None or self.evaluator.truths(condition, NO_BATCH)[0]
            batch, picks, known = NO_BATCH if is_there else NO_BATCH.take(NO_ROWS), [], {}
        values = self.evaluator.numbers(coefficient, batch, known)
        kept = np.flatnonzero(values)
        by_scope = dict(zip(self.part.scopes, picks[len(batches) - len(self.part.scopes) :], strict=True))
        around = [*(picks[:1] if function.reads_rows and has_rows else []), *(by_scope[one] for one in function.scopes)]
        scopes = partial(scope_rows, columns=self.columns, evaluator=self.evaluator, position=self._position)
        reader = FunctionReader(function, self.constraint, scopes, self.evaluator, self._terms, self._position)
        arguments, places = reader.arguments([pick[kept] for pick in around], len(kept))
        columns = self.nonlinear.functions(function.kind, int(places.max(initial=-1)) + 1, arguments)[places]
        if has_rows:
            return Found(picks[0][kept], columns, values[kept], repeats=True)
        return self._repeated(columns, values[kept], repeats=True)

    def _terms(self, part: RulePart, family: Family) -> Found:
        """Return a term of an argument of a function, for its rows."""
        return PartReader(part, family, self.columns, self.planned, self.evaluator, self.nonlinear).found()

    def _found_elements(self, element: ElementPart, family: Family, batch: Batch) -> IntArray:
        if element.key is not None:
            if any(
                row_key.values is not None and not reader.reads_own_key
                for row_key, reader in zip(family.keys.row_keys, family.readers, strict=False)
            ):
                raise Untraceable(f"a key may as well be a row of {family.name!r}")
            if not batch.size:
                return np.empty(0, dtype=np.int64)
            return elements_at(element.key, family, batch, self.evaluator)[0]
        assert element.rows is not None
        if not element.rows:
            return np.zeros(batch.size, dtype=np.int64)
        arguments = [batch.arguments[i] for i in element.rows]
        self._check_kinds(element, family)
        return own_elements(family, arguments, batch.size, self.evaluator)

    def _check_kinds(self, element: ElementPart, family: Family) -> None:
        """Refuse rows of another class; where a row may as well be a key, only real rows tell."""
        kinds = [kind for scope in self.part.scopes for kind in self._scope(scope).kinds]
        kinds = [*(self.constraint.kinds if self.part.reads_rows else ()), *kinds]
        assert element.rows is not None
        for i, row in enumerate(element.rows):
            if family.readers[i].reads_own_key:
                continue
            if family.keys.row_keys[i].values is not None:
                raise Untraceable(f"a row may as well be a key of {family.name!r}")
            is_same = kinds[row].same(family.kinds[i])
            if is_same is None:
                raise Untraceable(f"nothing tells whether its rows are those of {family.name!r}")
            if not is_same and kinds[row].types and family.kinds[i].types:
                raise LXModelError(
                    f"{sentence(self._position)} indexes {family.name!r} with a row of {kinds[row]}, but it is made "
                    f"over {family.kinds[i]}. Index it with a key: {family.name}[row.id]."
                )

    def _missing(self, element: ElementPart, family: Family, batch: Batch, i: int) -> LXMissingKeyError:
        key = ""
        if element.key is not None:
            key = f" {element.key.call(*batch.rows_of(i))!r:.80}"
        return LXMissingKeyError(
            f"{sentence(self._position)} failed for {batch.element(i)}: {family.name!r} has no key{key}. "
            f"Write {family.name}.get(key, 0) where an element may be missing, or leave such rows out with if."
        )
