"""The lot-sizing model of the guide in PuLP, from the same tables."""

import sqlite3
import sys
import time

# The model begins here.
from collections import defaultdict

import pulp


def build(connection: sqlite3.Connection) -> pulp.LpProblem:
    connection.row_factory = sqlite3.Row
    products = connection.execute("SELECT * FROM products").fetchall()
    machines = connection.execute("SELECT * FROM machines").fetchall()
    weeks = [row["id"] for row in connection.execute("SELECT id FROM weeks ORDER BY id")]
    demand = defaultdict(float)
    for row in connection.execute("SELECT * FROM demands"):
        demand[row["product_id"], row["week_id"]] = row["units"]
    still_needed = {(p["id"], w): sum(demand[p["id"], v] for v in weeks if v >= w) for p in products for w in weeks}

    model = pulp.LpProblem("lots", pulp.LpMinimize)
    pairs = [(p["id"], w) for p in products for w in weeks]
    make = pulp.LpVariable.dicts("make", pairs, lowBound=0)
    stock = pulp.LpVariable.dicts("stock", pairs, lowBound=0)
    setup = pulp.LpVariable.dicts("setup", pairs, cat="Binary")
    model += pulp.lpSum(
        p["holding_cost"] * stock[p["id"], w] + p["setup_cost"] * setup[p["id"], w] for p in products for w in weeks
    )
    for p in products:
        for w in weeks:
            before = stock[p["id"], w - 1] if w > weeks[0] else p["stock"]
            model += before + make[p["id"], w] - stock[p["id"], w] == demand[p["id"], w]
            model += make[p["id"], w] <= still_needed[p["id"], w] * setup[p["id"], w]
    for m in machines:
        for w in weeks:
            model += (
                pulp.lpSum(
                    p["hours"] * make[p["id"], w] + p["setup_hours"] * setup[p["id"], w]
                    for p in products
                    if p["machine_id"] == m["id"]
                )
                <= m["hours"]
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
    model.solve(pulp.HiGHS(msg=False, gapRel=0))
    print("result:", len(model.variables()), len(model.constraints), pulp.value(model.objective), min(seconds))


if __name__ == "__main__":
    main()
