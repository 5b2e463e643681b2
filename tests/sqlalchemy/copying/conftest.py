"""Tables with five products, and the ways to copy a model over them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, delete, inspect
from sqlalchemy.orm import Session

from tests.sqlalchemy.copying.mapped import TABLES, Base, DataclassBase, fill, imperative

HOWS: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
}


@pytest.fixture(scope="module")
def tables(engine: Engine) -> Engine:
    for metadata in (Base.metadata, DataclassBase.metadata, imperative.metadata):
        metadata.create_all(engine)
    return engine


@pytest.fixture
def empty(tables: Engine) -> Engine:
    """The engine, with nothing in the tables."""
    with tables.begin() as connection:
        for table in TABLES:
            connection.execute(delete(inspect(table).local_table))
    return tables


@pytest.fixture
def session(empty: Engine) -> Iterator[Session]:
    with Session(empty) as session:
        fill(session, 5)
        session.commit()
        yield session


@pytest.fixture(params=HOWS)
def copied(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    """Each way of copying."""
    return HOWS[request.param]
