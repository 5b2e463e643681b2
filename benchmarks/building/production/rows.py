"""Reading the rows of the production model by hand: through a driver's cursor, or as Arrow's columns."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from production.places import database, plain
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

PRODUCTS = "SELECT id, profit_per_unit, min_demand, max_demand FROM products"
MACHINES = "SELECT id, available_hours FROM machines"
RECIPES = "SELECT product_id, machine_id, hours_required FROM production_recipes"
CHUNK = 5_000
"""How many rows to fetch at once: more of them leave the processor's cache before they are read."""

Column = NDArray[Any]


@dataclass(frozen=True)
class Tables:
    """The columns that the model needs."""

    product_ids: Column
    profits: Column
    min_demands: Column
    max_demands: Column
    machine_ids: Column
    available_hours: Column
    recipe_products: Column
    recipe_machines: Column
    hours: Column


def open_session(backend: str, size: str) -> Session:
    """Return a session whose connection is open."""
    session = Session(create_engine(database(backend, size)))
    session.connection()
    return session


def open_driver(backend: str, size: str) -> Any:
    """Return a connection of the database's own driver."""
    url = database(backend, size)
    if url.drivername == "sqlite":
        return sqlite3.connect(url.database)
    import psycopg

    return psycopg.connect(plain(url))


def open_arrow(backend: str, size: str) -> Any:
    """Return a connection that reads Arrow's columns."""
    url = database(backend, size)
    if url.drivername == "sqlite":
        import adbc_driver_sqlite.dbapi as driver

        return driver.connect(url.database)
    import adbc_driver_postgresql.dbapi as driver

    return driver.connect(plain(url))


def fetch_rows(connection: Any, query: str) -> list[tuple[Any, ...]]:
    """Return rows as tuples."""
    with open_cursor(connection) as cursor:
        return cursor.execute(query).fetchall()


def columns_by_fetchall(connection: Any) -> Tables:
    """Read the columns as most scripts do: all rows of a query at once, then column by column."""
    fetched = [(fetch_rows(connection, query), ids) for query, ids in ((PRODUCTS, 1), (MACHINES, 1), (RECIPES, 2))]
    return Tables(
        *(
            np.array(column, dtype=np.int64 if position < ids else np.float64)
            for rows, ids in fetched
            for position, column in enumerate(zip(*rows, strict=True))
        )
    )


def columns_by_driver(connection: Any) -> Tables:
    """Read the columns through a cursor of the driver."""
    products, machines, recipes = (matrix(connection, query) for query in (PRODUCTS, MACHINES, RECIPES))
    return Tables(
        *typed(products, identifiers=1),
        *typed(machines, identifiers=1),
        *typed(recipes, identifiers=2),
    )


def columns_by_arrow(connection: Any) -> Tables:
    """Read the columns as Arrow's."""
    return Tables(*(column for query in (PRODUCTS, MACHINES, RECIPES) for column in _arrow(connection, query)))


def open_cursor(connection: Any) -> Any:
    """Return a cursor; psycopg's is asked for binary values, which it parses faster."""
    if isinstance(connection, sqlite3.Connection):
        return closing(connection.cursor())
    return connection.cursor(binary=True)


def matrix(connection: Any, query: str) -> Column:
    """Return the rows of a query as a matrix of floats, which hold ids exactly up to 2**53."""
    with open_cursor(connection) as cursor:
        cursor.execute(query)
        width = len(cursor.description)
        parts = iter(lambda: cursor.fetchmany(CHUNK), [])
        return np.concatenate([np.fromiter(chain.from_iterable(rows), np.float64) for rows in parts]).reshape(-1, width)


def typed(matrix: Column, identifiers: int) -> list[Column]:
    """Return the columns of a matrix, of which the first are identifiers."""
    types = [np.int64] * identifiers + [np.float64] * (matrix.shape[1] - identifiers)
    return [np.ascontiguousarray(column, dtype=kind) for column, kind in zip(matrix.T, types, strict=True)]


def _arrow(connection: Any, query: str) -> list[Column]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [column.to_numpy() for column in cursor.fetch_arrow_table().columns]
