"""What a copy takes from Django's instances: loading what they lack in bulk, and reading them.

Django keeps no identity map: a row is loaded into the very instances that are given. What Django itself would keep in
an instance (a deferred field, a foreign key's row) stays there; a set of related rows, which Django reads anew each
time, is taken out again by `release`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from functools import partial
from inspect import getattr_static
from typing import Any

from django.db.models import Field, Prefetch, Q, QuerySet, prefetch_related_objects
from django.db.models.expressions import BaseExpression, Combinable
from django.db.models.fields.related_descriptors import ManyToManyDescriptor
from django.db.models.options import Options
from django.db.models.query import RawQuerySet

from lumix_core.errors import LXCopyError
from lumix_django.attributes import Names, key_names, names_of
from lumix_django.classes import UNSAVED, DetachedState
from lumix_django.handles import readable
from lumix_django.routing import by_database
from lumix_django.sets import DetachedSet
from lumix_django.text_keys import is_set_by_text, is_text, sets_of

ROWS_A_QUERY = 20_000
"""How many rows are read by one query; databases limit a statement's parameters."""
PAIRS_A_QUERY = 500
"""The same where a key has several columns: of conditions on these SQLite takes no thousand."""
PREFETCHED = "_prefetched_objects_cache"
OURS = "_lumix_loaded"
DEFINITIONS = (BaseExpression, Combinable, DetachedState, Field, Options, Q)


def load(rows: Sequence[Any], names: Set[str] | None = None) -> None:
    """Load the fields and relationships that the rows lack, or only those that are named.

    Raises:
        LXCopyError: a row, all of which is to be loaded, was deleted meanwhile.
        LXSourceError: an event loop runs in this thread.
    """
    groups: dict[tuple[type, str | None], list[Any]] = defaultdict(list)
    for row in rows:
        groups[type(row), row._state.db].append(row)
    for (model, alias), some in groups.items():
        with readable(f"What the rows of {model.__name__} lack"):
            size = ROWS_A_QUERY if len(key_names(model)) == 1 else PAIRS_A_QUERY
            for start in range(0, len(some), size):
                _load_some(model, alias, some[start : start + size], names)


def _load_some(model: Any, alias: str | None, rows: Sequence[Any], names: Set[str] | None) -> None:
    known = names_of(model)
    saved = [row for row in rows if not row._state.adding]
    deferred = _wanted(known.fields, names)
    lacking = [row for row in saved if not deferred <= row.__dict__.keys()]
    if lacking:
        _read_again(model, alias, lacking if names is not None else saved, deferred)
    related = {name: _without(name, rows, known) for name in sorted(_wanted(known.relationships, names))}
    if names is None and not lacking and any(related.values()):
        _read_again(model, alias, saved, deferred)
    for name, some in related.items():
        if some:
            _load_related(name, some, known)


def _wanted(known: Iterable[str], names: Set[str] | None) -> frozenset[str]:
    return frozenset(known) if names is None else frozenset(known) & names


def _read_again(model: Any, alias: str | None, rows: Sequence[Any], names: Set[str]) -> None:
    """Read the fields that rows lack, and see that all of them are still there."""
    missing = sorted({name for row in rows for name in names - row.__dict__.keys()})
    query = QuerySet(model, using=alias).filter(pk__in=[row.pk for row in rows])
    fresh = (
        {row.pk: row for row in query.only(*missing)} if missing else dict.fromkeys(query.values_list("pk", flat=True))
    )
    for row in rows:
        if row.pk not in fresh:
            raise _deleted(row)
        for name in missing:
            if name not in row.__dict__:
                setattr(row, name, getattr(fresh[row.pk], name))


def _deleted(row: Any) -> LXCopyError:
    return LXCopyError(
        f"The row {type(row).__name__} with the key {row.pk!r} is no longer in the database, so what was not loaded "
        f"of it cannot be copied. Leave it out of the model's rows, or read them again."
    )


def _without(name: str, rows: Sequence[Any], known: Names) -> list[Any]:
    """Return the rows that lack what a relationship leads to, and can load it."""
    if name in known.to_many:
        key = known.to_many[name]
        return [row for row in rows if not row._state.adding and key not in row.__dict__.get(PREFETCHED, ())]
    relation = known.to_one[name]
    lacking = [row for row in rows if not relation.is_cached(row)]
    if name in known.forward:
        return [row for row in lacking if None not in _local_values(row, relation)]
    return lacking if name in known.generic else [row for row in lacking if not row._state.adding]


def _local_values(row: Any, field: Any) -> list[Any]:
    """Return what a row itself holds of a foreign key; None where that is not loaded either."""
    return [row.__dict__.get(own.attname) for own, _ in field.related_fields]


def _load_related(name: str, rows: Sequence[Any], known: Names) -> None:
    if name in known.generic:  # its rows are read from the database of the row
        _prefetch(name, rows, known, None)
        return
    for alias, some in by_database(rows, partial(_model_behind, name, rows[0], known)).items():
        if name in known.forward and len(known.forward[name].related_fields) == 1:
            _load_forward(name, some, known.forward[name], alias)
        elif not (name in known.to_many and _load_set_by_text(name, some, known.to_many[name], alias)):
            _prefetch(name, some, known, alias)


def _model_behind(name: str, row: Any, known: Names) -> Any:
    """Return the model of the rows that an attribute leads to."""
    if name in known.forward:
        return known.forward[name].remote_field.model
    return known.reverse_one[name].related_model if name in known.reverse_one else getattr(row, name).model


def _prefetch(name: str, rows: Sequence[Any], known: Names, alias: str | None) -> None:
    """Load related rows as Django does; of the database that is named, where one is."""
    prefetch_related_objects(rows, name if alias is None else Prefetch(name, _query_behind(name, rows[0]).using(alias)))
    if name in known.to_many:
        for row in rows:
            setattr(row.__dict__[PREFETCHED][known.to_many[name]], OURS, True)
    elif name not in known.reverse_one:  # what is not there is missed when it is read, as without loading
        for row in rows:
            relation = known.to_one[name]
            if relation.is_cached(row) and relation.get_cached_value(row) is None:
                relation.delete_cached_value(row)


def _load_set_by_text(name: str, rows: Sequence[Any], key: str, alias: str | None) -> bool:
    """Load sets of related rows that are found by texts; whether they are."""
    descriptor: Any = getattr_static(type(rows[0]), name)
    if not is_set_by_text(descriptor):
        return False
    sets = sets_of(name, descriptor, rows, _query_behind(name, rows[0]), alias)
    for row, related in zip(rows, sets, strict=True):
        queryset = getattr(row, name).all()
        queryset._result_cache, queryset._prefetch_done = list(related), True
        setattr(queryset, OURS, True)
        row.__dict__.setdefault(PREFETCHED, {})[key] = queryset
        if not isinstance(descriptor, ManyToManyDescriptor):
            for other in related:
                descriptor.field.set_cached_value(other, row)
    return True


def _query_behind(name: str, row: Any) -> Any:
    """Return the queryset of all rows that an attribute may lead to, as the attribute itself has it."""
    descriptor = getattr_static(type(row), name)
    if hasattr(descriptor, "get_queryset"):
        return descriptor.get_queryset(instance=row)
    manager = getattr(row, name)
    return super(type(manager), manager).get_queryset()


def _load_forward(name: str, rows: Sequence[Any], field: Any, alias: str | None) -> None:
    """Load the rows of a foreign key, with the query of its attribute.

    Django's own prefetching writes one condition a key, of which SQLite takes no thousand.
    """
    ((own, remote),) = field.related_fields
    keys = sorted({row.__dict__[own.attname] for row in rows}, key=repr)
    query = _query_behind(name, rows[0])
    query = query if alias is None else query.using(alias)
    targets = {getattr(target, remote.attname): target for target in query.filter(**{f"{remote.name}__in": keys})}
    if is_text(remote):  # the database takes some keys for those of other rows
        for key in [key for key in keys if key not in targets]:
            targets[key] = query.filter(**{remote.name: key}).first()
    for row in rows:
        related = targets.get(row.__dict__[own.attname])
        if related is not None:  # what is not there is missed when it is read, as without loading
            field.set_cached_value(row, related)
            if not field.remote_field.multiple:
                field.remote_field.set_cached_value(related, row)


def release(rows: Iterable[Any]) -> None:
    """Take the sets of related rows out again that `load` put into instances."""
    for row in rows:
        kept = row.__dict__.get(PREFETCHED)
        if kept is not None:
            for key in [key for key, rows in kept.items() if hasattr(rows, OURS)]:
                del kept[key]
            if not kept:
                del row.__dict__[PREFETCHED]


def values(row: Any) -> dict[str, Any]:
    """Return the attributes of a row that are loaded; runs no query."""
    names = names_of(type(row))
    loaded = dict(row.__dict__)
    if loaded.pop("_state").adding:
        loaded["_state"] = UNSAVED
    prefetched = loaded.pop(PREFETCHED, {})
    loaded |= {name: getattr(row, name) for name in names.converted & loaded.keys()}
    for name, relation in names.to_one.items():
        if relation.is_cached(row):
            loaded |= _of_one(name, relation.get_cached_value(row), names)
        elif name in names.forward and relation.null and None in _loaded_values(loaded, relation):
            loaded[name] = None
    for name, key in names.to_many.items():
        if key in prefetched and prefetched[key]._result_cache is not None:
            loaded[name] = _of_many(f"{type(row).__name__}.{name}", prefetched[key])
    return loaded


def _of_one(name: str, related: Any, names: Names) -> dict[str, Any]:
    """Return what an attribute reads as; where Django would raise that there is no row, nothing."""
    absent = related is None and name in names.forward and not names.forward[name].null
    return {} if absent else {name: related}


def _loaded_values(loaded: dict[str, Any], field: Any) -> list[Any]:
    return [loaded[own.attname] for own, _ in field.related_fields if own.attname in loaded]


def _of_many(name: str, queryset: Any) -> DetachedSet:
    return DetachedSet(name, list(queryset._result_cache), _is_ordered(queryset._query))


def _is_ordered(query: Any) -> bool:
    """Return what ``QuerySet.ordered`` is, without working out the conditions of a queryset that will not be run."""
    by_model = query.default_ordering and query.get_meta().ordering and not query.group_by
    return bool(query.extra_order_by or query.order_by or by_model)


def plain(value: Any) -> Any:
    """Return a definition as it is, and the rows of a queryset, which keeps them for its next reader too."""
    if issubclass(type(value), QuerySet | RawQuerySet):
        with readable(value.model.__name__):
            return list(value)
    return value if issubclass(type(value), DEFINITIONS) else NotImplemented
