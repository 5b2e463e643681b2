"""The methods that add terms to an expression, typed so that an editor knows the rows in a lambda.

The overloads tell functions apart by what they take: one row a dimension, or the constraint's row too. A lambda gets
the types of its parameters from the first overload that it fits; the commonest comes first, since a type checker
reports the mistakes of a lambda that fits none against that one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, SupportsFloat, TypeAlias, TypeVar, overload

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
At: TypeAlias = Callable[..., Hashable] | None
Missing: TypeAlias = Literal["error", "skip"]
Of1: TypeAlias = Number | Callable[[R], Number]
Of2: TypeAlias = Number | Callable[[A, B], Number]
Of3: TypeAlias = Number | Callable[[A, B, C], Number]
Of4: TypeAlias = Number | Callable[[A, B, C, Any], Number]
Row1: TypeAlias = Number | Callable[[R, Any], Number] | Callable[[R, Any, Any], Number]
Row2: TypeAlias = Number | Callable[[A, B, Any], Number] | Callable[[A, B, Any, Any], Number]
If1: TypeAlias = Callable[[R], object] | None
If2: TypeAlias = Callable[[A, B], object] | None
If3: TypeAlias = Callable[[A, B, C], object] | None
IfRow1: TypeAlias = Callable[[R, Any], object] | Callable[[R, Any, Any], object] | None
IfRow2: TypeAlias = Callable[[A, B, Any], object] | Callable[[A, B, Any, Any], object] | None
If4: TypeAlias = Callable[[A, B, C, Any], object] | None


class Meaning(StrEnum):
    """Which elements of its family a term stands for in a row of an indexed constraint."""

    ROW = "add_term"
    """The row's own element, or all of them where a function takes the constraint's row."""
    SUM = "sum_over"
    """All of them."""
    MATCHING = "sum_over(matching=True)"
    """Those that agree with the row in every dimension that both have."""


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
    def add_term(
        self,
        var: LXVariable[R, Any],
        coeff: Of1[R] = ...,
        where: If1[R] = ...,
        keys: Keys = ...,
        *,
        at: At = ...,
        missing: Missing = ...,
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: LXVariable[tuple[A, B], Any],
        coeff: Of2[A, B] = ...,
        where: If2[A, B] = ...,
        keys: Keys = ...,
        *,
        at: At = ...,
        missing: Missing = ...,
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: LXVariable[tuple[A, B], Any],
        coeff: Row2[A, B],
        where: If2[A, B] = ...,
        keys: Keys = ...,
        *,
        at: At = ...,
        missing: Missing = ...,
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: LXVariable[tuple[A, B], Any],
        coeff: Of2[A, B] = ...,
        *,
        where: IfRow2[A, B],
        keys: Keys = ...,
        at: At = ...,
        missing: Missing = ...,
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: LXVariable[tuple[A, B], Any],
        coeff: Row2[A, B],
        where: IfRow2[A, B],
        keys: Keys = ...,
        *,
        at: At = ...,
        missing: Missing = ...,
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: LXVariable[tuple[A, B, C], Any],
        coeff: Of3[A, B, C] = ...,
        where: If3[A, B, C] = ...,
        keys: Keys = ...,
        *,
        at: At = ...,
        missing: Missing = ...,
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: LXVariable[tuple[A, B, C], Any],
        coeff: Of4[A, B, C] = ...,
        where: If4[A, B, C] = ...,
        keys: Keys = ...,
        *,
        at: At = ...,
        missing: Missing = ...,
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: LXVariable[R, Any],
        coeff: Row1[R],
        where: If1[R] = ...,
        keys: Keys = ...,
        *,
        at: At = ...,
        missing: Missing = ...,
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: LXVariable[R, Any],
        coeff: Of1[R] = ...,
        *,
        where: IfRow1[R],
        keys: Keys = ...,
        at: At = ...,
        missing: Missing = ...,
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: LXVariable[R, Any],
        coeff: Row1[R],
        where: IfRow1[R],
        keys: Keys = ...,
        *,
        at: At = ...,
        missing: Missing = ...,
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: LXVariable[R, Any],
        coeff: Number | Bound1[R],
        where: If1[R] = ...,
        keys: Keys = ...,
        *,
        at: At = ...,
        missing: Missing = ...,
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: LXVariable[R, Any],
        coeff: Of1[R] = ...,
        *,
        where: BoundIf1[R],
        keys: Keys = ...,
        at: At = ...,
        missing: Missing = ...,
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: LXVariable[tuple[A, B], Any],
        coeff: Number | Bound2[A, B],
        where: If2[A, B] = ...,
        keys: Keys = ...,
        *,
        at: At = ...,
        missing: Missing = ...,
    ) -> Self: ...
    def add_term(
        self,
        var: Any,
        coeff: Any = 1.0,
        where: Any = None,
        keys: Keys = None,
        *,
        at: At = None,
        missing: Missing = "error",
    ) -> Self:
        """Add ``coeff`` times a variable; a second term on the same variable adds.

        In a constraint without an index, and in the objective, it is summed over the (filtered) family. In an indexed
        constraint it stands for:

        * the one element with the key ``at(row)``, where ``at`` is given;
        * else the sum over the family, weighed by the constraint's row, where a function takes that row;
        * else the row's own element, where each dimension of the variable is one of the constraint's.

        Anything else would sum the whole family in every row, and is refused: write `sum_over`.

        Args:
            var: a family of variables.
            coeff: a finite number, or a function of one row a dimension of the variable, and then perhaps one a
                dimension of the constraint.
            where: keep the elements for which it is true; takes what ``coeff`` takes. That of a row's own element is
                given the constraint's row(s) in place of the variable's.
            keys: keep the elements with these keys, in place of ``where``.
            at: the key of the element, a function of one row a dimension of the constraint.
            missing: "error", or "skip" to leave the term out of rows for which the family has no element.

        Raises:
            LXNumberError: the coefficient is not a finite number.
            LXModelError: ``where`` and ``keys`` are both given, or ``missing`` is not valid.
        """
        return self._add(var, coeff, where, keys, Meaning.ROW, at=at, missing=missing)

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
        self, var: LXVariable[tuple[A, B], Any], coeff: Row2[A, B], where: If2[A, B] = ..., keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: LXVariable[tuple[A, B], Any], coeff: Of2[A, B] = ..., *, where: IfRow2[A, B], keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: LXVariable[tuple[A, B], Any], coeff: Row2[A, B], where: IfRow2[A, B], keys: Keys = ...
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
        self, var: LXVariable[R, Any], coeff: Row1[R], where: If1[R] = ..., keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: LXVariable[R, Any], coeff: Of1[R] = ..., *, where: IfRow1[R], keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(self, var: LXVariable[R, Any], coeff: Row1[R], where: IfRow1[R], keys: Keys = ...) -> Self: ...
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
        return self._add(var, coeff, where, keys, Meaning.SUM)

    @overload
    def sum_over(
        self,
        var: LXVariable[R, Any],
        coeff: Of1[R] = ...,
        where: If1[R] = ...,
        keys: Keys = ...,
        *,
        matching: bool = ...,
    ) -> Self: ...
    @overload
    def sum_over(
        self,
        var: LXVariable[tuple[A, B], Any],
        coeff: Of2[A, B] = ...,
        where: If2[A, B] = ...,
        keys: Keys = ...,
        *,
        matching: bool = ...,
    ) -> Self: ...
    @overload
    def sum_over(
        self,
        var: LXVariable[tuple[A, B], Any],
        coeff: Row2[A, B],
        where: If2[A, B] = ...,
        keys: Keys = ...,
        *,
        matching: bool = ...,
    ) -> Self: ...
    @overload
    def sum_over(
        self,
        var: LXVariable[tuple[A, B], Any],
        coeff: Of2[A, B] = ...,
        *,
        where: IfRow2[A, B],
        keys: Keys = ...,
        matching: bool = ...,
    ) -> Self: ...
    @overload
    def sum_over(
        self,
        var: LXVariable[tuple[A, B], Any],
        coeff: Row2[A, B],
        where: IfRow2[A, B],
        keys: Keys = ...,
        *,
        matching: bool = ...,
    ) -> Self: ...
    @overload
    def sum_over(
        self,
        var: LXVariable[tuple[A, B, C], Any],
        coeff: Of3[A, B, C] = ...,
        where: If3[A, B, C] = ...,
        keys: Keys = ...,
        *,
        matching: bool = ...,
    ) -> Self: ...
    @overload
    def sum_over(
        self,
        var: LXVariable[tuple[A, B, C], Any],
        coeff: Of4[A, B, C] = ...,
        where: If4[A, B, C] = ...,
        keys: Keys = ...,
        *,
        matching: bool = ...,
    ) -> Self: ...
    @overload
    def sum_over(
        self,
        var: LXVariable[R, Any],
        coeff: Row1[R],
        where: If1[R] = ...,
        keys: Keys = ...,
        *,
        matching: bool = ...,
    ) -> Self: ...
    @overload
    def sum_over(
        self,
        var: LXVariable[R, Any],
        coeff: Of1[R] = ...,
        *,
        where: IfRow1[R],
        keys: Keys = ...,
        matching: bool = ...,
    ) -> Self: ...
    @overload
    def sum_over(
        self, var: LXVariable[R, Any], coeff: Row1[R], where: IfRow1[R], keys: Keys = ..., *, matching: bool = ...
    ) -> Self: ...
    @overload
    def sum_over(
        self,
        var: LXVariable[R, Any],
        coeff: Number | Bound1[R],
        where: If1[R] = ...,
        keys: Keys = ...,
        *,
        matching: bool = ...,
    ) -> Self: ...
    @overload
    def sum_over(
        self,
        var: LXVariable[R, Any],
        coeff: Of1[R] = ...,
        *,
        where: BoundIf1[R],
        keys: Keys = ...,
        matching: bool = ...,
    ) -> Self: ...
    @overload
    def sum_over(
        self,
        var: LXVariable[tuple[A, B], Any],
        coeff: Number | Bound2[A, B],
        where: If2[A, B] = ...,
        keys: Keys = ...,
        *,
        matching: bool = ...,
    ) -> Self: ...
    def sum_over(
        self, var: Any, coeff: Any = 1.0, where: Any = None, keys: Keys = None, *, matching: bool = False
    ) -> Self:
        """Add the sum of ``coeff`` times every element of a family; arguments and errors as for `add_term`.

        Args:
            var: a family of variables.
            coeff: a finite number, or a function.
            where: keep the elements for which it is true.
            keys: keep the elements with these keys, in place of ``where``.
            matching: in an indexed constraint, keep the elements that agree with the constraint's row in every
                dimension that both have.
        """
        return self._add(var, coeff, where, keys, Meaning.MATCHING if matching else Meaning.SUM)

    @abstractmethod
    def _add(
        self, var: Any, coeff: Any, where: Any, keys: Keys, meaning: Meaning, *, at: Any = None, missing: Any = "error"
    ) -> Self:
        """Add one term."""
