"""The rows that the default manager of a model shows, and the database that it names."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.sql import Query

from lumix_django.projecting import READING

KEYS_A_QUERY = 400
"""The number of keys of one query; databases limit a statement's parameters."""


def queryset_of(model: Any) -> Any:
    """Return all rows that the default manager of a model shows at this moment."""
    return model._default_manager.all()


def shown(model: Any, alias: str, condition: Q) -> int | None:
    """Return how many rows the default manager of a model shows; None where it shows all.

    Args:
        model: the model.
        alias: the database.
        condition: selects the rows that count.
    """
    queryset = queryset_of(model).using(alias)
    query = queryset.query
    by_query = type(query) is Query and not any(
        getattr(type(queryset), name) is not getattr(QuerySet, name) for name in READING
    )
    if by_query and not (query.where or query.is_sliced or _changes_rows(query)):
        return None
    rows = QuerySet(model, using=alias).filter(condition)
    if by_query and not (query.is_sliced or query.combinator) and len(model._meta.pk_fields) == 1:
        return int(rows.filter(pk__in=queryset.order_by().values("pk")).count())
    keys = list({row.pk for row in queryset})
    parts = (keys[start : start + KEYS_A_QUERY] for start in range(0, len(keys), KEYS_A_QUERY))
    return sum(int(rows.filter(pk__in=part).count()) for part in parts)


def _changes_rows(query: Any) -> bool:
    return any((query.combinator, query.distinct, query.annotations, query.extra, query.group_by, query.extra_tables))


def deletes_by_itself(model: Any) -> bool:
    """Whether querysets of the default manager delete rows by a method of their own, such as by marking them."""
    return getattr(type(queryset_of(model)), "delete", None) is not QuerySet.delete
