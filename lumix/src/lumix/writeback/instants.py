"""Moments of rows as databases compare them: by the instant, not by the clock on the wall."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any


def with_instants(values: Sequence[Any]) -> Sequence[Any]:
    """Return values with moments of a time zone in UTC, so that equal ones are the same instant.

    Python compares moments of one time zone by the clock on the wall, which shows the hour before the end of summer
    time twice; moments of two time zones are never equal in that hour.
    """
    if not any(issubclass(kind, datetime) for kind in set(map(type, values))):
        return values
    return list(map(instant, values))


def instant(value: Any) -> Any:
    """Return a moment of a time zone in UTC, any other value as it is."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        return value
    try:
        return value.astimezone(UTC)
    except OverflowError:  # the first or last moments that there are
        return value
