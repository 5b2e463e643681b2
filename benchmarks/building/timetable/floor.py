"""The floor: index arithmetic with numpy; every column has four ones, so the matrix needs no sorting."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from contenders import Laps
from holding import Array, Arrays, hold
from timetable.data import Timetable


@dataclass(frozen=True)
class Candidates:
    """Where each variable stands: the positions of its lecture, slot and room, and its cost."""

    lectures: Array
    slots: Array
    rooms: Array
    costs: Array


def build(data: Timetable, lap: Laps) -> highspy.Highs:
    found = candidates(data)
    teachers = np.array([lecture.teacher for lecture in data.lectures])
    groups = np.array([lecture.group for lecture in data.lectures])
    count, slots = len(found.costs), len(data.slots)
    families = (
        (found.lectures, len(data.lectures)),
        (found.rooms * slots + found.slots, len(data.room_slots)),
        (teachers[found.lectures] * slots + found.slots, len(data.teacher_slots)),
        (groups[found.lectures] * slots + found.slots, len(data.group_slots)),
    )
    firsts = np.cumsum([0, *(size for _, size in families)])
    rows = np.stack([position + first for (position, _), first in zip(families, firsts, strict=False)], axis=1)
    row_lower = np.full(firsts[-1], -np.inf)
    row_lower[: len(data.lectures)] = 1.0
    arrays = Arrays(
        maximize=False,
        objective=found.costs,
        lower=np.zeros(count),
        upper=np.ones(count),
        integer=np.ones(count, dtype=np.int32),
        row_lower=row_lower,
        row_upper=np.ones(firsts[-1]),
        starts=np.arange(0, rows.size + 1, len(families), dtype=np.int32),
        rows=rows.ravel().astype(np.int32),
        coefficients=np.ones(rows.size),
    )
    lap("assemble")
    return hold(arrays)


def candidates(data: Timetable) -> Candidates:
    """Return the lectures, slots and rooms that fit together."""
    students = np.array([lecture.students for lecture in data.lectures])
    capacities = np.array([room.capacity for room in data.rooms])
    kinds = np.array([lecture.kind for lecture in data.lectures])
    room_kinds = np.array([room.kind for room in data.rooms])
    fits = (kinds[:, None] == room_kinds) & (capacities >= students[:, None])
    lectures, rooms = np.nonzero(fits)
    penalties = np.array([slot.penalty for slot in data.slots])
    costs = (capacities[rooms] - students[lectures])[:, None] / 8 + penalties
    slots = len(penalties)
    return Candidates(
        np.repeat(lectures, slots),
        np.tile(np.arange(slots), len(lectures)),
        np.repeat(rooms, slots),
        costs.ravel(),
    )
