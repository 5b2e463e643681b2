"""Django rows for LumiX."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lumix_django.adapter import DjangoAdapter

__all__ = ["DjangoAdapter"]


def __getattr__(name: str) -> object:
    # Finding the plugin beside this file must not import Django.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lumix_django import adapter

    return getattr(adapter, name)
