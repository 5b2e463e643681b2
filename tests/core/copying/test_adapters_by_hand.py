"""Copies of rows whose adapter nobody registered: the user gave it to ``from_model(adapter=...)``."""

from __future__ import annotations

import gc
from collections.abc import Hashable, Sequence
from typing import Any
from uuid import uuid4

import pytest

from lumix_core import LXLinearExpression, LXModel, LXVariable
from lumix_core.errors import LXCopyError, LXPluginWarning, LXSourceError
from lumix_core.rows import BaseRowAdapter, RowClass, RowQuery, adapter_for, row_adapters, row_class_of


class Store:
    """A session: rows are read through it, as long as it is open."""

    def __init__(self, rates: dict[int, float]) -> None:
        self.rates = rates
        self.is_open = True

    def read(self, key: int) -> float:
        if not self.is_open:
            raise RuntimeError("the store is closed")
        return self.rates[key]


class Mapped:
    """A row that reads its rate when someone asks for it."""

    def __init__(self, store: Store, id: int) -> None:
        self.store = store
        self.id = id

    @property
    def live(self) -> bool:
        return self.store.is_open

    def __getattr__(self, name: str) -> Any:
        if name != "rate":
            raise AttributeError(name)
        value = vars(self)["rate"] = self.store.read(self.id)
        return value


class StoreQuery:
    row_type = Mapped

    def __init__(self, store: Store) -> None:
        self.store = store

    @property
    def identity(self) -> Hashable:
        return self.store

    def rows(self, flush: bool = True) -> Sequence[Any]:
        return [Mapped(self.store, key) for key in sorted(self.store.rates)]

    def __str__(self) -> str:
        return "all rows of the store"


class StoreAdapter(BaseRowAdapter):
    name = "store"
    handles = (Store,)

    def owns(self, cls: type) -> bool:
        return cls is Mapped

    def row_class(self, cls: type) -> RowClass:
        return RowClass(cls, ("id", "rate"), ("id",))

    def query(self, target: object, handle: object | None) -> RowQuery | None:
        return StoreQuery(handle) if target is Mapped and isinstance(handle, Store) else None

    def load(self, rows: Sequence[Any], names: Any = None) -> None:
        for row in rows:
            _ = row.rate


def over(store: Store, adapter: Any) -> LXModel:
    x = LXVariable[Mapped, float]("x").from_model(Mapped, store, adapter=adapter).bounds(0, 1)
    return LXModel("plan").add_variable(x).maximize(LXLinearExpression().add_term(x, lambda row: row.rate))


@pytest.fixture
def store() -> Store:
    return Store({1: 2.0, 2: 3.0})


def test_the_copy_compiles_when_the_session_is_closed(store, copied):
    model = over(store, StoreAdapter())

    twin = copied(model)
    store.is_open = False

    assert twin.compile().objective.tolist() == [2.0, 3.0]
    (row, _) = twin.variables[0].get_instances()
    assert row_class_of(type(row)) is not None
    assert "store" not in vars(row)


def test_rows_that_functions_capture_are_detached_too(store, copied):
    model = over(store, StoreAdapter())
    best = Mapped(store, 2)
    model.variables[0].bounds(0, lambda row: best.rate)

    twin = copied(model)
    store.is_open = False

    assert twin.compile().upper.tolist() == [3.0, 3.0]


def test_a_session_that_a_function_captures_is_refused(store, copied):
    model = over(store, StoreAdapter())
    model.variables[0].bounds(0, lambda row: store.read(row.id))

    with pytest.raises(LXCopyError, match=r"captures 'store': a Store"):
        copied(model)


def test_the_adapter_is_forgotten_with_the_models_that_hold_it(store):
    adapter = StoreAdapter()
    model = over(store, adapter)
    known = any(one is adapter for one in row_adapters())

    del model, adapter
    gc.collect()

    assert known
    assert not any(isinstance(one, StoreAdapter) for one in row_adapters())


def test_each_of_two_adapters_of_one_class_is_known(store):
    class OtherMapped(Mapped):
        pass

    class OtherAdapter(StoreAdapter):
        def owns(self, cls: type) -> bool:
            return cls is OtherMapped

    first, second = StoreAdapter(), OtherAdapter()
    models = [over(store, first), over(store, second)]

    assert adapter_for(Mapped) is first
    assert adapter_for(OtherMapped) is second
    assert len(models) == 2


def test_one_with_slots_is_known_too(store, copied):
    class Slotted:
        """Has no attributes but these."""

        __slots__ = ("handles", "name")
        is_handle, primary_key = BaseRowAdapter.is_handle, BaseRowAdapter.primary_key
        values, plain = BaseRowAdapter.values, BaseRowAdapter.plain
        owns, row_class, query, load = StoreAdapter.owns, StoreAdapter.row_class, StoreAdapter.query, StoreAdapter.load

        def __init__(self) -> None:
            self.name, self.handles = "slotted", (Store,)

    twin = copied(over(store, Slotted()))
    store.is_open = False

    assert twin.compile().objective.tolist() == [2.0, 3.0]


class Clumsy(StoreAdapter):
    """Fails where it is asked about objects that are not its own."""

    def __init__(self) -> None:
        self.name = f"clumsy {uuid4()}"  # each name is warned of once

    def owns(self, cls: type) -> bool:
        if cls is not Mapped:
            raise ZeroDivisionError("division by zero")
        return True

    def is_handle(self, obj: object) -> bool:
        if isinstance(obj, Store):
            return True
        raise TypeError(obj)

    def plain(self, value: Any) -> Any:
        raise KeyError(value)


def test_one_that_fails_on_objects_of_others_is_named_and_stops_nothing(store, copied):
    model = over(store, clumsy := Clumsy())
    model.add_variable(LXVariable[Any, float]("y").from_data([range(2), frozenset({1})]).indexed_by(str))

    with pytest.warns(
        LXPluginWarning, match=r"row adapter 'clumsy .*' that was given.*\(\) failed for .*Repair it"
    ) as warned:
        twin = copied(model)

    assert len(warned) == 1
    store.is_open = False
    assert twin.compile().objective.tolist() == [2.0, 3.0, 0.0, 0.0]
    assert clumsy.owns(Mapped)


def test_one_that_fails_to_make_a_query_is_named(store):
    class Failing(StoreAdapter):
        def query(self, target: object, handle: object | None) -> RowQuery | None:
            raise ZeroDivisionError("division by zero")

    with pytest.raises(ZeroDivisionError) as caught:
        over(store, Failing())

    assert caught.value.__notes__ == [
        "LXVariable('x').from_model(): the row adapter 'store' failed to make a query of this."
    ]


def test_what_it_does_not_read_is_refused(store):
    with pytest.raises(LXSourceError, match=r"adapters in use: store"):
        LXVariable[Any, float]("x").from_model(int, store, adapter=StoreAdapter())
