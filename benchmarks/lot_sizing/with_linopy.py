"""The lot-sizing model of the guide in linopy, from the same tables."""

import sqlite3
import sys
import time

# The model begins here.
import linopy
import pandas as pd


def build(connection: sqlite3.Connection) -> linopy.Model:
    products = pd.read_sql("SELECT * FROM products", connection, index_col="id").rename_axis("product")
    machines = pd.read_sql("SELECT * FROM machines", connection, index_col="id").rename_axis("machine")
    weeks = pd.read_sql("SELECT id FROM weeks", connection)["id"].rename("week")
    demands = pd.read_sql("SELECT * FROM demands", connection).set_index(["product_id", "week_id"])["units"]
    demand = demands.rename_axis(["product", "week"]).to_xarray()
    demand = demand.reindex(product=products.index, week=weeks, fill_value=0)
    still_needed = demand.isel(week=slice(None, None, -1)).cumsum("week").sortby("week")
    need = demand.copy()
    need.loc[{"week": weeks.iloc[0]}] -= products["stock"].to_xarray()

    model = linopy.Model()
    pairs = [products.index, pd.Index(weeks)]
    make = model.add_variables(lower=0, coords=pairs, name="make")
    stock = model.add_variables(lower=0, coords=pairs, name="stock")
    setup = model.add_variables(binary=True, coords=pairs, name="setup")

    model.add_constraints(stock.shift(week=1).fillna(0) + make - stock == need, name="balance")

    machine = products["machine_id"].rename("machine")
    used = products["hours"].to_xarray() * make + products["setup_hours"].to_xarray() * setup
    model.add_constraints(used.groupby(machine).sum() <= machines["hours"].to_xarray(), name="hours")

    model.add_constraints(make - still_needed * setup <= 0, name="switch")

    cost = products["holding_cost"].to_xarray() * stock + products["setup_cost"].to_xarray() * setup
    model.add_objective(cost.sum())
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
    model.solve("highs", output_flag=False, mip_rel_gap=0, random_seed=0)
    print("result:", model.nvars, model.ncons, model.objective.value, min(seconds))


if __name__ == "__main__":
    main()
