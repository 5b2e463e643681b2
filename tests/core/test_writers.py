"""What the writers of every ORM have in common."""

from __future__ import annotations

import pytest

from lumix_core.writers import ROWS_A_BATCH, batches_of_rows


@pytest.mark.parametrize("size", [1, ROWS_A_BATCH, ROWS_A_BATCH + 1, 2 * ROWS_A_BATCH + 7])
def test_batches_hold_every_row_once_and_in_order(size: int) -> None:
    numbers, texts = list(range(size)), list(map(str, range(size)))

    batches = list(batches_of_rows([numbers, texts]))

    assert [row for batch in batches for row in batch] == list(zip(numbers, texts, strict=True))
    assert max(map(len, batches)) <= ROWS_A_BATCH
