"""The methods that add terms to an expression, typed so that an editor knows the rows in a lambda.

The overloads tell functions apart by what they take: one row a dimension, or the constraint's rows too. A lambda gets
the types of its parameters from the first overload that it fits; the commonest comes first, since a type checker
reports the mistakes of a lambda that fits none against that one. Each overload has one form of function for each
argument: a type checker takes the parameters of a lambda that could have two forms to be of any type.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self, TypeAlias, Unpack, overload

from lumix_core.language.term_types import (
    A,
    At,
    B,
    Bound1,
    Bound2,
    BoundIf1,
    C,
    If1,
    If1W,
    If1WW,
    If2,
    If2W,
    If2WW,
    If3,
    If3W,
    If3WW,
    Keys,
    Matching,
    Missing,
    Number,
    Of1,
    Of1W,
    Of1WW,
    Of2,
    Of2W,
    Of2WW,
    Of3,
    Of3W,
    Of3WW,
    OneElement,
    R,
)

if TYPE_CHECKING:
    from lumix_core.language.variables import LXVariable

    Var1: TypeAlias = LXVariable[R, Any]
    Var2: TypeAlias = LXVariable[tuple[A, B], Any]
    Var3: TypeAlias = LXVariable[tuple[A, B, C], Any]


class Meaning(StrEnum):
    """Which elements of its family a term stands for in a row of an indexed constraint."""

    ROW = "add_term"
    """The row's own element, or all of them where a function takes the constraint's row."""
    SUM = "sum_over"
    """All of them."""
    MATCHING = "sum_over(matching=True)"
    """Those that agree with the row in every dimension that both have."""


class TermMethods(ABC):
    """Adds terms; functions get one row a dimension of the variable, and the constraint's row if they take it."""

    @overload
    def add_term(
        self, var: Var1[R], coeff: Of1[R] = ..., where: If1[R] = ..., keys: Keys = ..., **row: Unpack[OneElement]
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: Var2[A, B],
        coeff: Of2[A, B] = ...,
        where: If2[A, B] = ...,
        keys: Keys = ...,
        **row: Unpack[OneElement],
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: Var3[A, B, C],
        coeff: Of3[A, B, C] = ...,
        where: If3[A, B, C] = ...,
        keys: Keys = ...,
        **row: Unpack[OneElement],
    ) -> Self: ...
    @overload
    def add_term(
        self, var: Var2[A, B], coeff: Of2W[A, B], where: If2[A, B] = ..., keys: Keys = ..., **row: Unpack[OneElement]
    ) -> Self: ...
    @overload
    def add_term(
        self, var: Var2[A, B], coeff: Of2WW[A, B], where: If2[A, B] = ..., keys: Keys = ..., **row: Unpack[OneElement]
    ) -> Self: ...
    @overload
    def add_term(
        self, var: Var2[A, B], coeff: Of2[A, B] = ..., *, where: If2W[A, B], keys: Keys = ..., **row: Unpack[OneElement]
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: Var2[A, B],
        coeff: Of2[A, B] = ...,
        *,
        where: If2WW[A, B],
        keys: Keys = ...,
        **row: Unpack[OneElement],
    ) -> Self: ...
    @overload
    def add_term(
        self, var: Var2[A, B], coeff: Of2W[A, B], where: If2W[A, B], keys: Keys = ..., **row: Unpack[OneElement]
    ) -> Self: ...
    @overload
    def add_term(
        self, var: Var2[A, B], coeff: Of2WW[A, B], where: If2WW[A, B], keys: Keys = ..., **row: Unpack[OneElement]
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: Var3[A, B, C],
        coeff: Of3W[A, B, C],
        where: If3[A, B, C] = ...,
        keys: Keys = ...,
        **row: Unpack[OneElement],
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: Var3[A, B, C],
        coeff: Of3WW[A, B, C],
        where: If3[A, B, C] = ...,
        keys: Keys = ...,
        **row: Unpack[OneElement],
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: Var3[A, B, C],
        coeff: Of3[A, B, C] = ...,
        *,
        where: If3W[A, B, C],
        keys: Keys = ...,
        **row: Unpack[OneElement],
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: Var3[A, B, C],
        coeff: Of3[A, B, C] = ...,
        *,
        where: If3WW[A, B, C],
        keys: Keys = ...,
        **row: Unpack[OneElement],
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: Var3[A, B, C],
        coeff: Of3W[A, B, C],
        where: If3W[A, B, C],
        keys: Keys = ...,
        **row: Unpack[OneElement],
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: Var3[A, B, C],
        coeff: Of3WW[A, B, C],
        where: If3WW[A, B, C],
        keys: Keys = ...,
        **row: Unpack[OneElement],
    ) -> Self: ...
    @overload
    def add_term(
        self, var: Var1[R], coeff: Of1W[R], where: If1[R] = ..., keys: Keys = ..., **row: Unpack[OneElement]
    ) -> Self: ...
    @overload
    def add_term(
        self, var: Var1[R], coeff: Of1WW[R], where: If1[R] = ..., keys: Keys = ..., **row: Unpack[OneElement]
    ) -> Self: ...
    @overload
    def add_term(
        self, var: Var1[R], coeff: Of1[R] = ..., *, where: If1W[R], keys: Keys = ..., **row: Unpack[OneElement]
    ) -> Self: ...
    @overload
    def add_term(
        self, var: Var1[R], coeff: Of1[R] = ..., *, where: If1WW[R], keys: Keys = ..., **row: Unpack[OneElement]
    ) -> Self: ...
    @overload
    def add_term(
        self, var: Var1[R], coeff: Of1W[R], where: If1W[R], keys: Keys = ..., **row: Unpack[OneElement]
    ) -> Self: ...
    @overload
    def add_term(
        self, var: Var1[R], coeff: Of1WW[R], where: If1WW[R], keys: Keys = ..., **row: Unpack[OneElement]
    ) -> Self: ...
    @overload
    def add_term(
        self, var: Var1[R], coeff: Number | Bound1[R], where: If1[R] = ..., keys: Keys = ..., **row: Unpack[OneElement]
    ) -> Self: ...
    @overload
    def add_term(
        self, var: Var1[R], coeff: Of1[R] = ..., *, where: BoundIf1[R], keys: Keys = ..., **row: Unpack[OneElement]
    ) -> Self: ...
    @overload
    def add_term(
        self,
        var: Var2[A, B],
        coeff: Number | Bound2[A, B],
        where: If2[A, B] = ...,
        keys: Keys = ...,
        **row: Unpack[OneElement],
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
    def add_multi_term(self, var: Var1[R], coeff: Of1[R] = ..., where: If1[R] = ..., keys: Keys = ...) -> Self: ...
    @overload
    def add_multi_term(
        self, var: Var2[A, B], coeff: Of2[A, B] = ..., where: If2[A, B] = ..., keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: Var3[A, B, C], coeff: Of3[A, B, C] = ..., where: If3[A, B, C] = ..., keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(self, var: Var2[A, B], coeff: Of2W[A, B], where: If2[A, B] = ..., keys: Keys = ...) -> Self: ...
    @overload
    def add_multi_term(self, var: Var2[A, B], coeff: Of2WW[A, B], where: If2[A, B] = ..., keys: Keys = ...) -> Self: ...
    @overload
    def add_multi_term(
        self, var: Var2[A, B], coeff: Of2[A, B] = ..., *, where: If2W[A, B], keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: Var2[A, B], coeff: Of2[A, B] = ..., *, where: If2WW[A, B], keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(self, var: Var2[A, B], coeff: Of2W[A, B], where: If2W[A, B], keys: Keys = ...) -> Self: ...
    @overload
    def add_multi_term(self, var: Var2[A, B], coeff: Of2WW[A, B], where: If2WW[A, B], keys: Keys = ...) -> Self: ...
    @overload
    def add_multi_term(
        self, var: Var3[A, B, C], coeff: Of3W[A, B, C], where: If3[A, B, C] = ..., keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: Var3[A, B, C], coeff: Of3WW[A, B, C], where: If3[A, B, C] = ..., keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: Var3[A, B, C], coeff: Of3[A, B, C] = ..., *, where: If3W[A, B, C], keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: Var3[A, B, C], coeff: Of3[A, B, C] = ..., *, where: If3WW[A, B, C], keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: Var3[A, B, C], coeff: Of3W[A, B, C], where: If3W[A, B, C], keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(
        self, var: Var3[A, B, C], coeff: Of3WW[A, B, C], where: If3WW[A, B, C], keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(self, var: Var1[R], coeff: Of1W[R], where: If1[R] = ..., keys: Keys = ...) -> Self: ...
    @overload
    def add_multi_term(self, var: Var1[R], coeff: Of1WW[R], where: If1[R] = ..., keys: Keys = ...) -> Self: ...
    @overload
    def add_multi_term(self, var: Var1[R], coeff: Of1[R] = ..., *, where: If1W[R], keys: Keys = ...) -> Self: ...
    @overload
    def add_multi_term(self, var: Var1[R], coeff: Of1[R] = ..., *, where: If1WW[R], keys: Keys = ...) -> Self: ...
    @overload
    def add_multi_term(self, var: Var1[R], coeff: Of1W[R], where: If1W[R], keys: Keys = ...) -> Self: ...
    @overload
    def add_multi_term(self, var: Var1[R], coeff: Of1WW[R], where: If1WW[R], keys: Keys = ...) -> Self: ...
    @overload
    def add_multi_term(
        self, var: Var1[R], coeff: Number | Bound1[R], where: If1[R] = ..., keys: Keys = ...
    ) -> Self: ...
    @overload
    def add_multi_term(self, var: Var1[R], coeff: Of1[R] = ..., *, where: BoundIf1[R], keys: Keys = ...) -> Self: ...
    @overload
    def add_multi_term(
        self, var: Var2[A, B], coeff: Number | Bound2[A, B], where: If2[A, B] = ..., keys: Keys = ...
    ) -> Self: ...
    def add_multi_term(self, var: Any, coeff: Any = 1.0, where: Any = None, keys: Keys = None) -> Self:
        """Add the sum of ``coeff`` times every element of a family; arguments and errors as for `add_term`."""
        return self._add(var, coeff, where, keys, Meaning.SUM)

    @overload
    def sum_over(
        self, var: Var1[R], coeff: Of1[R] = ..., where: If1[R] = ..., keys: Keys = ..., **rule: Unpack[Matching]
    ) -> Self: ...
    @overload
    def sum_over(
        self,
        var: Var2[A, B],
        coeff: Of2[A, B] = ...,
        where: If2[A, B] = ...,
        keys: Keys = ...,
        **rule: Unpack[Matching],
    ) -> Self: ...
    @overload
    def sum_over(
        self,
        var: Var3[A, B, C],
        coeff: Of3[A, B, C] = ...,
        where: If3[A, B, C] = ...,
        keys: Keys = ...,
        **rule: Unpack[Matching],
    ) -> Self: ...
    @overload
    def sum_over(
        self, var: Var2[A, B], coeff: Of2W[A, B], where: If2[A, B] = ..., keys: Keys = ..., **rule: Unpack[Matching]
    ) -> Self: ...
    @overload
    def sum_over(
        self, var: Var2[A, B], coeff: Of2WW[A, B], where: If2[A, B] = ..., keys: Keys = ..., **rule: Unpack[Matching]
    ) -> Self: ...
    @overload
    def sum_over(
        self, var: Var2[A, B], coeff: Of2[A, B] = ..., *, where: If2W[A, B], keys: Keys = ..., **rule: Unpack[Matching]
    ) -> Self: ...
    @overload
    def sum_over(
        self, var: Var2[A, B], coeff: Of2[A, B] = ..., *, where: If2WW[A, B], keys: Keys = ..., **rule: Unpack[Matching]
    ) -> Self: ...
    @overload
    def sum_over(
        self, var: Var2[A, B], coeff: Of2W[A, B], where: If2W[A, B], keys: Keys = ..., **rule: Unpack[Matching]
    ) -> Self: ...
    @overload
    def sum_over(
        self, var: Var2[A, B], coeff: Of2WW[A, B], where: If2WW[A, B], keys: Keys = ..., **rule: Unpack[Matching]
    ) -> Self: ...
    @overload
    def sum_over(
        self,
        var: Var3[A, B, C],
        coeff: Of3W[A, B, C],
        where: If3[A, B, C] = ...,
        keys: Keys = ...,
        **rule: Unpack[Matching],
    ) -> Self: ...
    @overload
    def sum_over(
        self,
        var: Var3[A, B, C],
        coeff: Of3WW[A, B, C],
        where: If3[A, B, C] = ...,
        keys: Keys = ...,
        **rule: Unpack[Matching],
    ) -> Self: ...
    @overload
    def sum_over(
        self,
        var: Var3[A, B, C],
        coeff: Of3[A, B, C] = ...,
        *,
        where: If3W[A, B, C],
        keys: Keys = ...,
        **rule: Unpack[Matching],
    ) -> Self: ...
    @overload
    def sum_over(
        self,
        var: Var3[A, B, C],
        coeff: Of3[A, B, C] = ...,
        *,
        where: If3WW[A, B, C],
        keys: Keys = ...,
        **rule: Unpack[Matching],
    ) -> Self: ...
    @overload
    def sum_over(
        self, var: Var3[A, B, C], coeff: Of3W[A, B, C], where: If3W[A, B, C], keys: Keys = ..., **rule: Unpack[Matching]
    ) -> Self: ...
    @overload
    def sum_over(
        self,
        var: Var3[A, B, C],
        coeff: Of3WW[A, B, C],
        where: If3WW[A, B, C],
        keys: Keys = ...,
        **rule: Unpack[Matching],
    ) -> Self: ...
    @overload
    def sum_over(
        self, var: Var1[R], coeff: Of1W[R], where: If1[R] = ..., keys: Keys = ..., **rule: Unpack[Matching]
    ) -> Self: ...
    @overload
    def sum_over(
        self, var: Var1[R], coeff: Of1WW[R], where: If1[R] = ..., keys: Keys = ..., **rule: Unpack[Matching]
    ) -> Self: ...
    @overload
    def sum_over(
        self, var: Var1[R], coeff: Of1[R] = ..., *, where: If1W[R], keys: Keys = ..., **rule: Unpack[Matching]
    ) -> Self: ...
    @overload
    def sum_over(
        self, var: Var1[R], coeff: Of1[R] = ..., *, where: If1WW[R], keys: Keys = ..., **rule: Unpack[Matching]
    ) -> Self: ...
    @overload
    def sum_over(
        self, var: Var1[R], coeff: Of1W[R], where: If1W[R], keys: Keys = ..., **rule: Unpack[Matching]
    ) -> Self: ...
    @overload
    def sum_over(
        self, var: Var1[R], coeff: Of1WW[R], where: If1WW[R], keys: Keys = ..., **rule: Unpack[Matching]
    ) -> Self: ...
    @overload
    def sum_over(
        self, var: Var1[R], coeff: Number | Bound1[R], where: If1[R] = ..., keys: Keys = ..., **rule: Unpack[Matching]
    ) -> Self: ...
    @overload
    def sum_over(
        self, var: Var1[R], coeff: Of1[R] = ..., *, where: BoundIf1[R], keys: Keys = ..., **rule: Unpack[Matching]
    ) -> Self: ...
    @overload
    def sum_over(
        self,
        var: Var2[A, B],
        coeff: Number | Bound2[A, B],
        where: If2[A, B] = ...,
        keys: Keys = ...,
        **rule: Unpack[Matching],
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
