"""How much the tests try: little enough to be run after each change, or all that `make test-thorough` asks for."""

from __future__ import annotations

import os

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "default")
IS_THOROUGH = PROFILE == "thorough"

CHAIN = 100_000 if IS_THOROUGH else 10_000
"""How many rows follow each other: more than Python's recursion takes."""


def examples(thorough: int) -> int:
    """Return how many examples a property test tries, given how many it tries when it is thorough."""
    return thorough if IS_THOROUGH else max(thorough // 12, 5)
