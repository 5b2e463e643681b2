"""What the documents for users name can be imported from `lumix`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lumix
from lumix_core import errors

ROOT = Path(__file__).parents[2]
OF_AUTHORS = {"kit.md", "new-orm.md", "new-solver.md"}
"""Documents for authors of adapters, who import from `lumix_core`."""
DOCUMENTS = [
    ROOT / "README.md",
    *sorted(path for path in (ROOT / "docs").glob("*.md") if path.name not in OF_AUTHORS),
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_errors_and_warnings_of_a_document_can_be_imported(document: Path) -> None:
    named = set(re.findall(r"\bLX\w+", document.read_text()))

    missing = [name for name in sorted(named) if hasattr(errors, name) and not hasattr(lumix, name)]

    assert missing == []


def test_the_warning_of_an_empty_source_can_be_made_an_error() -> None:
    model = lumix.LXModel("m").add_variable(lumix.LXVariable[int, float]("x").from_data([]))

    with pytest.warns(lumix.LXEmptySourceWarning):
        model.compile()
