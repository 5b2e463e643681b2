"""What is refused before the first statement, and what the database refuses."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from lumix import LXWriteBack, LXWriteError
from tests.sqlalchemy.writeback.mapped import (
    NEW,
    OLD,
    ROWS,
    Base,
    Batch,
    Bed,
    Line,
    Made,
    Node,
    Product,
    Report,
    Schedule,
    Stock,
    Task,
    Ticket,
    Ward,
    plan,
    solve,
)

# Refused before the first statement

WRONG: dict[str, tuple[Any, str]] = {
    "text too long": ([{"product_id": 1, "quantity": 1.0, "note": "x" * 11}], r"has 11 characters, .* holds 10"),
    "a relationship": ([{"product": None, "quantity": 1.0}], r"Schedule\.product is no column.*'product_id'"),
    "a unique key of a renamed column": (
        [Made(1, 1.0), Made(2, 1.0), Made(1, 2.0)],
        r"rows 0 and 2 both have product_id=1",
    ),
}


@pytest.mark.parametrize(("rows", "message"), WRONG.values(), ids=WRONG)
def test_rows_that_mapped_columns_do_not_take_are_refused_before_anything_is_sent(
    session: Session, statements: list[str], rows: Any, message: str
) -> None:
    with pytest.raises(LXWriteError, match=message):
        LXWriteBack().replace(Schedule, rows).write(session)

    assert statements == []


def test_instances_of_a_session_are_refused(session: Session) -> None:
    pending = Schedule(product_id=3, quantity=1.0)
    session.add(pending)

    with pytest.raises(LXWriteError, match="row 0 is an instance of Schedule that is in a session"):
        LXWriteBack().replace(Schedule, [pending]).write(session)


def test_instances_whose_relationship_contradicts_the_key_are_refused(session: Session) -> None:
    line = Line(product=session.get_one(Product, 3), product_id=1, quantity=2.0)

    with pytest.raises(LXWriteError, match="row 0 has 'product_id' = 1, but 'product' leads to 3"):
        LXWriteBack().replace(Line, [line]).write(session)


def test_a_condition_in_place_of_values_is_refused(session: Session) -> None:
    wrong: Any = Schedule.note == "mine"

    with pytest.raises(LXWriteError, match=r"expected a mapping of attributes to values.*where=\{\"plant_id\": 3\}"):
        LXWriteBack().replace(Schedule, [], where=wrong)


def test_a_list_in_place_of_a_value_is_refused(session: Session) -> None:
    with pytest.raises(LXWriteError, match=r"got \['a', 'b'\] for 'note', which is not a single value"):
        LXWriteBack().replace(Schedule, [], where={"note": ["a", "b"]}).write(session)


def test_nothing_is_asked_back_of_the_rows(session: Session, statements: list[str]) -> None:
    LXWriteBack().replace(Schedule, ROWS).write(session)

    assert [one for one in statements if one.startswith("INSERT")] != []
    assert [one for one in statements if "RETURNING" in one] == []


def test_an_asynchronous_session_writes_in_its_run_sync(tables: Engine, session: Session) -> None:
    if tables.dialect.name != "postgresql":
        pytest.skip("only psycopg comes with an asynchronous side")
    rows = [{"plant_id": i, "product_id": 1, "quantity": 1.0} for i in range(300)]

    async def write() -> int:
        engine = create_async_engine(tables.url)
        async with AsyncSession(engine) as other:
            with pytest.raises(LXWriteError, match=r"got an asynchronous session.*run_sync"):
                LXWriteBack().replace(Stock, rows).write(other)
            written = await other.run_sync(LXWriteBack().replace(Stock, rows).write)
            await other.commit()
        await engine.dispose()
        return written[Stock]

    assert asyncio.run(write()) == 300
    assert session.scalar(select(func.count()).select_from(Stock)) == 300


def test_values_by_key_need_their_attributes(session: Session) -> None:
    with pytest.raises(LXWriteError, match=r'key="product_id", value="quantity"'):
        LXWriteBack().replace(Schedule, solve(session).variables["made"]).write(session)


def test_a_class_that_is_not_mapped(session: Session) -> None:
    with pytest.raises(LXWriteError, match="Made is not mapped by any row adapter"):
        LXWriteBack().replace(Made, []).write(session)


def test_a_class_is_written_once(session: Session) -> None:
    with pytest.raises(LXWriteError, match="Schedule is in this write-back already"):
        LXWriteBack().replace(Schedule, []).replace(Schedule, [])


def test_nothing_to_write(session: Session) -> None:
    with pytest.raises(LXWriteError, match="nothing to write"):
        LXWriteBack().write(session)


def test_columns_that_the_database_computes(session: Session) -> None:
    with pytest.raises(LXWriteError, match=r"Ticket\.twice is computed by the database"):
        LXWriteBack().replace(Ticket, [{"number": 1, "twice": 2}]).write(session)


# Refused by the database


def test_a_foreign_key_that_sqlite_does_not_look_at_is_looked_at(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'careless.db'}")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Product(id=1, name="product 1"))
        session.commit()
        LXWriteBack().replace(Schedule, [{"product_id": 1, "quantity": 5.0}]).write(session)
        with pytest.raises(LXWriteError, match=r"row 1 .*wb_products.id = 99, and there is no such row"):
            LXWriteBack().replace(
                Schedule, [{"product_id": 1, "quantity": 1.0}, {"product_id": 99, "quantity": 1.0}]
            ).write(session)
        assert session.scalars(select(Schedule.quantity)).all() == [5.0]
    engine.dispose()


def test_foreign_keys_that_differ_in_case_lead_to_rows(session: Session, tables: Engine) -> None:
    if tables.dialect.name == "postgresql":
        pytest.skip("PostgreSQL's texts that differ in case are different")
    session.execute(insert(Ward), [{"name": f"ward {i}"} for i in range(1, 31)])
    rows = [{"id": i, "ward": f"WARD {i}"} for i in range(1, 31)] + [{"id": 31, "ward": "nowhere"}]

    with pytest.raises(LXWriteError, match=r"row 30 .*wb_wards\.name = 'nowhere', and there is no such row\. "):
        LXWriteBack().replace(Bed, rows).write(session)


def test_a_foreign_key_into_another_written_class(session: Session) -> None:
    schedules = [{"id": 7, "product_id": 1, "quantity": 1.0}]
    batches = [{"schedule_id": i, "number": 1, "pieces": 1} for i in (7, 1)]

    with pytest.raises(LXWriteError, match=r"row 1 \(schedule_id=1, .* to wb_schedules\.id = 1"):
        LXWriteBack().replace(Batch, batches).replace(Schedule, schedules).write(session)

    assert plan(session) == OLD


def test_rows_that_others_refer_to_cannot_be_replaced(session: Session) -> None:
    session.add(Batch(schedule_id=1, number=1, pieces=1))

    with pytest.raises(LXWriteError, match="cannot be deleted, since other rows refer to them"):
        LXWriteBack().replace(Schedule, ROWS).write(session)

    assert plan(session) == OLD


def test_rows_of_other_tables_do_not_vanish_with_what_is_replaced(session: Session) -> None:
    session.add(Report(schedule_id=1))

    with pytest.raises(LXWriteError, match=r"would change 1 row\(s\) of the table 'wb_reports'.*ON DELETE"):
        LXWriteBack().replace(Schedule, ROWS).write(session)

    assert session.scalar(select(func.count()).select_from(Report)) == 1
    LXWriteBack().replace(Schedule, ROWS).replace(Report, []).write(session)
    assert plan(session) == NEW


def test_rows_of_the_same_table_do_not_go_by_on_delete_cascade(session: Session) -> None:
    session.execute(insert(Node), [{"id": 1, "tree": 1, "parent_id": None}, {"id": 2, "tree": 1, "parent_id": 1}])
    back = LXWriteBack().replace(Node, [{"id": 3, "parent_id": None}], where={"tree": 1})
    session.execute(insert(Node), [{"id": 4, "tree": 2, "parent_id": 2}])

    with pytest.raises(LXWriteError, match=r"would change 1 row\(s\) of the table 'wb_nodes'"):
        back.write(session)

    session.execute(Node.__table__.delete().where(Node.id == 4))
    back.write(session)
    assert session.scalars(select(Node.id)).all() == [3]


def test_copy_is_used_for_many_rows_only_where_it_can(session: Session, tables: Engine) -> None:
    if tables.dialect.name != "postgresql":
        pytest.skip("COPY is PostgreSQL's")
    session.execute(text("CREATE RULE wb_rule AS ON INSERT TO wb_tasks DO ALSO NOTHING"))

    LXWriteBack().replace(Task, range(1, 500), key="id").write(session)

    assert session.scalar(select(func.count()).select_from(Task)) == 499


def test_a_mapped_table_of_myisam_is_refused(session: Session, tables: Engine) -> None:
    if tables.dialect.name not in ("mysql", "mariadb"):
        pytest.skip("other databases have none")
    with tables.begin() as connection:
        connection.execute(text("ALTER TABLE wb_stock ENGINE=MyISAM"))

    with pytest.raises(LXWriteError, match="'wb_stock' is kept by the storage engine MyISAM"):
        LXWriteBack().replace(Stock, []).write(tables)

    with tables.begin() as connection:
        connection.execute(text("ALTER TABLE wb_stock ENGINE=InnoDB"))


def test_a_zero_in_an_auto_increment_column(session: Session, tables: Engine) -> None:
    back = LXWriteBack().replace(Task, [1, 0], key="id")
    if tables.dialect.name in ("mysql", "mariadb"):
        with pytest.raises(LXWriteError, match=r"Task\.id is 0 in one of the rows, .*AUTO_INCREMENT"):
            back.write(session)
        return

    back.write(session)

    assert sorted(session.scalars(select(Task.id))) == [0, 1]


def test_a_session_over_two_databases_is_refused(session: Session, tables: Engine) -> None:
    other = create_engine("sqlite://")
    with Session(tables, binds={Stock: other}) as both, pytest.raises(LXWriteError, match="no transaction in common"):
        LXWriteBack().replace(Stock, []).replace(Schedule, []).write(both)
    other.dispose()
