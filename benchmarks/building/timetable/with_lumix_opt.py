"""lumix-opt: as its tutorial writes it, and with the keys of each constraint given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import count
from operator import attrgetter
from typing import Any, NamedTuple

import highspy
from canonical import hold_canonical
from contenders import Laps
from timetable.data import Lecture, Room, Slot, Timetable

from lumix import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable

Assign = LXVariable[tuple[Lecture, Slot, Room], int]


class Candidate(NamedTuple):
    key: int
    lecture: Lecture
    slot: Slot
    room: Room


def tutorial(data: Timetable, lap: Laps) -> highspy.Highs:
    """A condition for each constraint, asked of every variable."""
    assign = variable(data)
    model = LXModel("timetable").add_variable(assign)
    for lecture in data.lectures:
        at_most_one(model, f"lecture_{lecture.id}", assign, lambda lec, t, r, one=lecture: lec.id == one.id)
        model.constraints[-1].eq()
    for s in data.room_slots:
        at_most_one(model, f"{s}", assign, lambda lec, t, r, s=s: t.id == s.slot and r.id == s.room)
    for s in data.teacher_slots:
        at_most_one(model, f"{s}", assign, lambda lec, t, r, s=s: t.id == s.slot and lec.teacher == s.teacher)
    for s in data.group_slots:
        at_most_one(model, f"{s}", assign, lambda lec, t, r, s=s: t.id == s.slot and lec.group == s.group)
    return hold_canonical(minimized(model, assign))


def keys(data: Timetable, lap: Laps) -> highspy.Highs:
    """The combinations that fit, filtered by a loop over rooms of the kind; and the keys of each constraint's."""
    candidates = list(fitting(data))
    families: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for c in candidates:
        families["lecture", c.lecture.id].append(c.key)
        families["room", c.room.id, c.slot.id].append(c.key)
        families["teacher", c.lecture.teacher, c.slot.id].append(c.key)
        families["group", c.lecture.group, c.slot.id].append(c.key)
    assign = LXVariable[Candidate, int]("assign").binary().from_data(candidates).indexed_by(attrgetter("key"))
    model = LXModel("timetable").add_variable(assign)
    for name, elements in families.items():
        total = LXLinearExpression().add_multi_term(assign, one, keys=elements)
        constraint = LXConstraint(str(name)).expression(total).rhs(1)
        model.add_constraint(constraint.eq() if name[0] == "lecture" else constraint.le())
    waste = LXLinearExpression().add_multi_term(
        assign, lambda c: (c.room.capacity - c.lecture.students) / 8 + c.slot.penalty
    )
    lap("write")
    return hold_canonical(model.minimize(waste))


def fitting(data: Timetable) -> Iterator[Candidate]:
    rooms: dict[str, list[Room]] = defaultdict(list)
    for room in data.rooms:
        rooms[room.kind].append(room)
    numbers = count()
    for lecture in data.lectures:
        for room in rooms[lecture.kind]:
            if room.capacity >= lecture.students:
                yield from (Candidate(next(numbers), lecture, slot, room) for slot in data.slots)


def one(_: Candidate) -> float:
    return 1.0


def variable(data: Timetable) -> Assign:
    return (
        Assign("assign")
        .binary()
        .indexed_by_product(
            LXIndexDimension(Lecture, lambda lec: lec.id).from_data(data.lectures),
            LXIndexDimension(Slot, lambda t: t.id).from_data(data.slots),
            LXIndexDimension(Room, lambda r: r.id).from_data(data.rooms),
        )
        .where_multi(lambda lec, t, r: r.kind == lec.kind and r.capacity >= lec.students)
    )


def at_most_one(model: LXModel[Any], name: str, assign: Assign, condition: Any) -> None:
    total = LXLinearExpression().add_multi_term(assign, where=condition)
    model.add_constraint(LXConstraint(name).expression(total).le().rhs(1))


def minimized(model: LXModel[Any], assign: Assign) -> LXModel[Any]:
    waste = LXLinearExpression().add_multi_term(assign, lambda lec, t, r: (r.capacity - lec.students) / 8 + t.penalty)
    return model.minimize(waste)
