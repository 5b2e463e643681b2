"""SQLAlchemy rows for LumiX."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lumix_sqlalchemy.adapter import SQLAlchemyAdapter

__all__ = ["SQLAlchemyAdapter"]


def __getattr__(name: str) -> object:
    # Finding the plugin beside this file must not import SQLAlchemy.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lumix_sqlalchemy import adapter

    return getattr(adapter, name)
