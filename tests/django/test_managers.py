"""What a manager shows is what a model holds: each kind of manager, against what it and its instances give."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import connections, models
from tenants.models import PAIRS, ChildItem, InheritedItem, NamedItem, OfTenant, ProxyItem, switch

from lumix_core import LXModel, LXVariable
from lumix_core.errors import LXSourceError

pytestmark = pytest.mark.one_database

OTHERS = (InheritedItem, NamedItem, ChildItem, ProxyItem)
COPIES: dict[str, Callable[[Any], Any]] = {
    "compiled": lambda model: model,
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
}
FUNCTIONS: dict[str, Callable[[Any], float]] = {
    "columns": lambda item: item.price,
    "rows": lambda item: float(f"{item.price}"),
}
FORWARD: dict[str, Callable[[Any], float]] = {
    "columns": lambda item: item.group.rate,
    "rows": lambda item: float(f"{item.group.rate}"),
}


def fill(group: Any, item: Any, using: str) -> None:
    """Groups and items of two tenants, some of them hidden; item 7 is in a group of the other tenant."""
    every = models.QuerySet(group, using=using)
    every.bulk_create([group(id=i, tenant=1 + i % 2, hidden=i == 3, rate=10.0 * i) for i in range(1, 5)])
    items = [
        item(id=i, tenant=1 + i % 2, hidden=i == 5, price=i / 4, group_id=i if i < 5 else i - 2) for i in range(1, 7)
    ]
    items.append(item(id=7, tenant=2, price=7 / 4, group_id=2))
    models.QuerySet(item, using=using).bulk_create(items)


@pytest.fixture(scope="module")
def filled(database: dict[str, Any]) -> Iterator[None]:
    """Every pair of models; those of the replica there too, with other prices."""
    made = []
    with connections["replica"].schema_editor() as editor:
        for name in ("Replica", "ReplicaBase"):
            made += [editor.create_model(model) for model in PAIRS[name]]
    for name, (group, item) in PAIRS.items():
        fill(group, item, "default")
        if name.startswith("Replica"):
            fill(group, item, "replica")
            models.QuerySet(item, using="replica").update(price=100.0)
    for model in (InheritedItem, NamedItem):
        models.QuerySet(model).bulk_create([model(id=i, tenant=1 + i % 2, price=i / 4) for i in range(1, 5)])
    for i in (21, 22):
        ChildItem(id=i, tenant=1 + i % 2, price=i / 4, group_id=1, size=2.0).save(using="default")
    yield
    for model in (ChildItem, InheritedItem, NamedItem, *(model for two in PAIRS.values() for model in reversed(two))):
        models.QuerySet(model, using="default")._raw_delete("default")
    with connections["replica"].schema_editor() as editor:
        for name in ("Replica", "ReplicaBase"):
            for model in reversed(PAIRS[name]):
                editor.delete_model(model)


@pytest.fixture(autouse=True)
def first_tenant() -> Iterator[None]:
    """The tenant of most requests; the first one again at the end."""
    switch(1)
    yield
    switch(1)


def built(target: Any, upper: Any) -> LXModel:
    return LXModel("plan").add_variable(LXVariable[Any, float]("x").from_model(target).bounds(0, upper))


def compiled(model: LXModel) -> dict[Any, float]:
    problem = model.compile()
    return dict(zip(problem.variables[0].keys, problem.upper.tolist(), strict=True))


def shown(manager: Any, function: Callable[[Any], float]) -> dict[Any, float] | None:
    """What the manager and the attributes of its instances give; None where an attribute leads to a hidden row."""
    try:
        return {row.pk: function(row) for row in manager.order_by("pk")}
    except ObjectDoesNotExist:
        return None


def assert_as_shown(model: LXModel, manager: Any, function: Any, copied: Any, deferred: bool = False) -> None:
    """The copy holds what the manager shows; ``deferred`` where related rows lack a field, which copies do not load."""
    right = shown(manager, function)
    if right is None or (deferred and copied is not COPIES["compiled"]):
        with pytest.raises(Exception, match=r"does not exist|was not loaded|has no "):
            compiled(copied(model))
    else:
        assert compiled(copied(model)) == right


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("how", FUNCTIONS)
@pytest.mark.parametrize("item", [*(item for _, item in PAIRS.values()), *OTHERS], ids=lambda item: item.__name__)
class TestRows:
    def test_are_those_that_the_manager_shows_at_the_moment(self, filled, item, how, copied):
        model = built(item, FUNCTIONS[how])

        for tenant in (1, 2, 1):
            switch(tenant)
            assert_as_shown(model, item._default_manager, FUNCTIONS[how], copied)

    def test_of_a_manager_that_is_given_too(self, filled, item, how, copied):
        model = built(item._default_manager, FUNCTIONS[how])

        switch(2)

        assert_as_shown(model, item._default_manager, FUNCTIONS[how], copied)


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("kind", PAIRS)
class TestRelationships:
    @pytest.mark.parametrize("how", FORWARD)
    def test_lead_to_rows_that_the_attribute_leads_to(self, filled, kind, how, copied):
        item = PAIRS[kind][1]
        model = built(item, FORWARD[how])

        for tenant in (2, 1):
            switch(tenant)
            assert_as_shown(model, item._default_manager, FORWARD[how], copied, kind == "DeferredBase")

    def test_lead_to_sets_of_rows_that_the_manager_shows(self, filled, kind, copied):
        def prices(group: Any) -> float:
            return sum([item.price for item in group.items.all()], 0.0)

        group = PAIRS[kind][0]
        model = built(group, prices)

        for tenant in (1, 2):
            switch(tenant)
            assert_as_shown(model, group._default_manager, prices, copied, kind.startswith("Deferred"))

    def test_of_one_row_are_asked_for_at_each_compile(self, filled, kind, copied):
        owner = next(iter(PAIRS[kind][0]._default_manager.order_by("pk")))
        model = built(owner.items, FUNCTIONS["columns"])

        for tenant in (1, 2):
            switch(tenant)
            assert compiled(copied(model)) == {item.pk: item.price for item in owner.items.all()}


def test_a_copy_keeps_the_rows_of_its_tenant(filled):
    model = built(PAIRS["ContextVar"][1], FUNCTIONS["columns"])
    before = compiled(model)
    twin = copy.deepcopy(model)

    switch(2)

    assert compiled(twin) == before
    assert compiled(model) != before


def test_two_parts_of_a_model_read_one_manager_once(filled, statements):
    x = LXVariable[Any, float]("x").from_model(PAIRS["ContextVar"][1]).bounds(0, FUNCTIONS["columns"])
    y = LXVariable[Any, float]("y").from_model(PAIRS["ContextVar"][1].objects).bounds(0, FUNCTIONS["columns"])

    LXModel("plan").add_variables(x, y).compile()

    assert len(statements) == 1


def test_a_manager_is_not_asked_before_the_model_is_compiled(filled, monkeypatch):
    def refuse(self: Any) -> Any:
        raise RuntimeError("no tenant")

    monkeypatch.setattr(OfTenant, "get_queryset", refuse)
    model = built(PAIRS["ContextVar"][1], 1.0)

    with pytest.raises(RuntimeError, match="no tenant"):
        model.compile()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda manager: [1], r"PlainItem\.objects, whose all\(\) returned a list"),
        (lambda manager: models.QuerySet(manager.model).values("id"), "returned dicts"),
        (lambda manager: models.QuerySet(PAIRS["Plain"][0]), "returned rows of PlainGroup"),
    ],
    ids=["a list", "dicts", "another model"],
)
def test_a_manager_without_a_queryset_of_its_model_is_refused(filled, monkeypatch, answer, message):
    monkeypatch.setattr(models.Manager, "get_queryset", answer)

    with pytest.raises(LXSourceError, match=message):
        built(PAIRS["Plain"][1], 1.0).compile()
