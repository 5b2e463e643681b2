"""Scenarios handed to the workers of an executor, a few at a time, and none of them lost."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait

from lumix.analysis.scenarios.runs import Outcome
from lumix.analysis.workers.parcels import Parcel, Post
from lumix.analysis.workers.pools import Pool
from lumix.analysis.workers.shares import Answer, Share, Task
from lumix_core.errors import LXError

TASK_SECONDS = 0.25
"""How long a task should take: long beside what handing it over costs, short beside what a user waits for."""
ATTEMPTS = 2
"""How often a scenario may be among those of a worker that died before it is solved while nothing else is."""
POLL_SECONDS = 0.1
"""How often it is looked whether the sweep was cancelled."""
FLIGHT = 2
"""How many tasks each worker has before it, so that it need not wait for the next."""


class Dispatcher:
    """Has scenarios solved by workers, and takes their outcomes as they come.

    Where a worker dies, the scenarios of all tasks under way are handed out again, one a task. One that is among them
    `ATTEMPTS` times is solved by itself at the end; if its worker dies then too, that is its outcome.

    Args:
        pool: the executor.
        post: model and scenarios.
        workers: how many the executor has.
        took: is given the position of each scenario and its outcome, as soon as it is there.
        cancelled: whether to stop.
    """

    def __init__(
        self,
        pool: Pool,
        post: Post,
        workers: int,
        took: Callable[[int, Outcome], object],
        cancelled: Callable[[], bool],
    ) -> None:
        self._pool = pool
        self._post = post
        self._workers = workers
        self._took = took
        self._cancelled = cancelled
        self._waiting: deque[int] = deque()
        self._suspects: list[int] = []
        self._flying: dict[Future[Answer], Task] = {}
        self._losses: Counter[int] = Counter()
        self._numbers = 0
        self._solved, self._seconds = 0, 0.0

    def run(self, count: int) -> None:
        """Have the first ``count`` scenarios of the parcel solved; returns when all are, or the sweep is cancelled.

        Raises:
            LXCopyError: a worker cannot load the parcel.
            LXModelError: the rows have changed since they were read.
            LXWorkerError: the workers die even without a scenario.
        """
        self._waiting.extend(range(count))
        try:
            while (self._waiting or self._flying or self._suspects) and not self._cancelled():
                self._hand_out()
                landed = wait(self._flying, POLL_SECONDS, FIRST_COMPLETED).done
                if not landed:
                    self._pool.unblock()
                for future in landed:
                    if future in self._flying:
                        self._land(future)
        except KeyboardInterrupt:
            self._flying.clear()  # workers may die of it too, and then Python 3.11 fails at futures that are cancelled
            raise
        finally:
            for future in self._flying:
                future.cancel()
            self._pool.close()

    def _hand_out(self) -> None:
        while self._waiting and len(self._flying) < FLIGHT * self._workers:
            self._submit([self._waiting.popleft() for _ in range(self._size())])
        if not self._flying and self._suspects:
            self._submit([self._suspects.pop(0)])

    def _size(self) -> int:
        """Return how many scenarios the next task is to have."""
        if self._losses[self._waiting[0]] or not self._solved:
            return 1
        quick = int(TASK_SECONDS * self._solved / max(self._seconds, 1e-9))
        return max(1, min(quick, len(self._waiting) // (FLIGHT * self._workers)))

    def _submit(self, positions: Sequence[int], parcel: Parcel | None = None) -> None:
        task = Task(parcel or self._post.parcel, tuple(positions), self._numbers)
        self._numbers += 1
        try:
            self._flying[self._pool.submit(task)] = task
        except BrokenExecutor as error:
            self._lose([*self._all_flying(), task], error)

    def _land(self, future: Future[Answer]) -> None:
        task = self._flying.pop(future)
        try:
            answer = future.result()
        except BrokenExecutor as error:
            self._lose([task, *self._all_flying()], error)
        except Exception as error:  # noqa: BLE001 - whatever an executor raises where a worker cannot go on
            self._lose([task], error)
        else:
            self._take(task, answer)

    def _take(self, task: Task, answer: Answer) -> None:
        if answer is None:
            self._submit(task.positions, self._post.enclosed())
        elif isinstance(answer, LXError):
            raise answer
        else:
            self._keep(task, answer)

    def _keep(self, task: Task, share: Share) -> None:
        self._solved += len(share.outcomes)
        self._seconds += share.seconds
        for position, outcome in zip(task.positions, share.outcomes, strict=True):
            self._took(position, outcome)

    def _all_flying(self) -> list[Task]:
        tasks = list(self._flying.values())
        self._flying.clear()
        return tasks

    def _lose(self, tasks: Sequence[Task], cause: Exception) -> None:
        """Hand out again what was under way; what was under way by itself has been tried often enough."""
        positions = [position for task in tasks for position in task.positions]
        for position in positions:
            self._losses[position] += 1
        if isinstance(cause, BrokenExecutor):
            self._pool.renew(cause)
        for position in positions:
            if self._losses[position] > ATTEMPTS:
                self._took(position, Outcome(None, _worker_failed(cause, self._losses[position])))
        self._suspects += [position for position in positions if self._losses[position] == ATTEMPTS]
        self._waiting.extendleft(reversed([position for position in positions if self._losses[position] < ATTEMPTS]))


def _worker_failed(cause: Exception, times: int) -> str:
    return (
        f"Its worker failed each of the {times} times that it was solved, the last time with nothing else under way: "
        f"{type(cause).__name__}: {cause}. Look at the memory that it needs; run_scenario() solves it in this process."
    )
