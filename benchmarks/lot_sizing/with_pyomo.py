"""The lot-sizing model of the guide in Pyomo, from the same tables."""

import sqlite3
import sys
import time

# The model begins here.
from collections import defaultdict

import pyomo.environ as pyo


def build(connection: sqlite3.Connection) -> pyo.ConcreteModel:
    connection.row_factory = sqlite3.Row
    products = {row["id"]: row for row in connection.execute("SELECT * FROM products")}
    machines = {row["id"]: row for row in connection.execute("SELECT * FROM machines")}
    weeks = [row["id"] for row in connection.execute("SELECT id FROM weeks ORDER BY id")]
    demand = defaultdict(float)
    for row in connection.execute("SELECT * FROM demands"):
        demand[row["product_id"], row["week_id"]] = row["units"]
    still_needed = {(p, w): sum(demand[p, v] for v in weeks if v >= w) for p in products for w in weeks}

    model = pyo.ConcreteModel()
    model.P, model.M, model.W = (
        pyo.Set(initialize=list(products)),
        pyo.Set(initialize=list(machines)),
        pyo.Set(initialize=weeks),
    )
    model.make = pyo.Var(model.P, model.W, domain=pyo.NonNegativeReals)
    model.stock = pyo.Var(model.P, model.W, domain=pyo.NonNegativeReals)
    model.setup = pyo.Var(model.P, model.W, domain=pyo.Binary)

    @model.Constraint(model.P, model.W)
    def balance(model, p, w):
        before = model.stock[p, w - 1] if w > weeks[0] else products[p]["stock"]
        return before + model.make[p, w] - model.stock[p, w] == demand[p, w]

    @model.Constraint(model.M, model.W)
    def hours(model, m, w):
        used = sum(
            products[p]["hours"] * model.make[p, w] + products[p]["setup_hours"] * model.setup[p, w]
            for p in model.P
            if products[p]["machine_id"] == m
        )
        return used <= machines[m]["hours"]

    @model.Constraint(model.P, model.W)
    def switch(model, p, w):
        return model.make[p, w] <= still_needed[p, w] * model.setup[p, w]

    @model.Objective()
    def cost(model):
        return sum(
            products[p]["holding_cost"] * model.stock[p, w] + products[p]["setup_cost"] * model.setup[p, w]
            for p in model.P
            for w in model.W
        )

    return model


# The model ends here.


def main() -> None:
    """Solve the model of a file of SQLite, and print its sizes and its optimum."""
    connection = sqlite3.connect(sys.argv[1])
    seconds = []
    for _ in range(7):
        began = time.perf_counter()
        model = build(connection)
        seconds.append(time.perf_counter() - began)
    solver = pyo.SolverFactory("appsi_highs")
    solver.highs_options["mip_rel_gap"] = 0.0
    solver.solve(model)
    print("result:", model.nvariables(), model.nconstraints(), pyo.value(model.cost), min(seconds))


if __name__ == "__main__":
    main()
