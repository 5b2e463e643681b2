"""The query that reads columns in place of instances: the user's own, with joins along to-one relationships."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnClause, Select, Table, TextClause, inspect
from sqlalchemy.orm import Load, Mapper, RelationshipProperty, aliased, lazyload
from sqlalchemy.orm.util import LoaderCriteriaOption
from sqlalchemy.sql import visitors

from lumix_core.rows import Path
from lumix_sqlalchemy.attributes import (
    MATCHING,
    column_names,
    compares_exactly,
    is_of_tables,
    is_own_type,
    loads_plainly,
    related_classes,
)
from lumix_sqlalchemy.ordering import key_names

# The parts of a select that leave it one row an instance. Any other, also of a later SQLAlchemy, needs instances.
KEPT = {
    "_raw_columns",
    "_from_obj",
    "_where_criteria",
    "_order_by_clauses",
    "_limit_clause",
    "_offset_clause",
    "_fetch_clause",
    "_fetch_clause_options",
    "_for_update_arg",
    "_label_style",
    "_annotations",
    "_with_options",
    "_propagate_attrs",
    "_params",
}


LOADS = (Load, type(lazyload("*")))
_PARTS = {name for name, _ in getattr(Select, "_traverse_internals", (("unknown", None),))}


@dataclass(frozen=True, eq=False)
class Projection:
    """A select of columns.

    Args:
        statement: what to run.
        columns: the expressions that it selects.
        positions: for each path, the position of the column that holds its values.
        markers: for each path, the position of a column that is NULL where there is no related row; None where NULL
            stays None.
        mapper: of the rows.
        joined: the classes that it joins.
    """

    statement: Select[Any]
    columns: Sequence[Any]
    positions: Sequence[int]
    markers: Sequence[int | None]
    mapper: Mapper[Any]
    joined: Sequence[Mapper[Any]]

    @property
    def bind_arguments(self) -> dict[str, Any]:
        """The arguments of the session's ``get_bind``."""
        return {"mapper": self.mapper, "clause": self.statement}


def project(statement: Select[Any], entity: Any, paths: Sequence[Path]) -> Projection | None:
    """Return the query for some columns of the instances that a select returns; None where it cannot say the same.

    Args:
        statement: a select of one mapped class or alias, in order.
        entity: the class or alias.
        paths: the attributes, each after the relationships that lead there.
    """
    return projection_of(statement, entity, paths) if can_project(statement, entity, paths) else None


def projection_of(statement: Select[Any], entity: Any, paths: Sequence[Path]) -> Projection | None:
    """Return the query for some columns of a select that can be projected; None where its options miss a join."""
    projection = _Builder(statement, entity).build(paths)
    return projection if can_join(statement, projection.joined) else None


def can_project(statement: Select[Any], entity: Any, paths: Sequence[Path]) -> bool:
    """Whether a select can be turned into one of columns, as far as its form and its class tell."""
    mapper: Mapper[Any] = inspect(entity).mapper
    joined = any(len(path) > 1 for path in paths)
    if not (_are_known(mapper, paths) and is_one_row_an_instance(statement, entity) and _is_named(statement, joined)):
        return False
    if joined and _is_any_matched_in_python(mapper, paths, statement._with_options):
        return False
    # Databases refuse to lock what an outer join may lack.
    return not (changes_values(statement._with_options) or (joined and statement._for_update_arg is not None))


def is_one_row_an_instance(statement: Select[Any], entity: Any) -> bool:
    """Whether the select returns each row of one table, or of a class's tables, at most once."""
    if not is_of_tables(inspect(entity).mapper) or any(_part(statement, name) for name in _PARTS - KEPT):
        return False
    if _is_all_of_a_table(statement, entity):
        return True
    sources = statement.with_only_columns(_key(entity)).get_final_froms()
    return len(sources) == 1 and _is_own(sources[0], entity)


def _is_all_of_a_table(statement: Select[Any], entity: Any) -> bool:
    """Whether the select names nothing but a class of one table; asking it for all that it reads from is slow."""
    known = inspect(entity)
    named = statement._from_obj or statement._where_criteria or len(statement._raw_columns) > 1
    return not (named or known.is_aliased_class) and known.selectable is known.local_table


def _is_own(source: Any, entity: Any) -> bool:
    """Whether a FROM is the class's own table, or an alias of it, and no subquery."""
    known = inspect(entity)
    if source != known.selectable:  # an annotated table is equal, not identical, to the table
        return False
    return not known.is_aliased_class or known.mapper.selectable in (source, getattr(source, "element", None))


def can_join(statement: Any, joined: Iterable[Mapper[Any]]) -> bool:
    """Whether criteria for all loads of a class reach its aliased join as they reach the loading of a relationship."""
    criteria = [option for option in statement._with_options if isinstance(option, LoaderCriteriaOption)]
    partial = [option for option in criteria if not (option.include_aliases and option.propagate_to_loaders)]
    return not any(_is_criterion_of(option, mapper) for option in partial for mapper in joined)


def _is_criterion_of(option: LoaderCriteriaOption, mapper: Mapper[Any]) -> bool:
    if option.root_entity is not None:
        return issubclass(mapper.class_, option.root_entity)
    return option.entity is None or mapper.isa(option.entity.mapper)


def narrows_related(options: Iterable[Any]) -> bool:
    """Whether an option changes what relationships lead to."""
    options = list(options)
    return any(isinstance(option, LoaderCriteriaOption) for option in options) or changes_values(options)


def forbids_loading(options: Iterable[Any]) -> bool:
    """Whether an option makes lazy relationships raise."""
    return any(str(dict(part.strategy or ()).get("lazy")).startswith("raise") for part in _parts_of(options))


def changes_values(options: Iterable[Any]) -> bool:
    """Whether a loader option changes which instances there are, or what their relationships lead to."""
    return any(map(_changes_a_value, _parts_of(options)))


def _is_any_matched_in_python(mapper: Mapper[Any], paths: Iterable[Path], options: Iterable[Any]) -> bool:
    """Whether an option lets SQLAlchemy match in Python what paths lead to, by keys for which a join finds more."""
    matched = {_relationship(part) for part in _parts_of(options) if dict(part.strategy or ()).get("lazy") in MATCHING}
    if not matched:
        return False
    followed = {relationship for path in paths for relationship in _followed(mapper, path[:-1])}
    return any(
        not compares_exactly(relationship) and not matched.isdisjoint({relationship, None}) for relationship in followed
    )


def _relationship(part: Any) -> RelationshipProperty[Any] | None:
    """Return the relationship that a part of an option is for; None where it is for all."""
    path = getattr(part.path, "path", part.path)
    named = [step for step in path if isinstance(step, RelationshipProperty)]
    return named[-1] if named else None


def _followed(mapper: Mapper[Any], prefix: Path) -> Iterator[RelationshipProperty[Any]]:
    for name in prefix:
        relationship = mapper.relationships[name]
        yield relationship
        mapper = relationship.mapper


def _parts_of(options: Iterable[Any]) -> Iterator[Any]:
    for option in options:
        if isinstance(option, LOADS):
            yield from getattr(option, "context", (option,))


def _changes_a_value(part: Any) -> bool:
    lazy = dict(part.strategy or ()).get("lazy")
    narrowed = getattr(part, "_extra_criteria", ()) or getattr(part, "_of_type", None)
    return lazy == "noload" or bool(narrowed) or bool(part.local_opts.get("innerjoin"))


def _part(statement: Any, name: str) -> Any:
    return getattr(statement, name, "unknown")


def _is_named(statement: Select[Any], joined: bool) -> bool:
    """Whether no name in the select can mean another column once others are selected or joined."""
    clauses = [*statement._order_by_clauses, *([statement.whereclause] if joined else [])]
    parts = (part for clause in clauses if clause is not None for part in visitors.iterate(clause))
    return not any(_is_bare(part) for part in parts)


def _is_bare(part: Any) -> bool:
    """Whether a part of SQL is text, or a column of no table; ``1`` and ``*`` in an EXISTS name nothing."""
    if isinstance(part, ColumnClause) and part.table is None:
        return not part.is_literal or any(letter.isalpha() for letter in part.name)
    return isinstance(part, TextClause) or part.__visit_name__ == "textual_label_reference"


def _are_known(mapper: Mapper[Any], paths: Iterable[Path]) -> bool:
    if not all(paths):
        return False
    names = {prefix: _column_names(mapper, prefix) for prefix in {path[:-1] for path in paths}}
    return all(path[-1] in names[path[:-1]] for path in paths)


def _column_names(mapper: Mapper[Any], prefix: Path) -> Set[str]:
    """Return the columns of the class that relationships lead to, as far as a query can read them without instances."""
    for name in prefix:
        target = related_classes(mapper).get(name)
        if target is None or not loads_plainly(mapper):
            return frozenset()
        mapper = inspect(target)
    return column_names(mapper) if loads_plainly(mapper) else frozenset()


def _key(entity: Any) -> Any:
    return getattr(entity, key_names(inspect(entity).mapper)[0])


class _Builder:
    """Collects the columns of a projection, and the joins that they need."""

    def __init__(self, statement: Select[Any], entity: Any) -> None:
        self.statement = statement
        self.entities: dict[Path, Any] = {(): entity}
        self.columns: list[Any] = []
        self.known: dict[tuple[Path, str], int] = {}

    def build(self, paths: Sequence[Path]) -> Projection:
        # Criteria for a class, and the condition of a single-table hierarchy, need one of its own columns.
        mapper: Mapper[Any] = inspect(self.entities[()]).mapper
        if not any(len(path) == 1 and _is_own_column(mapper, path[0]) for path in paths):
            self._column((), key_names(mapper)[0])
        positions = [self._column(path[:-1], path[-1]) for path in paths]
        markers = [self._marker(path, position) for path, position in zip(paths, positions, strict=True)]
        statement = self.statement.with_only_columns(*self.columns)
        joined = [inspect(entity).mapper for prefix, entity in self.entities.items() if prefix]
        return Projection(statement, self.columns, positions, markers, mapper, joined)

    def _column(self, prefix: Path, name: str) -> int:
        if (prefix, name) not in self.known:
            self.known[prefix, name] = len(self.columns)
            self.columns.append(getattr(self._entity(prefix), name))
        return self.known[prefix, name]

    def _entity(self, prefix: Path) -> Any:
        if prefix not in self.entities:
            relationship = getattr(self._entity(prefix[:-1]), prefix[-1])
            target = aliased(relationship.property.mapper.class_, flat=True)
            self.statement = self.statement.outerjoin(relationship.of_type(target))
            self.entities[prefix] = target
        return self.entities[prefix]

    def _marker(self, path: Path, position: int) -> int | None:
        if len(path) == 1 or _keeps_null(self.columns[position]):
            return None
        return self._column(path[:-1], key_names(inspect(self._entity(path[:-1])).mapper)[0])


def _is_own_column(mapper: Mapper[Any], name: str) -> bool:
    """Whether an attribute is a column of the class's own table, and not an expression."""
    columns = mapper.column_attrs[name].columns if name in mapper.column_attrs else ()
    return any(getattr(column, "table", None) is mapper.local_table for column in columns)


def _keeps_null(attribute: Any) -> bool:
    """Whether what the join leaves NULL reads as None: a column of a table, of a type that is SQLAlchemy's own."""
    stored, kind = attribute.property.columns[0], attribute.type
    return is_own_type(kind) and isinstance(getattr(stored, "table", None), Table)
