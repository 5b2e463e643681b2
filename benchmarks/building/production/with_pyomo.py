"""Pyomo: a rule for each row, sums over the recipes of a machine."""

from __future__ import annotations

from typing import Any

import highspy
import pyomo.environ as pyo
from contenders import Laps
from production.rows import MACHINES, PRODUCTS, RECIPES, fetch_rows
from pyomo.contrib.appsi.solvers.highs import Highs


def rules(connection: Any, lap: Laps) -> highspy.Highs:
    products, machines, recipes = (fetch_rows(connection, query) for query in (PRODUCTS, MACHINES, RECIPES))
    lap("read")
    bounds = {key: (low, high) for key, _, low, high in products}
    available = dict(machines)
    used: dict[int, list[tuple[int, float]]] = {key: [] for key in available}
    for product, machine, hours in recipes:
        used[machine].append((product, hours))

    model = pyo.ConcreteModel()
    model.production = pyo.Var([key for key, *_ in products], bounds=lambda model, p: bounds[p])

    @model.Constraint(list(available))
    def capacity(model: Any, m: int) -> Any:
        return pyo.quicksum(hours * model.production[p] for p, hours in used[m]) <= available[m]

    @model.Objective(sense=pyo.maximize)
    def profit(model: Any) -> Any:
        return pyo.quicksum(number * model.production[p] for p, number, _, _ in products)

    lap("write")
    return hold(model)


def hold(model: pyo.ConcreteModel) -> highspy.Highs:
    """Do what solving with ``appsi_highs`` does before it runs HiGHS."""
    solver = Highs()
    solver.set_instance(model)
    return solver._solver_model
