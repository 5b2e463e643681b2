"""The rows of the timetable: lectures, slots and rooms, and the pairs that may meet only once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SLOTS = 40
KINDS = 5
ROOMS_A_KIND = 8


@dataclass(frozen=True)
class Lecture:
    id: int
    teacher: int
    group: int
    kind: str
    students: int


@dataclass(frozen=True)
class Slot:
    id: int
    penalty: float


@dataclass(frozen=True)
class Room:
    id: int
    kind: str
    capacity: int


@dataclass(frozen=True)
class RoomSlot:
    room: int
    slot: int


@dataclass(frozen=True)
class TeacherSlot:
    teacher: int
    slot: int


@dataclass(frozen=True)
class GroupSlot:
    group: int
    slot: int


@dataclass(frozen=True)
class Timetable:
    lectures: list[Lecture]
    slots: list[Slot]
    rooms: list[Room]
    room_slots: list[RoomSlot]
    teacher_slots: list[TeacherSlot]
    group_slots: list[GroupSlot]


def make(_: str, size: str) -> Timetable:
    """Return a timetable of so many lectures; every lecture fits into some room, and every room some lecture."""
    count = int(size)
    rng = np.random.default_rng(11)
    students = [10] * KINDS + rng.integers(10, 151, count - KINDS).tolist()
    lectures = [
        Lecture(i, i % (count // 10), i % (count // 15), f"kind {i % KINDS}", students[i]) for i in range(count)
    ]
    slots = [Slot(i, 0.25 * (i % 8)) for i in range(SLOTS)]
    rooms = [Room(i, f"kind {i % KINDS}", 30 + 24 * (i // KINDS)) for i in range(KINDS * ROOMS_A_KIND)]
    return Timetable(
        lectures,
        slots,
        rooms,
        [RoomSlot(room.id, slot.id) for room in rooms for slot in slots],
        [TeacherSlot(teacher, slot.id) for teacher in range(count // 10) for slot in slots],
        [GroupSlot(group, slot.id) for group in range(count // 15) for slot in slots],
    )
