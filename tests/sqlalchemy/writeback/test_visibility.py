"""Rows that a session hides, by the filters that applications write: they are neither deleted nor changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, select
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Query,
    Session,
    mapped_column,
    scoped_session,
    sessionmaker,
    with_loader_criteria,
)

from lumix import LXModel, LXOptimizer, LXVariable, LXWriteBack, LXWriteError
from lumix_sqlalchemy import RunColumns

pytestmark = pytest.mark.one_database


class Base(DeclarativeBase): ...


class OfTenant:
    tenant: Mapped[int] = mapped_column(default=1)
    hidden: Mapped[bool] = mapped_column(default=False)


class Plan(OfTenant, Base):
    __tablename__ = "vis_plans"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    plant: Mapped[int]


class Run(RunColumns, OfTenant, Base):
    __tablename__ = "vis_runs"


Listener = Callable[[ORMExecuteState], Any]
Filled = list[tuple[int, int, int]]

# id, tenant, plant
ROWS: Filled = [(1, 1, 3), (2, 2, 3), (3, 1, 4), (4, 2, 5)]


def of_tenant() -> Any:
    return with_loader_criteria(OfTenant, lambda cls: cls.tenant == 1, include_aliases=True)


def listening(listener: Listener) -> Callable[[Engine], Session]:
    def make(engine: Engine) -> Session:
        session = Session(engine, info={"tenant": 1})
        event.listen(session, "do_orm_execute", listener)
        return session

    return make


def criteria_of_the_class(state: ORMExecuteState) -> None:
    if state.is_select:
        state.statement = state.statement.options(with_loader_criteria(Plan, Plan.tenant == 1))


def criteria_of_a_mixin(state: ORMExecuteState) -> None:
    if state.is_select and not state.is_column_load and not state.is_relationship_load:
        state.statement = state.statement.options(of_tenant())


def criteria_of_every_statement(state: ORMExecuteState) -> None:
    state.statement = state.statement.options(of_tenant())


def tenant_of_the_session(state: ORMExecuteState) -> None:
    tenant = state.session.info["tenant"]
    if state.is_select:
        state.statement = state.statement.options(with_loader_criteria(Plan, Plan.tenant == tenant))


def condition_on_the_entity(state: ORMExecuteState) -> None:
    if state.is_select and state.statement.column_descriptions[0]["type"] is Plan:
        state.statement = state.statement.where(Plan.tenant == 1)


def condition_on_the_table(state: ORMExecuteState) -> None:
    if state.is_select and Plan.__table__ in state.statement.get_final_froms():
        state.statement = state.statement.where(Plan.__table__.c.tenant == 1)


def filter_by(state: ORMExecuteState) -> None:
    if state.is_select and state.bind_mapper is not None and state.bind_mapper.class_ is Plan:
        state.statement = state.statement.filter_by(tenant=1)


def unless_an_option_says_otherwise(state: ORMExecuteState) -> None:
    if state.is_select and not state.execution_options.get("all_tenants", False):
        state.statement = state.statement.options(with_loader_criteria(Plan, Plan.tenant == 1))


def by_a_flag(state: ORMExecuteState) -> None:
    """Rows of tenant 2 are marked as hidden when the tables are filled."""
    if state.is_select:
        shown = with_loader_criteria(OfTenant, lambda cls: cls.hidden.is_(False), include_aliases=True)
        state.statement = state.statement.options(shown)


def filtered_results(state: ORMExecuteState) -> Any:
    if not (state.is_select and state.is_orm_statement):
        return None
    rows = [row for row in state.invoke_statement() if not isinstance(row[0], Plan) or row[0].tenant == 1]
    return IteratorResult(SimpleResultMetaData(["Plan"]), iter([tuple(row) for row in rows]))


def a_subquery(state: ORMExecuteState) -> None:
    if state.is_select:
        own = select(Plan.id).where(Plan.tenant == 1).execution_options(inner=True)
        state.statement = state.statement.options(with_loader_criteria(Plan, Plan.id.in_(own)))


def deletes_too(state: ORMExecuteState) -> None:
    if state.is_select or state.is_delete or state.is_update:
        state.statement = state.statement.options(of_tenant())


class OwnExecute(Session):
    def execute(self, statement: Any, *args: Any, **options: Any) -> Any:
        if getattr(statement, "is_select", False):
            statement = statement.options(with_loader_criteria(Plan, Plan.tenant == 1))
        return super().execute(statement, *args, **options)

    def scalars(self, statement: Any, *args: Any, **options: Any) -> Any:
        return self.execute(statement, *args, **options).scalars()


class OwnExecuteAlone(Session):
    def execute(self, statement: Any, *args: Any, **options: Any) -> Any:
        if getattr(statement, "is_select", False):
            statement = statement.options(of_tenant())
        return super().execute(statement, *args, **options)


class TenantQuery(Query[Any]):
    """Shows the rows of one tenant, as applications did before `do_orm_execute`."""

    def __iter__(self) -> Iterator[Any]:
        return (row for row in super().__iter__() if getattr(row, "tenant", 1) == 1)

    def all(self) -> list[Any]:
        return list(self)


class FilteredQuery(Query[Any]):
    """Has a condition as soon as it is made."""

    def __init__(self, entities: Any, session: Any = None) -> None:
        super().__init__(entities, session)
        self._where_criteria = (Plan.tenant == 1,)


class HeardQuery(Query[Any]):
    """Has a listener."""


@event.listens_for(HeardQuery, "before_compile", retval=True)
def of_one_tenant(query: Query[Any]) -> Query[Any]:
    return query.enable_assertions(False).filter(Plan.tenant == 1)


class OwnScalars(Session):
    def scalars(self, statement: Any, *args: Any, **options: Any) -> Any:
        return super().scalars(statement.where(Plan.tenant == 1), *args, **options)


class Listened(Session):
    """Listeners are of the class."""


event.listen(Listened, "do_orm_execute", criteria_of_the_class)


def of_a_maker(engine: Engine) -> Session:
    maker = sessionmaker(engine)
    event.listen(maker, "do_orm_execute", criteria_of_a_mixin)
    return maker()


def of_a_scope(engine: Engine) -> Any:
    scope = scoped_session(sessionmaker(engine))
    event.listen(scope, "do_orm_execute", criteria_of_a_mixin)
    return scope


def patched(engine: Engine) -> Session:
    """A session whose method was replaced on the object."""
    session: Any = Session(engine)
    own = session.scalars
    session.scalars = lambda statement, *args, **options: own(statement.where(Plan.tenant == 1), *args, **options)
    found: Session = session
    return found


SESSIONS: dict[str, Callable[[Engine], Any]] = {
    **{
        one.__name__: listening(one)
        for one in (
            criteria_of_the_class,
            criteria_of_a_mixin,
            criteria_of_every_statement,
            tenant_of_the_session,
            condition_on_the_entity,
            condition_on_the_table,
            filter_by,
            unless_an_option_says_otherwise,
            by_a_flag,
            filtered_results,
            a_subquery,
            deletes_too,
        )
    },
    "own execute": OwnExecute,
    "own execute alone": OwnExecuteAlone,
    "own class of queries": lambda engine: Session(engine, query_cls=TenantQuery),
    "own class of filtered queries": lambda engine: Session(engine, query_cls=FilteredQuery),
    "before_compile": lambda engine: Session(engine, query_cls=HeardQuery),
    "own scalars": OwnScalars,
    "listened by class": Listened,
    "of a maker": of_a_maker,
    "of a scope": of_a_scope,
    "patched": patched,
}


@pytest.fixture(scope="module")
def plans(engine: Engine) -> Iterator[Engine]:
    Base.metadata.create_all(engine)
    yield engine
    Base.metadata.drop_all(engine)


@pytest.fixture(params=SESSIONS.values(), ids=SESSIONS)
def filtered(request: pytest.FixtureRequest, plans: Engine) -> Iterator[Any]:
    with plans.begin() as connection:
        connection.execute(Plan.__table__.delete())
        connection.execute(Run.__table__.delete())
        rows = [{"id": i, "tenant": tenant, "plant": plant, "hidden": tenant == 2} for i, tenant, plant in ROWS]
        connection.execute(insert(Plan), rows)
    session = request.param(plans)
    yield session
    session.rollback()
    session.close()


def stored(engine: Engine) -> Filled:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(Plan.id, Plan.tenant, Plan.plant).order_by(Plan.id))]


def attempt(session: Any, rows: Any, **options: Any) -> bool:
    """Write and commit; False where it is refused."""
    try:
        LXWriteBack().replace(Plan, rows, **options).write(session)
    except LXWriteError:
        session.rollback()
        return False
    session.commit()
    return True


def test_a_run_that_is_hidden_is_not_changed(plans: Engine) -> None:
    solution = LXOptimizer().solve(LXModel("plan").add_variable(LXVariable[None, float]("x").bounds(0, 1)))
    with plans.begin() as connection:
        connection.execute(Run.__table__.delete())
    with listening(criteria_of_a_mixin)(plans) as session:
        for _ in range(2):
            LXWriteBack().record(Run, solution).write(session)
        session.commit()
    with plans.begin() as connection:
        connection.execute(Run.__table__.update().values(tenant=2, status="kept"))

    with listening(criteria_of_a_mixin)(plans) as session:
        with pytest.raises(LXWriteError, match=r"would change 1 row\(s\) of Run that the session or manager hides"):
            LXWriteBack().record(Run, solution).write(session)
        session.rollback()

    with plans.connect() as connection:
        assert connection.scalars(select(Run.status)).all() == ["kept"]


def test_all_rows_are_not_replaced_where_some_are_hidden(filtered: Any, plans: Engine) -> None:
    written = attempt(filtered, [{"id": 9, "plant": 7}])

    others = [row for row in stored(plans) if row[1] == 2]
    assert others == [(2, 2, 3), (4, 2, 5)]
    assert written == ((9, 1, 7) in stored(plans))
    if not written:
        assert stored(plans) == ROWS


def test_rows_that_are_shown_are_replaced(filtered: Any, plans: Engine) -> None:
    assert attempt(filtered, [{"id": 9, "plant": 7}], where={"tenant": 1})

    assert stored(plans) == [(2, 2, 3), (4, 2, 5), (9, 1, 7)]


def test_rows_that_are_shown_are_replaced_by_some_hundreds(filtered: Any, plans: Engine) -> None:
    rows = [{"id": i, "plant": 7} for i in range(10, 310)]

    assert attempt(filtered, rows, where={"tenant": 1})
    assert attempt(filtered, rows, where={"tenant": 1})

    assert [row for row in stored(plans) if row[0] < 10] == [(2, 2, 3), (4, 2, 5)]
    assert len(stored(plans)) == 302


def test_a_condition_that_hidden_rows_meet_too_does_not_delete_them(filtered: Any, plans: Engine) -> None:
    attempt(filtered, [{"id": 9}], where={"plant": 3})

    assert (2, 2, 3) in stored(plans)


def test_rows_of_others_are_not_replaced(filtered: Any, plans: Engine) -> None:
    assert not attempt(filtered, [{"id": 9, "plant": 7, "hidden": True}], where={"tenant": 2})

    assert stored(plans) == ROWS


def test_rows_of_others_are_not_written(filtered: Any, plans: Engine) -> None:
    rows = [{"id": 9, "tenant": 2, "hidden": True}]

    assert not attempt(filtered, rows, where={"plant": 99})

    assert stored(plans) == ROWS
