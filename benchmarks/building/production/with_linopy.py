"""linopy, fed with columns: products as one array of variables, recipes grouped by machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import highspy
import linopy
import numpy as np
import pandas as pd
import xarray as xr
from contenders import Laps
from production.floor import positions
from production.rows import Tables, columns_by_arrow, columns_by_driver


def by_driver(connection: Any, lap: Laps) -> highspy.Highs:
    return build(connection, lap, columns_by_driver, sparse=True)


def by_arrow(connection: Any, lap: Laps) -> highspy.Highs:
    return build(connection, lap, columns_by_arrow, sparse=True)


def dense(connection: Any, lap: Laps) -> highspy.Highs:
    """As a model of linopy is unless it is asked to be sparse."""
    return build(connection, lap, columns_by_driver, sparse=False)


def build(connection: Any, lap: Laps, read: Callable[[Any], Tables], *, sparse: bool) -> highspy.Highs:
    tables = read(connection)
    lap("read")
    model = write(tables, sparse=sparse)
    lap("write")
    return model.to_highspy()


def write(tables: Tables, *, sparse: bool) -> linopy.Model:
    model = new_model(sparse=sparse)
    products = pd.Index(tables.product_ids, name="product")
    machines = pd.Index(tables.machine_ids, name="machine")
    production = model.add_variables(
        lower=pd.Series(tables.min_demands, products), upper=pd.Series(tables.max_demands, products), name="production"
    )
    recipes = pd.RangeIndex(len(tables.hours), name="recipe")
    made = xr.DataArray(positions(tables.product_ids)[tables.recipe_products], dims="recipe")
    hours = production.isel(product=made) * xr.DataArray(tables.hours, dims="recipe")
    used = hours.groupby(pd.Series(tables.recipe_machines, recipes, name="machine")).sum()
    available = pd.Series(tables.available_hours, machines).reindex(np.asarray(used.coords["machine"]))
    model.add_constraints(used <= available.rename_axis("machine"), name="capacity")
    model.add_objective((production * pd.Series(tables.profits, products)).sum(), sense="max")
    return model


def new_model(*, sparse: bool) -> linopy.Model:
    """Return an empty model; a sparse one needs what linopy calls its v1 semantics."""
    if sparse:
        linopy.options["semantics"] = "v1"
    return linopy.Model(sparse=sparse)
