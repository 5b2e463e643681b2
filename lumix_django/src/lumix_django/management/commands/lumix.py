"""``python manage.py lumix ...``: the command line of LumiX, within Django's settings."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections


class Command(BaseCommand):  # type: ignore[misc]  # Django is not typed
    """Runs the commands of ``lumix``: doctor, plugins, solve, explain, export, sweep."""

    help = "Solve, explain, export and compare optimisation models over this project's rows."

    def run_from_argv(self, argv: list[str]) -> None:
        """Pass on the words: ``lumix`` has a parser of its own."""
        try:
            status = run(without_settings(argv[2:]))
        finally:
            connections.close_all()
        sys.exit(status)

    def print_help(self, prog_name: str, subcommand: str) -> None:
        """Print the help of ``lumix``, for ``manage.py help lumix``."""
        run(["--help"])

    def add_arguments(self, parser: CommandParser) -> None:
        """Take words as `django.core.management.call_command` passes them."""
        parser.add_argument("words", nargs="*")

    def handle(self, *_: Any, words: Sequence[str] = (), **__: Any) -> None:
        """Run one command; what does not end well is an error, whose ``returncode`` is the exit status."""
        status = run(words)
        if status:
            raise CommandError(f"lumix {' '.join(words)} ended with exit status {status}.", returncode=status)


def without_settings(words: Sequence[str]) -> list[str]:
    """Return words without those that chose the settings, which Django has read already."""
    parser = CommandParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--settings")
    parser.add_argument("--pythonpath")
    return list(parser.parse_known_args(list(words))[1])


def run(words: Sequence[str]) -> int:
    """Run a command of ``lumix``, and return its exit status: 2 where its distribution is not installed."""
    try:
        commands = import_module("lumix.commands")
    except ModuleNotFoundError as error:
        print(f'{error}. The command line needs: pip install "lumix-modeling[django]"', file=sys.stderr)
        return 2
    status: int = commands.main(words, prog="manage.py lumix")
    return status
