"""Writing back: what lands in the tables, in whose transaction, and what is refused before the first statement."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import cycle, islice
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from scale import examples
from sqlalchemy import (
    BigInteger,
    Computed,
    DateTime,
    Double,
    Engine,
    ForeignKey,
    Numeric,
    String,
    TypeDecorator,
    UniqueConstraint,
    create_engine,
    event,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, scoped_session, sessionmaker

from lumix import (
    LXIndexDimension,
    LXLinearExpression,
    LXModel,
    LXNoSolutionError,
    LXOptimizer,
    LXSolution,
    LXVariable,
    LXWriteBack,
    LXWriteError,
)
from lumix_sqlalchemy import RunColumns, copy_in

# MariaDB's texts are of this kind by themselves.
CASELESS = String(20).with_variant(String(20, collation="NOCASE"), "sqlite")


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {float: Double}  # SQLAlchemy 2.0 gives MariaDB single precision


class Product(Base):
    __tablename__ = "wb_products"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    schedules: Mapped[list[Schedule]] = relationship(back_populates="product")


class Schedule(Base):
    __tablename__ = "wb_schedules"
    __table_args__ = (UniqueConstraint("product"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column("product", ForeignKey("wb_products.id"))
    quantity: Mapped[float]
    note: Mapped[str | None] = mapped_column(String(10))
    product: Mapped[Product] = relationship(back_populates="schedules")


class Line(Base):
    __tablename__ = "wb_own_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("wb_products.id"))
    quantity: Mapped[float]
    product: Mapped[Product | None] = relationship()


class Numbered(Base):
    __tablename__ = "wb_numbered"
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int]


class Ward(Base):
    __tablename__ = "wb_wards"
    name: Mapped[str] = mapped_column(CASELESS, primary_key=True)


class Bed(Base):
    __tablename__ = "wb_beds"
    id: Mapped[int] = mapped_column(primary_key=True)
    ward: Mapped[str] = mapped_column(CASELESS, ForeignKey("wb_wards.name"))


class Node(Base):
    """Goes with its parent."""

    __tablename__ = "wb_nodes"
    id: Mapped[int] = mapped_column(primary_key=True)
    tree: Mapped[int]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("wb_nodes.id", ondelete="CASCADE"))


class Batch(Base):
    __tablename__ = "wb_batches"
    schedule_id: Mapped[int] = mapped_column(ForeignKey("wb_schedules.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    pieces: Mapped[int]


class Stock(Base):
    __tablename__ = "wb_stock"
    plant_id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(primary_key=True)
    quantity: Mapped[float]


class PlanRun(RunColumns, Base):
    __tablename__ = "wb_runs"
    comment: Mapped[str | None] = mapped_column(String(40))


class PlanLine(Base):
    __tablename__ = "wb_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("wb_runs.id"))
    product_id: Mapped[int]
    quantity: Mapped[float]


class Task(Base):
    __tablename__ = "wb_tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    after_id: Mapped[int | None] = mapped_column(ForeignKey("wb_tasks.id"))


class Report(Base):
    """Goes with its schedule."""

    __tablename__ = "wb_reports"
    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("wb_schedules.id", ondelete="CASCADE"))


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Cents(TypeDecorator[Decimal]):
    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: object) -> int | None:
        return None if value is None else int(value * 100)

    def process_result_value(self, value: int | None, dialect: object) -> Decimal | None:
        return None if value is None else Decimal(value) / 100


class Everything(Base):
    __tablename__ = "wb_everything"
    id: Mapped[int] = mapped_column(primary_key=True)
    big: Mapped[int | None] = mapped_column(BigInteger)
    number: Mapped[float | None]
    truth: Mapped[bool | None]
    words: Mapped[str | None] = mapped_column(String(200))
    day: Mapped[date | None]
    moment: Mapped[datetime | None]
    instant: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    uid: Mapped[UUID | None]
    colour: Mapped[Colour | None]
    price: Mapped[Decimal | None] = mapped_column(Cents)
    constant: Mapped[int] = mapped_column(default=7)
    counted: Mapped[int] = mapped_column(server_default="8")


class Money(Base):
    __tablename__ = "wb_money"
    id: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[Decimal] = mapped_column(Numeric(20, 4))


def serial() -> str:
    return uuid4().hex


class Ticket(Base):
    __tablename__ = "wb_tickets"
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=serial)
    number: Mapped[int]
    twice: Mapped[int] = mapped_column(Computed("number * 2", persisted=True))


@dataclass
class Made:
    product_id: int
    quantity: float


@pytest.fixture(scope="module")
def tables(engine: Engine) -> Iterator[Engine]:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys = ON"))
        engine.dispose()
    Base.metadata.create_all(engine)
    yield engine
    Base.metadata.drop_all(engine)


@pytest.fixture
def session(tables: Engine) -> Iterator[Session]:
    """A session on tables with three products and a plan for two of them."""
    with Session(tables) as session:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name == "wb_tasks":
                session.execute(table.update().values(after_id=None))
            session.execute(table.delete())
        session.execute(insert(Product), [{"id": i, "name": f"product {i}"} for i in (1, 2, 3)])
        session.execute(insert(Schedule), [{"id": i, "product_id": i, "quantity": 10.0 * i} for i in (1, 2)])
        session.commit()
        yield session


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was sent by COPY, a word for each."""
    sent: list[str] = []
    own = copy_in._copy

    def copy(connection: Any, statement: str, blocks: Any) -> None:
        sent.append(statement[:4])
        own(connection, statement, blocks)

    monkeypatch.setattr(copy_in, "_copy", copy)
    return sent


def solve(session: Session, upper: float = 5.5) -> LXSolution:
    """A solution that makes ``upper`` of each product."""
    made = LXVariable[Product, float]("made").bounds(0, upper).from_model(session)
    pairs = LXVariable[Any, int]("pairs").bounds(0, 2).indexed_by(lambda pair: pair).from_data([(1, 1), (1, 2), (2, 1)])
    both = LXLinearExpression().add_term(made).add_term(pairs)
    return LXOptimizer().solve(LXModel("plan").add_variables(made, pairs).maximize(both))


def plan(handle: Session | Engine) -> dict[int, float]:
    """The plan as others see it, outside of the session's transaction where an engine is given."""
    query = select(Schedule.product_id, Schedule.quantity).order_by(Schedule.product_id)
    if isinstance(handle, Session):
        return dict(map(tuple, handle.execute(query)))
    with handle.connect() as connection:
        return dict(map(tuple, connection.execute(query)))


OLD = {1: 10.0, 2: 20.0}
NEW = {1: 5.5, 2: 5.5, 3: 5.5}


def test_the_values_of_a_family_replace_the_plan(session: Session) -> None:
    values = solve(session).variables["made"]

    written = LXWriteBack().replace(Schedule, values, key="product_id", value="quantity").write(session)

    assert plan(session) == NEW
    assert (written[Schedule], written.deleted[Schedule], written.run_id) == (3, 2, None)
    assert str(written) == "Schedule: 3 written, 2 replaced"


def test_keys_of_several_parts_go_to_several_attributes(session: Session) -> None:
    values = solve(session).variables["pairs"]

    LXWriteBack().replace(Stock, values, key=("plant_id", "product_id"), value="quantity").write(session)

    found = session.execute(select(Stock.plant_id, Stock.product_id, Stock.quantity)).all()
    assert sorted(map(tuple, found)) == [(1, 1, 2.0), (1, 2, 2.0), (2, 1, 2.0)]


ROWS = [{"product_id": i, "quantity": 5.5} for i in (1, 2, 3)]


def test_keys_that_are_texts(session: Session) -> None:
    names = LXVariable[str, float]("x").bounds(1, 1).indexed_by(lambda name: name).from_data(["a", "b"])
    pairs = (
        LXVariable[Any, float]("y")
        .bounds(2, 2)
        .indexed_by_product(
            LXIndexDimension(str, lambda name: name).from_data(["a", "b"]),
            LXIndexDimension(int, lambda i: i).from_data([1]),
        )
    )
    values = LXOptimizer().solve(LXModel("texts").add_variables(names, pairs)).variables

    LXWriteBack().replace(Numbered, values["x"], key="name", value="number").write(session)
    assert sorted(session.execute(select(Numbered.name, Numbered.number))) == [("a", 1), ("b", 1)]

    LXWriteBack().replace(Numbered, list(values["y"]), key=("name", "number")).write(session)
    assert sorted(session.execute(select(Numbered.name, Numbered.number))) == [("a", 1), ("b", 1)]


def test_keys_alone_can_be_written(session: Session) -> None:
    LXWriteBack().replace(Batch, []).replace(Schedule, []).write(session)
    chosen = [key for key, value in solve(session).variables["made"].items() if value > 1]
    rows = LXWriteBack().replace(Task, chosen, key="id")

    rows.write(session)

    assert session.scalars(select(Task.id).order_by(Task.id)).all() == [1, 2, 3]


def test_writing_twice_changes_nothing(session: Session) -> None:
    back = LXWriteBack().replace(Schedule, iter(ROWS))
    back.write(session)
    back.write(session)

    assert plan(session) == NEW


def test_no_rows_replace_all(session: Session) -> None:
    LXWriteBack().replace(Schedule, []).write(session)

    assert plan(session) == {}


def test_rows_that_would_not_be_replaced_next_time_are_refused(session: Session) -> None:
    rows = [{"plant_id": p, "product_id": 1, "quantity": 2.0} for p in (3, 4)]

    with pytest.raises(LXWriteError, match=r"row 1 \(plant_id=4, .*only rows with 'plant_id' = 3 are replaced"):
        LXWriteBack().replace(Stock, rows, where={"plant_id": 3}).write(session)


def test_a_circle_of_rows_is_refused(session: Session) -> None:
    with pytest.raises(LXWriteError, match=r"row 1 .* and row 0 refer to each other|row 0 .* and row 1 refer to each"):
        LXWriteBack().replace(Task, [{"id": 1, "after_id": 2}, {"id": 2, "after_id": 1}]).write(session)


# Whose transaction


def test_a_session_is_not_committed(session: Session, tables: Engine) -> None:
    LXWriteBack().replace(Schedule, ROWS).write(session)

    assert plan(session) == NEW
    assert session.in_transaction()
    session.rollback()
    assert plan(session) == OLD


def test_what_a_session_did_before_stays_with_it(session: Session, tables: Engine) -> None:
    session.add(Product(id=4, name="pending"))
    session.get_one(Product, 1).name = "changed"

    LXWriteBack().replace(Schedule, [{"product_id": 4, "quantity": 1.0}]).write(session)

    assert plan(tables) == OLD
    session.rollback()
    assert session.get(Product, 4) is None
    assert session.get_one(Product, 1).name == "product 1"
    assert plan(session) == OLD


def test_a_failure_leaves_what_the_session_did_before(session: Session) -> None:
    pending = Product(id=4, name="pending")
    session.add(pending)
    session.get_one(Product, 1).name = "changed"

    with pytest.raises(LXWriteError):
        LXWriteBack().replace(Schedule, [{"product_id": 99, "quantity": 1.0}]).write(session)

    session.commit()
    assert plan(session) == OLD
    assert session.get(Product, 4) is pending
    assert session.get_one(Product, 1).name == "changed"


HANDLES: dict[str, Callable[[Engine], Any]] = {
    "an engine": lambda engine: engine,
    "a maker of sessions": sessionmaker,
}


@pytest.mark.parametrize("handle", HANDLES.values(), ids=HANDLES)
def test_an_engine_is_committed(session: Session, tables: Engine, handle: Callable[[Engine], Any]) -> None:
    LXWriteBack().replace(Schedule, ROWS).write(handle(tables))

    assert plan(tables) == NEW


@pytest.mark.parametrize("handle", HANDLES.values(), ids=HANDLES)
def test_an_engine_is_rolled_back(session: Session, tables: Engine, handle: Callable[[Engine], Any]) -> None:
    with pytest.raises(LXWriteError):
        LXWriteBack().replace(Schedule, [{"product_id": 99, "quantity": 1.0}]).write(handle(tables))

    assert plan(tables) == OLD


def test_a_connection_commits_what_it_began_itself(session: Session, tables: Engine) -> None:
    with tables.connect() as connection:
        LXWriteBack().replace(Schedule, ROWS).write(connection)

        assert not connection.in_transaction()
    assert plan(tables) == NEW


def test_the_transaction_of_a_connection_is_not_committed(session: Session, tables: Engine) -> None:
    with tables.connect() as connection, connection.begin() as transaction:
        LXWriteBack().replace(Schedule, ROWS).write(connection)
        transaction.rollback()

    assert plan(tables) == OLD


def test_a_scoped_session_is_the_session_of_its_scope(session: Session, tables: Engine) -> None:
    scoped = scoped_session(sessionmaker(tables))

    LXWriteBack().replace(Schedule, ROWS).write(scoped)

    assert plan(tables) == OLD
    scoped.commit()
    assert plan(tables) == NEW
    scoped.remove()


def test_a_session_that_has_read_nothing_yet(tables: Engine, session: Session) -> None:
    with Session(tables) as other:
        LXWriteBack().replace(Schedule, ROWS).write(other)
        assert plan(tables) == OLD
    assert plan(tables) == OLD


def test_rows_that_the_session_holds_do_not_lie(session: Session) -> None:
    kept, product = session.get_one(Schedule, 1), session.get_one(Product, 1)
    assert [one.quantity for one in product.schedules] == [10.0]

    LXWriteBack().replace(Schedule, [{"id": 1, "product_id": 1, "quantity": 3.0}]).write(session)

    assert kept.quantity == 3.0
    assert product.schedules == [kept]
    assert session.get(Schedule, 2) is None


def test_changes_that_are_not_flushed_are_refused(session: Session) -> None:
    session.autoflush = False
    session.add(Schedule(product_id=3, quantity=1.0))

    with pytest.raises(LXWriteError, match=r"changes of Schedule that are not flushed.*session\.flush\(\)"):
        LXWriteBack().replace(Schedule, ROWS).write(session)


def test_changes_of_other_classes_stay_unflushed_as_the_session_says(session: Session) -> None:
    session.autoflush = False
    session.add(Product(id=4, name="pending"))

    LXWriteBack().replace(Schedule, ROWS).write(session)

    assert len(session.new) == 1


def test_autocommit_is_refused(session: Session, tables: Engine) -> None:
    with pytest.raises(LXWriteError, match="AUTOCOMMIT"):
        LXWriteBack().replace(Schedule, []).write(tables.execution_options(isolation_level="AUTOCOMMIT"))

    assert plan(tables) == OLD


@pytest.mark.parametrize("handle", [None, "sqlite://", object()], ids=["nothing", "a URL", "an object"])
def test_what_is_no_handle_is_refused(session: Session, handle: Any) -> None:
    with pytest.raises(LXWriteError, match="where a session or an engine belongs"):
        LXWriteBack().replace(Schedule, []).write(handle)


# Runs


def test_a_run_is_recorded_once(session: Session) -> None:
    solution = solve(session)

    for comment in ("first", "second"):
        written = LXWriteBack().record(PlanRun, solution, comment=comment).write(session)

    (run,) = session.scalars(select(PlanRun))
    assert (run.id, run.model, run.solver, run.status, run.limit) == (solution.run_id, "plan", "highs", "optimal", None)
    assert (run.objective, run.comment, run.solve_time) == (22.5, "second", solution.solve_time)
    assert abs(run.finished_at.replace(tzinfo=UTC) - solution.finished_at) < timedelta(seconds=1)
    assert written.run_id == solution.run_id


def test_a_run_without_a_point_is_recorded(session: Session) -> None:
    x = LXVariable[None, float]("x").bounds(2, 1)
    solution = LXOptimizer().solve(LXModel("impossible").add_variable(x))

    LXWriteBack().record(PlanRun, solution).write(session)

    (run,) = session.scalars(select(PlanRun))
    assert (run.status, run.objective) == ("infeasible", None)


def test_a_plan_without_a_point_is_refused(session: Session) -> None:
    x = LXVariable[Product, float]("x").bounds(2, 1).from_model(session)
    solution = LXOptimizer().solve(LXModel("impossible").add_variable(x))

    with pytest.raises(LXNoSolutionError, match="infeasible"):
        LXWriteBack().replace(Schedule, solution.variables["x"], key="product_id", value="quantity")


def test_rows_that_do_not_tell_their_run_are_refused(session: Session) -> None:
    with pytest.raises(LXWriteError, match=r"of which run are these rows\?.*\.record\("):
        LXWriteBack().append(PlanLine, ROWS, run="run_id").write(session)


def test_rows_of_another_run_are_refused(session: Session) -> None:
    rows = [{"run_id": "other", "product_id": 1, "quantity": 1.0}]

    with pytest.raises(LXWriteError, match=r"row 0 \(run_id='other'.*only rows with 'run_id' ="):
        LXWriteBack().append(PlanLine, rows, run="run_id").record(PlanRun, solve(session)).write(session)


# Types


@pytest.mark.parametrize("count", [3, 500], ids=["few", "many"])
def test_every_type_comes_back_as_the_session_would_have_written_it(
    session: Session, tables: Engine, count: int, copied: list[str]
) -> None:
    texts = ["plain", "tab\there", "line\nbreak\r", "back\\slash \\N", "", "\\N", "quote'\"", "ünïcode ✓", None]
    rows = [
        {
            "id": i + 1,
            "big": (-1) ** i * (2**62 + i),
            "number": [0.1, -1e-300, 1e300, 5.0, None, 1 / 3][i % 6],
            "truth": [True, False, None][i % 3],
            "words": texts[i % len(texts)],
            "day": date(2024, 2, 29) + timedelta(days=i) if i % 4 else None,
            "uid": UUID(int=i) if i % 5 else None,
            "price": Decimal(i) / 100,
            "moment": datetime(2024, 1, 1, 12, 30, i % 60, 5) if i % 3 else None,
            "instant": datetime(2024, 1, 1, 12, 30, i % 60, 5, timezone(timedelta(hours=i % 5))),
        }
        for i in range(count)
    ]

    LXWriteBack().replace(Everything, rows).write(session)
    assert copied == (["COPY"] if tables.dialect.name == "postgresql" and count > 200 else [])
    ours = list(map(tuple, session.execute(select(*Everything.__table__.columns).order_by(Everything.id))))

    session.execute(Everything.__table__.delete())
    session.execute(insert(Everything), rows)
    assert ours == list(map(tuple, session.execute(select(*Everything.__table__.columns).order_by(Everything.id))))
    assert [row[3] for row in ours[:3]] == [True, False, None]


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50) | st.none()
FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.none()


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXTS, min_size=1, max_size=20), numbers=st.lists(FLOATS, min_size=1, max_size=20))
def test_any_text_and_number_goes_by_copy(
    session: Session, tables: Engine, copied: list[str], texts: list[str | None], numbers: list[float | None]
) -> None:
    if tables.dialect.name != "postgresql":
        pytest.skip("COPY is PostgreSQL's")
    columns = {
        "id": range(1, 201),
        "words": list(islice(cycle(texts), 200)),
        "number": list(islice(cycle(numbers), 200)),
    }

    LXWriteBack().replace(Everything, columns).write(session)

    found = session.execute(select(Everything.words, Everything.number).order_by(Everything.id)).all()
    assert list(map(tuple, found)) == list(zip(columns["words"], columns["number"], strict=True))
    assert copied != []


@pytest.mark.parametrize("count", [3, 500], ids=["few", "many"])
def test_types_that_are_left_to_the_driver(session: Session, count: int, copied: list[str]) -> None:
    zone = timezone(timedelta(hours=3))
    rows = [
        {"id": i + 1, "moment": datetime(2024, 1, 1, 12, 0, i % 60, 0, zone), "colour": [*Colour][i % 2]}
        for i in range(count)
    ]

    LXWriteBack().replace(Everything, rows).write(session)

    query = select(Everything.id, Everything.moment, Everything.colour).order_by(Everything.id)
    ours = session.execute(query).all()
    session.execute(Everything.__table__.delete())
    session.execute(insert(Everything), rows)
    assert ours == session.execute(query).all()
    assert copied == []


@pytest.mark.parametrize("count", [3, 500], ids=["few", "many"])
def test_decimals_are_exact(session: Session, tables: Engine, count: int) -> None:
    if tables.dialect.name == "sqlite":
        pytest.skip("SQLite has no decimals")
    amounts = [Decimal("1234567890123456.7891") + i for i in range(count)]

    LXWriteBack().replace(Money, {"id": range(1, count + 1), "amount": amounts}).write(session)

    assert session.scalars(select(Money.amount).order_by(Money.id)).all() == amounts


@pytest.mark.parametrize("count", [3, 500], ids=["few", "many"])
def test_defaults_that_are_computed_for_each_row(session: Session, count: int) -> None:
    LXWriteBack().replace(Ticket, {"number": np.arange(count)}).write(session)

    found = session.execute(select(Ticket.id, Ticket.number, Ticket.twice)).all()
    assert len({row.id for row in found}) == count
    assert all(row.twice == 2 * row.number for row in found)


# Refused before the first statement

WRONG: dict[str, tuple[Any, str]] = {
    "text too long": ([{"product_id": 1, "quantity": 1.0, "note": "x" * 11}], r"has 11 characters, .* holds 10"),
    "a relationship": ([{"product": None, "quantity": 1.0}], r"Schedule\.product is no column.*'product_id'"),
    "a unique key of a renamed column": (
        [Made(1, 1.0), Made(2, 1.0), Made(1, 2.0)],
        r"rows 0 and 2 both have product_id=1",
    ),
}


@pytest.mark.parametrize(("rows", "message"), WRONG.values(), ids=WRONG)
def test_rows_that_mapped_columns_do_not_take_are_refused_before_anything_is_sent(
    session: Session, statements: list[str], rows: Any, message: str
) -> None:
    with pytest.raises(LXWriteError, match=message):
        LXWriteBack().replace(Schedule, rows).write(session)

    assert statements == []


def test_instances_of_a_session_are_refused(session: Session) -> None:
    pending = Schedule(product_id=3, quantity=1.0)
    session.add(pending)

    with pytest.raises(LXWriteError, match="row 0 is an instance of Schedule that is in a session"):
        LXWriteBack().replace(Schedule, [pending]).write(session)


def test_instances_whose_relationship_contradicts_the_key_are_refused(session: Session) -> None:
    line = Line(product=session.get_one(Product, 3), product_id=1, quantity=2.0)

    with pytest.raises(LXWriteError, match="row 0 has 'product_id' = 1, but 'product' leads to 3"):
        LXWriteBack().replace(Line, [line]).write(session)


def test_a_condition_in_place_of_values_is_refused(session: Session) -> None:
    wrong: Any = Schedule.note == "mine"

    with pytest.raises(LXWriteError, match=r"which is no mapping.*where=\{\"plant_id\": 3\}"):
        LXWriteBack().replace(Schedule, [], where=wrong)


def test_a_list_in_place_of_a_value_is_refused(session: Session) -> None:
    with pytest.raises(LXWriteError, match=r"got \['a', 'b'\] for 'note', which is no single value"):
        LXWriteBack().replace(Schedule, [], where={"note": ["a", "b"]}).write(session)


def test_nothing_is_asked_back_of_the_rows(session: Session, statements: list[str]) -> None:
    LXWriteBack().replace(Schedule, ROWS).write(session)

    assert [one for one in statements if one.startswith("INSERT")] != []
    assert [one for one in statements if "RETURNING" in one] == []


def test_an_asynchronous_session_writes_in_its_run_sync(tables: Engine, session: Session) -> None:
    if tables.dialect.name != "postgresql":
        pytest.skip("only psycopg comes with an asynchronous side")
    rows = [{"plant_id": i, "product_id": 1, "quantity": 1.0} for i in range(300)]

    async def write() -> int:
        engine = create_async_engine(tables.url)
        async with AsyncSession(engine) as other:
            with pytest.raises(LXWriteError, match=r"got an asynchronous session.*run_sync"):
                LXWriteBack().replace(Stock, rows).write(other)
            written = await other.run_sync(LXWriteBack().replace(Stock, rows).write)
            await other.commit()
        await engine.dispose()
        return written[Stock]

    assert asyncio.run(write()) == 300
    assert session.scalar(select(func.count()).select_from(Stock)) == 300


def test_values_by_key_need_their_attributes(session: Session) -> None:
    with pytest.raises(LXWriteError, match=r'key="product_id", value="quantity"'):
        LXWriteBack().replace(Schedule, solve(session).variables["made"]).write(session)


def test_a_class_that_is_not_mapped(session: Session) -> None:
    with pytest.raises(LXWriteError, match="Made is not mapped by any row adapter"):
        LXWriteBack().replace(Made, []).write(session)


def test_a_class_is_written_once(session: Session) -> None:
    with pytest.raises(LXWriteError, match="Schedule is in this write-back already"):
        LXWriteBack().replace(Schedule, []).replace(Schedule, [])


def test_nothing_to_write(session: Session) -> None:
    with pytest.raises(LXWriteError, match="nothing to write"):
        LXWriteBack().write(session)


def test_columns_that_the_database_computes(session: Session) -> None:
    with pytest.raises(LXWriteError, match=r"Ticket\.twice is computed by the database"):
        LXWriteBack().replace(Ticket, [{"number": 1, "twice": 2}]).write(session)


# Refused by the database


def test_a_foreign_key_that_sqlite_does_not_look_at_is_looked_at(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'careless.db'}")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Product(id=1, name="product 1"))
        session.commit()
        LXWriteBack().replace(Schedule, [{"product_id": 1, "quantity": 5.0}]).write(session)
        with pytest.raises(LXWriteError, match=r"row 1 .*wb_products.id = 99, and there is no such row"):
            LXWriteBack().replace(
                Schedule, [{"product_id": 1, "quantity": 1.0}, {"product_id": 99, "quantity": 1.0}]
            ).write(session)
        assert session.scalars(select(Schedule.quantity)).all() == [5.0]
    engine.dispose()


def test_foreign_keys_that_differ_in_case_lead_to_rows(session: Session, tables: Engine) -> None:
    if tables.dialect.name == "postgresql":
        pytest.skip("PostgreSQL's texts that differ in case are different")
    session.execute(insert(Ward), [{"name": f"ward {i}"} for i in range(1, 31)])
    rows = [{"id": i, "ward": f"WARD {i}"} for i in range(1, 31)] + [{"id": 31, "ward": "nowhere"}]

    with pytest.raises(LXWriteError, match=r"row 30 .*wb_wards\.name = 'nowhere', and there is no such row\. "):
        LXWriteBack().replace(Bed, rows).write(session)


def test_a_foreign_key_into_another_written_class(session: Session) -> None:
    schedules = [{"id": 7, "product_id": 1, "quantity": 1.0}]
    batches = [{"schedule_id": i, "number": 1, "pieces": 1} for i in (7, 1)]

    with pytest.raises(LXWriteError, match=r"row 1 \(schedule_id=1, .* to wb_schedules\.id = 1"):
        LXWriteBack().replace(Batch, batches).replace(Schedule, schedules).write(session)

    assert plan(session) == OLD


def test_rows_that_others_refer_to_cannot_be_replaced(session: Session) -> None:
    session.add(Batch(schedule_id=1, number=1, pieces=1))

    with pytest.raises(LXWriteError, match="cannot be deleted, since other rows refer to them"):
        LXWriteBack().replace(Schedule, ROWS).write(session)

    assert plan(session) == OLD


def test_rows_of_other_tables_do_not_vanish_with_what_is_replaced(session: Session) -> None:
    session.add(Report(schedule_id=1))

    with pytest.raises(LXWriteError, match=r"would change 1 row\(s\) of the table 'wb_reports'.*ON DELETE"):
        LXWriteBack().replace(Schedule, ROWS).write(session)

    assert session.scalar(select(func.count()).select_from(Report)) == 1
    LXWriteBack().replace(Schedule, ROWS).replace(Report, []).write(session)
    assert plan(session) == NEW


def test_rows_of_the_same_table_do_not_go_by_on_delete_cascade(session: Session) -> None:
    session.execute(insert(Node), [{"id": 1, "tree": 1, "parent_id": None}, {"id": 2, "tree": 1, "parent_id": 1}])
    back = LXWriteBack().replace(Node, [{"id": 3, "parent_id": None}], where={"tree": 1})
    session.execute(insert(Node), [{"id": 4, "tree": 2, "parent_id": 2}])

    with pytest.raises(LXWriteError, match=r"would change 1 row\(s\) of the table 'wb_nodes'"):
        back.write(session)

    session.execute(Node.__table__.delete().where(Node.id == 4))
    back.write(session)
    assert session.scalars(select(Node.id)).all() == [3]


def test_copy_is_used_for_many_rows_only_where_it_can(session: Session, tables: Engine) -> None:
    if tables.dialect.name != "postgresql":
        pytest.skip("COPY is PostgreSQL's")
    session.execute(text("CREATE RULE wb_rule AS ON INSERT TO wb_tasks DO ALSO NOTHING"))

    LXWriteBack().replace(Task, range(1, 500), key="id").write(session)

    assert session.scalar(select(func.count()).select_from(Task)) == 499


def test_a_mapped_table_of_myisam_is_refused(session: Session, tables: Engine) -> None:
    if tables.dialect.name not in ("mysql", "mariadb"):
        pytest.skip("other databases have none")
    with tables.begin() as connection:
        connection.execute(text("ALTER TABLE wb_stock ENGINE=MyISAM"))

    with pytest.raises(LXWriteError, match="'wb_stock' is kept by the storage engine MyISAM"):
        LXWriteBack().replace(Stock, []).write(tables)

    with tables.begin() as connection:
        connection.execute(text("ALTER TABLE wb_stock ENGINE=InnoDB"))


def test_a_zero_in_an_auto_increment_column(session: Session, tables: Engine) -> None:
    back = LXWriteBack().replace(Task, [1, 0], key="id")
    if tables.dialect.name in ("mysql", "mariadb"):
        with pytest.raises(LXWriteError, match=r"Task\.id is 0 in one of the rows, .*AUTO_INCREMENT"):
            back.write(session)
        return

    back.write(session)

    assert sorted(session.scalars(select(Task.id))) == [0, 1]


def test_a_session_over_two_databases_is_refused(session: Session, tables: Engine) -> None:
    other = create_engine("sqlite://")
    with Session(tables, binds={Stock: other}) as both, pytest.raises(LXWriteError, match="no transaction in common"):
        LXWriteBack().replace(Stock, []).replace(Schedule, []).write(both)
    other.dispose()
