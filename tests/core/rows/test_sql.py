"""What the writers of every ORM have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from lumix_core.rows.sql import MISSING_KEYS, ROWS_A_BATCH, batches_of_rows, existing_keys
from lumix_core.rows.writing import Key


@pytest.mark.parametrize("size", [1, ROWS_A_BATCH, ROWS_A_BATCH + 1, 2 * ROWS_A_BATCH + 7])
def test_batches_hold_every_row_once_and_in_order(size: int) -> None:
    numbers, texts = list(range(size)), list(map(str, range(size)))

    batches = list(batches_of_rows([numbers, texts]))

    assert [row for batch in batches for row in batch] == list(zip(numbers, texts, strict=True))
    assert max(map(len, batches)) <= ROWS_A_BATCH


def folding(stored: Sequence[Key], questions: list[Sequence[Key]]) -> Callable[[Sequence[Key]], set[Key]]:
    """A table that takes texts for equal that differ in case, and gives them as they are stored."""

    def asked(keys: Sequence[Key]) -> set[Key]:
        questions.append(keys)
        wanted = {name.upper() for (name,) in keys}
        return {(name,) for (name,) in stored if name.upper() in wanted}

    return asked


def test_all_keys_that_differ_in_case_are_found() -> None:
    names = [f"n{i}" for i in range(3 * MISSING_KEYS)]

    found = existing_keys([(one.upper(),) for one in names], folding([(one,) for one in names], []), size=7)

    assert found >= {(one.upper(),) for one in names}


def test_keys_are_no_longer_asked_for_one_by_one_once_some_are_not_there() -> None:
    questions: list[Sequence[Key]] = []

    found = existing_keys([(f"n{i}",) for i in range(1_000)], folding([], questions), size=300)

    assert found == set()
    assert [len(one) for one in questions] == [300, 300, 300, 100] + [1] * MISSING_KEYS
