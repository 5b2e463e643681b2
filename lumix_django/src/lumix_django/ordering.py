"""The order of a queryset, so that a model compiles to the same problem every time.

Rows without an order are ordered by primary key, and of rows that have one those that compare equal; columns
(``values()`` and the like) by their values.
"""

from __future__ import annotations

from typing import Any

from lumix_django.attributes import key_names

RANDOM = "?"


def in_order(queryset: Any) -> Any:
    """Return a copy of a queryset of instances, with an order in which no two rows are equal."""
    twin = queryset._chain()
    query = twin.query
    ordering = tuple(query.order_by) or _of_model(query)
    if query.extra_order_by or any(_is_random(term) for term in ordering):
        return twin
    if query.distinct_fields and not ordering:
        ordering = tuple(query.distinct_fields)
    if not any(_is_key(term, twin.model) for term in ordering):
        ordering = (*ordering, "pk")
    # Not order_by(), which refuses a slice: of rows without an order it is the first rows by key that are meant.
    query.order_by = ordering
    return twin


def values_in_order(queryset: Any) -> Any:
    """Return a copy of a queryset of columns, ordered by them where it has no order."""
    twin = queryset._chain()
    query = twin.query
    if not twin.ordered:
        query.order_by = (*query.values_select, *query.extra_select, *query.annotation_select)
    return twin


def _of_model(query: Any) -> tuple[Any, ...]:
    """Return the model's own order, where Django would use it."""
    used = query.default_ordering and not query.group_by
    return tuple(query.get_meta().ordering or ()) if used else ()


def _is_random(term: Any) -> bool:
    return term == RANDOM or type(getattr(term, "expression", term)).__name__ == "Random"


def _is_key(term: Any, model: Any) -> bool:
    key = key_names(model)
    names = {"pk", model._meta.pk.name, *key} if len(key) == 1 else {"pk"}
    return isinstance(term, str) and term.lstrip("-+") in names
