"""Production planning, step 3: orders as goals, the most important customers first."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from orders import (
    ORDER_INPUTS,
    CustomerOrder,
    Product,
    build_model_of_step2,
    get_session,
    products,
    run_on,
    url_argument,
)
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, joinedload

from lumix import LXComparison, LXModel, LXOptimizer, LXSolution, LXVariable

DELIVERED = "delivered"
"""The name of the goal."""


def build_model(session: Session) -> LXModel:
    """Take the model of step 2, without its demands, and add the orders."""
    model = build_model_of_step2(session)
    model.remove_constraint("min_demand").remove_constraint("max_demand")
    production = model.get_variable("production")
    shipped = LXVariable[CustomerOrder, float]("shipped").from_model(session).bounds(lower=0)
    model.add_variable(shipped)

    @model.constraint(over=(Product, session))
    def no_more_than_made(p: Product) -> LXComparison | bool:
        return sum(shipped[o] for o in shipped if o.product_id == p.id) <= production[p]

    @model.constraint(over=shipped, name=DELIVERED)
    def as_ordered(o: CustomerOrder) -> LXComparison:
        return shipped[o] >= o.quantity

    @model.constraint(over=shipped)
    def no_more_than_ordered(o: CustomerOrder) -> LXComparison:
        return shipped[o] <= o.quantity

    model.get_constraint(DELIVERED).as_goal(priority=lambda o: o.customer.rank, weight=lambda o: 1 / o.quantity)
    return model.set_goal_mode("sequential")


def solve(model: LXModel, solver: str = "highs") -> LXSolution:
    return LXOptimizer().use_solver(solver).solve(model)


def display(session: Session, solution: LXSolution) -> None:
    """Print what each customer gets, and what is made."""
    missing = solution.get_goal_deviations(DELIVERED)["neg"]
    print(f"{'Customer':<16}{'Rank':>5}  {'Product':<10}{'Ordered':>10}{'Shipped':>10}{'Missing':>10}")
    loaded = select(CustomerOrder).options(joinedload(CustomerOrder.customer), joinedload(CustomerOrder.product))
    for order in session.scalars(loaded.order_by(CustomerOrder.id)):
        who = f"{order.customer.name:<16}{order.customer.rank:>5}  {order.product.name:<10}"
        amounts = (order.quantity, solution.variables["shipped"][order], missing[order.id])
        print(who + "".join(f"{amount:>10.2f}" for amount in amounts))
    made = ", ".join(f"{p.name} {solution.variables['production'][p]:.2f}" for p in products(session))
    print(f"\nMade: {made}\nTotal profit: {solution.objective_value:,.2f}")


def plan(engine: Engine) -> int:
    """Solve and print; return the exit status."""
    with get_session(engine) as session:
        solution = solve(build_model(session))
        if not solution.is_optimal():
            print(f"There is no plan: the model is {solution.status}.", file=sys.stderr)
            return 1
        display(session, solution)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    url = url_argument("Plan the production for the orders of customers.", argv)
    return run_on(url, plan, ORDER_INPUTS, "sample_data.py of step 2 and sample_orders.py")


if __name__ == "__main__":
    sys.exit(main())
