"""Copies of models over SQLAlchemy's rows and queries: what is loaded, and what stays as it was."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, insert, inspect, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, joinedload, scoped_session, selectinload, sessionmaker

from lumix_core import LXModel, LXVariable
from lumix_core.copying.copier import detach_orm_object
from lumix_core.errors import LXCopyError, LXNotLoadedError
from tests.sqlalchemy.copying.mapped import (
    Absent,
    Category,
    Machine,
    Noted,
    Order,
    Pair,
    Product,
    Recipe,
    Robot,
    Supplier,
    fill,
    over_products,
    rows_of,
    same_arrays,
    upper,
)

pytestmark = pytest.mark.one_database


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

        with pytest.raises(LXCopyError, match=r"Product with the key \(3,\) cannot be read again.*deleted"):
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
