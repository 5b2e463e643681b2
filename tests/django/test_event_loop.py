"""Models over Django's rows, solved while an event loop of asyncio goes on: Django's own thread reads them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from warehouse.models import Price

from lumix_core import LXLinearExpression, LXModel, LXOptimizer, LXParameter, LXVariable
from lumix_core.errors import LXSourceError

pytestmark = pytest.mark.one_database


@pytest.fixture(scope="module")
def filled(database: dict[str, Any]) -> None:
    for key in (3, 1, 2):
        Price.objects.create(id=key, price=float(key))


def solved(model: LXModel, **options: Any) -> float:
    """Solve in a program of asyncio, and close the connections of the thread that read."""

    async def program() -> float:
        try:
            return (await LXOptimizer().solve_async(model, **options)).objective_value
        finally:
            await sync_to_async(forget)()

    def forget() -> None:
        connections["default"].close()
        del connections["default"]  # the thread is used again, when the alias means another database

    return asyncio.run(program())


@pytest.mark.parametrize("kind", ["model", "manager", "queryset", "fetched"])
def test_rows_are_awaited(filled: None, kind: str) -> None:
    fetched = Price.objects.all()
    len(fetched)
    targets = {"model": Price, "manager": Price.objects, "queryset": Price.objects.all(), "fetched": fetched}
    variable = LXVariable[Any, float]("x").bounds(0, lambda p: p.price).from_model(targets[kind])
    model = LXModel("plan").add_variable(variable).maximize(LXLinearExpression().sum_over(variable))

    assert solved(model) == 6.0


def test_of_a_parameter_alone(filled: None) -> None:
    price = LXParameter[Price]("price").from_model(Price).indexed_by(lambda p: p.id).value(lambda p: p.price)
    variable = LXVariable[int, float]("x").bounds(0, lambda row: price[row]).from_data([1, 3])
    model = LXModel("plan").add_variable(variable).maximize(LXLinearExpression().sum_over(variable))

    assert solved(model) == 4.0


def test_compiling_without_await_tells_what_to_write(filled: None) -> None:
    variable = LXVariable[Price, float]("x").bounds(0, lambda p: p.price).from_model(Price)
    model = LXModel("plan").add_variable(variable)

    async def program() -> None:
        model.compile()

    with pytest.raises(LXSourceError, match=r"Price cannot be read here.*`await optimizer\.solve_async\(model\)`"):
        asyncio.run(program())
