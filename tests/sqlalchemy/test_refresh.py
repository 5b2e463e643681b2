"""A live session over a database that another process writes to."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, ForeignKey, insert
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.orm.exc import StaleDataError

from lumix import (
    LXConstraint,
    LXLinearExpression,
    LXLiveSession,
    LXModel,
    LXOptimizer,
    LXParameter,
    LXRefresh,
    LXStaleReadWarning,
    LXStart,
    LXVariable,
)

Write = Callable[[str], None]

WRITER = """
import sys
from sqlalchemy import create_engine, text
engine = create_engine(sys.argv[1])
for line in sys.stdin:
    with engine.begin() as connection:
        connection.execute(text(line))
    print("written", flush=True)
"""


class Base(DeclarativeBase): ...


class Line(Base):
    __tablename__ = "rf_line"
    id: Mapped[int] = mapped_column(primary_key=True)
    rate: Mapped[float]


class Product(Base):
    __tablename__ = "rf_product"
    id: Mapped[int] = mapped_column(primary_key=True)
    profit: Mapped[float]
    most: Mapped[float]
    line_id: Mapped[int] = mapped_column(ForeignKey(Line.id))
    line: Mapped[Line] = relationship()


class Counted(Base):
    __tablename__ = "rf_counted"
    id: Mapped[int] = mapped_column(primary_key=True)
    stock: Mapped[float]
    price: Mapped[float]
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - as SQLAlchemy's users write it


class Need(Base):
    __tablename__ = "rf_need"
    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int]
    hours: Mapped[float]


@pytest.fixture
def tables(engine: Engine) -> Iterator[Engine]:
    if engine.dialect.name == "sqlite":  # writers do not wait for readers
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(Line), [{"id": 1, "rate": 1.0}, {"id": 2, "rate": 2.0}])
        products = [{"id": i, "profit": 10.0 * i, "most": 5.0, "line_id": 1 + i % 2} for i in range(1, 41)]
        connection.execute(insert(Product), products)
        connection.execute(insert(Need), [{"id": i, "product_id": i, "hours": 2.0} for i in range(1, 41)])
        connection.execute(insert(Counted), [{"id": 1, "stock": 3.0, "price": 1.0, "version": 1}])
    yield engine
    Base.metadata.drop_all(engine)


@pytest.fixture(scope="module")
def write(engine: Engine) -> Iterator[Write]:
    """Have another process run a statement and commit it."""
    url = engine.url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def written(sql: str) -> None:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{sql}\n")
            process.stdin.flush()
            assert process.stdout.readline() == "written\n"

        yield written
        assert process.stdin is not None
        process.stdin.close()


def build(session: Session, by_rows: bool = False) -> LXModel:
    """A model over products, their lines, and hours of another table; as columns, or by instances."""
    need = LXParameter[Need]("need").from_model(Need, session).indexed_by(lambda n: n.product_id)
    need.value(lambda n: n.hours)
    made = LXVariable[Product, float]("made").from_model(Product, session)
    made.bounds(0, (lambda p: float(str(p.most))) if by_rows else (lambda p: p.most))
    hours = LXLinearExpression().add_term(made, lambda p: need[p.id])
    limit = LXConstraint("hours").expression(hours).le().rhs(300)
    cost = (lambda p: float(str(p.profit)) * p.line.rate) if by_rows else (lambda p: p.profit * p.line.rate)
    model = LXModel("plan").add_variable(made).add_constraint(limit)
    return model.maximize(LXLinearExpression().add_term(made, cost))


def agrees(session: LXLiveSession, engine: Engine) -> None:
    """Compare a live session with a model that is compiled and solved in a new session of its own."""
    with Session(engine) as other:
        fresh = build(other)
        assert session.problem.has_numbers_of(fresh.compile())
        expected = LXOptimizer().solve(fresh).objective_value
    assert session.solve().objective_value == pytest.approx(expected)


def by_instances(session: Session) -> LXModel:
    """The same model, whose functions are called with instances."""
    return build(session, by_rows=True)


def by_rules(session: Session) -> LXModel:
    """The same model, written as rules."""
    need = LXParameter[Need]("need").from_model(Need, session).indexed_by(lambda n: n.product_id)
    need.value(lambda n: n.hours)
    made = LXVariable[Product, float]("made").from_model(Product, session).bounds(0, lambda p: p.most)
    limit = LXConstraint[Any]("hours").rule(lambda: sum(need[p.id] * made[p] for p in made) <= 300)
    model = LXModel("plan").add_variable(made).add_constraint(limit)
    return model.maximize(lambda: sum(p.profit * p.line.rate * made[p] for p in made))


@pytest.mark.parametrize("form", [build, by_instances, by_rules])
def test_what_another_process_wrote_is_told_and_solved_hot(
    tables: Engine, write: Write, form: Callable[[Session], LXModel]
) -> None:
    with Session(tables) as session, LXOptimizer().open(form(session)) as live:
        live.solve()
        write("UPDATE rf_product SET profit = 99 WHERE id = 7")
        write("UPDATE rf_need SET hours = 3 WHERE product_id = 5")
        write("UPDATE rf_line SET rate = 1.5 WHERE id = 1")
        session.commit()

        refresh = live.refresh()
        solution = live.solve()

        assert refresh.variables["made"]["cost"][7] == (140.0, 198.0)
        assert len(refresh.variables["made"]["cost"]) == 21
        assert refresh.coefficients["hours", "made"] == {((), 5): (2.0, 3.0)}
        assert solution.start is LXStart.HOT
        agrees(live, tables)


def test_an_asynchronous_session(tables: Engine, write: Write) -> None:
    if tables.dialect.name != "postgresql":
        pytest.skip("psycopg's driver can be awaited")

    async def refreshed() -> LXRefresh:
        engine = create_async_engine(tables.url)
        async with AsyncSession(engine) as session:
            live = await session.run_sync(lambda inner: LXOptimizer().open(build(inner)))
            write("UPDATE rf_product SET profit = 99 WHERE id = 7")
            refresh: LXRefresh = await session.run_sync(lambda _: live.refresh())
        await engine.dispose()
        return refresh

    refresh = asyncio.run(refreshed())

    assert refresh.variables["made"]["cost"] == {7: (140.0, 198.0)}


def test_rows_that_came_and_went(tables: Engine, write: Write) -> None:
    with Session(tables) as session, LXOptimizer().open(build(session)) as live:
        live.solve()
        write("DELETE FROM rf_product WHERE id = 3")
        write("INSERT INTO rf_product (id, profit, most, line_id) VALUES (50, 500, 5, 1)")
        write("INSERT INTO rf_need (id, product_id, hours) VALUES (50, 50, 1)")
        session.commit()

        refresh = live.refresh()

        assert (refresh.variables["made"].added, refresh.variables["made"].removed) == ([50], [3])
        assert refresh.is_rebuilt
        assert live.solve().start is LXStart.REBUILT
        agrees(live, tables)


def test_instances_of_the_session_are_loaded_anew(tables: Engine, write: Write) -> None:
    if tables.dialect.name == "mysql":
        pytest.skip("its transactions see one moment: the test below")
    with Session(tables) as session, LXOptimizer().open(build(session, by_rows=True)) as live:
        kept = session.get_one(Product, 7)
        assert kept.line.rate == 2.0
        write("UPDATE rf_product SET profit = 99 WHERE id = 7")
        write("UPDATE rf_line SET rate = 3 WHERE id = 2")

        refresh = live.refresh()

        assert refresh.variables["made"]["cost"][7] == (140.0, 297.0)
        assert (kept.profit, kept.line.rate) == (99.0, 3.0)


@pytest.mark.parametrize("autoflush", [True, False])
def test_pending_changes_stay(tables: Engine, write: Write, autoflush: bool) -> None:
    if tables.dialect.name == "mysql":
        pytest.skip("its transactions see one moment")
    with Session(tables, autoflush=autoflush) as session, LXOptimizer().open(build(session)) as live:
        kept = session.get_one(Product, 7)
        assert kept.most == 5.0
        kept.profit = 77.0
        write("UPDATE rf_product SET most = 6 WHERE id = 7")

        refresh = live.refresh()

        assert kept.profit == 77.0
        assert refresh.variables["made"]["cost"] == {7: (140.0, 154.0)}
        assert refresh.variables["made"]["upper"] == {7: (5.0, 6.0)}
        session.commit()
        assert (kept.profit, kept.most) == (77.0, 6.0)


@pytest.mark.parametrize("is_deleted", [False, True], ids=["changed", "deleted"])
def test_a_pending_change_of_an_older_version_is_still_noticed(tables: Engine, write: Write, is_deleted: bool) -> None:
    """What the session was about to overwrite is not taken for what it has seen."""
    with Session(tables, autoflush=False) as session:
        x = LXVariable[Counted, float]("x").from_model(Counted, session).bounds(0, lambda row: row.price)
        with LXOptimizer().open(LXModel("m").add_variable(x)) as live:
            kept = session.get_one(Counted, 1)
            if not is_deleted:
                kept.stock = 5.0
            session.expunge(kept)
            session.rollback()
            session.add(kept)
            if is_deleted:
                session.delete(kept)
            write("UPDATE rf_counted SET price = 2, stock = 9, version = 2 WHERE id = 1")

            refresh = live.refresh()

            assert refresh.variables["x"]["upper"] == {1: (1.0, 2.0)}
            with pytest.raises(StaleDataError):
                session.flush()


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_transaction_that_hides_what_is_new_is_told(tables: Engine, write: Write, level: Any) -> None:
    if tables.dialect.name == "sqlite":
        pytest.skip("it reads outside of a transaction before the session writes")
    with Session(tables) as session:
        session.connection(execution_options={"isolation_level": level})
        with LXOptimizer().open(build(session)) as live:
            if level == "SERIALIZABLE" and tables.dialect.name == "mysql":
                pytest.skip("it lets the writer wait for the reader")
            write("UPDATE rf_product SET profit = 99 WHERE id = 7")

            with pytest.warns(LXStaleReadWarning, match=rf"isolation level is {level}.*session\.commit"):
                refresh = live.refresh()
            session.commit()
            later = live.refresh()

            assert not refresh
            assert "isolation level is" in str(refresh)
            assert later.variables["made"]["cost"] == {7: (140.0, 198.0)}
            assert not later.older


def test_a_snapshot_of_sqlite_is_told(tables: Engine, write: Write) -> None:
    if tables.dialect.name != "sqlite":
        pytest.skip("the others are in the test above")
    with Session(tables) as session, LXOptimizer().open(build(session)) as live:
        live.refresh(snapshot=True)
        write("UPDATE rf_product SET profit = 99 WHERE id = 7")

        with pytest.warns(LXStaleReadWarning, match="isolation level is SERIALIZABLE"):
            assert not live.refresh()
        session.rollback()
        assert live.refresh(snapshot=True).variables["made"]["cost"] == {7: (140.0, 198.0)}


def test_a_transaction_that_has_not_read_yet_hides_nothing(tables: Engine, write: Write) -> None:
    with Session(tables) as session, LXOptimizer().open(build(session)) as live:
        session.rollback()
        write("UPDATE rf_product SET profit = 99 WHERE id = 7")

        with session.begin(), warnings.catch_warnings():
            warnings.simplefilter("error")
            assert live.refresh().variables["made"]["cost"] == {7: (140.0, 198.0)}


@pytest.mark.parametrize("by_rows", [False, True], ids=["columns", "rows"])
def test_a_refresh_takes_the_queries_of_a_first_reading_however_many_rows_the_session_holds(
    tables: Engine, statements: list[str], by_rows: bool
) -> None:
    with Session(tables) as session, LXOptimizer().open(build(session, by_rows)) as live:
        reads = [statement for statement in statements if "rf_" in statement]
        kept = session.query(Product).all()
        session.commit()
        del statements[:]

        live.refresh()

        again = [statement for statement in statements if "rf_" in statement]
        assert len(again) == len(reads) == (4 if by_rows else 2)
        assert len(kept) == 40


@pytest.mark.filterwarnings("ignore::lumix.LXStaleReadWarning")
def test_rows_deleted_in_the_session_and_new_ones_of_it_are_seen(tables: Engine) -> None:
    with Session(tables) as session, LXOptimizer().open(build(session)) as live:
        session.delete(session.get_one(Product, 3))
        session.add(Product(id=60, profit=1.0, most=1.0, line_id=1))
        session.add(Need(id=60, product_id=60, hours=1.0))

        refresh = live.refresh()

        assert (refresh.variables["made"].added, refresh.variables["made"].removed) == ([60], [3])
        session.rollback()
        refresh = live.refresh()
        assert (refresh.variables["made"].added, refresh.variables["made"].removed) == ([3], [60])
