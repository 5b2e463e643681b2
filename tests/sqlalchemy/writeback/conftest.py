"""Tables with three products and a plan for two of them, and what is sent to them by COPY."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert
from sqlalchemy.orm import Session

from lumix_sqlalchemy import copy_in
from tests.sqlalchemy.writeback.mapped import Base, Product, Schedule


@pytest.fixture(scope="module")
def tables(engine: Engine) -> Iterator[Engine]:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys = ON"))
        engine.dispose()
    Base.metadata.create_all(engine)
    yield engine
    Base.metadata.drop_all(engine)


@pytest.fixture
def session(tables: Engine) -> Iterator[Session]:
    """A session on tables with three products and a plan for two of them."""
    with Session(tables) as session:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name == "wb_tasks":
                session.execute(table.update().values(after_id=None))
            session.execute(table.delete())
        session.execute(insert(Product), [{"id": i, "name": f"product {i}"} for i in (1, 2, 3)])
        session.execute(insert(Schedule), [{"id": i, "product_id": i, "quantity": 10.0 * i} for i in (1, 2)])
        session.commit()
        yield session


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was sent by COPY, a word for each."""
    sent: list[str] = []
    own = copy_in._copy

    def copy(connection: Any, statement: str, blocks: Any) -> None:
        sent.append(statement[:4])
        own(connection, statement, blocks)

    monkeypatch.setattr(copy_in, "_copy", copy)
    return sent
