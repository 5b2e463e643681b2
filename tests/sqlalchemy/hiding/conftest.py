"""A database with the shop's rows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.sqlalchemy.hiding.shop import Base, fill


@pytest.fixture(scope="module")
def shop(engine: Engine) -> Iterator[Engine]:
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        fill(session)
    yield engine
    Base.metadata.drop_all(engine)
