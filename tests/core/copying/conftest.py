"""Plain rows, and the ways to copy a model over them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from tests.core.copying.plain_rows import Product

HOWS: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
}


@pytest.fixture(params=HOWS)
def copied(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    """Each way of copying."""
    return HOWS[request.param]


@pytest.fixture
def rows() -> list[Product]:
    return [Product(1, 10.0), Product(2, 20.0), Product(3, 30.0)]
