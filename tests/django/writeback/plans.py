"""Plans and solutions, for the tests of write-back."""

from __future__ import annotations

from workshop.models import Schedule

OLD = {1: 10.0, 2: 20.0}
NEW = {1: 5.5, 2: 5.5, 3: 5.5}
ROWS = [{"product_id": i, "quantity": 5.5} for i in (1, 2, 3)]


def plan(alias: str = "default") -> dict[int, float]:
    return dict(Schedule.objects.using(alias).order_by("product_id").values_list("product_id", "quantity"))
