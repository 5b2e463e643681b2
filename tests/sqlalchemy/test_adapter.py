"""What the adapter answers about classes, objects and queries, on every database."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Column,
    Engine,
    ForeignKey,
    Integer,
    Numeric,
    String,
    Table,
    bindparam,
    case,
    create_engine,
    delete,
    func,
    insert,
    inspect,
    literal,
    literal_column,
    null,
    select,
    text,
    true,
    union,
    union_all,
)
from sqlalchemy.exc import DBAPIError, UnboundExecutionError
from sqlalchemy.orm import (
    Bundle,
    DeclarativeBase,
    DynamicMapped,
    Mapped,
    MappedAsDataclass,
    Query,
    Session,
    aliased,
    joinedload,
    mapped_column,
    registry,
    relationship,
    scoped_session,
    selectinload,
    sessionmaker,
    with_loader_criteria,
    with_polymorphic,
)
from sqlalchemy.sql.functions import FunctionElement

from lumix_core.errors import LXSourceError
from lumix_core.rows.adapter import RowAdapter, RowQuery
from lumix_sqlalchemy import SQLAlchemyAdapter


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "product"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30))
    profit: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    recipes: Mapped[list[Recipe]] = relationship(back_populates="product", order_by="Recipe.machine_id")


class Machine(Base):
    __tablename__ = "machine"
    key: Mapped[int] = mapped_column("machine_id", primary_key=True)
    hours: Mapped[float]
    details: Mapped[Any] = mapped_column(JSON, nullable=True)


class Recipe(Base):
    __tablename__ = "recipe"
    machine_id: Mapped[int] = mapped_column(ForeignKey("machine.machine_id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    hours: Mapped[float]
    product: Mapped[Product] = relationship(back_populates="recipes")
    __mapper_args__ = {"primary_key": ["product_id", "machine_id"]}  # noqa: RUF012


class Worker(Base):
    __tablename__ = "worker"
    number: Mapped[int] = mapped_column("id", primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "worker"}  # noqa: RUF012


class Welder(Worker):
    __tablename__ = "welder"
    number: Mapped[int] = mapped_column("id", ForeignKey("worker.id"), primary_key=True)
    grade: Mapped[int]
    __mapper_args__ = {"polymorphic_identity": "welder"}  # noqa: RUF012


class Abstract(Base):
    __abstract__ = True


class Depot(MappedAsDataclass, Base):
    __tablename__ = "depot"
    place: Mapped[int] = mapped_column("depot_id", primary_key=True)
    bays: DynamicMapped[Bay] = relationship(init=False)


class Bay(Base):
    __tablename__ = "bay"
    number: Mapped[int] = mapped_column(primary_key=True)
    depot_id: Mapped[int | None] = mapped_column(ForeignKey("depot.depot_id"))


class Unmade(DeclarativeBase):
    pass


class Missing(Unmade):
    __tablename__ = "missing"
    id: Mapped[int] = mapped_column(primary_key=True)


class Truck:
    pass


registry().map_imperatively(
    Truck,
    Table("truck", Base.metadata, Column("truck_no", Integer, primary_key=True), Column("load", Integer)),
    properties={"number": Base.metadata.tables["truck"].c.truck_no},
)


PROFITS = {3: Decimal("45.00"), 1: Decimal("120.50"), 2: Decimal("200.00")}
PAIRS = [(1, 2), (3, 1), (2, 2), (1, 1), (3, 2), (2, 1)]


@pytest.fixture
def adapter() -> SQLAlchemyAdapter:
    return SQLAlchemyAdapter()


@pytest.fixture(scope="module")
def tables(engine: Engine) -> Engine:
    """The engine, once the tables are there."""
    Base.metadata.create_all(engine)
    return engine


@pytest.fixture
def session(tables: Engine) -> Iterator[Session]:
    """A session on three products, two machines and six recipes, added in an order that is not the key's."""
    with Session(tables) as session:
        session.execute(insert(Product), [{"id": i, "name": f"p-{i}", "profit": p} for i, p in PROFITS.items()])
        session.execute(insert(Machine), [{"key": 2, "hours": 100.0}, {"key": 1, "hours": 80.0}])
        session.execute(insert(Recipe), [{"product_id": p, "machine_id": m, "hours": 1.0} for p, m in PAIRS])
        session.commit()
        yield session
    with tables.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(delete(table))


@pytest.fixture
def unbound() -> Iterator[Session]:
    """A session without a database, for what must not read."""
    with Session() as session:
        yield session


def rows(target: object, session: object) -> list[Any]:
    query = SQLAlchemyAdapter().query(target, session)
    assert query is not None
    return list(query.rows())


def ids(target: object, session: object) -> list[int]:
    return [row.id for row in rows(target, session)]


def identity(target: object, session: object) -> object:
    query = SQLAlchemyAdapter().query(target, session)
    assert query is not None
    return query.identity


def same(one: object, other: object, session: object) -> bool:
    equal = identity(one, session) == identity(other, session)
    if equal:
        assert hash(identity(one, session)) == hash(identity(other, session))
    return equal


class TestSeam:
    def test_adapter_is_a_row_adapter(self, adapter):
        assert isinstance(adapter, RowAdapter)

    def test_finding_the_plugin_does_not_import_sqlalchemy(self):
        code = "import sys, lumix_sqlalchemy.plugin; sys.exit('sqlalchemy' in sys.modules)"

        found = subprocess.run([sys.executable, "-c", code], check=False, timeout=120)

        assert found.returncode == 0

    def test_package_has_no_other_names(self):
        with pytest.raises(ImportError, match="nothing"):
            from lumix_sqlalchemy import nothing  # noqa: F401


class TestOwns:
    @pytest.mark.parametrize("cls", [Product, Worker, Welder, Depot, Truck])
    def test_mapped_classes(self, adapter, cls):
        assert adapter.owns(cls)

    @pytest.mark.parametrize("cls", [Base, Abstract, DeclarativeBase, object, int, dict, type, Session])
    def test_other_classes(self, adapter, cls):
        assert not adapter.owns(cls)

    def test_unmapped_subclass_of_a_mapped_class(self, adapter):
        stand_in = type("Product", (Product,), {"__abstract__": True})

        assert not adapter.owns(stand_in)

    def test_class_whose_mapper_cannot_be_configured_yet(self, adapter):
        class Other(DeclarativeBase):
            pass

        class Early(Other):
            __tablename__ = "early"
            id: Mapped[int] = mapped_column(primary_key=True)
            late = relationship("NotImportedYet")

        assert adapter.owns(Early)
        assert adapter.primary_key(Early) == ("id",)
        assert not inspect(Early).configured
        Other.registry.dispose()


class TestPrimaryKey:
    @pytest.mark.parametrize(
        ("cls", "names"),
        [
            (Product, ("id",)),
            (Machine, ("key",)),
            (Recipe, ("product_id", "machine_id")),
            (Worker, ("number",)),
            (Welder, ("number",)),
            (Depot, ("place",)),
            (Truck, ("number",)),
        ],
    )
    def test_attributes_in_key_order(self, adapter, cls, names):
        assert adapter.primary_key(cls) == names


class TestIsHandle:
    def test_handles(self, adapter, engine):
        with engine.connect() as connection, Session(engine) as session:
            handles = [
                engine,
                engine.pool,
                connection,
                connection.begin(),
                inspect(engine),
                connection.execute(text("SELECT 1")),
                connection.scalars(text("SELECT 1")),
                session,
                session.begin(),
                session.query(literal(1)),
                session.execute(text("SELECT 1")).mappings(),
                sessionmaker(engine),
                scoped_session(sessionmaker(engine)),
                sessionmaker(engine, class_=type("MySession", (Session,), {})),
            ]

            assert [one for one in handles if not adapter.is_handle(one)] == []

    @pytest.mark.parametrize(
        "obj", [None, 1, Product, Session, Engine, select(Product), Base.metadata, list[Session], object()]
    )
    def test_other_objects(self, adapter, obj):
        assert not adapter.is_handle(obj)

    def test_instances_and_rows(self, adapter, session):
        product = session.scalars(select(Product)).first()
        row = session.execute(select(Product.id)).first()

        assert not adapter.is_handle(product)
        assert not adapter.is_handle(row)


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
        session.add(Depot(place=1))
        session.add_all([Bay(number=2, depot_id=1), Bay(number=1, depot_id=1), Bay(number=3)])

        bays = session.get(Depot, 1).bays

        assert [row.number for row in rows(bays, None)] == [1, 2]

    def test_class_that_cannot_be_hashed(self, session):
        session.add_all([Depot(place=2), Depot(place=1)])

        assert [row.place for row in rows(Depot, session)] == [1, 2]
        assert [row.Depot.place for row in rows(select(Depot, Product).join(Product, true()), session)] == [
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
        others = [object(), "Product", 1, None, object, Base, [Product], Product.__table__, delete(Product)]

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
            "from_model() got a session before what it is to read. The session comes second. "
            "Write .from_model(Product, session)."
        )
        assert ".from_model(query, session)" in self.refused(unbound, select(Product))

    @pytest.mark.parametrize("name", ["AsyncSession", "async_scoped_session", "async_sessionmaker"])
    def test_asynchronous_sessions(self, adapter, name):
        pytest.importorskip("greenlet", reason="SQLAlchemy's asyncio needs greenlet")
        from sqlalchemy.ext import asyncio

        arguments = (asyncio.async_sessionmaker(), object) if name == "async_scoped_session" else ()
        handle = getattr(asyncio, name)(*arguments)

        message = self.refused(Product, handle)

        assert adapter.is_handle(handle)
        assert "It can only be awaited" in message
        assert "`await async_session.run_sync(lambda session: build_model(session).compile())`" in message


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


class TestName:
    """How messages call a query."""

    def name(self, target: object, session: object) -> str:
        query: RowQuery | None = SQLAlchemyAdapter().query(target, session)
        return str(query)

    def test_sql_in_one_line(self, unbound):
        expected = "SELECT worker.id, worker.kind FROM worker WHERE worker.id > :id_1"

        assert self.name(select(Worker).where(Worker.number > 5), unbound) == expected

    def test_legacy_query(self, unbound):
        assert self.name(Query(Worker), unbound) == "SELECT worker.id, worker.kind FROM worker"
