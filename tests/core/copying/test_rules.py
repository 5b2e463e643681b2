"""Rules in copies, pickles and sessions: they name the copy's own variables, and follow changes of the data."""

from __future__ import annotations

import copy
import functools
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from lumix_core import LXConstraint, LXModel, LXOptimizer, LXParameter, LXVariable


@dataclass(frozen=True)
class Product:
    id: int
    cap: float


PRODUCTS = [Product(1, 5.0), Product(2, 7.0)]
made = LXVariable[Product, float]("made").bounds(lower=0).indexed_by(lambda p: p.id).from_data(PRODUCTS)
extra = LXVariable[Any, float]("extra").bounds(lower=0, upper=10)
need = LXParameter[Any]("need").from_data({1: 2.0, 2: 1.0})
shared = extra + made[1]


def cap(p: Product) -> Any:
    return need[p.id] * made[p] + extra <= p.cap


class Plan:
    """Has a rule as a method."""

    factor = 2

    def rule(self, p: Product) -> Any:
        return made[p] <= self.factor * p.cap


def scaled(factor: float, p: Product) -> Any:
    return made[p] <= factor * p.cap


def of_globals() -> LXModel:
    model = LXModel("globals").add_variables(made, extra).maximize(lambda: sum(made[p] for p in made) + 2 * extra)
    model.constraint(over=made)(cap)
    model.constraint(name="shared")(lambda: shared <= 9)
    return model


def of_closures() -> LXModel:
    own = LXVariable[Product, float]("own").bounds(lower=0).indexed_by(lambda p: p.id).from_data(PRODUCTS)
    model = LXModel("closures").add_variable(own).maximize(lambda: sum(own[p] for p in own))
    model.constraint(over=own, name="cap")(lambda p: own[p] <= p.cap)
    return model


def of_methods() -> LXModel:
    model = LXModel("methods").add_variables(made, extra).maximize(lambda: sum(made[p] for p in made) - extra)
    model.add_constraint(LXConstraint("method").over(made).rule(Plan().rule))
    return model.add_constraint(LXConstraint("partial").over(made).rule(functools.partial(scaled, 1)))


def row_by_row() -> LXModel:
    model = LXModel("rows").add_variables(made, extra).maximize(lambda: sum(made[p] for p in made) - extra)
    model.constraint(name="cap")(lambda: sum(made[p] for p in made) <= len(made))
    return model


MODELS = {"globals": of_globals, "closures": of_closures, "methods": of_methods, "row by row": row_by_row}
COPIES: dict[str, Callable[[LXModel], LXModel]] = {
    "deepcopy": copy.deepcopy,
    **{f"pickle {n}": functools.partial(lambda n, m: pickle.loads(pickle.dumps(m, n)), n) for n in (2, 5)},
}


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("name", MODELS)
def test_a_copy_compiles_to_the_same_arrays(name: str, how: str) -> None:
    model = MODELS[name]()

    one, other = model.compile(), COPIES[how](model).compile()

    for part in ("objective", "row_starts", "columns", "coefficients", "row_lower", "row_upper", "lower", "upper"):
        assert np.array_equal(getattr(one, part), getattr(other, part)), part


def test_changing_a_copy_leaves_the_original() -> None:
    model = of_globals()
    twin = copy.deepcopy(model)

    twin.get_variable("extra").bounds(upper=1)

    assert twin.compile().upper.max(where=np.isfinite(twin.compile().upper), initial=0) == 1
    assert model.compile().upper[2] == 10
    assert extra.upper == 10


def test_a_session_changes_the_numbers_of_rules() -> None:
    model = of_globals()
    with LXOptimizer().open(model) as session:
        before = session.solve().objective_value

        session.set_parameter(need, {1: 0.5})

        assert session.problem.coefficients.tolist() == [0.5, 1.0, 1.0, 1.0, 1.0, 1.0]
        assert session.solve().objective_value > before
        assert session.rhs("cap", 1) == [5.0]


def test_a_sense_is_known_of_a_rule() -> None:
    with LXOptimizer().open(of_globals()) as session:
        assert session.sense("cap") == "<="


def test_a_solution_has_the_value_of_a_sum() -> None:
    solution = LXOptimizer().solve(of_globals())
    values = solution.variables["made"]

    assert solution.value(lambda: sum(p.cap * made[p] for p in made) + extra + 1) == pytest.approx(
        5 * values[1] + 7 * values[2] + solution.variables["extra"] + 1
    )
    assert solution.value(2 * made[1] + extra) == pytest.approx(2 * values[1] + solution.variables["extra"])
