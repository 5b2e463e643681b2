"""Writes a plan of many rows, and stops for ever at the step that it is told; run by test_failures.py."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import workers
from sqlalchemy import Connection, ForeignKey, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from lumix import LXWriteBack
from lumix_sqlalchemy import copy_in


class Base(DeclarativeBase): ...


class Product(Base):
    __tablename__ = "wf_products"
    id: Mapped[int] = mapped_column(primary_key=True)


class Schedule(Base):
    __tablename__ = "wf_schedules"
    product_id: Mapped[int] = mapped_column(ForeignKey("wf_products.id"), primary_key=True)
    quantity: Mapped[float]


def stop() -> None:
    """Tell that the step is reached, and wait to be killed."""
    workers.channel().send("reached")
    time.sleep(600)


def main(url: str, step: str) -> None:
    engine = create_engine(url)
    blocks = copy_in.blocks

    def after(connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        if step == "delete" and statement.startswith("DELETE"):
            stop()

    def in_the_middle(*arguments: Any) -> Iterator[str]:
        first, *others = blocks(*arguments)
        yield first
        stop()
        yield from others

    event.listen(engine, "after_cursor_execute", after)
    if step == "copy":
        copy_in.blocks = in_the_middle
    if step == "commit":
        event.listen(engine, "commit", lambda connection: stop())
    rows = {"product_id": range(1, 20_001), "quantity": [1.0] * 20_000}
    LXWriteBack().replace(Schedule, rows).write(engine)
    workers.channel().send("written")


if __name__ == "__main__":
    main(*sys.argv[1:])
