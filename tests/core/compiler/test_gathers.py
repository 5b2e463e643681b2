"""Own elements and those of ``at=`` are found for each row, and no pair of a row and an element is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXParameter, LXVariable
from lumix_core.compiler import terms
from lumix_core.compiler.batches import Argument, Batch
from lumix_core.compiler.vectorized import Vectorized
from lumix_core.problem.arrays import IntArray
from lumix_core.rows.key_index import KeyIndex


@dataclass(frozen=True)
class Item:
    id: int
    parent_id: int
    cost: float


@dataclass(frozen=True)
class Week:
    id: int


ITEMS = [Item(3 * i, 3 * (i // 2), float(i)) for i in range(60)]
WEEKS = [Week(i) for i in range(1, 51)]
COUNT = len(ITEMS) * len(WEEKS)
NEED = {(item.id, week.id): float(item.id + week.id) for item in ITEMS for week in WEEKS}


def dimensions() -> list[LXIndexDimension[Any]]:
    items = LXIndexDimension(Item).from_data(ITEMS).indexed_by(lambda i: i.id)
    return [items, LXIndexDimension(Week).from_data(WEEKS).indexed_by(lambda w: w.id)]


def family(name: str) -> LXVariable[Any, float]:
    return LXVariable[Any, float](name).indexed_by_product(*dimensions())


STOCK, PRICE = family("stock"), LXVariable[Item, float]("price").from_data(ITEMS).indexed_by(lambda i: i.id)
TERMS: dict[str, tuple[Any, int]] = {
    "its own": (lambda e: e.add_term(STOCK), COUNT),
    "its own, weighed": (lambda e: e.add_term(STOCK, lambda i, w: i.cost + 1), COUNT),
    "its own, filtered": (lambda e: e.add_term(STOCK, where=lambda i, w: w.id > 10), COUNT - 10 * len(ITEMS)),
    "its own, of one dimension": (lambda e: e.add_term(PRICE), COUNT),
    "a lag": (lambda e: e.add_term(STOCK, at=lambda i, w: (i.id, w.id - 1), missing="skip"), COUNT - len(ITEMS)),
    "a foreign key": (lambda e: e.add_term(STOCK, at=lambda i, w: (i.parent_id, w.id)), COUNT),
    "a foreign key of one dimension": (lambda e: e.add_term(PRICE, at=lambda i, w: i.parent_id), COUNT),
    "a lag, weighed by both": (
        lambda e: e.add_term(
            STOCK,
            lambda i, w, row, week: row.cost + i.cost + 1,
            at=lambda i, w: (i.id, w.id - 1),
            missing="skip",
        ),
        COUNT - len(ITEMS),
    ),
}


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows, elements or keys are looked at, each time; a join of rows and elements is an error."""
    sizes: list[int] = []

    def refused(*_: Any) -> Any:
        pytest.fail("rows and elements are joined")

    def noted(cls: type, name: str, size: Any) -> None:
        method = getattr(cls, name)

        def counted(self: Any, *arguments: Any) -> Any:
            sizes.append(size(*arguments))
            return method(self, *arguments)

        monkeypatch.setattr(cls, name, counted)

    monkeypatch.setattr(terms, "matching", refused)
    noted(Vectorized, "value", lambda node, batch, *more: batch.size)
    noted(KeyIndex, "encode", lambda columns, size: size)
    noted(Batch, "take", len)
    noted(Argument, "take", len)
    return sizes


@pytest.mark.parametrize("name", TERMS)
def test_an_element_of_each_row_takes_a_look_at_each_row(name: str, looked_at: list[int]) -> None:
    add, expected = TERMS[name]
    need = LXParameter[Any]("need").from_data(NEED)
    balance = LXConstraint[Any]("balance").indexed_by_product(*dimensions()).expression(add(LXLinearExpression()))
    balance.ge().rhs(lambda i, w: need[i.id, w.id])

    problem = LXModel("m").add_variables(STOCK, PRICE).add_constraint(balance).compile()

    assert (problem.num_nonzeros, max(looked_at)) == (expected, COUNT)
    assert sum(looked_at) < 50 * COUNT


def test_rows_of_the_family_itself_are_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    positions = KeyIndex.positions

    def counted(self: KeyIndex, columns: Any, size: int) -> IntArray:
        asked.append(size)
        return positions(self, columns, size)

    monkeypatch.setattr(KeyIndex, "positions", counted)
    balance = LXConstraint[Any]("balance").over(STOCK).expression(LXLinearExpression().add_term(STOCK)).le().rhs(1)

    problem = LXModel("m").add_variable(STOCK).add_constraint(balance).compile()

    assert (problem.columns.tolist(), asked) == (list(range(COUNT)), [])
