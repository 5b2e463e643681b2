"""Where the databases of the production model are: a file, or a schema of a server, for each size."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from sqlalchemy import URL, make_url

SIZES = {"10k": 1_000, "100k": 10_000, "1m": 100_000, "10m": 1_000_000}
"""The number of products; each has ten rows of recipes, and there are a hundred products a machine."""

POSTGRESQL = os.environ.get("LUMIX_BENCH_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432")
FOLDER = Path(os.environ.get("LUMIX_BENCH_DATA", Path(tempfile.gettempdir()) / "lumix-bench"))


def database(backend: str, size: str) -> URL:
    """Return the URL, for SQLAlchemy, of a database of one size."""
    if backend == "sqlite":
        return URL.create("sqlite", database=str(FOLDER / f"production-{size}.sqlite3"))
    return make_url(POSTGRESQL).update_query_dict({"options": f"-csearch_path={schema(size)}"})


def schema(size: str) -> str:
    """Return the name of the schema, on a server, of one size."""
    return f"lumix_bench_{size}"


def plain(url: URL) -> str:
    """Return the URL as drivers take it, which know nothing of SQLAlchemy's names for them."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
