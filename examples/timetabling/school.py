"""The tables of the timetabling example, and how to open their database."""

from __future__ import annotations

from sqlalchemy import URL, Engine, ForeignKey, String, UniqueConstraint, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

DEFAULT_URL = "sqlite:///school.db"


class Base(DeclarativeBase):
    pass


class Teacher(Base):
    __tablename__ = "teachers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)


class SchoolClass(Base):
    __tablename__ = "school_classes"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    pupils: Mapped[int]


class Room(Base):
    __tablename__ = "rooms"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    type: Mapped[str] = mapped_column(String(20))
    seats: Mapped[int]


class Timeslot(Base):
    """An hour of the week; ``day`` counts from 1, Monday."""

    __tablename__ = "timeslots"
    __table_args__ = (UniqueConstraint("day", "hour"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[int]
    hour: Mapped[int]


class Lecture(Base):
    """One hour of a subject, which a teacher teaches a class once a week in a room of some type."""

    __tablename__ = "lectures"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(50))
    teacher_id: Mapped[int] = mapped_column(ForeignKey("teachers.id"))
    class_id: Mapped[int] = mapped_column(ForeignKey("school_classes.id"))
    room_type: Mapped[str] = mapped_column(String(20))

    teacher: Mapped[Teacher] = relationship()
    school_class: Mapped[SchoolClass] = relationship()


class Absence(Base):
    """A teacher is not at school."""

    __tablename__ = "absences"

    teacher_id: Mapped[int] = mapped_column(ForeignKey("teachers.id"), primary_key=True)
    slot_id: Mapped[int] = mapped_column(ForeignKey("timeslots.id"), primary_key=True)


class Wish(Base):
    """A teacher would rather not teach then; more points, a stronger wish."""

    __tablename__ = "wishes"

    teacher_id: Mapped[int] = mapped_column(ForeignKey("teachers.id"), primary_key=True)
    slot_id: Mapped[int] = mapped_column(ForeignKey("timeslots.id"), primary_key=True)
    points: Mapped[float]


class PlacedLecture(Base):
    """A result: when a lecture is held, and where."""

    __tablename__ = "placed_lectures"
    __table_args__ = (UniqueConstraint("slot_id", "room_id"),)

    lecture_id: Mapped[int] = mapped_column(ForeignKey("lectures.id"), primary_key=True)
    slot_id: Mapped[int] = mapped_column(ForeignKey("timeslots.id"))
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id"))

    lecture: Mapped[Lecture] = relationship()
    slot: Mapped[Timeslot] = relationship()
    room: Mapped[Room] = relationship()


def init_database(url: str | URL = DEFAULT_URL) -> Engine:
    """Return an engine on a database with all tables; missing ones are made."""
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    return engine
