"""A timetable: which lecture is held when, and in which room."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from lumix import (
    LXConstraint,
    LXIndexDimension,
    LXLinearExpression,
    LXModel,
    LXOptimizer,
    LXParameter,
    LXSolution,
    LXVariable,
)


@dataclass(frozen=True)
class Teacher:
    id: int
    name: str


@dataclass(frozen=True)
class SchoolClass:
    id: int
    name: str
    pupils: int


@dataclass(frozen=True)
class Lecture:
    id: int
    subject: str
    teacher: Teacher
    school_class: SchoolClass
    room_type: str
    weight: float  # how much it matters that it is early in the week


@dataclass(frozen=True)
class Timeslot:
    id: int
    day: str
    hour: int


@dataclass(frozen=True)
class Room:
    id: int
    name: str
    type: str
    seats: int


@dataclass(frozen=True)
class Wish:
    """How little a teacher likes to teach in a slot, in points."""

    teacher_id: int
    slot_id: int
    points: float


@dataclass(frozen=True)
class RoomSlot:
    room_id: int
    slot_id: int


@dataclass(frozen=True)
class TeacherSlot:
    teacher_id: int
    slot_id: int


@dataclass(frozen=True)
class ClassSlot:
    class_id: int
    slot_id: int


CURIE, NOETHER, WOOLF = TEACHERS = [Teacher(1, "Curie"), Teacher(2, "Noether"), Teacher(3, "Woolf")]
ONE_A, ONE_B = CLASSES = [SchoolClass(1, "1A", 28), SchoolClass(2, "1B", 22)]
LECTURES = [
    Lecture(1, "Physics", CURIE, ONE_A, "laboratory", 3),
    Lecture(2, "Physics", CURIE, ONE_B, "laboratory", 3),
    Lecture(3, "Chemistry", CURIE, ONE_A, "laboratory", 2),
    Lecture(4, "Algebra", NOETHER, ONE_A, "classroom", 3),
    Lecture(5, "Algebra", NOETHER, ONE_B, "classroom", 3),
    Lecture(6, "Geometry", NOETHER, ONE_A, "classroom", 1.5),
    Lecture(7, "English", WOOLF, ONE_A, "classroom", 1),
    Lecture(8, "English", WOOLF, ONE_B, "classroom", 1),
]
SLOTS = [
    Timeslot(1, "Mon", 9),
    Timeslot(2, "Mon", 10),
    Timeslot(3, "Mon", 11),
    Timeslot(4, "Tue", 9),
    Timeslot(5, "Tue", 10),
    Timeslot(6, "Tue", 11),
]
ROOMS = [
    Room(1, "Hall", "classroom", 40),
    Room(2, "Room 7", "classroom", 24),
    Room(3, "Laboratory", "laboratory", 30),
]
WISHES = [
    Wish(CURIE.id, 1, 5),  # comes by train
    Wish(NOETHER.id, 3, 2),
    Wish(WOOLF.id, 2, 2),
    Wish(WOOLF.id, 4, 4),
]


def build_model() -> LXModel:
    """Write the model: one variable for each lecture, slot and room that go together."""
    held = (
        LXVariable[tuple[Lecture, Timeslot, Room], int]("held")
        .binary()
        .indexed_by_product(
            LXIndexDimension(Lecture, lambda lecture: lecture.id).from_data(LECTURES),
            LXIndexDimension(Timeslot, lambda slot: slot.id).from_data(SLOTS),
            LXIndexDimension(Room, lambda room: room.id).from_data(ROOMS),
        )
        .where_multi(lambda lec, slot, room: room.type == lec.room_type and room.seats >= lec.school_class.pupils)
    )
    wishes = (
        LXParameter[Wish]("wishes")
        .indexed_by(lambda wish: (wish.teacher_id, wish.slot_id))
        .value(lambda wish: wish.points)
        .default(0)
        .from_data(WISHES)
    )
    discontent = (
        LXLinearExpression()
        .add_multi_term(held, lambda lec, slot, room: wishes[lec.teacher.id, slot.id])
        .add_multi_term(held, lambda lec, slot, room: lec.weight * lec.school_class.pupils * (slot.id - 1) / 100)
        .add_multi_term(held, lambda lec, slot, room: (room.seats - lec.school_class.pupils) / 100)
    )
    return (
        LXModel("timetable")
        .add_variable(held)
        .minimize(discontent)
        .add_constraints(
            LXConstraint[Lecture]("every lecture once")
            .expression(LXLinearExpression().sum_over(held, where=lambda lec, slot, room, own: lec.id == own.id))
            .eq()
            .rhs(1)
            .indexed_by(lambda lecture: lecture.id)
            .from_data(LECTURES),
            LXConstraint[RoomSlot]("one lecture a room")
            .expression(
                LXLinearExpression().sum_over(
                    held, where=lambda lec, slot, room, s: slot.id == s.slot_id and room.id == s.room_id
                )
            )
            .le()
            .rhs(1)
            .from_data([RoomSlot(room.id, slot.id) for room in ROOMS for slot in SLOTS]),
            LXConstraint[TeacherSlot]("one lecture a teacher")
            .expression(
                LXLinearExpression().sum_over(
                    held, where=lambda lec, slot, room, s: slot.id == s.slot_id and lec.teacher.id == s.teacher_id
                )
            )
            .le()
            .rhs(1)
            .from_data([TeacherSlot(teacher.id, slot.id) for teacher in TEACHERS for slot in SLOTS]),
            LXConstraint[ClassSlot]("one lecture a class")
            .expression(
                LXLinearExpression().sum_over(
                    held, where=lambda lec, slot, room, s: slot.id == s.slot_id and lec.school_class.id == s.class_id
                )
            )
            .le()
            .rhs(1)
            .from_data([ClassSlot(one.id, slot.id) for one in CLASSES for slot in SLOTS]),
        )
    )


def solve(model: LXModel) -> LXSolution:
    return LXOptimizer().use_solver("highs").solve(model)


def display(solution: LXSolution) -> None:
    """Print a line for each slot and a column for each room."""
    held = solution.variables["held"]
    lectures = {lecture.id: lecture for lecture in LECTURES}
    placed = {(slot, room): lectures[lecture] for (lecture, slot, room), value in held.items() if value}
    lines = [["", *(room.name for room in ROOMS)]]
    for slot in SLOTS:
        lines.append([f"{slot.day} {slot.hour:>2}:00", *(shown(placed.get((slot.id, room.id))) for room in ROOMS)])
    for line in lines:
        print("".join(f"{cell:<23}" if i else f"{cell:<11}" for i, cell in enumerate(line)).rstrip())
    print(f"Discontent: {solution.objective_value:.2f}")


def shown(lecture: Lecture | None) -> str:
    if lecture is None:
        return "-"
    return f"{lecture.subject} {lecture.school_class.name}, {lecture.teacher.name}"


def main() -> int:
    solution = solve(build_model())
    if not solution.is_optimal():
        print(f"There is no timetable: the model is {solution.status}.", file=sys.stderr)
        return 1
    display(solution)
    return 0


if __name__ == "__main__":
    sys.exit(main())
