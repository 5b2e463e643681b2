"""A process of its own: loads the pickles that it is sent, and answers with what they compile and solve to.

It has the models of the tests and no database.
"""

from __future__ import annotations

import pickle
import sys
from typing import Any

from lumix_core import LXOptimizer


def answer(model: Any) -> tuple[dict[str, bytes], str, dict[Any, float]]:
    """Return the bytes of every array of the model, how solving it ended, and the values of its variables."""
    arrays = {name: array.tobytes() for name, array in model.compile().arrays().items()}
    solution = LXOptimizer().use_solver("highs").solve(model)
    values: dict[Any, float] = {}
    if solution.is_feasible():
        values = {(name, key): value for name in solution.variables for key, value in solution.variables[name].items()}
    return arrays, str(solution.status), values


def main() -> None:
    """Answer until there is nothing more to read."""
    import django
    from django.conf import settings

    settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "warehouse"])
    django.setup()
    while True:
        try:
            block = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(answer(pickle.loads(block)), sys.stdout.buffer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
