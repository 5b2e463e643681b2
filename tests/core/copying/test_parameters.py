"""Copies and pickles of parameters and of models with them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from lumix_core import LXModel, LXParameter
from tests.core.recipes import EXPECTED, SOURCES, Recipe, hours_of, of_source, plan, recipes

Compile = Callable[[LXModel], Any]

HOWS: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
}
COPIES = pytest.mark.parametrize("how", HOWS)
SHARED = LXParameter[Any]("shared")
"""A parameter that functions find among the globals of their module."""


@pytest.fixture
def shared() -> dict[Any, float]:
    numbers = {(1, 1): 0.5, (1, 2): 1.0, (3, 2): 3.5}
    SHARED.from_data(numbers).default(0.0)
    return numbers


@COPIES
def test_a_copy_compiles_to_the_same_arrays(how: str) -> None:
    hours = hours_of(recipes()).default(0.0)
    model = plan(lambda p, m: hours[p.id, m.id], where=lambda p, m: (p.id, m.id) in hours)

    twin = HOWS[how](model)

    arrays = [{name: one.tobytes() for name, one in made.compile().arrays().items()} for made in (model, twin)]
    assert arrays[0] == arrays[1]


@COPIES
@pytest.mark.parametrize("source", ["list", "dict", "pandas", "polars"])
def test_a_copy_has_data_of_its_own(how: str, source: str) -> None:
    hours = of_source(SOURCES[source]())
    hours[1, 1]

    twin = HOWS[how](hours)
    hours.from_data({}).default(9.0)

    assert [twin[1, 1], twin(1, 2), (2, 2) in twin] == [0.5, 1.0, False]


@COPIES
def test_a_copy_holds_the_data_as_it_is_and_not_as_it_was_read(how: str) -> None:
    rows = recipes()
    hours = hours_of(rows)
    hours[1, 1]

    rows[0].hours = 9.0

    assert HOWS[how](hours)[1, 1] == 9.0


@COPIES
def test_changing_the_data_changes_no_copy(how: str, compiled: Compile) -> None:
    rows = recipes()
    hours = hours_of(rows).default(0.0)
    model = plan(lambda p, m: hours[p.id, m.id])

    twin = HOWS[how](model)
    rows[0].hours = 9.0

    assert (compiled(model).rows["limit[1]"], compiled(twin).rows) == ({"x[1]": 9.0}, EXPECTED)


def test_changing_a_copy_changes_no_original(compiled: Compile) -> None:
    hours = hours_of(recipes()).default(0.0)
    model = plan(lambda p, m: hours[p.id, m.id])

    twin, mine = copy.deepcopy((model, hours))
    mine.get_instances()[0].hours = 9.0

    assert (compiled(twin).rows["limit[1]"], compiled(model).rows) == ({"x[1]": 9.0}, EXPECTED)


@COPIES
def test_a_global_parameter_is_copied_too(how: str, shared: dict[Any, float], compiled: Compile) -> None:
    model = plan(lambda p, m: SHARED[p.id, m.id])

    twin = HOWS[how](model)
    shared[1, 1] = 9.0

    assert (compiled(model).rows["limit[1]"], compiled(twin).rows) == ({"x[1]": 9.0}, EXPECTED)


def test_functions_of_a_copy_share_one_parameter(compiled: Compile) -> None:
    hours = hours_of(recipes()).default(0.0)
    model = plan(lambda p, m: hours[p.id, m.id], where=lambda p, m: hours[p.id, m.id] > 0.5)

    twin, mine = copy.deepcopy([model, hours])
    mine.from_data([Recipe(2, 2, 8.0)])

    assert compiled(twin).rows == {"limit[1]": {}, "limit[2]": {"x[2]": 8.0}}


def test_a_shallow_copy_shares_the_data() -> None:
    rows = recipes()
    twin = copy.copy(hours_of(rows))

    rows[0].hours = 9.0

    assert twin[1, 1] == 9.0


def test_changing_a_shallow_copy_leaves_the_original() -> None:
    hours = hours_of(recipes())
    hours[1, 1]

    copy.copy(hours).from_data([Recipe(1, 1, 9.0)])

    assert hours[1, 1] == 0.5
