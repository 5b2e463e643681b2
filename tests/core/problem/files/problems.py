"""Problems of every kind that a file has to hold."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal

import numpy as np
from hypothesis import strategies as st

from lumix_core.problem import Keys, LXBlock, LXProblem
from lumix_core.problem.csr import compressed
from lumix_core.problem.keys import RowKey

NUMBERS = st.sampled_from([0.1, 1 / 3, 2.0, 5.0, 1.5, 1e-7, 123456.789, 7e5, 1.0000000000000002])
SIGNED = st.builds(lambda value, sign: value * sign, NUMBERS, st.sampled_from([1.0, -1.0]))
PARTS = st.one_of(
    st.integers(-5, 10**20),
    st.text(max_size=4),
    st.sampled_from(["e1", "North West", "free", "a/b", "Zürich", "x" * 300, "1st", None, True, 0.1, Decimal("2.50")]),
    st.just(datetime.date(2026, 3, 1)),
)
KEYS = st.one_of(PARTS, st.tuples(PARTS, PARTS))
NAMES = st.sampled_from(["made", "End", "e1", "hours of a machine", "größe", "12", "obj"])


@st.composite
def problems(draw: st.DrawFn) -> LXProblem:
    """Return a small problem: any sense, ranges, free rows, empty rows and columns, whole numbers, odd names."""
    size, rows = draw(st.integers(1, 5)), draw(st.integers(0, 4))
    cells = draw(st.dictionaries(st.tuples(st.integers(0, max(rows - 1, 0)), st.integers(0, size - 1)), SIGNED))
    cells = cells if rows else {}
    lower = draw(st.lists(st.sampled_from([0.0, -math.inf, -3.0, 1 / 3]), min_size=size, max_size=size))
    widths = draw(st.lists(st.sampled_from([0.0, 1.0, 1 / 3, math.inf]), min_size=size, max_size=size))
    bounds = [draw(st.sampled_from([_below, _above, _between, _equal, _free])) for _ in range(rows)]
    row_bounds = [bound(draw(SIGNED), draw(NUMBERS)) for bound in bounds]
    return LXProblem(
        maximize=draw(st.booleans()),
        objective=np.array(draw(st.lists(st.one_of(SIGNED, st.just(0.0)), min_size=size, max_size=size))),
        offset=draw(st.sampled_from([0.0, 2.5, -1 / 3])),
        lower=np.array(lower),
        upper=np.array(
            [low + width if math.isfinite(low) else width for low, width in zip(lower, widths, strict=True)]
        ),
        integer=np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size))),
        row_lower=np.array([low for low, _ in row_bounds], dtype=np.float64),
        row_upper=np.array([high for _, high in row_bounds], dtype=np.float64),
        variables=tuple(draw(_families(size))),
        constraints=tuple(draw(_families(rows))),
        name=draw(st.sampled_from(["plan", "", "plan of März"])),
        **compressed(
            np.array([row for row, _ in cells], dtype=np.int64),
            np.array([column for _, column in cells], dtype=np.int64),
            np.array(list(cells.values()), dtype=np.float64),
            rows,
        ),
    )


def _below(number: float, width: float) -> tuple[float, float]:
    return -math.inf, number


def _above(number: float, width: float) -> tuple[float, float]:
    return number, math.inf


def _between(number: float, width: float) -> tuple[float, float]:
    return number, number + width


def _equal(number: float, width: float) -> tuple[float, float]:
    return number, number


def _free(number: float, width: float) -> tuple[float, float]:
    return -math.inf, math.inf


@st.composite
def _families(draw: st.DrawFn, size: int) -> list[LXBlock]:
    blocks: list[LXBlock] = []
    start = 0
    names = draw(st.lists(NAMES, min_size=size, max_size=size, unique=True))
    while start < size:
        count = draw(st.integers(1, size - start))
        keys = draw(st.lists(KEYS, min_size=count, max_size=count, unique_by=repr))
        made = Keys.scalar() if count == 1 and draw(st.booleans()) else _keys(keys)
        blocks.append(LXBlock(names[len(blocks)], start, made, draw(st.booleans())))
        start += count
    return blocks


def _keys(keys: list[object]) -> Keys:
    distinct = tuple(dict.fromkeys(keys))
    if len(distinct) != len(keys):  # 1 and True are one key
        distinct = tuple(range(len(keys)))
    return Keys((distinct,), (np.arange(len(distinct)),), ("key",), (RowKey(),))
