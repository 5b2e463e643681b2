"""Work that Ctrl-C or another thread can end: it runs on a thread of its own, while the caller's thread waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread

from lumix_solvers.signals import hear_ctrl_c

GRACE = 3.0
"""Seconds that work gets to end after Ctrl-C."""
MOMENT = 1e-6
"""Seconds between two looks at what is about to happen."""
POLL = 0.1
"""Seconds between two looks; Windows gives no signal to a thread that waits without an end."""


def never() -> bool:
    """Whether work is to end that nobody cancels."""
    return False


def run_until_done(
    work: Callable[[], object], stop: Callable[[], object], is_cancelled: Callable[[], bool] = never
) -> bool:
    """Run ``work`` on a thread of its own; see `Worker.run`."""
    worker = Worker()
    try:
        return worker.run(work, stop, is_cancelled)
    finally:
        worker.close()


class Worker:
    """A thread of its own for one piece of work after another, each of which Ctrl-C can end.

    Args:
        at_end: called on that thread when it ends.
    """

    def __init__(self, at_end: Callable[[], object] = lambda: None) -> None:
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._thread = Thread(target=_work, args=(self._tasks, at_end), daemon=True, name="lumix-solve")
        self._is_free = True

    def run(
        self, work: Callable[[], object], stop: Callable[[], object], is_cancelled: Callable[[], bool] = never
    ) -> bool:
        """Run ``work`` on the thread; return whether it ended.

        ``KeyboardInterrupt`` calls ``stop`` and leaves the work a moment to end, and so does ``is_cancelled``, which is
        called now and then while the work goes on. Work that does not end, or that is interrupted once more, is left
        behind on the thread: what it works on must not be touched any more. What the work raises is raised here.
        """
        task = Task(work)
        self._is_free = False
        hear_ctrl_c()
        self._is_free = _watch(lambda: self._give(task), task, stop, is_cancelled)
        if task.failure is not None:
            raise task.failure
        return self._is_free

    @property
    def is_idle(self) -> bool:
        """Whether the thread waits for work; after a fork it does not exist in the new process."""
        return self._is_free and self._thread.is_alive()

    def close(self) -> None:
        """Let the thread end, and wait a moment for that unless work was left behind on it."""
        self._tasks.put(None)
        if self._is_free and self._thread.ident is not None:
            _wait_for_the_end(self._thread)

    def _give(self, task: Task) -> None:
        self._tasks.put(task)
        if self._thread.ident is None:
            self._thread.start()


class KeptWorkers:
    """Threads that later runs use again: for a library that bears only so many threads in the life of a process."""

    def __init__(self) -> None:
        self._idle: SimpleQueue[Worker] = SimpleQueue()

    def run(
        self, work: Callable[[], object], stop: Callable[[], object], is_cancelled: Callable[[], bool] = never
    ) -> bool:
        """Run ``work`` on a thread that no other run uses now; see `Worker.run`."""
        worker = self._taken()
        try:
            return worker.run(work, stop, is_cancelled)
        finally:
            if worker.is_idle:
                self._idle.put(worker)
            else:
                worker.close()

    def _taken(self) -> Worker:
        with suppress(Empty):
            while True:
                worker = self._idle.get_nowait()
                if worker.is_idle:
                    return worker
        return Worker()


class Task:
    """A piece of work, what it raised, and whether it is done.

    Whoever waits is woken by a queue, the quickest means of Python; the flag is what counts, since Ctrl-C may
    come when the queue has been read.
    """

    def __init__(self, work: Callable[[], object]) -> None:
        self.work = work
        self.failure: BaseException | None = None
        self.is_done = False
        self._bell: SimpleQueue[None] = SimpleQueue()

    def run(self) -> None:
        """Do the work."""
        try:
            self.work()
        except BaseException as failure:  # noqa: BLE001 - raised again on the caller's thread
            self.failure = failure
        finally:
            self.is_done = True
            self._bell.put(None)

    def wait(self, seconds: float) -> bool:
        """Wait until it is done, and no longer than so many seconds; return whether it is."""
        if not self.is_done:
            with suppress(Empty):
                self._bell.get(timeout=seconds)
        return self.is_done


def _wait_for_the_end(thread: Thread) -> None:
    """Wait a moment until a thread has ended; it is about to.

    `Thread.join` looks up the calling thread, which Python 3.13.0 no longer knows at the end of a program, and
    prints an error.
    """
    deadline = time.monotonic() + GRACE
    while thread.is_alive() and time.monotonic() < deadline:
        time.sleep(MOMENT)


def _work(tasks: SimpleQueue[Task | None], at_end: Callable[[], object]) -> None:
    while True:
        task = tasks.get()
        if task is None:
            at_end()
            return
        task.run()
        del task


def _watch(
    start: Callable[[], object], task: Task, stop: Callable[[], object], is_cancelled: Callable[[], bool]
) -> bool:
    try:
        start()
        while not task.wait(POLL):
            if is_cancelled():
                stop()
                return task.wait(GRACE)
        return True
    except KeyboardInterrupt:
        stop()
    except BaseException:  # such as an alarm of the user's own
        stop()
        task.wait(GRACE)
        raise
    try:
        return task.wait(GRACE)
    except KeyboardInterrupt:
        return task.is_done
