"""Production planning, step 5: the plant of step 4 in several futures, side by side."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

sys.path.append(str(Path(__file__).resolve().parents[1] / "step4"))

from plan_figures import machines_of
from plant import PLANT_INPUTS, PLANT_URL, get_session, run_on, url_parser
from plant_model import build_model, costs

from lumix import LXModel, LXOptimizer, LXScenario, LXScenarioAnalyzer, LXSweep


def futures(session: Session) -> list[LXScenario]:
    """Return what may come, each as a set of changes of the model."""
    return [
        group_down(session, "Packing", period=2),
        LXScenario("orders up 10%").modify_parameter("due", lambda units: 1.1 * units),
        LXScenario("usual prices only").modify_variable_bound("buy", upper=0),
    ]


def group_down(session: Session, group: str, period: int) -> LXScenario:
    """Return the future in which no machine of a group runs in a period."""
    down = LXScenario(f"{group} down, week {period}")
    for machine in machines_of(session, group):
        down.modify_constraint_rhs("hours", set_value=0, key=(machine.id, period))
    return down


def display(model: LXModel, results: LXSweep) -> None:
    """Print what every future costs, and what for."""
    parts = costs(model)
    print(f"{'Scenario':<24}{'Cost':>10}{'Change':>10}" + "".join(f"{name:>12}" for name in parts))
    for name, result in results.items():
        if result.solution is None or not result.solution.is_feasible():
            print(f"{name:<24}{result.status:>10}")
            continue
        change = "" if name == "baseline" else f"{result.delta_objective:+,.2f}"
        shares = "".join(f"{result.solution.value(part) + 0.0:>12,.2f}" for part in parts.values())
        proof = "" if result.is_optimal() else f"   {result.status}"
        print(f"{name:<24}{result.objective:>10,.2f}{change:>10}{shares}{proof}")


def compare(engine: Engine) -> int:
    """Solve all and print; return the exit status."""
    optimizer = LXOptimizer().use_solver("highs", mip_rel_gap=0, time_limit=60)
    with get_session(engine) as session:
        model = build_model(session)
        with LXScenarioAnalyzer(model, optimizer) as analyzer:
            results = analyzer.add_scenarios(*futures(session)).run_all_scenarios()
        if not results["baseline"].is_feasible():
            print(f"There is no plan: the model is {results['baseline'].status}.", file=sys.stderr)
            return 1
        display(model, results)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    given = url_parser("Compare the plan of a plant in several futures.", PLANT_URL).parse_args(argv)
    return run_on(given.url, compare, PLANT_INPUTS, "plant_data.py")


if __name__ == "__main__":
    sys.exit(main())
