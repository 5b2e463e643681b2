"""Production planning, step 6: which machine of the plant of step 4 is worth an hour more, and when."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

sys.path.append(str(Path(__file__).resolve().parents[1] / "step4"))

from plant import PLANT_INPUTS, PLANT_URL, Period, PlantMachine, get_session, run_on, url_parser
from plant_model import build_model

from lumix import LXOptimizer, LXSolution

MOST = 5
"""How many hours are shown."""


class Hour(NamedTuple):
    """One more hour of a group in a period, on the machine where it is worth most."""

    worth: float
    group: str
    starts_on: date
    machine: str


def hours(session: Session, fixed: LXSolution) -> list[Hour]:
    """Return an hour of each group in each period, the most valuable first; setups are as in the plan."""
    price = fixed.shadow_prices["hours"]  # of the cost: an hour more lowers it
    best = dict[tuple[int, int], Hour]()
    for period in session.scalars(select(Period)):
        for machine in session.scalars(select(PlantMachine)):
            one = Hour(-price[machine.id, period.id], machine.group.name, period.starts_on, machine.machine.name)
            best[machine.group_id, period.id] = max(one, best.get((machine.group_id, period.id), one))
    return sorted(best.values(), reverse=True)


def display(rows: Sequence[Hour]) -> None:
    print(f"{'Group':<12}{'Period':<12}{'Machine':<14}{'An hour saves':>14}")
    for one in rows:
        if one.worth > 1e-6:
            print(f"{one.group:<12}{one.starts_on!s:<12}{one.machine:<14}{one.worth:>14,.2f}")


def price(engine: Engine) -> int:
    """Solve twice and print; return the exit status."""
    optimizer = LXOptimizer().use_solver("highs", mip_rel_gap=0, time_limit=60)
    with get_session(engine) as session:
        model = build_model(session)
        plan = optimizer.solve(model)
        if not plan.is_feasible():
            print(f"There is no plan: the model is {plan.status}.", file=sys.stderr)
            return 1
        print(f"Cost of the plan: {plan.objective_value:,.2f} ({plan.status})\n")
        display(hours(session, optimizer.solve(model, fix=plan))[:MOST])
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    given = url_parser("Tell which machine is worth an hour more.", PLANT_URL).parse_args(argv)
    return run_on(given.url, price, PLANT_INPUTS, "plant_data.py")


if __name__ == "__main__":
    sys.exit(main())
