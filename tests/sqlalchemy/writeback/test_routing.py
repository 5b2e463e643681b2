"""Which of several databases a session writes to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Delete, Engine, Insert, Update, create_engine, event, select
from sqlalchemy.ext.horizontal_shard import ShardedSession
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker, with_loader_criteria
from sqlalchemy.pool import StaticPool

from lumix import LXModel, LXOptimizer, LXVariable, LXWriteBack, LXWriteError
from lumix_sqlalchemy import RunColumns


class Base(DeclarativeBase): ...


class Plan(Base):
    __tablename__ = "plans"
    id: Mapped[int] = mapped_column(primary_key=True)
    quantity: Mapped[float]


class Other(Base):
    __tablename__ = "others"
    id: Mapped[int] = mapped_column(primary_key=True)


class Run(RunColumns, Base):
    __tablename__ = "runs"


NEW = [{"id": 2, "quantity": 2.0}]
CHANGES = (Insert, Update, Delete)


class Routing(Session):
    """Sends changes to the leader; the databases are in ``info``."""

    def get_bind(self, mapper: Any = None, *, clause: Any = None, **others: Any) -> Engine:
        found: Engine = self.info["leader" if self.is_change(clause) else "follower"]
        return found

    def is_change(self, clause: Any) -> bool:
        return self._flushing or isinstance(clause, CHANGES)


class ByFlushing(Routing):
    """As in SQLAlchemy's documentation, where INSERT statements go astray."""

    def is_change(self, clause: Any) -> bool:
        return self._flushing or isinstance(clause, (Update, Delete))


class ByStatement(Routing):
    def is_change(self, clause: Any) -> bool:
        return clause is not None and clause.is_dml


class ByPosition(Session):
    def get_bind(self, mapper: Any = None, clause: Any = None, bind: Any = None, **others: Any) -> Any:
        if bind is not None:
            return bind
        return self.info["leader" if self._flushing or isinstance(clause, CHANGES) else "follower"]


SESSIONS = (Routing, ByFlushing, ByStatement, ByPosition)


@pytest.fixture
def engines() -> Iterator[dict[str, Engine]]:
    engines = {name: create_engine("sqlite://", poolclass=StaticPool) for name in ("leader", "follower", "third")}
    for engine in engines.values():
        Base.metadata.create_all(engine)
        with Session(engine) as session, session.begin():
            session.add(Plan(id=1, quantity=1.0))
    yield engines
    for engine in engines.values():
        engine.dispose()


def held(engines: dict[str, Engine]) -> dict[str, list[int]]:
    found = {}
    for name, engine in engines.items():
        with engine.connect() as connection:
            found[name] = list(connection.scalars(select(Plan.id).order_by(Plan.id)))
    return found


@pytest.mark.parametrize("kind", SESSIONS)
def test_a_plan_goes_to_the_leader(engines: dict[str, Engine], kind: type[Session]) -> None:
    with kind(info=engines) as session:
        LXWriteBack().replace(Plan, NEW).write(session)
        session.commit()

    assert held(engines) == {"leader": [2], "follower": [1], "third": [1]}


@pytest.mark.parametrize("kind", SESSIONS)
def test_the_leader_takes_it_through_listeners_too(engines: dict[str, Engine], kind: type[Session]) -> None:
    """Their queries, by which hidden rows are found, are about the rows that are replaced."""
    with Session(engines["leader"]) as session, session.begin():
        session.add(Plan(id=7, quantity=-1.0))
    with kind(info=engines) as session:
        event.listen(session, "do_orm_execute", only_positive)
        with pytest.raises(LXWriteError, match=r"would delete 1 row\(s\) of Plan"):
            LXWriteBack().replace(Plan, NEW).write(session)
        session.rollback()
        assert held(engines) == {"leader": [1, 7], "follower": [1], "third": [1]}
        LXWriteBack().replace(Plan, [{"id": 1, "quantity": 2.0}], where={"id": 1}).write(session)
        session.commit()
        assert "get_bind" not in vars(session)

    assert held(engines) == {"leader": [1, 7], "follower": [1], "third": [1]}


def only_positive(state: Any) -> None:
    if state.is_select:
        state.statement = state.statement.options(with_loader_criteria(Plan, Plan.quantity > 0))


def test_a_maker_of_routing_sessions(engines: dict[str, Engine]) -> None:
    LXWriteBack().replace(Plan, NEW).write(sessionmaker(class_=Routing, info=engines))

    assert held(engines) == {"leader": [2], "follower": [1], "third": [1]}


def test_a_run_is_recorded_with_the_leader(engines: dict[str, Engine]) -> None:
    model = LXModel("plan").add_variable(LXVariable[None, float]("x").bounds(0, 1))
    solution = LXOptimizer().solve(model)
    back = LXWriteBack().replace(Plan, NEW).record(Run, solution)

    with Routing(info=engines) as session:
        for _ in range(2):
            back.write(session)
        session.commit()

    assert held(engines)["leader"] == [2]
    with engines["leader"].connect() as connection:
        assert list(connection.scalars(select(Run.id))) == [solution.run_id]


class Split(Routing):
    """Sends updates elsewhere."""

    def get_bind(self, mapper: Any = None, *, clause: Any = None, **others: Any) -> Engine:
        found: Engine = self.info["third" if isinstance(clause, Update) else "leader"]
        return found


class OnlyDeletes(Routing):
    """Sends deletes to a database to which nothing is flushed and nothing inserted."""

    def is_change(self, clause: Any) -> bool:
        return isinstance(clause, (Update, Delete))


@pytest.mark.parametrize("kind", [Split, OnlyDeletes])
def test_changes_that_go_to_several_databases_are_refused(engines: dict[str, Engine], kind: type[Session]) -> None:
    with kind(info=engines) as session:
        with pytest.raises(LXWriteError, match=r"sends changes of Plan to different databases: deletes to .*engine"):
            LXWriteBack().replace(Plan, NEW).write(session)
        session.rollback()

    assert held(engines) == {"leader": [1], "follower": [1], "third": [1]}


class ByClass(Session):
    def get_bind(self, mapper: Any = None, *, clause: Any = None, **others: Any) -> Engine:
        found: Engine = self.info["leader" if mapper is not None and mapper.class_ is Plan else "third"]
        return found


def test_classes_that_go_to_several_databases_are_refused(engines: dict[str, Engine]) -> None:
    with ByClass(info=engines) as session, pytest.raises(LXWriteError, match=r"Plan in .*Other in .*"):
        LXWriteBack().replace(Plan, NEW).replace(Other, [{"id": 1}]).write(session)
    with ByClass(info=engines) as session:
        LXWriteBack().replace(Plan, NEW).write(session)
        session.commit()

    assert held(engines) == {"leader": [2], "follower": [1], "third": [1]}


def test_a_sharded_session_is_refused(engines: dict[str, Engine]) -> None:
    with ShardedSession(
        shards={name: engines[name] for name in ("leader", "third")},
        shard_chooser=lambda mapper, instance, clause=None: "leader" if instance is None else "third",
        identity_chooser=lambda *args, **options: ["leader", "third"],
        execute_chooser=lambda context: ["leader", "third"],
    ) as session:
        with pytest.raises(LXWriteError, match=r"a database for each row of Plan \(shards\)"):
            LXWriteBack().replace(Plan, NEW).write(session)
        session.rollback()

    assert held(engines) == {"leader": [1], "follower": [1], "third": [1]}


def test_binds_by_class_are_followed(engines: dict[str, Engine]) -> None:
    with Session(engines["follower"], binds={Plan: engines["leader"]}) as session:
        LXWriteBack().replace(Plan, NEW).write(session)
        session.commit()

    assert held(engines) == {"leader": [2], "follower": [1], "third": [1]}
