"""Whether the conformance kit for row adapters notices a fault."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lumix_core.testing import RowAdapterConformance
from lumix_core.testing.rows.copies import COPIES


def fails(name: str, adapter: Any, world: Any, end_transaction: Callable[[], object], kit: type | None = None) -> bool:
    """Return whether a test of the kit fails, with any of its parameters; each leaves no transaction behind."""
    test = getattr((kit or RowAdapterConformance)(), name)
    fixtures = {"adapter": adapter, "world": world}
    given = {name: fixtures[name] for name in inspect.signature(test).parameters if name in fixtures}
    for parameters in _parameters(test):
        try:
            test(**given, **parameters)
        except (Exception, pytest.fail.Exception):  # noqa: BLE001 - any failure is the kit noticing
            return True
        finally:
            end_transaction()
    return False


def _parameters(test: Any) -> Iterator[dict[str, Any]]:
    marks = [mark.args for mark in getattr(test, "pytestmark", ())]
    copies = [(name, COPIES.values()) for name in inspect.signature(test).parameters if name in ("copied", "copied_by")]
    choices = [*marks, *copies]
    if not choices:
        yield {}
        return
    names, values = choices[0]
    for value in values:
        yield {names: value} if isinstance(names, str) else dict(zip(names, value, strict=True))
