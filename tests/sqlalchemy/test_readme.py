"""The README's code runs."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[2] / "lumix_sqlalchemy" / "README.md"


def test_readme_runs():
    names: dict[str, object] = {}

    for block in re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(block, README.name, "exec", dont_inherit=True), names)
    names["session"].close()
    names["engine"].dispose()

    assert names["problem"].coefficients.tolist() == [0.5, 1.5]
