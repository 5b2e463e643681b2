"""Production planning, step 1: how much of each product to make, from plain lists."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from lumix import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXSolution, LXVariable


@dataclass(frozen=True)
class Product:
    id: int
    name: str
    profit_per_unit: float
    min_demand: float
    max_demand: float


@dataclass(frozen=True)
class Machine:
    id: int
    name: str
    available_hours: float


@dataclass(frozen=True)
class RawMaterial:
    id: int
    name: str
    available_quantity: float


PRODUCTS = [
    Product(1, "Chair", 45.0, 10, 100),
    Product(2, "Table", 120.0, 5, 50),
    Product(3, "Desk", 200.0, 3, 30),
]
MACHINES = [
    Machine(1, "Cutting Machine", 80.0),
    Machine(2, "Assembly Station", 100.0),
]
MATERIALS = [
    RawMaterial(1, "Wood (board feet)", 500.0),
    RawMaterial(2, "Metal (pounds)", 200.0),
    RawMaterial(3, "Fabric (yards)", 150.0),
]

HOURS = {  # one unit of a product on a machine, by (product id, machine id)
    (1, 1): 0.5,
    (1, 2): 1.0,
    (2, 1): 1.5,
    (2, 2): 2.5,
    (3, 1): 2.0,
    (3, 2): 3.5,
}
QUANTITIES = {  # a material in one unit of a product, by (product id, material id); a desk takes no fabric
    (1, 1): 8.0,
    (1, 2): 2.0,
    (1, 3): 2.0,
    (2, 1): 25.0,
    (2, 2): 5.0,
    (2, 3): 1.0,
    (3, 1): 35.0,
    (3, 2): 8.0,
}


def hours(product: Product, machine: Machine) -> float:
    return HOURS.get((product.id, machine.id), 0.0)


def quantity(product: Product, material: RawMaterial) -> float:
    return QUANTITIES.get((product.id, material.id), 0.0)


def build_model() -> LXModel:
    production = (
        LXVariable[Product, float]("production")
        .continuous()
        .bounds(lower=0)
        .indexed_by(lambda p: p.id)
        .from_data(PRODUCTS)
    )
    own = LXLinearExpression().add_term(production)
    return (
        LXModel("production plan")
        .add_variable(production)
        .maximize(LXLinearExpression().add_term(production, lambda p: p.profit_per_unit))
        .add_constraints(
            LXConstraint[Product]("min_demand")
            .expression(own)
            .ge()
            .rhs(lambda p: p.min_demand)
            .indexed_by(lambda p: p.id)
            .from_data(PRODUCTS),
            LXConstraint[Product]("max_demand")
            .expression(own)
            .le()
            .rhs(lambda p: p.max_demand)
            .indexed_by(lambda p: p.id)
            .from_data(PRODUCTS),
            LXConstraint[Machine]("machine_hours")
            .expression(LXLinearExpression().add_term(production, coeff=hours))
            .le()
            .rhs(lambda m: m.available_hours)
            .indexed_by(lambda m: m.id)
            .from_data(MACHINES),
            LXConstraint[RawMaterial]("material_quantity")
            .expression(LXLinearExpression().add_term(production, coeff=quantity))
            .le()
            .rhs(lambda r: r.available_quantity)
            .indexed_by(lambda r: r.id)
            .from_data(MATERIALS),
        )
    )


def solve(model: LXModel) -> LXSolution:
    return LXOptimizer().use_solver("highs").solve(model)


def display(solution: LXSolution) -> None:
    made = solution.variables["production"]
    print(f"Total profit: {solution.objective_value:,.2f}")
    for product in PRODUCTS:
        print(f"  {product.name:<8}{made[product]:8.2f}")
    print("Worth of one more unit:")
    for machine in MACHINES:
        print(f"  {machine.name:<20}{solution.shadow_prices['machine_hours'][machine]:8.2f}")
    for material in MATERIALS:
        print(f"  {material.name:<20}{solution.shadow_prices['material_quantity'][material]:8.2f}")


def main() -> int:
    solution = solve(build_model())
    if not solution.is_optimal():
        print(f"There is no plan: the model is {solution.status}.", file=sys.stderr)
        return 1
    display(solution)
    return 0


if __name__ == "__main__":
    sys.exit(main())
