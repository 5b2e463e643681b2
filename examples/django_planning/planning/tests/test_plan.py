"""The command ``plan``: what it prints, what it writes, and what it leaves alone."""

from __future__ import annotations

from io import StringIO
from typing import Any
from unittest import skipUnless

from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import TestCase, TransactionTestCase

from planning.models import Machine, MaterialRequirement, PlanRun, Product, ProductionSchedule, ResourceUtilization

PLAN = """\
Total profit: 2,735.71 (optimal)

Product               Quantity      Profit
Chair                    10.00      450.00
Table                     5.00      600.00
Desk                      8.43    1,685.71

Resource                  Used   Available
Cutting Machine          29.36       80.00    36.7%
Assembly Station         52.00      100.00    52.0%
Wood (board feet)       500.00      500.00   100.0%
Metal (pounds)          112.43      200.00    56.2%
Fabric (yards)           25.00      150.00    16.7%
"""


def plan() -> str:
    printed = StringIO()
    call_command("plan", stdout=printed)
    return printed.getvalue()


def quantities() -> dict[str, float]:
    return {one.product.name: round(one.quantity, 6) for one in ProductionSchedule.objects.select_related("product")}


class PlanTest(TestCase):
    def test_the_plan_is_printed(self) -> None:
        self.assertEqual(plan(), PLAN)

    def test_the_schedule_is_saved(self) -> None:
        plan()

        self.assertEqual(quantities(), {"Chair": 10, "Table": 5, "Desk": 8.428571})
        profits = ProductionSchedule.objects.values_list("profit_contribution", flat=True)
        self.assertAlmostEqual(sum(profits), 2735.714286, places=6)

    def test_the_use_of_each_resource_is_saved(self) -> None:
        plan()

        kinds = ResourceUtilization.objects.order_by("resource_type", "resource_id").values_list(
            "resource_type", "used"
        )
        saved = [(kind, round(used, 6)) for kind, used in kinds]
        machines = [("machine", 29.357143), ("machine", 52.0)]
        self.assertEqual(saved, [*machines, ("material", 500.0), ("material", 112.428571), ("material", 25.0)])

    def test_the_run_is_in_the_history(self) -> None:
        plan()

        run = PlanRun.objects.get()
        self.assertEqual((run.model, run.solver, run.status, run.limit), ("production plan", "highs", "optimal", None))
        self.assertAlmostEqual(run.objective or 0, 2735.714286, places=6)

    def test_planning_twice_leaves_one_plan_and_two_runs(self) -> None:
        plan()

        self.assertEqual(plan(), PLAN)

        rows = (ProductionSchedule.objects.count(), ResourceUtilization.objects.count(), PlanRun.objects.count())
        self.assertEqual(rows, (3, 5, 2))

    def test_the_plan_follows_the_data(self) -> None:
        Product.objects.filter(name="Table").update(min_demand=6)

        plan()

        self.assertEqual(quantities(), {"Chair": 10, "Table": 6, "Desk": 7.714286})

    def test_each_table_is_read_once_for_the_model(self) -> None:
        Product.objects.create(name="Stool", profit_per_unit=20, max_demand=40)
        with self.assertNumQueries(0):
            from planning.model import build_model

            model = build_model()

        with self.assertNumQueries(5):
            model.compile()


class OneMomentTest(TransactionTestCase):
    serialized_rollback = True

    @skipUnless(connection.vendor == "postgresql", "SQLite lets nobody write while a plan is read")
    def test_what_others_change_meanwhile_is_in_the_next_plan(self) -> None:
        other = connection.copy()
        self.addCleanup(other.close)

        def change(execute: Any, sql: str, *rest: Any) -> Any:
            if "production_recipes" in sql:
                with other.cursor() as cursor:
                    cursor.execute("UPDATE products SET profit_per_unit = profit_per_unit + 1000")
            return execute(sql, *rest)

        with connection.execute_wrapper(change):
            plan()

        profits = ProductionSchedule.objects.values_list("profit_contribution", flat=True)
        self.assertAlmostEqual(sum(profits), PlanRun.objects.get().objective or 0, places=6)


class NoPlanTest(TestCase):
    def test_an_infeasible_plan_is_said_and_the_saved_plan_stays(self) -> None:
        plan()
        Product.objects.filter(name="Chair").update(min_demand=1000, max_demand=2000)

        sentence = "There is no new plan: the model is infeasible. The saved plan stays as it was."
        with self.assertRaisesMessage(CommandError, sentence):
            plan()

        self.assertEqual(quantities(), {"Chair": 10, "Table": 5, "Desk": 8.428571})
        self.assertEqual(ResourceUtilization.objects.count(), 5)

    def test_an_infeasible_run_is_in_the_history(self) -> None:
        Product.objects.filter(name="Chair").update(min_demand=1000, max_demand=2000)

        with self.assertRaises(CommandError):
            plan()

        run = PlanRun.objects.get()
        self.assertEqual((run.status, run.objective), ("infeasible", None))

    def test_without_data_one_sentence_tells_what_to_do(self) -> None:
        for model in (MaterialRequirement, Product, Machine):
            model.objects.all().delete()

        sentence = "There is nothing to plan with: no products, no machines. Add them in the admin, or bring the sample"
        with self.assertRaisesMessage(CommandError, sentence):
            plan()

        self.assertEqual(PlanRun.objects.count(), 0)

    def test_a_number_that_is_none_is_refused_by_name(self) -> None:
        plan()
        Product.objects.filter(name="Desk").update(profit_per_unit=float("inf"))

        with self.assertRaisesRegex(CommandError, "^There is no new plan. .*'production'.* infinite .*profit_per_unit"):
            plan()

        self.assertEqual((quantities()["Desk"], PlanRun.objects.count()), (8.428571, 1))


class MigrationTest(TransactionTestCase):
    serialized_rollback = True

    def test_the_migrations_are_those_of_the_models(self) -> None:
        call_command("makemigrations", "--check", "--dry-run", stdout=StringIO())

    def test_a_database_without_tables_is_one_sentence(self) -> None:
        self.migrate("zero")
        self.addCleanup(self.migrate, "0002_sample_data")

        with self.assertRaisesMessage(CommandError, "The database lacks tables. Run: python manage.py migrate"):
            plan()

    def test_the_sample_data_come_back_and_what_is_there_stays(self) -> None:
        Product.objects.filter(name="Chair").update(profit_per_unit=46)
        Product.objects.filter(name="Desk").delete()

        self.migrate("0001_initial")
        self.migrate("0002_sample_data")

        profits = dict(Product.objects.values_list("name", "profit_per_unit"))
        self.assertEqual(profits, {"Chair": 46, "Table": 120, "Desk": 200})
        self.assertEqual(MaterialRequirement.objects.count(), 8)

    def migrate(self, name: str) -> None:
        executor = MigrationExecutor(connection)
        executor.migrate([("planning", None if name == "zero" else name)])
