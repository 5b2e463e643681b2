"""Fill the databases of the inventory model; what is there already, stays."""

from __future__ import annotations

from contextlib import closing

import numpy as np
from inventory.rows import SIZES, database
from inventory.tables import Base, Demand, Item, Period
from production.fill import Rows, hundredths, insert_sqlite
from production.places import FOLDER
from sqlalchemy import create_engine, func, inspect, select
from sqlalchemy.orm import Session


def fill(backend: str, size: str) -> None:
    """Make the database of one size, unless it is there and complete."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    engine = create_engine(database(size))
    items, periods = SIZES[size]
    complete = False
    if inspect(engine).has_table(Demand.__tablename__):
        with Session(engine) as session:
            complete = session.scalar(select(func.count()).select_from(Demand)) == items * periods
    if not complete:
        Base.metadata.drop_all(engine)
        Base.metadata.create_all(engine)
        with closing(engine.raw_connection()) as connection:
            for cls, values in rows(items, periods).items():
                insert_sqlite(connection, cls.__tablename__, cls.__table__.columns.keys(), values)
            connection.commit()
    engine.dispose()


def rows(items: int, periods: int) -> dict[type, Rows]:
    """Return the rows of each table. Ids of items have gaps; demands stand by item."""
    rng = np.random.default_rng(11)
    item_ids = np.cumsum(rng.integers(1, 4, items))
    numbers = (hundredths(rng, *between, items) for between in ((150, 300), (10, 500), (0.1, 2)))
    return {
        Item: zip(item_ids.tolist(), (f"item {i}" for i in item_ids), *numbers, strict=True),
        Period: zip(range(1, periods + 1), strict=True),
        Demand: zip(
            range(1, items * periods + 1),
            np.repeat(item_ids, periods).tolist(),
            np.tile(np.arange(1, periods + 1), items).tolist(),
            hundredths(rng, 0, 200, items * periods),
            strict=True,
        ),
    }


def remove(backend: str) -> None:
    """Remove the databases of all sizes."""
    for size in SIZES:
        (FOLDER / f"inventory-{size}.sqlite3").unlink(missing_ok=True)
