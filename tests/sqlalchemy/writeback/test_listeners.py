"""Listeners that do more to statements than to filter them: what they do, they do to a write-back too."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, select, text, update
from sqlalchemy.orm import DeclarativeBase, Mapped, ORMExecuteState, Session, mapped_column
from sqlalchemy.pool import StaticPool
from sqlalchemy.sql import Delete, Select

from lumix import LXWriteBack, LXWriteError


class Base(DeclarativeBase): ...


class Plan(Base):
    __tablename__ = "plans"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[int] = mapped_column(default=1)
    hidden: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str | None] = mapped_column(server_default="none")


@pytest.fixture
def engine() -> Iterator[Engine]:
    """A database of two schemas, with a plan of two tenants each."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.begin() as connection:
        connection.execute(text("ATTACH DATABASE ':memory:' AS other"))
    for schema in (None, "other"):
        mapped = engine.execution_options(schema_translate_map={None: schema})
        Base.metadata.create_all(mapped)
        with Session(mapped) as session, session.begin():
            session.add_all([Plan(id=1, tenant=1), Plan(id=2, tenant=2)])
    yield engine
    engine.dispose()


def ids(engine: Engine, schema: str = "main", hidden: int = 0) -> list[int]:
    query = text(f"SELECT id FROM {schema}.plans WHERE hidden = {hidden} ORDER BY id")
    with engine.connect() as connection:
        return list(connection.scalars(query))


def test_a_schema_of_its_own(engine: Engine) -> None:
    with Session(engine) as session:

        @event.listens_for(session, "do_orm_execute")
        def choose(state: ORMExecuteState) -> None:
            state.update_execution_options(schema_translate_map={None: "other"})

        for _ in range(2):
            LXWriteBack().replace(Plan, [{"id": i} for i in (7, 8, 9)]).write(session)
        session.commit()

    assert (ids(engine), ids(engine, "other")) == ([1, 2], [7, 8, 9])


def test_options_of_the_session(engine: Engine) -> None:
    if "execution_options" not in inspect.signature(Session).parameters:
        pytest.skip("sessions have options since SQLAlchemy 2.1")
    with Session(engine, execution_options={"schema_translate_map": {None: "other"}}) as session:
        for _ in range(2):
            LXWriteBack().replace(Plan, [{"id": 7}], where={"id": 7}).write(session)
        session.commit()

    assert (ids(engine), ids(engine, "other")) == ([1, 2], [1, 2, 7])


def test_a_guard_that_raises(engine: Engine) -> None:
    with Session(engine) as session:

        @event.listens_for(session, "do_orm_execute")
        def guard(state: ORMExecuteState) -> None:
            if not state.is_select:
                raise PermissionError("this session only reads")

        with pytest.raises(PermissionError):
            LXWriteBack().replace(Plan, [{"id": 7}]).write(session)
        session.commit()

    assert ids(engine) == [1, 2]


def test_rows_that_are_marked_in_place_of_deleted(engine: Engine) -> None:
    with Session(engine) as session:

        @event.listens_for(session, "do_orm_execute")
        def mark(state: ORMExecuteState) -> None:
            if state.is_select:
                state.statement = state.statement.where(Plan.hidden.is_(False))
            if isinstance(state.statement, Delete):
                marked = update(Plan).values(hidden=True)
                state.statement = (
                    marked.where(state.statement.whereclause) if state.statement._where_criteria else marked
                )

        LXWriteBack().replace(Plan, [{"id": 7}], where={"hidden": False}).write(session)
        session.commit()

    assert (ids(engine), ids(engine, hidden=1)) == ([7], [1, 2])


def test_an_answer_of_its_own_is_refused_where_rows_stay(engine: Engine) -> None:
    with Session(engine) as session:

        @event.listens_for(session, "do_orm_execute")
        def swallow(state: ORMExecuteState) -> Any:
            return state.session.connection().execute(text("SELECT 1")) if state.is_delete else None

        with pytest.raises(LXWriteError):
            LXWriteBack().replace(Plan, [{"id": 7}]).write(session)
        session.rollback()

    assert ids(engine) == [1, 2]


def test_a_filter_of_the_engine(engine: Engine) -> None:
    def only_mine(connection: Any, clause: Any, multiparams: Any, params: Any, options: Any) -> Any:
        if isinstance(clause, Select) and Plan.__table__ in clause.get_final_froms():
            clause = clause.where(Plan.__table__.c.tenant == 1)
        return clause, multiparams, params

    event.listen(engine, "before_execute", only_mine, retval=True)
    with Session(engine) as session:
        assert session.scalars(select(Plan.id)).all() == [1]
        with pytest.raises(LXWriteError, match=r"would delete 1 row\(s\) of Plan that the session or manager hides"):
            LXWriteBack().replace(Plan, [{"id": 7}]).write(session)
        session.rollback()
        LXWriteBack().replace(Plan, [{"id": 7}], where={"tenant": 1}).write(session)
        session.commit()

    event.remove(engine, "before_execute", only_mine)
    assert ids(engine) == [2, 7]


def test_null_is_written_where_the_database_has_a_default(engine: Engine) -> None:
    """SQLAlchemy's bulk inserts leave None out unless they are told not to."""
    with Session(engine) as session:
        event.listen(session, "do_orm_execute", lambda state: None)

        LXWriteBack().replace(Plan, [{"id": 7, "note": None}, {"id": 8, "note": "x"}]).write(session)

        assert list(session.scalars(select(Plan.note).order_by(Plan.id))) == [None, "x"]
