"""Which queries are the same, and in which transaction they are read."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import bindparam, func, select, text, union, union_all
from sqlalchemy.exc import DBAPIError, UnboundExecutionError
from sqlalchemy.orm import Query, Session, aliased, joinedload, selectinload, with_loader_criteria
from sqlalchemy.sql.functions import FunctionElement

from tests.sqlalchemy.adapter.mapped import Machine, Missing, Product, Recipe, identity, ids, rows


def same(one: object, other: object, session: object) -> bool:
    equal = identity(one, session) == identity(other, session)
    if equal:
        assert hash(identity(one, session)) == hash(identity(other, session))
    return equal


class TestIdentity:
    """Equal queries are run once; whatever may change their rows makes them differ."""

    @pytest.mark.parametrize(
        "build",
        [
            lambda: Product,
            lambda: select(Product),
            lambda: select(Product).where(Product.id > 1),
            lambda: select(Product).where(Product.id.in_([1, 2])),
            lambda: select(Product).join(Product.recipes).options(selectinload(Product.recipes)),
            lambda: select(Product).options(selectinload(Product.recipes.and_(Recipe.hours > 1))),
            lambda: select(Product).from_statement(text("SELECT 1")),
            lambda: select(Product.id, func.count()).group_by(Product.id),
            lambda: select(aliased(Product)),
            lambda: text("SELECT 1"),
            lambda: union(select(Product.id), select(Machine.key)),
            lambda: select(Product).execution_options(stream_results=True),
            lambda: Query(Product),
            lambda: Query(Product).filter_by(name="x").populate_existing(),
        ],
    )
    def test_built_twice(self, unbound, build):
        assert same(build(), build(), unbound)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (Product, Machine),
            (Product, select(Product).limit(1)),
            (select(Product).limit(1), select(Product).limit(2)),
            (select(Product).where(Product.id > 1), select(Product).where(Product.id > 2)),
            (select(Product).where(Product.id.in_([1, 2])), select(Product).where(Product.id.in_([1, 3]))),
            (select(Product), select(Product).options(selectinload(Product.recipes))),
            (
                select(Product).options(selectinload(Product.recipes)),
                select(Product).options(joinedload(Product.recipes)),
            ),
            (
                select(Product).options(selectinload(Product.recipes.and_(Recipe.hours > 1))),
                select(Product).options(selectinload(Product.recipes.and_(Recipe.hours > 2))),
            ),
            (
                select(Product).options(with_loader_criteria(Product, Product.id > 1)),
                select(Product).options(with_loader_criteria(Product, Product.id > 2)),
            ),
            (
                select(Product).join(Product.recipes.and_(Recipe.hours > 1)),
                select(Product).join(Product.recipes.and_(Recipe.hours > 2)),
            ),
            (
                select(Product).where(Product.id > bindparam("least")).params(least=1),
                select(Product).where(Product.id > bindparam("least")).params(least=2),
            ),
            (text("SELECT :x").bindparams(x=1), text("SELECT :x").bindparams(x=2)),
            (select(Product), select(Product).execution_options(populate_existing=True)),
            (select(Product), select(Product).with_for_update()),
            (select(Product), select(Product).order_by(Product.id.desc())),
            (select(Product), select(Product.id, Product.name)),
            (union(select(Product.id), select(Machine.key)), union_all(select(Product.id), select(Machine.key))),
            (Query(Product), Query(Product).populate_existing()),
            (Query(Product).filter_by(id=1), Query(Product).filter_by(id=2)),
            (Query(Product), Query(Product).options(selectinload(Product.recipes))),
        ],
    )
    def test_different(self, unbound, one, other):
        assert not same(one, other, unbound)

    def test_class_and_its_select(self, unbound):
        assert same(Product, select(Product), unbound)
        assert same(Product, select(Product).order_by(Product.id), unbound)

    def test_another_session(self, unbound):
        with Session() as other:
            assert identity(Product, unbound) != identity(Product, other)

    def test_parameter_of_a_function_that_is_called_later(self, adapter, unbound):
        least = [1]
        query = adapter.query(select(Product).where(Product.id > bindparam("x", callable_=lambda: least[0])), unbound)
        before = query.identity

        least[0] = 2

        assert query.identity != before

    def test_statement_that_sqlalchemy_cannot_compare(self, adapter, unbound):
        class Plain(FunctionElement):
            inherit_cache = False

        statement = select(Plain(Product.id))
        first, second = adapter.query(statement, unbound), adapter.query(select(Plain(Product.id)), unbound)

        assert first.identity == first.identity
        assert first.identity != second.identity


class TestTransaction:
    """The query runs in the user's transaction, as the ORM's own would."""

    def test_pending_rows_are_flushed_and_seen(self, session):
        session.add(Product(id=4, name="new", profit=1))

        assert ids(Product, session) == [1, 2, 3, 4]

    def test_pending_rows_are_not_seen_without_autoflush(self, session):
        session.add(Product(id=4, name="new", profit=1))

        with session.no_autoflush:
            assert ids(Product, session) == [1, 2, 3]
        assert len(session.new) == 1

    def test_pending_change_of_an_instance(self, session):
        session.get(Product, 1).profit = Decimal(7)

        found = rows(Product, session)

        assert found[0].profit == Decimal(7)

    def test_rows_are_the_instances_of_the_session(self, session):
        mine = session.get(Product, 2)

        assert rows(Product, session)[1] is mine

    def test_nothing_is_committed_expired_or_expunged(self, session, engine):
        mine = session.get(Product, 1)
        session.add(Product(id=4, name="new", profit=1))
        transaction = session.get_transaction()

        rows(Product, session)

        assert session.get_transaction() is transaction
        assert mine in session
        assert "profit" in mine.__dict__
        session.rollback()
        assert ids(Product, session) == [1, 2, 3]

    @pytest.mark.parametrize("target", [Missing, select(Missing), Query(Missing), text("SELECT * FROM missing")])
    def test_error_of_the_database_is_sqlalchemys_own(self, session, target):
        with pytest.raises(DBAPIError):
            rows(target, session)

    def test_session_without_a_database(self, unbound):
        with pytest.raises(UnboundExecutionError):
            rows(Product, unbound)

    def test_closed_session_opens_again(self, session):
        session.close()

        assert ids(Product, session) == [1, 2, 3]
