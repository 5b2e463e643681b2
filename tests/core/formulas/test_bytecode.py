"""What the bytecode of functions tells, one test for each family of instructions, on the Python that runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lumix_core.errors import LXWarning
from lumix_core.formulas import bytecode
from lumix_core.formulas.bytecode import globals_used, has_no_calls, objection_to

LIMIT = 3.0


def assigns_outside() -> Callable[[Any], Any]:
    total = 0

    def function(row: Any) -> Any:
        nonlocal total
        total += row.x
        return total

    return function


def with_block(row: Any) -> Any:
    with row.lock:
        return row.x


def caught(row: Any) -> Any:
    try:
        return row.x
    except ValueError:
        return 0.0


def deleted(row: Any) -> Any:
    del row.x
    return 0.0


def imported(row: Any) -> Any:
    import math

    return math.floor(row.x)


def unpacked(row: Any) -> Any:
    first, second = row.x, row.y
    return first + second


TRACED: dict[str, Callable[[Any], Any]] = {
    "attributes and arithmetic": lambda row: -(row.x + 2.0) * row.y // 3,
    "comparison and and/or": lambda row: (1.0 < row.x <= LIMIT and not row.y) or row.z,
    "a choice": lambda row: row.x if row.y else 0.0,
    "calls with names": lambda row: max(row.x, row.y, key=abs),
    "calls with stars": lambda row: max(*[row.x, row.y], key=abs),
    "subscripts and slices": lambda row: {"a": 1.0}[row.x] + [1.0, 2.0][0:1][0],
    "membership": lambda row: row.x in {1, 2, 3} or row.y not in (4, 5),
    "collections": lambda row: (row.x, [row.y], {row.z}, {row.x: 1}),
    "loops over constants": lambda row: sum(row.x * k for k in (1, 2, 3)),
    "comprehensions": lambda row: sum([row.x + k for k in range(3)]),
    "unpacking": unpacked,
}
REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "identity": (lambda row: row.x is None, "'is'"),
    "texts": (lambda row: f"{row.x}", "it makes a text of values"),
    "exceptions": (caught, "it catches exceptions"),
    "blocks": (with_block, ""),
    "assignment outside": (assigns_outside(), "it changes something outside itself"),
    "deletion": (deleted, ""),
    "import": (imported, ""),
    "asking for the type": (lambda row: isinstance(row.x, int), "it calls isinstance()"),
    "changing a list": (lambda row: [].append(row.x), "it calls .append()"),
}


@pytest.mark.parametrize("function", TRACED.values(), ids=TRACED)
def test_instructions_that_a_symbol_answers_are_known(function: Callable[[Any], Any]) -> None:
    assert objection_to(function.__code__) is None


@pytest.mark.parametrize(("function", "reason"), REFUSED.values(), ids=REFUSED)
def test_instructions_that_only_a_row_answers_are_refused(function: Callable[[Any], Any], reason: str) -> None:
    found = objection_to(function.__code__)

    assert found is not None
    assert reason in found


def test_calls_are_seen_in_functions_within_too() -> None:
    assert has_no_calls((lambda row: row.x + 1).__code__)
    assert not has_no_calls((lambda row: abs(row.x)).__code__)
    assert not has_no_calls((lambda row: lambda: row.x).__code__)


def test_globals_are_found_in_functions_within_too() -> None:
    assert globals_used((lambda row: [row.x for _ in range(3) if LIMIT]).__code__) >= {"range", "LIMIT"}


def test_a_python_that_is_not_known_is_warned_of_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bytecode, "NEWEST", (3, 10))
    bytecode.warn_of_unknown_python.cache_clear()

    try:
        with pytest.warns(LXWarning, match=r"is newer than 3\.10, the newest that LumiX knows") as warned:
            _ = [bytecode.warn_of_unknown_python() for _ in range(2)]
    finally:
        bytecode.warn_of_unknown_python.cache_clear()

    assert len(warned) == 1
