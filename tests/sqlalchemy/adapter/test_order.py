"""The order of the rows that are read, and their instances."""

from __future__ import annotations

import pytest
from sqlalchemy import case, func, literal, literal_column, null, select, text, true, union, union_all
from sqlalchemy.orm import Bundle, aliased, joinedload

from tests.sqlalchemy.adapter.mapped import Machine, Product, Recipe, ids, rows


class TestOrder:
    """A query without an ORDER BY is ordered by primary key; one with its own keeps it."""

    @pytest.mark.parametrize(
        "own", [Product.profit, Product.id.desc(), text("profit"), func.abs(Product.id - 2), "name"]
    )
    def test_own_order_is_kept(self, session, own):
        expected = session.scalars(select(Product).order_by(own, Product.id)).all()

        assert rows(select(Product).order_by(own, Product.id), session) == expected
        assert rows(session.query(Product).order_by(own, Product.id), None) == expected

    def test_sql_of_an_ordered_query_is_untouched(self, session, statements):
        query, legacy = select(Product).order_by(Product.profit), session.query(Product).order_by(Product.profit)

        rows(query, session)
        rows(legacy, None)

        assert statements == [str(query.compile(session.get_bind())), str(legacy)]

    def test_composite_key(self, session):
        found = [(row.product_id, row.machine_id) for row in rows(Recipe, session)]

        assert found == [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)]

    def test_limit_is_of_the_ordered_rows(self, session):
        assert ids(select(Product).limit(2), session) == [1, 2]
        assert ids(select(Product).limit(2).offset(1), session) == [2, 3]
        assert ids(session.query(Product).limit(2), None) == [1, 2]
        assert ids(session.query(Product).limit(2).offset(1), None) == [2, 3]

    def test_order_inside_a_subquery_is_not_its_own(self, session):
        inner = select(Product).order_by(Product.profit.desc()).limit(2).subquery()

        assert ids(select(aliased(Product, inner)), session) == [1, 2]

    def test_join_along_a_relationship(self, session):
        query = select(Product).join(Product.recipes.and_(Recipe.hours > 0)).where(Product.id != 2)

        assert ids(query, session) == [1, 3]

    def test_join_along_a_relationship_in_a_legacy_query(self, session):
        assert ids(session.query(Product).join(Product.recipes), None) == [1, 2, 3]

    def test_union_of_legacy_queries(self, session):
        both = session.query(Product).filter_by(id=3).union(session.query(Product).filter_by(id=1))

        assert ids(both, None) == [1, 3]

    def test_distinct(self, session):
        assert ids(select(Product).join(Product.recipes).distinct(), session) == [1, 2, 3]
        assert ids(select(Recipe.product_id.label("id")).distinct(), session) == [1, 2, 3]

    def test_lock(self, session):
        assert ids(select(Product).with_for_update(), session) == [1, 2, 3]

    @pytest.mark.parametrize(
        "constant",
        [
            literal(5),
            literal("x"),
            literal("x").label("kind"),
            literal_column("'x'"),
            literal_column("'x'").label("kind"),
            null(),
            true(),
            text("5"),
        ],
        ids=str,
    )
    def test_constants_order_nothing(self, session, constant):
        found = rows(select(constant, Product.id), session)

        assert [row[1] for row in found] == [1, 2, 3]

    def test_nothing_but_a_constant(self, session):
        assert [tuple(row) for row in rows(select(literal(5)), session)] == [(5,)]

    def test_expressions(self, session):
        small = case((Product.id > 1, "large"), else_="small")
        count = func.count()

        found = rows(select(small, count).select_from(Product).group_by(small), session)

        assert [tuple(row) for row in found] == [("large", 2), ("small", 1)]

    def test_json_orders_nothing(self, session):
        alone = rows(select(Machine.details, Machine.key), session)
        bundled = rows(select(Bundle("pair", Machine.details, Machine.key)), session)

        assert [row.key for row in alone] == [1, 2]
        assert [row.pair.key for row in bundled] == [1, 2]

    def test_union_of_constants_and_functions(self, session):
        highest, lowest = select(func.max(Product.id), literal("high")), select(func.min(Product.id), literal("low"))

        assert [tuple(row) for row in rows(union(highest, lowest), session)] == [(1, "low"), (3, "high")]

    def test_union_with_json(self, session):
        one = select(Machine.details, Machine.key.label("id"))

        assert ids(union_all(one.where(Machine.key == 2), one.where(Machine.key == 1)), session) == [1, 2]

    def test_union_with_its_own_order(self, session):
        both = union(select(Product.id).where(Product.id > 1), select(Product.id).where(Product.id < 2))

        assert ids(both.order_by(Product.id.desc()), session) == [3, 2, 1]


class TestInstances:
    """Each instance comes once, columns as often as the database returns them."""

    def test_repeated_by_a_join(self, session):
        assert ids(select(Product).join(Product.recipes), session) == [1, 2, 3]
        assert ids(session.query(Product).join(Product.recipes), None) == [1, 2, 3]

    @pytest.mark.parametrize("limit", [None, 2])
    def test_joined_eager_loading(self, session, statements, limit):
        found = rows(select(Product).options(joinedload(Product.recipes)).limit(limit), session)

        assert [len(row.recipes) for row in found] == [2, 2, 2][:limit]
        assert len(statements) == 1

    def test_joined_eager_loading_of_several_classes(self, session):
        query = select(Product, Machine).where(Machine.key == Product.id).options(joinedload(Product.recipes))

        assert [(row.Product.id, row.Machine.key) for row in rows(query, session)] == [(1, 1), (2, 2)]

    def test_equal_columns_stay(self, session):
        assert [row.hours for row in rows(select(Recipe.hours), session)] == [1.0] * 6

    def test_class_with_equal_columns_stays(self, session):
        found = rows(select(Product, Recipe.hours).join(Product.recipes), session)

        assert [(row.Product.id, row.hours) for row in found] == [(i, 1.0) for i in (1, 1, 2, 2, 3, 3)]

    def test_fetching_in_parts(self, session):
        query = select(Product).options(joinedload(Product.recipes)).execution_options(yield_per=2)

        assert ids(query, session) == [1, 2, 3]
        assert ids(select(Product).execution_options(yield_per=2, stream_results=True), session) == [1, 2, 3]
        assert ids(session.query(Product).yield_per(2), None) == [1, 2, 3]
