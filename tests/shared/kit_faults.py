"""Whether the conformance kit for row adapters notices a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lumix_core.testing import RowAdapterConformance


def fails(name: str, adapter: Any, world: Any, end_transaction: Callable[[], object]) -> bool:
    """Return whether a test of the kit fails, with any of its parameters; each leaves no transaction behind."""
    test = getattr(RowAdapterConformance(), name)
    for parameters in _parameters(test):
        try:
            test(adapter=adapter, world=world, **parameters)
        except (Exception, pytest.fail.Exception):  # noqa: BLE001 - any failure is the kit noticing
            return True
        finally:
            end_transaction()
    return False


def _parameters(test: Any) -> Iterator[dict[str, Any]]:
    (mark, *_) = [*getattr(test, "pytestmark", ()), None]
    if mark is None:
        yield {}
        return
    names, values = mark.args
    for one in values:
        yield {names: one} if isinstance(names, str) else dict(zip(names, one, strict=True))
