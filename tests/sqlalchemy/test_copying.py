"""Copies of models over SQLAlchemy's rows: what is loaded, what stays as it was, what is refused."""

from __future__ import annotations

import copy
import functools
import gc
import pickle
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scale import CHAIN
from sqlalchemy import (
    JSON,
    Column,
    Engine,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
    create_engine,
    delete,
    event,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError
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
    joinedload,
    mapped_column,
    query_expression,
    registry,
    relationship,
    scoped_session,
    selectinload,
    sessionmaker,
    synonym,
)

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable
from lumix_core.copying.copier import copy_function_detaching_closure, detach_orm_object, materialize_and_detach_list
from lumix_core.errors import LXCopyError, LXLateBindingError, LXNotLoadedError

HOWS: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
}


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


@pytest.fixture(scope="module")
def tables(engine: Engine) -> Engine:
    for metadata in (Base.metadata, DataclassBase.metadata, imperative.metadata):
        metadata.create_all(engine)
    return engine


@pytest.fixture
def empty(tables: Engine) -> Engine:
    """The engine, with nothing in the tables."""
    with tables.begin() as connection:
        for table in TABLES:
            connection.execute(delete(inspect(table).local_table))
    return tables


@pytest.fixture
def session(empty: Engine) -> Iterator[Session]:
    with Session(empty) as session:
        fill(session, 5)
        session.commit()
        yield session


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


@pytest.fixture(params=HOWS)
def copied(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    """Each way of copying."""
    return HOWS[request.param]


class TestRows:
    def test_a_copy_compiles_to_the_same_arrays_without_the_session(self, session, copied):
        model = over_products(session, lambda product: product.net + product.category.markup)
        before = model.compile().arrays()

        twin = copied(model)

        session.close()
        after = twin.compile().arrays()
        assert all(np.array_equal(before[key], after[key]) for key in before)

    def test_rows_are_of_the_same_class_and_of_no_orm(self, session, copied):
        row = rows_of(copied(over_products(session)))[0]

        assert isinstance(row, Product)
        assert inspect(row, raiseerr=False) is None
        assert type(row).__name__ == "Product"

    def test_renamed_deferred_composite_synonym_proxy_hybrid_and_property_can_be_read(self, session, copied):
        row = rows_of(copied(over_products(session)))[1]

        session.close()
        found = (row.profit, row.notes, row.size.area, row.label, row.hours, row.markup, row.double, row.net)
        assert found == (3.0, "note 2", 4.0, "product 2", [0.0, 0.5], 4.0, 6.0, 2.5)

    def test_attributes_can_be_written_and_deleted(self, session, copied):
        row = rows_of(copied(over_products(session)))[0]

        row.profit, row.label = 99.0, "renamed"
        row.recipes.append(None)
        del row.notes

        assert (row.profit, row.name, len(row.recipes)) == (99.0, "renamed", 3)
        with pytest.raises(LXNotLoadedError, match=r"Product\.notes"):
            _ = row.notes

    def test_collections_are_plain_and_hold_the_same_rows(self, session, copied):
        row = rows_of(copied(over_products(session)))[0]

        assert [type(one) for one in (row.recipes, row.recipe_set, row.by_name, row.ordered, row.settings)] == [
            list,
            set,
            dict,
            list,
            dict,
        ]
        assert row.recipe_set == set(row.recipes) == set(row.by_name.values()) == set(row.ordered)
        assert row.recipes[0].product is row

    @pytest.mark.parametrize("name", ["raising", "dynamic", "written", "secret", "discount"])
    def test_what_the_mapping_does_not_load_is_named_when_it_is_read(self, session, copied, name):
        row = rows_of(copied(over_products(session)))[0]

        with pytest.raises(LXNotLoadedError, match=rf"Product\.{name} was not loaded"):
            getattr(row, name)

    def test_what_lies_deeper_and_was_not_loaded_is_named_when_it_is_read(self, session, copied):
        row = rows_of(copied(over_products(session)))[0]

        with pytest.raises(LXNotLoadedError, match=r"Category\.region was not.*selectinload\(Category\.region\)"):
            _ = row.category.region

    def test_what_lies_deeper_and_was_loaded_is_there(self, session, copied):
        query = select(Product).options(joinedload(Product.category).joinedload(Category.region))

        row = rows_of(copied(over_products(session, query=query)))[0]

        assert row.category.region.tax == 0.5

    def test_a_tracked_composite_reports_to_nobody(self, session):
        original = session.get(Product, 1)
        row = detach_orm_object(original)

        row.size.width = 50.0

        assert (original.size.width, original.width) == (1.0, 1.0)
        assert not session.dirty

    def test_changes_of_a_copied_collection_do_not_reach_the_original(self, session):
        model = over_products(session)
        row = rows_of(copy.deepcopy(model))[0]

        row.recipes.clear()
        row.settings["rate"] = 9.0

        original = session.get(Product, 1)
        assert len(original.recipes) == 2
        assert original.settings == {"rate": 0.25}
        assert not session.dirty

    def test_joined_inheritance(self, session, copied, statements):
        session.add_all([Robot(id=1, capacity=1.0, speed=2.0), Machine(id=2, capacity=3.0)])
        session.commit()
        machines = LXVariable[Machine, float]("machines").from_model(Machine, session)
        model = LXModel("plan").add_variable(machines.bounds(upper=lambda m: m.speed if isinstance(m, Robot) else 9.0))
        session.expire_all()

        twin = copied(model)

        assert upper(twin) == [2.0, 9.0]
        assert [type(row).__name__ for row in rows_of(twin)] == ["Robot", "Machine"]

    def test_dataclass_mapped_classes(self, session, copied):
        session.add_all([Order(id=1), Order(id=2, amount=5.0)])
        session.commit()
        orders = LXVariable[Order, float]("orders").from_model(session).bounds(upper=lambda order: order.amount)

        twin = copied(LXModel("plan").add_variable(orders))

        assert upper(twin) == [2.0, 5.0]
        assert repr(rows_of(twin)[0]) == "Order(id=1, amount=2.0)"

    def test_imperatively_mapped_classes(self, session, copied):
        session.execute(insert(Supplier), [{"id": 1, "cost": 1.5}])
        suppliers = LXVariable[Supplier, float]("suppliers").from_model(session).bounds(upper=lambda one: one.twice())

        twin = copied(LXModel("plan").add_variable(suppliers))

        assert upper(twin) == [3.0]

    def test_slots_and_a_getattr_of_the_class(self, session, copied):
        noted = Noted(id=1, value=1.0)
        noted.scratch = 4.0
        session.add(noted)
        session.commit()

        row = copied([detach_orm_object(noted)])[0]

        assert (row.scratch, row.extra_anything) == (4.0, 7.0)

    def test_composite_keys(self, session, copied, statements):
        session.execute(insert(Pair), [{"left": i, "right": -i, "value": float(i)} for i in range(1, 4)])
        session.commit()
        pairs = LXVariable[Pair, float]("pairs").from_model(session).bounds(upper=lambda pair: pair.value)

        twin = copied(LXModel("plan").add_variable(pairs))

        assert upper(twin) == [1.0, 2.0, 3.0]

    def test_rows_of_columns(self, session, copied):
        columns = LXVariable[Any, float]("rows").from_model(select(Product.id, Product.profit), session)
        columns.indexed_by(lambda row: row.id).bounds(upper=lambda row: row.profit)

        twin = copied(LXModel("plan").add_variable(columns))

        assert upper(twin) == [1.5, 3.0, 4.5, 6.0, 7.5]

    def test_rows_of_several_instances(self, session, copied):
        query = select(Product, Recipe).join(Product.recipes)
        rows = LXVariable[Any, float]("rows").from_model(query, session)
        rows.indexed_by(lambda row: (row[0].id, row[1].id)).bounds(upper=lambda row: row[0].profit + row[1].hours)

        twin = copied(LXModel("plan").add_variable(rows))

        assert sorted(upper(twin))[:3] == [1.5, 2.0, 3.0]
        assert inspect(rows_of(twin)[0][0], raiseerr=False) is None

    def test_pending_and_transient_rows_read_as_they_do(self, session, copied):
        pending, transient = Product(id=77, name="pending", profit=1.0), Product(id=78, category=None)
        session.add(pending)

        one, other = copied(LXVariable[Product, float]("x").from_data([pending, transient])).get_instances()

        assert (one.profit, one.width, one.recipes, one.recipe_set, one.by_name) == (1.0, None, [], set(), {})
        assert (other.name, other.category) == (None, None)
        assert pending in session.new

    def test_pending_rows_with_a_cycle_of_references(self, session, copied):
        category = Category(id=9, markup=1.0)
        category.products = [Product(id=91, profit=1.0), Product(id=92, profit=2.0)]

        one, _ = copied(LXVariable[Product, float]("x").from_data(category.products)).get_instances()

        assert [row.id for row in one.category.products] == [91, 92]
        assert one.category.products[0] is one

    def test_detached_rows_keep_what_they_have(self, session, copied):
        products = session.scalars(select(Product).options(selectinload(Product.recipes))).all()
        session.expunge_all()

        row = copied(LXVariable[Product, float]("x").from_data(products)).get_instances()[0]

        assert len(row.recipes) == 2
        with pytest.raises(LXNotLoadedError, match=r"Product\.category"):
            _ = row.category

    def test_one_row_in_two_sessions_is_two_rows(self, session, tables, copied):
        with Session(tables) as second:
            both = [session.get(Product, 1), second.get(Product, 1)]

            one, other = copied(LXVariable[Product, float]("x").from_data(both).indexed_by(id)).get_instances()

            assert one is not other
            assert (len(one.recipes), len(other.recipes)) == (2, 2)

    @pytest.mark.parametrize("load", [True, False])
    def test_a_row_that_was_deleted_meanwhile_is_an_error(self, session, tables, copied, load):
        products = session.scalars(select(Product)).all()
        session.commit()
        with Session(tables) as other:
            other.execute(delete(Recipe).where(Recipe.product_id == 3))
            other.execute(delete(Product).where(Product.id == 3))
            other.commit()

        with pytest.raises(LXCopyError, match=r"Product with the key \(3,\) is no longer in the database"):
            copied(LXVariable[Product, float]("x").from_data(products))

    def test_an_error_of_the_database_is_an_error_of_the_copy(self, session, copied):
        model = LXVariable[Absent, float]("x").from_model(session)

        with pytest.raises(DBAPIError, match="absent"):
            copied(model)


class TestQueries:
    @pytest.mark.parametrize("expired", [False, True])
    def test_their_number_does_not_grow_with_the_rows(self, empty, statements, expired):
        counts = []
        for size in (10, 1_500):
            with Session(empty) as session:
                fill(session, size)
                products = session.scalars(select(Product)).all()
                model = LXModel("plan").add_variable(LXVariable[Product, float]("x").from_data(products))
                if expired:
                    session.expire_all()
                statements.clear()
                copy.deepcopy(model)
                counts.append(len(statements))
                session.rollback()

        assert counts[0] == counts[1] <= 7

    def test_one_query_is_read_once_for_the_families_that_share_it(self, session, statements):
        model = LXModel("plan")
        for name in "abc":
            model.add_variable(LXVariable[Category, float](name).from_model(Category, session))
        twin = copy.deepcopy(model)

        assert len([sql for sql in statements if "ORDER BY categories.id" in sql]) == 1
        assert twin.variables[0].get_instances()[0] is twin.variables[2].get_instances()[0]

    def test_a_copy_of_a_copy_runs_none(self, session, statements):
        twin = copy.deepcopy(over_products(session))
        statements.clear()

        third = pickle.loads(pickle.dumps(copy.deepcopy(twin)))

        assert same_arrays(third, twin)
        assert statements == []

    def test_detach_orm_object_runs_none(self, session, statements):
        product = session.get(Product, 1)
        statements.clear()

        row = detach_orm_object(product)

        assert row.name == "product 1"
        assert statements == []

    def test_they_see_what_the_transaction_has_written(self, session):
        session.execute(update(Product).values(profit=8.0))

        twin = copy.deepcopy(over_products(session, lambda product: product.profit))

        session.rollback()
        assert upper(twin) == [8.0] * 5

    def test_a_scoped_session(self, session, tables, copied):
        scoped = scoped_session(sessionmaker(tables))

        twin = copied(over_products(scoped, lambda product: product.profit))

        scoped.remove()
        assert upper(twin)[0] == 1.5


def state_of(session: Session) -> dict[str, Any]:
    """What a copy must leave as it was."""
    return {
        "new": set(map(id, session.new)),
        "dirty": set(map(id, session.dirty)),
        "deleted": set(map(id, session.deleted)),
        "instances": {id(one) for one in session},
        "transaction": session.get_transaction(),
        "expired": {id(one): set(inspect(one).expired_attributes) for one in session},
        "values": {id(one): {k: v for k, v in vars(one).items() if isinstance(v, str | float)} for one in session},
    }


class TestTheSession:
    def test_it_is_as_it_was(self, session, copied):
        products = session.scalars(select(Product)).all()
        products[0].profit = 99.0
        session.add(Region(id=50, tax=1.0))
        session.delete(products[4])
        model = LXModel("plan").add_variable(LXVariable[Product, float]("x").from_data(products))
        with session.no_autoflush:
            for product in products:
                _ = product.notes, product.recipe_set, product.by_name, product.ordered, product.recipes
                _ = product.category, [recipe.product for recipe in product.recipe_set]
            before = state_of(session)

            copied(model)

            assert state_of(session) == before

    def test_nothing_is_flushed(self, session, copied):
        flushes: list[object] = []
        model = over_products(session)
        session.get(Product, 1).profit = 99.0
        session.add(Region(id=50, tax=1.0))
        event.listen(session, "before_flush", lambda *arguments: flushes.append(arguments))

        twin = copied(model)

        assert flushes == []
        assert [len(session.new), len(session.dirty)] == [1, 1]
        assert rows_of(twin)[0].profit == 99.0

    @pytest.mark.parametrize("query", [Product, select(Product), "legacy"])
    def test_reading_a_query_flushes_nothing(self, session, query):
        session.add(Region(id=50, tax=1.0))

        copy.deepcopy(over_products(session, query=session.query(Product) if query == "legacy" else query))

        assert len(session.new) == 1

    def test_changes_that_are_pending_win_over_the_database(self, session, copied):
        product = session.get(Product, 1)
        session.expire(product)
        product.profit = 99.0

        row = copied(LXVariable[Product, float]("x").from_data([product])).get_instances()[0]

        assert (row.profit, row.name) == (99.0, "product 1")
        assert product in session.dirty

    def test_an_error_leaves_it_as_it_was(self, session, copied):
        model = over_products(session, lambda product: session.get(Product, product.id).profit)
        rows = rows_of(model)
        before = state_of(session)

        with pytest.raises(LXCopyError):
            copied(model)

        assert state_of(session) == before
        assert len(rows) == 5

    def test_a_shallow_copy_shares_it(self, session, statements):
        model = over_products(session)
        statements.clear()

        twin = copy.copy(model)

        assert statements == []
        assert twin is not model
        assert twin.variables is model.variables


class TestIdentity:
    def test_parts_copied_together_stay_together(self, session):
        model = over_products(session)
        products = session.scalars(select(Product)).all()

        twin, variable, source, rows = copy.deepcopy([model, model.variables[0], model.variables[0].source, products])

        assert twin.variables[0] is variable
        assert variable.source is source
        assert [id(row) for row in variable.get_instances()] == [id(row) for row in rows]

    def test_rows_that_were_copied_before_the_model_are_not_taken_over(self, session):
        products = session.scalars(select(Product)).all()
        model = LXModel("plan").add_variable(LXVariable[Product, float]("x").from_data(products))

        _, twin = copy.deepcopy([products, model])

        assert all(inspect(row, raiseerr=False) is None for row in rows_of(twin))

    def test_plain_data_that_was_copied_before_the_model_is_taken_over(self, session):
        prices = {1: 2.0}
        model = over_products(session, lambda product: prices.get(product.id, 0.0))

        copied_prices, twin = copy.deepcopy([prices, model])
        copied_prices[1] = 5.0

        assert upper(twin)[0] == 5.0

    def test_a_captured_row_is_the_row_of_the_family(self, session, copied):
        best = session.get(Product, 3)

        twin = copied(over_products(session, lambda product: 1000.0 if product is best else 1.0))

        assert upper(twin) == [1.0, 1.0, 1000.0, 1.0, 1.0]

    def test_a_captured_collection_is_the_collection_of_the_row(self, session, copied):
        product = session.get(Product, 2)
        recipes, rate = product.recipes, product.settings

        twin = copied(over_products(session, lambda p: 3.0 * (p.recipes is recipes) + 2.0 * (p.settings is rate)))

        assert upper(twin) == [0.0, 5.0, 0.0, 0.0, 0.0]

    def test_rows_with_a_hash_of_their_own_in_sets_and_keys(self, session, copied):
        recipe = session.get(Recipe, 4)
        inside = (frozenset({recipe}), {recipe}, {recipe: 1}, {(recipe, 1): 1}, [{recipe}])
        session.expire_all()

        def bound(product: Product) -> float:
            one = product.recipes[0]
            return float(sum((one in inside[0], one in inside[1], one in inside[2], (one, 1) in inside[3])))

        twin = copied(over_products(session, bound))

        assert upper(twin) == [0.0, 4.0, 0.0, 0.0, 0.0]

    def test_a_long_chain_of_rows_and_a_cycle(self, copied):
        engine = create_engine("sqlite://")
        Base.metadata.create_all(engine)
        with Session(engine) as session:
            count = CHAIN
            rows = [{"id": i, "weight": float(i), "next_id": i % count + 1} for i in range(1, count + 1)]
            session.execute(insert(Node), rows)
            nodes = session.scalars(select(Node).order_by(Node.id)).all()
            for node in nodes:
                _ = node.next

            twin = copied(LXVariable[Node, float]("x").from_data(nodes[:1]))

        first = row = twin.get_instances()[0]
        for _ in range(count):
            row = row.next
        assert row is first


def module_level_bound(product: Any) -> float:
    return 10.0 if product is favourite else mutual(product)


def mutual(product: Any) -> float:
    return 1.0 if favourite is not None else module_level_bound(product)


favourite: Any = None
open_session: Any = None


def uses_open_session(product: Any) -> float:
    return float(open_session is not None)


class Tariff:
    def __init__(self, row: Any, rate: float = 2.0) -> None:
        self.row = row
        self.rate = rate

    def bound(self, product: Any) -> float:
        return self.rate if product is self.row else 0.0

    __call__ = bound


class OwnCopy:
    def __init__(self, row: Any) -> None:
        self.row = row

    def __deepcopy__(self, memo: dict[int, Any]) -> OwnCopy:
        return OwnCopy(copy.deepcopy(self.row, memo))


class LeavesItsRow:
    def __init__(self, row: Any) -> None:
        self.row = row

    def __deepcopy__(self, memo: dict[int, Any]) -> LeavesItsRow:
        return LeavesItsRow(self.row)


def by_cell(row: Any) -> Callable[..., float]:
    return lambda product: 2.0 if product is row else 0.0


def by_default(row: Any) -> Callable[..., float]:
    return lambda product, row=row: 2.0 if product is row else 0.0


def by_keyword(row: Any) -> Callable[..., float]:
    return lambda product, *, row=row: 2.0 if product is row else 0.0


def by_nesting(row: Any) -> Callable[..., float]:
    def inner(product: Any) -> float:
        def innermost() -> bool:
            return product is row

        return 2.0 if innermost() else 0.0

    return lambda product: inner(product) + 0.0


def by_containers(row: Any) -> Callable[..., float]:
    held = {"rows": [(row,)], "array": np.array([row], dtype=object)}
    return lambda product: float((product is held["rows"][0][0]) + (product is held["array"][0]))


def by_partial(row: Any) -> Callable[..., float]:
    return functools.partial(lambda row, product, scale: scale * (product is row), row, scale=2.0)


def by_attribute(row: Any) -> Callable[..., float]:
    def bound(product: Any) -> float:
        return 2.0 if product is bound.row else 0.0  # type: ignore[attr-defined]

    bound.row = row  # type: ignore[attr-defined]
    return bound


def by_own_copy(row: Any) -> Callable[..., float]:
    held = OwnCopy(row)
    return lambda product: 2.0 if product is held.row else 0.0


CAPTURES = {
    "cell": by_cell,
    "default": by_default,
    "keyword default": by_keyword,
    "nested function": by_nesting,
    "containers": by_containers,
    "partial": by_partial,
    "bound method": lambda row: Tariff(row).bound,
    "callable object": Tariff,
    "attribute": by_attribute,
    "object with its own way": by_own_copy,
}


class TestCaptures:
    @pytest.mark.parametrize("capture", CAPTURES)
    def test_a_captured_row_is_detached(self, session, copied, capture):
        model = over_products(session, CAPTURES[capture](session.get(Product, 2)))

        twin = copied(model)

        session.close()
        assert upper(twin) == [0.0, 2.0, 0.0, 0.0, 0.0]

    def test_a_global_row_is_detached(self, session, copied, monkeypatch):
        monkeypatch.setitem(module_level_bound.__globals__, "favourite", session.get(Product, 2))

        twin = copied(over_products(session, module_level_bound))
        monkeypatch.undo()

        assert upper(twin) == [1.0, 10.0, 1.0, 1.0, 1.0]

    def test_the_copies_of_a_function_are_independent_of_it(self, session, copied):
        rates = [1.0]
        twin = copied(over_products(session, lambda product: rates[0]))

        rates[0] = 99.0

        assert upper(twin) == [1.0] * 5

    def test_a_definition_of_a_class_is_shared(self, session):
        attribute, table, mapped = Product.profit, Product.__table__, Product
        model = over_products(session, lambda p: getattr(p, attribute.key) * len(table.c) * isinstance(p, mapped))

        twin = copy.deepcopy(model)

        cells = [cell.cell_contents for cell in twin.variables[0].upper.call.__closure__]
        assert {id(one) for one in cells} == {id(one) for one in (attribute, table, mapped)}

    def test_a_loop_variable_that_was_rebound_is_refused(self, session, copied):
        for rate in (1.0, 2.0):
            if rate == 1.0:
                model = over_products(session, lambda product: product.profit * rate)

        with pytest.raises(LXLateBindingError, match="'rate'"):
            copied(model)


HELD: dict[str, Callable[[Session], Any]] = {
    "Session": lambda session: session,
    "scoped_session": lambda session: scoped_session(sessionmaker(session.get_bind())),
    "sessionmaker": lambda session: sessionmaker(session.get_bind()),
    "Engine": lambda session: session.get_bind(),
    "Connection": lambda session: session.connection(),
    "Query": lambda session: session.query(Product),
    "CursorResult": lambda session: session.connection().execute(select(Region.id)),
    "ScalarResult": lambda session: session.scalars(select(Region)),
    "Cursor": lambda session: session.connection().connection.cursor(),
    "InstanceState": lambda session: inspect(session.get(Product, 1)),
    "WriteOnlyCollection": lambda session: session.get(Product, 1).written,
    "AppenderQuery": lambda session: session.get(Product, 1).dynamic,
}

REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "cell": (lambda held: lambda product: 1.0 if held else 2.0, r"captures 'held'"),
    "default": (lambda held: lambda product, held=held: 1.0, r"has the default argument 'held'"),
    "keyword default": (lambda held: lambda product, *, held=held: 1.0, r"keyword default.*'held'"),
    "container": (by_containers, r"captures 'held'.*'rows'"),
    "partial": (lambda held: functools.partial(lambda product, held: 1.0, held=held), r"partial.*'held'"),
    "bound method": (lambda held: Tariff(held).bound, r"bound\(\) is bound to.*attribute 'row' of Tariff"),
    "method of it": (lambda held: held.get, r"get\(\) is bound to"),
    "callable object": (Tariff, r"attribute 'row' of Tariff"),
    "object with its own way": (by_own_copy, r"captures 'held'.*an? OwnCopy"),
}


class TestRefusals:
    @pytest.mark.parametrize("kind", HELD)
    def test_each_is_refused_by_name(self, session, copied, kind):
        held = HELD[kind](session)
        model = over_products(session, lambda product: 1.0 if held else 2.0)

        with pytest.raises(LXCopyError, match=rf"LXVariable\('products'\): the upper bound.*captures 'held'.*{kind}"):
            copied(model)

        if kind.endswith("Result"):
            held.close()  # SQLite locks its tables while one is open

    @pytest.mark.parametrize("place", REFUSED)
    def test_it_is_found_wherever_it_is_captured(self, session, copied, place):
        make, where = REFUSED[place]

        with pytest.raises(LXCopyError, match=where) as refusal:
            copied(over_products(session, make(session)))

        assert "LXVariable('products'): the upper bound of 'products'" in str(refusal.value)
        assert "Read what is needed from it before the model is built" in str(refusal.value)

    def test_the_constraint_is_named(self, session, copied):
        model = over_products(session)
        model.add_constraint(
            LXConstraint("limit")
            .expression(LXLinearExpression().add_term(model.variables[0], lambda product: bool(session)))
            .le()
            .rhs(1)
        )

        with pytest.raises(LXCopyError, match=r"LXConstraint\('limit'\).*captures 'session'"):
            copied(model)

    def test_a_global_session_is_refused(self, session, copied, monkeypatch):
        monkeypatch.setitem(uses_open_session.__globals__, "open_session", session)

        with pytest.raises(LXCopyError, match="uses the global 'open_session'"):
            copied(over_products(session, lambda product: 2 * uses_open_session(product)))

    def test_a_query_as_data_is_refused(self, session, copied):
        model = LXVariable[Product, float]("x").from_data(session.query(Product))

        with pytest.raises(LXCopyError, match=r"the data of from_data\(\): a Query.*Write \.from_model\("):
            copied(model)

    def test_a_class_whose_own_way_leaves_its_row_is_refused(self, session, copied):
        held = LeavesItsRow(session.get(Product, 1))

        with pytest.raises(LXCopyError, match="the method __deepcopy__ of LeavesItsRow leaves it in the copy"):
            copied(over_products(session, lambda product: float(product is held.row)))

    def test_a_data_frame_of_rows_is_refused(self, session, copied):
        frame = pd.DataFrame({"row": [session.get(Product, 1)]})

        with pytest.raises(LXCopyError, match="captures 'frame'"):
            copied(over_products(session, lambda product: float(len(frame))))

    def test_locks_and_generators_are_refused(self, session, copied):
        for held in (threading.Lock(), (one for one in "abc")):
            with pytest.raises(LXCopyError, match="captures 'held'"):
                copied(over_products(session, lambda product, _held=None: 1.0 if held else 2.0))


class TestHooks:
    def test_detach_orm_object_leaves_everything_else(self, session):
        value, row = object(), detach_orm_object(session.get(Product, 1))

        assert detach_orm_object(None) is None
        assert detach_orm_object(value) is value
        assert detach_orm_object(row) is row

    def test_detach_orm_object_takes_what_is_loaded(self, session):
        product = session.scalars(select(Product).options(selectinload(Product.recipes))).first()

        row = detach_orm_object(product)

        assert [recipe.product for recipe in row.recipes] == [row, row]
        with pytest.raises(LXNotLoadedError, match=r"Product\.category"):
            _ = row.category

    def test_materialize_and_detach_list_loads_in_bulk_and_fills_the_memo(self, session):
        products, memo = list(session.scalars(select(Product))), {}

        rows = materialize_and_detach_list(products, memo)

        assert rows is not None
        assert rows is not products
        assert [row.category.markup for row in rows] == [3.0, 4.0, 2.0, 3.0, 4.0]
        assert [memo[id(product)] for product in products] == rows
        assert materialize_and_detach_list(None, memo) is None

    def test_copy_function_detaching_closure_shares_the_memo(self, session):
        product, memo = session.get(Product, 1), {}
        rows = materialize_and_detach_list([product], memo)

        function = copy_function_detaching_closure(lambda: product, memo)

        assert rows is not None
        assert function() is rows[0]

    def test_copy_function_detaching_closure_returns_what_captures_nothing(self, session):
        def double(row: Any) -> float:
            return 2.0 * row.profit

        assert copy_function_detaching_closure(double, {}) is double

    def test_a_stand_in_cannot_be_written_back(self, session):
        row = detach_orm_object(session.get(Product, 1))

        with pytest.raises(Exception, match="is not mapped"):
            session.add(row)

    def test_a_product_of_dimensions(self, session, copied):
        family = LXVariable[Any, float]("x").indexed_by_product(
            LXIndexDimension(Product, lambda product: product.id).from_model(session),
            LXIndexDimension(Category, lambda category: category.id).from_model(session),
        )
        family.where_multi(lambda p, c: p.category is c).bounds(upper=lambda p, c: p.profit * c.markup)

        twin = copied(LXModel("plan").add_variable(family))

        session.close()
        assert upper(twin) == [4.5, 12.0, 9.0, 18.0, 30.0]

    def test_no_copy_keeps_a_row_of_the_session_alive(self, session, copied):
        product = session.get(Product, 1)
        twin = copied(over_products(session, by_cell(product)))
        watched = weakref.ref(product)

        session.close()
        del product
        gc.collect()

        assert watched() is None
        assert upper(twin)[0] == 2.0
