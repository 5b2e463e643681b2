"""Numbers read off the bytes of many objects: the very values, or no answer."""

from __future__ import annotations

import math
from decimal import Decimal
from enum import IntEnum
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import examples

from lumix_core.rows.columns import column, transposed
from lumix_core.rows.packing import FEW, packed, packed_columns

INTS = st.integers(-(2**31), 2**31 - 1)
FLOATS = st.floats(width=64)
OTHERS = st.one_of(st.none(), st.booleans(), st.text(max_size=9), st.binary(max_size=9), st.integers(), st.tuples(INTS))


class Level(IntEnum):
    HIGH = 1


class Hours(float):
    pass


def bits(values: Any) -> list[tuple[type, bytes]]:
    return [(type(value), np.array(value).tobytes()) for value in values]


@given(st.one_of(st.lists(INTS, min_size=FEW), st.lists(FLOATS, min_size=FEW)))
@settings(max_examples=examples(100))
def test_numbers_of_one_type_are_packed_as_they_are(values: list[Any]) -> None:
    for given_as in (values, tuple(values)):
        found = packed(given_as)
        assert found is not None
        assert found.dtype == (np.int64 if type(values[0]) is int else np.float64)
        assert bits(found.tolist()) == bits(values)
        assert found.flags.writeable
        assert found.flags.c_contiguous


@given(st.lists(st.tuples(INTS, FLOATS, INTS), min_size=FEW))
@settings(max_examples=examples(100))
def test_rows_of_numbers_are_packed_column_by_column(rows: list[tuple[Any, ...]]) -> None:
    found = packed_columns(rows)
    assert found is not None
    assert [bits(values.tolist()) for values in found] == [bits(values) for values in zip(*rows, strict=True)]


@given(st.lists(st.one_of(INTS, FLOATS), min_size=FEW), st.lists(OTHERS, min_size=1), st.randoms())
@settings(max_examples=examples(300))
def test_values_of_several_types_are_never_taken_for_one(numbers: list[Any], others: list[Any], random: Any) -> None:
    values = [*numbers, *others]
    random.shuffle(values)
    alike = {type(value) for value in values} in ({int}, {float})
    small = all(-(2**31) <= value < 2**31 for value in values if type(value) is int)
    assert (packed(values) is not None) == (alike and small)
    assert [bits([one]) if isinstance(one, float) else one for one in column(values).tolist()] == [
        bits([one]) if isinstance(one, float) else one for one in values
    ]


@pytest.mark.parametrize(
    "other",
    [None, True, 2**31, -(2**31) - 1, 2**70, 1.0, "1", b"iiii", (1,), Level.HIGH, np.int64(1), np.int32(1), Decimal(1)],
    ids=repr,
)
@pytest.mark.parametrize("position", [0, 1, FEW])
def test_one_other_value_among_ints_is_no_int(other: Any, position: int) -> None:
    values: list[Any] = [1] * FEW
    values.insert(position, other)
    assert packed(values) is None
    assert packed_columns([(1.5, value) for value in values]) is None
    assert column(values).tolist() == values
    assert list(map(type, column(values).tolist())) == list(map(type, values)) or type(other) is int


@pytest.mark.parametrize("other", [None, True, 1, "1.0", Hours(1), np.float64(1)], ids=repr)
def test_one_other_value_among_floats_is_no_float(other: Any) -> None:
    assert packed([*[1.0] * FEW, other]) is None
    assert packed_columns([*[(1, 1.0)] * FEW, (1, other)]) is None


def test_other_values_that_fill_the_very_bytes_are_seen() -> None:
    # A text of four letters takes nine bytes and None one: together what two ints take.
    assert packed([*[1] * FEW, "iiii", None]) is None
    assert packed([*[1] * FEW, None, "iiii"]) is None


@pytest.mark.parametrize("rows", [[(1, 2)] * FEW + [(1,)], [(1,)] * FEW + [(1, 2)], [()] * FEW], ids=str)
def test_rows_of_unequal_length_are_not_packed(rows: Any) -> None:
    assert packed_columns(rows) is None or not rows[0]


def test_nan_and_the_sign_of_zero_are_kept() -> None:
    found = packed([math.nan, -0.0, math.inf, *[1.0] * FEW])
    assert found is not None
    assert math.isnan(found[0])
    assert math.copysign(1, found[1]) == -1.0


def test_a_sequence_of_another_kind_is_read_one_by_one() -> None:
    assert packed(bytes(100)) is None
    assert packed(range(100)) is None
    assert column(range(100)).tolist() == list(range(100))


def test_few_rows_and_rows_of_texts_are_transposed_as_they_are() -> None:
    assert transposed([(1, "a"), (2, "b")]) == [(1, 2), ("a", "b")]
