"""The program that a solver's process runs: its text is handed to Python, and nothing else is imported before it.

Arguments: the path of the program that starts it, as JSON; the number of that process; the descriptors of the memory
that both share, -1 without it.
"""

import json
import os
import select
import signal
import sys
import time

LOOK = 1.0
"""Seconds between two looks of the guard; mostly it hears of the end at once."""
MOMENT = 0.02
"""Seconds between two looks once it heard something, which may be that native code closed what is not its own."""


def guard(shared: list[int]) -> None:
    """Start a process that kills the whole group, itself too, once this process is gone, however it went.

    So what a solver has started ends with it. No thread runs yet, so that this process may be forked.

    Args:
        shared: descriptors that are none of the guard's business.
    """
    guarded = os.getpid()
    listening, held = os.pipe()
    if os.fork():
        os.close(listening)
        return
    for descriptor in (0, 1, 2, held, *shared):
        os.close(descriptor)
    while os.getppid() == guarded:
        if select.select([listening], [], [], LOOK)[0]:
            time.sleep(MOMENT)
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    path, *numbers = sys.argv[1:]
    parent, inbox, outbox = map(int, numbers)
    if sys.platform != "win32":
        guard([descriptor for descriptor in (inbox, outbox) if descriptor >= 0])
    sys.path[:] = json.loads(path)
    from lumix_core.solver.isolation.child import main

    main(parent, inbox, outbox)
