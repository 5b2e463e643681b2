"""Attributes of a model whose values follow from others of the same row."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import F

from lumix_django.attributes import Names


def derived_attributes(model: Any, names: Names) -> dict[str, frozenset[str]]:
    """Return the derived attributes of a model, each with the names of those that it follows from.

    These are generated fields, and the rows that foreign keys lead to.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for field in model._meta.concrete_fields:
        if getattr(field, "generated", False):
            known = {one.name: one.attname for one in model._meta.concrete_fields}
            found[field.attname] |= {known[name] for name in _names_in(field.expression) if name in known}
    for name, field in names.forward.items():
        for own, _ in field.related_fields:
            found[name].add(own.attname)
    return {name: frozenset(sources) for name, sources in found.items() if sources}


def _names_in(expression: Any) -> set[str]:
    """Return the names of fields in an expression, without the steps to other rows."""
    if isinstance(expression, F):
        return {expression.name.partition("__")[0]}
    parts: list[Any] = getattr(expression, "get_source_expressions", list)()
    return {name for part in parts if part is not None for name in _names_in(part)}
