"""The Django project, tested by its own tests in Django's own runner, and run as its users run it."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "examples" / "django_planning"
POSTGRESQL = os.environ.get("LUMIX_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432")
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONWARNINGS": "error",
}


def manage(*arguments: str, url: str, project: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=project,
        env={**ENVIRONMENT, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def outcome(done: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    """How many tests Django's runner ran, and its verdict."""
    found = re.search(r"^Ran (\d+) tests? in .*\n\n(.*)$", done.stderr, flags=re.MULTILINE)
    assert found is not None, done.stderr
    return int(found[1]), found[2] if done.returncode == 0 else done.stderr


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database; Django's runner makes one of its own beside it, and drops it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'planning.db'}"
    server = f"postgresql://{urlsplit(POSTGRESQL).netloc}"
    try:
        psycopg.connect(f"{server}/postgres", connect_timeout=5).close()
    except psycopg.OperationalError as error:
        pytest.skip(f"postgresql cannot be reached: {str(error).splitlines()[0]}")
    return f"{server}/lumix_{os.getpid()}_{uuid4().hex[:8]}"


@pytest.fixture
def sqlite(tmp_path: Path) -> Path:
    """Where a database can be."""
    return tmp_path / "planning.db"


@pytest.mark.one_database
def test_the_tests_of_the_project_pass_in_djangos_own_runner(url: str) -> None:
    count, verdict = outcome(manage("test", "--noinput", "--exclude-tag", "browser", url=url))

    # One is about what others write meanwhile, which SQLite does not let them.
    assert (count >= 25, verdict) == (True, "OK (skipped=1)" if url.startswith("sqlite") else "OK")


@pytest.mark.thorough
def test_a_person_sees_the_schedule_in_a_browser(sqlite: Path) -> None:
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not found: apt-get install chromium chromium-driver")

    assert outcome(manage("test", "--noinput", "--tag", "browser", url=f"sqlite:///{sqlite}")) == (2, "OK")


def test_two_commands_write_the_plan(sqlite: Path) -> None:
    url = f"sqlite:///{sqlite}"

    assert manage("migrate", url=url).returncode == 0
    assert manage("plan", url=url).returncode == 0

    with closing(sqlite3.connect(sqlite)) as connection:
        [(rows, profit)] = connection.execute("SELECT count(*), sum(profit_contribution) FROM production_schedules")
    assert (rows, profit) == (3, pytest.approx(2735.714286))


def test_a_plan_that_cannot_be_saved_leaves_the_saved_one(sqlite: Path) -> None:
    url = f"sqlite:///{sqlite}"
    manage("migrate", url=url)
    manage("plan", url=url)
    with closing(sqlite3.connect(sqlite)) as connection:
        before = connection.execute("SELECT * FROM production_schedules").fetchall()
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON resource_utilization BEGIN SELECT RAISE(ABORT, 'full'); END"
        )

    done = manage("plan", url=url)

    with closing(sqlite3.connect(sqlite)) as connection:
        after = connection.execute("SELECT * FROM production_schedules").fetchall()
        runs = connection.execute("SELECT count(*) FROM plan_runs").fetchall()
    assert done.returncode != 0
    assert (len(after), after, runs) == (3, before, [(1,)])


def test_a_database_without_tables_is_one_sentence(sqlite: Path) -> None:
    done = manage("plan", url=f"sqlite:///{sqlite}")

    sentence = "CommandError: The database lacks tables. Run: python manage.py migrate\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence)


@pytest.mark.parametrize("url", ["planning.db", "oracle://me@host/plans", "postgresql://me@host"])
def test_a_url_that_names_no_database_is_refused(url: str) -> None:
    done = manage("plan", url=url)

    assert done.returncode != 0
    assert f"DATABASE_URL={url!r} names no database that this project knows. Write sqlite:///file.db" in done.stderr


def test_make_django_demo_runs_the_two_commands() -> None:
    makefile = (ROOT / "Makefile").read_text()

    run = "../../$(BIN)/python -B manage.py"
    assert "DJANGO_EXAMPLE = examples/django_planning\n" in makefile
    assert f"\t@cd $(DJANGO_EXAMPLE) && {run} migrate && {run} plan\n" in makefile
