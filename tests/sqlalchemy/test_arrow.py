"""The reader that has a connection of its own: the session's values, or a refusal; never others."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from time import sleep
from typing import Any
from uuid import uuid4

import numpy as np
import psycopg
import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Engine,
    Enum,
    Float,
    ForeignKey,
    Integer,
    String,
    bindparam,
    create_engine,
    event,
    func,
    insert,
    literal,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, with_loader_criteria
from sqlalchemy.pool import StaticPool

from lumix_core import LXModel, LXVariable
from lumix_core.errors import LXSourceError
from lumix_core.rows.adapter import ColumnQuery
from lumix_sqlalchemy import SQLAlchemyAdapter, arrow

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
rows: Any = import_module("column_rows")
sys.path.remove(str(HERE))

ADAPTER = SQLAlchemyAdapter()


def on(*databases: str) -> Callable[[Any], Any]:
    """Run a test on these databases, and not on those that ADBC reads."""

    def keep(test: Any) -> Any:
        test.databases = databases
        return test

    return keep


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        databases = getattr(metafunc.function, "databases", tuple(arrow.DATABASES))
        # As a mark, since it takes the place of the fixture's own parameters.
        metafunc.definition.add_marker(pytest.mark.parametrize("engine", databases, indirect=True, scope="module"))


class Base(DeclarativeBase): ...


class Line(Base):
    __tablename__ = "arrow_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    hours: Mapped[float]
    head_id: Mapped[int | None] = mapped_column(ForeignKey("arrow_lines.id"))
    head: Mapped[Line | None] = relationship(remote_side=id)


class Item(Base):
    __tablename__ = "arrow_items"
    id: Mapped[int] = mapped_column("key", primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    gain: Mapped[float] = mapped_column(Float)
    loss: Mapped[float | None]
    urgent: Mapped[bool] = mapped_column(Boolean)
    known: Mapped[bool | None] = mapped_column(Boolean)
    name: Mapped[str] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(String(40))
    cost: Mapped[Decimal | None]
    due: Mapped[date | None]
    moment: Mapped[datetime | None]
    price: Mapped[Any | None] = mapped_column(rows.EuroType)
    colour: Mapped[rows.Colour | None] = mapped_column(Enum(rows.Colour, name="arrow_colour"))
    line_id: Mapped[int | None] = mapped_column(ForeignKey("arrow_lines.id"))
    line: Mapped[Line | None] = relationship()


NUMBERS = [("id",), ("amount",), ("gain",), ("loss",), ("urgent",), ("known",), ("line_id",)]
RELATED = [("line", "id"), ("line", "hours"), ("line", "head", "hours")]
TEXTS = [("name",), ("note",)]
OTHERS = [("cost",), ("due",), ("moment",), ("price",), ("colour",), ("line", "head", "id")]


class OtherBase(DeclarativeBase): ...


class Tenant(OtherBase):
    __tablename__ = "arrow_tenants"
    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.fixture(scope="module")
def filled(engine: Engine) -> Iterator[Engine]:
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Line(id=1, hours=8.5), Line(id=2, hours=0.1, head_id=1)])
        session.flush()
        for key in range(1, 2001):
            values = {"amount": 2**40 + key, "gain": key * 0.1, "urgent": key % 2 == 0, "name": f"ä {key}"}
            some = {"loss": -0.0, "known": False, "note": "", "line_id": 1 + key % 2, "due": date(2024, 1, 1)}
            more = {"cost": Decimal("1.50"), "price": rows.Euro(key), "colour": rows.Colour.RED}
            session.add(Item(id=key, moment=datetime(2024, 1, 1), **values, **(some | more if key % 3 else {})))
        session.commit()
    yield engine
    Base.metadata.drop_all(engine)


@pytest.fixture
def session(filled: Engine) -> Iterator[Session]:
    with Session(filled) as session:
        yield session


def by_arrow(session: Session, target: Any, paths: Any) -> list[Any] | None:
    """Return what Arrow alone reads; None where it leaves the query to the session."""
    query: Any = ADAPTER.query(target, session)
    statement = query._ordered
    return arrow.read_arrow(session, statement, statement.column_descriptions[0]["entity"], paths)


def read(session: Session, target: Any, paths: Any, reader: str = "arrow") -> list[list[Any]] | None:
    query: Any = ADAPTER.query(target, session)
    found = query.with_reader(reader).columns(paths)
    return None if found is None else [np.asarray(one).tolist() for one in found]


def assert_as_in_session(session: Session, target: Any, paths: Any) -> None:
    wanted = read(session, target, paths, "session")
    found = read(session, target, paths)
    assert wanted is not None
    assert found is not None
    for path, column, values in zip(paths, found, wanted, strict=True):
        assert rows.exactly(column) == rows.exactly(values), path


# Values


def test_numbers_are_read_by_arrow_and_are_those_of_the_session(session: Session) -> None:
    assert by_arrow(session, Item, NUMBERS + RELATED) is not None
    assert_as_in_session(session, Item, NUMBERS + RELATED)


def test_numbers_are_typed(session: Session) -> None:
    found = by_arrow(session, Item, NUMBERS)

    assert found is not None
    kinds = [np.int64, np.int64, np.float64, np.object_, np.bool_, np.object_, np.object_]
    assert [one.dtype for one in found] == kinds


@pytest.mark.parametrize("path", [*TEXTS, *OTHERS], ids=".".join)
def test_every_other_value_is_that_of_the_session(session: Session, path: tuple[str, ...]) -> None:
    assert_as_in_session(session, Item, [("id",), path])


def test_every_type_is_read_as_in_the_session(session: Session) -> None:
    rows.Base.metadata.create_all(session.get_bind())
    try:
        with Session(session.get_bind()) as other:
            rows.fill(other)
        for name in ADAPTER.row_class(rows.Everything).columns:
            assert_as_in_session(session, rows.Everything, [(name,)])
        for cls in (rows.Machine, rows.Engineer, rows.Truck, rows.Pair):
            known = ADAPTER.row_class(cls)
            related = [(way, name) for way, to in known.related.items() for name in ADAPTER.row_class(to).columns]
            for path in [*((name,) for name in known.columns), *related]:
                assert_as_in_session(session, cls, [path])
    finally:
        session.close()
        rows.Base.metadata.drop_all(session.get_bind())


def test_no_rows_are_columns_of_no_values(session: Session) -> None:
    assert read(session, select(Item).where(Item.id < 0), NUMBERS) == [[] for _ in NUMBERS]


def test_columns_of_null_alone_are_read(session: Session) -> None:
    assert read(session, select(Item).where(Item.loss.is_(None)).limit(2), [("loss",), ("known",)]) == [[None] * 2] * 2


SELECTS: dict[str, Callable[[], Any]] = {
    "order and limit": lambda: select(Item).order_by(Item.gain.desc()).limit(7).offset(3),
    "numbers": lambda: select(Item).where(Item.gain > 1.5, Item.amount * 0.1 > 0.3, Item.id.in_([3, 4, 16, 17])),
    "a division": lambda: select(Item).where(Item.amount * literal(0.1) * 3 != 0.3, Item.id % 2 == 1),
    "texts": lambda: select(Item).where(Item.name != "a%b'c", Item.name.like("%1%")),
    "days": lambda: select(Item).where(Item.due >= date(2023, 1, 1), Item.moment < datetime(2025, 1, 1)),
    "a decimal": lambda: select(Item).where(Item.cost == Decimal("1.5")),
    "a truth": lambda: select(Item).where(Item.urgent.is_(True), Item.known == False),  # noqa: E712
    "an enumeration": lambda: select(Item).where(Item.colour == rows.Colour.RED),
    "a type of one's own": lambda: select(Item).where(Item.price == rows.Euro(5)),
    "several of a type of one's own": lambda: select(Item).where(Item.price.in_([rows.Euro(5), rows.Euro(7)])),
    "a moment": lambda: select(Item).where(Item.moment == datetime(2024, 1, 1)),
    "pairs": lambda: select(Item).where(tuple_(Item.id, Item.price).in_([(5, rows.Euro(5)), (7, rows.Euro(8))])),
    "criteria": lambda: select(Item).options(with_loader_criteria(Item, lambda cls: cls.gain > 100.0)),
    "a percent sign": lambda: select(Item).where(text("amount % 2 = 1"), literal("100%") == "100%"),
    "a backslash": lambda: select(Item).where(Item.name != "a\\b"),
    "a backslash in the statement": lambda: select(Item).where(
        func.length(bindparam("t", "a\\b", type_=String(), literal_execute=True)) == 3
    ),
    "no rows": lambda: select(Item).where(Item.id.in_([])),
    "a related row": lambda: select(Item).where(Item.line.has(Line.hours > 1.0)),
}


@pytest.mark.parametrize("make", SELECTS.values(), ids=SELECTS)
def test_a_select_is_read_as_in_the_session(session: Session, make: Callable[[], Any]) -> None:
    assert_as_in_session(session, make(), NUMBERS)


ORDINARY = (
    "order and limit",
    "numbers",
    "texts",
    "days",
    "a moment",
    "a type of one's own",
    "several of a type of one's own",
    "criteria",
    "a related row",
)


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_select_is_not_left_to_the_session(session: Session, name: str) -> None:
    assert by_arrow(session, SELECTS[name](), [("id",), ("gain",)]) is not None


def test_a_query_is_read_too(session: Session) -> None:
    assert read(session, session.query(Item).filter(Item.id < 3), [("id",), ("gain",)]) == [[1, 2], [0.1, 0.2]]


def test_a_parameter_without_a_value_is_sqlalchemy_s_error(session: Session) -> None:
    with pytest.raises(StatementError, match="nothing"):
        read(session, select(Item).where(Item.gain > bindparam("nothing")), [("id",)])


# What is left to the session


def test_a_session_whose_queries_are_listened_to_is_read_itself(session: Session) -> None:
    def few(state: Any) -> None:
        state.statement = state.statement.options(with_loader_criteria(Item, Item.id < 3))

    event.listen(session, "do_orm_execute", few)

    assert by_arrow(session, Item, [("id",)]) is None
    assert read(session, Item, [("id",)]) == [[1, 2]]


def test_parameters_of_other_drivers_are_left_to_the_session(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow, "TYPED_PARAMETERS", ())

    assert by_arrow(session, select(Item).where(Item.id > 3), [("id",)]) is None
    assert by_arrow(session, select(Item), [("id",)]) is not None


@on("postgresql")
def test_tables_whose_policies_ask_the_session_are_left_to_it(filled: Engine) -> None:
    role = f"lumix_{uuid4().hex[:12]}"
    with filled.begin() as connection:
        for sql in (
            f"CREATE ROLE {role} LOGIN",
            "CREATE TABLE arrow_tenants (id INTEGER PRIMARY KEY, tenant TEXT)",
            "INSERT INTO arrow_tenants VALUES (1, 'ours'), (2, 'theirs')",
            f"GRANT SELECT ON arrow_tenants TO {role}",
            "ALTER TABLE arrow_tenants ENABLE ROW LEVEL SECURITY",
            "CREATE POLICY own ON arrow_tenants USING (tenant = current_setting('app.tenant', true))",
        ):
            connection.execute(text(sql))
    engine = create_engine(filled.url.set(username=role))
    try:
        with Session(engine) as session:
            session.execute(text("SET app.tenant = 'ours'"))

            assert by_arrow(session, Tenant, [("id",)]) is None
            assert read(session, Tenant, [("id",)]) == [[1]]
    finally:
        engine.dispose()
        with filled.begin() as connection:
            connection.execute(text("DROP TABLE arrow_tenants"))
            connection.execute(text(f"DROP ROLE {role}"))


def test_schemas_that_are_translated_are_left_to_the_session(session: Session) -> None:
    statement = select(Item).execution_options(schema_translate_map={"other": None})

    assert by_arrow(session, statement, [("id",)]) is None


def test_columns_that_sqlite_fills_with_several_types_are_left_to_the_session(tmp_path: Path) -> None:
    class OtherBase(DeclarativeBase): ...

    class Loose(OtherBase):
        __tablename__ = "loose"
        id: Mapped[int] = mapped_column(primary_key=True)
        late: Mapped[Any] = mapped_column(Integer)
        mixed: Mapped[Any] = mapped_column(Float)
        real: Mapped[Any] = mapped_column(Float)
        word: Mapped[Any] = mapped_column(String(40))

    engine = create_engine(f"sqlite:///{tmp_path / 'loose.db'}")
    with engine.begin() as connection:
        connection.execute(
            text("CREATE TABLE loose (id INTEGER PRIMARY KEY, late INT, mixed NUMERIC, real REAL, word)")
        )
        values = [{"id": i, "late": i, "mixed": i if i % 2 else i + 0.5, "real": i, "word": i} for i in range(5000)]
        connection.execute(text("INSERT INTO loose VALUES (:id, :late, :mixed, :real, :word)"), values)
        connection.execute(text("UPDATE loose SET late = 'x', real = 'y', word = 'z' WHERE id = 4999"))

    with Session(engine) as session:
        for name in ("late", "mixed", "real", "word"):
            assert by_arrow(session, Loose, [("id",), (name,)]) is None, name
            assert_as_in_session(session, Loose, [("id",), (name,)])
        few = select(Loose).where(Loose.id < 4000)
        assert by_arrow(session, few, [("late",), ("real",), ("word",)]) is not None
        assert_as_in_session(session, few, [("late",), ("mixed",), ("real",), ("word",)])
    engine.dispose()


def test_tables_that_only_the_session_has_are_left_to_it(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'items.db'}")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.execute(text("CREATE TEMPORARY TABLE arrow_lines AS SELECT 9 AS id, 1.5 AS hours, NULL AS head_id"))
        session.commit()

        assert by_arrow(session, Line, [("id",)]) is None
        assert read(session, Line, [("id",)]) == [[9]]
    engine.dispose()


@on("postgresql")
def test_values_that_postgresql_s_driver_converts_are_left_to_the_session(session: Session) -> None:
    class OtherBase(DeclarativeBase): ...

    class Loose(OtherBase):
        __tablename__ = "arrow_loose"
        id: Mapped[int] = mapped_column(primary_key=True)
        document: Mapped[Any] = mapped_column(String().with_variant(JSONB(), "postgresql"))
        number: Mapped[Any] = mapped_column(String(40))
        half: Mapped[Any] = mapped_column(Float)
        exact: Mapped[Any] = mapped_column(Float)
        key: Mapped[Any] = mapped_column(UUID)
        padded: Mapped[Any] = mapped_column(String(40))

    session.execute(
        text(
            "CREATE TABLE arrow_loose AS SELECT 1 AS id, '{\"a\": 1}'::jsonb AS document, '1'::jsonb AS number, "
            "1.1::float4 AS half, 1.10::numeric AS exact, gen_random_uuid() AS key, 'a'::char(3) AS padded"
        )
    )
    session.commit()
    try:
        for name in ("document", "number", "half", "exact", "key"):
            assert by_arrow(session, Loose, [(name,)]) is None, name
        for name in ("id", "document", "number", "half", "exact", "key", "padded"):
            assert_as_in_session(session, Loose, [(name,)])
    finally:
        session.execute(text("DROP TABLE arrow_loose"))
        session.commit()


# What is refused


UNCOMMITTED: dict[str, Callable[[Session], Any]] = {
    "new": lambda session: session.add(Line(id=9, hours=1.0)),
    "changed": lambda session: setattr(session.get_one(Line, 1), "hours", 9.0),
    "deleted": lambda session: session.delete(session.get_one(Line, 2)),
    "flushed": lambda session: (session.add(Line(id=9, hours=1.0)), session.flush()),
    "updated in bulk": lambda session: session.execute(update(Line).values(hours=1.0)),
    "inserted": lambda session: session.execute(insert(Line.__table__).values(id=9, hours=1.0)),
}


@pytest.mark.parametrize("change", UNCOMMITTED.values(), ids=UNCOMMITTED)
def test_what_is_not_committed_is_refused(session: Session, change: Callable[[Session], Any]) -> None:
    change(session)

    with pytest.raises(LXSourceError, match=r"sees only what is committed.*Commit or roll back"):
        read(session, Item, [("id",)])


def test_after_a_commit_it_reads_again(session: Session) -> None:
    session.add(Line(id=9, hours=1.0))
    session.commit()
    assert by_arrow(session, Line, [("id",)]) is not None
    assert read(session, Line, [("id",)]) == [[1, 2, 9]]

    session.delete(session.get_one(Line, 9))
    session.commit()

    assert read(session, Line, [("id",)]) == [[1, 2]]


def test_a_database_in_memory_is_refused() -> None:
    for url in ("sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"):
        engine = create_engine(url, poolclass=StaticPool)
        Base.metadata.create_all(engine)
        with Session(engine) as session, pytest.raises(LXSourceError, match=r"in memory.*Keep it in a file"):
            read(session, Line, [("id",)])
        engine.dispose()


def test_a_file_whose_name_needs_quoting_is_read(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'a b%20#?.db'}".replace("?", "%3F"))
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        assert by_arrow(session, Line, [("id",)]) is not None
    engine.dispose()


@on("mariadb")
def test_a_database_without_a_driver_is_refused(filled: Engine) -> None:
    query: Any = ADAPTER.query(Item, Session(filled))

    with pytest.raises(LXSourceError, match=r"cannot read from (mysql|mariadb)\. .* sqlite and postgresql\. Use"):
        query.with_reader("arrow")


def test_an_unknown_reader_is_refused(filled: Engine) -> None:
    query: Any = ADAPTER.query(Item, Session(filled))

    with pytest.raises(LXSourceError, match=r"reader 'polars' is unknown\. .*'session'.*'arrow'.*\. Name"):
        query.with_reader("polars")


def test_a_missing_package_says_what_to_install(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(arrow, "find_spec", lambda name: None if name == "pyarrow" else found(name))
    query: Any = ADAPTER.query(Item, session)

    with pytest.raises(LXSourceError, match=r"pyarrow cannot be found\. .*pip install 'lumix-sqlalchemy\[arrow\]'"):
        query.with_reader("arrow")


@on("postgresql")
def test_a_session_with_settings_of_its_own_is_refused(session: Session) -> None:
    for setting in ("SET search_path TO public, information_schema", "SET TIME ZONE 'Asia/Tokyo'"):
        session.execute(text(setting))
        with pytest.raises(LXSourceError, match=r"reached another database, user, schema or time zone.*into the URL"):
            read(session, Line, [("id",)])
        session.rollback()


@on("postgresql")
def test_a_connection_that_cannot_be_opened_is_refused(session: Session) -> None:
    url = session.get_bind().engine.url
    reached = {"host": url.host, "port": url.port, "user": url.username, "dbname": url.database}
    engine = create_engine(url.set(port=1), creator=lambda: psycopg.connect(**reached))
    with Session(engine) as other, pytest.raises(LXSourceError, match=r"could not be opened: .*\. It knows the URL"):
        read(other, Line, [("id",)])
    engine.dispose()


def test_an_adapter_may_have_a_reader(session: Session) -> None:
    fast = SQLAlchemyAdapter(reader="arrow")
    model = LXModel("plan")
    for name, adapter in (("session", ADAPTER), ("arrow", fast)):
        x = LXVariable[Item, float](name).from_model(Item, session, adapter=adapter).bounds(upper=lambda i: i.gain)
        model.add_variable(x)

    upper = model.compile().upper

    assert upper[:2000].tolist() == upper[2000:].tolist() == [key * 0.1 for key in range(1, 2001)]


def test_an_adapter_s_reader_is_refused_where_the_model_is_written(session: Session) -> None:
    x = LXVariable[Item, float]("x")

    with pytest.raises(LXSourceError, match=r"'x'.*The reader 'polars' is unknown"):
        x.from_model(Item, session, adapter=SQLAlchemyAdapter(reader="polars"))


def test_readers_are_told_apart(session: Session) -> None:
    query: Any = ADAPTER.query(Item, session)
    legacy: Any = ADAPTER.query(session.query(Item), session)

    for one in (query, legacy):
        assert one.with_reader("arrow").identity != one.identity
        assert one.with_reader("arrow").identity == one.with_reader("arrow").identity
        assert one.with_reader("arrow").with_reader("session").identity == one.identity
        assert isinstance(one.with_reader("arrow"), ColumnQuery)


def test_rows_stay_those_of_the_session(session: Session) -> None:
    query: Any = ADAPTER.query(Line, session)
    session.get_one(Line, 1).hours = 77.0

    assert [row.hours for row in query.with_reader("arrow").rows()] == [77.0, 0.1]


@on("postgresql")
def test_one_connection_is_opened_for_a_transaction_and_closed_with_it(filled: Engine) -> None:
    count = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    )

    def others() -> int:
        with watching.begin():  # a transaction sees one state of the activity throughout
            return int(watching.scalar(count) or 0)

    with Session(filled) as watching, Session(filled) as session:
        session.connection()
        before = others()
        for _ in range(3):
            assert read(session, Item, NUMBERS) is not None
            assert read(session, Line, [("hours",)]) is not None
        assert others() == before + 1
        session.rollback()
        for _ in range(500):  # the server takes a moment to notice
            if others() == before:
                break
            sleep(0.01)
        assert others() == before
