"""Build one model once, in this process, and print what it took as one line of JSON.

    python worker.py TABLE SIZE CONTENDER

A small model of the same kind is built first, so that what a process does only once is not counted: importing, and
configuring the mapped classes.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from contenders import MARK, CannotRunError, Laps
from tables import Contender, Table, table

PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


def main(argv: list[str]) -> int:
    name, size, contender = argv
    chosen = table(name)
    one = next(one for one in chosen.contenders if one.name == contender)
    print(MARK + json.dumps(result(chosen, size, one)), flush=True)
    return 0


def result(chosen: Table, size: str, contender: Contender) -> dict[str, Any]:
    try:
        make, build = function(contender.data), function(contender.build)
        build(make(chosen.variant, chosen.warm_up), Laps())
        return measured(make(chosen.variant, size), build)
    except (CannotRunError, ModuleNotFoundError) as reason:
        return {"skipped": str(reason)}


def measured(data: Any, build: Callable[[Any, Laps], Any]) -> dict[str, Any]:
    gc.collect()
    before = peak()
    lap, began = Laps(), time.process_time()
    held = build(data, lap)
    lap("hold")
    processor, after = time.process_time() - began, peak()
    from holding import fingerprint

    return {
        "seconds": lap.total,
        "processor": processor,
        "parts": lap.seconds,
        "memory": after - before,
        "model": fingerprint(held),
    }


def peak() -> int:
    """Return the most memory that this process has had so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_UNIT


def function(path: str) -> Callable[..., Any]:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
