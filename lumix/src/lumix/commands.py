"""The command line: ``lumix``, or ``python -m lumix``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections.abc import Sequence
from importlib.metadata import version

from lumix.doctor import examined, summary_row, versions
from lumix.model_commands import INTERRUPTED, add_commands
from lumix.new_adapter import add_new_adapter
from lumix.plugin_checks import checked
from lumix.tested_versions import untested
from lumix_core.errors import LXError, LXPluginWarning
from lumix_core.plugins import VARIABLE, Registration, listing

FAILED, CLOSED = 2, 141
HEADING = ("kind", "name", "plugin", "distribution", "version", "state", "reason")


def main(argv: Sequence[str] | None = None, prog: str = "lumix") -> int:
    """Run one command and return its exit status.

    Args:
        argv: the words after ``python -m lumix``; those of this process where None.
        prog: what help calls the program.

    Returns:
        0 where it did what it was asked for and, of a model, found a point; 1 where there is none, or something is
        broken; 2 for an error, which is printed; 130 after Ctrl-C; 141 where nobody reads the output any more.
    """
    words = _parser(prog).parse_args(argv)
    try:
        status: int = words.run(words)
        sys.stdout.flush()
    except BrokenPipeError:
        if words.traceback:
            raise
        # Python would complain of what it still holds for the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED
    except (LXError, OSError) as error:
        if words.traceback:
            raise
        print(f"Error: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def show_plugins(check: bool = False, as_json: bool = False) -> int:
    """Print what the installed plugins bring, and warn of libraries that they are not tested with.

    Args:
        check: whether each adapter and solver is made, in a process of its own.
        as_json: whether it is printed as JSON.

    Returns:
        the exit status: 1 where LUMIX_PLUGINS names a plugin that is not installed, or something checked is broken.
    """
    with warnings.catch_warnings():
        # The table says it.
        warnings.simplefilter("ignore", LXPluginWarning)
        listed, error = listing()
    registered = sorted(checked(listed) if check else listed, key=lambda one: (one.kind, one.name))
    print(json.dumps(_records(registered)) if as_json else plugin_table(registered))
    if error is not None:
        print(error, file=sys.stderr)
    for sentence in untested({"lumix-modeling", "lumix-core", *(one.plugin.distribution for one in registered)}):
        print(f"Warning: {sentence}", file=sys.stderr)
    is_broken = check and any(registration.state == "broken" for registration in registered)
    return int(error is not None or is_broken)


def show_health(as_json: bool = False) -> int:
    """Print what is installed, and what is wrong with it; returns 1 where something is."""
    registered, problems, notes = examined()
    if as_json:
        found = {"versions": dict(versions()), "plugins": _records(registered), "problems": problems, "notes": notes}
        print(json.dumps(found))
        return int(bool(problems))
    shown = {registration.requires for registration in registered}
    print(aligned([pair for pair in versions() if pair[0] not in shown]), end="\n\n")
    print(aligned([summary_row(registration) for registration in registered]) if registered else _nothing(), end="\n\n")
    for sentence in notes:
        print(f"Note: {sentence}")
    for sentence in problems:
        print(f"Problem: {sentence}")
    if not problems:
        print("No problem was found.")
    return int(bool(problems))


def _records(registered: Sequence[Registration]) -> list[dict[str, str]]:
    return [dict(zip(HEADING, _cells(registration), strict=True)) for registration in registered]


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


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog, description="Optimisation models written directly over your own database rows."
    )
    parser.add_argument("--version", action="version", version=f"lumix {version('lumix-modeling')}")
    parser.set_defaults(traceback=False)
    commands = parser.add_subparsers(title="commands", metavar="command", required=True)
    doctor = commands.add_parser("doctor", help="tell what is installed, and what is wrong with it")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.set_defaults(run=lambda words: show_health(words.json))
    plugins = commands.add_parser("plugins", help="list the row adapters and solvers that are installed")
    plugins.add_argument("--check", action="store_true", help="make each of them, in a process of its own")
    plugins.add_argument("--json", action="store_true", help="print JSON")
    plugins.set_defaults(run=lambda words: show_plugins(words.check, words.json))
    add_commands(commands)
    add_new_adapter(commands)
    return parser
