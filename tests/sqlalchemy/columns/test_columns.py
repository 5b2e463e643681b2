"""Columns read in place of instances: what a class tells of them, and the same values."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from lumix_core.rows.adapter import ColumnQuery
from lumix_sqlalchemy import reading
from tests.sqlalchemy import column_rows as rows
from tests.sqlalchemy.columns.reading import ADAPTER, Badge, Machine, Site, assert_as_instances, paths_of, read

pytestmark = pytest.mark.one_database

CLASSES = [
    rows.Everything,
    Machine,
    Site,
    Badge,
    rows.Note,
    rows.Person,
    rows.Engineer,
    rows.Vehicle,
    rows.Truck,
    rows.Pair,
]

# What a class tells


def test_composites_synonyms_and_query_expressions_are_no_columns() -> None:
    known = ADAPTER.row_class(Machine)

    assert known.columns == {"id", "hours", "x", "y", "manual", "twice", "site_id", "spare_id"}
    assert ADAPTER.row_class(Site).columns == {"id", "rent", "price", "head_id", "is_known", "count"}


def test_related_are_the_rows_that_a_join_finds_once() -> None:
    assert ADAPTER.row_class(Machine).related == {"site": Site, "spare": Site, "rich": Site, "badge": Badge}
    assert ADAPTER.row_class(Site).related == {"head": Site}
    assert ADAPTER.row_class(rows.Pair).related == {"above": rows.Pair}
    assert ADAPTER.row_class(rows.Engineer).related == {"boss": rows.Engineer}
    assert ADAPTER.row_class(rows.Note).related == {}


def test_what_a_subclass_reads_otherwise_is_no_column() -> None:
    class OtherBase(DeclarativeBase): ...

    class Thing(OtherBase):
        __tablename__ = "things"
        __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_on": "kind", "polymorphic_identity": "thing"}
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str]
        price: Mapped[float]
        weight: Mapped[float]

    class Better(Thing):
        __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_identity": "better"}

        @property
        def price(self) -> float:  # type: ignore[override]
            return 1.0

    assert ADAPTER.row_class(Better).columns == {"id", "kind", "weight"}
    assert ADAPTER.row_class(Thing).columns == {"id", "kind", "weight"}


def test_subclasses_in_tables_of_their_own_share_no_column() -> None:
    class OtherBase(DeclarativeBase): ...

    class Thing(OtherBase):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Other(Thing):
        __tablename__ = "others"
        __mapper_args__: ClassVar[dict[str, Any]] = {"concrete": True}
        id: Mapped[int] = mapped_column(primary_key=True)

    assert ADAPTER.row_class(Other).columns == {"id"}
    assert ADAPTER.row_class(Thing).columns == frozenset()


# Values


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_mapped_attributes_of_every_type_are_read_as_in_instances(session: Session, cls: type) -> None:
    assert_as_instances(session, cls, paths_of(cls))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_each_mapped_attribute_is_read_alone(session: Session, cls: type) -> None:
    for path in paths_of(cls):
        assert_as_instances(session, cls, [path])


@pytest.mark.parametrize("size", [1, 2])
def test_chunks_make_whole_columns(session: Session, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROWS_A_CHUNK", size)

    assert_as_instances(session, rows.Everything, paths_of(rows.Everything))
    assert_as_instances(session, Machine, paths_of(Machine))


def test_columns_of_one_number_type_are_typed(session: Session) -> None:
    query = ADAPTER.query(Machine, session)
    assert isinstance(query, ColumnQuery)

    found = query.columns([("id",), ("hours",), ("site_id",), ("manual",)])

    assert found is not None
    assert [np.asarray(one).dtype for one in found] == [np.int64, np.float64, np.object_, np.object_]


def test_no_rows_are_columns_of_no_values(session: Session) -> None:
    assert read(session, select(Machine).where(Machine.id < 0), [("id",), ("site", "rent")]) == [[], []]


def test_no_paths_are_no_columns(session: Session) -> None:
    assert read(session, Machine, []) == []


def test_a_path_may_be_asked_for_twice(session: Session) -> None:
    assert read(session, Machine, [("id",), ("x",), ("id",)]) == [[1, 2, 3, 4], [1.0, 2.0, 3.0, 4.0], [1, 2, 3, 4]]


def test_a_missing_related_row_leaves_none_whatever_its_type_makes_of_null(session: Session) -> None:
    found = read(session, Machine, [("site", "price"), ("site", "is_known"), ("site", "count"), ("site", "id")])

    assert found == [
        [rows.Euro(3), rows.Euro(0), None, rows.Euro(0)],
        [11.0, 21.0, None, 1.0],
        [1, 1, None, 1],
        [1, 2, None, 3],
    ]
