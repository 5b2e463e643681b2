"""What writes rows through an adapter: a client of the core, so the kit takes it only if it is installed."""

from __future__ import annotations

from typing import Any

import pytest


def write_back() -> Any:
    """Return a new ``lumix.LXWriteBack``; skip the test where it is not installed."""
    reason = "rows are written through lumix.LXWriteBack: install lumix-modeling"
    return pytest.importorskip("lumix", reason=reason).LXWriteBack()
