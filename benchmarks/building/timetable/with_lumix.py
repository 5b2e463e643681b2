"""The model as users of LumiX write it."""

from __future__ import annotations

import highspy
from contenders import Laps
from solver import hold
from timetable.data import GroupSlot, Lecture, Room, RoomSlot, Slot, TeacherSlot, Timetable

from lumix import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable


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
    held_once = LXLinearExpression().sum_over(assign, where=lambda lec, t, r, lecture: lec.id == lecture.id)
    in_room = LXLinearExpression().sum_over(assign, where=lambda lec, t, r, s: t.id == s.slot and r.id == s.room)
    by_teacher = LXLinearExpression().sum_over(
        assign, where=lambda lec, t, r, s: t.id == s.slot and lec.teacher == s.teacher
    )
    for_group = LXLinearExpression().sum_over(
        assign, where=lambda lec, t, r, s: t.id == s.slot and lec.group == s.group
    )
    waste = LXLinearExpression().add_multi_term(assign, lambda lec, t, r: (r.capacity - lec.students) / 8 + t.penalty)
    return (
        LXModel("timetable")
        .add_variable(assign)
        .add_constraint(LXConstraint[Lecture]("held_once").from_data(data.lectures).expression(held_once).eq().rhs(1))
        .add_constraint(LXConstraint[RoomSlot]("room").from_data(data.room_slots).expression(in_room).le().rhs(1))
        .add_constraint(
            LXConstraint[TeacherSlot]("teacher").from_data(data.teacher_slots).expression(by_teacher).le().rhs(1)
        )
        .add_constraint(LXConstraint[GroupSlot]("group").from_data(data.group_slots).expression(for_group).le().rhs(1))
        .minimize(waste)
    )
