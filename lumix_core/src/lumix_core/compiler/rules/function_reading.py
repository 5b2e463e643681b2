"""Functions of a rule over rows: the arguments of each, as linear terms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lumix_core.compiler.batches import Batch
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.families import Family
from lumix_core.compiler.joins.axes import Axes
from lumix_core.compiler.joins.join import matching
from lumix_core.compiler.nonlinear.function_arguments import FunctionArguments
from lumix_core.compiler.rules.found import Found
from lumix_core.compiler.rules.parts import ArgumentPart, FunctionPart, RulePart
from lumix_core.compiler.rules.scope_rows import NO_BATCH, NO_ROWS, ScopeRows, axes_of
from lumix_core.errors import LXFunctionError, sentence
from lumix_core.problem.arrays import IntArray
from lumix_core.problem.keys import Keys


@dataclass(frozen=True, eq=False)
class ArgumentFamily(Family):
    """The combinations of rows that a function has an argument for.

    Args:
        combinations: as the arguments of functions.
    """

    combinations: Batch = NO_BATCH

    @property
    def size(self) -> int:
        """How many they are."""
        return self.combinations.size

    def batch(self) -> Batch:
        """Return them as the arguments of functions."""
        return self.combinations

    def element(self, i: int) -> str:
        """Name one in messages."""
        return self.combinations.element(i)


@dataclass(frozen=True, eq=False)
class FunctionReader:
    """Reads a function of a rule: its arguments for each row, and each row of the loops that it is within.

    Args:
        function: the function.
        constraint: the rows of the rule.
        scopes: returns the rows of a family that is gone through.
        evaluator: of this compile.
        terms: returns a term of an argument, for the combinations of rows that there is one for.
        position: what the rule is, for messages.
    """

    function: FunctionPart
    constraint: Family
    scopes: Callable[[Any], ScopeRows]
    evaluator: Evaluator
    terms: Callable[[RulePart, Family], Found]
    position: str

    def arguments(self, picks: Sequence[IntArray], count: int) -> tuple[FunctionArguments, IntArray]:
        """Return the arguments of some functions, and which function is where.

        Args:
            picks: the row of each axis: of the rule, and of each loop around the function.
            count: how many they are.

        Raises:
            LXFunctionError: one has no argument.
        """
        function = self.function
        around = [self.scopes(scope.family) for scope in function.scopes]
        axes = axes_of([*([self.constraint.batch()] if function.reads_rows else []), *(one.batch for one in around)])
        wanted = axes.codes(picks) if picks else np.zeros(count, dtype=np.int64)
        codes, places = np.unique(wanted, return_inverse=True)
        arguments = FunctionArguments.joined([self._arguments(part, axes, codes) for part in function.arguments])
        empty = np.bincount(arguments.function, minlength=len(codes)) == 0
        if empty.any():
            first = int(np.flatnonzero(empty[places])[0])
            element = axes.batch([pick[[first]] for pick in picks]).element(0) if picks else "every row"
            name = function.kind.name.lower()
            raise LXFunctionError(
                f"{sentence(self.position)} failed for {element}: "
                f"{name}() has no argument. Give it a number, or leave such rows out with if."
            )
        return arguments, places

    def _arguments(self, part: ArgumentPart, axes: Axes, codes: IntArray) -> FunctionArguments:
        """Return an argument of each function, or one for each row of what the function goes through."""
        inner = [self.scopes(scope.family) for scope in part.scopes]
        whole = axes_of([*axes.batches, *(one.batch for one in inner)])
        picks = self._picks(part, whole)
        found = axes.codes(picks[: len(axes.batches)]) if axes.batches else np.zeros(len(picks[0]), dtype=np.int64)
        function = np.minimum(np.searchsorted(codes, found), max(len(codes) - 1, 0))
        kept = np.flatnonzero(codes[function] == found) if len(codes) else NO_ROWS
        picks, function = [pick[kept] for pick in picks], function[kept]
        family = self._family(whole, picks, [*(self.scopes(scope.family) for scope in self.function.scopes), *inner])
        constants, terms = np.zeros(family.size), []
        for term in part.parts:
            read = self.terms(term, family)
            if read.columns is None:
                constants += np.bincount(read.rows, weights=read.values, minlength=family.size)
            else:
                terms.append((read.rows, read.columns, read.values))
        none = (NO_ROWS, NO_ROWS, np.empty(0))
        rows, columns, values = (np.concatenate([none[i], *(term[i] for term in terms)]) for i in range(3))
        return FunctionArguments(function, constants, rows, columns, values)

    def _picks(self, part: ArgumentPart, whole: Axes) -> list[IntArray]:
        condition = part.condition
        if whole.batches:
            return list(matching(self.evaluator, whole, [] if condition is None else [condition]).picks)
        is_there = condition is None or bool(self.evaluator.truths(condition, NO_BATCH)[0])
        return [np.zeros(int(is_there), dtype=np.int64)]

    def _family(self, whole: Axes, picks: list[IntArray], scopes: list[ScopeRows]) -> ArgumentFamily:
        kinds = [kind for scope in scopes for kind in scope.kinds]
        rows = self.constraint.kinds if self.function.reads_rows else ()
        batch = whole.batch(picks) if whole.batches else Batch((), len(picks[0]), NO_BATCH.element)
        name = self.constraint.name
        return ArgumentFamily(name, Keys.scalar(), batch.arguments, (*rows, *kinds), combinations=batch)
