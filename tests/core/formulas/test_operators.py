"""The table of operators: columns, ranges and symbols are of one mind about each."""

from __future__ import annotations

import operator
from itertools import product
from typing import Any

import numpy as np
import pytest

from lumix_core.formulas.arithmetic import NotVectorizable, filled, required
from lumix_core.formulas.nodes import Apply
from lumix_core.formulas.operators import OPERATORS
from lumix_core.formulas.ranges import range_of
from lumix_core.formulas.symbolic_rows import Symbol
from lumix_core.formulas.tracing import trace
from lumix_core.rows.columns import column

VALUES: list[Any] = [0, 1, -3, 7, True, False, 0.0, -0.0, 0.1, -2.5, 1e300, 2**53 + 1, 2**62, "a", None]
OF_ONE = {operator.neg, operator.pos, operator.abs, operator.invert, abs, float, bool, required}


def operands_of(function: Any) -> list[tuple[Any, ...]]:
    return list(product(VALUES, repeat=1 if function in OF_ONE else 2))


def is_too_large(function: Any, operands: tuple[Any, ...]) -> bool:
    """Whether a number would have more digits than there is memory for."""
    large = any(isinstance(one, int) and abs(one) > 99 for one in operands)
    return function in (operator.pow, operator.lshift) and large


def python_value(function: Any, operands: tuple[Any, ...]) -> Any:
    if is_too_large(function, operands):
        return TypeError
    try:
        return function(*operands)
    except Exception as error:  # noqa: BLE001 - it raises, of whatever class
        return type(error)


def fails(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Exception)


def exactly(value: Any) -> tuple[Any, ...]:
    return type(value), repr(value)


@pytest.mark.parametrize("function", OPERATORS)
def test_columns_hold_what_python_computes(function: Any) -> None:
    for operands in operands_of(function):
        expected = python_value(function, operands)
        columns = tuple(column([value]) for value in operands)
        if not fails(expected):
            found = filled(OPERATORS[function].over_columns(function, columns, 1), 1)
            assert exactly(found.item(0)) == exactly(expected), operands


@pytest.mark.parametrize("function", OPERATORS)
def test_columns_refuse_what_python_refuses(function: Any) -> None:
    for operands in operands_of(function):
        columns = tuple(column([value]) for value in operands)
        if fails(python_value(function, operands)) and not is_too_large(function, operands):
            with pytest.raises(NotVectorizable):
                OPERATORS[function].over_columns(function, columns, 1)


@pytest.mark.parametrize("function", [one for one, known in OPERATORS.items() if known.range is not None])
def test_a_range_holds_the_values_and_is_none_where_one_raises(function: Any) -> None:
    rule = OPERATORS[function].range
    assert rule is not None
    for operands in operands_of(function):
        try:
            found = rule(*(range_of(column([value])) for value in operands))
        except NotVectorizable:
            continue
        value = python_value(function, operands)
        assert not fails(value), operands
        if found.is_number:
            assert found.smallest * (1 - 1e-15) <= abs(value) <= found.largest * (1 + 1e-15)


@pytest.mark.parametrize("function", [one for one, known in OPERATORS.items() if known.zero is not None])
def test_it_is_zero_where_the_table_says_so(function: Any) -> None:
    first_only = OPERATORS[function].zero == "first"
    for operands in operands_of(function):
        value = python_value(function, operands)
        zeros = [one for one in (operands[:1] if first_only else operands) if type(one) is not str and one == 0]
        numbers = all(type(one) in (int, float, bool) for one in operands)
        if zeros and numbers and not fails(value):
            assert value == 0, operands


def test_every_operator_of_a_symbol_is_in_the_table() -> None:
    names = {name for name in vars(Symbol) if name.strip("_") in dir(operator) or name.strip("_") in ("and", "or")}
    used = {name.strip("_").removesuffix("_") for name in (one.__name__ for one in OPERATORS)}

    refused = {"__contains__", "__index__", "__setitem__", "__delitem__", "__call__"}

    assert {name.strip("_") for name in names - refused} <= used


@pytest.mark.parametrize("function", [one for one in OPERATORS if one.__module__ == "_operator"])
def test_a_symbol_notes_the_operator_and_its_operands_in_their_order(function: Any) -> None:
    def written(row: Any) -> Any:
        return function(row.x) if function in OF_ONE else function(row.x, row.y)

    formula = trace(written, [None]).formula

    assert isinstance(formula, Apply)
    assert formula.function is function
    assert [one.path for one in formula.operands] == [("x",), ("y",)][: len(formula.operands)]  # type: ignore[attr-defined]


REFLECTED = [one for one in OPERATORS if one.__module__ == "_operator" and one not in OF_ONE]
REFLECTED = [one for one in REFLECTED if OPERATORS[one].compares is None and one is not operator.getitem]


@pytest.mark.parametrize("function", REFLECTED)
def test_a_constant_on_the_left_stays_on_the_left(function: Any) -> None:
    formula = trace(lambda row: function(2, row.x), [None]).formula

    assert isinstance(formula, Apply)
    assert formula.function is function
    assert formula.operands[0].value == 2  # type: ignore[attr-defined]


def test_columns_of_no_rows_are_computed() -> None:
    for function in (operator.add, operator.mul, operator.lt, operator.mod):
        empty = np.empty(0, dtype=np.int64)

        assert len(OPERATORS[function].over_columns(function, (empty, empty), 0)) == 0
