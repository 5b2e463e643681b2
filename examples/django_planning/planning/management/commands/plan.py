"""The command ``python manage.py plan``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from lumix import LXError
from planning.models import Machine, Product, ProductionSchedule, RawMaterial, ResourceUtilization
from planning.planner import make_plan

NEEDED = (Product, Machine, RawMaterial)


class Command(BaseCommand):
    help = "Plans the production that makes the most profit, and saves the plan."

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_missing_data()
        try:
            solution = make_plan()
        except LXError as error:
            raise CommandError(f"There is no new plan. {error}") from error
        if not solution.is_feasible():
            raise CommandError(f"There is no new plan: the model is {solution.status}. The saved plan stays as it was.")
        self.stdout.write(f"Total profit: {solution.objective_value:,.2f} ({solution.status})\n\n")
        self.print_saved_plan()

    def print_saved_plan(self) -> None:
        self.stdout.write(f"{'Product':<20}{'Quantity':>10}{'Profit':>12}")
        for one in ProductionSchedule.objects.select_related("product").order_by("product_id"):
            self.stdout.write(f"{one.product.name:<20}{one.quantity:>10,.2f}{one.profit_contribution:>12,.2f}")
        self.stdout.write(f"\n{'Resource':<20}{'Used':>10}{'Available':>12}")
        for use in ResourceUtilization.objects.order_by("resource_type", "resource_id"):
            numbers = f"{use.used:>10,.2f}{use.available:>12,.2f}{use.utilization_pct:>8.1f}%"
            self.stdout.write(f"{use.resource_name:<20}{numbers}")


def refuse_missing_data() -> None:
    """Say what there is to do where there is nothing to plan with."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError("The database lacks tables. Run: python manage.py migrate")
    missing = [str(one._meta.verbose_name_plural) for one in NEEDED if not one.objects.exists()]
    if missing:
        raise CommandError(
            f"There is nothing to plan with: no {', no '.join(missing)}. Add them in the admin, or bring the sample "
            f"data back: python manage.py migrate planning 0001 && python manage.py migrate"
        )
