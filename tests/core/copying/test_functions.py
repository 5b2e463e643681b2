"""Copies of the functions in models over plain rows."""

from __future__ import annotations

import copy
import functools
import pickle
from collections.abc import Callable

import pytest

from lumix_core.errors import LXCopyError, LXLateBindingError
from tests.core.copying.plain_rows import Product, over, upper

favourite: Product | None = None
rate = 2.0


def is_favourite(row: Product) -> bool:
    return row is favourite


def doubled(row: Product) -> float:
    """Return twice the price."""
    return 2 * row.price


class Tariff:
    def __init__(self, rates: dict[int, float]) -> None:
        self.rates = rates

    def bound(self, row: Product) -> float:
        return self.rates[row.id]

    __call__ = bound


def by_cell(rates: dict[int, float]) -> Callable[..., float]:
    return lambda row: rates[row.id]


def by_default(rates: dict[int, float]) -> Callable[..., float]:
    return lambda row, rates=rates: rates[row.id]


def by_keyword(rates: dict[int, float]) -> Callable[..., float]:
    return lambda row, *, rates=rates: rates[row.id]


def by_nesting(rates: dict[int, float]) -> Callable[..., float]:
    def inner(row: Product) -> float:
        return rates[row.id]

    return lambda row: inner(row) + 0.0


def by_partial(rates: dict[int, float]) -> Callable[..., float]:
    return functools.partial(lambda rates, row: rates[row.id], rates)


def by_attribute(rates: dict[int, float]) -> Callable[..., float]:
    def bound(row: Product) -> float:
        found: float = bound.rates[row.id]  # type: ignore[attr-defined]
        return found

    bound.rates = rates  # type: ignore[attr-defined]
    return bound


CAPTURES: dict[str, Callable[[dict[int, float]], Callable[..., float]]] = {
    "cell": by_cell,
    "default": by_default,
    "keyword default": by_keyword,
    "nested function": by_nesting,
    "partial": by_partial,
    "attribute": by_attribute,
    "bound method": lambda rates: Tariff(rates).bound,
    "callable object": Tariff,
}


class TestFunctions:
    @pytest.mark.parametrize("capture", CAPTURES)
    def test_what_they_capture_is_independent(self, rows, copied, capture):
        rates = {1: 1.0, 2: 2.0, 3: 3.0}
        model = over(rows, CAPTURES[capture](rates))
        twin = copied(model)

        rates[1] = 99.0

        assert upper(twin) == [1.0, 2.0, 3.0]
        assert upper(model) == [99.0, 2.0, 3.0]

    def test_their_metadata_survives(self, rows, copied):
        captured = 2.0

        def bound(row: Product, scale: float = 1.0, *, shift: float = 0.0) -> float:
            """Return the bound."""
            return captured * scale + shift

        bound.note = ["kept"]  # type: ignore[attr-defined]

        twin = copied(over(rows, bound)).variables[0].upper.call

        for name in ("__name__", "__qualname__", "__doc__", "__module__", "__annotations__", "__dict__"):
            assert getattr(twin, name) == getattr(bound, name)
        assert (twin.__defaults__, twin.__kwdefaults__) == ((1.0,), {"shift": 0.0})

    def test_one_that_captures_nothing_is_shared(self, rows):
        assert copy.deepcopy(over(rows, doubled)).variables[0].upper.call is doubled

    def test_an_importable_one_is_pickled_by_name(self, rows):
        assert pickle.loads(pickle.dumps(over(rows, doubled))).variables[0].upper.call is doubled

    def test_one_that_calls_itself(self, rows, copied):
        shift = [1.0]

        def climb(row: Product, steps: int = 3) -> float:
            return shift[0] if steps == 0 else 1.0 + climb(row, steps - 1)

        twin = copied(over(rows, climb))
        shift[0] = 50.0

        assert upper(twin) == [4.0, 4.0, 4.0]

    def test_a_cell_that_is_not_assigned_yet(self, rows, copied):
        def bound(row: Product) -> float:
            return later if row.id > 5 else 1.0

        twin = copied(over(rows, bound))
        later = 2.0

        assert upper(twin) == [1.0, 1.0, 1.0]
        assert later == 2.0

    def test_a_loop_variable_that_was_rebound_is_refused(self, rows, copied):
        models = [over(rows, lambda row: row.price * scale) for scale in (1.0, 2.0)]

        with pytest.raises(LXLateBindingError, match="'scale'"):
            copied(models[0])

    def test_a_copy_keeps_the_loop_variable_that_it_was_made_with(self, rows, copied):
        twins = []
        for scale in (1.0, 2.0):
            twins.append(copied(over(rows, lambda row: row.price * scale)))

        assert [upper(twin)[0] for twin in twins] == [10.0, 20.0]

    def test_a_global_stays_live_in_a_copy(self, rows, monkeypatch):
        twin = copy.deepcopy(over(rows, lambda row: rate))

        monkeypatch.setitem(globals(), "rate", 7.0)

        assert upper(twin) == [7.0, 7.0, 7.0]

    def test_a_global_is_pickled_with_its_value(self, rows, monkeypatch):
        block = pickle.dumps(over(rows, lambda row: rate))

        monkeypatch.setitem(globals(), "rate", 7.0)

        assert upper(pickle.loads(block)) == [2.0, 2.0, 2.0]

    def test_a_copy_of_a_copy_of_a_copy(self, rows, copied, monkeypatch):
        best = rows[1]
        monkeypatch.setitem(globals(), "favourite", best)

        twin = copied(copied(copied(over(rows, lambda row: 5.0 * (row is best) + 2.0 * is_favourite(row)))))
        monkeypatch.undo()

        assert upper(twin) == [0.0, 7.0, 0.0]

    def test_what_cannot_be_copied_is_refused_with_its_place(self, rows, copied):
        letters = (letter for letter in "abc")

        with pytest.raises(LXCopyError, match=r"LXVariable\('x'\): the upper bound.*'letters'.*generator"):
            copied(over(rows, lambda row: float(len(next(letters)))))
