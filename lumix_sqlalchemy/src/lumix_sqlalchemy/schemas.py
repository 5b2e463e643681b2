"""Rows of several schemas in one session: queries with a ``schema_translate_map`` of their own.

A session knows a row by its class, its key and an identity token. Without tokens, rows of two schemas with the same
keys would be one instance.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from sqlalchemy.orm import Mapper, Session

from lumix_core.errors import LXSourceError

Schemas: TypeAlias = frozenset[tuple[str | None, str | None]]
"""The items of a ``schema_translate_map``; empty for the schemas of the tables themselves."""

_KNOWN: WeakKeyDictionary[Session, dict[tuple[Mapper[Any], Hashable], Schemas]] = WeakKeyDictionary()
"""For each session, class and identity token, the schemas that the rows were read from."""


def identity_options(session: Session, mappers: Iterable[Mapper[Any]], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the execution option that tells rows of one schema from rows of another with the same keys.

    Rows of the schemas that are read first have no token, so that they are the session's own instances.

    Args:
        session: where the rows are read.
        mappers: of the rows.
        options: the execution options of the query, of which ``schema_translate_map`` and ``identity_token`` matter.
    """
    schemas: Schemas = frozenset((options.get("schema_translate_map") or {}).items())
    known = _KNOWN.setdefault(session, {})
    classes = [mapper.base_mapper for mapper in mappers]
    if "identity_token" in options:
        known.update({(cls, options["identity_token"]): schemas for cls in classes})
        return {}
    if all(known.setdefault((cls, None), schemas) == schemas for cls in classes):
        return {}
    known.update({(cls, schemas): schemas for cls in classes})
    return {"identity_token": schemas}


def related_options(
    session: Session, mapper: Mapper[Any], token: Hashable, targets: Iterable[Mapper[Any]]
) -> dict[str, Any]:
    """Return the execution options with which rows, and those related to them, are found in their own schema.

    Raises:
        LXSourceError: related rows of another schema have the same identities.
    """
    known = _KNOWN.get(session, {})
    schemas = known.get((mapper.base_mapper, token), frozenset())
    for target in targets:
        if schemas and known.setdefault((target.base_mapper, token), schemas) != schemas:
            raise LXSourceError(
                f"{mapper.class_.__name__} and {target.class_.__name__} are read from different schemas in one "
                f"session, which would take rows of {target.class_.__name__} with the same keys for one. Give each "
                f"query an identity of its own: .execution_options(schema_translate_map=..., identity_token=...)."
            )
    options = {} if token is None else {"identity_token": token}
    return options | ({"schema_translate_map": dict(schemas)} if schemas else {})
