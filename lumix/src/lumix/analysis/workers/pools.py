"""Executors: how many workers they have, and what becomes of them when a worker dies."""

from __future__ import annotations

import os
import time
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from multiprocessing.connection import wait
from typing import Any

from lumix.analysis.workers.shares import Answer, Task, solve_share
from lumix_core.errors import LXWorkerError

GUARD = (
    'In a program that starts processes, everything that is to run once stands under `if __name__ == "__main__":`; and '
    "an initializer of the executor must not fail."
)

KEPT = "What was solved is kept: get_result() has it. Run the scenarios again with an executor"
ATTEMPTS = 3
"""How many executors are started in the place of a broken one, before it is an error."""
START_SECONDS = 120.0
"""Seconds that a worker of such an executor gets to start."""
PATIENCE = 3.0
"""Seconds that a pool gets to notice that one of its processes has died."""


class Pool:
    """An executor; or, once one of its processes has died, another of its kind in its place.

    Args:
        executor: the user's; it is not shut down here.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._own: Executor | None = None
        self._dead_since: float | None = None

    def submit(self, task: Task) -> Future[Answer]:
        """Hand a task to a worker.

        Raises:
            BrokenExecutor: a worker has died.
            LXWorkerError: the executor takes no more tasks.
        """
        try:
            return (self._own or self._executor).submit(solve_share, task)
        except BrokenExecutor:
            raise
        except Exception as error:  # each kind of executor has its own
            raise LXWorkerError(
                f"The executor {type(self._executor).__name__} takes no more tasks: {str(error).rstrip('.')}. {KEPT} "
                f"that is not shut down before they are solved."
            ) from error

    def renew(self, cause: BrokenExecutor) -> None:
        """Put a new executor in the place of one that is broken.

        Raises:
            LXWorkerError: it is none of whose kind another can be made, or each new one breaks at once.
        """
        self.close()
        if not isinstance(self._executor, ProcessPoolExecutor):
            raise LXWorkerError(
                f"The executor {type(self._executor).__name__} is broken: {cause}. {KEPT} that works. {GUARD}"
            ) from cause
        broken: Exception | None = None
        for _ in range(ATTEMPTS):
            self._own = like(self._executor)
            try:
                self._own.submit(os.getpid).result(START_SECONDS)
            except (BrokenExecutor, TimeoutError) as error:
                broken = error
                self.close()
            else:
                return
        raise LXWorkerError(
            f"The workers of the {type(self._executor).__name__} die, also those of others in its place, which were "
            f"given nothing to solve: {broken}. {GUARD}"
        ) from broken

    def unblock(self) -> None:
        """Break a pool of processes that waits for the rest of what one of them was sending when it died.

        It would do so for ever, since the other processes and itself hold the pipe open: here they close it. To be
        called where nothing arrives.
        """
        pool: Any = self._own or self._executor
        if not isinstance(pool, ProcessPoolExecutor) or not self._is_stuck(pool):
            return
        for process in _processes(pool):
            process.kill()
        pool._result_queue._writer.close()  # type: ignore[attr-defined]

    def _is_stuck(self, pool: Any) -> bool:
        has_dead = not pool._broken and bool(wait([process.sentinel for process in _processes(pool)], 0))
        now = time.monotonic()
        self._dead_since = (self._dead_since or now) if has_dead else None
        return self._dead_since is not None and now - self._dead_since > PATIENCE

    def close(self) -> None:
        """Shut down the executor that was started here, if there is one."""
        if self._own is not None:
            self._own.shutdown(wait=False, cancel_futures=True)
            self._own = None


def _processes(pool: Any) -> list[Any]:
    return list((pool._processes or {}).values())


def like(pool: ProcessPoolExecutor) -> ProcessPoolExecutor:
    """Return a new pool of processes that is set up as another one."""
    known: Any = pool
    return ProcessPoolExecutor(
        known._max_workers,
        mp_context=known._mp_context,
        initializer=known._initializer,
        initargs=known._initargs,
        max_tasks_per_child=known._max_tasks_per_child,
    )


def workers_of(executor: Executor) -> int:
    """Return how many workers an executor has, where it is of the standard library or of Dask; else those of here."""
    known: Any = executor
    threads: dict[str, int] = getattr(getattr(known, "_client", None), "nthreads", dict)()
    count = getattr(known, "_max_workers", None)
    return count if isinstance(count, int) else sum(threads.values()) or os.cpu_count() or 1
