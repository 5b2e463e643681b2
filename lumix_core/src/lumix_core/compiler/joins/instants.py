"""Dates, times and durations as ints that are in the same order, as far as Python's own order is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from itertools import repeat
from operator import attrgetter, sub
from typing import Any

import numpy as np

from lumix_core.problem.arrays import IntArray
from lumix_core.rows.columns import Column

Pair = tuple[IntArray, IntArray]


def as_ordered(left: Column, right: Column) -> tuple[Column, Column] | None:
    """Return two columns of objects so that each left value is to each right one as the objects are.

    Returns:
        ints for dates, times and durations, other objects as they are; None where the order of two objects depends on
        which two they are.
    """
    values = left.tolist(), right.tolist()
    types = set(map(type, values[0])) | set(map(type, values[1]))
    rule = _RULES.get(types.pop()) if len(types) == 1 else None
    return (left, right) if rule is None else rule(*values)


def _dates(left: Sequence[date], right: Sequence[date]) -> Pair:
    return _of_each(date.toordinal, left), _of_each(date.toordinal, right)


def _durations(left: Sequence[timedelta], right: Sequence[timedelta]) -> Pair:
    return _microseconds(left), _microseconds(right)


def _times(left: Sequence[datetime], right: Sequence[datetime]) -> Pair | None:
    """Times of one zone are compared as the clock shows them, times of two as instants."""
    zones, others = set(map(_ZONE, left)), set(map(_ZONE, right))
    if len(zones | others) == 1:
        (zone,) = zones
        return _since(_EPOCH.replace(tzinfo=zone), left), _since(_EPOCH.replace(tzinfo=zone), right)
    if None in zones | others or not all(_is_steady(zone, (*left, *right)) for zone in zones & others):
        return None
    return _since(_EPOCH, left), _since(_EPOCH, right)


def _is_steady(zone: tzinfo | None, values: Sequence[datetime]) -> bool:
    """Whether all times of a zone have the same distance from UTC, so that clock and instants agree on their order."""
    return isinstance(zone, timezone) or len({value.utcoffset() for value in values if value.tzinfo is zone}) == 1


def _since(epoch: datetime, values: Sequence[datetime]) -> IntArray:
    return _microseconds(list(map(sub, values, repeat(epoch))))


def _microseconds(values: Sequence[timedelta]) -> IntArray:
    days, seconds, rest = (_of_each(attrgetter(name), values) for name in ("days", "seconds", "microseconds"))
    return (days * 86_400 + seconds) * 1_000_000 + rest


def _of_each(number: Callable[[Any], int], values: Sequence[Any]) -> IntArray:
    return np.fromiter(map(number, values), dtype=np.int64, count=len(values))


_ZONE = attrgetter("tzinfo")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RULES: dict[type, Callable[[Any, Any], Pair | None]] = {date: _dates, datetime: _times, timedelta: _durations}
