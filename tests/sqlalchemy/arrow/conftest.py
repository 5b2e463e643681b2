"""A database that Arrow reads, with items in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lumix_sqlalchemy import arrow
from tests.sqlalchemy import column_rows as rows
from tests.sqlalchemy.arrow.items import Base, Item, Line


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        databases = getattr(metafunc.function, "databases", (arrow.DATABASE,))
        # As a mark, since it takes the place of the fixture's own parameters.
        metafunc.definition.add_marker(pytest.mark.parametrize("engine", databases, indirect=True, scope="module"))


@pytest.fixture(scope="module")
def filled(engine: Engine) -> Iterator[Engine]:
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Line(id=1, hours=8.5), Line(id=2, hours=0.1, head_id=1)])
        session.flush()
        for key in range(1, 2001):
            values = {"amount": 2**40 + key, "gain": key * 0.1, "urgent": key % 2 == 0, "name": f"ä {key}"}
            some = {"loss": -0.0, "known": False, "note": "", "line_id": 1 + key % 2, "due": date(2024, 1, 1)}
            more = {"cost": Decimal("1.50"), "price": rows.Euro(key), "colour": rows.Colour.RED}
            session.add(Item(id=key, moment=datetime(2024, 1, 1), **values, **(some | more if key % 3 else {})))
        session.commit()
    yield engine
    Base.metadata.drop_all(engine)


@pytest.fixture
def session(filled: Engine) -> Iterator[Session]:
    with Session(filled) as session:
        yield session
