"""Which targets and sessions can be read, and which are refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import create_engine, delete, func, select, text, true, union, union_all
from sqlalchemy.orm import Bundle, Query, Session, aliased, scoped_session, sessionmaker, with_polymorphic

from lumix_core.errors import LXSourceError
from lumix_sqlalchemy import SQLAlchemyAdapter
from tests.sqlalchemy.adapter.mapped import (
    Base,
    Bay,
    Depot,
    Machine,
    Product,
    Recipe,
    Welder,
    Worker,
    identity,
    ids,
    rows,
)


class TestTargets:
    """Every form in which rows may be asked for."""

    def test_class(self, session):
        assert ids(Product, session) == [1, 2, 3]

    def test_select(self, session):
        assert ids(select(Product).where(Product.id > 1), session) == [2, 3]

    def test_legacy_query(self, session):
        assert ids(session.query(Product).filter(Product.id > 1), None) == [2, 3]

    def test_legacy_query_with_another_session(self, session):
        query = Query(Product)

        with pytest.raises(LXSourceError, match="got nothing where a session belongs"):
            rows(query, None)
        assert ids(query, session) == [1, 2, 3]

    def test_alias(self, adapter, session):
        other = aliased(Product)

        query = adapter.query(select(other).where(other.id < 3), session)

        assert [row.id for row in query.rows()] == [1, 2]
        assert query.row_type is Product
        assert ids(aliased(Product), session) == [1, 2, 3]

    def test_subclasses_through_their_base(self, session):
        session.add_all([Welder(number=2, grade=5), Worker(number=1)])

        assert [type(row) for row in rows(Worker, session)] == [Worker, Welder]
        assert [row.number for row in rows(Welder, session)] == [2]
        assert [row.number for row in rows(with_polymorphic(Worker, [Welder]), session)] == [1, 2]

    def test_several_classes(self, adapter, session):
        query = adapter.query(select(Product, Machine).join(Machine, Product.id <= 2), session)

        found = query.rows()

        assert [(row.Product.id, row.Machine.key) for row in found] == [(1, 1), (1, 2), (2, 1), (2, 2)]
        assert query.row_type is None

    def test_columns(self, adapter, session):
        query = adapter.query(select(Product.name, Product.id), session)

        found = query.rows()

        assert [tuple(row) for row in found] == [("p-1", 1), ("p-2", 2), ("p-3", 3)]
        assert found[0].name == "p-1"
        assert query.row_type is None

    def test_one_column(self, session):
        assert [row.profit for row in rows(select(Product.profit), session)] == [
            Decimal("45.00"),
            Decimal("120.50"),
            Decimal("200.00"),
        ]

    def test_class_and_column(self, session):
        total = func.sum(Recipe.hours).label("total")
        query = select(Product, total).join(Product.recipes).group_by(Product)

        assert [(row.Product.id, row.total) for row in rows(query, session)] == [(1, 2.0), (2, 2.0), (3, 2.0)]

    def test_legacy_query_that_returns_tuples(self, adapter, session):
        query = adapter.query(session.query(Product).only_return_tuples(True), None)

        assert [row.Product.id for row in query.rows()] == [1, 2, 3]
        assert query.row_type is None

    def test_dynamic_relationship(self, session):
        session.add(Depot(position=1))
        session.add_all([Bay(number=2, depot_id=1), Bay(number=1, depot_id=1), Bay(number=3)])

        bays = session.get(Depot, 1).bays

        assert [row.number for row in rows(bays, None)] == [1, 2]

    def test_class_that_cannot_be_hashed(self, session):
        session.add_all([Depot(position=2), Depot(position=1)])

        assert [row.position for row in rows(Depot, session)] == [1, 2]
        assert [row.Depot.position for row in rows(select(Depot, Product).join(Product, true()), session)] == [
            1,
            1,
            1,
            2,
            2,
            2,
        ]

    def test_bundle(self, session):
        found = rows(select(Bundle("pair", Product.id, Product.name)), session)

        assert [row.pair.id for row in found] == [1, 2, 3]

    def test_table(self, session):
        assert [row.id for row in rows(select(Product.__table__), session)] == [1, 2, 3]

    def test_from_statement(self, adapter, session):
        statement = text("SELECT * FROM product ORDER BY profit")
        query = adapter.query(select(Product).from_statement(statement), session)

        assert [row.id for row in query.rows()] == [3, 1, 2]
        assert query.row_type is Product

    def test_legacy_from_statement(self, session):
        query = session.query(Product).from_statement(text("SELECT * FROM product ORDER BY profit DESC"))

        assert ids(query, None) == [2, 1, 3]

    def test_text(self, session):
        statement = text("SELECT id FROM product WHERE id > :least ORDER BY id DESC").bindparams(least=1)

        assert ids(statement, session) == [3, 2]
        assert ids(statement.columns(Product.id), session) == [3, 2]

    def test_union(self, session):
        both = union(select(Product.id).where(Product.id > 1), select(Product.id).where(Product.id == 2))

        assert ids(both, session) == [2, 3]

    def test_entity_over_a_union(self, session):
        both = union_all(select(Product).where(Product.id > 2), select(Product).where(Product.id < 2))

        assert ids(select(aliased(Product, both.subquery())), session) == [1, 3]

    def test_what_sqlalchemy_does_not_know(self, adapter, unbound):
        others = [object(), "Product", 1, None, object, Base, [Product], delete(Product)]

        assert [one for one in others if adapter.query(one, unbound) is not None] == []

    def test_class_without_a_session_is_left_to_others(self, adapter):
        assert adapter.query(dict, None) is None

    def test_session_alone_is_left_to_the_declared_class(self, adapter, unbound):
        assert adapter.query(unbound, None) is None
        assert adapter.query(scoped_session(sessionmaker()), None) is None


class TestSessions:
    """Every form of session."""

    def test_made_by_a_sessionmaker(self, session, engine):
        with sessionmaker(engine)() as other:
            assert ids(Product, other) == [1, 2, 3]

    def test_scoped(self, session, engine):
        scoped = scoped_session(sessionmaker(engine))
        try:
            assert ids(Product, scoped) == [1, 2, 3]
            assert ids(scoped.query(Product), None) == [1, 2, 3]
            assert ids(Query(Product, scoped), None) == [1, 2, 3]
        finally:
            scoped.remove()

    def test_scoped_session_is_the_one_of_the_scope_at_the_time(self, adapter, session, engine):
        scope = ["first"]
        scoped = scoped_session(sessionmaker(engine), scopefunc=lambda: scope[0])
        query = adapter.query(Product, scoped)
        before = query.identity
        try:
            assert before == identity(Product, scoped())

            scope[0] = "second"

            assert query.identity != before
            assert query.identity == identity(Product, scoped())
            assert set(query.rows()) == set(scoped().identity_map.values())
        finally:
            for scope[0] in ("first", "second"):
                scoped.remove()


class TestRefusals:
    """What is given in place of a session, and what the message says to do."""

    def refused(self, target: object, handle: object) -> str:
        with pytest.raises(LXSourceError) as caught:
            SQLAlchemyAdapter().query(target, handle)
        return str(caught.value)

    def test_class_without_a_session(self):
        assert self.refused(Product, None) == (
            "from_model() got nothing where a session belongs. What to read does not yet say from which database. "
            "Write .from_model(Product, session)."
        )

    @pytest.mark.parametrize("target", [select(Product), aliased(Product), text("SELECT 1"), Query(Product)])
    def test_query_without_a_session(self, target):
        assert self.refused(target, None) == (
            "from_model() got nothing where a session belongs. What to read does not yet say from which database. "
            "Write .from_model(query, session)."
        )

    @pytest.mark.parametrize("target", [Product, select(Product), Query(Product)])
    def test_engine(self, target):
        message = self.refused(target, create_engine("sqlite://"))

        assert message.startswith("from_model() got an Engine where a session belongs. Rows are read in a session")
        assert "`session = Session(engine)`" in message

    def test_connection(self):
        engine = create_engine("sqlite://")
        with engine.connect() as connection:
            message = self.refused(Product, connection)
        engine.dispose()

        assert "got a Connection where a session belongs" in message
        assert "`session = Session(connection)` or `Session(engine)`, and write .from_model(Product" in message

    def test_sessionmaker(self):
        message = self.refused(Product, sessionmaker())

        assert "got a sessionmaker where a session belongs" in message
        assert "Call it once, `session = make_session()`, and write .from_model(Product, session)." in message

    @pytest.mark.parametrize("handle", ["default", 5, Session, scoped_session, object()])
    def test_anything_else(self, handle):
        message = self.refused(Product, handle)

        assert message.startswith(f"from_model() got {handle!r} where a session belongs. Rows are read in")
        assert message.endswith("Write .from_model(Product, session).")

    @pytest.mark.parametrize("handle", [create_engine("sqlite://"), sessionmaker()])
    def test_no_session_in_place_of_the_rows(self, handle):
        assert "where a session belongs" in self.refused(handle, None)

    def test_session_first(self, unbound):
        assert self.refused(unbound, Product) == (
            "from_model() got a session as its first argument. The session comes second, after the class or query. "
            "Write .from_model(Product, session)."
        )
        assert ".from_model(query, session)" in self.refused(unbound, select(Product))

    @pytest.mark.parametrize("name", ["async_scoped_session", "async_sessionmaker"])
    def test_what_makes_asynchronous_sessions(self, adapter, name):
        pytest.importorskip("greenlet", reason="SQLAlchemy's asyncio needs greenlet")
        from sqlalchemy.ext import asyncio

        arguments = (asyncio.async_sessionmaker(), object) if name == "async_scoped_session" else ()
        handle = getattr(asyncio, name)(*arguments)

        message = self.refused(Product, handle)

        assert adapter.is_handle(handle)
        assert "got an asynchronous engine, or what makes asynchronous sessions, where a session belongs" in message
        assert "`async_session = AsyncSession(engine)`" in message

    @pytest.mark.parametrize("name", ["execute", "scalars", "stream_scalars"])
    def test_an_asynchronous_session_whose_own_methods_may_hide_rows(self, adapter, name):
        pytest.importorskip("greenlet", reason="SQLAlchemy's asyncio needs greenlet")
        from sqlalchemy.ext import asyncio

        async def hiding(self, statement, *args, **options):
            return await getattr(asyncio.AsyncSession, name)(self, statement.where(Product.id == 1), *args, **options)

        own = type("OfTenant", (asyncio.AsyncSession,), {name: hiding})

        message = self.refused(Product, own())

        assert message.startswith(f"OfTenant overrides {name}(), which may change queries")
        assert "sync_session_class" in message
        assert adapter.query(Product, type("Plain", (asyncio.AsyncSession,), {})()) is not None
