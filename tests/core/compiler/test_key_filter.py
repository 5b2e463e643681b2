"""Functions that ask for one value of an attribute: found by a key, with what each member would have said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import nan
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable
from lumix_core.errors import LXError, LXFunctionError, LXLateBindingError, LXNumberError

Function = Callable[..., Any]
COUNT = 200


@dataclass(frozen=True)
class Product:
    id: int
    kind: str
    line: int | None
    price: float


PRODUCTS = [Product(i, f"kind {i % 40}", None if i % 7 == 0 else i % 5, float(i % 11)) for i in range(COUNT)]


def nonzeros(products: list[Any], coefficient: Any = 1.0, where: Function | None = None) -> dict[int, float]:
    """Return the coefficients of a single constraint by the key of the variable."""
    variable = LXVariable[Any, float]("x").from_data(products).indexed_by(lambda row: row.id)
    made = LXLinearExpression().add_multi_term(variable, coeff=coefficient, where=where)
    model = LXModel("loop").add_variable(variable)
    for name in ("first", "second", "third"):  # a single one is worth no index
        model.add_constraint(LXConstraint[Any](name).expression(made).le().rhs(1))
    problem = model.compile()
    keys = list(problem.variables[0].keys)
    cells = [dict(zip(problem.columns[a:b].tolist(), problem.coefficients[a:b].tolist(), strict=True))
             for a, b in pairwise(problem.row_starts.tolist())]  # fmt: skip
    assert cells[1:] == cells[:1] * 2
    return {keys[j]: value for j, value in cells[0].items()}


def by_hand(products: list[Any], coefficient: Any = 1.0, where: Function | None = None) -> dict[int, float]:
    chosen = [p for p in products if where is None or where(p)]
    values = {p.id: float(coefficient(p) if callable(coefficient) else coefficient) for p in chosen}
    return {key: value for key, value in values.items() if value}


KEYED: list[Function] = [
    lambda p, one=17: 1.0 if p.id == one else 0.0,
    lambda p, one=PRODUCTS[17]: 1.0 if one.id == p.id else 0,
    lambda p, one=COUNT: 1.0 if p.id == one else 0.0,
    lambda p, one=-1: 1.0 if p.id == one else 0.0,
    lambda p, one=2**80: 1.0 if p.id == one else 0.0,
    lambda p, one=True: 2.5 if p.id == one else 0.0,
    lambda p, one="kind 3": p.price if p.kind == one else 0.0,
    lambda p, one=2: p.price if p.line == one else 0.0,
    lambda p, one=None: p.price if p.line == one else 0.0,
    lambda p, one=17: p.id == one,
    lambda p, one="kind 3": p.kind == one and p.price > 3,
    lambda p, one="kind 3": p.price if p.kind == one and p.line == 1 else 0.0,
    lambda p, one="kind 3": 1.0 / p.price if p.kind == one and p.price else 0.0,
]
OTHERS: list[Function] = [
    lambda p, one=17: 1.0 if p.id == one else 0.5,
    lambda p, one=17: 0.0 if p.id == one else 1.0,
    lambda p, one=17: 1.0 if p.id != one else 0.0,
    lambda p, one=17: 1.0 if p.id == one or p.price == 2 else 0.0,
    lambda p, one=17: p.price + (1.0 if p.id == one else 0.0),
    lambda p, one=17.0: 1.0 if p.id == one else 0.0,
    lambda p, one=3.0: 1.0 if p.price == one else 0.0,
    lambda p, one=nan: 1.0 if p.price == one else 0.0,
]


@pytest.mark.parametrize("function", [*KEYED, *OTHERS])
def test_members_are_those_that_the_function_names(function: Function) -> None:
    assert nonzeros(PRODUCTS, function) == by_hand(PRODUCTS, function)
    assert nonzeros(PRODUCTS, where=function) == by_hand(PRODUCTS, where=function)
    assert nonzeros(PRODUCTS, lambda p: p.price, function) == by_hand(PRODUCTS, lambda p: p.price, function)


@pytest.mark.parametrize("function", KEYED)
def test_a_function_that_asks_for_a_key_is_called_a_few_times(function: Function) -> None:
    calls: list[Product] = []

    class Counted:
        """A row that tells when a function reads it; symbolic rows are of no such class."""

        def __init__(self, product: Product) -> None:
            self.product = product

        def __getattr__(self, name: str) -> Any:
            calls.append(self.product)
            return getattr(self.product, name)

    products = [Counted(one) for one in PRODUCTS]
    variable = LXVariable[Any, float]("x").from_data(products).indexed_by(lambda row: row.id)
    model = LXModel("loop").add_variable(variable)
    for i in range(20):
        made = LXLinearExpression().add_multi_term(variable, coeff=function)
        model.add_constraint(LXConstraint[Any](f"c{i}").expression(made).le().rhs(1))
    before = len(calls)
    model.compile()
    # Columns are read once: id, kind, line and price at most; then a few rows a constraint, at most four reads each.
    assert len(calls) - before <= 4 * COUNT + 20 * 9 * 4


def test_a_loop_over_rows_of_several_dimensions() -> None:
    slots = [SimpleNamespace(id=i) for i in range(4)]
    assign = LXVariable[Any, int]("assign").binary().indexed_by_product(
        LXIndexDimension(Product, lambda p: p.id).from_data(PRODUCTS[:30]),
        LXIndexDimension(SimpleNamespace, lambda t: t.id).from_data(slots),
    )  # fmt: skip
    model = LXModel("timetable").add_variable(assign)
    for one in PRODUCTS[:30]:
        once = LXLinearExpression().sum_over(assign, where=lambda p, t, one=one: p.id == one.id)
        model.add_constraint(LXConstraint[Any](f"once {one.id}").expression(once).eq().rhs(1))
    problem = model.compile()
    assert problem.row_starts.tolist() == list(range(0, 121, 4))
    assert problem.columns.tolist() == list(range(120))


def test_a_key_of_rows_that_a_filter_left() -> None:
    variable = LXVariable[Any, float]("x").from_data(PRODUCTS).indexed_by(lambda p: p.id).where(lambda p: p.id % 2 == 0)
    model = LXModel("filtered").add_variable(variable)
    for one in PRODUCTS[:6]:
        made = LXLinearExpression().add_multi_term(variable, lambda p, one=one: 1.0 if p.id == one.id else 0.0)
        model.add_constraint(LXConstraint[Any](f"c{one.id}").expression(made).le().rhs(1))
    assert model.compile().columns.tolist() == [0, 1, 2]


@pytest.mark.parametrize("key", ["text", b"bytes", UUID(int=5), (1, 2), frozenset({3})], ids=repr)
def test_keys_of_any_type(key: Any) -> None:
    products = [SimpleNamespace(id=i, key=key if i == 4 else i) for i in range(9)]
    assert nonzeros(products, lambda p: 1.0 if p.key == key else 0.0) == {4: 1.0}


def test_nan_equals_nothing_though_it_is_one_object() -> None:
    products = [SimpleNamespace(id=i, x=nan if i == 4 else 1) for i in range(9)]
    assert nonzeros(products, lambda p: 1.0 if p.x == nan else 0.0) == {}  # noqa: PLW0177


def error_of(coefficient: Any, products: list[Any] = PRODUCTS) -> LXError:
    with pytest.raises(LXError) as caught:
        nonzeros(products, coefficient)
    return caught.value


def test_an_error_of_a_member_that_is_picked_names_it() -> None:
    error = error_of(lambda p: 1 / (p.price - p.price) if p.id == 17 else 0.0)
    assert type(error) is LXFunctionError
    assert "key 17 of 'x'" in str(error)
    assert "ZeroDivisionError" in str(error)
    products = [*PRODUCTS[:3], Product(3, "a", None, nan)]
    error = error_of(lambda p: p.price if p.id == 3 else 0.0, products)
    assert type(error) is LXNumberError
    assert "key 3 of 'x'" in str(error)
    assert "price" in str(error)


def test_an_attribute_that_a_row_lacks_is_an_error() -> None:
    products = [SimpleNamespace(id=0, a=1), SimpleNamespace(id=1), SimpleNamespace(id=2, a=1)]
    error = error_of(lambda p: 1.0 if p.a == 1 else 0.0, products)
    assert "key 1 of 'x'" in str(error)


def test_a_loop_variable_that_was_rebound_is_refused() -> None:
    variable = LXVariable[Any, float]("x").from_data(PRODUCTS).indexed_by(lambda p: p.id)
    model = LXModel("late").add_variable(variable)
    for one in PRODUCTS[:3]:
        made = LXLinearExpression().add_multi_term(variable, lambda p: 1.0 if p.id == one.id else 0.0)
        model.add_constraint(LXConstraint[Any](f"c{one.id}").expression(made).le().rhs(1))
    with pytest.raises(LXLateBindingError, match="one"):
        model.compile()


def test_an_explanation_calls_it_a_join() -> None:
    variable = LXVariable[Any, float]("x").from_data(PRODUCTS).indexed_by(lambda p: p.id)
    made = LXLinearExpression().add_multi_term(variable, lambda p, one=PRODUCTS[3]: 1.0 if p.id == one.id else 0.0)
    model = LXModel("one").add_variable(variable)
    for name in ("first", "second"):
        model.add_constraint(LXConstraint[Any](name).expression(made).le().rhs(1))
    model.compile()
    assert "join" in str(model.explain())
