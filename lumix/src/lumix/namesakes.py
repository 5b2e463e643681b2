"""Other distributions that provide the module `lumix`: beside one of them, neither can be relied on.

`import lumix` looks for them, so this only lists the folders on the path. `importlib.metadata` is imported where one
of their names is found.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import Distribution

NAMESAKES = ("lumix", "lumix_opt")
"""The names of those distributions, as their folders of metadata begin."""
OURS = "lumix-modeling"


def refuse_namesakes() -> None:
    """Refuse to be imported where another distribution provides the module `lumix` too.

    Raises:
        ImportError: one is installed; the message names both and says what to do.
    """
    for folder, metadata in _candidates():
        other = _distribution(folder, metadata)
        if _provides_lumix(other):
            name = other.metadata["Name"] or metadata.partition("-")[0].replace("_", "-")
            raise ImportError(
                f"Two installed distributions provide the module 'lumix': {OURS}, which is imported from "
                f"{os.path.dirname(__file__)}, and {name}, which is installed in {folder or os.curdir}. One hides or "
                f"overwrites files of the other, so names would be missing or wrong. Use a virtual environment of its "
                f"own for each. Or keep one: uninstall both (pip uninstall {name} {OURS}), since they may share files, "
                f"and install the one that you use again.",
                name="lumix",
            )


def _candidates() -> Iterator[tuple[str, str]]:
    """Return folders on the path, each with the name of a folder of metadata in it that looks like a namesake's."""
    for folder in sys.path:
        with suppress(OSError):
            for name in os.listdir(folder or os.curdir):
                if name.startswith(NAMESAKES) and _is_metadata_of_namesake(name):
                    yield folder, name


def _is_metadata_of_namesake(name: str) -> bool:
    stem, suffix = os.path.splitext(name)
    return suffix in (".dist-info", ".egg-info") and stem.partition("-")[0] in NAMESAKES


def _distribution(folder: str, metadata: str) -> Distribution:
    from importlib.metadata import Distribution
    from pathlib import Path

    return Distribution.at(Path(folder) / metadata)


def _provides_lumix(distribution: Distribution) -> bool:
    """Whether a distribution provides the module; so too where it does not list its files."""
    modules = distribution.read_text("top_level.txt")
    if modules is not None:
        return "lumix" in modules.split()
    files = distribution.files
    return files is None or any(file.parts[0] in ("lumix", "lumix.py") for file in files)
