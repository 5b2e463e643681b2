"""A database with rows of every class."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.sqlalchemy import column_rows as rows


@pytest.fixture(scope="module")
def filled(engine: Engine) -> Iterator[Engine]:
    rows.Base.metadata.create_all(engine)
    with Session(engine) as session:
        rows.fill(session)
    yield engine
    rows.Base.metadata.drop_all(engine)


@pytest.fixture
def session(filled: Engine) -> Iterator[Session]:
    with Session(filled) as session:
        yield session
