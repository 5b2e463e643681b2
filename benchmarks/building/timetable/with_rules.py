"""The model as users of LumiX write it with rules."""

from __future__ import annotations

import highspy
from contenders import Laps
from solver import hold
from timetable.data import GroupSlot, Lecture, Room, RoomSlot, Slot, TeacherSlot, Timetable

from lumix import LXComparison, LXIndexDimension, LXModel, LXVariable


def build(data: Timetable, lap: Laps) -> highspy.Highs:
    model = write(data)
    lap("write")
    problem = model.compile()
    lap("compile")
    return hold(problem)


def write(data: Timetable) -> LXModel:
    assign = (
        LXVariable[tuple[Lecture, Slot, Room], int]("assign")
        .binary()
        .indexed_by_product(
            LXIndexDimension(Lecture, lambda lec: lec.id).from_data(data.lectures),
            LXIndexDimension(Slot, lambda t: t.id).from_data(data.slots),
            LXIndexDimension(Room, lambda r: r.id).from_data(data.rooms),
        )
        .where_multi(lambda lec, t, r: r.kind == lec.kind and r.capacity >= lec.students)
    )
    model = LXModel("timetable").add_variable(assign)
    model.minimize(
        lambda: sum(((r.capacity - lec.students) / 8 + t.penalty) * assign[lec, t, r] for lec, t, r in assign)
    )

    @model.constraint(over=(data.lectures,))
    def held_once(one: Lecture) -> LXComparison | bool:
        return sum(assign[lec, t, r] for lec, t, r in assign if lec.id == one.id) == 1

    @model.constraint(over=(data.room_slots,))
    def room(s: RoomSlot) -> LXComparison | bool:
        return sum(assign[lec, t, r] for lec, t, r in assign if t.id == s.slot and r.id == s.room) <= 1

    @model.constraint(over=(data.teacher_slots,))
    def teacher(s: TeacherSlot) -> LXComparison | bool:
        return sum(assign[lec, t, r] for lec, t, r in assign if t.id == s.slot and lec.teacher == s.teacher) <= 1

    @model.constraint(over=(data.group_slots,))
    def group(s: GroupSlot) -> LXComparison | bool:
        return sum(assign[lec, t, r] for lec, t, r in assign if t.id == s.slot and lec.group == s.group) <= 1

    return model
