"""Models whose managers show some of their rows: one pair of groups and items for each kind of manager."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from django.db import models
from django.db.models import F, Q, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql import Query

TENANT: ContextVar[int] = ContextVar("tenant", default=1)


class Locals(threading.local):
    tenant = 1


LOCAL = Locals()


def switch(tenant: int) -> None:
    """Serve another tenant from here on."""
    TENANT.set(tenant)
    LOCAL.tenant = tenant


class GroupBase(models.Model):
    id = models.IntegerField(primary_key=True)
    tenant = models.IntegerField()
    hidden = models.BooleanField(default=False)
    rate = models.FloatField()

    class Meta:
        abstract = True


class ItemBase(models.Model):
    id = models.IntegerField(primary_key=True)
    tenant = models.IntegerField()
    hidden = models.BooleanField(default=False)
    price = models.FloatField()

    class Meta:
        abstract = True


class WithoutHidden(models.Manager):
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(hidden=False)


class OfTenant(models.Manager):
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(tenant=TENANT.get())


class OfThread(models.Manager):
    def get_queryset(self) -> Any:
        return super().get_queryset().exclude(~Q(tenant=LOCAL.tenant))


class Rows(QuerySet):
    def shown(self) -> Any:
        return self.filter(tenant=TENANT.get(), hidden=False)


class OfQuerySet(models.Manager.from_queryset(Rows)):
    def get_queryset(self) -> Any:
        return super().get_queryset().shown()


class LateRows(QuerySet):
    """Narrowed only as they are fetched."""

    def _fetch_all(self) -> None:
        if self._result_cache is None:
            self.query.add_q(Q(tenant=TENANT.get()))
        super()._fetch_all()


class TenantQuery(Query):
    """Narrowed only as SQL is made of it."""

    def get_compiler(self, *args: Any, **options: Any) -> Any:
        query = self.chain(Query)
        query.add_q(Q(tenant=TENANT.get()))
        return query.get_compiler(*args, **options)


class QueriedRows(QuerySet):
    def __init__(self, model: Any = None, query: Any = None, using: Any = None, hints: Any = None) -> None:
        super().__init__(model, query or TenantQuery(model), using, hints)


class ShownRows(ModelIterable):
    """Left out only as instances are made."""

    def __iter__(self) -> Iterator[Any]:
        return (row for row in super().__iter__() if row.tenant == TENANT.get())


class PythonRows(QuerySet):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._iterable_class = ShownRows


class Annotated(models.Manager):
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(tenant=TENANT.get()).annotate(twice=F("id") * 2)


class Distinct(models.Manager):
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(tenant=TENANT.get()).distinct()


class Deferred(models.Manager):
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(tenant=TENANT.get()).only("tenant")


class OfReplica(models.Manager):
    def get_queryset(self) -> Any:
        return super().get_queryset().using("replica").filter(tenant=TENANT.get())


KINDS: dict[str, type[models.Manager]] = {
    "Plain": models.Manager,
    "Hiding": WithoutHidden,
    "ContextVar": OfTenant,
    "ThreadLocal": OfThread,
    "FromQuerySet": OfQuerySet,
    "Late": models.Manager.from_queryset(LateRows),
    "Queried": models.Manager.from_queryset(QueriedRows),
    "InPython": models.Manager.from_queryset(PythonRows),
    "Annotated": Annotated,
    "Distinct": Distinct,
    "Deferred": Deferred,
    "Replica": OfReplica,
}


def pair(name: str, manager: type[models.Manager], base: bool) -> tuple[Any, Any]:
    """A model of groups and one of items, with the same kind of manager; as base manager too, where asked for."""
    meta: dict[str, Any] = {"app_label": "tenants", **({"base_manager_name": "objects"} if base else {})}

    def model(suffix: str, parent: type, **fields: Any) -> Any:
        elements = {"__module__": __name__, "objects": manager(), "Meta": type("Meta", (), dict(meta)), **fields}
        globals()[name + suffix] = made = type(name + suffix, (parent,), elements)
        return made

    group = model("Group", GroupBase)
    # A group that the manager hides is still in the table.
    return group, model("Item", ItemBase, group=models.ForeignKey(group, models.CASCADE, related_name="items"))


PAIRS: dict[str, tuple[Any, Any]] = {name: pair(name, manager, False) for name, manager in KINDS.items()}
PAIRS |= {f"{name}Base": pair(f"{name}Base", manager, True) for name, manager in KINDS.items()}


class Abstract(ItemBase):
    """Passes its manager on."""

    objects = OfTenant()

    class Meta:
        abstract = True


class InheritedItem(Abstract):
    pass


class ProxyItem(PAIRS["Plain"][1]):
    objects = OfTenant()

    class Meta:
        proxy = True


class ChildItem(PAIRS["ContextVar"][1]):
    """Stored in two tables; has the manager of its parent."""

    size = models.FloatField(default=1.0)


class NamedItem(ItemBase):
    everything = models.Manager()
    shown = OfTenant()

    class Meta:
        default_manager_name = "shown"
