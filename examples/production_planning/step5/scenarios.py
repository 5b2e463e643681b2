"""Production planning, step 5: the plan of step 2 in several futures, side by side."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

sys.path.append(str(Path(__file__).resolve().parents[1] / "step2"))

from database import Product, RawMaterial, get_session, run_on_data
from production_db import build_model, named, products

from lumix import LXOptimizer, LXScenario, LXScenarioAnalyzer, LXSweep


def futures(session: Session) -> list[LXScenario]:
    """Return what may come, each as a set of changes of the model."""
    wood, metal = named(session, RawMaterial, "Wood (board feet)"), named(session, RawMaterial, "Metal (pounds)")
    table, desk = named(session, Product, "Table"), named(session, Product, "Desk")
    return [
        LXScenario("second supplier").modify_constraint_rhs("material_quantity", add=250, key=wood),
        LXScenario("boom").modify_constraint_rhs("min_demand", multiply=1.2),
        LXScenario("fair")
        .modify_constraint_rhs("min_demand", set_value=12, key=table)
        .modify_constraint_rhs("material_quantity", multiply=1.5),
        LXScenario("lean desks").modify_parameter("quantity", {(desk.id, wood.id): 30, (desk.id, metal.id): 6}),
        LXScenario("one desk a day").modify_variable_bound("production", upper=5, key=desk),
        LXScenario("strike").modify_constraint_rhs("material_quantity", multiply=0.5, key=wood),
    ]


def display(session: Session, results: LXSweep) -> None:
    """Print the profit and the plan of every future."""
    rows = products(session)
    print(f"{'Scenario':<18}{'Profit':>10}{'Change':>10}" + "".join(f"{product.name:>8}" for product in rows))
    for name, result in results.items():
        if result.solution is not None and result.solution.is_feasible():
            made = result.solution.variables["production"]
            change = "" if name == "baseline" else f"{result.delta_objective:+,.2f}"
            plan = "".join(f"{made[product]:>8.2f}" for product in rows)
            print(f"{name:<18}{result.objective:>10,.2f}{change:>10}{plan}")
        else:
            print(f"{name:<18}{result.status:>10}")


def display_wood(analyzer: LXScenarioAnalyzer, session: Session) -> None:
    """Print what becomes of the profit with less and more wood."""
    wood = named(session, RawMaterial, "Wood (board feet)")
    shares = (0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
    print(f"\n{'Wood':<18}{'Profit':>10}")
    for share, result in analyzer.sensitivity_to_parameter("material_quantity", shares, key=wood).items():
        print(f"{share:<18.0%}{result.objective:>10,.2f}")


def compare(engine: Engine) -> int:
    """Solve all and print; return the exit status."""
    optimizer = LXOptimizer().use_solver("highs")
    with get_session(engine) as session, LXScenarioAnalyzer(build_model(session), optimizer) as analyzer:
        results = analyzer.add_scenarios(*futures(session)).run_all_scenarios()
        if not results["baseline"].is_optimal():
            print(f"There is no plan: the model is {results['baseline'].status}.", file=sys.stderr)
            return 1
        display(session, results)
        print(f"\nBest: {analyzer.get_best_scenario()}")
        display_wood(analyzer, session)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    return run_on_data("Compare the plan in several futures.", compare, argv)


if __name__ == "__main__":
    sys.exit(main())
