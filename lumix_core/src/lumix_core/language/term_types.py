"""The forms of functions of rows, by how many rows they take, for the overloads of methods that take functions."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Literal, Protocol, SupportsFloat, SupportsIndex, TypeAlias, TypedDict, TypeVar

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
# Coefficients of families of 1, 2 and 3 dimensions: of their rows, and of one or two rows of the constraint (W, WW).
Of1: TypeAlias = Number | Callable[[R], Number]
Of1W: TypeAlias = Number | Callable[[R, Any], Number]
Of1WW: TypeAlias = Number | Callable[[R, Any, Any], Number]
Of2: TypeAlias = Number | Callable[[A, B], Number]
Of2W: TypeAlias = Number | Callable[[A, B, Any], Number]
Of2WW: TypeAlias = Number | Callable[[A, B, Any, Any], Number]
Of3: TypeAlias = Number | Callable[[A, B, C], Number]
Of3W: TypeAlias = Number | Callable[[A, B, C, Any], Number]
Of3WW: TypeAlias = Number | Callable[[A, B, C, Any, Any], Number]
# Priorities of goals.
Rank1: TypeAlias = SupportsIndex | Callable[[R], SupportsIndex]
Rank2: TypeAlias = SupportsIndex | Callable[[A, B], SupportsIndex]
Rank3: TypeAlias = SupportsIndex | Callable[[A, B, C], SupportsIndex]
# Conditions, in the same manner.
If1: TypeAlias = Callable[[R], object] | None
If1W: TypeAlias = Callable[[R, Any], object] | None
If1WW: TypeAlias = Callable[[R, Any, Any], object] | None
If2: TypeAlias = Callable[[A, B], object] | None
If2W: TypeAlias = Callable[[A, B, Any], object] | None
If2WW: TypeAlias = Callable[[A, B, Any, Any], object] | None
If3: TypeAlias = Callable[[A, B, C], object] | None
If3W: TypeAlias = Callable[[A, B, C, Any], object] | None
If3WW: TypeAlias = Callable[[A, B, C, Any, Any], object] | None


class OneElement(TypedDict, total=False):
    """Which one element a term stands for; see `TermMethods.add_term`."""

    at: At
    missing: Missing


class Matching(TypedDict, total=False):
    """Which elements are summed; see `TermMethods.sum_over`."""

    matching: bool


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
