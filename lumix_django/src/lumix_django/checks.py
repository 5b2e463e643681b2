"""Checks of ``manage.py check``: what would keep models from being built or solved in this project."""

from __future__ import annotations

import warnings
from typing import Any

import django
from django.core.checks import CheckMessage, Error, Warning

from lumix_core.errors import LXPluginWarning
from lumix_core.plugins import Registration, listing

TESTED = ((5, 2), (6, 2))
"""The first release of Django that is tested, and the first that is not."""


def check_installation(**_: Any) -> list[CheckMessage]:
    """Check Django's version, that its rows can be read, and that there is a solver."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LXPluginWarning)  # the messages say it
        registered, error = listing()
    return [
        *_of_version(),
        *([Error(str(error), id="lumix.E001")] if error is not None else []),
        *_of_plugins(registered),
    ]


def _of_version() -> list[CheckMessage]:
    first, end = TESTED
    if first <= django.VERSION[:2] < end:
        return []
    return [
        Warning(
            f"Django {django.get_version()} is installed, and lumix-django is tested with {_dotted(first)} and newer, "
            f"below {_dotted(end)}. Copies and columns rest on Django's instances, and may be wrong.",
            hint=f'Install a version that is tested: pip install "django>={_dotted(first)},<{_dotted(end)}"',
            id="lumix.W001",
        )
    ]


def _of_plugins(registered: list[Registration]) -> list[CheckMessage]:
    messages: list[CheckMessage] = [
        Warning(f"{one} is broken: {one.reason}.", hint="Run: python manage.py lumix plugins --check", id="lumix.W002")
        for one in registered
        if one.state == "broken"
    ]
    if not any((one.kind, one.name, one.state) == ("row adapter", "django", "ready") for one in registered):
        messages.append(
            Error(
                "The row adapter 'django' is not loaded, so from_model() takes no model or queryset of this project.",
                hint="Unset the environment variable LUMIX_PLUGINS, or name the plugin 'django' in it.",
                id="lumix.E002",
            )
        )
    if not any(one.kind == "solver" and one.state == "ready" for one in registered):
        messages.append(
            Warning(
                "No solver is ready, so that models can be built here, and not solved.",
                hint='Install one: pip install "lumix-modeling[highs]"',
                id="lumix.W003",
            )
        )
    return messages


def _dotted(release: tuple[int, int]) -> str:
    return ".".join(map(str, release))
