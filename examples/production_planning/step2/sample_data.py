"""Fill the database with the data of the production planning example."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from database import (
    Machine,
    MaterialRequirement,
    Product,
    ProductionRecipe,
    RawMaterial,
    clear_all_data,
    get_session,
    init_database,
    url_argument,
)
from sqlalchemy.orm import Session


def fill(session: Session) -> None:
    """Add the rows of the example to empty tables, and commit."""
    chair = Product(name="Chair", profit_per_unit=45.0, min_demand=10, max_demand=100)
    table = Product(name="Table", profit_per_unit=120.0, min_demand=5, max_demand=50)
    desk = Product(name="Desk", profit_per_unit=200.0, min_demand=3, max_demand=30)
    cutting = Machine(name="Cutting Machine", available_hours=80.0)
    assembly = Machine(name="Assembly Station", available_hours=100.0)
    wood = RawMaterial(name="Wood (board feet)", available_quantity=500.0, cost_per_unit=5.0)
    metal = RawMaterial(name="Metal (pounds)", available_quantity=200.0, cost_per_unit=8.0)
    fabric = RawMaterial(name="Fabric (yards)", available_quantity=150.0, cost_per_unit=12.0)
    hours = [
        (chair, cutting, 0.5),
        (chair, assembly, 1.0),
        (table, cutting, 1.5),
        (table, assembly, 2.5),
        (desk, cutting, 2.0),
        (desk, assembly, 3.5),
    ]
    quantities = [
        (chair, wood, 8.0),
        (chair, metal, 2.0),
        (chair, fabric, 2.0),
        (table, wood, 25.0),
        (table, metal, 5.0),
        (table, fabric, 1.0),
        (desk, wood, 35.0),
        (desk, metal, 8.0),  # a desk takes no fabric, so it has no row for it
    ]
    session.add_all([chair, table, desk, cutting, assembly, wood, metal, fabric])
    session.add_all(ProductionRecipe(product=p, machine=m, hours_required=x) for p, m, x in hours)
    session.add_all(MaterialRequirement(product=p, material=r, quantity_required=x) for p, r, x in quantities)
    session.commit()


def main(argv: Sequence[str] | None = None) -> int:
    engine = init_database(url_argument("Fill the database with the data of the example.", argv))
    with get_session(engine) as session:
        clear_all_data(session)
        fill(session)
    engine.dispose()
    print(f"Filled {engine.url!r}: 3 products, 2 machines, 3 materials, 6 recipes, 8 material requirements")
    return 0


if __name__ == "__main__":
    sys.exit(main())
