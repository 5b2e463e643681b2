"""What counts as a number: anything real and finite; text, NULL, NaN and infinity never do."""

from __future__ import annotations

import math
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from lumix_core.errors import LXModelError, LXNumberError, sentence

_REAL = (Real, Decimal, np.number, np.bool_)


def is_real_type(cls: type) -> bool:
    """Whether values of this class are real numbers."""
    if cls is int or cls is float:
        return True
    return issubclass(cls, _REAL) and not issubclass(cls, np.complexfloating | np.timedelta64)


def flaw(value: Any) -> str | None:
    """Return what keeps a value from being a coefficient, in words, or None for a finite real number."""
    if type(value) is float and math.isfinite(value):
        return None
    if not is_real_type(type(value)):
        return "is NULL (None)" if value is None else f"is {value!r} ({type(value).__name__}), not a number"
    try:
        number = float(value)
    except OverflowError:
        return "is a number too large for floating point"
    except ValueError:  # a signalling NaN
        return "is NaN"
    if math.isfinite(number):
        return None
    return "is NaN" if math.isnan(number) else "is infinite"


def real_number(value: Any, role: str) -> float:
    """Return a number given by the user as a float.

    Raises:
        LXNumberError: it is not a finite real number.
    """
    wrong = flaw(value)
    if wrong is None:
        return float(value)
    raise LXNumberError(f"{sentence(role)} {wrong}. {remedy(role)}")


def bound_number(value: Any, role: str, infinite: float) -> float:
    """Return a bound given by the user as a float: a finite number, or the infinite one that is no bound.

    Raises:
        LXNumberError: it is neither.
    """
    wrong = flaw(value)
    if wrong is None:
        return float(value)
    return infinite if wrong == "is infinite" and float(value) == infinite else real_number(value, role)


EPSILON = 2.0**-52


def sum_of(one: float, other: float) -> float:
    """Return the sum of two numbers, 0 where what is left of them is rounding noise."""
    total = one + other
    return 0.0 if abs(total) < 2 * EPSILON * (abs(one) + abs(other)) else total


def checked_number(value: Any, role: str) -> float:
    """Return a number of an analysis call; raises as `real_number`, with a message that does not mention rows."""
    wrong = flaw(value)
    if wrong is None:
        return float(value)
    raise LXNumberError(f"{role} {wrong}. Give a finite number.")


def checked_count(call: str, word: str, value: Any, least: int) -> int:
    """Return a count given by the user.

    Raises:
        LXModelError: it is no whole number, or too small.
    """
    if flaw(value) or isinstance(value, bool) or value < least or int(value) != value:
        raise LXModelError(f"{call}() got {word}={value!r:.80}. Give a whole number of at least {least}.")
    return int(value)


def remedy(role: str) -> str:
    """Return what to do about a value that is no finite number."""
    if "bound" in role or "right-hand side" in role:
        least = "lower" in role
        open_end = "-math.inf" if least else "math.inf" if "upper" in role else "math.inf (of <=) or -math.inf (of >=)"
        return f"Give a finite number, or {open_end} for no bound."
    if role.startswith("the value of"):
        return "Give a finite number, or leave such rows out with .where()."
    if "in the rule" in role or "in the objective" in role:
        return "Give a finite number, or leave such rows out with if."
    if role.startswith("the default of"):
        return "Give a finite number; without a default, looking up a missing key is an error."
    return "Give a finite number; leave rows out on purpose with where=."
