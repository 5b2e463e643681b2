"""What the reader with a connection of its own leaves to the session, and what it refuses."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Float, Integer, String, create_engine, event, insert, select, text, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, with_loader_criteria
from sqlalchemy.pool import StaticPool

from lumix_core import LXModel, LXVariable
from lumix_core.errors import LXSourceError
from lumix_core.rows.adapter import ColumnQuery
from lumix_sqlalchemy import SQLAlchemyAdapter, arrow
from tests.sqlalchemy.arrow.items import (
    ADAPTER,
    Base,
    Item,
    Line,
    assert_as_in_session,
    by_arrow,
    read,
)


def on(*databases: str) -> Callable[[Any], Any]:
    """Run a test on these databases, and not on those that ADBC reads."""

    def keep(test: Any) -> Any:
        test.databases = databases
        return test

    return keep


# What is left to the session


def test_a_session_whose_queries_are_listened_to_is_for_instances(session: Session) -> None:
    def few(state: Any) -> None:
        state.statement = state.statement.options(with_loader_criteria(Item, Item.id < 3))

    event.listen(session, "do_orm_execute", few)

    assert read(session, Item, [("id",)]) is None


def test_parameters_of_other_drivers_are_left_to_the_session(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow, "TYPED_PARAMETERS", ())

    assert by_arrow(session, select(Item).where(Item.id > 3), [("id",)]) is None
    assert by_arrow(session, select(Item), [("id",)]) is not None


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


@on("postgresql", "mariadb")
def test_other_databases_are_refused(filled: Engine) -> None:
    query: Any = ADAPTER.query(Item, Session(filled))

    with pytest.raises(
        LXSourceError, match=r"cannot read from (postgresql|mysql|mariadb)\. It reads SQLite files; .*\. Leave"
    ):
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
