"""The tables of the production planning example, and how to open their database."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import (
    URL,
    Engine,
    ForeignKey,
    String,
    UniqueConstraint,
    create_engine,
    delete,
    event,
    inspect,
    literal,
    make_url,
    select,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from lumix import LXParameter

DEFAULT_URL = "sqlite:///production.db"


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    profit_per_unit: Mapped[float]
    min_demand: Mapped[float] = mapped_column(default=0.0)
    max_demand: Mapped[float]


class Machine(Base):
    __tablename__ = "machines"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    available_hours: Mapped[float]


class RawMaterial(Base):
    __tablename__ = "raw_materials"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    available_quantity: Mapped[float]
    cost_per_unit: Mapped[float]


class ProductionRecipe(Base):
    """The hours that one unit of a product takes on a machine."""

    __tablename__ = "production_recipes"
    __table_args__ = (UniqueConstraint("product_id", "machine_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    hours_required: Mapped[float]

    product: Mapped[Product] = relationship()
    machine: Mapped[Machine] = relationship()


class MaterialRequirement(Base):
    """The quantity of a material in one unit of a product."""

    __tablename__ = "material_requirements"
    __table_args__ = (UniqueConstraint("product_id", "material_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    material_id: Mapped[int] = mapped_column(ForeignKey("raw_materials.id"))
    quantity_required: Mapped[float]

    product: Mapped[Product] = relationship()
    material: Mapped[RawMaterial] = relationship()


class ProductionSchedule(Base):
    """A result: how much of a product to make."""

    __tablename__ = "production_schedules"

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[float]
    profit_contribution: Mapped[float]

    product: Mapped[Product] = relationship()


class ResourceUtilization(Base):
    """A result: how much of a machine or a material the plan uses; ``resource_type`` says which of the two."""

    __tablename__ = "resource_utilization"

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_type: Mapped[str] = mapped_column(String(20))
    resource_id: Mapped[int]
    resource_name: Mapped[str] = mapped_column(String(100))
    used: Mapped[float]
    available: Mapped[float]
    utilization_pct: Mapped[float]


INPUTS = (Product, Machine, RawMaterial, ProductionRecipe, MaterialRequirement)


def init_database(url: str | URL = DEFAULT_URL) -> Engine:
    """Return an engine that enforces foreign keys, on a database with all tables; missing ones are made."""
    engine = _engine(url)
    Base.metadata.create_all(engine)
    return engine


def get_session(engine: Engine) -> Session:
    """Return a new session; close it after use, best with ``with``."""
    return Session(engine)


def clear_all_data(session: Session) -> None:
    """Delete every row of every table, and commit; what later steps added to these rows goes with them."""
    classes = {mapper.local_table: mapper.class_ for mapper in Base.registry.mappers}
    for table in reversed(Base.metadata.sorted_tables):  # a row goes before the rows that it refers to
        session.execute(delete(classes[table]))
    session.commit()


def is_filled(url: str | URL = DEFAULT_URL, tables: Sequence[type[Base]] = INPUTS) -> bool:
    """Return whether every table that the model reads has rows; makes nothing, not even SQLite's file."""
    engine = _engine(url)
    try:
        return not _is_missing_file(engine) and _has_rows(engine, tables)
    finally:
        engine.dispose()


def run_on_data(description: str, work: Callable[[Engine], int], argv: Sequence[str] | None = None) -> int:
    """Run a script that needs data, on the database of its one argument, and return its exit status."""
    return run_on(url_argument(description, argv), work)


def run_on(
    url: URL,
    work: Callable[[Engine], int],
    tables: Sequence[type[Base]] = INPUTS,
    filled_by: str = "sample_data.py",
) -> int:
    """Do the work of a script that needs rows in these tables, and return its exit status.

    Without them one sentence tells what to do, and ``work`` is not called.
    """
    if not is_filled(url, tables):
        print(f"The database {url!r} holds no data to plan with: run {filled_by} to fill it.", file=sys.stderr)
        return 1
    engine = init_database(url)
    try:
        return work(engine)
    finally:
        engine.dispose()


def url_argument(description: str, argv: Sequence[str] | None = None) -> URL:
    """Return the one argument of a script: the URL of the database."""
    url: URL = url_parser(description).parse_args(argv).url
    return url


def url_parser(description: str, default: str | None = DEFAULT_URL) -> argparse.ArgumentParser:
    """Return a parser of arguments that has one already: the URL of the database."""
    parser = argparse.ArgumentParser(description=description)
    shown = default or "a file in a temporary folder"
    parser.add_argument("url", nargs="?", default=default, type=_url, help=f"default: {shown}")
    return parser


def create_cached_machine_hours_checker(session: Session) -> LXParameter[ProductionRecipe]:
    """Return the hours of a product on a machine, to be asked as ``get_hours(product_id=1, machine_id=2)``.

    All recipes are read in one query: at the first lookup, and by each solve of a model that uses it.
    """
    return (
        LXParameter[ProductionRecipe]("hours")
        .indexed_by(lambda r: (r.product_id, r.machine_id))
        .value(lambda r: r.hours_required)
        .default(0.0)  # no recipe: the product does not use the machine
        .from_model(session)
    )


def create_cached_material_requirement_checker(session: Session) -> LXParameter[MaterialRequirement]:
    """Return the quantity of a material in a product, to be asked as ``get_quantity(product_id=1, material_id=2)``.

    All requirements are read in one query: at the first lookup, and by each solve of a model that uses it.
    """
    return (
        LXParameter[MaterialRequirement]("quantity")
        .indexed_by(lambda r: (r.product_id, r.material_id))
        .value(lambda r: r.quantity_required)
        .default(0.0)  # no requirement: the product takes none of it
        .from_model(session)
    )


def _url(text: str) -> URL:
    try:
        return make_url(text)
    except ArgumentError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a URL; for a file of SQLite write sqlite:///{text}"
        ) from None


def _engine(url: str | URL) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _enforce_foreign_keys)
    return engine


def _enforce_foreign_keys(connection: DBAPIConnection, record: object) -> None:
    """SQLite ignores foreign keys unless every connection asks for them."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _is_missing_file(engine: Engine) -> bool:
    """SQLite makes a file as soon as it is asked anything, so look first."""
    name = engine.url.database
    if engine.dialect.name != "sqlite" or not name or name == ":memory:" or name.startswith("file:"):
        return False
    return not Path(name).exists()


def _has_rows(engine: Engine, tables: Sequence[type[Base]]) -> bool:
    there = inspect(engine).get_table_names()
    if not all(cls.__tablename__ in there for cls in tables):
        return False
    with get_session(engine) as session:
        return all(session.scalar(select(literal(1)).select_from(cls).limit(1)) is not None for cls in tables)
