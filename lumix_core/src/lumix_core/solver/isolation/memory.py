"""Limits on the memory of a process."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

UNITS = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 2**10, "mib": 2**20, "gib": 2**30}
"""Bytes of a unit, as ``2 GB``."""
CAN_LIMIT = sys.platform == "linux"
"""Whether the system holds a process to a limit; macOS ignores it, and Windows knows none of this kind."""
EXHAUSTED = "exhausted its memory_limit"


def bytes_of(value: Any) -> int:
    """Return an amount of memory, in bytes.

    Raises:
        ValueError: it is none; the text says what is expected.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?b?)\s*", str(value).lower())
    if isinstance(value, bool) or match is None or match[2] not in UNITS:
        raise ValueError("a number of bytes, or a text such as '500 MB' or '2 GiB'")
    amount = int(float(match[1]) * UNITS[match[2]])
    if not amount:
        raise ValueError("a number of bytes above 0")
    return amount


def limit_memory(amount: int) -> None:
    """Limit this process to so many bytes of address space, besides what it has now."""
    if sys.platform == "linux":  # for type checkers of other systems too
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = pages * resource.getpagesize() + amount
        soft = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
