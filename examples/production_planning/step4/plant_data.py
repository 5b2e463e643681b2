"""Fill a database with a plant of any size: made-up rows, the same ones every time."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from random import Random
from typing import Any, NamedTuple

from plant import (
    PLANT_URL,
    Base,
    Customer,
    CustomerOrder,
    DatedOrder,
    Machine,
    MachineGroup,
    Maintenance,
    MaterialRequirement,
    Period,
    PlantMachine,
    PlantProduct,
    PlantRecipe,
    PriceStep,
    Product,
    ProductionRecipe,
    RawMaterial,
    Stage,
    clear_all_data,
    get_session,
    init_database,
    url_parser,
)
from sqlalchemy import URL, Engine, insert
from sqlalchemy.orm import Session

KINDS = {"Chair": 45.0, "Table": 120.0, "Desk": 200.0, "Shelf": 60.0, "Bench": 80.0, "Cabinet": 150.0}
"""What one of the kind earns."""
GROUPS = ("Cutting", "Drilling", "Assembly", "Painting", "Packing")
MATERIALS = {"Wood": 5.0, "Metal": 8.0, "Fabric": 12.0, "Glass": 9.0, "Varnish": 4.0, "Screws": 0.5}
"""What a unit costs."""
STAGES = 2
"""In how many groups a product is worked on."""
ALTERNATIVES = 2
"""On how many machines of a group it can be made."""
FIRST_MONDAY = date(2027, 1, 4)

Row = dict[str, Any]
Rows = Iterable[Row]


@dataclass(frozen=True)
class Size:
    """How large a plant is."""

    products: int = 50
    periods: int = 12

    @classmethod
    def of(cls, variables: int, periods: int) -> Size:
        """Return the size of a plant whose model has about so many variables."""
        per_product = 3 + 2 * STAGES * ALTERNATIVES
        return cls(max(1, round(variables / periods / per_product)), periods)

    @property
    def machines_a_group(self) -> int:
        return max(ALTERNATIVES, math.ceil(self.products * STAGES / len(GROUPS) / 12))


class Route(NamedTuple):
    """A product, a group that it goes through, and the hours of one unit on the fastest machine there."""

    product: int
    group: int
    hours: float


class Plant:
    """The rows of a made-up plant.

    Args:
        size: of it.
        weekly: the average demand of each product for a period, in units.
    """

    def __init__(self, size: Size) -> None:
        self.size = size
        self.draw = Random(2027)
        self.weekly = [self.draw.randint(10, 40) for _ in range(size.products)]
        self.routes = [
            Route(p, g, self.draw.uniform(0.1, 0.4))
            for p in range(size.products)
            for g in self.draw.sample(range(len(GROUPS)), STAGES)
        ]

    def hours(self, group: int) -> float:
        """Return the hours that each machine of a group has in a period: not many more than the products need."""
        needed = sum(self.weekly[one.product] * one.hours + 1.0 for one in self.routes if one.group == group)
        return max(8.0, math.ceil(needed / self.size.machines_a_group / 0.8))

    def tables(self) -> Iterator[tuple[type[Base], Rows]]:
        """Yield each class with its rows; what a row refers to comes before it."""
        yield Period, ({"id": t + 1, "starts_on": FIRST_MONDAY + timedelta(weeks=t)} for t in range(self.size.periods))
        yield Product, self._products()
        yield PlantProduct, self._plant_products()
        yield from self._machines()
        yield from self._recipes()
        yield from self._materials()
        yield from self._orders()

    def _products(self) -> Rows:
        kinds = list(KINDS.items())
        for p, weekly in enumerate(self.weekly):
            kind, profit = kinds[p % len(kinds)]
            name, earns = f"{kind} {1 + p // len(kinds)}", profit * self.draw.uniform(0.8, 1.2)
            yield {
                "id": p + 1,
                "name": name,
                "profit_per_unit": round(earns, 2),
                "min_demand": 0.0,
                "max_demand": 5.0 * weekly,
            }

    def _plant_products(self) -> Rows:
        kinds = list(KINDS.values())
        for p, weekly in enumerate(self.weekly):
            earns = kinds[p % len(kinds)]
            yield {
                "id": p + 1,
                "opening_stock": 1.0 * weekly,
                "smallest_batch": 0.5 * weekly,
                "largest_batch": 4.0 * weekly,
                "holding_cost": round(0.02 * earns, 2),
                "late_cost": round(0.5 * earns, 2),
            }

    def _machines(self) -> Iterator[tuple[type[Base], Rows]]:
        yield MachineGroup, ({"id": g + 1, "name": name} for g, name in enumerate(GROUPS))
        machines = list[Row]()
        for g, name in enumerate(GROUPS):
            hours = self.hours(g)
            for i in range(self.size.machines_a_group):
                machines.append({"id": len(machines) + 1, "name": f"{name} {i + 1}", "available_hours": hours})
        yield Machine, machines
        yield (
            PlantMachine,
            ({"id": m["id"], "group_id": 1 + i // self.size.machines_a_group} for i, m in enumerate(machines)),
        )
        yield (
            Maintenance,
            (
                {
                    "machine_id": m["id"],
                    "period_id": 1 + self.draw.randrange(self.size.periods),
                    "hours": 0.25 * m["available_hours"],
                }
                for m in machines
            ),
        )

    def _recipes(self) -> Iterator[tuple[type[Base], Rows]]:
        recipes, setups = list[Row](), list[Row]()
        number = self.size.machines_a_group
        for stage, (p, g, hours) in enumerate(self.routes):
            first = self.draw.randrange(number)
            for k in range(ALTERNATIVES):  # the second machine is slower
                recipe = {
                    "id": len(recipes) + 1,
                    "product_id": p + 1,
                    "hours_required": round(hours * (1 + 0.3 * k), 3),
                }
                recipes.append({**recipe, "machine_id": 1 + g * number + (first + k) % number})
                setup = {"setup_hours": self.draw.choice((1.0, 1.5)), "setup_cost": 1.0 * self.draw.randint(10, 40)}
                setups.append({"id": len(recipes), "stage_id": stage + 1, "largest_lot": 2.5 * self.weekly[p], **setup})
        yield (
            Stage,
            (
                {"id": stage + 1, "product_id": one.product + 1, "group_id": one.group + 1}
                for stage, one in enumerate(self.routes)
            ),
        )
        yield ProductionRecipe, recipes
        yield PlantRecipe, setups

    def _materials(self) -> Iterator[tuple[type[Base], Rows]]:
        needed = dict.fromkeys(range(len(MATERIALS)), 0.0)
        requirements = list[Row]()
        for p, weekly in enumerate(self.weekly):
            for r in self.draw.sample(range(len(MATERIALS)), 3):
                quantity = self.draw.randint(1, 8)
                needed[r] += quantity * weekly
                requirements.append({"product_id": p + 1, "material_id": r + 1, "quantity_required": quantity})
        costs = list(MATERIALS.items())
        yield (
            RawMaterial,
            (
                {"id": r + 1, "name": name, "available_quantity": round(0.95 * needed[r]), "cost_per_unit": cost}
                for r, (name, cost) in enumerate(costs)
            ),
        )
        yield MaterialRequirement, requirements
        yield (
            PriceStep,
            (
                {"material_id": r + 1, "quantity": round(share * needed[r]), "surcharge": round(dearer * cost, 2)}
                for r, (_, cost) in enumerate(costs)
                for share, dearer in ((0.1, 0.1), (0.5, 0.3))
            ),
        )

    def _orders(self) -> Iterator[tuple[type[Base], Rows]]:
        customers = max(3, self.size.products // 5)
        yield Customer, ({"id": c + 1, "name": f"Customer {c + 1}", "rank": 1 + c % 3} for c in range(customers))
        orders, dates = list[Row](), list[Row]()
        for p, weekly in enumerate(self.weekly):
            for t in range(self.size.periods):
                if self.draw.random() < 0.6:
                    own = {"id": len(orders) + 1}
                    quantity = float(round(weekly * self.draw.uniform(0.9, 2.2)))
                    customer = 1 + self.draw.randrange(customers)
                    orders.append({**own, "customer_id": customer, "product_id": p + 1, "quantity": quantity})
                    dates.append({**own, "period_id": t + 1})
        yield CustomerOrder, orders
        yield DatedOrder, dates


def fill(session: Session, size: Size) -> None:
    """Add the rows of a plant to empty tables, and commit."""
    for cls, rows in Plant(size).tables():
        for part in parts(iter(rows)):
            session.execute(insert(cls), part)
    session.commit()


def parts(rows: Iterator[Row], length: int = 10_000) -> Iterator[list[Row]]:
    while part := list(islice(rows, length)):
        yield part


def fill_database(url: URL | str, size: Size) -> Engine:
    """Replace what is in a database by a plant, and return its engine."""
    engine = init_database(url)
    with get_session(engine) as session:
        clear_all_data(session)
        fill(session, size)
    return engine


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = url_parser("Fill a database with a plant.", PLANT_URL)
    parser.add_argument("--periods", type=int, default=Size.periods, metavar="N", help="default: %(default)s")
    how_large = parser.add_mutually_exclusive_group()
    how_large.add_argument("--products", type=int, default=Size.products, metavar="N", help="default: %(default)s")
    how_large.add_argument("--scale", type=int, metavar="N", help="as many products as make a model of N variables")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    given = arguments(argv)
    size = Size.of(given.scale, given.periods) if given.scale else Size(given.products, given.periods)
    engine = fill_database(given.url, size)
    engine.dispose()
    machines = len(GROUPS) * size.machines_a_group
    print(
        f"Filled {engine.url!r}: {size.products} products, {size.periods} periods, "
        f"{machines} machines in {len(GROUPS)} groups"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
