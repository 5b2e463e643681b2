"""Columns that are put together from parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lumix_core.rows import Column, GrowingColumn, column
from lumix_core.rows import columns as module

PARTS: dict[str, list[list[Any]]] = {
    "nothing": [],
    "ints": [[1, 2], [3], [4, 5, 6, 7, 8, 9, 10, 11, 12]],
    "floats": [[0.5], [-0.0, 2.0], [3.0]],
    "truths": [[True], [False, True]],
    "ints, then floats": [[1, 2], [3], [0.5], [4]],
    "NULL among ints": [[1, 2], [None, 3], [4], [5]],
    "texts": [["a"], ["b", "c"]],
    "large ints": [[1], [2**80]],
}


def grown(parts: list[list[Any]]) -> Column:
    growing = GrowingColumn()
    for part in parts:
        growing.add(column(part))
    return growing.column()


@pytest.mark.parametrize("ahead", [0, 1, module.AHEAD])
@pytest.mark.parametrize("kind", PARTS)
def test_a_column_that_grows_has_the_values_of_its_parts(
    kind: str, ahead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AHEAD", ahead)
    values = [value for part in PARTS[kind] for value in part]

    found = grown(PARTS[kind]).tolist()

    assert list(map(repr, found)) == list(map(repr, values))


def test_a_column_of_one_type_is_one_of_that_type() -> None:
    assert [grown(PARTS[kind]).dtype for kind in ("ints", "floats", "truths", "texts", "ints, then floats")] == [
        np.int64,
        np.float64,
        np.bool_,
        np.object_,
        np.object_,
    ]


def test_a_part_stays_as_it_is_when_the_column_grows() -> None:
    part, growing = np.array([1, 2]), GrowingColumn()

    growing.add(part)
    growing.add(np.array([3]))

    assert (part.tolist(), growing.column().tolist()) == ([1, 2], [1, 2, 3])
