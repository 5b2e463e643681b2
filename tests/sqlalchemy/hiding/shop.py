"""Items, their categories and their parts, of which an application hides some."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from lumix import LXModel, LXVariable


class Base(DeclarativeBase): ...


class Category(Base):
    __tablename__ = "shop_categories"
    id: Mapped[int] = mapped_column(primary_key=True)
    rate: Mapped[float]
    tenant: Mapped[int]
    deleted: Mapped[int] = mapped_column(default=0)


class Item(Base):
    __tablename__ = "shop_items"
    id: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[float]
    tenant: Mapped[int]
    deleted: Mapped[int] = mapped_column(default=0)
    category_id: Mapped[int | None] = mapped_column(ForeignKey("shop_categories.id"))
    category: Mapped[Category | None] = relationship()
    parts: Mapped[list[Part]] = relationship(order_by="Part.id")


class Part(Base):
    __tablename__ = "shop_parts"
    id: Mapped[int] = mapped_column(primary_key=True)
    weight: Mapped[float]
    tenant: Mapped[int]
    deleted: Mapped[int] = mapped_column(default=0)
    item_id: Mapped[int] = mapped_column(ForeignKey("shop_items.id"))


CLASSES = (Item, Category, Part)


def fill(session: Session) -> None:
    """Save rows of two tenants, some of them deleted; visible items lead to hidden categories and parts."""
    flags = [(1, 0), (2, 0), (1, 1)]
    session.add_all(
        Category(id=key, rate=float(key), tenant=tenant, deleted=gone) for key, (tenant, gone) in enumerate(flags, 1)
    )
    session.flush()
    for key in range(1, 10):
        tenant, gone = flags[key % 3]
        category = None if key == 9 else 1 + (key // 3) % 3
        session.add(Item(id=key, price=10.0 * key, tenant=tenant, deleted=gone, category_id=category))
    session.flush()
    for key in range(1, 19):
        tenant, gone = flags[key % 3]
        session.add(Part(id=key, weight=0.5 + key, tenant=tenant, deleted=gone, item_id=1 + key // 2 % 9))
    session.commit()


def price(item: Item) -> float:
    return item.price


def income(item: Item) -> float:
    return item.price * item.category.rate if item.category else -1.0


def weight(item: Item) -> float:
    return sum(part.weight for part in item.parts)


FUNCTIONS: dict[str, Callable[[Item], float]] = {"columns": price, "related row": income, "collection": weight}

WAYS: dict[str, Callable[[LXModel], LXModel]] = {
    "read": lambda model: model,
    "copied": copy.deepcopy,
    "pickled": lambda model: pickle.loads(pickle.dumps(model)),
}


def seen(session: Session, target: Any = Item) -> dict[str, dict[int, float]]:
    """Return what the session's own instances say, each row's number by its key."""
    if hasattr(target, "with_session"):
        items = target.with_session(session).all()
    else:
        items = session.scalars(select(Item) if target is Item else target).all()
    numbers = {name: {item.id: function(item) for item in items} for name, function in FUNCTIONS.items()}
    return numbers | {"categories": {row.id: row.rate for row in session.scalars(select(Category))}}


def modelled(session: Session, way: str, target: Any = Item) -> dict[str, dict[int, float]]:
    """Return what a model over the rows says, after it was copied or not."""
    model = LXModel("shop")
    for name, function in FUNCTIONS.items():
        model.add_variable(LXVariable[Item, float](name).bounds(-1e9, function).from_model(target, session))
    model.add_variable(LXVariable[Category, float]("categories").bounds(-1e9, lambda c: c.rate).from_model(session))
    problem = WAYS[way](model).compile()
    upper = problem.upper.tolist()
    return {family.name: dict(zip(family.keys, upper[family.span], strict=True)) for family in problem.variables}


def whole(session: Session) -> Any:
    return Item


def assert_as_seen(
    engine: Engine, make: Callable[[Any], Session], way: str, target: Callable[[Any], Any] = whole
) -> None:
    with make(engine) as session:
        expected = seen(session, target(session))

    with make(engine) as session:
        found = modelled(session, way, target(session))

    assert found == expected
