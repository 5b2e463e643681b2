"""Fill the databases of the production model; what is there already, stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing

import numpy as np
from production.places import FOLDER, SIZES, database, schema
from production.tables import Base, Machine, Product, ProductionRecipe
from sqlalchemy import Engine, create_engine, func, inspect, select, text
from sqlalchemy.orm import Session

RECIPES = 10
PRODUCTS_A_MACHINE = 100

Rows = Iterable[Sequence[object]]


def fill(backend: str, size: str) -> None:
    """Make the database of one size, unless it is there and complete."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    engine = create_engine(database(backend, size))
    try:
        if not is_complete(engine, RECIPES * SIZES[size]):
            make(engine, backend, size)
    finally:
        engine.dispose()


def is_complete(engine: Engine, recipes: int) -> bool:
    if not inspect(engine).has_table(ProductionRecipe.__tablename__):
        return False
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(ProductionRecipe)) == recipes


def make(engine: Engine, backend: str, size: str) -> None:
    if backend == "postgresql":
        with engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA IF EXISTS {schema(size)} CASCADE"))
            connection.execute(text(f"CREATE SCHEMA {schema(size)}"))
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    tables = rows(SIZES[size])
    insert = {"sqlite": insert_sqlite, "postgresql": insert_postgresql}[backend]
    with closing(engine.raw_connection()) as connection:
        for cls, values in tables.items():
            insert(connection.driver_connection, cls.__tablename__, cls.__table__.columns.keys(), values)
        connection.commit()
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))


def insert_sqlite(connection: object, table: str, names: Sequence[str], values: Rows) -> None:
    marks = ", ".join("?" * len(names))
    connection.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", values)


def insert_postgresql(connection: object, table: str, names: Sequence[str], values: Rows) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
        for row in values:
            copy.write_row(row)


def rows(products: int) -> dict[type, Rows]:
    """Return the rows of each table. Ids have gaps, and recipes stand by product, as programs store them."""
    rng = np.random.default_rng(7)
    machines = max(RECIPES, products // PRODUCTS_A_MACHINE)
    product_ids, machine_ids = np.cumsum(rng.integers(1, 4, products)), np.cumsum(rng.integers(1, 4, machines))
    first = rng.integers(machines, size=products)
    step = rng.integers(1, max(2, machines // RECIPES), size=products)  # so that a product's machines all differ
    used = machine_ids[(first[:, None] + step[:, None] * np.arange(RECIPES)) % machines]
    low = rng.integers(0, 10, products).astype(float)
    return {
        Product: zip(
            product_ids.tolist(),
            (f"product {i}" for i in product_ids),
            hundredths(rng, 10, 500, products),
            low.tolist(),
            (low + rng.integers(10, 100, products)).tolist(),
            strict=True,
        ),
        Machine: zip(
            machine_ids.tolist(),
            (f"machine {i}" for i in machine_ids),
            hundredths(rng, 20_000, 50_000, machines),
            strict=True,
        ),
        ProductionRecipe: zip(
            range(1, RECIPES * products + 1),
            np.repeat(product_ids, RECIPES).tolist(),
            used.ravel().tolist(),
            hundredths(rng, 0.1, 5, RECIPES * products),
            strict=True,
        ),
    }


def hundredths(rng: np.random.Generator, low: float, high: float, size: int) -> list[float]:
    return np.round(rng.uniform(low, high, size), 2).tolist()


def remove(backend: str) -> None:
    """Remove the databases of all sizes."""
    for size in SIZES:
        if backend == "sqlite":
            (FOLDER / f"production-{size}.sqlite3").unlink(missing_ok=True)
            continue
        engine = create_engine(database(backend, size))
        with engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA IF EXISTS {schema(size)} CASCADE"))
        engine.dispose()
