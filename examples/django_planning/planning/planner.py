"""From the tables to a plan, and from the plan to the tables that the planner sees."""

from __future__ import annotations

from django.db import transaction

from lumix import LXOptimizer, LXSolution, LXWriteBack
from planning.model import build_model, hours_by_machine, quantity_by_material
from planning.models import Machine, PlanRun, Product, ProductionSchedule, RawMaterial, ResourceUtilization


def make_plan() -> LXSolution:
    """Solve the model, replace the saved plan, and add the run to the history, in one transaction.

    A run that finds no plan is in the history too, and the saved plan stays.
    """
    with transaction.atomic():
        solution = LXOptimizer().use_solver("highs").solve(build_model(), snapshot=True)
        results = LXWriteBack().record(PlanRun, solution)
        if solution.is_feasible():
            results.replace(ProductionSchedule, schedules(solution))
            results.replace(ResourceUtilization, utilizations(solution))
        results.write()
    return solution


def schedules(solution: LXSolution) -> list[ProductionSchedule]:
    """Return a row for each product: its quantity and its profit."""
    made = solution.variables["production"]
    return [
        ProductionSchedule(product=p, quantity=made[p], profit_contribution=p.profit_per_unit * made[p])
        for p in Product.objects.order_by("pk")
    ]


def utilizations(solution: LXSolution) -> list[ResourceUtilization]:
    """Return a row for each machine and each material: how much of it the plan uses."""
    hours, quantity = hours_by_machine(), quantity_by_material()
    made = solution.variables["production"].items()  # pairs of a product's id and its quantity
    of_machines = [
        utilization("machine", m, m.available_hours, sum(hours[p, m.id] * units for p, units in made))
        for m in Machine.objects.order_by("pk")
    ]
    of_materials = [
        utilization("material", r, r.available_quantity, sum(quantity[p, r.id] * units for p, units in made))
        for r in RawMaterial.objects.order_by("pk")
    ]
    return of_machines + of_materials


def utilization(kind: str, resource: Machine | RawMaterial, available: float, used: float) -> ResourceUtilization:
    return ResourceUtilization(
        resource_type=kind,
        resource_id=resource.id,
        resource_name=resource.name,
        used=used,
        available=available,
        utilization_pct=100 * used / available if available else 0.0,
    )
