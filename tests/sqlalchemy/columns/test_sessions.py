"""Columns of a session with pending changes, or with listeners."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import JSON, Engine, event, select
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    mapped_column,
    reconstructor,
    with_loader_criteria,
)

from tests.sqlalchemy import column_rows as rows
from tests.sqlalchemy.columns.reading import ID, ID_AND_RENT, Badge, Machine, Site, read

# Sessions


def test_pending_changes_are_flushed_first(session: Session) -> None:
    session.get_one(Machine, 1).hours = 77.0
    session.add(Machine(id=9, hours=1.0, x=0, y=0, manual="", secret="", site_id=2))
    session.delete(session.get_one(Machine, 4))

    assert read(session, Machine, [("id",), ("hours",), ("site", "rent")]) == [
        [1, 2, 3, 9],
        [77.0, 20.0, 30.0, 1.0],
        [10.0, 20.0, None, 20.0],
    ]


PENDING: dict[str, Callable[[Session], Any]] = {
    "changed": lambda session: setattr(session.get_one(Machine, 1), "hours", 77.0),
    "new": lambda session: session.add(Site(id=9, price=rows.Euro(0))),
    "deleted": lambda session: session.delete(session.get_one(Badge, 7)),
}


@pytest.mark.parametrize("change", PENDING.values(), ids=PENDING)
def test_pending_changes_that_are_not_flushed_are_for_instances(
    filled: Engine, statements: list[str], change: Callable[[Session], Any]
) -> None:
    with Session(filled) as session:
        change(session)
        statements.clear()

        assert read(session, Machine, ID, flush=False) is None
        with session.no_autoflush:
            assert read(session, Machine, ID) is None
        assert statements == []
        assert session.new or session.dirty or session.deleted
    with Session(filled, autoflush=False) as session:
        change(session)
        assert read(session, Machine, ID) is None


def test_a_query_that_does_not_flush_is_for_instances_while_changes_are_pending(session: Session) -> None:
    session.get_one(Machine, 1).hours = 77.0

    assert read(session, session.query(Machine).autoflush(False), ID) is None
    assert read(session, select(Machine).execution_options(autoflush=False), ID) is None
    assert session.dirty


def test_nothing_is_flushed_where_it_must_not(session: Session, statements: list[str]) -> None:
    assert read(session, Machine, ID, flush=False) == [[1, 2, 3, 4]]
    assert read(session, session.query(Machine).autoflush(False), ID) == [[1, 2, 3, 4]]


def test_what_a_listener_adds_is_not_flushed_either(session: Session, statements: list[str]) -> None:
    event.listen(session, "do_orm_execute", lambda state: state.session.add(Site(id=9)))

    assert read(session, Machine, ID, flush=False) is None
    assert not [one for one in statements if "INSERT" in one]


def test_flushed_changes_are_seen_before_they_are_committed(session: Session) -> None:
    session.get_one(Machine, 1).hours = 77.0
    session.flush()

    assert read(session, Machine, [("hours",)], flush=False) == [[77.0, 20.0, 30.0, 40.0]]


# Listeners


@pytest.mark.parametrize("name", ["load", "refresh"])
def test_a_class_whose_instances_change_as_they_load_is_for_instances(session: Session, name: str) -> None:
    def changed(instance: Any, *_: Any) -> None:
        instance.__dict__["rent"] = 99.0

    event.listen(Site, name, changed)
    try:
        assert read(session, Site, ID) is None
        assert read(session, Machine, ID_AND_RENT) is None
        assert read(session, Machine, ID) is not None
    finally:
        event.remove(Site, name, changed)
    assert read(session, Site, ID) is not None


def test_a_session_that_changes_instances_as_they_load_is_for_instances(session: Session) -> None:
    event.listen(session, "loaded_as_persistent", lambda *_: None)

    assert read(session, Machine, ID) is None


def test_a_listener_for_a_subclass_counts_for_its_base(session: Session) -> None:
    def changed(instance: Any, *_: Any) -> None: ...

    event.listen(rows.Engineer, "load", changed)
    try:
        assert read(session, rows.Person, ID) is None
    finally:
        event.remove(rows.Engineer, "load", changed)


def test_classes_that_rebuild_themselves_are_for_instances(session: Session) -> None:
    class OtherBase(DeclarativeBase): ...

    class Rebuilt(OtherBase):
        __tablename__ = "sites"
        site_key: Mapped[int] = mapped_column(primary_key=True)

        @reconstructor
        def rebuild(self) -> None:
            self.__dict__["site_key"] = -1

    class Tracked(OtherBase):
        __tablename__ = "everything"
        id: Mapped[int] = mapped_column(primary_key=True)
        document: Mapped[Any] = mapped_column(MutableDict.as_mutable(JSON()))

    class Watched(OtherBase):
        __tablename__ = "machines"
        id: Mapped[int] = mapped_column(primary_key=True)

        def __getattribute__(self, name: str) -> Any:
            return -1 if name == "id" else super().__getattribute__(name)

    assert read(session, Rebuilt, [("site_key",)]) is None
    assert read(session, Tracked, [("id",)]) is None
    assert read(session, Watched, [("id",)]) is None


def listen(session: Session, change: Callable[[Any], Any]) -> None:
    def changed(state: ORMExecuteState) -> None:
        state.statement = change(state.statement)

    event.listen(session, "do_orm_execute", changed)


LISTENERS: dict[str, Callable[[Any], Any]] = {
    "nothing": lambda statement: statement,
    "a condition": lambda statement: statement.where(Machine.hours > 15),
    "criteria": lambda statement: statement.options(
        with_loader_criteria(Machine, lambda cls: cls.hours > 15, include_aliases=True)
    ),
    "join": lambda statement: statement.join(Site, Site.id == Machine.site_id),
    "other columns": lambda statement: statement.with_only_columns(Machine.hours),
    "limit": lambda statement: statement.limit(2),
}


@pytest.mark.parametrize("change", LISTENERS.values(), ids=LISTENERS)
def test_a_session_whose_queries_are_listened_to_is_for_instances(
    session: Session, statements: list[str], change: Callable[[Any], Any]
) -> None:
    session.connection()
    statements.clear()
    listen(session, change)

    assert read(session, Machine, [("id",), ("x",)]) is None
    assert read(session, Machine, ID_AND_RENT) is None
    assert statements == []
