"""Families: one variable or constraint for each row, for each combination of rows, or for each related pair."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from lumix_core.errors import LXModelError
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.indexed import Indexed, LXIndexDimension, Row, side_text
from lumix_core.problem.text import html_lines, html_table

Left = TypeVar("Left")
Right = TypeVar("Right")


@dataclass(frozen=True, eq=False)
class Join:
    """A family with one element per related pair of rows."""

    primary: type
    related: type
    join: UserFunction
    key: UserFunction | None


class IndexedFamily(Indexed[Row]):
    """What variables and constraints have in common: an index set of one or several dimensions, or none."""

    dimensions: tuple[LXIndexDimension[Any], ...]
    join: Join | None
    multi_filters: list[UserFunction]

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__dict__.update(dimensions=(), join=None, multi_filters=[])

    @property
    def is_scalar(self) -> bool:
        """Whether this is a single variable or constraint, without an index."""
        if self.source is not None or self.key is not None or self.join is not None:
            return False
        return not (self.dimensions or self.filters or self.multi_filters)

    def indexed_by_product(self, *dimensions: LXIndexDimension[Any]) -> Self:
        """Make one element per combination of the dimensions' rows; the key is the tuple of their keys."""
        if not dimensions or not all(isinstance(dimension, LXIndexDimension) for dimension in dimensions):
            raise LXModelError(
                f"{self.owner}.indexed_by_product() got {dimensions!r}: it takes one or more dimensions. "
                f"Write .indexed_by_product(LXIndexDimension(Row, key).from_data(rows), ...)."
            )
        self.dimensions = dimensions
        return self

    def indexed_by_join(
        self,
        primary: type[Left],
        related: type[Right],
        join_func: Callable[[Left], Iterable[Right]],
        key_func: Callable[[Left, Right], Hashable] | None = None,
    ) -> Self:
        """Make one element per related pair of rows.

        Args:
            primary: the class of the rows of ``from_data`` or ``from_model``.
            related: the class of the rows that ``join_func`` returns.
            join_func: returns the rows related to a primary row.
            key_func: identifies a pair; without it the key is the pair of the two rows' own keys.
        """
        key = None if key_func is None else UserFunction.of(key_func, f"the key of {self.name!r}")
        self.join = Join(primary, related, UserFunction.of(join_func, f"the join of {self.name!r}"), key)
        self._declared = primary
        return self

    def _repr_html_(self) -> str:
        """Return what was declared as a table, for notebooks; reads no rows."""
        return html_lines(self.owner) + html_table(("", ""), [*self._index_lines(), *self._own_lines()])

    def _index_lines(self) -> list[tuple[str, str]]:
        """Return what the family is made over, in words."""
        parts: tuple[Indexed[Any], ...] = () if self.is_scalar else self.dimensions or (self,)
        lines = [("over" if not i else "and", part.described) for i, part in enumerate(parts)]
        if self.join is not None:
            lines.append(("joined with", self.join.related.__name__))
        filters = [*(self.filters if self.dimensions else ()), *self.multi_filters]
        return [*lines, *(("where", side_text(condition)) for condition in filters)]

    def _own_lines(self) -> list[tuple[str, str]]:
        """Return what else was declared, in words."""
        return []

    def where_multi(self, condition: Callable[..., object]) -> Self:
        """Keep only the combinations for which ``condition`` is true; it takes one row a dimension."""
        self.multi_filters.append(UserFunction.of(condition, f"the filter of {self.name!r}"))
        return self
