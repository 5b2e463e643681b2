"""The commands of ``python -m lumix``."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from importlib.metadata import version

from lumix.plugin_checks import checked
from lumix.tested_versions import untested
from lumix_core.errors import LXPluginWarning
from lumix_core.plugins import VARIABLE, Registration, listing

HEADING = ("kind", "name", "plugin", "distribution", "version", "state", "reason")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Args:
        argv: the words after ``python -m lumix``; those of this process where None.
    """
    words = _parser().parse_args(argv)
    return show_plugins(check=words.check)


def show_plugins(check: bool = False) -> int:
    """Print what the installed plugins bring, and warn of libraries that they are not tested with.

    Args:
        check: whether each adapter and solver is made, in a process of its own.

    Returns:
        the exit status: 1 where LUMIX_PLUGINS names a plugin that is not installed, or something checked is broken.
    """
    with warnings.catch_warnings():
        # The table says it.
        warnings.simplefilter("ignore", LXPluginWarning)
        listed, error = listing()
    registered = sorted(checked(listed) if check else listed, key=lambda one: (one.kind, one.name))
    print(plugin_table(registered))
    if error is not None:
        print(error, file=sys.stderr)
    for sentence in untested({"lumix-modeling", "lumix-core", *(one.plugin.distribution for one in registered)}):
        print(f"Warning: {sentence}", file=sys.stderr)
    is_broken = check and any(registration.state == "broken" for registration in registered)
    return int(error is not None or is_broken)


def plugin_table(registered: Sequence[Registration]) -> str:
    """Return what plugins bring, one line each; imports no ORM and no solver."""
    return aligned([HEADING, *map(_cells, registered)]) if registered else _nothing()


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of text as columns, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _nothing() -> str:
    if VARIABLE not in os.environ:
        return 'No row adapter and no solver is installed. Run: pip install "lumix-modeling[sqlalchemy,highs]"'
    return (
        f"No row adapter and no solver is loaded, since the environment variable {VARIABLE} is "
        f"{os.environ[VARIABLE]!r}. Unset it to load every plugin."
    )


def _cells(registration: Registration) -> tuple[str, ...]:
    plugin = registration.plugin
    whose = (plugin.entry_point, plugin.distribution, plugin.version)
    return (registration.kind, registration.name, *whose, registration.state, _reason(registration))


def _reason(registration: Registration) -> str:
    install = f"; run: {registration.install}" if registration.state == "not installed" else ""
    return f"{registration.reason}{install}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lumix", description="Optimisation models written directly over your own database rows."
    )
    parser.add_argument("--version", action="version", version=f"lumix {version('lumix-modeling')}")
    commands = parser.add_subparsers(title="commands", metavar="command", required=True)
    plugins = commands.add_parser("plugins", help="list the row adapters and solvers that are installed")
    plugins.add_argument("--check", action="store_true", help="make each of them, in a process of its own")
    return parser
