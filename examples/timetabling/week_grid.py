"""The week of a class, a teacher or a room as a grid, in the terminal and as a page of HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from school import Lecture, PlacedLecture, Room, SchoolClass, Teacher, Timeslot
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Timetable</title>
<style>body {{ font: 15px sans-serif; margin: 2rem }} table {{ border-collapse: collapse; margin-bottom: 2rem }}
td, th {{ border: 1px solid #ccc; padding: .3rem .6rem; text-align: left }} td {{ min-width: 9rem }}</style>
<h1>Timetable</h1>
{weeks}
</html>
"""


@dataclass(frozen=True)
class Week:
    """What somebody does in each hour of each day.

    Args:
        title: whose week it is.
        days: by number.
        cells: what happens, by day and hour.
    """

    title: str
    days: Sequence[int]
    hours: Sequence[int]
    cells: dict[tuple[int, int], str]

    def text(self) -> str:
        """Return the grid for a terminal."""
        width = 2 + max(map(len, self.cells.values()), default=0)
        heads = "".join(f"{DAY_NAMES[day - 1]:<{width}}" for day in self.days)
        lines = [self.title, f"{'':<7}{heads}".rstrip()]
        for hour in self.hours:
            cells = "".join(f"{self.cells.get((day, hour), '-'):<{width}}" for day in self.days)
            lines.append(f"{hour:>2}:00  {cells}".rstrip())
        return "\n".join(lines)

    def html(self) -> str:
        """Return the grid as a table."""
        heads = "".join(f"<th>{DAY_NAMES[day - 1]}" for day in self.days)
        rows = "".join(
            f"<tr><th>{hour}:00" + "".join(f"<td>{escape(self.cells.get((day, hour), ''))}" for day in self.days)
            for hour in self.hours
        )
        return f"<h2>{escape(self.title)}</h2><table><tr><th>{heads}{rows}</table>"


def weeks(session: Session) -> list[Week]:
    """Return the weeks of all classes, teachers and rooms, from the timetable that is saved."""
    placed = session.scalars(
        select(PlacedLecture).options(
            joinedload(PlacedLecture.slot),
            joinedload(PlacedLecture.room),
            joinedload(PlacedLecture.lecture).options(joinedload(Lecture.teacher), joinedload(Lecture.school_class)),
        )
    ).all()
    slots = session.scalars(select(Timeslot)).all()
    days, hours = sorted({slot.day for slot in slots}), sorted({slot.hour for slot in slots})

    def week(name: str, own: Callable[[PlacedLecture], str], text: Callable[[PlacedLecture], str]) -> Week:
        return Week(name, days, hours, {(p.slot.day, p.slot.hour): text(p) for p in placed if own(p) == name})

    views: list[tuple[type[SchoolClass | Teacher | Room], Callable[[PlacedLecture], str]]] = [
        (SchoolClass, lambda p: p.lecture.school_class.name),
        (Teacher, lambda p: p.lecture.teacher.name),
        (Room, lambda p: p.room.name),
    ]
    return [
        week(name, own, lambda p, own=own: described(p, own(p)))  # type: ignore[misc]
        for cls, own in views
        for name in session.scalars(select(cls.name).order_by(cls.id))
    ]


def described(placed: PlacedLecture, owner: str) -> str:
    """Return a lecture in words: the subject, and whom and where; not the owner of the week."""
    lecture = placed.lecture
    others = (lecture.school_class.name, placed.room.name)
    return ", ".join([lecture.subject, *(name for name in others if name != owner)])


def page(shown: Sequence[Week]) -> str:
    """Return weeks as a page of HTML."""
    return PAGE.format(weeks="\n".join(week.html() for week in shown))
