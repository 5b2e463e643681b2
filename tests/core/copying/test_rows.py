"""Copies of models over plain rows: what is copied, and what stays one object."""

from __future__ import annotations

import copy
import functools
from collections import OrderedDict, defaultdict, deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scale import CHAIN

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable
from tests.core.copying.plain_rows import Product, over, upper


@dataclass(frozen=True, slots=True)
class Frozen:
    id: int
    price: float
    next: Frozen | None = None

    def __hash__(self) -> int:
        return hash(self.id)


class Stateful:
    """Takes itself apart and puts itself together in its own way."""

    def __init__(self, rows: list[Product]) -> None:
        self.by_id = {row.id: row for row in rows}

    def __getstate__(self) -> list[Product]:
        return list(self.by_id.values())

    def __setstate__(self, rows: list[Product]) -> None:
        self.by_id = {row.id: row for row in rows}


class Forwards:
    """Answers for every name."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class Named(list[Any]):
    name = "rows"


def held_by(function: Any) -> Any:
    return function.__closure__[0].cell_contents


def rows_of(model: LXModel) -> list[Any]:
    return model.variables[0].get_instances()


class TestRows:
    def test_dataclasses_are_copied(self, rows, copied):
        twin = copied(over(rows, lambda row: row.price))

        rows[0].price = 99.0

        assert upper(twin) == [10.0, 20.0, 30.0]

    def test_changes_of_the_copy_do_not_reach_the_original(self, rows, copied):
        model = over(rows, lambda row: row.price)
        twin = copied(model)

        rows_of(twin)[0].tags.append("new")
        rows_of(twin)[0].price = 99.0

        assert rows[0] == Product(1, 10.0)
        assert upper(model) == [10.0, 20.0, 30.0]

    @pytest.mark.parametrize("library", [pd, pl])
    def test_data_frames_are_copied(self, copied, library):
        frame = library.DataFrame({"id": [1, 2], "price": [5.0, 6.0]})

        twin = copied(over(frame, lambda row: row.price))

        assert upper(twin) == [5.0, 6.0]

    def test_dicts_and_tuples_as_rows(self, copied):
        x = LXVariable[dict[str, Any], float]("x").from_data([{"id": 1, "price": 2.0}])
        x.indexed_by(lambda row: row["id"]).bounds(upper=lambda row: row["price"])

        assert upper(copied(LXModel("plan").add_variable(x))) == [2.0]

    def test_containers_of_every_kind(self, rows, copied):
        containers: list[Any] = [
            (rows[0], 1),
            {rows[0].id: rows[0]},
            OrderedDict(a=rows[0]),
            defaultdict(list, a=[rows[0]]),
            deque(rows, maxlen=5),
            Named(rows),
            np.array(rows, dtype=object),
            frozenset({Frozen(1, 2.0)}),
            {Frozen(1, 2.0): rows[0]},
            functools.partial(max, rows[0], key=id),
        ]

        twins = held_by(copied(over(rows, lambda row: float(len(containers)))).variables[0].upper.call)

        assert [type(one) for one in twins] == [type(one) for one in containers]
        first = twins[0][0]
        assert first == rows[0]
        assert first is not rows[0]
        for one in (twins[1][1], twins[2]["a"], twins[3]["a"][0], twins[4][0], twins[5][0], twins[6][0]):
            assert one is first
        assert Frozen(1, 2.0) in twins[7]
        assert twins[8][Frozen(1, 2.0)] is first
        assert twins[9].args == (first,)

    def test_a_class_with_its_own_state(self, rows, copied):
        held = Stateful(rows)

        twin = copied(over(rows, lambda row: 1.0 if held.by_id[row.id] is row else 0.0))

        assert upper(twin) == [1.0, 1.0, 1.0]

    def test_a_class_that_answers_for_every_name(self, rows):
        held = Forwards(rows[0])

        twin = copy.deepcopy(over(rows, lambda row: held.price))

        assert upper(twin) == [10.0, 10.0, 10.0]

    def test_the_same_array_that_cannot_be_written_is_shared(self, rows):
        rates = np.arange(3.0)
        rates.flags.writeable = False

        twin = copy.deepcopy(over(rows, lambda row: rates[row.id - 1]))

        assert np.shares_memory(held_by(twin.variables[0].upper.call), rates)

    @pytest.mark.parametrize("cls", [Product, Frozen])
    def test_a_long_chain_of_rows(self, copied, cls):
        row = None
        for i in range(CHAIN):
            row = cls(i, float(i), row)

        twin = copied(over([row], lambda row: row.next.next.price))

        count, one = 0, rows_of(twin)[0]
        while one is not None:
            count, one = count + 1, one.next
        assert count == CHAIN
        assert upper(twin) == [CHAIN - 3.0]

    def test_a_long_chain_of_rows_with_other_things_along_it(self, copied):
        row = Product(0, 0.0)
        for i in range(1, CHAIN):
            row = Product(i, float(i), row, ["tag"])
        known = {Frozen(7, 1.0): row}

        twin = copied(over([row], lambda row: 1.0 if known[Frozen(7, 1.0)] is row else 0.0))

        assert upper(twin) == [1.0]

    def test_a_cycle(self, rows, copied):
        rows[0].next, rows[1].next = rows[1], rows[0]

        twin = rows_of(copied(over(rows)))

        assert twin[0].next.next is twin[0]


class TestIdentity:
    def test_parts_copied_together_stay_together(self, rows):
        model = over(rows)

        twin, variable, data = copy.deepcopy([model, model.variables[0], rows])

        assert twin.variables[0] is variable
        assert variable.get_instances() == data
        assert variable.get_instances()[0] is data[0]

    def test_in_any_order(self, rows):
        model = over(rows)

        data, variable, twin = copy.deepcopy([rows, model.variables[0], model])

        assert twin.variables[0] is variable
        assert variable.get_instances()[0] is data[0]

    def test_a_captured_row_is_the_row_of_the_family(self, rows, copied):
        best = rows[1]

        twin = copied(over(rows, lambda row: 5.0 if row is best else 0.0))

        assert upper(twin) == [0.0, 5.0, 0.0]

    def test_a_global_row_is_the_row_of_the_family(self, rows, copied, monkeypatch):
        monkeypatch.setitem(globals(), "favourite", rows[1])

        twin = copied(over(rows, lambda row: 5.0 if is_favourite(row) else 0.0))
        monkeypatch.undo()

        assert upper(twin) == [0.0, 5.0, 0.0]

    def test_functions_that_share_a_variable_go_on_sharing_it(self, rows, copied):
        count = 0.0

        def step(row: Product) -> float:
            nonlocal count
            count += 1.0
            return count

        x = LXVariable[Product, float]("x").from_data(rows).bounds(lower=lambda row: -count, upper=step)
        twin = copied(LXModel("plan").add_variable(x))
        function = twin.variables[0].upper.call

        function(None)

        assert twin.variables[0].lower.call(None) == -1.0
        assert count == 0.0

    @pytest.mark.parametrize("part", ["expression", "constraint", "variable", "dimension"])
    def test_parts_on_their_own(self, rows, copied, part):
        x = LXVariable[Product, float]("x").from_data(rows)
        parts: dict[str, Any] = {
            "expression": LXLinearExpression().add_term(x, lambda row: row.price),
            "constraint": LXConstraint("c").expression(LXLinearExpression().add_term(x)).le().rhs(1),
            "variable": x,
            "dimension": LXIndexDimension(Product, lambda row: row.id).from_data(rows),
        }

        twin = copied(parts[part])

        assert type(twin) is type(parts[part])
        assert twin is not parts[part]

    def test_the_values_of_a_dict_as_data(self, rows, copied):
        by_id = {row.id: row for row in rows}
        best = rows[2]
        model = over(by_id.values(), lambda row: 9.0 if row is best else row.price)
        twin = copied(model)

        by_id.clear()
        rows[0].price = 0.0

        assert upper(twin) == [10.0, 20.0, 9.0]
        rows_of(twin)[0].price = 5.0
        assert upper(twin) == [5.0, 20.0, 9.0]

    def test_a_global_row_of_the_values_of_a_dict(self, rows, copied, monkeypatch):
        monkeypatch.setitem(globals(), "favourite", rows[1])
        by_id = {row.id: row for row in rows}

        twin = copied(over(by_id.values(), lambda row: 7.0 if is_favourite(row) else 1.0))

        assert upper(twin) == [1.0, 7.0, 1.0]

    @pytest.mark.parametrize(("view", "keys"), [(OrderedDict.keys, ["a", "b"]), (dict.items, [("a", 1), ("b", 2)])])
    def test_other_views_of_a_dict_as_data(self, copied, view, keys):
        x = LXVariable[Any, float]("x").from_data(view(OrderedDict(a=1, b=2)))

        twin = copied(LXModel("plan").add_variable(x))

        assert list(twin.compile().variables[0].keys) == keys

    def test_a_user_s_subclass_of_the_model(self, rows, copied):
        class Plan(LXModel):
            def __init__(self, name: str) -> None:
                super().__init__(name)
                self.rows = rows

        plan = Plan("plan").add_variable(over(rows).variables[0])

        twin = copied(plan)

        assert twin.rows[0] is rows_of(twin)[0]
        assert twin.rows[0] is not rows[0]


favourite: Product | None = None


def is_favourite(row: Product) -> bool:
    return row is favourite
