"""Executors: how many workers they have, and what becomes of them when a worker dies."""

from __future__ import annotations

import os
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from typing import Any

from lumix.analysis.workers.shares import Share, Task, solve_share
from lumix_core.errors import LXWorkerError

GUARD = (
    'In a program that starts processes, everything that is to run once stands under `if __name__ == "__main__":`; and '
    "an initializer of the executor must not fail."
)


class Pool:
    """An executor; or, once one of its processes has died, another of its kind in its place.

    Args:
        executor: the user's; it is not shut down here.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._own: Executor | None = None

    def submit(self, task: Task) -> Future[Share | None]:
        """Hand a task to a worker.

        Raises:
            BrokenExecutor: a worker has died.
            LXWorkerError: the executor takes no tasks, since it is shut down.
        """
        try:
            return (self._own or self._executor).submit(solve_share, task)
        except BrokenExecutor:
            raise
        except RuntimeError as error:
            raise LXWorkerError(
                f"The executor {type(self._executor).__name__} takes no scenarios: {error}. Run them while it is open, "
                f"within its with block or before its shutdown(). What was solved is kept: get_result() has it."
            ) from error

    def renew(self, cause: BrokenExecutor) -> None:
        """Put a new executor in the place of one that is broken.

        Raises:
            LXWorkerError: it is none of whose kind another can be made, or the new one breaks at once.
        """
        self.close()
        if not isinstance(self._executor, ProcessPoolExecutor):
            raise LXWorkerError(
                f"The executor {type(self._executor).__name__} is broken: {str(cause).rstrip('.')}. "
                f"What was solved is kept: get_result() has it. Run the scenarios again with an executor that works. "
                f"{GUARD}"
            ) from cause
        self._own = like(self._executor)
        try:
            self._own.submit(os.getpid).result()
        except BrokenExecutor as error:
            raise LXWorkerError(
                f"The workers of the {type(self._executor).__name__} die, also those of another one in its place, "
                f"which were given nothing to solve: {str(error).rstrip('.')}. {GUARD}"
            ) from error

    def close(self) -> None:
        """Let go of the executor that was started here, if there is one."""
        if self._own is not None:
            self._own.shutdown(wait=False, cancel_futures=True)
            self._own = None


def like(pool: ProcessPoolExecutor) -> ProcessPoolExecutor:
    """Return a new pool of processes that is set up as another one."""
    said: Any = pool
    return ProcessPoolExecutor(
        said._max_workers,
        mp_context=said._mp_context,
        initializer=said._initializer,
        initargs=said._initargs,
        max_tasks_per_child=said._max_tasks_per_child,
    )


def workers_of(executor: Executor) -> int:
    """Return how many workers an executor has, where it is of the standard library or of Dask; else those of here."""
    said: Any = executor
    threads: dict[str, int] = getattr(getattr(said, "_client", None), "nthreads", dict)()
    told = getattr(said, "_max_workers", None)
    return told if isinstance(told, int) else sum(threads.values()) or os.cpu_count() or 1
