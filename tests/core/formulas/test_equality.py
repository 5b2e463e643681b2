"""Equality of values that do not equal themselves: where Python looks for the same object, and where it does not."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import nan
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lumix_core import LXModel, LXVariable
from tests.core.formulas.traced import Row, by_row, computed, is_traced

TEXTS = list("abcdefghi")


def kept(frame: pd.DataFrame, where: Callable[[Any], Any]) -> list[int]:
    variable = LXVariable[Any, float]("x").from_data(frame).indexed_by(lambda r: r.id).where(where)
    return list(LXModel("m").add_variable(variable).compile().variables[0].keys)  # type: ignore[arg-type]


def if_equal(r: Any) -> bool:
    found = False
    if r.old == r.new:
        found = True
    return found


CONDITIONS: list[Callable[[Any], Any]] = [
    lambda r: all([r.old == r.new]),
    lambda r: all(one == r.new for one in (r.old,)),
    lambda r: any([r.old == r.new, False]),
    lambda r: any(r.old == one for one in (r.new, "z")),
    lambda r: bool(r.old == r.new),
    lambda r: not any([r.old != r.new]),
    lambda r: list(filter(None, [r.old == r.new])) != [],
    lambda r: r.old == r.new,
    lambda r: r.old == r.new and True,
    lambda r: 1 if r.old == r.new else 0,
    lambda r: not r.old != r.new,  # noqa: SIM202
    lambda r: r.old in (r.new, "z"),
    lambda r: (r.old, 1) == (r.new, 1),
    lambda r: [r.old] == [r.new],
    lambda r: r.old not in [r.new],
    if_equal,
]


@pytest.mark.parametrize("function", CONDITIONS)
@pytest.mark.parametrize("gap", [None, nan, np.nan, pd.NA, Decimal("NaN")], ids=repr)
def test_gaps_of_a_frame_are_compared_as_the_rows_compare_them(function: Callable[[Any], Any], gap: Any) -> None:
    new = ["x", "b", *"xxxxxxx"]
    old: list[Any] = list(TEXTS)
    for position in (2, 6):
        old[position] = new[position] = gap
    frame = pd.DataFrame({"id": range(9), "old": old, "new": new})
    rows = [
        Row(id=i, old=a, new=b) for i, (a, b) in enumerate(zip(frame.old.to_list(), frame.new.to_list(), strict=True))
    ]

    try:
        expected = [row.id for row in rows if function(row)]
    except TypeError:  # the truth of pandas' NA
        return
    assert kept(frame, function) == expected


@pytest.mark.parametrize("function", CONDITIONS)
def test_one_object_that_does_not_equal_itself(function: Callable[[Any], Any]) -> None:
    odd = float("nan")
    rows = [Row(id=i, old=odd if i == 4 else float(i), new=odd if i == 4 else 1.0) for i in range(9)]

    found = computed(lambda row: 1.0 if function(row) else 0.0, rows)

    assert found == by_row(lambda row: 1.0 if function(row) else 0.0, rows)


@pytest.mark.parametrize("function", CONDITIONS)
def test_all_of_them_are_traced(function: Callable[[Any], Any]) -> None:
    assert is_traced(function)
