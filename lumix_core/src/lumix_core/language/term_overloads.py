"""The methods that add terms to an expression, typed so that an editor knows the rows in a lambda.

The overloads tell functions apart by what they take: one row a dimension, or the constraint's row too. A lambda gets
the types of its parameters from the first overload that it fits; the commonest comes first, since a type checker
reports the mistakes of a lambda that fits none against that one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any, Protocol, Self, SupportsFloat, TypeAlias, TypeVar, overload

if TYPE_CHECKING:
    from lumix_core.language.variables import LXVariable

R = TypeVar("R")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
R_contra = TypeVar("R_contra", contravariant=True)
A_contra = TypeVar("A_contra", contravariant=True)
B_contra = TypeVar("B_contra", contravariant=True)
Number: TypeAlias = SupportsFloat
Keys: TypeAlias = Iterable[Hashable] | None
Of1: TypeAlias = Number | Callable[[R], Number]
Of2: TypeAlias = Number | Callable[[A, B], Number]
Of3: TypeAlias = Number | Callable[[A, B, C], Number]
Of4: TypeAlias = Number | Callable[[A, B, C, Any], Number]
If1: TypeAlias = Callable[[R], object] | None
If2: TypeAlias = Callable[[A, B], object] | None
If3: TypeAlias = Callable[[A, B, C], object] | None
If4: TypeAlias = Callable[[A, B, C, Any], object] | None


class Bound1(Protocol[R_contra]):
    """A coefficient function that binds a value when it is made: ``lambda p, m=machine: ...``."""

    def __call__(self, row: R_contra, captured: Any = ..., /) -> Number:
        """Return the coefficient."""


class BoundIf1(Protocol[R_contra]):
    """A condition that binds a value when it is made."""

    def __call__(self, row: R_contra, captured: Any = ..., /) -> object:
        """Return whether the term is for the row."""


class Bound2(Protocol[A_contra, B_contra]):
    """A coefficient function of two dimensions that binds a value when it is made."""

    def __call__(self, first: A_contra, second: B_contra, captured: Any = ..., /) -> Number:
        """Return the coefficient."""


class TermMethods(ABC):
    """Adds terms; functions get one row a dimension of the variable, and the constraint's row if they take it."""

    @overload
    def add_term(self, var: LXVariable[R, Any], coeff: Of1[R] = ..., where: If1[R] = ..., keys: Keys = ...) -> Self: ...
    @overload
    def add_term(
        self, var: LXVariable[tuple[A, B], Any], coeff: Of2[A, B] = ..., where: If2[A, B] = ..., keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_term(
        self, var: LXVariable[tuple[A, B], Any], coeff: Of3[A, B, Any], where: If2[A, B] = ..., keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_term(
        self, var: LXVariable[tuple[A, B], Any], coeff: Of2[A, B] = ..., *, where: If3[A, B, Any], keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_term(
        self, var: LXVariable[tuple[A, B], Any], coeff: Of3[A, B, Any], where: If3[A, B, Any], keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: LXVariable[tuple[A, B, C], Any],
        coeff: Of3[A, B, C] = ...,
        where: If3[A, B, C] = ...,
        keys: Keys = ...,
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: LXVariable[tuple[A, B, C], Any],
        coeff: Of4[A, B, C] = ...,
        where: If4[A, B, C] = ...,
        keys: Keys = ...,
    ) -> Self: ...
    @overload
    def add_term(self, var: LXVariable[R, Any], coeff: Of2[R, Any], where: If1[R] = ..., keys: Keys = ...) -> Self: ...
    @overload
    def add_term(
        self, var: LXVariable[R, Any], coeff: Of1[R] = ..., *, where: If2[R, Any], keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_term(self, var: LXVariable[R, Any], coeff: Of2[R, Any], where: If2[R, Any], keys: Keys = ...) -> Self: ...
    @overload
    def add_term(
        self, var: LXVariable[R, Any], coeff: Number | Bound1[R], where: If1[R] = ..., keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_term(
        self, var: LXVariable[R, Any], coeff: Of1[R] = ..., *, where: BoundIf1[R], keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_term(
        self, var: LXVariable[tuple[A, B], Any], coeff: Number | Bound2[A, B], where: If2[A, B] = ..., keys: Keys = ...
    ) -> Self: ...
    def add_term(self, var: Any, coeff: Any = 1.0, where: Any = None, keys: Keys = None) -> Self:
        """Add ``coeff`` times a variable; a second term on the same variable adds.

        In an indexed constraint, a number or a one-argument function on a single-index variable over the
        constraint's own kind of row means the row's own variable; a row that has none is an error unless ``where``
        excludes it. In every other case, and where ``where`` takes the constraint's row, the term is summed over the
        whole (filtered) family.

        Args:
            var: a family of variables.
            coeff: a finite number, or a function of the rows.
            where: keep the elements for which it is true.
            keys: keep the elements with these keys, in place of ``where``.

        Raises:
            LXNumberError: the coefficient is not a finite number.
            LXModelError: ``where`` and ``keys`` are both given.
        """
        return self._add(var, coeff, where, keys, own=True)

    @overload
    def add_multi_term(
        self, var: LXVariable[R, Any], coeff: Of1[R] = ..., where: If1[R] = ..., keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: LXVariable[tuple[A, B], Any], coeff: Of2[A, B] = ..., where: If2[A, B] = ..., keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: LXVariable[tuple[A, B], Any], coeff: Of3[A, B, Any], where: If2[A, B] = ..., keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: LXVariable[tuple[A, B], Any], coeff: Of2[A, B] = ..., *, where: If3[A, B, Any], keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: LXVariable[tuple[A, B], Any], coeff: Of3[A, B, Any], where: If3[A, B, Any], keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self,
        var: LXVariable[tuple[A, B, C], Any],
        coeff: Of3[A, B, C] = ...,
        where: If3[A, B, C] = ...,
        keys: Keys = ...,
    ) -> Self: ...
    @overload
    def add_multi_term(
        self,
        var: LXVariable[tuple[A, B, C], Any],
        coeff: Of4[A, B, C] = ...,
        where: If4[A, B, C] = ...,
        keys: Keys = ...,
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: LXVariable[R, Any], coeff: Of2[R, Any], where: If1[R] = ..., keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: LXVariable[R, Any], coeff: Of1[R] = ..., *, where: If2[R, Any], keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: LXVariable[R, Any], coeff: Of2[R, Any], where: If2[R, Any], keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: LXVariable[R, Any], coeff: Number | Bound1[R], where: If1[R] = ..., keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: LXVariable[R, Any], coeff: Of1[R] = ..., *, where: BoundIf1[R], keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: LXVariable[tuple[A, B], Any], coeff: Number | Bound2[A, B], where: If2[A, B] = ..., keys: Keys = ...
    ) -> Self: ...
    def add_multi_term(self, var: Any, coeff: Any = 1.0, where: Any = None, keys: Keys = None) -> Self:
        """Add the sum of ``coeff`` times every element of a family; arguments and errors as for `add_term`."""
        return self._add(var, coeff, where, keys, own=False)

    @overload
    def sum_over(self, var: LXVariable[R, Any], where: If1[R] = ..., keys: Keys = ...) -> Self: ...
    @overload
    def sum_over(
        self, var: LXVariable[tuple[A, B], Any], where: If2[A, B] | If3[A, B, Any] = ..., keys: Keys = ...
    ) -> Self: ...
    @overload
    def sum_over(
        self, var: LXVariable[tuple[A, B, C], Any], where: If3[A, B, C] | If4[A, B, C] = ..., keys: Keys = ...
    ) -> Self: ...
    @overload
    def sum_over(self, var: LXVariable[R, Any], where: If2[R, Any], keys: Keys = ...) -> Self: ...
    @overload
    def sum_over(self, var: LXVariable[R, Any], where: BoundIf1[R], keys: Keys = ...) -> Self: ...
    def sum_over(self, var: Any, where: Any = None, keys: Keys = None) -> Self:
        """Add the plain sum of every element of a family; arguments and errors as for `add_term`."""
        return self._add(var, 1.0, where, keys, own=False)

    @abstractmethod
    def _add(self, var: Any, coeff: Any, where: Any, keys: Keys, own: bool) -> Self:
        """Add one term."""
