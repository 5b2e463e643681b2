"""The commands of ``python -m lumix``."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from importlib.metadata import version

from lumix.tested_versions import untested
from lumix_core.errors import LXPluginError, LXPluginWarning
from lumix_core.plugins import VARIABLE, Registration, registrations

HEADING = ("kind", "name", "distribution", "version", "state", "reason")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Args:
        argv: the words after ``python -m lumix``; those of this process where None.
    """
    words = _parser().parse_args(argv)
    try:
        words.command()
    except LXPluginError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def show_plugins() -> None:
    """Print what the installed plugins bring, and warn of libraries that they are not tested with.

    Raises:
        LXPluginError: a plugin breaks the rules of the seam.
    """
    with warnings.catch_warnings():
        # The table says it.
        warnings.simplefilter("ignore", LXPluginWarning)
        found = sorted(registrations(), key=lambda one: (one.kind, one.name))
    print(plugin_table(found))
    for sentence in untested({"lumix-modeling", "lumix-core", *(one.plugin.distribution for one in found)}):
        print(f"Warning: {sentence}", file=sys.stderr)


def plugin_table(found: Sequence[Registration]) -> str:
    """Return what plugins bring, one line each; imports no ORM and no solver."""
    return aligned([HEADING, *map(_cells, found)]) if found else _nothing()


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


def _cells(one: Registration) -> tuple[str, ...]:
    return (one.kind, one.name, one.plugin.distribution, one.plugin.version, one.state, _reason(one))


def _reason(one: Registration) -> str:
    return f"{one.reason}; run: {one.install}" if one.state == "not installed" else one.reason


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lumix", description="Optimisation models written directly over your own database rows."
    )
    parser.add_argument("--version", action="version", version=f"lumix {version('lumix-modeling')}")
    commands = parser.add_subparsers(title="commands", metavar="command", required=True)
    plugins = commands.add_parser("plugins", help="list the row adapters and solvers that are installed")
    plugins.set_defaults(command=show_plugins)
    return parser
