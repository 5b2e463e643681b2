"""What a process holds: memory, open files, threads and children, as far as the system says."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
PROCESS = Path("/proc/self")
ROOM = 64 * 1024
"""Bytes by which memory may grow without anything being kept."""


class Holding(NamedTuple):
    """What the process holds; 0 for what the system does not say."""

    files: int
    threads: int
    children: int

    def is_within(self, before: Holding) -> bool:
        """Whether there is no more of anything than before."""
        return all(now <= earlier for now, earlier in zip(self, before, strict=True))


def holding() -> Holding:
    """Return what the process holds now."""
    gc.collect(1)
    if not PROCESS.exists():
        return Holding(0, threading.active_count(), 0)
    children = sum(len(_text(task / "children").split()) for task in (PROCESS / "task").iterdir())
    return Holding(len(os.listdir("/proc/self/fd")), threading.active_count(), children)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def memory() -> int:
    """Return the bytes that are resident; 0 where the system does not say."""
    gc.collect(1)
    statm = _text(PROCESS / "statm").split()
    return int(statm[1]) * PAGE if statm else 0


def grows(work: Callable[[], object], times: int = 5, batches: int = 6) -> bool:
    """Whether nearly each repetition of some work leaves more memory behind.

    Threads get memory of their own from the system for a while, so one batch without growth is enough.
    """
    for _ in range(2):
        work()
    return all(_grows_in_a_batch(work, times) for _ in range(batches))


def _grows_in_a_batch(work: Callable[[], object], times: int) -> bool:
    sizes = [memory()]
    for _ in range(times):
        work()
        sizes.append(memory())
    steps = [after - before for before, after in pairwise(sizes)]
    return sum(step > ROOM for step in steps) >= times - 1
