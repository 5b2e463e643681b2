"""When columns hold all that instances would: which querysets, models and paths can be read by ``values_list()``."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Any

import numpy as np
from django.db.models import Prefetch, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.db.models.query import ModelIterable
from django.db.models.sql import Query

from lumix_core.rows import Column, Path, transposed
from lumix_django.attributes import column_names, key_names, loads_plainly, names_of, related_models
from lumix_django.routing import is_read_beside
from lumix_django.text_keys import leads_by_text

READING = (
    "__getattribute__", "__iter__", "__len__", "_chain", "_clone", "_fetch_all", "_iterator", "_values", "db",
    "iterator", "query", "using", "values_list",
)  # fmt: skip
"""What a queryset of a class of its own may have changed, so that its rows are not those of its query."""


def reads_plainly(queryset: Any) -> bool:
    """Whether a queryset returns one instance for each row of its query, which holds just what was read."""
    query, kind = queryset.query, type(queryset)
    if queryset._iterable_class is not ModelIterable or type(query) is not Query:
        return False
    if any(getattr(kind, name) is not getattr(QuerySet, name) for name in READING):
        return False
    more = (query.combinator, query.distinct, query.distinct_fields, query.annotations, query.extra, query.group_by)
    return not any(more) and not query.select_for_update and loads_plainly(queryset.model)


def can_read(queryset: Any, paths: Sequence[Path]) -> bool:
    """Whether each path leads to a column, by joins that find the very rows that the attributes lead to."""
    if any(len(path) > 1 for path in paths) and any(map(_is_narrowed, queryset._prefetch_related_lookups)):
        return False
    known = {field.name for field in queryset._known_related_objects}
    prefetched = _prefetched(queryset)
    return all(path and _leads_to_column(queryset, path, known, prefetched) for path in paths)


def _is_narrowed(lookup: Any) -> bool:
    return isinstance(lookup, Prefetch) and lookup.queryset is not None


def _prefetched(queryset: Any) -> set[str]:
    """Return the names of all relationships that Django's prefetching follows."""
    lookups = (getattr(lookup, "prefetch_through", lookup) for lookup in queryset._prefetch_related_lookups)
    return {name for lookup in lookups for name in lookup.split(LOOKUP_SEP)}


def _leads_to_column(queryset: Any, path: Path, known: Iterable[str], prefetched: Container[str]) -> bool:
    model, alias = queryset.model, queryset.db
    if len(path) > 1 and path[0] in known:  # leads to an instance that the user holds
        return False
    for name in path[:-1]:
        if name in prefetched and leads_by_text(names_of(model).forward[name]):
            return False  # Django's prefetching compares keys in Python, and finds other rows
        owner, model = model, related_models(model).get(name)
        if model is None or not loads_plainly(model) or not is_read_beside(alias, owner, model):
            return False
    return path[-1] in column_names(model)


def selected(queryset: Any, paths: Sequence[Path]) -> list[Sequence[Any] | Column]:
    """Run the query for some columns and return one sequence for each path."""
    markers = {path: _marker(queryset.model, path) for path in paths}
    wanted = list(dict.fromkeys([*paths, *(marker for marker in markers.values() if marker is not None)]))
    rows = list(queryset.values_list(*(LOOKUP_SEP.join(path) for path in wanted)))
    columns = transposed(rows) if rows else [()] * len(wanted)
    by_path = dict(zip(wanted, columns, strict=True))
    return [_marked(by_path[path], by_path.get(markers[path] or ())) for path in paths]


def _marker(model: Any, path: Path) -> Path | None:
    """Return the path to a key that is NULL where there is no related row; None where NULL stays None anyway."""
    for name in path[:-1]:
        model = related_models(model)[name]
    field = next(candidate for candidate in model._meta.concrete_fields if candidate.attname == path[-1])
    if len(path) == 1 or not hasattr(field, "from_db_value"):
        return None
    return (*path[:-1], key_names(model)[0])


def _marked(values: Sequence[Any] | Column, keys: Sequence[Any] | Column | None) -> Sequence[Any] | Column:
    if keys is None or isinstance(keys, np.ndarray):  # an array of numbers has no NULL
        return values
    return [None if key is None else value for value, key in zip(values, keys, strict=True)]
