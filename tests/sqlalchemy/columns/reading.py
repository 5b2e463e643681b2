"""Columns as they are read, beside what the instances hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from lumix_core.rows.adapter import ColumnQuery
from lumix_sqlalchemy import SQLAlchemyAdapter
from tests.sqlalchemy import column_rows as rows

Machine, Site, Badge = rows.Machine, rows.Site, rows.Badge
ADAPTER = SQLAlchemyAdapter()

ID = [("id",)]
ID_AND_RENT = [("id",), ("site", "rent")]


def read(session: Any, target: Any, paths: Any, **options: Any) -> list[list[Any]] | None:
    """Return the columns as lists."""
    query = ADAPTER.query(target, session)
    assert isinstance(query, ColumnQuery)
    found = query.columns(paths, **options)
    return None if found is None else [np.asarray(one).tolist() for one in found]


def expected(session: Session, target: Any, paths: Any) -> list[list[Any]]:
    """Return what the instances hold, read in another session of the same transaction."""
    query = ADAPTER.query(target, session)
    assert query is not None
    session.expunge_all()
    instances = query.rows()
    return [rows.by_instance(instances, path) for path in paths]


def assert_as_instances(session: Session, target: Any, paths: Any) -> None:
    assert_read(session, target, paths, expected(session, target, paths))


def assert_read(session: Session, target: Any, paths: Any, wanted: list[list[Any]]) -> None:
    session.expunge_all()
    found = read(session, target, paths)
    assert found is not None
    for path, column, values in zip(paths, found, wanted, strict=True):
        assert rows.exactly(column) == rows.exactly(values), path


def paths_of(cls: type, steps: int = 2) -> list[tuple[str, ...]]:
    """Return every path of a class, along at most that many relationships."""
    known = ADAPTER.row_class(cls)
    found = [(name,) for name in sorted(known.columns)]
    for name, target in known.related.items() if steps else ():
        found += [(name, *rest) for rest in paths_of(target, steps - 1)]
    return found
