"""Rows that a default manager hides, in the forms that applications write them: they are not deleted or changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import models
from workshop.models import InPython, Lot, Marking, Owner, PlanRun, Rows, Tenancy

from lumix import LXWriteBack, LXWriteError

pytestmark = pytest.mark.one_database

Stored = list[tuple[int, int, str]]

LOTS: Stored = [(1, 1, "north"), (2, 2, "north"), (3, 1, "south"), (4, 2, "east")]


class ByFilter(models.Manager):  # type: ignore[type-arg]
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(tenant=1)


class ByTenant(models.Manager):  # type: ignore[type-arg]
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(tenant=Tenancy.now)


class ByExclusion(models.Manager):  # type: ignore[type-arg]
    def get_queryset(self) -> Any:
        return super().get_queryset().exclude(hidden=True)


class ByAll(models.Manager):  # type: ignore[type-arg]
    """Only ``all()`` is narrowed."""

    def all(self) -> Any:
        return super().all().filter(tenant=1)


class ByAnnotation(models.Manager):  # type: ignore[type-arg]
    def get_queryset(self) -> Any:
        return super().get_queryset().annotate(own=models.F("tenant") * 2).filter(own=2)


class ByJoin(models.Manager):  # type: ignore[type-arg]
    """A join that finds rows several times."""

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(owner__lots__tenant=1, tenant=1)


class ByJoinOnce(ByJoin):
    def get_queryset(self) -> Any:
        return super().get_queryset().distinct()


class BySubquery(models.Manager):  # type: ignore[type-arg]
    def get_queryset(self) -> Any:
        owners = Owner.objects.filter(tenant=1)
        return super().get_queryset().filter(owner__in=owners)


class BySlice(models.Manager):  # type: ignore[type-arg]
    """Its rows are the first ones by tenant and key."""

    def get_queryset(self) -> Any:
        return super().get_queryset().order_by("tenant", "id")[: Lot._base_manager.filter(tenant=1).count()]


class ByUnion(models.Manager):  # type: ignore[type-arg]
    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        return rows.filter(tenant=1, plant="north").union(rows.filter(tenant=1).exclude(plant="north"))


class ByExtra(models.Manager):  # type: ignore[type-arg]
    def get_queryset(self) -> Any:
        return super().get_queryset().extra(where=["tenant = 1"])


class ByRaw(models.Manager.from_queryset(Rows)):  # type: ignore[misc]
    def get_queryset(self) -> Any:
        return super().get_queryset().of_tenant()


class ByChoice(models.Manager):  # type: ignore[type-arg]
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(tenant__in=[1])


class Locking(models.Manager):  # type: ignore[type-arg]
    def get_queryset(self) -> Any:
        return super().get_queryset().select_for_update().filter(tenant=1)


class Ordered(models.Manager):  # type: ignore[type-arg]
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(tenant=1).order_by("?").defer("plant").select_related("owner")


MANAGERS: dict[str, Callable[[], Any]] = {
    **{
        one.__name__: one
        for one in (
            ByFilter,
            ByTenant,
            ByExclusion,
            ByAll,
            ByAnnotation,
            ByJoin,
            ByJoinOnce,
            BySubquery,
            BySlice,
            ByUnion,
            ByExtra,
            ByRaw,
            ByChoice,
            Locking,
            Ordered,
        )
    },
    "InPython": InPython.as_manager,
}


@contextmanager
def managed(model: Any, manager: Any) -> Iterator[None]:
    """Let a model have another default manager."""
    manager.model, manager.name = model, "chosen"
    own = model._default_manager
    model._meta.default_manager = manager
    try:
        yield
    finally:
        model._meta.default_manager = own


@pytest.fixture
def lots(tables: str) -> str:
    Owner.objects.bulk_create([Owner(id=1, tenant=1), Owner(id=2, tenant=2)])
    Lot.objects.bulk_create(Lot(id=i, tenant=t, plant=p, hidden=t == 2, owner_id=t) for i, t, p in LOTS)
    return tables


@pytest.fixture(params=MANAGERS.values(), ids=MANAGERS)
def filtered(request: pytest.FixtureRequest, lots: str) -> Iterator[None]:
    with managed(Lot, request.param()):
        yield


def stored() -> Stored:
    return list(models.QuerySet(Lot).order_by("id").values_list("id", "tenant", "plant"))


def test_all_rows_are_not_replaced_where_some_are_hidden(filtered: None) -> None:
    with pytest.raises(LXWriteError, match=r"would delete 2 row\(s\) of Lot that the session or manager hides"):
        LXWriteBack().replace(Lot, [{"id": 9, "owner_id": 1}]).write()

    assert stored() == LOTS


def test_rows_that_are_shown_are_replaced(filtered: None) -> None:
    for _ in range(2):
        written = LXWriteBack().replace(Lot, [{"id": 9, "owner_id": 1}, {"id": 8, "owner_id": 1}], where={"tenant": 1})
        assert written.write().deleted == {Lot: 2}

    assert stored() == [(2, 2, "north"), (4, 2, "east"), (8, 1, "north"), (9, 1, "north")]


def test_a_condition_that_hidden_rows_meet_too_is_refused(filtered: None) -> None:
    with pytest.raises(LXWriteError, match=r"would delete 1 row\(s\) of Lot that the session or manager hides"):
        LXWriteBack().replace(Lot, [{"id": 9, "owner_id": 1}], where={"plant": "north"}).write()

    assert stored() == LOTS


def test_rows_of_others_are_neither_replaced_nor_written(filtered: None) -> None:
    for rows in ([], [{"id": 9, "owner_id": 2, "hidden": True}]):
        with pytest.raises(LXWriteError, match=r"would delete 2 row\(s\) of Lot"):
            LXWriteBack().replace(Lot, rows, where={"tenant": 2}).write()
    hidden = [{"id": 9, "tenant": 2, "hidden": True, "owner_id": 2}]
    with pytest.raises(LXWriteError, match="shows 0: it filters by values that the rows do not have"):
        LXWriteBack().replace(Lot, hidden, where={"plant": "west"}).write()

    assert stored() == LOTS


def test_the_tenant_of_the_moment_counts(lots: str, monkeypatch: pytest.MonkeyPatch) -> None:
    back = LXWriteBack().replace(Lot, [{"id": 9, "owner_id": 1}], where={"tenant": 2})

    with managed(Lot, ByTenant()):
        with pytest.raises(LXWriteError, match="would delete 2 row"):
            back.write()
        monkeypatch.setattr(Tenancy, "now", 2)
        back.write()

    assert stored() == [(1, 1, "north"), (3, 1, "south"), (9, 2, "north")]


def test_querysets_that_only_mark_rows_are_refused(lots: str) -> None:
    with managed(Lot, Marking.as_manager()):
        with pytest.raises(LXWriteError, match=r"Lot: 4 row\(s\) would be deleted.*method of their own"):
            LXWriteBack().replace(Lot, [{"id": 9}]).write()
        assert stored() == LOTS

        LXWriteBack().replace(Lot, [{"id": 9}], where={"tenant": 3}).write()

    assert len(stored()) == 5


def test_managers_that_show_all_rows_cost_no_query(lots: str, statements: list[str]) -> None:
    LXWriteBack().replace(Lot, [{"id": 9}]).write()
    plain = len(statements)
    with managed(Lot, Rows.as_manager()):
        LXWriteBack().replace(Lot, [{"id": 9}]).write()

    counts = [i for i, sql in enumerate(statements) if "COUNT" in sql.upper() and "workshop_lot" in sql]
    assert len(statements) == 2 * plain
    assert len(counts) <= 2  # of what is stored in the end, once each


def test_a_run_that_is_hidden_is_not_changed(lots: str) -> None:
    class Shown(models.Manager):  # type: ignore[type-arg]
        def get_queryset(self) -> Any:
            return super().get_queryset().exclude(comment="hidden")

    rows = [{"id": "a" * 32, "status": "optimal", "comment": "hidden", "model": "plan"}]
    rows[0]["finished_at"] = "2024-01-01T00:00:00+00:00"
    LXWriteBack().replace(PlanRun, rows).write()

    with managed(PlanRun, Shown()), pytest.raises(LXWriteError, match=r"would delete 1 row\(s\) of PlanRun"):
        LXWriteBack().append(PlanRun, [{**rows[0], "comment": "new"}], run="id").write()

    assert PlanRun.objects.get().comment == "hidden"
