"""Production planning, step 4: plan what a plant makes, print it, save it, and write a report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from plan_figures import by_period, fullest, machine_names
from plant import PLANT_INPUTS, PLANT_URL, Period, PlannedLot, PlannedStock, PlanRun, get_session, run_on, url_parser
from plant_model import build_model, costs
from plant_report import write_report
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from lumix import LXModel, LXOptimizer, LXSolution, LXWriteBack


def save(session: Session, solution: LXSolution) -> None:
    """Replace the saved plan by this one, in one transaction, and record the run."""
    plan = LXWriteBack()
    plan.replace(PlannedStock, stock_rows(solution)).replace(PlannedLot, lot_rows(solution))
    plan.record(PlanRun, solution).write(session)
    session.commit()


def stock_rows(solution: LXSolution) -> Iterator[dict[str, float]]:
    stock, late = solution.variables["stock"], solution.variables["late"]
    for key, made in solution.variables["make"].items():
        product, period = key
        yield {"product_id": product, "period_id": period, "made": made, "stock": stock[key], "late": late[key]}


def lot_rows(solution: LXSolution) -> Iterator[dict[str, float]]:
    for (recipe, period), quantity in solution.variables["lot"].items():
        if quantity > 1e-6:
            yield {"recipe_id": recipe, "period_id": period, "quantity": quantity}


def display(session: Session, model: LXModel, solution: LXSolution) -> None:
    """Print what the plan costs, and what it does in each period."""
    proved = f", at most {solution.gap:.1%} above the best" if solution.gap and solution.gap > 1e-6 else ""
    print(f"Cost of the plan: {solution.objective_value:,.2f} ({solution.status}{proved})")
    for name, part in costs(model).items():
        print(f"  {name:<12}{solution.value(part):>12,.2f}")
    columns = {name: by_period(solution, name) for name in ("make", "stock", "late", "setup")}
    print(f"\n{'Period':<12}{'Made':>10}{'In stock':>10}{'Late':>10}{'Setups':>10}{'Fullest machine':>20}")
    machines = machine_names(session)
    for period in session.scalars(select(Period).order_by(Period.id)):
        amounts = "".join(f"{column[period.id]:>10,.0f}" for column in columns.values())
        print(f"{period.starts_on!s:<12}{amounts}{fullest(solution, period, machines):>20}")


def solve(model: LXModel, given: argparse.Namespace) -> LXSolution:
    optimizer = LXOptimizer().use_solver(given.solver)
    if given.relax:
        return optimizer.solve(model, relax=True)
    return optimizer.solve(model, mip_rel_gap=given.gap, time_limit=given.time_limit)


def plan(engine: Engine, given: argparse.Namespace) -> int:
    """Solve, print and save; return the exit status."""
    with get_session(engine) as session:
        model = build_model(session)
        solution = solve(model, given)
        if not solution.is_feasible():
            print(f"There is no plan: the model is {solution.status}.", file=sys.stderr)
            return 1
        display(session, model, solution)
        save(session, solution)
        if given.report:
            print(f"\nThe report is in {write_report(session, model, solution, given.report)}")
    return 0


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = url_parser("Plan what a plant makes, at the least cost.", PLANT_URL)
    parser.add_argument("--solver", default="highs", metavar="NAME", help="default: %(default)s")
    parser.add_argument(
        "--gap", type=float, default=0.05, help="stop when the plan is so near to the best one; default: %(default)s"
    )
    parser.add_argument("--time-limit", type=float, default=60, metavar="SECONDS", help="default: %(default)s")
    parser.add_argument(
        "--relax", action="store_true", help="let setups and batches be fractions: a bound for the cost"
    )
    parser.add_argument("--report", metavar="PATH", help="write a page with charts")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    given = arguments(argv)
    return run_on(given.url, lambda engine: plan(engine, given), PLANT_INPUTS, "plant_data.py")


if __name__ == "__main__":
    sys.exit(main())
