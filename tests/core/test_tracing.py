"""What is traced, what is refused and why, and functions that a symbolic row must not answer wrongly.

Where a function is wrong for a few rows only, the odd row is the third of nine: none of the rows that are computed
both ways.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lumix_core import LXModel, LXVariable
from lumix_core.errors import LXFunctionError, LXNumberError
from lumix_core.tracing import trace


class Row(SimpleNamespace):
    id: int


def nine(usual: Any, odd: Any, name: str = "x") -> list[Row]:
    """Nine rows, the third of which is another."""
    return [Row(id=i, odd=i == 2, **{name: odd if i == 2 else usual}) for i in range(9)]


def reason(function: Callable[..., Any]) -> str:
    """Return why a function is not traced."""
    found = trace(function, [None])
    assert found.formula is None
    return found.reason


def is_traced(function: Callable[..., Any], rows: int = 1) -> bool:
    return trace(function, [None] * rows).formula is not None


def computed(function: Callable[..., Any], rows: list[Row]) -> list[float]:
    """Return what a model makes of a function of one row."""
    variable = LXVariable[Row, float]("x").from_data(rows).indexed_by(lambda row: row.id).bounds(lower=function)
    return LXModel("m").add_variable(variable).compile().lower.tolist()


def by_row(function: Callable[..., Any], rows: list[Row]) -> list[float]:
    return [float(function(row)) for row in rows]


def assert_fails_for(key: int, function: Callable[..., Any], rows: list[Row]) -> None:
    with pytest.raises((LXFunctionError, LXNumberError), match=f"key {key} of 'x'"):
        computed(function, rows)


def test_a_loop_that_only_a_row_ends_is_not_followed_for_ever() -> None:
    def steps(row: Row) -> int:
        count = 0
        while count * row.x < 5:
            count += 1
        return count

    found = computed(steps, nine(1.0, 2.0))

    assert "more than 32 ways" in reason(steps)
    assert found == by_row(steps, nine(1.0, 2.0))


def test_what_is_computed_and_not_used_raises_as_it_does_for_a_row() -> None:
    def early(row: Row) -> float:
        share = 1.0 / row.x
        return 2.0 if row.odd else share

    assert is_traced(early)
    assert_fails_for(2, early, nine(1.0, 0.0))


def test_what_is_read_and_not_used_raises_as_it_does_for_a_row() -> None:
    def early(row: Row) -> float:
        markup: float = row.category.markup
        return 2.0 if row.odd else markup

    rows = nine(Row(markup=1.5), None, "category")

    assert is_traced(early)
    assert_fails_for(2, early, rows)


def test_a_part_of_a_tuple_that_is_thrown_away_raises_as_it_does_for_a_row() -> None:
    def second(row: Row) -> float:
        both: tuple[float, float] = (1.0 / row.x, 3.0)
        return both[1]

    assert_fails_for(2, second, nine(1.0, 0.0))


@pytest.mark.parametrize(
    "function",
    [
        lambda row: 1.0 if row.x.__class__ == int else 2.0,
        lambda row: 1.0 if row.x.__class__.__name__ == "int" else 2.0,
        lambda row: 1.0 if row.x.__doc__ == int.__doc__ else 2.0,
        lambda row: 1.0 if getattr(row.x, "__class__") == int else 2.0,  # noqa: B009
    ],
)
def test_the_class_of_a_value_is_not_that_of_a_symbol(function: Callable[..., Any]) -> None:
    found = computed(function, nine(1.0, 2))

    assert "it reads __" in reason(function)
    assert found == by_row(function, nine(1.0, 2))


def test_a_power_of_numpys_number_is_left_to_the_rows() -> None:
    assert reason(lambda row: np.float64(1.7) ** row.x) == "it computes power with a number of numpy's"
    assert is_traced(lambda row: np.float64(1.7) * row.x)
