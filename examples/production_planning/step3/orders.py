"""What the schema of step 2 grows by in step 3: customers and their orders.

Tables are added, and none is changed, so the programs of the earlier steps run on the same database. A row here goes
with the row of an earlier step that it refers to.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

sys.path.append(str(Path(__file__).resolve().parents[1] / "step2"))

from database import INPUTS, Base, Product, get_session, run_on, run_on_data, url_argument
from production_db import build_model as build_model_of_step2
from production_db import named, products

__all__ = [  # with what step 3 takes from step 2
    "ORDER_INPUTS",
    "Customer",
    "CustomerOrder",
    "Product",
    "build_model_of_step2",
    "get_session",
    "named",
    "products",
    "run_on",
    "run_on_data",
    "url_argument",
]


class Customer(Base):
    """A customer; one of rank 1 is served before one of rank 2."""

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    rank: Mapped[int]


class CustomerOrder(Base):
    __tablename__ = "customer_orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)
    quantity: Mapped[float]

    customer: Mapped[Customer] = relationship()
    product: Mapped[Product] = relationship()


ORDER_INPUTS = (*INPUTS, Customer, CustomerOrder)
