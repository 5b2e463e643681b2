"""Mapped classes whose attributes are hard to read as columns: many types, and many kinds of attribute."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Dialect,
    Enum,
    Float,
    ForeignKey,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    PickleType,
    String,
    Text,
    Time,
    TypeDecorator,
    Uuid,
    func,
    select,
)
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    column_property,
    composite,
    mapped_column,
    query_expression,
    relationship,
    synonym,
)

from lumix_core.rows.tables import Path


class Base(DeclarativeBase): ...


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


class Euro:
    def __init__(self, cents: int) -> None:
        self.cents = cents

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Euro) and other.cents == self.cents

    __hash__ = None  # type: ignore[assignment]


class EuroType(TypeDecorator[Euro]):
    """Reads NULL as no euros at all, not as None."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Euro | None, dialect: Dialect) -> int | None:
        return None if value is None or not value.cents else value.cents

    def process_result_value(self, value: int | None, dialect: Dialect) -> Euro:
        return Euro(value or 0)


class Unreadable(TypeDecorator[int]):
    """A type that fails at what it reads."""

    impl = Integer
    cache_ok = True

    def process_result_value(self, value: int | None, dialect: Dialect) -> int:
        raise ValueError("unreadable")


class Everything(Base):
    """One attribute of every type."""

    __tablename__ = "everything"
    id: Mapped[int] = mapped_column(primary_key=True)
    big: Mapped[int | None] = mapped_column(BigInteger)
    single: Mapped[float | None] = mapped_column(Float)
    exact: Mapped[Decimal | None] = mapped_column(Numeric(18, 4))
    inexact: Mapped[float | None] = mapped_column(Numeric(12, 3, asdecimal=False))
    exact_float: Mapped[Decimal | None] = mapped_column(Float(53, asdecimal=True))
    text: Mapped[str | None] = mapped_column(Text)
    short: Mapped[str | None] = mapped_column(String(20))
    flag: Mapped[bool | None] = mapped_column(Boolean)
    day: Mapped[date | None] = mapped_column(Date)
    moment: Mapped[datetime | None] = mapped_column(DateTime)
    aware: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    clock: Mapped[time | None] = mapped_column(Time)
    span: Mapped[timedelta | None] = mapped_column(Interval)
    colour: Mapped[Colour | None] = mapped_column(Enum(Colour, name="colour"))
    named: Mapped[str | None] = mapped_column(Enum("small", "large", name="size"))
    document: Mapped[Any | None] = mapped_column(JSON)
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)
    uuid: Mapped[UUID | None] = mapped_column(Uuid)
    uuid_text: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    pickled: Mapped[Any | None] = mapped_column(PickleType)
    price: Mapped[Euro | None] = mapped_column(EuroType)


EVERYTHING = [
    {
        "id": 1,
        "big": 2**62,
        "single": 1.5,
        "exact": Decimal("12345.6789"),
        "inexact": 2.125,
        "exact_float": Decimal("0.5"),
        "text": "häßlich",
        "short": "short",
        "flag": True,
        "day": date(2024, 2, 29),
        "moment": datetime(2024, 2, 29, 12, 30),
        "aware": datetime(2024, 2, 29, 12, 30, tzinfo=UTC),
        "clock": time(12, 30),
        "span": timedelta(days=3, hours=2),
        "colour": Colour.BLUE,
        "named": "large",
        "document": {"a": [1, 2.5, None]},
        "raw": b"\x00\xff",
        "uuid": UUID(int=7),
        "uuid_text": str(UUID(int=8)),
        "pickled": (1, {2}),
        "price": Euro(5),
    },
    {"id": 2, "price": Euro(0)},
    {
        "id": 3,
        "big": -1,
        "single": -0.0,
        "exact": Decimal("-1.0000"),
        "inexact": 3.0,
        "exact_float": Decimal("2"),
        "text": "",
        "short": "",
        "flag": False,
        "day": date(1, 1, 1),
        "moment": datetime(1999, 12, 31, 23, 59, 59),
        "aware": datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC),
        "clock": time(0),
        "span": timedelta(seconds=1),
        "colour": Colour.RED,
        "named": "small",
        "document": [],
        "raw": b"",
        "uuid": UUID(int=0),
        "uuid_text": str(UUID(int=1)),
        "pickled": None,
        "price": Euro(1),
    },
]
"""One row of ordinary values, one of NULL, one at the edges; a row with a value in each column after one without."""


class Point:
    def __init__(self, x: float, y: float) -> None:
        self.x = x
        self.y = y


class Priced:
    price: Mapped[Euro | None] = mapped_column(EuroType)


class Site(Priced, Base):
    __tablename__ = "sites"
    id: Mapped[int] = mapped_column("site_key", primary_key=True)
    rent: Mapped[float | None] = mapped_column("rent_per_month")
    head_id: Mapped[int | None] = mapped_column(ForeignKey("sites.site_key"))
    head: Mapped[Site | None] = relationship(remote_side="Site.id", foreign_keys="Site.head_id")
    machines: Mapped[list[Machine]] = relationship(back_populates="site", foreign_keys="Machine.site_id")
    is_known: Mapped[int] = column_property(func.coalesce(rent, 0) + 1)


class Machine(Base):
    __tablename__ = "machines"
    id: Mapped[int] = mapped_column(primary_key=True)
    hours: Mapped[float] = mapped_column()
    x: Mapped[float]
    y: Mapped[float]
    point: Mapped[Point] = composite(Point, "x", "y")
    manual: Mapped[str] = mapped_column(Text, deferred=True)
    secret: Mapped[str] = mapped_column(Text, deferred=True, deferred_raiseload=True)
    twice: Mapped[float] = column_property(hours * 2)
    asked: Mapped[float | None] = query_expression()
    time = synonym("hours")
    site_id: Mapped[int | None] = mapped_column(ForeignKey("sites.site_key"))
    spare_id: Mapped[int | None] = mapped_column(ForeignKey("sites.site_key"))
    site: Mapped[Site | None] = relationship(foreign_keys=site_id, back_populates="machines")
    spare: Mapped[Site | None] = relationship(foreign_keys=spare_id)
    never: Mapped[Site | None] = relationship(foreign_keys=spare_id, lazy="raise", viewonly=True)
    rich: Mapped[Site | None] = relationship(
        primaryjoin="and_(Machine.site_id == Site.id, Site.rent > 15)", viewonly=True
    )
    anywhere: Mapped[Site | None] = relationship(
        primaryjoin="or_(foreign(Machine.site_id) == Site.id, foreign(Machine.spare_id) == Site.id)", viewonly=True
    )
    badge: Mapped[Badge | None] = relationship(back_populates="machine")
    note: Mapped[Note | None] = relationship(uselist=False)


class Badge(Base):
    """One a machine: the database sees to it."""

    __tablename__ = "badges"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(10))
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"), unique=True)
    machine: Mapped[Machine] = relationship(back_populates="badge")


class Note(Base):
    """Said to be one a machine, but nothing sees to it."""

    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))


Site.count = column_property(  # type: ignore[attr-defined]
    select(func.count(Machine.id)).where(Machine.site_id == Site.id).correlate_except(Machine).scalar_subquery()
)


class Person(Base):
    """The root of a hierarchy in joined tables."""

    __tablename__ = "persons"
    __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_on": "kind", "polymorphic_identity": "person"}
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(20))


class Engineer(Person):
    __tablename__ = "engineers"
    __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_identity": "engineer"}
    id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    rate: Mapped[float]
    boss_id: Mapped[int | None] = mapped_column(ForeignKey("engineers.id"))
    boss: Mapped[Engineer | None] = relationship(foreign_keys=boss_id, remote_side=id)


class Vehicle(Base):
    """The root of a hierarchy in one table."""

    __tablename__ = "vehicles"
    __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_on": "kind", "polymorphic_identity": "vehicle"}
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    weight: Mapped[float | None]
    truck_id: Mapped[int | None] = mapped_column(ForeignKey("vehicles.id"))
    truck: Mapped[Truck | None] = relationship(remote_side="Vehicle.id", foreign_keys=truck_id)


class Truck(Vehicle):
    __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_identity": "truck"}
    axles: Mapped[int | None]


class Pair(Base):
    """A key of two columns, and a relationship to its own class by both."""

    __tablename__ = "pairs"
    plant: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    weight: Mapped[float]
    up: Mapped[int | None]
    above: Mapped[Pair | None] = relationship(
        primaryjoin="and_(Pair.plant == remote(Pair.plant), foreign(Pair.up) == remote(Pair.number))", viewonly=True
    )


def fill(session: Session) -> None:
    """Save a few rows of each class."""
    session.add_all([Everything(**values) for values in EVERYTHING])
    session.add_all([Site(id=1, rent=10.0, price=Euro(3)), Site(id=2, rent=20.0, price=Euro(0), head_id=1)])
    session.add(Site(id=3, rent=None, price=Euro(0), head_id=2))
    session.flush()
    places = [(1, 2), (2, None), (None, 3), (3, 1)]
    for key, (site, spare) in enumerate(places, start=1):
        made = {"hours": 10.0 * key, "x": float(key), "y": -1.0, "manual": f"manual {key}", "secret": "s"}
        session.add(Machine(id=key, site_id=site, spare_id=spare, **made))
    session.flush()
    session.add_all([Badge(id=7, code="A", machine_id=1), Badge(id=8, code="B", machine_id=3)])
    session.add_all([Note(id=1, machine_id=1), Note(id=2, machine_id=1)])
    session.add_all([Person(id=1, name="Ann"), Engineer(id=2, name="Bob", rate=3.0)])
    session.flush()
    session.add(Engineer(id=3, name="Cas", rate=4.0, boss_id=2))
    session.add_all([Vehicle(id=1, weight=1.0), Truck(id=2, weight=2.0, axles=3)])
    session.flush()
    session.add_all([Vehicle(id=3, weight=3.0, truck_id=2), Vehicle(id=4, weight=3.0, truck_id=1)])
    session.add_all([Pair(plant=1, number=1, weight=1.0), Pair(plant=1, number=2, weight=2.0, up=1)])
    session.add(Pair(plant=2, number=2, weight=3.0, up=1))
    session.commit()


def by_instance(rows: Sequence[Any], path: Path) -> list[Any]:
    """Return what the attribute of each row holds; None where there is no row to read it of."""
    found = list(rows)
    for name in path:
        found = [None if one is None else getattr(one, name) for one in found]
    return found


def exactly(values: Sequence[Any]) -> list[tuple[type, Any]]:
    """Return values with their types, so that 1, 1.0 and True differ; and -0.0 from 0.0."""
    return [(type(one), repr(one) if isinstance(one, float) else one) for one in values]
