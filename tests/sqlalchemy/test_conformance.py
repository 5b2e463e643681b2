"""The SQLAlchemy adapter against the conformance kit, on every database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from kit_faults import fails
from sqlalchemy import (
    Double,
    Engine,
    ForeignKey,
    Numeric,
    PrimaryKeyConstraint,
    String,
    create_engine,
    delete,
    event,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, scoped_session, sessionmaker

from lumix_core.testing import RowAdapterConformance
from lumix_sqlalchemy import RunColumns, SQLAlchemyAdapter
from lumix_sqlalchemy.row_writer import ConnectionWriter

pytestmark = pytest.mark.one_database


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {float: Double}  # SQLAlchemy 2.0 gives MariaDB single precision


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


class Run(RunColumns, Base):
    __tablename__ = "kit_runs"
    comment: Mapped[str | None] = mapped_column(String(40))


class Line(Base):
    __tablename__ = "kit_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("kit_runs.id"))
    product_id: Mapped[int]
    quantity: Mapped[float]


class Task(Base):
    __tablename__ = "kit_tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    project: Mapped[int]
    after_id: Mapped[int | None] = mapped_column(ForeignKey("kit_tasks.id"))


class Shift(Base):
    """A key of two parts, named in another order than the columns, and values that the database stores otherwise."""

    __tablename__ = "kit_shifts"
    __table_args__ = (PrimaryKeyConstraint("site", "day"),)
    day: Mapped[date] = mapped_column()
    site: Mapped[str] = mapped_column(String(10))
    is_open: Mapped[bool]
    cost: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))


class World:
    """Tables in a database, and a session."""

    Product, Run, Line, Task, Shift = Product, Run, Line, Task, Shift
    DatabaseError = SQLAlchemyError
    parts_of = staticmethod(lambda product: product.parts)

    def __init__(self, engine: Engine) -> None:
        self.engine = self.committing = engine
        self.others = enforcing_keys(create_engine(engine.url))
        Base.metadata.create_all(engine)
        self.handle = Session(engine)
        self._clear()
        self.handle.commit()

    @property
    def handles(self) -> list[Any]:
        make = sessionmaker(self.engine)
        connection = self.handle.connection()
        return [self.handle, scoped_session(make), make, self.engine, connection, self.handle.query(Product)]

    def fill(self, count: int) -> None:
        self.handle.expunge_all()
        self._clear()
        self.handle.add(Category(id=1, markup=1.5))
        self.handle.flush()
        for i in range(1, count + 1):
            parts = [Part(id=2 * i - 1, weight=float(i)), Part(id=2 * i, weight=2.0 * i)]
            self.handle.add(Product(id=i, name=f"product {i}", price=float(i), category_id=1, parts=parts))
        self.handle.commit()
        self.handle.expunge_all()

    def _clear(self) -> None:
        self.handle.execute(update(Task).values(after_id=None))
        for table in reversed(Base.metadata.sorted_tables):
            self.handle.execute(delete(table))

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

    @property
    def selections(self) -> Sequence[tuple[str, Any, Any, Sequence[int]]]:
        all_of_them = select(Product)
        above = all_of_them.where(Product.price > 6.0)
        chosen = {
            "condition": (above, [7, 8, 9, 10]),
            "another value": (all_of_them.where(Product.price > 8.0), [9, 10]),
            "its order": (above.order_by(Product.id.desc()), [10, 9, 8, 7]),
            "its limit": (above.order_by(Product.id).limit(2), [7, 8]),
            "a window": (all_of_them.order_by(Product.price.desc()).offset(2).limit(3), [8, 7, 6]),
            "a condition elsewhere": (
                all_of_them.join(Part).where(Part.weight == 4.0).order_by(Product.id),
                [2, 4],
            ),
            "of a list": (all_of_them.where(Product.id.in_([2, 4])).order_by(Product.id.desc()), [4, 2]),
        }
        queries = [(name, target, self.handle, keys) for name, (target, keys) in chosen.items()]
        old = self.handle.query(Product).filter(Product.id < 3).order_by(Product.id)
        return [*queries, ("a legacy query", old, None, [1, 2])]

    def fill_shifts(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.handle.execute(delete(Shift))
        self.handle.add_all([Shift(**row) for row in rows])
        self.handle.commit()
        self.handle.expunge_all()

    def move(self, key: int, category: int | None) -> None:
        self.handle.commit()
        with Session(self.engine) as other:
            if category is not None and other.get(Category, category) is None:
                other.add(Category(id=category, markup=category + 0.5))
                other.flush()
            other.execute(update(Product).where(Product.id == key).values(category_id=category))
            other.commit()

    def close_transaction(self) -> None:
        self.handle.commit()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.handle.commit()
        self.handle.connection(execution_options={"isolation_level": ONE_MOMENT[self.engine.dialect.name]})
        try:
            yield
        except BaseException:
            self.handle.rollback()
            raise
        self.handle.commit()

    def elsewhere(self, work: Callable[[Any], Any]) -> Any:
        with Session(self.others) as session:
            found = work(session)
            session.commit()
        return found

    @contextmanager
    def statements(self, before: Callable[[str], object], after: Callable[[str], object]) -> Iterator[None]:
        def sending(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
            before(statement)

        def sent(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
            after(statement)

        def committing(connection: Any) -> None:
            before("COMMIT")

        listeners = {"before_cursor_execute": sending, "after_cursor_execute": sent, "commit": committing}
        for name, listener in listeners.items():
            event.listen(self.engine, name, listener)
        try:
            yield
        finally:
            for name, listener in listeners.items():
                event.remove(self.engine, name, listener)

    def close(self) -> None:
        self.end()
        Base.metadata.drop_all(self.engine)
        self.engine.dispose()

    def end(self) -> None:
        """Let go of the connections; the tables stay for the next world."""
        self.handle.close()
        self.others.dispose()


ONE_MOMENT: dict[str, Any] = {
    "sqlite": "SERIALIZABLE",
    "postgresql": "REPEATABLE READ",
    "mysql": "REPEATABLE READ",
    "mariadb": "REPEATABLE READ",
}


def enforcing_keys(engine: Engine) -> Engine:
    """Let SQLite see to foreign keys as others do, and let no one who writes wait for who reads."""
    if engine.dialect.name == "sqlite":

        def begun(connection: Any, _: Any) -> None:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA journal_mode = WAL")

        event.listen(engine, "connect", begun)
        engine.dispose()
    return engine


@pytest.fixture(scope="module")
def enforcing(engine: Engine) -> Engine:
    return enforcing_keys(engine)


@pytest.fixture
def tables(enforcing: Engine) -> Iterator[World]:
    world = World(enforcing)
    yield world
    world.end()


@pytest.fixture
def world(tables: World) -> World:
    return tables


class TestSQLAlchemyAdapter(RowAdapterConformance):
    @pytest.fixture
    def adapter(self) -> SQLAlchemyAdapter:
        return SQLAlchemyAdapter()

    @pytest.fixture
    def world(self, tables: World) -> World:
        return tables


class WithoutSavepoints(SQLAlchemyAdapter):
    @contextmanager
    def writing(self, *arguments: Any) -> Iterator[Any]:  # type: ignore[override]
        with super().writing(*arguments) as writer:
            writer.savepoint = nullcontext  # type: ignore[method-assign]
            yield writer


def test_the_kit_notices_a_writer_without_savepoints(world: World) -> None:
    if world.engine.dialect.name != "postgresql":
        pytest.skip("only PostgreSQL ends a transaction in which a statement failed")

    assert fails(
        "test_a_foreign_key_that_leads_nowhere_names_the_row", WithoutSavepoints(), world, world.handle.rollback
    )


def test_the_kit_notices_plans_that_are_mixed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    if world.engine.dialect.name != "postgresql":
        pytest.skip("other databases lock what is deleted, and where it was")
    monkeypatch.setattr(ConnectionWriter, "_take_advisory_locks", lambda writer, table, where: None)

    assert fails("test_two_plans_at_once_are_not_mixed", SQLAlchemyAdapter(), world, world.handle.rollback)
