"""What workers are sent: model, optimizer and scenarios as bytes, which each of them opens once."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from lumix.analysis.scenarios.runs import Runner, check_same
from lumix.analysis.scenarios.scenario import LXScenario
from lumix_core.copying import packed, restore
from lumix_core.errors import LXCopyError


@dataclass(frozen=True)
class Parcel:
    """Where a worker finds what it is to work on.

    Workers on this machine read it from a file, so that nothing but its path travels with the tasks. Those elsewhere
    have no such file: they say so, and are sent the bytes.

    Args:
        digest: of the bytes.
        path: of the file that holds them; empty where none could be written.
        content: the bytes, for a worker that cannot read the file.
    """

    digest: str
    path: str
    content: bytes | None = None

    def read(self) -> bytes | None:
        """Return the bytes; None where there is no such file here."""
        if self.content is not None:
            return self.content
        try:
            content = Path(self.path).read_bytes()
        except OSError:
            return None
        return content if _digest(content) == self.digest else None


@dataclass(frozen=True)
class Post:
    """A parcel as its sender has it.

    Args:
        parcel: for workers that find the file.
        content: the bytes.
    """

    parcel: Parcel
    content: bytes

    def enclosed(self) -> Parcel:
        """Return the parcel for a worker that finds nothing."""
        return replace(self.parcel, content=self.content)


@contextmanager
def posted(content: bytes) -> Iterator[Post]:
    """Keep bytes where workers on this machine find them, as long as the block lasts.

    Where there is no room for them, workers find nothing, and are sent the bytes.
    """
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="lumix-", ignore_cleanup_errors=True))
            path = Path(folder) / "parcel"
            path.write_bytes(content)
        except OSError:
            yield Post(Parcel(_digest(content), ""), content)
        else:
            yield Post(Parcel(_digest(content), str(path)), content)


def packed_for_workers(runner: Runner, scenarios: Sequence[LXScenario], threads: int | None) -> bytes:
    """Return model, optimizer and scenarios as bytes.

    Raises:
        LXCopyError: something cannot be pickled; of a scenario, with its name.
    """
    try:
        return packed((runner.model, runner.optimizer, threads, runner.digest, list(scenarios)))
    except LXCopyError:
        for scenario in scenarios:
            _check_picklable(scenario)
        raise


def _check_picklable(scenario: LXScenario) -> None:
    try:
        packed(scenario)
    except LXCopyError as error:
        raise LXCopyError(f"Scenario {scenario.name!r} cannot be sent to an executor. {error}") from error


class Opened:
    """A parcel that a worker has opened: the model in its solver, and the scenarios.

    Raises:
        LXCopyError: the bytes cannot be loaded here.
        LXModelError: the rows have changed since they were read.
    """

    def __init__(self, parcel: Parcel, content: bytes) -> None:
        self.digest = parcel.digest
        model, optimizer, threads, digest, self.scenarios = restore(content)
        self.runner = Runner(model, optimizer, threads)
        try:
            check_same(model, digest, self.runner.digest)
        except BaseException:
            self.runner.close()
            raise


_held = threading.local()


def opened(parcel: Parcel) -> tuple[Opened | None, bool]:
    """Return what is in a parcel (None where the worker cannot reach it), and whether it was opened just now.

    A worker, which is a thread here, holds one parcel at a time: another one takes its place.
    """
    known: Opened | None = getattr(_held, "parcel", None)
    if known is not None and known.runner.is_elsewhere:  # of the process that this one was forked from
        known = None
    if known is not None and known.digest == parcel.digest:
        return known, False
    content = parcel.read()
    if content is None:
        return None, False
    if known is not None:
        known.runner.close()
        known = _held.parcel = None  # before the next one is opened, so that there are never two
    _held.parcel = Opened(parcel, content)
    return _held.parcel, True


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()
