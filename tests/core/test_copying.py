"""Copies and pickles of models over plain rows, and of the functions in them."""

from __future__ import annotations

import copy
import functools
import pickle
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scale import CHAIN

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXOptimizer, LXVariable
from lumix_core.errors import LXCopyError, LXLateBindingError
from lumix_core.solver.solution import LXSolution

HOWS: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
}


@dataclass
class Product:
    id: int
    price: float
    next: Product | None = None
    tags: list[str] = field(default_factory=list)


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


@pytest.fixture(params=HOWS)
def copied(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    """Each way of copying."""
    return HOWS[request.param]


@pytest.fixture
def rows() -> list[Product]:
    return [Product(1, 10.0), Product(2, 20.0), Product(3, 30.0)]


def over(data: Any, upper: Any = 1.0) -> LXModel:
    """A model with one family over the data, and a function of its rows as its upper bound."""
    x = LXVariable[Any, float]("x").from_data(data).indexed_by(lambda row: row.id).bounds(lower=0, upper=upper)
    return LXModel("plan").add_variable(x).maximize(LXLinearExpression().add_term(x, lambda row: row.price))


def upper(model: LXModel) -> list[float]:
    bounds: list[float] = model.compile().upper.tolist()
    return bounds


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


class TestPickles:
    @pytest.mark.parametrize("protocol", [2, 3, 4, 5])
    def test_every_protocol(self, rows, protocol):
        best = rows[0]

        twin = pickle.loads(pickle.dumps(over(rows, lambda row: float(row is best)), protocol))

        assert upper(twin) == [1.0, 0.0, 0.0]

    def test_cloudpickle(self, rows):
        best = rows[0]

        twin = pickle.loads(cloudpickle.dumps([over(rows, lambda row: float(row is best))]))

        assert upper(twin[0]) == [1.0, 0.0, 0.0]

    def test_one_model_twice_is_one_model(self, rows):
        model = over(rows)

        one, other = pickle.loads(pickle.dumps([model, model]))

        assert one is other


class TestSolutions:
    @pytest.fixture
    def solution(self, rows: list[Product]) -> LXSolution:
        model = over(rows, lambda row: row.price)
        total = LXConstraint("total").expression(LXLinearExpression().add_term(model.variables[0])).le().rhs(35)
        return LXOptimizer().use_solver("highs").solve(model.add_constraint(total))

    def test_a_copy_is_equal(self, solution, copied):
        twin = copied(solution)

        assert twin is not solution
        assert twin.status == solution.status
        assert twin.objective_value == solution.objective_value
        assert dict(twin.variables["x"]) == dict(solution.variables["x"]) == {1: 0.0, 2: 5.0, 3: 30.0}
        assert dict(twin.shadow_prices) == dict(solution.shadow_prices)

    def test_a_copy_answers_for_the_rows_of_a_copied_model(self, solution, rows):
        twin, twin_rows = copy.deepcopy([solution, rows])

        assert twin.variables["x"][twin_rows[2]] == 30.0

    def test_a_copied_model_has_the_same_solution(self, rows, copied):
        model = over(rows, lambda row: row.price)

        answers = [LXOptimizer().use_solver("highs").solve(one) for one in (model, copied(model))]

        assert dict(answers[0].variables["x"]) == dict(answers[1].variables["x"])

    def test_a_problem_is_copied_bit_for_bit(self, rows, copied):
        problem = over(rows, lambda row: row.price / 3).compile()

        twin = copied(problem)

        mine, others = problem.arrays(), twin.arrays()
        assert all(mine[key].tobytes() == others[key].tobytes() for key in mine)
