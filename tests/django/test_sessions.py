"""Live sessions over Django's rows: what follows from a changed attribute, and rows that change meanwhile."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from workshop.models import Doubled, Good, Schedule

from lumix import LXLinearExpression, LXModel, LXModelError, LXOptimizer, LXParameter, LXVariable


@pytest.fixture(autouse=True)
def filled(database):
    Doubled.objects.all().delete()
    Schedule.objects.all().delete()
    Good.objects.all().delete()
    Doubled.objects.create(id=1, number=3)
    Good.objects.bulk_create([Good(id=1, name="a", stock=2), Good(id=2, name="b", stock=3)])
    Schedule.objects.create(id=1, product_id=1, quantity=1.5)


def model_of(rows, gain):
    made = LXVariable("made").bounds(0, 10).indexed_by(lambda row: row.id).from_model(rows)
    return LXModel("shop").add_variable(made).maximize(LXLinearExpression().add_term(made, gain))


def by_row(gain):
    return lambda row: float(str(gain(row)))


@pytest.mark.parametrize("form", [lambda gain: gain, by_row], ids=["columns", "rows"])
@pytest.mark.parametrize(
    ("rows", "gain", "attribute", "name"),
    [
        (Doubled, lambda row: row.twice + row.number, "number", "twice"),
        (Schedule, lambda row: row.product.stock + row.product_id, "product_id", "product"),
    ],
)
def test_what_follows_from_the_attribute(form, rows, gain, attribute, name):
    with (
        LXOptimizer().open(model_of(rows, form(gain))) as session,
        pytest.raises(LXModelError, match=rf"read {rows.__name__}\.{name}, which follows from {attribute}"),
    ):
        session.modify_data(rows, None, attribute, 2)


def test_an_annotation():
    rows = Good.objects.annotate(double=F("stock") * 2)

    with (
        LXOptimizer().open(model_of(rows, lambda row: row.double + row.stock)) as session,
        pytest.raises(LXModelError, match=r"read Good\.double, which follows from stock"),
    ):
        session.modify_data(Good, None, "stock", 1)


def test_what_does_not_follow():
    with LXOptimizer().open(model_of(Good, lambda row: row.stock)) as session:
        assert session.modify_data(Good, None, "stock", 1).problem.objective.tolist() == [1.0, 1.0]


def test_rows_that_are_read_again_meanwhile():
    goods = list(Good.objects.order_by("id"))
    factor = LXParameter("factor").from_data({1: 1.0, 2: 1.0})
    made = LXVariable("made").bounds(0, 1).from_data(goods)
    model = LXModel("shop").add_variable(made)
    model.maximize(LXLinearExpression().add_term(made, lambda row: row.stock * factor[row.id]))

    with LXOptimizer().open(model) as session, CaptureQueriesContext(connection) as queries:
        session.set_parameter(factor, {1: 2.0})
        Good.objects.filter(id=2).update(stock=9)
        session.set_parameter(factor, {1: 3.0})
        goods[1].refresh_from_db()
        with pytest.raises(LXModelError, match=r"Good\.stock of .* has changed since the model was read"):
            session.set_parameter(factor, {1: 4.0})

    assert len(queries) == 2  # the update and the refresh
