"""Which of several databases a model is written to."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import models, router
from django.test.utils import override_settings
from workshop.models import Good, Lot

from lumix import LXWriteBack, LXWriteError
from tests.django.conftest import MEMORY, create_tables, use


class Leader:
    """Reads from the replica, and writes to the leader."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "replica"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"


class Named(models.Manager):  # type: ignore[type-arg]
    def get_queryset(self) -> Any:
        return super().get_queryset().using("replica")


@pytest.fixture
def routed(tables: str) -> Any:
    create_tables("replica")
    with override_settings(DATABASE_ROUTERS=[Leader()]):
        yield tables
    use("replica", MEMORY)


def test_a_plan_goes_where_the_routers_write(routed: str) -> None:
    assert (router.db_for_read(Lot), router.db_for_write(Lot)) == ("replica", "default")

    LXWriteBack().replace(Lot, [{"id": 1}]).write()

    assert [models.QuerySet(Lot, using=alias).count() for alias in ("default", "replica")] == [1, 0]


def test_rows_that_a_manager_hides_are_those_of_the_database_written_to(
    routed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OfTenant(models.Manager):  # type: ignore[type-arg]
        def get_queryset(self) -> Any:
            return super().get_queryset().filter(tenant=1)

    manager = OfTenant()
    manager.model = Lot
    models.QuerySet(Lot, using="default").bulk_create([Lot(id=1, tenant=1), Lot(id=2, tenant=2)])
    monkeypatch.setattr(Lot._meta, "default_manager", manager)

    with pytest.raises(LXWriteError, match=r"would delete 1 row\(s\) of Lot"):
        LXWriteBack().replace(Lot, [{"id": 3}]).write()
    LXWriteBack().replace(Lot, [{"id": 3}], where={"tenant": 1}).write()

    assert set(models.QuerySet(Lot, using="default").values_list("id", flat=True)) == {2, 3}


def test_a_manager_that_names_another_database_is_refused(routed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = Named()
    manager.model = Lot
    monkeypatch.setattr(Lot._meta, "default_manager", manager)
    back = LXWriteBack().replace(Lot, [{"id": 1}])

    with pytest.raises(LXWriteError, match=r"default manager of Lot writes to the database 'replica'.*'default'"):
        back.write()
    assert models.QuerySet(Lot, using="replica").count() == 0

    back.write("replica")
    assert [models.QuerySet(Lot, using=alias).count() for alias in ("default", "replica")] == [0, 1]


def test_models_of_one_database_are_written_together(routed: str) -> None:
    written = LXWriteBack().replace(Lot, [{"id": 1}]).replace(Good, [{"id": 9, "name": "new"}], where={"id": 9}).write()

    assert written.inserted == {Lot: 1, Good: 1}
