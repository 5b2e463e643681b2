"""What copies and pickles of models cost, beside what the ORM itself needs to read the same rows.

Run it with ``python benchmarks/copies/copies.py``. All figures come from one run on one machine; README.md says what
each line is.
"""

from __future__ import annotations

import copy
import gc
import pickle
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, ForeignKey, create_engine, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload

from lumix_core import LXLinearExpression, LXModel, LXVariable

PRODUCTS = 100_000
PARENTS = 1_000
CHILDREN = 3
REPEATS = 5


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    price: Mapped[float]
    cost: Mapped[float]
    lower: Mapped[float]
    upper: Mapped[float]
    line: Mapped[int]


class Parent(Base):
    __tablename__ = "parents"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    children: Mapped[list[Child]] = relationship(back_populates="parent")


class Child(Base):
    __tablename__ = "children"
    id: Mapped[int] = mapped_column(primary_key=True)
    hours: Mapped[float]
    parent_id: Mapped[int] = mapped_column(ForeignKey("parents.id"))
    parent: Mapped[Parent] = relationship(back_populates="children")


def fill(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        columns = ("price", "cost", "lower", "upper")
        session.execute(
            insert(Product),
            [
                {"id": i, "name": f"product {i}", "line": i % 50} | dict.fromkeys(columns, i * 1.5)
                for i in range(1, PRODUCTS + 1)
            ],
        )
        session.execute(insert(Parent), [{"id": i, "name": f"parent {i}"} for i in range(1, PARENTS + 1)])
        session.execute(
            insert(Child),
            [{"id": i, "hours": float(i), "parent_id": 1 + i % PARENTS} for i in range(PARENTS * CHILDREN)],
        )
        session.commit()


def product_model(session: Session) -> LXModel:
    x = LXVariable[Product, float]("x").from_model(session)
    x.indexed_by(lambda product: product.id).bounds(lower=lambda p: p.lower, upper=lambda p: p.upper)
    return LXModel("products").add_variable(x).maximize(LXLinearExpression().add_term(x, lambda p: p.price - p.cost))


def parent_model(session: Session) -> LXModel:
    x = LXVariable[Parent, float]("x").from_model(session)
    return LXModel("parents").add_variable(x.bounds(upper=lambda parent: sum(one.hours for one in parent.children)))


class Table:
    """Rows of medians, each also as a multiple of the first."""

    def __init__(self, title: str) -> None:
        print(f"\n{title}\n{'':58}{'median ms':>10}{'ratio':>8}")
        self.yardstick = 0.0

    def row(self, name: str, act: Callable[[], Any]) -> Any:
        """Time an action (the processor's time, of which SQLite's is part) and print it; returns its last result."""
        times, result = [], None
        for _ in range(REPEATS):
            result = None
            gc.collect()
            started = time.process_time()
            result = act()
            times.append(time.process_time() - started)
        median = statistics.median(times)
        self.yardstick = self.yardstick or median
        print(f"{name:58}{median * 1000:>10.1f}{median / self.yardstick:>8.2f}")
        return result


def compare(engine: Engine, title: str, read: Callable[[Session], Any], make: Callable[[Session], LXModel]) -> None:
    """Print one table."""

    def within(act: Callable[[Session], Any]) -> Callable[[], Any]:
        def run() -> Any:
            with Session(engine) as session:
                return act(session)

        return run

    table = Table(title)
    table.row("read the rows: the yardstick", within(read))
    twin = table.row("deepcopy of a model that is not read yet", within(lambda session: copy.deepcopy(make(session))))
    table.row("deepcopy of that copy", lambda: copy.deepcopy(twin))
    columns = columns_of(twin)
    if columns:
        arrays: bytes = table.row("the same columns as numpy arrays: pickle.dumps", lambda: pickle.dumps(columns, 5))
    block: bytes = table.row("pickle.dumps of a model not read yet", within(lambda s: pickle.dumps(make(s))))
    table.row("pickle.dumps of the copy", lambda: pickle.dumps(twin))
    loaded = table.row("pickle.loads", lambda: pickle.loads(block))
    table.row("compile of what was loaded", loaded.compile)
    table.row("objects of all its rows, after another pickle.loads", lambda: instances_of(pickle.loads(block)))
    instances_of(loaded)
    table.row("deepcopy of a copy whose objects were all made", lambda: copy.deepcopy(loaded))
    with Session(engine) as session:
        instances = read(session)
        table.row("SQLAlchemy's own: copy.deepcopy of the instances", lambda: copy.deepcopy(instances))
        native = table.row("SQLAlchemy's own: pickle.dumps of the instances", lambda: pickle.dumps(instances))
        table.row("SQLAlchemy's own: pickle.loads", lambda: pickle.loads(native))
    print(f"{'bytes of the pickle':58}{len(block):>10}")
    print(f"{'bytes of the pickle of the instances':58}{len(native):>10}{len(native) / len(block):>8.2f}")
    if columns:
        print(f"{'bytes of the pickle of the arrays':58}{len(arrays):>10}{len(arrays) / len(block):>8.2f}")


def instances_of(model: LXModel) -> list[Any]:
    return model.variables[0].get_instances()


def columns_of(model: LXModel) -> dict[str, Any]:
    """Return what a copy holds as columns; nothing where its rows are objects."""
    source: Any = model.variables[0].source
    return dict(getattr(source.rows, "columns", {}))


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        engine = create_engine(f"sqlite:///{Path(directory) / 'copies.db'}")
        fill(engine)
        compare(
            engine,
            f"{PRODUCTS} products of 7 columns",
            lambda session: session.scalars(select(Product)).all(),
            product_model,
        )
        compare(
            engine,
            f"{PARENTS} parents with {PARENTS * CHILDREN} children",
            lambda session: session.scalars(select(Parent).options(selectinload(Parent.children))).all(),
            parent_model,
        )
        engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
