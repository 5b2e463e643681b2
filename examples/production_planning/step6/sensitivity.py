"""Production planning, step 6: what limits the plan of step 2, what more would be worth, and how far that holds."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

sys.path.append(str(Path(__file__).resolve().parents[1] / "step2"))

from database import get_session, run_on_data
from production_db import build_model, machines, materials, products, solve

from lumix import LXSensitivityAnalyzer


def display_resources(session: Session, analyzer: LXSensitivityAnalyzer) -> None:
    """Print what one more unit of each resource is worth, and the amounts available for which that holds."""
    hours = [(m.name, m.available_hours, analyzer.analyze_constraint("machine_hours", m)) for m in machines(session)]
    stock = [
        (r.name, r.available_quantity, analyzer.analyze_constraint("material_quantity", r)) for r in materials(session)
    ]
    print(f"\n{'Resource':<20}{'Available':>10}{'Left over':>11}{'One more adds':>15}{'Holds from':>12}{'to':>10}")
    for name, available, one in hours + stock:
        first, last = available - one.allowable_decrease, available + one.allowable_increase
        print(
            f"{name:<20}{available:>10,.2f}{one.slack:>11,.2f}{one.shadow_price:>15,.2f}"
            f"{limit(first):>12}{limit(last):>10}"
        )


def display_purchases(session: Session, analyzer: LXSensitivityAnalyzer) -> None:
    """Print up to which price more of a material pays off; the profits are net of materials at their cost."""
    print()
    for material in materials(session):
        one = analyzer.analyze_constraint("material_quantity", material)
        if one.shadow_price > 1e-9:
            print(
                f"{material.name} costs {material.cost_per_unit:,.2f}; up to {limit(one.allowable_increase)} more pay "
                f"off below {material.cost_per_unit + one.shadow_price:,.2f}"
            )


def display_promises(session: Session, analyzer: LXSensitivityAnalyzer) -> None:
    """Print what the last promised unit of each product costs, and the promises for which that holds."""
    print(f"\n{'Promised':<20}{'At least':>10}{'Last one costs':>26}{'Holds from':>12}{'to':>10}")
    for product in products(session):
        one = analyzer.analyze_constraint("min_demand", product)
        first, last = product.min_demand - one.allowable_decrease, product.min_demand + one.allowable_increase
        cost = 0.0 - one.shadow_price
        print(f"{product.name:<20}{product.min_demand:>10,.2f}{cost:>26,.2f}{limit(first):>12}{limit(last):>10}")


def display_profits(session: Session, analyzer: LXSensitivityAnalyzer) -> None:
    """Print the profits per unit for which the plan stays the best one."""
    print(f"\n{'Product':<20}{'Quantity':>10}{'Profit a unit':>26}{'Same from':>12}{'to':>10}")
    for product in products(session):
        one = analyzer.analyze_variable("production", product)
        first, last = one.objective_range
        profit = one.objective_coefficient
        print(f"{product.name:<20}{one.value:>10,.2f}{profit:>26,.2f}{limit(first):>12}{limit(last):>10}")


def limit(number: float) -> str:
    return "any" if math.isinf(number) else f"{round(number, 6) + 0.0:,g}"  # never -0


def analyze(engine: Engine) -> int:
    """Solve and print; return the exit status."""
    with get_session(engine) as session:
        model = build_model(session)
        solution = solve(model)
        if not solution.is_optimal():
            print(f"There is no plan: the model is {solution.status}.", file=sys.stderr)
            return 1
        analyzer = LXSensitivityAnalyzer(model, solution)
        print(f"Total profit: {solution.objective_value:,.2f}")
        display_resources(session, analyzer)
        display_purchases(session, analyzer)
        display_promises(session, analyzer)
        display_profits(session, analyzer)
        analyzer.close()
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    return run_on_data("Tell what limits the plan, and how far its numbers hold.", analyze, argv)


if __name__ == "__main__":
    sys.exit(main())
