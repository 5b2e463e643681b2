"""The model of the timetable: one variable for each lecture, timeslot and room that go together."""

from __future__ import annotations

from school import Absence, Lecture, Room, SchoolClass, Teacher, Timeslot, Wish
from sqlalchemy.orm import Session

from lumix import LXComparison, LXIndexDimension, LXModel, LXParameter, LXVariable

A_DAY = 5
"""A class should have no more lectures a day."""
WISHES, DAYS = "wishes", "days"
"""The names of the goals."""


def build_model(session: Session) -> LXModel:
    """Write the model over the rows of a database, which are read when it is compiled."""
    lectures = LXIndexDimension(Lecture).from_model(session)
    slots = LXIndexDimension(Timeslot).from_model(session)
    rooms = LXIndexDimension(Room).from_model(session)
    teachers = LXIndexDimension(Teacher).from_model(session)
    classes = LXIndexDimension(SchoolClass).from_model(session)
    first_hours = LXIndexDimension(Timeslot).from_model(session).where(lambda s: s.hour == 8)
    absent = LXParameter[Absence]("absent").from_model(session).value(lambda a: 1).default(0)
    points = LXParameter[Wish]("points").from_model(session).value(lambda w: w.points).default(0)

    held = LXVariable[tuple[Lecture, Timeslot, Room], int]("held").binary().indexed_by_product(lectures, slots, rooms)
    held.where_multi(
        lambda lec, slot, room: (
            room.type == lec.room_type
            and room.seats >= lec.school_class.pupils
            and absent[lec.teacher_id, slot.id] == 0
        )
    )
    model = LXModel("timetable").add_variable(held)

    @model.constraint(over=(lectures,))
    def once(lec: Lecture) -> LXComparison | bool:
        return sum(held[one, slot, room] for one, slot, room in held if one.id == lec.id) == 1

    @model.constraint(over=(rooms, slots))
    def one_a_room(r: Room, s: Timeslot) -> LXComparison | bool:
        return sum(held[lec, slot, room] for lec, slot, room in held if room.id == r.id and slot.id == s.id) <= 1

    @model.constraint(over=(teachers, slots))
    def one_a_teacher(t: Teacher, s: Timeslot) -> LXComparison | bool:
        return sum(held[lec, slot, room] for lec, slot, room in held if lec.teacher_id == t.id and slot.id == s.id) <= 1

    @model.constraint(over=(classes, slots))
    def one_a_class(c: SchoolClass, s: Timeslot) -> LXComparison | bool:
        return sum(held[lec, slot, room] for lec, slot, room in held if lec.class_id == c.id and slot.id == s.id) <= 1

    @model.constraint(over=(classes, first_hours), name=DAYS)
    def not_too_many_a_day(c: SchoolClass, s: Timeslot) -> LXComparison | bool:
        return (
            sum(held[lec, slot, room] for lec, slot, room in held if lec.class_id == c.id and slot.day == s.day)
            <= A_DAY
        )

    @model.constraint(over=(teachers,), name=WISHES)
    def as_wished(t: Teacher) -> LXComparison | bool:
        return (
            sum(points[t.id, slot.id] * held[lec, slot, room] for lec, slot, room in held if lec.teacher_id == t.id)
            <= 0
        )

    model.get_constraint(WISHES).as_goal(priority=1)
    model.get_constraint(DAYS).as_goal(priority=2)
    return model.set_goal_mode("sequential")
