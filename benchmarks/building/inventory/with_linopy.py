"""linopy, fed with columns: variables over items and periods, stock shifted by one period."""

from __future__ import annotations

from typing import Any

import highspy
import linopy
import numpy as np
import pandas as pd
import xarray as xr
from contenders import Laps
from inventory.floor import demands
from inventory.rows import Tables, read
from production.with_linopy import new_model


def build(connection: Any, lap: Laps) -> highspy.Highs:
    return finished(connection, lap, sparse=True)


def dense(connection: Any, lap: Laps) -> highspy.Highs:
    """As a model of linopy is unless it is asked to be sparse."""
    return finished(connection, lap, sparse=False)


def finished(connection: Any, lap: Laps, *, sparse: bool) -> highspy.Highs:
    tables = read(connection)
    lap("read")
    model = write(tables, sparse=sparse)
    lap("write")
    return model.to_highspy()


def write(tables: Tables, *, sparse: bool) -> linopy.Model:
    model = new_model(sparse=sparse)
    items, periods = pd.Index(tables.item_ids, name="item"), pd.Index(tables.period_ids, name="period")
    capacities, unit_costs, holding_costs = (
        xr.DataArray(values, coords=[items]) for values in (tables.capacities, tables.unit_costs, tables.holding_costs)
    )
    stock = model.add_variables(lower=0, coords=[items, periods], name="stock")
    upper = capacities.broadcast_like(xr.DataArray(np.zeros(len(periods)), coords=[periods]))
    make = model.add_variables(lower=0, upper=upper.transpose("item", "period"), name="make")
    needed = xr.DataArray(demands(tables).reshape(len(items), len(periods)), coords=[items, periods])
    model.add_constraints(stock.shift(period=1).fillna(0) + make - stock == needed, name="balance")
    model.add_objective((stock * holding_costs).sum() + (make * unit_costs).sum())
    return model
