"""Figures of a plan, read off its solution: sums by period, and how full machines are; and which machines there are."""

from __future__ import annotations

import sys
from collections import Counter

from plant import MachineGroup, Period, PlantMachine
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lumix import LXSolution


def by_period(solution: LXSolution, variable: str) -> Counter[int]:
    """Return the sums of a family for each period."""
    sums = Counter[int]()
    for (_, period), value in solution.variables[variable].items():
        sums[period] += value
    return sums


def fullest(solution: LXSolution, period: Period, machines: dict[int, str]) -> str:
    """Return the machine with the largest share of its hours used in a period, and that share."""
    shares = {machine: round(used_share(solution, machine, period.id), 6) for machine in machines}
    machine = max(machines, key=lambda machine: shares[machine])
    return f"{machines[machine]} {shares[machine]:.0%}"


def used_share(solution: LXSolution, machine: int, period: int) -> float:
    """Return which share of its hours a machine runs, or is set up, in a period."""
    used, left = solution.activity["hours"][machine, period], solution.slack["hours"][machine, period]
    return used / (used + left) if used + left > 0 else 0.0


def machine_names(session: Session) -> dict[int, str]:
    return {
        m.id: m.machine.name for m in session.scalars(select(PlantMachine).options(joinedload(PlantMachine.machine)))
    }


def machines_of(session: Session, group: str) -> list[PlantMachine]:
    """Return the machines of a group, or end the script with a sentence where there is none."""
    wanted = select(PlantMachine).join(PlantMachine.group).where(MachineGroup.name == group).order_by(PlantMachine.id)
    machines = list(session.scalars(wanted))
    if not machines:
        sys.exit(f"The database holds no machine of a group named {group!r}: run plant_data.py to fill it.")
    return machines
