"""The command line: ``python -m lumix``, and ``lumix`` where it is installed."""

from __future__ import annotations

import sys

from lumix.commands import main

if __name__ == "__main__":
    sys.exit(main())
