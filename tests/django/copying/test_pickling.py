"""Pickles in other processes: with the models and no database, and where Django is not set up at all."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from django.db import connections
from warehouse.models import Machine, Price, Site, Tag

from lumix_core import LXLinearExpression, LXModel, LXVariable

MODELS = Path(__file__).parents[1]
SETTINGS = """
from django.conf import settings
settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "warehouse"])
"""
SET_UP = f"""{SETTINGS}
import django
django.setup()
"""
LOADING = """
import pickle, sys
model = pickle.load(sys.stdin.buffer)
"""


@pytest.fixture
def filled(database: dict[str, Any]) -> Iterator[None]:
    connections["default"].set_autocommit(False)
    site = Site.objects.create(code="a", number=1, rent=5.0)
    for key in (1, 2):
        Machine.objects.create(id=key, hours=10.0 * key, site=site).tags.set([Tag.objects.create(name="one")])
        Price.objects.create(id=key, price=float(key))
    yield
    connections["default"].rollback()
    connections["default"].set_autocommit(True)


@pytest.fixture
def run(tmp_path: Path) -> Callable[[str, bytes], tuple[str, str]]:
    """Run a program that is given a pickle; returns what it prints, and its last error."""

    def run(code: str, block: bytes) -> tuple[str, str]:
        path = os.pathsep.join(filter(None, [str(MODELS), os.environ.get("PYTHONPATH", "")]))
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
            input=block,
            cwd=tmp_path,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return done.stdout.decode(), done.stderr.decode().strip()

    return run


def over_machines() -> LXModel:
    x = LXVariable[Machine, float]("x").from_model(Machine)
    x.bounds(upper=lambda m: m.value + m.site.rent + sum(len(tag.name) for tag in m.tags.all()))
    return LXModel("plan").add_variable(x).maximize(LXLinearExpression().add_term(x, lambda m: m.rate(2.0)))


def over_prices() -> LXModel:
    x = LXVariable[Price, float]("x").from_model(Price).bounds(upper=lambda p: p.net)
    return LXModel("plan").add_variable(x).maximize(LXLinearExpression().add_term(x, lambda p: p.price))


@pytest.mark.one_database
@pytest.mark.parametrize("protocol", [2, 5])
@pytest.mark.parametrize("make", [over_machines, over_prices])
def test_a_pickle_loads_where_there_is_no_database(filled, run, make, protocol):
    problem = make().compile()

    printed, failed = run(
        SET_UP + LOADING + "problem = model.compile(); print(problem.upper.tolist(), problem.objective.tolist())",
        pickle.dumps(make(), protocol),
    )

    assert failed == ""
    assert printed == f"{problem.upper.tolist()} {problem.objective.tolist()}\n"


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("before", "why"),
    [("", "ImproperlyConfigured: Requested setting"), (SETTINGS, "AppRegistryNotReady: Apps aren't loaded yet")],
    ids=["no settings", "not set up"],
)
@pytest.mark.parametrize("make", [over_machines, over_prices])
def test_a_process_that_is_not_set_up_is_told_so(filled, run, make, before, why):
    _, failed = run(before + LOADING, pickle.dumps(make()))

    last = failed.splitlines()[-1]
    assert last.startswith(
        "lumix_core.errors.LXCopyError: This pickle cannot be loaded here: it needs warehouse.models."
    )
    assert why in last
    assert "set its framework up" in last


def test_a_row_of_another_process_reads_as_here(filled, run):
    printed, failed = run(
        SET_UP
        + LOADING
        + dedent(
            """
            row = model.variables[0].get_instances()[0]
            print(row.site.code, row.tags.first().name, row.pk, type(row).__name__)
            for ask in (row.save, row.tags.all, lambda: row.tags.filter(), lambda: row.badge, lambda: row.again()):
                try:
                    print(len(ask()))
                except Exception as error:
                    print(type(error).__name__)
            """
        ),
        pickle.dumps(over_machines()),
    )

    assert failed == ""
    assert printed.split() == [
        *("a", "one", "1", "Machine"),
        *("LXDetachedError", "1", "LXDetachedError", "RelatedObjectDoesNotExist", "LXDetachedError"),
    ]
