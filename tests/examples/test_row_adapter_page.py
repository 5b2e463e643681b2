"""The page for authors of row adapters shows the toy as it is, and every feature."""

from __future__ import annotations

import re
from pathlib import Path

from lumix_core.rows import BaseRowAdapter, LXRowFeature
from lumix_core.testing.rows import toy

PAGE = Path(__file__).parents[2] / "docs" / "row-adapters.md"


def test_the_first_block_is_the_toy() -> None:
    shown = re.search(r"^```python\n(.*?)^```$", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)

    assert shown is not None
    assert shown[1] == Path(toy.__file__).read_text()


def test_the_page_has_a_line_for_every_feature() -> None:
    lines = re.findall(r"^\| `([A-Z]+)` \|", PAGE.read_text(), flags=re.MULTILINE)

    assert lines == [feature.name for feature in LXRowFeature]


def test_the_page_has_a_line_for_every_name_of_the_base() -> None:
    names = {*vars(BaseRowAdapter), *BaseRowAdapter.__annotations__}

    assert [name for name in names if not name.startswith("_") and f"`{name}" not in PAGE.read_text()] == []
