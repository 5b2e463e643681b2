"""What a solver was given something for that need not equal it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LXRelaxedTerm:
    """A term of the model that is not exact in the problem that was solved.

    Args:
        term: the product, or the curve.
        value: of the term at the point; None for a curve, whose function is called only when the model is built.
        taken: what it was taken for.
        largest_error: how far a curve by segments is from its function at most; 0 for a product.
    """

    term: str
    value: float | None
    taken: float
    largest_error: float = 0.0

    @property
    def error(self) -> float:
        """What it was taken for less what it is: above 0 where it was taken for too much; for a curve, at most this."""
        return self.largest_error if self.value is None else self.taken - self.value

    def __str__(self) -> str:
        if self.value is None:
            return f"{self.term} is taken for {self.taken:.10g}, at most {self.largest_error:.3g} off"
        way = "too much" if self.error > 0 else "too little"
        return f"{self.term} is {self.value:.10g}, taken for {self.taken:.10g}: {abs(self.error):.3g} {way}"
