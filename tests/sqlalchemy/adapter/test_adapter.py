"""What the adapter answers about classes, keys and handles."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import Engine, inspect, literal, select, text
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Query,
    Session,
    mapped_column,
    relationship,
    scoped_session,
    sessionmaker,
)

from lumix_core.rows.adapter import RowAdapter, RowQuery
from lumix_sqlalchemy import SQLAlchemyAdapter
from tests.sqlalchemy.adapter.mapped import Abstract, Base, Depot, Machine, Product, Recipe, Truck, Welder, Worker


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
            (Depot, ("position",)),
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
