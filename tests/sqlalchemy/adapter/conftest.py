"""The adapter, and tables with products, machines and recipes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import Engine, delete, insert
from sqlalchemy.orm import Session

from lumix_sqlalchemy import SQLAlchemyAdapter
from tests.sqlalchemy.adapter.mapped import Base, Machine, Product, Recipe

PROFITS = {3: Decimal("45.00"), 1: Decimal("120.50"), 2: Decimal("200.00")}
PAIRS = [(1, 2), (3, 1), (2, 2), (1, 1), (3, 2), (2, 1)]


@pytest.fixture
def adapter() -> SQLAlchemyAdapter:
    return SQLAlchemyAdapter()


@pytest.fixture(scope="module")
def tables(engine: Engine) -> Engine:
    """The engine, once the tables are there."""
    Base.metadata.create_all(engine)
    return engine


@pytest.fixture
def session(tables: Engine) -> Iterator[Session]:
    """A session on three products, two machines and six recipes, added in an order that is not the key's."""
    with Session(tables) as session:
        session.execute(insert(Product), [{"id": i, "name": f"p-{i}", "profit": p} for i, p in PROFITS.items()])
        session.execute(insert(Machine), [{"key": 2, "hours": 100.0}, {"key": 1, "hours": 80.0}])
        session.execute(insert(Recipe), [{"product_id": p, "machine_id": m, "hours": 1.0} for p, m in PAIRS])
        session.commit()
        yield session
    with tables.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(delete(table))


@pytest.fixture
def unbound() -> Iterator[Session]:
    """A session without a database, for what must not read."""
    with Session() as session:
        yield session
