"""The SQLAlchemy adapter against the conformance kit, on every database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from inspect import signature
from typing import Any

import pytest
from sqlalchemy import Engine, ForeignKey, String, delete, event, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, scoped_session, sessionmaker

from lumix_core.rows import RowQuery
from lumix_core.standins import RowClass
from lumix_core.testing import RowAdapterConformance
from lumix_core.testing.row_columns import Columns
from lumix_core.testing.row_writing import Writing
from lumix_sqlalchemy import SQLAlchemyAdapter


class Base(DeclarativeBase): ...


class Category(Base):
    __tablename__ = "kit_categories"
    id: Mapped[int] = mapped_column(primary_key=True)
    markup: Mapped[float]


class Part(Base):
    __tablename__ = "kit_parts"
    id: Mapped[int] = mapped_column(primary_key=True)
    weight: Mapped[float]
    product_id: Mapped[int] = mapped_column(ForeignKey("kit_products.id"))


class Product(Base):
    __tablename__ = "kit_products"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    price: Mapped[float | None]
    category_id: Mapped[int | None] = mapped_column(ForeignKey("kit_categories.id"))
    category: Mapped[Category | None] = relationship()
    parts: Mapped[list[Part]] = relationship(order_by=Part.id)


class World:
    """Three tables in a database, and a session."""

    Product = Product
    parts_of = staticmethod(lambda product: product.parts)

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        Base.metadata.create_all(engine)
        self.handle = Session(engine)

    @property
    def handles(self) -> list[Any]:
        make = sessionmaker(self.engine)
        connection = self.handle.connection()
        return [self.handle, scoped_session(make), make, self.engine, connection, self.handle.query(Product)]

    def fill(self, count: int) -> None:
        self.handle.expunge_all()
        for table in reversed(Base.metadata.sorted_tables):
            self.handle.execute(delete(table))
        self.handle.add(Category(id=1, markup=1.5))
        self.handle.flush()
        for i in range(1, count + 1):
            parts = [Part(id=2 * i - 1, weight=float(i)), Part(id=2 * i, weight=2.0 * i)]
            self.handle.add(Product(id=i, name=f"product {i}", price=float(i), category_id=1, parts=parts))
        self.handle.commit()
        self.handle.expunge_all()

    @contextmanager
    def queries(self) -> Iterator[list[str]]:
        sent: list[str] = []

        def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
            sent.append(statement)

        event.listen(self.engine, "before_cursor_execute", note)
        yield sent
        event.remove(self.engine, "before_cursor_execute", note)

    def pending(self) -> object:
        return [(type(one).__name__, one.id) for one in (*self.handle.new, *self.handle.dirty)]

    def save(self, row: Any) -> None:
        self.handle.flush()

    def delete(self, key: int) -> None:
        self.handle.commit()
        with Session(self.engine) as other:
            other.execute(delete(Part).where(Part.product_id == key))
            other.execute(delete(Product).where(Product.id == key))
            other.commit()
        assert self.handle.scalar(select(Product.id).where(Product.id == key)) is None

    def orphan(self, key: int) -> None:
        self.handle.commit()
        with Session(self.engine) as other:
            other.execute(update(Product).where(Product.id == key).values(category_id=None))
            other.commit()

    def close_transaction(self) -> None:
        self.handle.commit()

    def close(self) -> None:
        self.handle.close()
        Base.metadata.drop_all(self.engine)
        self.engine.dispose()


@pytest.fixture(scope="module")
def enforcing(engine: Engine) -> Engine:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys = ON"))
        engine.dispose()
    return engine


@pytest.fixture
def world(enforcing: Engine) -> Iterator[World]:
    engine = enforcing
    world = World(engine)
    yield world
    world.close()


class TestSQLAlchemyAdapter(RowAdapterConformance):
    @pytest.fixture
    def adapter(self) -> SQLAlchemyAdapter:
        return SQLAlchemyAdapter()

    @pytest.fixture
    def world(self, world: World) -> World:
        return world


class WithoutColumns(SQLAlchemyAdapter):
    """An adapter that reads rows only."""

    def row_class(self, cls: type) -> RowClass:
        return replace(super().row_class(cls), columns=frozenset(), related={})

    def query(self, target: object, handle: object | None) -> RowQuery | None:
        query = super().query(target, handle)
        return None if query is None else _RowsOnly(query)


class _RowsOnly:
    def __init__(self, query: Any) -> None:
        self.row_type, self.identity, self.rows = query.row_type, query.identity, query.rows


class TestAnAdapterWithoutColumns(Columns):
    @pytest.fixture
    def adapter(self) -> SQLAlchemyAdapter:
        return WithoutColumns()

    @pytest.fixture
    def world(self, world: World) -> World:
        return world


class ReadOnly:
    """An adapter that does not write, and whose queries know no snapshots."""

    def __init__(self) -> None:
        self._adapter = SQLAlchemyAdapter()

    def __getattr__(self, name: str) -> Any:
        if name in ("written_table", "instance_values", "writing"):
            raise AttributeError(name)
        return getattr(self._adapter, name)

    def query(self, target: object, handle: object | None) -> Any:
        query = self._adapter.query(target, handle)
        return None if query is None else _RowsOnly(query)


class TestAnAdapterThatDoesNotWrite(Writing):
    @pytest.fixture
    def adapter(self) -> Any:
        return ReadOnly()

    @pytest.fixture
    def world(self, world: World) -> World:
        return world


class _Writer:
    """A writer that does one thing wrong."""

    def __init__(self, writer: Any, **wrong: Any) -> None:
        self._writer, self._wrong = writer, wrong

    def __getattr__(self, name: str) -> Any:
        return self._wrong.get(name) or getattr(self._writer, name)


WRITERS: dict[str, Callable[[Any], Any]] = {
    "deletes nothing": lambda writer: _Writer(writer, delete=lambda table, where: 0),
    "deletes all": lambda writer: _Writer(writer, delete=lambda table, where: writer.delete(table, {})),
    "loses a row": lambda writer: _Writer(
        writer, insert=lambda table, columns: writer.insert(table, {name: one[1:] for name, one in columns.items()})
    ),
    "finds everything": lambda writer: _Writer(writer, existing=lambda target, names, keys: set(keys)),
    "finds nothing": lambda writer: _Writer(writer, existing=lambda target, names, keys: set()),
    "has no savepoints": lambda writer: _Writer(writer, savepoint=nullcontext),
    "knows no errors": lambda writer: _Writer(writer, integrity_errors=(KeyError,)),
}


@pytest.mark.parametrize("wrong", WRITERS.values(), ids=WRITERS)
def test_the_kit_notices_a_writer_that_does_wrong(world: World, wrong: Callable[[Any], Any]) -> None:
    if wrong is WRITERS["has no savepoints"] and world.engine.dialect.name != "postgresql":
        pytest.skip("only PostgreSQL ends a transaction in which a statement failed")

    class Wrong(SQLAlchemyAdapter):
        @contextmanager
        def writing(self, *arguments: Any) -> Iterator[Any]:  # type: ignore[override]
            with super().writing(*arguments) as writer:
                yield wrong(writer)

    failed = []
    for name in [one for one in vars(Writing) if one.startswith("test_")]:
        for counts in (
            ({"count": 3}, {"count": 600}) if "count" in signature(getattr(Writing, name)).parameters else ({},)
        ):
            try:
                getattr(Writing(), name)(adapter=Wrong(), world=world, **counts)
            except (Exception, pytest.fail.Exception):  # noqa: BLE001 - any failure is the kit noticing
                failed.append(name)
            world.handle.rollback()

    assert failed


LIES: dict[str, Callable[[list[Any]], Any]] = {
    "other types": lambda columns: [[str(value) for value in column] for column in columns],
    "another order": lambda columns: [column[::-1] for column in columns],
    "a value too few": lambda columns: [column[:-1] for column in columns],
    "a column too many": lambda columns: [*columns, columns[0]],
    "a missing row left out": lambda columns: [[v for v in column if v is not None] for column in columns],
    "nothing at all": lambda columns: None,
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_the_kit_notices_columns_that_lie(world: World, lie: Callable[[list[Any]], Any]) -> None:
    class Query:
        def __init__(self, query: Any) -> None:
            self.query = query

        def __getattr__(self, name: str) -> Any:
            return getattr(self.query, name)

        def columns(self, *arguments: Any, **options: Any) -> Any:
            found = self.query.columns(*arguments, **options)
            return None if found is None else lie([one.tolist() for one in found])

    class Liar(SQLAlchemyAdapter):
        def query(self, target: object, handle: object | None) -> Any:
            return Query(super().query(target, handle))

    kept = [name for name in vars(Columns) if name.startswith("test_") and _passes(name, Liar(), world)]

    assert "test_a_class_tells_what_can_be_read_as_columns" in kept
    assert len(kept) < len([name for name in vars(Columns) if name.startswith("test_")])


def _passes(name: str, adapter: SQLAlchemyAdapter, world: World) -> bool:
    try:
        getattr(Columns(), name)(adapter, world)
    except AssertionError:
        return False
    return True
