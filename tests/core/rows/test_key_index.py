"""An index over keys finds what a dict of the same keys finds, whatever they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lumix_core.problem import arrays
from lumix_core.problem.arrays import Tuples, is_all, sorted_together, stable_order, taken
from lumix_core.rows.columns import column
from lumix_core.rows.key_index import MISSING, KeyIndex
from tests.shared.scale import examples

PARTS = st.one_of(
    st.integers(-3, 3),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0.0, -0.0, 0.5, 1.0, 2.0**60]),
    st.booleans(),
    st.sampled_from(["a", "b", None]),
)
FLOATS = st.sampled_from([0.0, -0.0, 0.5, nan, 1.0])
"""In a column of objects NaN is found by what object it is."""
KEYS = st.one_of(
    st.lists(st.tuples(PARTS, PARTS), min_size=1, max_size=30),
    st.lists(st.tuples(FLOATS, st.integers(0, 2)), min_size=1, max_size=30),
)


@pytest.fixture(scope="module", autouse=True, params=[arrays.BLOCK, 4])
def block(request: pytest.FixtureRequest) -> Iterator[None]:
    """All at once, and a few at a time, as it is done for many keys."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrays, "BLOCK", request.param)
        yield


def index_of(keys: list[tuple[Any, Any]]) -> KeyIndex:
    return KeyIndex([column(list(part)) for part in zip(*keys, strict=True)])


def same(left: Any, right: Any) -> bool:
    return all(bool(one == other) for one, other in zip(left, right, strict=True))


@settings(max_examples=examples(600), deadline=None)
@given(KEYS, KEYS)
def test_a_key_is_found_where_equal_keys_are(keys: list[tuple[Any, Any]], asked: list[tuple[Any, Any]]) -> None:
    index = index_of(keys)
    columns = [column(list(part)) for part in zip(*asked, strict=True)]

    positions = index.positions(columns, len(asked)).tolist()
    here, there = index.matches(columns, len(asked))
    pairs = sorted(zip(range(len(asked)) if here is None else here.tolist(), there.tolist(), strict=True))

    equal = [[i for i, key in enumerate(keys) if same(key, one)] for one in asked]
    assert positions == [found[-1] if found else MISSING for found in equal]
    assert pairs == [(at, i) for at, found in enumerate(equal) for i in found]
    assert [index.position_of(one) for one in asked] == [found[0] if found else MISSING for found in equal]
    assert index.counts(columns, len(asked)).tolist() == list(map(len, equal))


@settings(max_examples=examples(300), deadline=None)
@given(KEYS)
def test_keys_that_are_there_twice_are_told(keys: list[tuple[Any, Any]]) -> None:
    index = index_of(keys)

    repeated = index.repeated()

    twice = any(same(key, other) for i, key in enumerate(keys) for other in keys[:i])
    assert (repeated is not None, index.is_unique) == (twice, not twice)
    assert repeated is None or same(keys[repeated[0]], keys[repeated[1]])


TUPLES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2**30 - 1), st.integers(0, 1)), max_size=40)


@pytest.mark.parametrize("size", [4, 2**20, 2**60])
@settings(max_examples=examples(200), deadline=None)
@given(TUPLES)
def test_tuples_of_numbers_are_sorted_with_their_positions(size: int, tuples: list[tuple[int, int, int]]) -> None:
    columns = [np.array([one[i] for one in tuples], dtype=np.int64) for i in range(3)]

    halves = [Tuples([one[part] for one in columns], [0, 0, 0]) for part in (slice(0, 7), slice(7, None))]

    order, ordered = sorted_together(halves, (size, 2**30, 2))

    wanted = sorted(range(len(tuples)), key=lambda i: tuples[i])
    assert list(zip(*(part.tolist() for part in ordered), strict=True)) == sorted(tuples)
    assert wanted == (list(range(len(tuples))) if order is None else order.tolist())


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.integers(0, 5) | st.integers(0, 2**62), max_size=40))
def test_the_order_of_numbers_keeps_equal_ones_as_they_are(values: list[int]) -> None:
    order = stable_order(np.array(values, dtype=np.int64)).tolist()

    assert order == sorted(range(len(values)), key=lambda i: values[i])


@pytest.mark.parametrize(
    ("picks", "is_whole"),
    [([0, 1, 2], True), ([], False), ([0, 1], False), ([0, 0, 2], False), ([0, 2, 1, 2], False), ([1, 2, 0], False)],
)
def test_picks_of_all_positions_move_nothing(picks: list[int], is_whole: bool) -> None:
    values, positions = np.array([5.0, 6.0, 7.0]), np.array(picks, dtype=np.int64)

    found = taken(values, positions)

    assert (is_all(positions, 3), found is values) == (is_whole, is_whole)
    assert found.tolist() == [values[i] for i in picks]
