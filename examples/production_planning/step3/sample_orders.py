"""Add customers and their orders to the data of step 2: more than can be made."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from orders import Customer, CustomerOrder, Product, named, run_on_data
from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

CUSTOMERS = {"Harbour Hotel": 1, "Museum": 1, "School": 2, "Corner Shop": 3}
"""Each with its rank."""
ORDERS = [
    ("Harbour Hotel", "Chair", 20),
    ("Museum", "Desk", 4),
    ("School", "Chair", 30),
    ("School", "Table", 4),
    ("Corner Shop", "Desk", 3),
    ("Corner Shop", "Table", 6),
]


def fill_orders(session: Session) -> None:
    """Replace the customers and the orders, and commit."""
    session.execute(delete(CustomerOrder))
    session.execute(delete(Customer))
    customers = {name: Customer(name=name, rank=rank) for name, rank in CUSTOMERS.items()}
    session.add_all(customers.values())
    session.flush()
    for customer, product, quantity in ORDERS:
        row = CustomerOrder(customer=customers[customer], product=named(session, Product, product), quantity=quantity)
        session.add(row)
    session.commit()


def add(engine: Engine) -> int:
    with Session(engine) as session:
        fill_orders(session)
    print(f"Added to {engine.url!r}: {len(CUSTOMERS)} customers, {len(ORDERS)} orders")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    return run_on_data("Add customers and orders to the data of step 2.", add, argv)


if __name__ == "__main__":
    sys.exit(main())
