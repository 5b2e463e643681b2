"""Plugins: found by entry points, asked by hooks, and imported when what they bring is used."""

from lumix_core.plugins.entry_points import VARIABLE, Registration
from lumix_core.plugins.hookspecs import SEAM, Register, hookimpl
from lumix_core.plugins.registry import listing, registrations

__all__ = [
    "SEAM",
    "VARIABLE",
    "Register",
    "Registration",
    "hookimpl",
    "listing",
    "registrations",
]
