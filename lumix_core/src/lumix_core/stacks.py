"""Where the user's own code is on the stack, for warnings."""

from __future__ import annotations

import sys


def caller_level() -> int:
    """Return the ``stacklevel`` at which ``warnings.warn``, called by our caller, names the user's line."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "lumix_core":
        level, frame = level + 1, frame.f_back
    return level
