"""The floor: index arithmetic with numpy. Every column has one or two coefficients, so nothing has to be sorted."""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np
from contenders import Laps
from holding import Array, Arrays, hold
from inventory.rows import Tables, read
from production.floor import positions


def by_driver(connection: Any, lap: Laps) -> highspy.Highs:
    tables = read(connection)
    lap("read")
    arrays = assemble(tables)
    lap("assemble")
    return hold(arrays)


def assemble(tables: Tables) -> Arrays:
    """Stock comes first, then what is made; both, and the balances, by item and then by period."""
    items, periods = len(tables.item_ids), len(tables.period_ids)
    size = items * periods
    starts, rows, coefficients = matrix(items, periods)
    needed = demands(tables)
    return Arrays(
        maximize=False,
        objective=np.concatenate([np.repeat(tables.holding_costs, periods), np.repeat(tables.unit_costs, periods)]),
        lower=np.zeros(2 * size),
        upper=np.concatenate([np.full(size, np.inf), np.repeat(tables.capacities, periods)]),
        integer=np.zeros(2 * size, dtype=np.int32),
        row_lower=needed,
        row_upper=needed,
        starts=starts,
        rows=rows,
        coefficients=coefficients,
    )


def demands(tables: Tables) -> Array:
    """Return what is needed of each item in each period."""
    needed = np.empty((len(tables.item_ids), len(tables.period_ids)))
    item, period = positions(tables.item_ids)[tables.demand_items], positions(tables.period_ids)[tables.demand_periods]
    needed[item, period] = tables.amounts
    return needed.ravel()


def matrix(items: int, periods: int) -> tuple[Array, Array, Array]:
    """Return the compressed columns: stock leaves the balance of its period and enters the next, if there is one."""
    balances = np.arange(items * periods, dtype=np.int32).reshape(items, periods)
    leaves_and_enters = np.stack([balances, balances + 1], axis=2).reshape(items, -1)[:, :-1]
    signs = np.tile([-1.0, 1.0], periods)[:-1]
    counts = np.full((items, periods), 2, dtype=np.int32)
    counts[:, -1] = 1
    lengths = np.concatenate([counts.ravel(), np.ones(items * periods, dtype=np.int32)])
    starts = np.zeros(len(lengths) + 1, dtype=np.int32)
    np.cumsum(lengths, out=starts[1:])
    rows = np.concatenate([leaves_and_enters.ravel(), balances.ravel()])
    return starts, rows, np.concatenate([np.tile(signs, items), np.ones(items * periods)])
