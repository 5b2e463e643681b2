"""Related rows that are found by texts, of which a collation takes some for equal that Python does not."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from workshop.models import Crate, Depot

from lumix_core import LXModel, LXVariable

WAYS: dict[str, Callable[[Any], Any]] = {
    "compiled": lambda model: model,
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
}
KEYS = [("A", "Nord"), ("a", "nord"), ("B", "SOUTH"), ("b", "south"), (None, None), ("A", "north")]
CRATES: dict[str, Callable[[Any], float]] = {
    "columns": lambda crate: crate.depot.rate if crate.depot else -1.0,
    "rows": lambda crate: float(f"{crate.depot.rate}") if crate.depot else -1.0,
    "by name": lambda crate: float(f"{crate.named.rate}") if crate.named else -1.0,
    "many to many": lambda crate: float(sum(depot.rate for depot in crate.stops.all())),
}
DEPOTS: dict[str, Callable[[Any], float]] = {
    "set": lambda depot: float(sum(crate.id for crate in depot.crate_set.all())),
    "set by name": lambda depot: float(depot.crates_by_name.count()),
    "many to many": lambda depot: float(sum(crate.id for crate in depot.visits.all())),
    "back": lambda depot: float(sum(crate.depot.rate for crate in depot.crate_set.all())),
}


@pytest.fixture
def crates(database: dict[str, Any]) -> Iterator[None]:
    """Crates whose keys differ from those of their depots in case, where the database allows that."""
    Depot.objects.bulk_create(
        [
            Depot(code="A", name="Nord", rate=2.0),
            Depot(code="b", name="south", rate=3.0),
            Depot(code="C", name="north", rate=5.0),
        ]
    )
    known = {None, *Depot.objects.values_list("code", flat=True), *Depot.objects.values_list("name", flat=True)}
    exact = connection.vendor == "postgresql"
    keys = [[key if key in known or not exact else None for key in pair] for pair in KEYS]
    Crate.objects.bulk_create([Crate(id=i, depot_id=code, named_id=name) for i, (code, name) in enumerate(keys, 1)])
    stops = [(1, "A"), (2, "a"), (2, "B"), (3, "b"), (3, "C")]
    stop = Crate.stops.through
    stop.objects.bulk_create([stop(crate_id=i, depot_id=code) for i, code in stops if code in known or not exact])
    yield
    for model in (stop, Crate, Depot):
        model.objects.all()._raw_delete("default")


@pytest.mark.parametrize(
    ("model", "name", "function"),
    [
        *((Crate, name, function) for name, function in CRATES.items()),
        *((Depot, name, function) for name, function in DEPOTS.items()),
    ],
)
def test_related_rows_are_those_of_the_instances(
    crates: None, model: Any, name: str, function: Callable[[Any], float]
) -> None:
    expected = {row.pk: function(row) for row in model.objects.all()}

    for way in WAYS.values():
        x = LXVariable[model, float]("x").bounds(-9, function).from_model(model)
        problem = way(LXModel("m").add_variable(x)).compile()

        assert dict(zip(problem.variables[0].keys, problem.upper.tolist(), strict=True)) == expected


def test_prefetching_by_texts_is_read_as_it_is(crates: None) -> None:
    """Django compares the keys in Python, and finds no depot for some crates."""
    crates_found = Crate.objects.prefetch_related("depot")
    function = CRATES["columns"]

    x = LXVariable[Crate, float]("x").bounds(-9, function).from_model(crates_found)
    upper = LXModel("m").add_variable(x).compile().upper.tolist()

    assert upper == [function(crate) for crate in crates_found.order_by("id")]


@pytest.mark.parametrize("function", [CRATES["by name"], DEPOTS["set"], DEPOTS["many to many"]])
def test_queries_do_not_grow_with_the_rows(
    crates: None, function: Callable[[Any], float], statements: list[str]
) -> None:
    model: Any = Crate if function is CRATES["by name"] else Depot
    counts = []
    for count in (0, 30):
        Depot.objects.bulk_create([Depot(code=f"c{i}", name=f"n{i}", rate=1.0) for i in range(count)])
        Crate.objects.bulk_create([Crate(id=100 + i, depot_id=f"c{i}", named_id=f"n{i}") for i in range(count)])
        x = LXVariable[model, float]("x").bounds(-9, function).from_model(model)
        statements.clear()
        LXModel("m").add_variable(x).compile()
        counts.append(len(statements))

    assert counts[0] == counts[1]
