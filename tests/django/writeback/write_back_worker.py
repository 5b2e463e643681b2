"""Writes a plan of many rows, and stops for ever at the step that it is told; run by test_failures.py."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import workers
from django.conf import settings


def stop() -> None:
    """Tell that the step is reached, and wait to be killed."""
    workers.channel().send("reached")
    time.sleep(600)


def main(database: str, step: str) -> None:
    settings.configure(
        DATABASES={"default": json.loads(database)}, INSTALLED_APPS=["django.contrib.contenttypes", "workshop"]
    )
    sys.path.insert(0, str(Path(__file__).parents[1]))
    django.setup()
    from django.db import connection
    from workshop.models import Schedule

    from lumix import LXWriteBack
    from lumix_django import copy_in

    blocks, commit = copy_in.blocks, connection.commit

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        found = execute(sql, *rest)
        if step == "delete" and sql.startswith("DELETE"):
            stop()
        return found

    def in_the_middle(*arguments: Any) -> Iterator[str]:
        first, *others = blocks(*arguments)
        yield first
        stop()
        yield from others

    def before_commit() -> None:
        stop()
        commit()

    if step == "copy":
        copy_in.blocks = in_the_middle
    if step == "commit":
        connection.connect()
        connection.commit = before_commit  # type: ignore[method-assign]
    with connection.execute_wrapper(note):
        LXWriteBack().replace(Schedule, {"product_id": range(1, 20_001), "quantity": [1.0] * 20_000}).write()
    workers.channel().send("written")


if __name__ == "__main__":
    main(*sys.argv[1:])
