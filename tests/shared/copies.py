"""Copies that answer for themselves, here or in a process of its own: with what they compile and solve to."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from lumix_core import LXOptimizer

TRIPS: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "fresh process": pickle.dumps,
}
"""What becomes of a model on each round trip; a fresh process is sent the pickle."""


def answer(model: Any) -> tuple[dict[str, bytes], str, dict[Any, float]]:
    """Return the bytes of every array of the model, how solving it ended, and the values of its variables."""
    arrays = {name: array.tobytes() for name, array in model.compile().arrays().items()}
    solution = LXOptimizer().use_solver("highs").solve(model)
    values: dict[Any, float] = {}
    if solution.is_feasible():
        values = {(name, key): value for name in solution.variables for key, value in solution.variables[name].items()}
    return arrays, str(solution.status), values


def answer_all() -> None:
    """Answer for the pickles that this process is sent, until there is nothing more to read."""
    while True:
        try:
            block = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(answer(pickle.loads(block)), sys.stdout.buffer)
        sys.stdout.buffer.flush()


@contextmanager
def fresh_process(worker: Path, folder: Path) -> Iterator[Callable[[bytes], Any]]:
    """Start a process that has never seen a database; gives what sends it a pickle and returns its answer.

    Args:
        worker: the script that it runs.
        folder: where it finds the classes of the rows.
    """
    paths = os.pathsep.join(filter(None, [str(folder), str(Path(__file__).parent), *sys.path]))
    command, environment = [sys.executable, str(worker)], {**os.environ, "PYTHONPATH": paths}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdin
        assert process.stdout
        sent, received = process.stdin, process.stdout

        def ask(block: bytes) -> Any:
            pickle.dump(block, sent)
            sent.flush()
            return pickle.load(received)

        yield ask
        sent.close()


def bound_objects(root: Any, is_bound: Callable[[Any], bool]) -> list[Any]:
    """Walk what the collector sees of an object, and return what is a live row or bound to a database."""
    modules = {id(vars(module)) for module in list(sys.modules.values()) if isinstance(module, types.ModuleType)}
    found, seen, stack = [], set(modules), [root]
    while stack:
        part = stack.pop()
        if id(part) in seen or isinstance(part, type | types.ModuleType):
            continue
        seen.add(id(part))
        if is_bound(part):
            found.append(part)
        stack.extend(gc.get_referents(part))
        if isinstance(part, np.ndarray) and part.dtype.hasobject:
            stack.extend(part.ravel().tolist())
    return found


if __name__ == "__main__":
    answer_all()
