"""The floor: what it takes by hand, with the driver, numpy and highspy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import highspy
import numpy as np
from contenders import Laps
from holding import Arrays, compressed, hold
from production.rows import Column, Tables, columns_by_arrow, columns_by_driver, columns_by_fetchall


def by_driver(connection: Any, lap: Laps) -> highspy.Highs:
    return build(connection, lap, columns_by_driver)


def by_fetchall(connection: Any, lap: Laps) -> highspy.Highs:
    return build(connection, lap, columns_by_fetchall)


def by_arrow(connection: Any, lap: Laps) -> highspy.Highs:
    return build(connection, lap, columns_by_arrow)


def build(connection: Any, lap: Laps, read: Callable[[Any], Tables]) -> highspy.Highs:
    tables = read(connection)
    lap("read")
    arrays = assemble(tables)
    lap("assemble")
    return hold(arrays)


def assemble(tables: Tables) -> Arrays:
    rows = positions(tables.machine_ids)[tables.recipe_machines]
    columns = positions(tables.product_ids)[tables.recipe_products]
    starts, rows, hours = compressed(columns, rows, tables.hours, len(tables.product_ids))
    return Arrays(
        maximize=True,
        objective=tables.profits,
        lower=tables.min_demands,
        upper=tables.max_demands,
        integer=np.zeros(len(tables.product_ids), dtype=np.int32),
        row_lower=np.full(len(tables.machine_ids), -np.inf),
        row_upper=tables.available_hours,
        starts=starts,
        rows=rows,
        coefficients=hours,
    )


def positions(ids: Column) -> Column:
    """Return where each id stands; fastest where ids are whole numbers without large gaps."""
    table = np.empty(ids.max() + 1, dtype=np.int32)
    table[ids] = np.arange(len(ids), dtype=np.int32)
    return table
