"""What is not linear in a rule, as columns behind those of the model, until its sides are put together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from lumix_core.compiler.nonlinear.function_arguments import FunctionArguments
from lumix_core.problem.arrays import FloatArray, IntArray
from lumix_core.problem.structures import FunctionKind

PRODUCT = -1
"""In place of a kind of function: the product of two columns."""
NONE: IntArray = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Argument:
    """A linear argument of a single function: its terms by column, and its constant."""

    terms: dict[int, float]
    constant: float

    @property
    def identity(self) -> Hashable:
        """What is equal for equal arguments."""
        return tuple(sorted((column, value) for column, value in self.terms.items() if value)), self.constant


def argument_of(terms: Iterable[tuple[int | None, float]]) -> Argument:
    """Return an argument from its terms, of which those without a column are numbers; in whatever order they come."""
    found: dict[int | None, list[float]] = defaultdict(list)
    for column, value in terms:
        found[column].append(value)
    constant = sum(sorted(found.pop(None, [])))
    return Argument({column: sum(sorted(some)) for column, some in found.items() if column is not None}, constant)


@dataclass(frozen=True, eq=False)
class NonLinearNumbers:
    """What is not linear in the rows of a rule.

    Args:
        rows, left, right, values: of each product.
        kinds: of each function.
        arguments: of the functions.
        use_rows, use_functions, use_values: the coefficient of a function in a row.
    """

    rows: IntArray
    left: IntArray
    right: IntArray
    values: FloatArray
    kinds: IntArray
    arguments: FunctionArguments
    use_rows: IntArray
    use_functions: IntArray
    use_values: FloatArray


@dataclass(eq=False)
class NonLinearColumns:
    """Numbers products and functions as columns.

    Args:
        first: the number of the first, which is that of the columns of the model.
    """

    first: int
    _kinds: list[IntArray] = field(default_factory=list)
    _factors: list[tuple[IntArray, IntArray]] = field(default_factory=list)
    _arguments: list[FunctionArguments] = field(default_factory=list)
    _size: int = 0
    _known: dict[Hashable, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return self._size

    def products(self, left: IntArray, right: IntArray) -> IntArray:
        """Return the columns of the products of columns."""
        pairs = np.minimum(left, right) * self.first + np.maximum(left, right)
        unique, inverse = np.unique(pairs, return_inverse=True)
        return self._added(PRODUCT, len(unique), (unique // self.first, unique % self.first))[inverse]

    def functions(self, kind: FunctionKind, count: int, arguments: FunctionArguments) -> IntArray:
        """Return the columns of so many functions."""
        before = self._size
        columns = self._added(int(kind), count, (np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)))
        self._arguments.append(arguments.numbered(before))
        return columns

    def product(self, left: int, right: int) -> int:
        """Return the column of a product; the same one for equal factors."""
        identity = min(left, right), max(left, right)
        if identity not in self._known:
            self._known[identity] = int(self.products(np.array([left]), np.array([right]))[0])
        return self._known[identity]

    def function(self, kind: FunctionKind, arguments: Sequence[Argument]) -> int:
        """Return the column of a function; the same one for equal arguments."""
        ordered = sorted(arguments, key=lambda argument: repr(argument.identity))
        identity = kind, *(argument.identity for argument in ordered)
        if identity not in self._known:
            self._known[identity] = int(self.functions(kind, 1, _stacked(ordered))[0])
        return self._known[identity]

    def numbers(self, rows: IntArray, columns: IntArray, values: FloatArray) -> NonLinearNumbers:
        """Return what nonzeros in these columns stand for."""
        kinds = np.concatenate([NONE, *self._kinds])
        left, right = (np.concatenate([NONE, *(pair[i] for pair in self._factors)]) for i in range(2))
        numbers = columns - self.first
        is_product = kinds[numbers] == PRODUCT
        products, uses = numbers[is_product], numbers[~is_product]
        functions, use_functions = np.unique(uses, return_inverse=True)
        return NonLinearNumbers(
            rows[is_product],
            left[products],
            right[products],
            values[is_product],
            kinds[functions],
            FunctionArguments.joined(self._arguments).of(functions, self._size),
            rows[~is_product],
            use_functions,
            values[~is_product],
        )

    def _added(self, kind: int, count: int, factors: tuple[IntArray, IntArray]) -> IntArray:
        self._kinds.append(np.full(count, kind, dtype=np.int64))
        self._factors.append(factors)
        self._size += count
        return self.first + np.arange(self._size - count, self._size)


def _stacked(arguments: Sequence[Argument]) -> FunctionArguments:
    """Return the arguments of one function as arrays."""
    counts = [len(argument.terms) for argument in arguments]
    terms = [term for argument in arguments for term in argument.terms.items()]
    return FunctionArguments(
        np.zeros(len(arguments), dtype=np.int64),
        np.array([argument.constant for argument in arguments], dtype=np.float64),
        np.repeat(np.arange(len(arguments)), counts),
        np.array([column for column, _ in terms], dtype=np.int64),
        np.array([value for _, value in terms], dtype=np.float64),
    )
