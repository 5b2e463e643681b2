"""Functions of mapped rows whose subclasses, mixins or instances have something else of a name than the base class."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeMeta, Mapped, Session, mapped_column, registry, relationship

from lumix_core import LXModel, LXVariable
from lumix_core.formulas.tracing import trace
from lumix_sqlalchemy import SQLAlchemyAdapter

ADAPTER = SQLAlchemyAdapter()


class Meta(DeclarativeMeta):
    """A metaclass with what its classes answer, and their instances do not."""

    def __bool__(cls) -> bool:  # noqa: N805
        return True

    def __len__(cls) -> int:  # noqa: N805
        return 1


class Base(metaclass=Meta):
    __abstract__ = True
    registry = registry()
    metadata = registry.metadata

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)


class Percent(property):
    """A property that reads otherwise than its getter returns."""

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else super().__get__(instance, owner) / 100


class Named(property):
    """A property that reads as any other."""


class Doubled:
    """A descriptor with a getter, which it does not only call."""

    def __init__(self, fget: Callable[[Any], Any]) -> None:
        self.fget = fget

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else 2 * self.fget(instance)


class Cheaper(hybrid_property):
    """A hybrid that reads otherwise than its getter returns."""

    def __get__(self, instance: Any, owner: Any) -> Any:
        return super().__get__(instance, owner) if instance is None else self.fget(instance) - 1


class Plant(Base):
    __tablename__ = "plants"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    fee: Mapped[float]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "plant"}  # noqa: RUF012
    LEVEL = 3.0
    share: ClassVar[float] = 0.5

    def surcharge(self) -> float:
        return self.fee + 1


class Annex(Plant):
    __mapper_args__ = {"polymorphic_identity": "annex"}  # noqa: RUF012
    LEVEL = 4.0

    def surcharge(self) -> float:
        return self.fee + 100


class Machine(Base):
    __tablename__ = "machines"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    hours: Mapped[float]
    plant_id: Mapped[int | None] = mapped_column(ForeignKey("plants.id"))
    plant: Mapped[Plant | None] = relationship()
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "machine"}  # noqa: RUF012
    SHIFT = 2.0
    SAME = 5.0
    factor: ClassVar[float] = 1.5

    def shared(self) -> float:
        return self.hours * self.SAME

    def capacity(self) -> float:
        return self.hours

    def twice(self) -> float:
        return 2 * self.capacity()

    @property
    def yearly(self) -> float:
        return self.hours * 50

    @staticmethod
    def scaled(value: float) -> float:
        return value * 2

    @classmethod
    def by_shift(cls, value: float) -> float:
        return value * cls.SHIFT

    @hybrid_property
    def taxed(self) -> float:
        return self.hours + 0.25

    @Percent
    def percent(self) -> float:
        return self.hours

    @Named
    def named(self) -> float:
        return self.hours + 7

    @Doubled
    def doubled(self) -> float:
        return self.hours

    @Cheaper
    def cheaper(self) -> float:
        return self.hours


class Faster:
    """A mixin that stands before the base."""

    SHIFT = 9.0
    factor = 2.5

    def capacity(self) -> float:
        return 3 * self.hours  # type: ignore[attr-defined,no-any-return]

    @property
    def yearly(self) -> float:
        return -self.hours  # type: ignore[attr-defined,no-any-return]

    @staticmethod
    def scaled(value: float) -> float:
        return value * 7


class Robot(Faster, Machine):
    __mapper_args__ = {"polymorphic_identity": "robot"}  # noqa: RUF012


class Arm(Robot):
    """Two steps below, with what only it has."""

    __mapper_args__ = {"polymorphic_identity": "arm"}  # noqa: RUF012

    @hybrid_property
    def taxed(self) -> float:
        return self.hours + 1000


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Plant(id=1, fee=1.0), Annex(id=2, fee=2.0)])
        classes = [Machine, Machine, Robot, Machine, Arm, Machine, Machine]
        session.add_all(
            cls(id=i, hours=float(i), plant_id=[1, None, 1, 2, 1, 1, 2][i]) for i, cls in enumerate(classes)
        )
        session.commit()
        session.expunge_all()
        yield session
    engine.dispose()


def computed(source: Callable[[Any], Any], function: Callable[..., Any]) -> list[float]:
    variable = source(LXVariable[Machine, float]("x")).bounds(lower=function)
    return LXModel("m").add_variable(variable).compile().lower.tolist()


def machines(session: Session) -> list[Machine]:
    return list(session.scalars(select(Machine).order_by(Machine.id)))


def is_traced(function: Callable[..., Any], cls: type = Machine) -> bool:
    return trace(function, [ADAPTER.row_class(cls)], ADAPTER.row_class).formula is not None


def no_plant(machine: Machine) -> float:
    return machine.plant.LEVEL if machine.plant else -1.0


OTHER_BELOW: list[Callable[[Any], Any]] = [
    lambda m: m.capacity(),
    lambda m: m.twice(),
    lambda m: m.yearly,
    lambda m: m.scaled(m.hours),
    lambda m: m.by_shift(m.hours),
    lambda m: m.SHIFT * m.hours,
    lambda m: m.factor,
    lambda m: m.taxed,
    lambda m: getattr(m, "capacity")(),  # noqa: B009
    no_plant,
    lambda m: m.plant.surcharge() if m.plant else 0.0,
]
THE_SAME_BELOW: list[Callable[[Any], Any]] = [
    lambda m: m.shared(),
    lambda m: m.SAME,
    lambda m: m.named,
    lambda m: m.plant.share if m.plant else 0.0,
    lambda m: m.plant.fee if m.plant else 0.0,
    lambda m: 0.0 if not m.plant else 1.0,
]
OWN_READING: list[Callable[[Any], Any]] = [lambda m: m.percent, lambda m: m.doubled, lambda m: m.cheaper]


@pytest.mark.parametrize("function", [*OTHER_BELOW, *THE_SAME_BELOW, *OWN_READING])
def test_the_numbers_are_those_of_each_row(session: Session, function: Callable[[Any], Any]) -> None:
    found = computed(lambda x: x.from_model(session), function)

    assert found == [float(function(machine)) for machine in machines(session)]


@pytest.mark.parametrize("function", [*OTHER_BELOW, *THE_SAME_BELOW, *OWN_READING])
def test_the_numbers_of_given_rows_are_those_of_each_row(session: Session, function: Callable[[Any], Any]) -> None:
    rows = machines(session)

    found = computed(lambda x: x.from_data(rows), function)

    assert found == [float(function(machine)) for machine in rows]


@pytest.mark.parametrize("function", [*OTHER_BELOW, *OWN_READING])
def test_what_a_subclass_has_another_of_is_not_traced(function: Callable[[Any], Any]) -> None:
    assert not is_traced(function)


@pytest.mark.parametrize("function", THE_SAME_BELOW)
def test_what_all_subclasses_have_from_one_definition_is_traced(function: Callable[[Any], Any]) -> None:
    assert is_traced(function)


def test_a_class_method_is_traced_where_there_is_one_class_only() -> None:
    assert is_traced(lambda r: r.by_shift(r.hours), Arm)
    assert not is_traced(lambda r: r.by_shift(r.hours), Robot)


def test_a_subclass_that_is_defined_later_counts(session: Session) -> None:
    def shared(arm: Any) -> Any:
        return arm.shared()

    before = is_traced(shared, Arm)

    class Claw(Arm):
        __mapper_args__ = {"polymorphic_identity": "claw"}  # noqa: RUF012

        def shared(self) -> float:
            return 77.0

    assert before
    assert not is_traced(shared, Arm)


@pytest.mark.parametrize(
    ("name", "own", "function"),
    [
        ("SAME", 50.0, lambda m: m.SAME * m.hours),
        ("SAME", 50.0, lambda m: m.shared()),
        ("shared", lambda: 17.0, lambda m: m.shared()),
    ],
)
@pytest.mark.parametrize("position", [1, 3, 5])
def test_what_a_given_row_has_for_itself_counts(
    session: Session, name: str, own: Any, function: Callable[[Any], Any], position: int
) -> None:
    rows = [one for one in machines(session) if type(one) is Machine]
    setattr(rows[min(position, len(rows) - 1)], name, own)

    found = computed(lambda x: x.from_data(rows), function)

    assert found == [float(function(machine)) for machine in rows]


def test_what_a_related_row_has_for_itself_counts(session: Session) -> None:
    rows = [one for one in machines(session) if one.plant is not None and type(one) is Machine]
    rows[1].plant.share = 0.125  # type: ignore[union-attr,misc]

    found = computed(lambda x: x.from_data(rows), lambda m: m.plant.share)

    assert found == [one.plant.share for one in rows if one.plant]
    assert len(set(found)) == 2


def test_a_related_row_that_is_not_there_has_no_constants(session: Session) -> None:
    with pytest.raises(Exception, match="key 1 of 'x'"):
        computed(lambda x: x.from_model(session), lambda m: m.plant.share)


def test_rows_that_only_a_branch_reads_need_their_related_row_there_only(session: Session) -> None:
    def share(machine: Machine) -> float:
        return machine.plant.share if machine.plant_id else -1.0  # type: ignore[union-attr]

    found = computed(lambda x: x.from_model(session), share)

    assert is_traced(share)
    assert found == [0.5, -1.0, 0.5, 0.5, 0.5, 0.5, 0.5]


def test_copies_give_the_numbers_of_their_rows(session: Session) -> None:
    import copy

    rows = [one for one in machines(session) if type(one) is Machine]
    rows[2].SAME = 50.0
    variable = LXVariable[Machine, float]("x").from_data(rows).bounds(lower=lambda m: m.SAME)
    model = LXModel("m").add_variable(variable)

    found = copy.deepcopy(model).compile().lower.tolist()

    assert found == model.compile().lower.tolist() == [5.0, 5.0, 50.0, 5.0, 5.0][: len(rows)]


def test_a_class_that_reads_attributes_by_code_of_its_own_is_not_traced() -> None:
    class Odd(Base):
        __tablename__ = "odd"
        id: Mapped[int] = mapped_column(primary_key=True)
        RATE = 2.0

        def __getattribute__(self, name: str) -> Any:
            return 3.0 if name == "RATE" else super().__getattribute__(name)

    assert not is_traced(lambda o: o.RATE, Odd)


def test_a_row_with_a_truth_of_its_own_is_asked_for_it(session: Session) -> None:
    class Store(Base):
        __tablename__ = "stores"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str]
        plants: Mapped[int]
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "store"}  # noqa: RUF012

    class Kiosk(Store):
        __mapper_args__ = {"polymorphic_identity": "kiosk"}  # noqa: RUF012

        def __len__(self) -> int:
            return self.plants

    class Item(Base):
        __tablename__ = "items"
        id: Mapped[int] = mapped_column(primary_key=True)
        store_id: Mapped[int | None] = mapped_column(ForeignKey("stores.id"))
        store: Mapped[Store | None] = relationship()

    Base.metadata.create_all(session.get_bind())
    session.add_all([Store(id=1, plants=0), Kiosk(id=2, plants=0), Kiosk(id=3, plants=1)])
    session.add_all(Item(id=i, store_id=[None, 1, 2, 3, None][i]) for i in range(5))
    session.flush()

    variable = LXVariable[Item, float]("x").from_model(session).bounds(lower=lambda i: 1.0 if i.store else 0.0)
    found = LXModel("m").add_variable(variable).compile().lower.tolist()

    assert found == [0.0, 1.0, 0.0, 1.0, 0.0]
