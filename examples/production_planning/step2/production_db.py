"""Production planning, step 2: read the data from a database, solve, and write the plan back."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

from database import (
    Machine,
    Product,
    ProductionSchedule,
    RawMaterial,
    ResourceUtilization,
    create_cached_machine_hours_checker,
    create_cached_material_requirement_checker,
    get_session,
    run_on_data,
)
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, joinedload

from lumix import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXSolution, LXVariable, LXWriteBack

Row = TypeVar("Row", Product, Machine, RawMaterial)


def build_model(session: Session) -> LXModel:
    """Write the model of step 1 over the rows of a database, which are read when it is compiled."""
    hours = create_cached_machine_hours_checker(session)
    quantity = create_cached_material_requirement_checker(session)
    production = LXVariable[Product, float]("production").continuous().bounds(lower=0).from_model(session)

    profit = LXLinearExpression().add_term(production, lambda p: p.profit_per_unit)
    made = LXLinearExpression().add_term(production)
    used_hours = LXLinearExpression().add_term(production, lambda p, m: hours[p.id, m.id])
    used_quantity = LXLinearExpression().add_term(production, lambda p, r: quantity[p.id, r.id])

    min_demand = LXConstraint[Product]("min_demand").from_model(session)
    max_demand = LXConstraint[Product]("max_demand").from_model(session)
    machine_hours = LXConstraint[Machine]("machine_hours").from_model(session)
    material_quantity = LXConstraint[RawMaterial]("material_quantity").from_model(session)
    return (
        LXModel("production plan")
        .add_variable(production)
        .maximize(profit)
        .add_constraint(min_demand.expression(made).ge().rhs(lambda p: p.min_demand))
        .add_constraint(max_demand.expression(made).le().rhs(lambda p: p.max_demand))
        .add_constraint(machine_hours.expression(used_hours).le().rhs(lambda m: m.available_hours))
        .add_constraint(material_quantity.expression(used_quantity).le().rhs(lambda r: r.available_quantity))
    )


def solve(model: LXModel) -> LXSolution:
    return LXOptimizer().use_solver("highs").solve(model)


def display(session: Session, solution: LXSolution) -> None:
    """Print the quantities, the use of each resource, and the resources that limit the profit."""
    print(f"Total profit: {solution.objective_value:,.2f}")
    print(f"\n{'Product':<20}{'Quantity':>10}{'Profit':>12}")
    for record in schedules(session, solution):
        print(f"{record.product.name:<20}{record.quantity:>10,.2f}{record.profit_contribution:>12,.2f}")
    print(f"\n{'Resource':<20}{'Used':>10}{'Available':>12}")
    for use in utilizations(session, solution):
        print(f"{use.resource_name:<20}{use.used:>10,.2f}{use.available:>12,.2f}{use.utilization_pct:>8.1f}%")
    print()
    for name, price in worth(session, solution).items():
        if price > 1e-9:
            print(f"Binding: {name}; one more would add {price:,.2f} to the profit")


def save(session: Session, solution: LXSolution) -> None:
    """Replace the saved plan by this one, in one transaction."""
    plan = LXWriteBack()
    plan.replace(ProductionSchedule, schedules(session, solution))
    plan.replace(ResourceUtilization, utilizations(session, solution))
    plan.write(session)
    session.commit()


def display_saved(session: Session) -> None:
    """Print the plan that is in the database."""
    named = select(ProductionSchedule).options(joinedload(ProductionSchedule.product))
    made = session.scalars(named.order_by(ProductionSchedule.id)).all()
    uses = session.scalars(select(ResourceUtilization).order_by(ResourceUtilization.id)).all()
    kinds = Counter(use.resource_type for use in uses)
    print(
        f"Saved {len(made)} production schedules, "
        f"{kinds['machine']} machine and {kinds['material']} material utilisation records:"
    )
    print("  " + ", ".join(f"{record.product.name} {record.quantity:.2f}" for record in made))
    print("  " + ", ".join(f"{use.resource_name} {use.utilization_pct:.1f}%" for use in uses))


def schedules(session: Session, solution: LXSolution) -> list[ProductionSchedule]:
    """Return a record for each product: its quantity and its profit."""
    made = solution.variables["production"]
    return [
        ProductionSchedule(product=p, quantity=made[p], profit_contribution=p.profit_per_unit * made[p])
        for p in products(session)
    ]


def utilizations(session: Session, solution: LXSolution) -> list[ResourceUtilization]:
    """Return a record for each machine and each material: how much of it the plan uses."""
    get_hours = create_cached_machine_hours_checker(session)
    get_quantity = create_cached_material_requirement_checker(session)
    made = solution.variables["production"].items()  # pairs of a product's id and its quantity
    of_machines = [
        utilization("machine", m, m.available_hours, sum(get_hours(p, m.id) * units for p, units in made))
        for m in machines(session)
    ]
    of_materials = [
        utilization("material", r, r.available_quantity, sum(get_quantity(p, r.id) * units for p, units in made))
        for r in materials(session)
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


def worth(session: Session, solution: LXSolution) -> dict[str, float]:
    """Return what one more unit of each machine and material would add to the profit."""
    hours, quantities = solution.shadow_prices["machine_hours"], solution.shadow_prices["material_quantity"]
    return {m.name: hours[m] for m in machines(session)} | {r.name: quantities[r] for r in materials(session)}


def products(session: Session) -> Sequence[Product]:
    return session.scalars(select(Product).order_by(Product.id)).all()


def machines(session: Session) -> Sequence[Machine]:
    return session.scalars(select(Machine).order_by(Machine.id)).all()


def materials(session: Session) -> Sequence[RawMaterial]:
    return session.scalars(select(RawMaterial).order_by(RawMaterial.id)).all()


def named(session: Session, cls: type[Row], name: str) -> Row:
    """Return the row of a name, or end the script with a sentence where there is none."""
    row = session.scalar(select(cls).where(cls.name == name))
    if row is None:
        sys.exit(f"The database holds no {cls.__name__} named {name!r}: run sample_data.py to fill it.")
    return row


def plan(engine: Engine) -> int:
    """Solve, print and save; return the exit status."""
    with get_session(engine) as session:
        solution = solve(build_model(session))
        if not solution.is_optimal():
            print(f"There is no plan: the model is {solution.status}.", file=sys.stderr)
            return 1
        display(session, solution)
        save(session, solution)
    with get_session(engine) as session:
        display_saved(session)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    return run_on_data("Plan the production that makes the most profit.", plan, argv)


if __name__ == "__main__":
    sys.exit(main())
