"""Models over sessions of SQLAlchemy, solved while an event loop of asyncio goes on: sessions of both kinds."""

from __future__ import annotations

import asyncio
import copy
import math
import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hidden_plan import hidden_plan
from solving_threads import SolvingThreads
from sqlalchemy import Connection, Engine, ForeignKey, event, func, select
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_scoped_session,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXParameter, LXVariable
from lumix_core.errors import LXSourceError


class Base(DeclarativeBase):
    pass


class Line(Base):
    __tablename__ = "loop_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    hours: Mapped[float]


class Product(Base):
    __tablename__ = "loop_products"
    id: Mapped[int] = mapped_column(primary_key=True)
    profit: Mapped[float]
    line_id: Mapped[int] = mapped_column(ForeignKey("loop_lines.id"))
    line: Mapped[Line] = relationship()


class Need(Base):
    __tablename__ = "loop_needs"
    product_id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(primary_key=True)
    hours: Mapped[float]


OPTIMUM = 45.0 * 100 + 120.0 * 40


@pytest.fixture(scope="module")
def filled(engine: Engine) -> Iterator[Engine]:
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Line(id=1, hours=80.0), Line(id=2, hours=100.0)])
        session.flush()
        session.add_all([Product(id=1, profit=45.0, line_id=1), Product(id=2, profit=120.0, line_id=2)])
        session.add_all([Need(product_id=1, line_id=1, hours=0.5), Need(product_id=2, line_id=2, hours=2.5)])
        session.commit()
    yield engine
    Base.metadata.drop_all(engine)


ON_POSTGRESQL = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
"""Of the drivers of these tests only psycopg has an asynchronous side."""


@asynccontextmanager
async def opened(engine: Engine) -> AsyncIterator[tuple[AsyncEngine, AsyncSession]]:
    """An asynchronous engine on the same database, and a session of it."""
    asynchronous = create_async_engine(engine.url)
    try:
        async with AsyncSession(asynchronous) as session:
            yield asynchronous, session
    finally:
        await asynchronous.dispose()


def plan(session: Any, *, profit: Callable[[Product], Any] = lambda p: p.profit) -> LXModel:
    need = LXParameter[Need]("need").from_model(session).value(lambda r: r.hours).default(0)
    made = LXVariable[Product, float]("made").bounds(lower=0, upper=100).from_model(session)
    used = LXLinearExpression().add_term(made, lambda p, line: need[p.id, line.id])
    hours = LXConstraint[Line]("hours").from_model(session).expression(used).le().rhs(lambda line: line.hours)
    objective = LXLinearExpression().add_term(made, profit)
    return LXModel("plan").add_variable(made).add_constraint(hours).maximize(objective)


@pytest.fixture
def threads() -> SolvingThreads:
    return SolvingThreads()


def test_a_plain_session_is_read_on_the_thread_of_the_solve(filled: Engine) -> None:
    async def program(session: Session) -> float:
        return (await LXOptimizer().solve_async(plan(session))).objective_value

    with Session(filled) as session:
        assert asyncio.run(program(session)) == OPTIMUM


@ON_POSTGRESQL
class TestAsynchronousSessions:
    @pytest.mark.parametrize("inner", [False, True], ids=["AsyncSession", "sync_session"])
    def test_their_rows_are_awaited(self, filled: Engine, inner: bool) -> None:
        async def program() -> tuple[float, int]:
            async with opened(filled) as (engine, session):
                sent: list[str] = []

                def keep(connection: Connection, cursor: object, statement: str, *rest: object) -> None:
                    sent.append(statement)

                event.listen(engine.sync_engine, "before_cursor_execute", keep)
                solution = await LXOptimizer().solve_async(plan(session.sync_session if inner else session))
                return solution.objective_value, len([one for one in sent if "FROM loop_" in one])

        assert asyncio.run(program()) == (OPTIMUM, 3)

    def test_a_session_that_nobody_else_keeps(self, filled: Engine) -> None:
        async def program() -> float:
            engine = create_async_engine(filled.url)
            model = plan(AsyncSession(engine))
            try:
                return (await LXOptimizer().solve_async(model)).objective_value
            finally:
                await model.get_variable("made").source.query.owner.close()
                await engine.dispose()

        assert asyncio.run(program()) == OPTIMUM

    def test_rows_and_their_relationships_too(self, filled: Engine) -> None:
        def profit(product: Product) -> float:
            return math.sqrt(product.line.hours**2) * 0 + product.profit

        async def program() -> float:
            async with opened(filled) as (_, session):
                return (await LXOptimizer().solve_async(plan(session, profit=profit))).objective_value

        assert asyncio.run(program()) == OPTIMUM

    def test_queries_snapshots_and_pending_changes(self, filled: Engine) -> None:
        async def program() -> list[float]:
            async with opened(filled) as (_, session):
                made = LXVariable[Product, float]("made").bounds(lower=0, upper=lambda p: p.profit)
                made.from_model(select(Product).where(Product.profit > 100), session)
                model = LXModel("plan").add_variable(made).maximize(LXLinearExpression().sum_over(made))
                before = await LXOptimizer().solve_async(model, snapshot=True)
                await session.rollback()
                session.add(Product(id=3, profit=300.0, line_id=1))
                after = await LXOptimizer().solve_async(model)
                await session.rollback()
                return [before.objective_value, after.objective_value]

        assert asyncio.run(program()) == [120.0, 420.0]

    def test_the_loop_goes_on_while_the_database_is_awaited(self, filled: Engine) -> None:
        async def program() -> tuple[int, int]:
            async with opened(filled) as (_, session):
                statement = select(Product).where(func.pg_sleep(0.3).is_not(None))
                variable = LXVariable[Product, float]("x").bounds(0, 1).from_model(statement, session)
                model = LXModel("slow").add_variable(variable).maximize(LXLinearExpression().sum_over(variable))
                task = asyncio.create_task(LXOptimizer().solve_async(model))
                turns = 0
                while turns < 50 and not task.done():
                    await asyncio.sleep(0.001)
                    turns += 1
                return turns, round((await task).objective_value)

        assert asyncio.run(program()) == (50, 2)

    def test_a_task_that_is_cancelled_while_it_reads(self, filled: Engine, threads: SolvingThreads) -> None:
        async def program() -> list[str]:
            async with opened(filled) as (_, session):
                statement = select(Product).where(func.pg_sleep(60).is_not(None))
                variable = LXVariable[Product, float]("x").bounds(0, 1).from_model(statement, session)
                model = LXModel("endless").add_variable(variable)
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.3):
                        await LXOptimizer().solve_async(model)
                return threads.names

        assert asyncio.run(program()) == []

    def test_a_task_that_is_cancelled_while_it_solves_leaves_the_session_usable(
        self, filled: Engine, threads: SolvingThreads
    ) -> None:
        async def program() -> tuple[Any, list[str]]:
            async with opened(filled) as (_, session):
                model, _ = hidden_plan()
                model.add_variable(LXVariable[Product, float]("made").bounds(0, 1).from_model(session))
                task = asyncio.create_task(LXOptimizer().solve_async(model))
                async with asyncio.timeout(20):
                    while not threads.names:
                        await asyncio.sleep(0.01)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                return await session.scalar(select(func.count()).select_from(Product)), threads.names

        assert asyncio.run(program()) == (2, [])

    def test_many_sessions_at_once(self, filled: Engine) -> None:
        async def program() -> list[float]:
            engine = create_async_engine(filled.url)
            sessions = async_sessionmaker(engine)

            async def one() -> float:
                async with sessions() as session:
                    return (await LXOptimizer().solve_async(plan(session))).objective_value

            try:
                return await asyncio.gather(*(one() for _ in range(8)))
            finally:
                await engine.dispose()

        assert asyncio.run(program()) == [OPTIMUM] * 8

    def test_copies_are_made_and_models_compiled_within_run_sync(self, filled: Engine) -> None:
        async def program() -> tuple[bytes, float]:
            async with opened(filled) as (_, session):
                model = plan(session)
                solution = await session.run_sync(lambda _: LXOptimizer().solve(model))
                return await session.run_sync(lambda _: pickle.dumps(copy.deepcopy(model))), solution.objective_value

        parcel, objective = asyncio.run(program())

        assert objective == OPTIMUM
        assert LXOptimizer().solve(pickle.loads(parcel)).objective_value == OPTIMUM


@ON_POSTGRESQL
class TestRefused:
    @pytest.mark.parametrize(
        "call",
        [LXModel.compile, copy.deepcopy, LXOptimizer().solve, pickle.dumps, lambda model: model.compile(snapshot=True)],
        ids=["compile", "deepcopy", "solve", "pickle", "snapshot"],
    )
    def test_reading_without_await(self, filled: Engine, call: Callable[[LXModel], object]) -> None:
        async def program() -> str:
            async with opened(filled) as (_, session):
                with pytest.raises(LXSourceError) as caught:
                    call(plan(session))
                return str(caught.value)

        message = asyncio.run(program())

        assert "runs in an asynchronous session, which has to be awaited" in message
        assert "`await optimizer.solve_async(model)`" in message

    def test_a_session_of_an_asynchronous_engine_that_nobody_awaits(self, filled: Engine) -> None:
        async def program() -> str:
            async with opened(filled) as (engine, _):
                with Session(engine.sync_engine) as session, pytest.raises(LXSourceError) as caught:
                    await LXOptimizer().solve_async(plan(session))
                return str(caught.value)

        assert "has to be awaited" in asyncio.run(program())

    @pytest.mark.parametrize("make", [async_sessionmaker, lambda engine: engine])
    def test_what_is_no_session(self, filled: Engine, make: Callable[[AsyncEngine], Any]) -> None:
        async def program() -> str:
            async with opened(filled) as (engine, _):
                with pytest.raises(LXSourceError) as caught:
                    plan_of(make(engine))
                return str(caught.value)

        message = asyncio.run(program())

        assert "got an asynchronous engine, or what makes asynchronous sessions, where a session belongs" in message
        assert "`async_session = AsyncSession(engine)`" in message

    def test_the_session_of_a_scope(self, filled: Engine) -> None:
        async def program() -> float:
            async with opened(filled) as (engine, _):
                scoped = async_scoped_session(async_sessionmaker(engine), asyncio.current_task)
                with pytest.raises(LXSourceError, match="what makes asynchronous sessions"):
                    plan_of(scoped)
                answer = (await LXOptimizer().solve_async(plan(scoped()))).objective_value
                await scoped.remove()
                return answer

        assert asyncio.run(program()) == OPTIMUM


def plan_of(handle: Any) -> LXVariable[Product, float]:
    return LXVariable[Product, float]("made").from_model(Product, handle)


@ON_POSTGRESQL
def test_two_adapters_wait_in_two_ways(filled: Engine) -> None:
    from lumix_sqlalchemy import SQLAlchemyAdapter

    class Other(SQLAlchemyAdapter):
        name = "other"

    async def program() -> None:
        async with opened(filled) as (_, session):
            ours = LXVariable[Product, float]("ours").from_model(Product, session)
            theirs = LXVariable[Line, float]("theirs").from_model(Line, session, adapter=Other())
            with pytest.raises(LXSourceError, match=r"'plan' reads rows of 'other' and 'sqlalchemy', which an event"):
                await LXOptimizer().solve_async(LXModel("plan").add_variables(ours, theirs))

    asyncio.run(program())
