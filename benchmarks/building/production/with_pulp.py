"""PuLP: loops over rows, expressions made from lists of pairs."""

from __future__ import annotations

from typing import Any

import highspy
import pulp
from contenders import Laps
from production.rows import MACHINES, PRODUCTS, RECIPES, fetch_rows


def loops(connection: Any, lap: Laps) -> highspy.Highs:
    products, machines, recipes = (fetch_rows(connection, query) for query in (PRODUCTS, MACHINES, RECIPES))
    lap("read")
    problem = pulp.LpProblem("production", pulp.LpMaximize)
    production = {key: pulp.LpVariable(f"production_{key}", low, high) for key, _, low, high in products}
    problem += pulp.LpAffineExpression([(production[key], profit) for key, profit, _, _ in products])
    used: dict[int, list[tuple[pulp.LpVariable, float]]] = {key: [] for key, _ in machines}
    for product, machine, hours in recipes:
        used[machine].append((production[product], hours))
    for key, available in machines:
        problem += pulp.LpAffineExpression(used[key]) <= available, f"capacity_{key}"
    lap("write")
    return hold(problem)


def hold(problem: pulp.LpProblem) -> highspy.Highs:
    """Do what ``problem.solve(pulp.HiGHS())`` does before it runs HiGHS."""
    solver = pulp.HiGHS(msg=False)
    solver.createAndConfigureSolver(problem)
    solver.buildSolverModel(problem)
    return problem.solverModel
