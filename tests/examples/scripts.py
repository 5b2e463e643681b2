"""Scripts of the production planning example in processes of their own, and what they leave in its database."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

ENVIRONMENT = {
    **os.environ,
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONWARNINGS": "error,ignore:unclosed database:ResourceWarning",
}


def run(script: Path | str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a script, or with "-c" the code that follows."""
    return subprocess.run(
        [sys.executable, str(script), *arguments],
        cwd=cwd,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def printed(script: Path, *arguments: str, cwd: Path) -> str:
    """Run a script that must succeed."""
    done = run(script, *arguments, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def query(database: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database)) as connection, connection:
        return connection.execute(sql).fetchall()
