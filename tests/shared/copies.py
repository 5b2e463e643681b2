"""Copies that answer for themselves, here or in a process of its own: with what they compile and solve to."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import workers

from lumix_core import LXOptimizer
from lumix_core.errors import LXVerificationError

TRIPS: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "fresh process": pickle.dumps,
}
"""What becomes of a model on each round trip; a fresh process is sent the pickle."""


def answer(model: Any) -> tuple[dict[str, bytes], str, dict[Any, float]]:
    """Return the bytes of every array of the model, how solving it ended, and the values of its variables.

    An answer that LumiX refuses is one too: numbers such as 1e-42 are below what the solver tells apart.
    """
    arrays = {name: array.tobytes() for name, array in model.compile().arrays().items()}
    try:
        solution = LXOptimizer().use_solver("highs").solve(model)
    except LXVerificationError as refused:
        return arrays, str(refused), {}
    values: dict[Any, float] = {}
    if solution.is_feasible():
        values = {(name, key): value for name in solution.variables for key, value in solution.variables[name].items()}
    return arrays, str(solution.status), values


def answer_all() -> None:
    """Answer for the pickles that this process is sent, until there is nothing more to read."""
    channel = workers.channel()
    while True:
        try:
            block = channel.recv()
        except EOFError:
            return
        channel.send(answer(pickle.loads(block)))


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
