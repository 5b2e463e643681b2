"""The databases that SQLAlchemy's tests run on, each test on each of them.

A server that cannot be reached is skipped, and named at the end of the run. Others than the local ones are given
as ``LUMIX_TEST_POSTGRESQL`` and ``LUMIX_TEST_MARIADB`` (URLs without a database, of a user who may create one).
Each run makes databases of its own and drops them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError

pytest.register_assert_rewrite(
    "sweep_writing",
    "tests.sqlalchemy.adapter.mapped",
    "tests.sqlalchemy.arrow.items",
    "tests.sqlalchemy.columns.reading",
    "tests.sqlalchemy.hiding.shop",
)

SERVERS = {
    "postgresql": os.environ.get("LUMIX_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432"),
    "mariadb": os.environ.get("LUMIX_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306"),
}
# Where a server lets one in to create databases.
ENTRANCES = {"postgresql": "postgres", "mariadb": "mysql"}


class Server:
    """A database server, with a database of its own."""

    def __init__(self, name: str) -> None:
        self.entrance = make_url(SERVERS[name]).set(database=ENTRANCES[name])
        self.database = f"lumix_{os.getpid()}_{uuid4().hex[:8]}"
        self.version = self._command("SELECT version()")
        self._command(f"CREATE DATABASE {self.database}")

    @property
    def url(self) -> URL:
        return self.entrance.set(database=self.database)

    def drop(self) -> None:
        self._command(f"DROP DATABASE {self.database}")

    def _command(self, sql: str) -> str:
        engine = create_engine(self.entrance, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 5})
        try:
            with engine.connect() as connection:
                result = connection.execute(text(sql))
                return str(result.scalar()).split(",")[0] if result.returns_rows else ""
        finally:
            engine.dispose()


@pytest.fixture(scope="module", params=("sqlite", *SERVERS))
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, services: dict[str, str]
) -> Iterator[Engine]:
    """An engine on a database that is empty when the module's first test asks for it."""
    name = request.param
    if name == "sqlite":
        services["database sqlite"] = "ran"
        yield from _engine(f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'test.db'}")
        return
    server = _server(name, services)
    if server is None:
        pytest.skip(f"{name} {services[f'database {name}']}")
    try:
        yield from _engine(server.url)
    finally:
        server.drop()


@pytest.fixture
def statements(engine: Engine) -> Iterator[list[str]]:
    """The SQL that the engine is sent from here on."""
    sent: list[str] = []

    def keep(connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", keep)
    yield sent
    event.remove(engine, "before_cursor_execute", keep)


def _engine(url: URL | str) -> Iterator[Engine]:
    engine = create_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _server(name: str, services: dict[str, str]) -> Server | None:
    if services.get(f"database {name}", "").startswith("cannot"):
        return None
    try:
        server = Server(name)
    except OperationalError as error:
        reason = str(error.orig).splitlines()[0]
        services[f"database {name}"] = f"cannot be reached at {make_url(SERVERS[name])!r}: {reason}"
        return None
    services[f"database {name}"] = f"ran ({server.version})"
    return server
