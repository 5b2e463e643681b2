"""The command line: ``python -m lumix``, and ``lumix`` where it is installed."""

from __future__ import annotations

import io
import sys

from lumix import commands


def main() -> int:
    """Run a command in a terminal, which may not know every letter of a name: such letters are printed as codes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    return commands.main()


if __name__ == "__main__":
    sys.exit(main())
