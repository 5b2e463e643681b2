"""SQLAlchemy rows for LumiX."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lumix_sqlalchemy.adapter import SQLAlchemyAdapter
    from lumix_sqlalchemy.runs import RunColumns

__all__ = ["RunColumns", "SQLAlchemyAdapter"]

MODULES = {"RunColumns": "runs", "SQLAlchemyAdapter": "adapter"}


def __getattr__(name: str) -> object:
    # Finding the plugin beside this file must not import SQLAlchemy.
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{MODULES[name]}"), name)
