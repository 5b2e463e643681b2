"""Index sets: which rows a family is made over, and what identifies each."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Generic, Self, TypeVar, get_args, get_origin

from lumix_core.errors import LXIncompleteError, LXModelError, LXSourceError
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.linear_forms import RULE
from lumix_core.language.mixins import Declared
from lumix_core.problem.text import number_text
from lumix_core.rows.adapter import RowAdapter
from lumix_core.rows.copyable import Copyable
from lumix_core.rows.sources import DECLARED, Source, data_source, model_source

Row = TypeVar("Row")


class Indexed(Declared, Copyable, Generic[Row]):
    """Anything made over rows: where the rows come from, which of them count, and their key."""

    name: str
    source: Source | None
    key: UserFunction | None
    filters: list[UserFunction]
    _declared: type | None

    def __init__(self, name: str, declared: type | None = None) -> None:
        self.__dict__.update(
            name=checked_name(name, type(self).__name__), source=None, key=None, filters=[], _declared=declared
        )

    @property
    def owner(self) -> str:
        """How messages call it."""
        return f"{type(self).__name__}({self.name!r})"

    @property
    def declared_type(self) -> type | None:
        """The row class named in ``LXVariable[Row, ...]`` (or given as an argument), if any."""
        return self._declared or class_of(type_argument(self, 0))

    def from_data(self, data: Iterable[Row] | Any) -> Self:
        """Take the rows from a list (or any iterable) of objects, or from a data frame that narwhals reads.

        Raises:
            LXSourceError: ``data`` is no collection of rows.
            LXUnsupportedError: it is a data frame, and narwhals is not installed.
        """
        if isinstance(data, Indexed):
            raise LXSourceError(
                f"{self.owner}.from_data() got {data!r}, which is a part of a model and no rows. Give it the same "
                f"rows, or read them with {data.name}.get_instances()."
            )
        self.source = data_source(data, self.owner)
        return self

    def from_model(
        self,
        target: Any = DECLARED,
        session: Any = None,
        *,
        using: Any = None,
        adapter: RowAdapter | None = None,
        reader: str | None = None,
    ) -> Self:
        """Take the rows from an ORM, when the model is compiled.

        Args:
            target: a mapped class, a query, or a session; the class that is not given is the one in
                ``LXVariable[Row, ...]``.
            session: the session in which to query, where ``target`` is not one and holds none.
            using: the database alias, for Django.
            adapter: a row adapter to use without registration.
            reader: who reads columns; without it the session. ``"arrow"`` of SQLAlchemy is much faster, but has a
                connection of its own, which sees only what is committed.

        Raises:
            LXSourceError: no adapter maps the class, a session is missing, or there is no such reader.
        """
        handle = session if using is None else using
        source = model_source(target, handle, self.declared_type, adapter, self.owner)
        self.source = source if reader is None else source.with_reader(reader, self.owner)
        return self

    def indexed_by(self, key: Callable[[Row], Hashable]) -> Self:
        """Identify each row by ``key(row)``; keys must be hashable and unique.

        Without it the key of an ORM's row is its primary key, and any other row is its own key.
        """
        self.key = UserFunction.of(key, f"the key of {self.name!r}")
        return self

    def where(self, condition: Callable[[Row], object]) -> Self:
        """Keep only the rows for which ``condition(row)`` is true; several calls must all be true."""
        self.filters.append(UserFunction.of(condition, f"the filter of {self.name!r}"))
        return self

    def required_source(self) -> Source:
        """Return the source.

        Raises:
            LXIncompleteError: it was never given.
        """
        if self.source is None:
            raise LXIncompleteError(
                f"{self.owner} has no rows: nothing says where they come from. "
                f"Add .from_data(rows) or .from_model(Row, session)."
            )
        return self.source

    @property
    def described(self) -> str:
        """Where the rows come from, their key and their filters, in words; reads no rows."""
        row = "" if self.declared_type is None else f"{self.declared_type.__name__}, "
        key = "" if self.key is None else f", by the key of {side_text(self.key)}"
        kept = "".join(f", where {side_text(condition)}" for condition in self.filters)
        return f"{row}{self.source or 'no source yet'!s:.100}{key}{kept}"

    def __repr__(self) -> str:
        return f"<{self.owner}>"


class LXIndexDimension(Indexed[Row]):
    """One dimension of a family that is indexed by a product.

    Args:
        row_type: the class of the rows.
        key: identifies a row; without it, as `Indexed.indexed_by` says.
    """

    def __init__(self, row_type: type[Row], key: Callable[[Row], Hashable] | None = None) -> None:
        super().__init__(getattr(row_type, "__name__", str(row_type)), class_of(row_type))
        if key is not None:
            self.indexed_by(key)

    def __iter__(self) -> Iterator[Row]:
        """Go through the rows, in a rule: all at once."""
        rule = RULE.get()
        if rule is not None:
            return rule.rows(self)
        from lumix_core.compiler.instances import dimension_instances

        return iter(dimension_instances(self))


def checked_name(name: object, what: str) -> str:
    """Return the name of a part of a model.

    Raises:
        LXModelError: it is no text, or an empty one.
    """
    if not isinstance(name, str) or not name:
        raise LXModelError(
            f'{what}({name!r}) has no name: it must be a text that is not empty. Write {what}("production"), '
            f"since results and messages find it by name."
        )
    return name


def type_argument(instance: object, position: int) -> Any:
    """Return a type argument of a generic object: of ``Family[Row, int](...)`` or of a subclass of one."""
    alias = getattr(instance, "__orig_class__", None)
    candidates = [alias] if alias is not None else list(getattr(type(instance), "__orig_bases__", ()))
    for candidate in candidates:
        arguments = get_args(candidate)
        if len(arguments) > position and not isinstance(arguments[position], TypeVar):
            return arguments[position]
    return None


def class_of(annotation: Any) -> type | None:
    """Return the class that an annotation names, or None: ``dict[str, int]`` names dict, ``Any`` none."""
    named = get_origin(annotation) or annotation
    return named if isinstance(named, type) and named not in (object, Any) else None


def side_text(side: float | UserFunction | None) -> str:
    """Return a number, or where the function is that computes it; nothing for None."""
    if side is None:
        return ""
    return f"the function at {side.place}" if isinstance(side, UserFunction) else number_text(side)


def name_of(family: Any) -> Any:
    """Return the name of a variable or a constraint, and a name as it is."""
    return getattr(family, "name", family) if isinstance(family, Indexed) else family
