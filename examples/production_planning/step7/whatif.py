"""Production planning, step 7: what becomes of the plan of step 2 when a number is another one."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

sys.path.append(str(Path(__file__).resolve().parents[1] / "step2"))

from database import (
    Machine,
    Product,
    RawMaterial,
    create_cached_material_requirement_checker,
    get_session,
    run_on_data,
)
from production_db import build_model, named, products

from lumix import LXOptimizer, LXSolution, LXWhatIfAnalyzer, LXWhatIfResult


def ask(session: Session, whatif: LXWhatIfAnalyzer) -> dict[str, LXWhatIfResult]:
    """Return the answers to the questions of the week, each about the plan as it is."""
    wood, assembly = named(session, RawMaterial, "Wood (board feet)"), named(session, Machine, "Assembly Station")
    chair, table, desk = (named(session, Product, name) for name in ("Chair", "Table", "Desk"))
    get_quantity = create_cached_material_requirement_checker(session)
    thinner = {(desk.id, wood.id): 0.9 * get_quantity(desk.id, wood.id)}
    return {
        "100 more board feet of wood": whatif.increase_constraint_rhs("material_quantity", by=100, key=wood),
        "half of the assembly hours": whatif.decrease_constraint_rhs("machine_hours", by_percent=0.5, key=assembly),
        "a promise of 5 tables more": whatif.increase_constraint_rhs("min_demand", by=5, key=table),
        "no more than 7 desks": whatif.modify_variable_bound("production", upper=7, key=desk),
        "a desk takes 10% less wood": whatif.modify_parameter("quantity", thinner),
        "a chair earns 5% more": whatif.modify_data(
            Product, lambda p: p.name == chair.name, "profit_per_unit", lambda p: 1.05 * p.profit_per_unit
        ),
        "a promise of 20 tables": whatif.increase_constraint_rhs("min_demand", to=20, key=table),
    }


def display_answers(session: Session, baseline: LXSolution, answers: dict[str, LXWhatIfResult]) -> None:
    """Print the profit and the plan that each change leads to."""
    rows = products(session)
    heads = "".join(f"{product.name:>8}" for product in rows)
    print(f"{'What if':<30}{'Profit':>10}{'Change':>10}{heads}")
    print(f"{'(as it is)':<30}{baseline.objective_value:>10,.2f}{'':>10}{quantities(rows, baseline)}")
    for question, answer in answers.items():
        if answer.solution.is_feasible():
            figures = f"{answer.new_objective:>10,.2f}{answer.delta_objective:>+10,.2f}"
            print(f"{question:<30}{figures}{quantities(rows, answer.solution)}")
        else:
            print(f"{question:<30}{answer.solution.status:>10}")


def quantities(rows: Sequence[Product], solution: LXSolution) -> str:
    return "".join(f"{solution.variables['production'][product]:>8.2f}" for product in rows)


def display_offer(session: Session, answer: LXWhatIfResult, units: float, price: float) -> None:
    """Print whether wood at a higher price pays off; the profits are net of wood at its usual cost."""
    dearer = units * (price - named(session, RawMaterial, "Wood (board feet)").cost_per_unit)
    print(f"\n{units:g} board feet at {price:.2f} cost {dearer:,.2f} more than usual", end=" ")
    print(f"and add {answer.delta_objective:,.2f}: {answer.delta_objective - dearer:+,.2f}")


def display_promises(session: Session, whatif: LXWhatIfAnalyzer) -> None:
    """Print what is left of the profit for more and more tables promised."""
    print(f"\n{'Tables promised':<20}{'Profit':>10}")
    table = named(session, Product, "Table")
    for promised, profit in whatif.sensitivity_range("min_demand", 5, 13, num_points=9, key=table):
        print(f"{promised:<20g}{'no plan' if math.isnan(profit) else f'{profit:,.2f}':>10}")


def inquire(engine: Engine) -> int:
    """Ask and print; return the exit status."""
    optimizer = LXOptimizer().use_solver("highs")
    with get_session(engine) as session, LXWhatIfAnalyzer(build_model(session), optimizer) as whatif:
        baseline = whatif.get_baseline_solution()
        if not baseline.is_optimal():
            print(f"There is no plan: the model is {baseline.status}.", file=sys.stderr)
            return 1
        answers = ask(session, whatif)
        display_answers(session, baseline, answers)
        display_offer(session, answers["100 more board feet of wood"], units=100, price=9.00)
        print(f"\n{answers['a promise of 20 tables'].infeasibility}")
        display_promises(session, whatif)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    return run_on_data("Tell what becomes of the plan when a number is another one.", inquire, argv)


if __name__ == "__main__":
    sys.exit(main())
