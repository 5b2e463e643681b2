"""Step 2 from end to end, on a database in a temporary directory: fill, solve, print, save, read back."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import production_db
import sample_data


def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        url = f"sqlite:///{Path(directory) / 'production.db'}"
        return sample_data.main([url]) or production_db.main([url])


if __name__ == "__main__":
    sys.exit(main())
