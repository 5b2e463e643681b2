"""Copies leave the session as it was, and objects that are one stay one."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from scale import CHAIN
from sqlalchemy import create_engine, event, insert, inspect, select
from sqlalchemy.orm import Session

from lumix_core import LXModel, LXVariable
from lumix_core.errors import LXCopyError
from tests.sqlalchemy.copying.mapped import Base, Node, Product, Recipe, Region, over_products, rows_of, upper

pytestmark = pytest.mark.one_database


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
