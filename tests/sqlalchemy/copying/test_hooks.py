"""The functions that other packages copy with."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from lumix_core import LXIndexDimension, LXModel, LXVariable
from lumix_core.copying.copier import copy_function_detaching_closure, detach_orm_object, materialize_and_detach_list
from lumix_core.errors import LXNotLoadedError
from tests.sqlalchemy.copying.mapped import Category, Product, by_cell, over_products, upper

pytestmark = pytest.mark.one_database


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
