"""Rows of Peewee: whole instances, whose relationships are loaded in a query for all rows of a class."""

from collections.abc import Hashable, Sequence, Set
from typing import Any, NamedTuple

import peewee

from lumix_core.errors import LXCopyError, LXSourceError
from lumix_core.rows import BaseRowAdapter, LXRowFeature, RowClass, row_class_of


class Loaded(list[Any]):
    """The rows of a backref, which Peewee would read anew each time; `PeeweeAdapter.release` takes them away."""


class PeeweeQuery(NamedTuple):
    row_type: type[Any]
    identity: Hashable
    select: Any

    def rows(self, flush: bool = True) -> list[Any]:
        rows, names = list(self.select.clone()), self.row_type._meta.fields.keys()
        if not all(type(row) is self.row_type and names <= row.__data__.keys() for row in rows):
            raise LXSourceError(f"{self} gives no whole rows. Select the model, or write .from_data(list(query)).")
        return rows

    def __str__(self) -> str:
        return f"the query for rows of {self.row_type.__name__}"


class PeeweeAdapter(BaseRowAdapter):
    name = "peewee"
    features = frozenset({LXRowFeature.RELEASE})
    handles = (peewee.Database, peewee.Proxy, peewee.BaseQuery)

    def owns(self, cls: type) -> bool:
        return issubclass(cls, peewee.Model) and cls is not peewee.Model and row_class_of(cls) is None

    def row_class(self, cls: Any) -> RowClass:
        meta = cls._meta
        names = {*meta.fields, *map(_column, meta.sorted_fields), *_related(cls), *meta.manytomany}
        follows = {field.name: frozenset({_column(field)}) for field in meta.refs}
        return RowClass(cls, (*names,), primary_key=(*map(_column, meta.get_primary_keys()),), derived=follows)

    def query(self, target: Any, handle: object | None) -> PeeweeQuery | None:
        model = target.model if isinstance(target, peewee.ModelSelect) else target
        if not (isinstance(model, type) and self.owns(model)):
            return None
        meta, name = model._meta, model.__name__  # type: ignore[attr-defined]  # every model has it
        select = model.select().order_by(*meta.get_primary_keys()) if model is target else target.clone()
        if meta.database is None or handle not in (None, meta.database) or select._database is not meta.database:
            raise LXSourceError(f"{name} is read from the database that it is bound to. Write .from_model({name}).")
        sql, parameters = select.sql()
        return PeeweeQuery(model, (model, meta.database, sql, repr(parameters)), select)

    def load(self, rows: Sequence[Any], names: Set[str] | None = None) -> None:
        for cls in {type(row): None for row in rows if self.owns(type(row))}:
            keys = {field.name for field in cls._meta.get_primary_keys()}
            saved = [row for row in rows if type(row) is cls and keys.isdisjoint(one.name for one in row.dirty_fields)]
            for name, (here, there) in _related(cls).items():
                if names is None or name in names:
                    lacking = [row for row in saved if name not in row.__rel__ and name not in vars(row)]
                    found = _by_value(there, [row.__data__[here.name] for row in lacking])
                    for row in lacking:
                        several = found.get(row.__data__[here.name], [])
                        if name not in cls._meta.fields:
                            vars(row)[name] = Loaded(several)
                        elif several:  # else the key leads nowhere, of which Peewee will complain
                            row.__rel__[name] = several[0]
            if names is None and _related(cls) and len(saved) > 0:
                first = cls._meta.get_primary_keys()[0]
                found = _by_value(first, [row.__data__[first.name] for row in saved])
                if not {row.get_id() for row in saved} <= {row.get_id() for same in found.values() for row in same}:
                    raise LXCopyError(f"Rows of {cls.__name__} were deleted meanwhile. Read them anew.")

    def release(self, rows: Sequence[Any]) -> None:
        for held in (row.__dict__ for row in rows):
            for name in [name for name, value in held.items() if type(value) is Loaded]:
                del held[name]

    def values(self, row: Any) -> dict[str, Any]:
        meta, data = type(row)._meta, row.__data__
        held: dict[str, Any] = {_column(field): data[field.name] for field in meta.sorted_fields if field.name in data}
        held |= {field.name: None for field in meta.refs if data.get(field.name, field) is None}
        held |= row.__rel__
        return held | {name: vars(row)[name] for name in _related(type(row)) if name in vars(row)}

    def plain(self, value: Any) -> Any:
        if isinstance(value, Loaded | peewee.ModelSelect):
            return list(value)
        return value if isinstance(value, peewee.Field) else NotImplemented


def _related(cls: Any) -> dict[str, tuple[Any, Any]]:
    """Return the field here and the field there that each foreign key, and each backref, joins."""
    backrefs = [field for base in cls.__mro__ if hasattr(base, "_meta") for field in base._meta.backrefs]
    found = {field.backref: (field.rel_field, field) for field in backrefs if field.backref not in ("+", "!")}
    return found | {field.name: (field, field.rel_field) for field in cls._meta.refs}


def _by_value(field: Any, values: list[Any]) -> dict[Any, list[Any]]:
    """Return the rows with some values of a field, by value and key; in parts, as databases limit parameters."""
    wanted = dict.fromkeys(value for value in values if value is not None)
    found: dict[Any, list[Any]] = {}
    for part in peewee.chunked(wanted, 10_000):
        for row in field.model.select().where(field.in_(part)).order_by(*field.model._meta.get_primary_keys()):
            found.setdefault(row.__data__[field.name], []).append(row)
    return found


def _column(field: Any) -> str:
    return str(getattr(field, "object_id_name", field.name))
