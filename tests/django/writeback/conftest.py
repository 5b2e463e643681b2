"""Three products and a plan for two of them, and what is sent by COPY."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from workshop.models import Good, Schedule

from lumix_django import copy_in


@pytest.fixture
def tables(database: dict[str, Any]) -> Iterator[str]:
    """Three products and a plan for two of them; returns the vendor of the database."""
    Good.objects.bulk_create([Good(id=i, name=f"good {i}") for i in (1, 2, 3)])
    Schedule.objects.bulk_create([Schedule(id=i, product_id=i, quantity=10.0 * i) for i in (1, 2)])
    yield connection.vendor
    assert not connection.in_atomic_block
    models = apps.get_app_config("workshop").get_models(include_auto_created=True)
    with connection.constraint_checks_disabled(), transaction.atomic():
        for model in (one for one in models if one._meta.managed):
            model._base_manager.all()._raw_delete("default")


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was sent by COPY, a word for each."""
    sent: list[str] = []
    own = copy_in._copy

    def copy(connection: Any, statement: str, texts: Any) -> None:
        sent.append(statement[:4])
        own(connection, statement, texts)

    monkeypatch.setattr(copy_in, "_copy", copy)
    return sent
