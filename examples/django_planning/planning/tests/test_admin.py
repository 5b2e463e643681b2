"""The pages of the admin, as Django's test client reads them."""

from __future__ import annotations

import re
from io import StringIO

from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.http import HttpResponse
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from planning.models import Machine, PlanRun, Product, ProductionSchedule


def page(model: str, kind: str = "changelist", *args: object) -> str:
    return reverse(f"admin:planning_{model}_{kind}", args=args)


def table(response: HttpResponse) -> list[list[str]]:
    """The cells of a list, row by row."""
    body = response.content.decode().partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body, flags=re.DOTALL)
    return [[strip_tags(cell).strip() for cell in re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL)] for row in rows]


class AdminTest(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.planner = User.objects.create_superuser("planner")

    def setUp(self) -> None:
        self.client.force_login(self.planner)

    def plan(self) -> None:
        call_command("plan", stdout=StringIO())

    def plan_in_vain(self) -> None:
        Product.objects.filter(name="Chair").update(min_demand=1000, max_demand=2000)
        with self.assertRaises(CommandError):
            self.plan()

    def test_the_schedule_shows_each_product_the_most_profitable_first(self) -> None:
        self.plan()

        shown = table(self.client.get(page("productionschedule")))

        self.assertEqual(
            shown,
            [
                ["Desk", "8.43", "3 to 30", "1,685.71"],
                ["Table", "5.00", "5 to 50", "600.00"],
                ["Chair", "10.00", "10 to 100", "450.00"],
            ],
        )

    def test_the_schedule_says_which_run_it_is_of(self) -> None:
        self.plan()
        self.plan()

        response = self.client.get(page("productionschedule"))

        when = f"{PlanRun.objects.latest().finished_at:%Y-%m-%d %H:%M} UTC"
        self.assertContains(response, f"<h2>Plan of {when}: profit 2,735.71, optimal</h2>", html=True)

    def test_a_later_run_without_a_plan_is_said_above_the_schedule(self) -> None:
        self.plan()
        self.plan_in_vain()

        response = self.client.get(page("productionschedule"))

        self.assertRegex(
            response.content.decode(), r"2,735\.71, optimal\. The run of .* UTC found none: infeasible</h2>"
        )

    def test_without_a_plan_the_schedule_says_how_to_make_one(self) -> None:
        response = self.client.get(page("productionschedule"))

        self.assertContains(response, "There is no plan yet. Run: python manage.py plan")

    def test_the_schedule_can_be_filtered_by_demand(self) -> None:
        Product.objects.filter(name="Desk").update(max_demand=4)
        self.plan()

        least = table(self.client.get(page("productionschedule"), {"demand": "least"}))
        greatest = table(self.client.get(page("productionschedule"), {"demand": "greatest"}))

        self.assertEqual([row[0] for row in least], ["Table"])
        self.assertEqual([row[0] for row in greatest], ["Desk"])

    def test_the_schedule_can_be_searched_by_product(self) -> None:
        self.plan()

        shown = table(self.client.get(page("productionschedule"), {"q": "desk"}))

        self.assertEqual([row[0] for row in shown], ["Desk"])

    def test_the_schedule_is_read_only(self) -> None:
        self.plan()
        line = ProductionSchedule.objects.get(product__name="Desk")

        places = [page("productionschedule", "add"), page("productionschedule", "delete", line.pk)]
        answers = [self.client.post(position, {"post": "yes"}).status_code for position in places]
        changed = self.client.post(page("productionschedule", "change", line.pk), {"quantity": 99}).status_code

        self.assertEqual((answers, changed), ([403, 403], 403))
        self.assertEqual(ProductionSchedule.objects.get(pk=line.pk).quantity, line.quantity)

    def test_a_line_of_the_schedule_can_be_opened(self) -> None:
        self.plan()
        line = ProductionSchedule.objects.get(product__name="Desk")

        response = self.client.get(page("productionschedule", "change", line.pk))

        self.assertContains(response, "8.428571")

    def test_the_number_of_queries_does_not_grow_with_the_schedule(self) -> None:
        self.plan()
        with CaptureQueriesContext(connection) as few:
            self.client.get(page("productionschedule"))
        Product.objects.bulk_create(Product(name=f"Stool {i}", profit_per_unit=1, max_demand=9) for i in range(20))
        self.plan()

        with CaptureQueriesContext(connection) as many:
            shown = table(self.client.get(page("productionschedule")))

        self.assertEqual((len(shown), len(many)), (23, len(few)))

    def test_the_fullest_resource_comes_first(self) -> None:
        self.plan()

        shown = table(self.client.get(page("resourceutilization")))

        self.assertEqual(shown[0], ["Wood (board feet)", "Material", "500.00", "500.00", "100.0%"])
        self.assertEqual(len(shown), 5)

    def test_resources_can_be_filtered_by_what_is_used_up(self) -> None:
        self.plan()

        used_up = table(self.client.get(page("resourceutilization"), {"used_up": "yes"}))
        left = table(self.client.get(page("resourceutilization"), {"used_up": "no"}))

        self.assertEqual([row[0] for row in used_up], ["Wood (board feet)"])
        self.assertEqual(len(left), 4)

    def test_the_history_has_runs_with_and_without_a_plan(self) -> None:
        self.plan()
        self.plan_in_vain()

        shown = table(self.client.get(page("planrun")))

        self.assertEqual(
            [row[1:4] for row in shown], [["infeasible", "no plan", "highs"], ["optimal", "2,735.71", "highs"]]
        )

    def test_a_product_is_edited_together_with_its_recipes(self) -> None:
        desk = Product.objects.get(name="Desk")

        response = self.client.get(page("product", "change", desk.pk))

        self.assertContains(response, 'name="recipes-1-hours_required" value="3.5"')
        self.assertContains(response, 'name="requirements-0-quantity_required" value="35.0"')

    def test_a_product_that_is_in_the_plan_can_be_deleted(self) -> None:
        self.plan()
        chair = Product.objects.get(name="Chair")

        self.client.post(page("product", "delete", chair.pk), {"post": "yes"})
        self.plan()

        shown = table(self.client.get(page("productionschedule")))
        self.assertEqual([row[0] for row in shown], ["Desk", "Table"])

    def test_a_machine_that_recipes_need_cannot_be_deleted(self) -> None:
        machine = Machine.objects.get(name="Cutting Machine")

        response = self.client.post(page("machine", "delete", machine.pk), {"post": "yes"})

        self.assertContains(response, "Chair on Cutting Machine")
        self.assertTrue(Machine.objects.filter(pk=machine.pk).exists())

    def test_every_page_of_the_app_opens(self) -> None:
        self.plan()

        for model in ("product", "machine", "rawmaterial", "productionschedule", "resourceutilization", "planrun"):
            self.assertEqual(self.client.get(page(model)).status_code, 200, model)
        self.assertRedirects(self.client.get("/"), reverse("admin:index"))
