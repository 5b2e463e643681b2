"""The databases that Django's tests run on, each test on each of them, under the alias "default".

A server that cannot be reached is skipped, and named at the end of the run. Others than the local ones are given
as ``LUMIX_TEST_POSTGRESQL`` and ``LUMIX_TEST_MARIADB`` (URLs without a database, of a user who may create one).
Each run makes databases of its own, once for all modules, and drops them. There is a second database, "replica", always
of SQLite.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import django
import psycopg
import pymysql
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management.color import no_style
from django.db import connections, transaction
from django.db.utils import OperationalError
from django.test.utils import override_settings

pytest.register_assert_rewrite("sweep_writing")

HERE = Path(__file__).parent
SERVERS = {
    "postgresql": os.environ.get("LUMIX_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432"),
    "mariadb": os.environ.get("LUMIX_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306"),
}
ENGINES = {"postgresql": "django.db.backends.postgresql", "mariadb": "django.db.backends.mysql"}
# Where a server lets one in to create databases.
ENTRANCES = {"postgresql": "postgres", "mariadb": "mysql"}
MEMORY = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}


def set_up() -> None:
    """Set Django up for this process, with the app of the tests; its folder is not left on the path."""
    pymysql.install_as_MySQLdb()
    settings.configure(
        DATABASES={"default": MEMORY, "replica": MEMORY},
        INSTALLED_APPS=["django.contrib.contenttypes", "warehouse", "workshop", "tenants"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    sys.path.insert(0, str(HERE))
    try:
        django.setup()
    finally:
        sys.path.remove(str(HERE))


if not settings.configured:
    set_up()


def position(name: str, database: str) -> dict[str, Any]:
    """The settings of a database on one of the servers."""
    url = urlsplit(SERVERS[name])
    return {
        "ENGINE": ENGINES[name],
        "NAME": database,
        "HOST": url.hostname,
        "PORT": str(url.port or ""),
        "USER": url.username,
        "PASSWORD": url.password or "",
        "OPTIONS": {"connect_timeout": 5},
    }


def use(alias: str, database: dict[str, Any]) -> None:
    """Let an alias mean a database from here on."""
    connections[alias].close()
    del connections[alias]
    connections.settings[alias] = connections.configure_settings({"default": dict(database)})["default"]
    apps.get_model("contenttypes", "ContentType").objects.clear_cache()


def command(name: str, sql: str) -> None:
    """Run a statement where databases are created and dropped."""
    entrance = position(name, ENTRANCES[name])
    if name == "postgresql":
        address = {"host": entrance["HOST"], "port": entrance["PORT"] or 5432, "user": entrance["USER"]}
        with psycopg.connect(**address, password=entrance["PASSWORD"], dbname="postgres", autocommit=True) as opened:
            opened.execute(sql)
        return
    address = {"host": entrance["HOST"], "port": int(entrance["PORT"] or 3306), "user": entrance["USER"]}
    with pymysql.connect(**address, password=entrance["PASSWORD"], connect_timeout=5) as opened:
        opened.cursor().execute(sql)


@contextmanager
def made(name: str, folder: Path) -> Iterator[dict[str, Any]]:
    """A new database, dropped at the end."""
    if name == "sqlite":
        yield {**MEMORY, "NAME": str(folder / "test.db")}
        return
    database = f"lumix_{os.getpid()}_{uuid4().hex[:8]}"
    command(name, f"CREATE DATABASE {database}")
    try:
        yield position(name, database)
    finally:
        command(name, f"DROP DATABASE {database}")


def create_tables(alias: str) -> None:
    with connections[alias].schema_editor() as editor:
        for model in apps.get_models():
            if model._meta.managed and not model._meta.proxy:
                editor.create_model(model)


def empty_tables(alias: str) -> None:
    """Delete the rows of all models, and number new ones from 1.

    Those of one transaction may refer to each other until it ends.
    """
    connection = connections[alias]
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    with connection.constraint_checks_disabled(), transaction.atomic(alias), connection.cursor() as cursor:
        for table in {model._meta.db_table for model in models}:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
    with connection.cursor() as cursor:
        numbered = connection.introspection.sequence_list()
        for statement in connection.ops.sequence_reset_by_name_sql(no_style(), numbered):
            cursor.execute(statement)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Make the databases with the tables of all models, each once for all modules."""
    known: dict[str, dict[str, Any]] = {}
    with ExitStack() as opened:

        def database(name: str) -> dict[str, Any]:
            if name not in known:
                known[name] = opened.enter_context(made(name, tmp_path_factory.mktemp("django")))
                use("default", known[name])
                create_tables("default")
            return known[name]

        yield database


@pytest.fixture(scope="module", params=("sqlite", *SERVERS))
def database(
    request: pytest.FixtureRequest, databases: Callable[[str], dict[str, Any]], services: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """A database with the tables of all models, which are empty when the module's first test asks for it."""
    name, service = request.param, f"database {request.param} (Django)"
    if services.get(service, "ran") != "ran":
        pytest.skip(f"{name} {services[service]}")
    try:
        settings_of_it = databases(name)
    except (psycopg.OperationalError, pymysql.OperationalError, OperationalError) as error:
        services[service] = f"cannot be reached: {str(error).splitlines()[0]}"
        pytest.skip(f"{name} {services[service]}")
    services[service] = "ran"
    use("default", settings_of_it)
    empty_tables("default")
    yield settings_of_it
    use("default", MEMORY)


@contextmanager
def recorded(alias: str = "default") -> Iterator[list[str]]:
    """The SQL that a database is sent within the block."""
    sent: list[str] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append(sql)
        return execute(sql, params, many, context)

    with connections[alias].execute_wrapper(note):
        yield sent


@pytest.fixture
def statements(database: dict[str, Any]) -> Iterator[list[str]]:
    """The SQL that the database is sent from here on."""
    with recorded() as sent:
        yield sent


@pytest.fixture
def settings_with() -> Callable[..., Any]:
    """Let some settings be others within a block."""
    return override_settings
