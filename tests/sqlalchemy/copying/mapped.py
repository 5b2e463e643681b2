"""Mapped classes of many kinds, their rows, and models over them, for the tests of copies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import JSON, Column, Float, ForeignKey, Integer, String, Table, insert
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.ext.mutable import MutableComposite, MutableDict
from sqlalchemy.ext.orderinglist import ordering_list
from sqlalchemy.orm import (
    DeclarativeBase,
    DynamicMapped,
    Mapped,
    MappedAsDataclass,
    Session,
    WriteOnlyMapped,
    attribute_keyed_dict,
    composite,
    mapped_column,
    query_expression,
    registry,
    relationship,
    synonym,
)

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXVariable


class Base(DeclarativeBase):
    pass


@dataclass
class Size(MutableComposite):
    width: float
    height: float

    @property
    def area(self) -> float:
        return self.width * self.height

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        self.changed()


class Region(Base):
    __tablename__ = "regions"
    id: Mapped[int] = mapped_column(primary_key=True)
    tax: Mapped[float]


class Category(Base):
    __tablename__ = "categories"
    id: Mapped[int] = mapped_column(primary_key=True)
    markup: Mapped[float]
    region_id: Mapped[int] = mapped_column(ForeignKey("regions.id"))
    region: Mapped[Region] = relationship()
    products: Mapped[list[Product]] = relationship(back_populates="category")


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30))
    profit: Mapped[float] = mapped_column("profit_per_unit")
    notes: Mapped[str] = mapped_column(String(30), deferred=True)
    secret: Mapped[str] = mapped_column(String(30), deferred=True, deferred_raiseload=True)
    width: Mapped[float]
    height: Mapped[float]
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"))
    size: Mapped[Size] = composite("width", "height")
    settings: Mapped[dict[str, Any]] = mapped_column(MutableDict.as_mutable(JSON), default=dict)
    label: Mapped[str] = synonym("name")
    discount: Mapped[float] = query_expression()
    category: Mapped[Category | None] = relationship(back_populates="products")
    recipes: Mapped[list[Recipe]] = relationship(back_populates="product", order_by="Recipe.id")
    recipe_set: Mapped[set[Recipe]] = relationship(viewonly=True)
    by_name: Mapped[dict[str, Recipe]] = relationship(collection_class=attribute_keyed_dict("name"), viewonly=True)
    ordered: Mapped[list[Recipe]] = relationship(
        collection_class=ordering_list("position"), viewonly=True, order_by="Recipe.id"
    )
    raising: Mapped[list[Recipe]] = relationship(viewonly=True, lazy="raise")
    dynamic: DynamicMapped[Recipe] = relationship(viewonly=True)
    written: WriteOnlyMapped[Recipe] = relationship(overlaps="product,recipes")
    hours: AssociationProxy[list[float]] = association_proxy("recipes", "hours")
    markup: AssociationProxy[float] = association_proxy("category", "markup")

    @hybrid_property
    def double(self) -> float:
        return 2 * self.profit

    @property
    def net(self) -> float:
        return self.profit - sum(recipe.hours for recipe in self.recipes)


class Recipe(Base):
    __tablename__ = "recipes"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30))
    hours: Mapped[float]
    position: Mapped[int] = mapped_column(default=0)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    product: Mapped[Product] = relationship(back_populates="recipes")

    def __hash__(self) -> int:
        return hash((self.id, self.name))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recipe) and self.id == other.id


class Machine(Base):
    __tablename__ = "machines"
    id: Mapped[int] = mapped_column("machine_no", primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    capacity: Mapped[float]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "machine"}  # noqa: RUF012


class Robot(Machine):
    __tablename__ = "robots"
    id: Mapped[int] = mapped_column(ForeignKey("machines.machine_no"), primary_key=True)
    speed: Mapped[float]
    __mapper_args__ = {"polymorphic_identity": "robot"}  # noqa: RUF012


class Pair(Base):
    __tablename__ = "pairs"
    left: Mapped[int] = mapped_column(primary_key=True)
    right: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[float] = mapped_column(deferred=True)


class Node(Base):
    __tablename__ = "nodes"
    id: Mapped[int] = mapped_column(primary_key=True)
    weight: Mapped[float]
    next_id: Mapped[int | None] = mapped_column(ForeignKey("nodes.id"))
    next: Mapped[Node | None] = relationship(remote_side=[id])


class Elsewhere(DeclarativeBase):
    pass


class Absent(Elsewhere):
    __tablename__ = "absent"
    id: Mapped[int] = mapped_column(primary_key=True)


class DataclassBase(MappedAsDataclass, DeclarativeBase):
    pass


class Order(DataclassBase):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[float] = mapped_column(default=2.0)


class Slotted:
    __slots__ = ("scratch",)


class Noted(Slotted, Base):
    __tablename__ = "noted"
    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[float]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("extra_"):
            return 7.0
        raise AttributeError(name)


imperative = registry()


class Supplier:
    cost: float

    def twice(self) -> float:
        return 2 * self.cost


imperative.map_imperatively(
    Supplier,
    Table("suppliers", imperative.metadata, Column("id", Integer, primary_key=True), Column("cost", Float)),
)


def fill(session: Session, count: int) -> None:
    """Add ``count`` products with two recipes each."""
    session.execute(insert(Region), [{"id": i, "tax": 0.5 * i} for i in (1, 2)])
    session.execute(insert(Category), [{"id": i, "markup": 1.0 + i, "region_id": 1 + i % 2} for i in (1, 2, 3)])
    products = [
        {
            "id": i,
            "name": f"product {i}",
            "profit": 1.5 * i,
            "notes": f"note {i}",
            "secret": "",
            "width": float(i),
            "height": 2.0,
            "category_id": 1 + i % 3,
            "settings": {"rate": 0.25 * i},
        }
        for i in range(1, count + 1)
    ]
    session.execute(insert(Product), products)
    recipes = [
        {"id": 2 * i + k, "name": f"step {k}", "hours": 0.5 * k, "position": k, "product_id": i}
        for i in range(1, count + 1)
        for k in (0, 1)
    ]
    session.execute(insert(Recipe), recipes)


TABLES = (Recipe, Product, Category, Region, Robot, Machine, Pair, Node, Order, Noted, Supplier)


def over_products(session: Any, upper: Any = None, query: Any = None) -> LXModel:
    """A model with one family over the products, and a function of theirs as its upper bound."""
    products = LXVariable[Product, float]("products").from_model(Product if query is None else query, session)
    products.indexed_by(lambda product: product.id).bounds(lower=0, upper=1.0 if upper is None else upper)
    total = LXConstraint("total").expression(LXLinearExpression().add_term(products)).le().rhs(10)
    objective = LXLinearExpression().add_term(products, lambda product: product.profit)
    return LXModel("plan").add_variable(products).add_constraint(total).maximize(objective)


def same_arrays(one: LXModel, other: LXModel) -> bool:
    mine, others = one.compile().arrays(), other.compile().arrays()
    return mine.keys() == others.keys() and all(np.array_equal(mine[key], others[key]) for key in mine)


def upper(model: LXModel) -> list[float]:
    bounds: list[float] = model.compile().upper.tolist()
    return bounds


def rows_of(model: LXModel) -> list[Any]:
    return model.variables[0].get_instances()


def captured(model: LXModel) -> Any:
    """What the function of the upper bound captures."""
    bound: Any = model.variables[0].upper
    return bound.call.__closure__[0].cell_contents


def by_cell(row: Any) -> Callable[..., float]:
    return lambda product: 2.0 if product is row else 0.0
