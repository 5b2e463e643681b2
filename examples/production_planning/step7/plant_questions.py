"""Production planning, step 7: what an hour more, or a bigger order, does to the plan of the plant of step 4."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

sys.path.append(str(Path(__file__).resolve().parents[1] / "step4"))

from plan_figures import by_period, machines_of
from plant import PLANT_INPUTS, PLANT_URL, Product, get_session, run_on, url_parser
from plant_model import build_model, orders_due

from lumix import LXOptimizer, LXSolution, LXWhatIfAnalyzer, LXWhatIfResult


def ask(session: Session, whatif: LXWhatIfAnalyzer) -> Iterator[tuple[str, LXWhatIfResult]]:
    """Yield questions and their answers, each about the plan as it is."""
    yield from hour_more(session, whatif, "Cutting", period=3)
    yield bigger_order(session, whatif, product=3, period=4, units=10)


def hour_more(
    session: Session, whatif: LXWhatIfAnalyzer, group: str, period: int
) -> Iterator[tuple[str, LXWhatIfResult]]:
    """Ask for one more hour in a group and a period, on each of its machines."""
    for one in machines_of(session, group):
        answer = whatif.increase_constraint_rhs("hours", by=1, key=(one.id, period))
        yield f"an hour more of {one.machine.name}, week {period}", answer


def bigger_order(
    session: Session, whatif: LXWhatIfAnalyzer, product: int, period: int, units: float
) -> tuple[str, LXWhatIfResult]:
    """Ask for more units of a product that are due in a period."""
    due = orders_due(session)[product, period]
    answer = whatif.modify_parameter("due", {(product, period): due + units})
    return f"{units:g} more of {session.get_one(Product, product).name}, week {period}", answer


def line(question: str, solution: LXSolution, change: str = "") -> str:
    """Return what a plan costs, its setups, and its units late, added up over the periods."""
    if not solution.is_feasible():
        return f"{question:<36}{solution.status:>10}"
    setups, late = by_period(solution, "setup"), by_period(solution, "late")
    proof = "" if solution.is_optimal() else f"   {solution.status}"
    figures = f"{sum(setups.values()):>8,.0f}{sum(late.values()) + 0.0:>8,.1f}"
    return f"{question:<36}{solution.objective_value:>10,.2f}{change:>10}{figures}{proof}"


def inquire(engine: Engine) -> int:
    """Ask and print; return the exit status."""
    optimizer = LXOptimizer().use_solver("highs", mip_rel_gap=0, time_limit=60)
    with get_session(engine) as session, LXWhatIfAnalyzer(build_model(session), optimizer) as whatif:
        baseline = whatif.get_baseline_solution()
        if not baseline.is_feasible():
            print(f"There is no plan: the model is {baseline.status}.", file=sys.stderr)
            return 1
        print(f"{'What if':<36}{'Cost':>10}{'Change':>10}{'Setups':>8}{'Late':>8}\n{line('(as it is)', baseline)}")
        for question, answer in ask(session, whatif):
            change = f"{round(answer.delta_objective, 2) + 0.0:+,.2f}" if answer.solution.is_feasible() else ""
            print(line(question, answer.solution, change), flush=True)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    given = url_parser("Tell what becomes of the plan when an hour or an order is added.", PLANT_URL).parse_args(argv)
    return run_on(given.url, inquire, PLANT_INPUTS, "plant_data.py")


if __name__ == "__main__":
    sys.exit(main())
