"""Copies of models over classes that have only columns: what stays columns, and where rows are copied one by one."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db.models import F, Q
from warehouse.models import Made, Price, Setting

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXVariable
from lumix_core.copying.detached_rows import DetachedRows
from lumix_core.errors import LXEmptySourceWarning

pytestmark = pytest.mark.one_database

HOWS: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "deepcopy twice": lambda value: copy.deepcopy(copy.deepcopy(value)),
}
COUNT = 50


@pytest.fixture(scope="module")
def filled(database: dict[str, Any]) -> Iterator[None]:
    Price.objects.bulk_create(
        [Price(id=i, price=i / 3, weight=i * 2.5 if i % 2 else None) for i in range(1, COUNT + 1)]
    )
    Setting.objects.bulk_create([Setting(id=i, values={"rate": i}) for i in (1, 2)])
    Made.objects.create(price=1.0)
    yield
    for model in (Price, Setting, Made):
        model.objects.all().delete()


@pytest.fixture(params=HOWS.values(), ids=HOWS)
def copied(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    """Each way of copying."""
    return request.param


def over(target: Any = Price, upper: Any = 1.0) -> LXModel:
    """A model with one family, and a function of its rows as the upper bound."""
    x = LXVariable[Any, float]("x").from_model(target).indexed_by(lambda row: row.id).bounds(lower=0, upper=upper)
    total = LXConstraint("total").expression(LXLinearExpression().add_term(x, lambda row: 1.0 + row.id)).le().rhs(10)
    return LXModel("plan").add_variable(x).add_constraint(total)


def rows_of(model: LXModel) -> Any:
    source: Any = model.variables[0].source
    return source.rows


def upper(model: LXModel) -> list[float]:
    bounds: list[float] = model.compile().upper.tolist()
    return bounds


def test_properties_class_attributes_and_pk_compile_by_columns(filled, copied):
    model = over(upper=lambda one: one.net + one.price / 7 + one.RATE * (one.pk > 3))
    twin = copied(model)

    mine, others = model.compile().arrays(), twin.compile().arrays()
    assert all(mine[key].tobytes() == others[key].tobytes() for key in mine)
    assert len(rows_of(twin).made) <= 9  # those on which columns and functions are compared


def test_objects_are_rows_of_their_class(filled, copied, statements):
    twin = copied(over())
    before = len(statements)

    row = rows_of(twin)[2]

    assert isinstance(row, Price)
    assert (row.pk, row.net, row.weight, row._state.adding) == (3, 1.0, 7.5, False)
    assert row == Price(id=3)
    assert len(statements) == before


def test_a_changed_object_is_the_truth(filled, copied):
    twin = copied(over(upper=lambda one: one.price))
    rows_of(twin)[3].price = 19.0

    assert upper(twin)[2:5] == [1.0, 19.0, 5 / 3]
    assert upper(copied(twin))[3] == 19.0


@pytest.mark.parametrize(
    "make",
    [
        lambda: Price.objects.filter(Q(id__lte=3) | Q(price__gt=16)).order_by("-price"),
        lambda: Price.objects.only("id"),
        lambda: Price.objects.all()[5:9],
    ],
    ids=["filtered", "deferred", "sliced"],
)
def test_querysets_are_columns(filled, copied, make, statements):
    model = over(make(), lambda one: one.price)

    twin = copied(model)

    assert isinstance(rows_of(twin), DetachedRows)
    assert len(statements) == 1
    assert upper(twin) == upper(model)


def test_a_queryset_without_rows(filled, copied):
    twin = copied(over(Price.objects.filter(id__lt=0)))

    with pytest.warns(LXEmptySourceWarning, match="warehouse_price"):
        assert twin.variables[0].get_instances() == []


def changed_and_evaluated() -> Any:
    found = Price.objects.order_by("id")
    for one in found:
        one.price += 1.0
    return found


ONE_BY_ONE: dict[str, Callable[[], Any]] = {
    "annotated": lambda: Price.objects.annotate(twice=F("price") * 2),
    "evaluated and changed": changed_and_evaluated,
    "distinct": Price.objects.distinct,
    "changed as they are read": lambda: Made,
    "raw": lambda: Price.objects.raw("SELECT id, price, weight FROM warehouse_price ORDER BY id"),
}


@pytest.mark.parametrize("make", ONE_BY_ONE.values(), ids=ONE_BY_ONE)
def test_what_columns_do_not_say_is_copied_one_by_one(filled, copied, make):
    model = over(make(), lambda one: one.price)

    twin = copied(model)

    assert not isinstance(rows_of(twin), DetachedRows)
    assert upper(twin) == upper(model)


def test_values_that_can_be_changed_are_copied_one_by_one(filled):
    twin = copy.deepcopy(over(Setting))
    third = copy.deepcopy(twin)
    twin.variables[0].get_instances()[0].values["rate"] = 9

    assert third.variables[0].get_instances()[0].values == {"rate": 1}


def test_a_captured_row_is_as_equal_as_before(filled, copied):
    best = Price.objects.get(id=7)
    model = over(upper=lambda one: 1000.0 if one == best else 2000.0 if one is best else one.price)

    assert upper(copied(model)) == upper(model)
    assert upper(model)[6] == 1000.0


def test_two_querysets_of_one_class(filled, copied):
    model = over(Price.objects.filter(id__lt=4), lambda one: one.price)
    model.add_variable(LXVariable[Price, float]("y").from_model(Price.objects.filter(id__gt=2)))

    twin = copied(model)

    mine, others = (one.get_instances() for one in twin.variables)
    assert (len(mine), len(others), mine[2] == others[0]) == (3, COUNT - 2, True)
