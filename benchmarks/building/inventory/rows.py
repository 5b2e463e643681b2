"""Where the rows of the inventory model are, and reading them by hand through the driver's cursor."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from production.places import FOLDER
from production.rows import Column, matrix, typed
from sqlalchemy import URL, create_engine
from sqlalchemy.orm import Session

SIZES = {"10 x 20": (10, 20), "1000 x 365": (1000, 365)}
"""The number of items, and that of periods."""

ITEMS = "SELECT id, capacity, unit_cost, holding_cost FROM items ORDER BY id"
PERIODS = "SELECT id FROM periods ORDER BY id"
DEMANDS = "SELECT item_id, period_id, amount FROM demands"


@dataclass(frozen=True)
class Tables:
    """The columns that the model needs."""

    item_ids: Column
    capacities: Column
    unit_costs: Column
    holding_costs: Column
    period_ids: Column
    demand_items: Column
    demand_periods: Column
    amounts: Column


def database(size: str) -> URL:
    """Return the URL, for SQLAlchemy, of the database of one size."""
    return URL.create("sqlite", database=str(FOLDER / f"inventory-{size}.sqlite3"))


def open_session(backend: str, size: str) -> Session:
    """Return a session whose connection is open."""
    session = Session(create_engine(database(size)))
    session.connection()
    return session


def open_driver(backend: str, size: str) -> Any:
    """Return a connection of the database's own driver."""
    return sqlite3.connect(database(size).database or "")


def read(connection: Any) -> Tables:
    """Read the columns through a cursor of the driver."""
    items, periods, demands = (matrix(connection, query) for query in (ITEMS, PERIODS, DEMANDS))
    return Tables(*typed(items, identifiers=1), *typed(periods, identifiers=1), *typed(demands, identifiers=2))
