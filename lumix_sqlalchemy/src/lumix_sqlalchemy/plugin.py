"""What this distribution brings to LumiX; imports nothing of SQLAlchemy."""

from __future__ import annotations

from lumix_core.plugins import Register, hookimpl

lumix_seam = "1.0"


@hookimpl
def lumix_row_adapters(register: Register) -> None:
    """Register the adapter for SQLAlchemy's mapped classes."""
    register(
        "sqlalchemy",
        "lumix_sqlalchemy.adapter:SQLAlchemyAdapter",
        requires="sqlalchemy",
        install="pip install lumix-sqlalchemy",
    )
