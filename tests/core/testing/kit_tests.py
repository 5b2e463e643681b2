"""The tests of both kits by name, and those that releases had: ``python -m tests.core.testing.kit_tests 0.1`` adds one.

What a release had is written down, so that a test that enters a kit later cannot go without its version.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from lumix_core.testing import RowAdapterConformance, SolverConformance
from lumix_core.testing.versions import since_of, version_parts

RELEASED = Path(__file__).with_name("released_kits.json")


def versions_of_tests() -> dict[str, str]:
    """Return the version since when a kit has each test."""
    return {
        f"{kit.__name__}.{name}": since_of(getattr(kit, name))
        for kit in (SolverConformance, RowAdapterConformance)
        for name in sorted(dir(kit))
        if name.startswith("test_")
    }


def misdated(versions: Mapping[str, str], released: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the tests whose version is not after the releases without them, or after one that had them."""
    return [
        f"{name} is since {version}, and {release} {'had' if name in names else 'did not have'} it"
        for name, version in versions.items()
        for release, names in released.items()
        if (version_parts(version) > version_parts(release)) == (name in names)
    ]


def main(release: str) -> None:
    """Write down what a release has."""
    released = json.loads(RELEASED.read_text(encoding="utf-8"))
    text = json.dumps(released | {release: [*versions_of_tests()]}, indent=1)
    RELEASED.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
