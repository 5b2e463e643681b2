"""Keys, rows and families that a solution does not have are refused."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXOptimizer, LXVariable
from lumix_core.errors import LXUnknownKeyError, LXUnknownNameError
from tests.core.solver.solved_models import (
    MACHINES,
    NUMBERED_MACHINES,
    PRODUCTS,
    Chair,
    Machine,
    Product,
    assignment,
    of_id,
    production,
    solved,
)

ErrorText = Callable[..., str]


def test_an_unknown_key_is_a_key_error_in_three_beats(error_text: ErrorText) -> None:
    values = solved(production()).variables["production"]

    text = error_text(LXUnknownKeyError, values.__getitem__, 9)

    assert text == (
        "'production' has nothing for 9: it is not one of its 2 keys (1, 2) and no row of it. "
        "Ask for a key of the family, or for one of its rows."
    )
    assert issubclass(LXUnknownKeyError, KeyError)


def test_an_unknown_key_of_a_large_family_shows_some_keys(error_text: ErrorText) -> None:
    values = solved(production([Product(i) for i in range(50)])).variables["production"]

    text = error_text(LXUnknownKeyError, values.__getitem__, 99)

    assert "it is not one of its 50 keys (0, 1, 2, ...) and no row of it" in text


@pytest.mark.filterwarnings("ignore::lumix_core.errors.LXEmptySourceWarning")
def test_an_unknown_key_of_an_empty_family_says_so(error_text: ErrorText) -> None:
    values = solved(production([])).variables["production"]

    text = error_text(LXUnknownKeyError, values.__getitem__, 1)

    assert "it is not one of its 0 keys (it is empty)" in text


ODD_KEYS = [9, "1", None, (1,), (1, 2), [1], {}, object(), float("nan"), Machine(1), Product(9), Product, (), slice(1)]


@pytest.mark.parametrize("key", ODD_KEYS, ids=[repr(type(key).__name__) for key in ODD_KEYS])
@pytest.mark.parametrize("index", ["key", "computed key", "own key", "product", "join", "keyed join"])
def test_what_is_no_key_and_no_row_is_never_a_number(index: str, key: Any) -> None:
    variable = LXVariable[Any, float]("x").bounds(lower=1)
    match index:
        case "key":
            variable.from_data(PRODUCTS).indexed_by(of_id)
        case "computed key":
            variable.from_data(PRODUCTS).indexed_by(lambda p: p.id + 100)
        case "own key":
            variable.from_data(PRODUCTS)
        case "product":
            variable.indexed_by_product(
                LXIndexDimension(Product, of_id).from_data(PRODUCTS), LXIndexDimension(Machine).from_data(MACHINES)
            )
        case "join":
            variable.from_data(PRODUCTS).indexed_by(of_id).indexed_by_join(Product, Machine, lambda p: MACHINES)
        case "keyed join":
            variable.from_data(PRODUCTS).indexed_by(of_id)
            variable.indexed_by_join(Product, Machine, lambda p: MACHINES, lambda p, m: (p.id, m.id))
    values = solved(variable).variables["x"]

    with pytest.raises(LXUnknownKeyError, match="'x' has nothing for"):
        values[key]


@pytest.mark.parametrize(
    "row",
    [Machine(1), {"id": 1}, pd.Series({"id": 1})],
    ids=["other class", "dict", "series"],
)
def test_a_row_of_another_kind_with_the_same_key_is_refused(row: Any) -> None:
    values = solved(production()).variables["production"]

    with pytest.raises(LXUnknownKeyError):
        values[row]


def test_a_row_of_a_base_class_is_no_row_of_the_family() -> None:
    values = solved(production([Chair(1)])).variables["production"]

    with pytest.raises(LXUnknownKeyError):
        values[Product(1)]


def test_a_row_of_another_frame_with_the_same_key_is_refused() -> None:
    values = solved(production(pd.DataFrame({"id": [1], "amount": [2.0]}))).variables["production"]
    (other,) = LXVariable[Any, float]("y").from_data(pd.DataFrame({"id": [1], "hours": [2.0]})).get_instances()

    with pytest.raises(LXUnknownKeyError):
        values[other]


def test_rows_in_the_wrong_order_are_refused() -> None:
    values = solved(assignment(PRODUCTS, NUMBERED_MACHINES)).variables["assignment"]

    with pytest.raises(LXUnknownKeyError):
        values[NUMBERED_MACHINES[0], PRODUCTS[1]]


@pytest.mark.parametrize("keyed", [True, False], ids=["keyed", "not keyed"])
def test_rows_of_a_join_in_the_wrong_order_are_refused(keyed: bool) -> None:
    variable = LXVariable[Any, float]("x").from_data(PRODUCTS).indexed_by(of_id)
    key = (lambda p, m: (p.id, m.id)) if keyed else None
    variable.indexed_by_join(Product, Machine, lambda p: NUMBERED_MACHINES, key)
    values = solved(variable.bounds(lower=lambda p, m: m.amount)).variables["x"]

    with pytest.raises(LXUnknownKeyError):
        values[NUMBERED_MACHINES[0], PRODUCTS[1]]


def test_a_scalar_family_has_one_key() -> None:
    x = LXVariable[None, float]("x").bounds(lower=2.5)
    solution = solved(x)

    found = solution.get_mapped(x)

    assert dict(found) == {(): 2.5}
    with pytest.raises(LXUnknownKeyError):
        found[1]


@pytest.mark.parametrize("results", ["variables", "shadow_prices", "reduced_costs"])
def test_an_unknown_family_is_told_with_the_known_ones(results: str, error_text: ErrorText) -> None:
    x = production()
    limit = LXConstraint[Any]("production").expression(LXLinearExpression().add_term(x)).le().rhs(99)
    solution = LXOptimizer().solve(
        LXModel("plan").add_variable(x).add_constraint(limit).minimize(LXLinearExpression().add_term(x))
    )

    text = error_text(LXUnknownNameError, getattr(solution, results).__getitem__, "porduction")

    assert text == "The solution has nothing named 'porduction'. It has 'production'."
    assert issubclass(LXUnknownNameError, KeyError)


def test_results_are_a_mapping_of_the_families() -> None:
    solution = solved(production(), LXVariable[None, int]("z").bounds(lower=4))

    results = solution.variables

    assert list(results) == ["production", "z"]
    assert len(results) == 2
    assert "z" in results
    assert repr(results) == "{'production': {1: 3.5, 2: 5.0}, 'z': 4}"


def test_a_long_mapping_is_shown_in_short() -> None:
    values = solved(production([Product(i, float(i)) for i in range(7)])).variables["production"]

    assert repr(values) == "{0: 0.0, 1: 1.0, 2: 2.0, 3: 3.0, 4: 4.0, ... (2 more)}"


PLAIN_ROWS: dict[str, tuple[list[Any], Callable[[Any], Any], Any, Any]] = {
    "texts": (["Chair", "Stool2"], lambda text: text[:3], "Chair", "Chaos"),
    "numbers": ([101, 202], lambda number: number % 100, 101, 301),
    "floats": ([1.25, 2.5], int, 1.25, 1.75),
    "dates": ([date(2025, 1, 3), date(2025, 2, 3)], lambda day: day.month, date(2025, 1, 3), date(2025, 1, 4)),
    "tuples": ([(1, "a"), (2, "b")], lambda pair: pair[0], (1, "a"), (1, "z")),
    "numbers and texts": ([1, "b2"], lambda value: str(value)[0], "b2", "b3"),
}


@pytest.mark.parametrize(("rows", "key", "row", "other"), PLAIN_ROWS.values(), ids=PLAIN_ROWS.keys())
@pytest.mark.parametrize("how", [lambda solution: solution, lambda solution: pickle.loads(pickle.dumps(solution))])
def test_a_plain_value_that_is_no_row_is_no_key(rows: Any, key: Any, row: Any, other: Any, how: Any) -> None:
    """The key function would find the key of another row for a misspelt one."""
    x = LXVariable[Any, float]("x").from_data(rows).indexed_by(key).bounds(0, lambda r: 1.0 if r == row else 2.0)
    solution = LXOptimizer().solve(LXModel("m").add_variable(x).maximize(LXLinearExpression().sum_over(x)))

    values = how(solution).variables["x"]

    assert values[row] == values[key(row)] == 1.0
    with pytest.raises(LXUnknownKeyError):
        values[other]


def test_a_session_changes_nothing_for_a_misspelt_key() -> None:
    x = LXVariable[str, float]("x").from_data(["Chair", "Stool"]).indexed_by(lambda text: text[:3]).bounds(0, 1)
    model = LXModel("m").add_variable(x).maximize(LXLinearExpression().sum_over(x))

    with LXOptimizer().open(model) as session:
        with pytest.raises(LXUnknownKeyError):
            session.set_bounds("x", upper=0, key="Chaos")
        session.set_bounds("x", upper=0.5, key="Chair")

        assert session.solve().objective_value == 1.5


def test_a_misspelt_part_of_a_combination_is_no_key() -> None:
    texts = LXIndexDimension(str, lambda text: text[:3]).from_data(["Chair", "Stool"])
    x = LXVariable[Any, float]("x").indexed_by_product(texts, LXIndexDimension(int).from_data([1, 2])).bounds(0, 1)

    values = LXOptimizer().solve(LXModel("m").add_variable(x).maximize(LXLinearExpression().sum_over(x))).variables["x"]

    assert values["Chair", 1] == values["Cha", 1] == 1.0
    with pytest.raises(LXUnknownKeyError):
        values["Chaos", 1]


def test_a_misspelt_pair_of_a_join_is_no_key() -> None:
    x = LXVariable[Any, float]("x").from_data(["Chair"]).bounds(0, 1)
    x.indexed_by_join(str, int, lambda text: [10, 20], lambda text, number: (text[:3], number // 10))

    values = LXOptimizer().solve(LXModel("m").add_variable(x).maximize(LXLinearExpression().sum_over(x))).variables["x"]

    assert values["Chair", 10] == values["Cha", 1] == 1.0
    for pair in (("Chaos", 10), ("Chair", 11)):
        with pytest.raises(LXUnknownKeyError):
            values[pair]
