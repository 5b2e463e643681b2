"""Values that a column cannot hold, as only the database knows: refused as a whole, and never stored as others."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import Engine, Numeric, SmallInteger, create_engine, func, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from lumix import LXWriteBack, LXWriteError


class Base(DeclarativeBase): ...


class Plan(Base):
    __tablename__ = "uf_plans"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column(SmallInteger)
    price: Mapped[Decimal] = mapped_column(Numeric(6, 2), default=Decimal(1))


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """One row."""
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite stores any number in any column")
    Base.metadata.create_all(engine)
    try:
        with Session(engine) as session:
            session.execute(insert(Plan), [{"id": 1, "count": 1}])
            session.commit()
            yield session
    finally:
        Base.metadata.drop_all(engine)


@pytest.mark.parametrize("size", [3, 500])
@pytest.mark.parametrize(
    "unfit", [{"count": 70_000}, {"price": Decimal(12345)}, {"id": 2**40}], ids=["count", "price", "key"]
)
def test_numbers_that_are_too_large_are_refused(session: Session, unfit: dict[str, object], size: int) -> None:
    rows = [{"id": i, "count": 1, "price": Decimal(1)} for i in range(10, 10 + size)]
    rows[-1] |= unfit

    with pytest.raises(LXWriteError, match=r"^LXWriteBack\.replace\(Plan\): the database refused the rows: "):
        LXWriteBack().replace(Plan, rows).write(session)

    assert session.scalars(select(Plan.id)).all() == [1]


def test_a_database_that_stores_other_values_is_refused(session: Session) -> None:
    url = session.get_bind().engine.url
    if url.get_backend_name() == "postgresql":
        pytest.skip("PostgreSQL is always strict")
    lax = create_engine(url, connect_args={"init_command": "SET sql_mode = ''"})

    with pytest.raises(LXWriteError, match=r"^The connection is not in strict mode .* SET SESSION sql_mode"):
        LXWriteBack().replace(Plan, [{"id": 1, "count": 70_000}]).write(lax)

    lax.dispose()
    assert session.scalar(select(func.max(Plan.count))) == 1
