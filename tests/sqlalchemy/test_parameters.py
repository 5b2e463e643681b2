"""Parameters over SQLAlchemy's rows: what is read of the database, and copies that need none."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, ForeignKey, String, create_engine, func, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXParameter, LXVariable
from lumix_core.errors import LXFunctionError, LXMissingKeyError, LXNumberError


class Base(DeclarativeBase): ...


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    profit: Mapped[float]
    note: Mapped[str] = mapped_column(String(20), default="")


class Machine(Base):
    __tablename__ = "machines"
    id: Mapped[int] = mapped_column(primary_key=True)
    speed: Mapped[float]


class Recipe(Base):
    """A key of its own, and a pair that it belongs to."""

    __tablename__ = "recipes"
    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    hours: Mapped[float]
    setup: Mapped[float | None]
    note: Mapped[str] = mapped_column(String(20), default="")
    machine: Mapped[Machine] = relationship()

    def __repr__(self) -> str:
        return f"<Recipe {self.id}>"


class Stock(Base):
    """The pair is the key."""

    __tablename__ = "stocks"
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"), primary_key=True)
    amount: Mapped[float]
    note: Mapped[str] = mapped_column(String(20), default="")


PAIRS = [(1, 1, 0.5), (1, 2, 1.0), (3, 2, 3.5)]
EXPECTED = [0.5, 1.0, 3.5]


@pytest.fixture(scope="module")
def filled(engine: Engine) -> Iterator[Engine]:
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Product(id=i, profit=10.0 * i) for i in (1, 2, 3)])
        session.add_all([Machine(id=i, speed=float(i)) for i in (1, 2)])
        session.flush()
        session.add_all([Recipe(product_id=p, machine_id=m, hours=h, setup=h if p > 1 else None) for p, m, h in PAIRS])
        session.add_all([Stock(product_id=p, machine_id=m, amount=a) for p, m, a in PAIRS])
        session.commit()
    yield engine
    Base.metadata.drop_all(engine)


@pytest.fixture
def session(filled: Engine) -> Iterator[Session]:
    """A session whose changes are undone."""
    with Session(filled) as session:
        yield session


def hours_of(session: Session) -> LXParameter[Recipe]:
    return (
        LXParameter[Recipe]("hours")
        .indexed_by(lambda r: (r.product_id, r.machine_id))
        .value(lambda r: r.hours)
        .default(0.0)
        .from_model(session)
    )


def stocks_of(session: Session) -> LXParameter[Stock]:
    return LXParameter[Stock]("stock").value(lambda s: s.amount).default(0.0).from_model(session)


def plan(session: Session, coefficient: Any) -> LXModel:
    x = LXVariable[Product, float]("x").bounds(lower=0).from_model(session)
    used = LXLinearExpression().add_term(x, coefficient)
    limit = LXConstraint[Machine]("limit").from_model(session).expression(used).le().rhs(10)
    return LXModel("plan").add_variable(x).add_constraint(limit)


def coefficients(model: LXModel) -> list[float]:
    found: list[float] = model.compile().coefficients.tolist()
    return found


def selected(statement: str) -> list[str]:
    """The columns that a statement selects, without their table."""
    words = " ".join(statement.replace('"', "").replace("`", "").split())
    columns = words.removeprefix("SELECT ").partition(" FROM ")[0]
    return sorted(one.partition(" AS ")[0].partition(".")[2] for one in columns.split(", "))


def of_table(statements: list[str], table: str) -> list[str]:
    return [one for one in statements if f"FROM {table}" in " ".join(one.split())]


SOURCES: dict[str, Callable[[LXParameter[Recipe], Session], LXParameter[Recipe]]] = {
    "session": lambda hours, session: hours.from_model(session),
    "class and session": lambda hours, session: hours.from_model(Recipe, session),
    "select": lambda hours, session: hours.from_model(select(Recipe), session),
    "query": lambda hours, session: hours.from_model(session.query(Recipe)),
    "instances": lambda hours, session: hours.from_data(session.scalars(select(Recipe)).all()),
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_gives_the_same_numbers(source: str, session: Session) -> None:
    hours = SOURCES[source](hours_of(session), session)

    assert [hours[1, 1], hours[3, 2], hours[2, 1], (2, 1) in hours] == [0.5, 3.5, 0.0, False]
    assert coefficients(plan(session, lambda p, m: hours[p.id, m.id])) == EXPECTED


def test_a_query_says_which_rows_count(session: Session) -> None:
    hours = hours_of(session).from_model(select(Recipe).where(Recipe.hours > 0.5), session)

    assert coefficients(plan(session, lambda p, m: hours[p.id, m.id])) == [1.0, 3.5]


def test_a_query_may_add_up_the_rows_of_a_key(session: Session) -> None:
    total = select(Recipe.product_id, func.sum(Recipe.hours).label("hours")).group_by(Recipe.product_id)
    hours = LXParameter[Any]("hours").indexed_by(lambda r: r.product_id).value(lambda r: r.hours)

    hours.from_model(total, session).default(0)

    assert [hours[1], hours[2], hours[3]] == [1.5, 0.0, 3.5]
    assert coefficients(plan(session, lambda p, m: hours[p.id])) == [1.5, 3.5, 1.5, 3.5]


def test_without_a_key_function_the_primary_key_finds_the_number(session: Session) -> None:
    stock = stocks_of(session)

    assert [stock[1, 2], stock(1, 2), stock(machine_id=2, product_id=1)] == [1.0] * 3
    assert coefficients(plan(session, lambda p, m: stock[p.id, m.id])) == EXPECTED


def test_one_column_is_looked_up_by_the_primary_key(session: Session) -> None:
    speed = LXParameter[Machine]("speed").value(lambda m: m.speed).from_model(session)

    assert [speed[2], speed(2), speed(id=2)] == [2.0] * 3


def test_the_first_lookup_runs_one_query_for_its_columns(session: Session, statements: list[str]) -> None:
    hours = hours_of(session)

    for _ in range(100):
        hours[1, 1], hours(product_id=3, machine_id=2), (2, 2) in hours

    assert [selected(one) for one in statements] == [["hours", "machine_id", "product_id"]]


COEFFICIENTS: dict[str, Callable[[LXParameter[Any]], Callable[[Product, Machine], float]]] = {
    "columns": lambda hours: lambda p, m: hours[p.id, m.id],
    "call by name": lambda hours: lambda p, m: hours(product_id=p.id, machine_id=m.id),
    "row by row": lambda hours: lambda p, m: hours[p.id, m.id] if p is not None else 0.0,
    "row by row, in a container": lambda hours: lambda p, m, held=(hours,): held[0][p.id, m.id] if p is not m else 0.0,
}


@pytest.mark.parametrize("way", COEFFICIENTS)
def test_a_compile_runs_one_query_for_its_columns(way: str, session: Session, statements: list[str]) -> None:
    hours = hours_of(session)

    found = coefficients(plan(session, COEFFICIENTS[way](hours)))

    assert found == EXPECTED
    assert [selected(one) for one in of_table(statements, "recipes")] == [["hours", "machine_id", "product_id"]]


def test_a_parameter_used_many_times_is_read_once(session: Session, statements: list[str]) -> None:
    hours = hours_of(session)
    model = plan(session, lambda p, m: hours[p.id, m.id] + hours[p.id, 2])
    model.get_variable("x").bounds(upper=lambda p: hours[p.id, 1]).where(lambda p: hours[p.id, 2] >= 0)

    model.compile()

    assert len(of_table(statements, "recipes")) == 1


def test_two_parameters_of_one_table_are_read_by_one_query(session: Session, statements: list[str]) -> None:
    hours = hours_of(session)
    setup = hours_of(session).value(lambda r: r.setup or 0.0)

    coefficients(plan(session, lambda p, m: hours[p.id, m.id] + setup[p.id, m.id]))

    assert [selected(one) for one in of_table(statements, "recipes")] == [
        ["hours", "machine_id", "product_id", "setup"]
    ]


@pytest.mark.parametrize("way", COEFFICIENTS)
def test_a_table_that_is_read_for_other_columns_too_gives_the_same(way: str, session: Session) -> None:
    hours = hours_of(session)
    model = plan(session, COEFFICIENTS[way](hours))

    model.add_variable(LXVariable[Recipe, float]("runs").from_model(session).bounds(lower=lambda r: r.setup or 0.0))

    assert coefficients(model) == EXPECTED


def test_a_table_is_read_once_for_its_rows_and_for_a_parameter(session: Session, statements: list[str]) -> None:
    hours = hours_of(session)
    model = plan(session, lambda p, m: hours[p.id, m.id] if p is not None else 0.0)

    model.add_variable(LXVariable[Recipe, float]("runs").from_model(session)).compile()

    assert [selected(one) for one in of_table(statements, "recipes")] == [["hours", "id", "machine_id", "product_id"]]


def test_filter_and_related_column_are_read_by_the_same_query(session: Session, statements: list[str]) -> None:
    hours = hours_of(session).value(lambda r: r.hours / r.machine.speed).where(lambda r: r.product_id < 3)

    found = coefficients(plan(session, lambda p, m: hours[p.id, m.id]))

    assert found == [0.5, 0.5]
    assert len(of_table(statements, "recipes")) == 1
    assert "JOIN machines" in of_table(statements, "recipes")[0]


def test_a_value_that_only_python_can_compute_reads_instances_in_one_query(
    session: Session, statements: list[str]
) -> None:
    hours = hours_of(session).value(lambda r: float(f"{r.hours:.1f}"))

    assert hours[3, 2] == 3.5
    assert len(statements) == 1


def test_get_instances_returns_mapped_rows(session: Session) -> None:
    hours = hours_of(session).where(lambda r: r.machine_id == 2)

    assert [(type(one), one.hours) for one in hours.get_instances()] == [(Recipe, 1.0), (Recipe, 3.5)]


def test_a_pending_change_is_seen(session: Session) -> None:
    hours = hours_of(session)
    model = plan(session, lambda p, m: hours[p.id, m.id])
    before = coefficients(model)

    session.scalars(select(Recipe).where(Recipe.hours == 3.5)).one().hours = 4.5

    assert (before, coefficients(model)) == (EXPECTED, [0.5, 1.0, 4.5])


def test_every_compile_reads_anew(session: Session) -> None:
    hours = hours_of(session)
    model = plan(session, lambda p, m: hours[p.id, m.id])
    hours[1, 1]

    session.execute(update(Recipe).where(Recipe.hours == 0.5).values(hours=0.75))

    assert coefficients(model) == [0.75, 1.0, 3.5]


@pytest.mark.parametrize("way", ["columns", "row by row"])
def test_a_null_is_refused_with_its_key(way: str, session: Session) -> None:
    setup = hours_of(session).value(lambda r: r.setup)  # type: ignore[arg-type, return-value]

    with pytest.raises(LXNumberError) as caught:
        plan(session, COEFFICIENTS[way](setup)).compile()

    assert str(caught.value).endswith(
        "is NULL (None) for key (1, 1) of 'hours'. It read Recipe.setup = None. "
        "Give a finite number, or leave such rows out with .where()."
    )


def test_a_null_may_be_left_out(session: Session) -> None:
    setup = hours_of(session).value(lambda r: r.setup or 0.0).where(lambda r: r.setup is not None)

    assert coefficients(plan(session, lambda p, m: setup[p.id, m.id])) == [3.5]


def test_rows_in_place_of_their_keys_are_refused(session: Session) -> None:
    hours = hours_of(session)

    with pytest.raises(LXMissingKeyError, match=r"cannot be one of its keys: they are like \(1, 1\)"):
        plan(session, lambda p, m: hours[p, m]).compile()


def test_a_row_that_cannot_be_shown_without_its_key_is_named_by_its_class(session: Session) -> None:
    hours = hours_of(session).indexed_by(lambda r: 1 / (r.machine_id - 1))

    with pytest.raises(LXFunctionError, match=r"failed for row 0 of 'hours' \(Recipe\): ZeroDivisionError"):
        plan(session, lambda p, m: hours[p.id]).compile()


def test_an_attribute_that_is_not_mapped_is_named(session: Session) -> None:
    hours = hours_of(session).value(lambda r: r.hurs)  # type: ignore[attr-defined]

    with pytest.raises(LXFunctionError, match=r"Did you mean 'hours'\?"):
        plan(session, lambda p, m: hours[p.id, m.id]).compile()


HOWS: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
}
COPIES = pytest.mark.parametrize("how", HOWS)
SHARED = LXParameter[Recipe]("shared").indexed_by(lambda r: (r.product_id, r.machine_id)).value(lambda r: r.hours)
"""A parameter that functions find among the globals of their module."""


@pytest.fixture
def lost() -> Iterator[tuple[Session, Callable[[], None]]]:
    """A session on a database that can be lost."""
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    session = Session(engine)
    session.add_all([Product(id=i, profit=1.0) for i in (1, 2, 3)] + [Machine(id=i, speed=1.0) for i in (1, 2)])
    session.add_all([Recipe(product_id=p, machine_id=m, hours=h) for p, m, h in PAIRS])
    session.commit()

    def lose() -> None:
        session.close()
        Base.metadata.drop_all(engine)

    yield session, lose
    session.close()
    engine.dispose()


@COPIES
@pytest.mark.parametrize("way", COEFFICIENTS)
def test_a_copy_compiles_to_the_same_arrays_without_the_database(
    how: str, way: str, lost: tuple[Session, Callable[[], None]]
) -> None:
    session, lose = lost
    model = plan(session, COEFFICIENTS[way](hours_of(session)))

    twin = HOWS[how](model)
    before = {name: array.tobytes() for name, array in model.compile().arrays().items()}
    lose()

    assert {name: array.tobytes() for name, array in twin.compile().arrays().items()} == before


@COPIES
def test_a_copied_parameter_is_asked_without_the_database(how: str, lost: tuple[Session, Callable[[], None]]) -> None:
    session, lose = lost
    stock = hours_of(session)
    stock[1, 1]

    twin = HOWS[how](stock)
    lose()

    assert [twin[1, 2], twin(product_id=3, machine_id=2), twin[2, 2]] == [1.0, 3.5, 0.0]


@COPIES
def test_a_copy_of_a_primary_key_is_asked_by_name(how: str, session: Session) -> None:
    twin = HOWS[how](stocks_of(session))

    assert twin(machine_id=2, product_id=1) == 1.0


@COPIES
def test_a_global_parameter_is_copied_without_its_session(how: str, lost: tuple[Session, Callable[[], None]]) -> None:
    session, lose = lost
    SHARED.default(0.0).from_model(Recipe, session)
    model = plan(session, lambda p, m: SHARED[p.id, m.id])

    twin = HOWS[how](model)
    lose()

    assert coefficients(twin) == EXPECTED


@COPIES
def test_changing_the_database_changes_no_copy(how: str, session: Session) -> None:
    hours = hours_of(session)
    model = plan(session, lambda p, m: hours[p.id, m.id])

    twin = HOWS[how](model)
    session.execute(update(Recipe).where(Recipe.hours == 0.5).values(hours=0.75))

    assert (coefficients(model)[0], coefficients(twin)[0]) == (0.75, 0.5)


def test_changing_a_copy_changes_no_row(session: Session) -> None:
    hours = hours_of(session)
    model = plan(session, lambda p, m: hours[p.id, m.id])

    twin, mine = copy.deepcopy([model, hours])
    mine.get_instances()[0].hours = 9.0

    assert (coefficients(twin)[0], coefficients(model)[0]) == (9.0, 0.5)
    assert not session.dirty
