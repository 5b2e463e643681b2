"""Fill a database with a school: 300 lectures of a week, or another number of them; the same ones every time."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from random import Random
from typing import Any

from school import (
    DEFAULT_URL,
    Absence,
    Base,
    Lecture,
    PlacedLecture,
    Room,
    SchoolClass,
    Teacher,
    Timeslot,
    Wish,
    init_database,
)
from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

SUBJECTS = {  # hours a week of a class, and the room that they need
    "Maths": (4, "classroom"),
    "English": (4, "classroom"),
    "History": (3, "classroom"),
    "Art": (2, "studio"),
    "Physics": (3, "laboratory"),
    "Chemistry": (2, "laboratory"),
    "Sports": (2, "gym"),
}
A_CLASS = sum(hours for hours, _ in SUBJECTS.values())
"""Lectures of a class in a week."""
DAYS = 5
HOURS = range(8, 14)
TEACHES = 14
"""Lectures of a teacher in a week, at most."""
SMALL = 2
"""In a school of so few classes not all preferences can be met."""

Rows = Iterable[dict[str, Any]]


def school(lectures: int) -> Iterator[tuple[type[Base], Rows]]:
    """Yield each class with its rows; what a row refers to comes before it."""
    draw = Random(1)
    classes = max(1, -(-lectures // A_CLASS))
    slots = [{"id": 1 + i, "day": 1 + i // len(HOURS), "hour": HOURS[i % len(HOURS)]} for i in range(DAYS * len(HOURS))]
    yield Timeslot, slots
    yield (
        SchoolClass,
        ({"id": c + 1, "name": f"{1 + c // 4}{'ABCD'[c % 4]}", "pupils": draw.randint(18, 30)} for c in range(classes)),
    )
    yield Room, rooms(classes)
    taught = list(lectures_of(classes))[:lectures]
    teachers = sorted({row["teacher_id"] for row in taught})
    subjects = {row["teacher_id"]: row["subject"] for row in taught}
    yield Teacher, ({"id": t, "name": f"{subjects[t]} {t}"} for t in teachers)
    yield Lecture, taught
    absent = {(t, slot["id"]) for t in teachers for slot in slots if slot["day"] == 1 + t % (2 * DAYS)}
    yield Absence, ({"teacher_id": t, "slot_id": slot} for t, slot in sorted(absent))
    disliked = {(t, slot["id"]): 0.0 for t in teachers for slot in draw.sample(slots, draw.randint(3, 6))}
    points = {wish: float(draw.randint(1, 3)) for wish in disliked if wish not in absent}
    if classes <= SMALL:
        points |= {wish: 1.0 for wish in long_weekend(taught, slots) if wish not in {*absent, *points}}
    yield Wish, ({"teacher_id": t, "slot_id": slot, "points": number} for (t, slot), number in points.items())


def long_weekend(taught: Rows, slots: Rows) -> Iterator[tuple[int, int]]:
    """Yield what the teachers of the first class would like: not to teach on Friday, nor early on Monday.

    That is against the wish for short days: its lectures do not fit into the rest of the week, five a day.
    """
    for teacher in sorted({row["teacher_id"] for row in taught if row["class_id"] == 1}):
        for slot in slots:
            if slot["day"] == DAYS or (slot["day"] == 1 and slot["hour"] < 10):
                yield teacher, slot["id"]


def rooms(classes: int) -> Iterator[dict[str, Any]]:
    """Yield rooms of each type, enough of them for so many classes."""
    numbers = count(1)
    for kind in ("classroom", "studio", "laboratory", "gym"):
        hours = classes * sum(hours for hours, room in SUBJECTS.values() if room == kind)
        for i in range(1 + -(-hours // (DAYS * len(HOURS) * 3 // 4))):
            yield {"id": next(numbers), "name": f"{kind.title()} {i + 1}", "type": kind, "seats": 32 - 4 * (i % 3 == 2)}


def lectures_of(classes: int) -> Iterator[dict[str, Any]]:
    """Yield the lectures of all classes; a teacher teaches one subject, to several classes."""
    numbers, teachers = count(1), count(1)
    loads: dict[str, tuple[int, int]] = {}  # of each subject the teacher with hours left, and the hours taken
    for c in range(classes):
        for subject, (hours, room) in SUBJECTS.items():
            teacher, taken = loads.get(subject, (0, TEACHES))
            if taken + hours > TEACHES:
                teacher, taken = next(teachers), 0
            loads[subject] = teacher, taken + hours
            for _ in range(hours):
                row = {"id": next(numbers), "subject": subject, "room_type": room}
                yield {**row, "teacher_id": teacher, "class_id": c + 1}


def fill(session: Session, lectures: int = 300) -> None:
    """Replace what is in the database by a school, and commit."""
    for table in (PlacedLecture, Wish, Absence, Lecture, Teacher, Room, SchoolClass, Timeslot):
        session.execute(delete(table))
    for cls, rows in school(lectures):
        session.execute(insert(cls), list(rows))
    session.commit()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Fill a database with a school.")
    parser.add_argument("url", nargs="?", default=DEFAULT_URL, help="default: %(default)s")
    parser.add_argument("--lectures", type=int, default=300, metavar="N", help="default: %(default)s")
    given = parser.parse_args(argv)
    engine = init_database(given.url)
    with Session(engine) as session:
        fill(session, given.lectures)
    engine.dispose()
    print(f"Filled {engine.url!r}: {given.lectures} lectures")
    return 0


if __name__ == "__main__":
    sys.exit(main())
