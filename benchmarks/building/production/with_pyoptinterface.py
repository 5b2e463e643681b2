"""PyOptInterface: by loops over rows, and by rows of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyoptinterface as poi
from contenders import Laps
from holding import compressed
from production.floor import positions
from production.rows import MACHINES, PRODUCTS, RECIPES, columns_by_arrow, fetch_rows
from pyoptinterface import highs


def loops(connection: Any, lap: Laps) -> highs.Model:
    products, machines, recipes = (fetch_rows(connection, query) for query in (PRODUCTS, MACHINES, RECIPES))
    lap("read")
    model = highs.Model()
    production = {key: model.add_variable(lb=low, ub=high) for key, _, low, high in products}
    used = {key: poi.ScalarAffineFunction() for key, _ in machines}
    for product, machine, hours in recipes:
        used[machine].add_term(production[product], hours)
    for key, available in machines:
        model.add_linear_constraint(used[key], poi.Leq, available)
    profit = poi.ScalarAffineFunction()
    for key, value, _, _ in products:
        profit.add_term(production[key], value)
    model.set_objective(profit, poi.ObjectiveSense.Maximize)
    return model


def arrays(connection: Any, lap: Laps) -> highs.Model:
    """One call for each variable and each constraint; the terms of a constraint come from arrays."""
    tables = columns_by_arrow(connection)
    lap("read")
    rows = positions(tables.machine_ids)[tables.recipe_machines]
    columns = positions(tables.product_ids)[tables.recipe_products]
    starts, elements, coefficients = compressed(rows, columns, tables.hours, len(tables.machine_ids))
    lap("assemble")
    model = highs.Model()
    for low, high in zip(tables.min_demands.tolist(), tables.max_demands.tolist(), strict=True):
        model.add_variable(lb=low, ub=high)
    cuts = starts[1:-1]
    parts = zip(np.split(coefficients, cuts), np.split(elements, cuts), tables.available_hours.tolist(), strict=True)
    for values, used, available in parts:
        model.add_linear_constraint(poi.ScalarAffineFunction.from_numpy(values, used), poi.Leq, available)
    every = np.arange(len(tables.profits), dtype=np.int32)
    model.set_objective(poi.ScalarAffineFunction.from_numpy(tables.profits, every), poi.ObjectiveSense.Maximize)
    return model
