"""Decision variables: families with one variable per row, per combination of rows, or a single one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Self, SupportsFloat, TypeVar

from lumix_core.errors import LXModelError
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.indexed import Indexed, LXIndexDimension, Row, type_argument
from lumix_core.problem.numbers import real_number

Value = TypeVar("Value", int, float)
Left = TypeVar("Left")
Right = TypeVar("Right")


class Domain(StrEnum):
    """Which values a variable may take between its bounds."""

    CONTINUOUS = "continuous"
    INTEGER = "integer"
    BINARY = "binary"


@dataclass(frozen=True, eq=False)
class Join:
    """A family with one element per related pair of rows."""

    primary: type
    related: type
    join: UserFunction
    key: UserFunction | None


class LXVariable(Indexed[Row], Generic[Row, Value]):
    """A family of decision variables, written ``LXVariable[Row, float](name)`` or ``LXVariable[Row, int](name)``.

    Without a source and a key it is one scalar variable. Unset bounds are infinite. Values of
    ``LXVariable[..., int]`` are ``int``.

    Args:
        name: unique in the model; the key of the family in ``solution.variables``.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.lower: float | UserFunction | None = None
        self.upper: float | UserFunction | None = None
        self.dimensions: tuple[LXIndexDimension[Any], ...] = ()
        self.join: Join | None = None
        self.multi_filters: list[UserFunction] = []
        self.costs: list[UserFunction | float] = []
        self._domain: Domain | None = None

    @property
    def domain(self) -> Domain:
        """The domain as declared, or else the one that the value type implies.

        Raises:
            LXModelError: an ``int`` family is declared continuous, or values are neither int nor float.
        """
        value_type = type_argument(self, 1)
        if value_type not in (int, float, Any, None):
            raise LXModelError(
                f"LXVariable({self.name!r}) is declared to have values of {value_type!r}: values are int or float. "
                f"Write LXVariable[Row, float] or LXVariable[Row, int]."
            )
        whole = value_type is int
        if self._domain is None:
            return Domain.INTEGER if whole else Domain.CONTINUOUS
        if whole and self._domain is Domain.CONTINUOUS:
            raise LXModelError(
                f"LXVariable[..., int]({self.name!r}) was made .continuous(): its values would not be int. "
                f"Write LXVariable[..., float], or .integer() or .binary()."
            )
        return self._domain

    @property
    def is_integral(self) -> bool:
        """Whether users get its values as ``int``: a whole domain whose value type is not ``float``."""
        return self.domain is not Domain.CONTINUOUS and type_argument(self, 1) is not float

    @property
    def is_scalar(self) -> bool:
        """Whether this is one variable without an index."""
        parts = (self.source, self.key, self.join, *self.dimensions, *self.filters, *self.multi_filters)
        return all(part is None for part in parts)

    def continuous(self) -> Self:
        """Let the variables take any real value within their bounds."""
        self._domain = Domain.CONTINUOUS
        return self

    def integer(self) -> Self:
        """Let the variables take whole values only."""
        self._domain = Domain.INTEGER
        return self

    def binary(self) -> Self:
        """Let the variables be 0 or 1."""
        self._domain = Domain.BINARY
        return self

    def bounds(
        self,
        lower: SupportsFloat | Callable[[Row], SupportsFloat] | None = None,
        upper: SupportsFloat | Callable[[Row], SupportsFloat] | None = None,
    ) -> Self:
        """Set the bounds: each a number or a function of the row (of one row a dimension); unset is infinite.

        Raises:
            LXNumberError: a bound is not a finite number.
        """
        if lower is not None:
            self.lower = self._number_or_function(lower, "the lower bound")
        if upper is not None:
            self.upper = self._number_or_function(upper, "the upper bound")
        return self

    def indexed_by_product(self, *dimensions: LXIndexDimension[Any]) -> Self:
        """Make one variable per combination of the dimensions' rows; the key is the tuple of their keys."""
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
        """Make one variable per related pair of rows.

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

    def where_multi(self, condition: Callable[..., object]) -> Self:
        """Keep only the combinations for which ``condition`` is true; it takes one row a dimension."""
        self.multi_filters.append(UserFunction.of(condition, f"the filter of {self.name!r}"))
        return self

    def cost(self, cost: SupportsFloat | Callable[[Row], SupportsFloat]) -> Self:
        """Add ``cost(row)`` per unit to the objective of ``model.minimize()`` or ``.maximize()`` without argument."""
        self.costs.append(self._number_or_function(cost, "the cost"))
        return self

    def cost_multi(self, cost: SupportsFloat | Callable[..., SupportsFloat]) -> Self:
        """Add a cost per unit that is a function of one row a dimension."""
        return self.cost(cost)

    def get_instances(self) -> list[Any]:
        """Read the rows now and return those that the family is made over (tuples for several dimensions)."""
        from lumix_core.compiler.instances import variable_instances

        return variable_instances(self)

    def _number_or_function(self, value: Any, what: str) -> float | UserFunction:
        role = f"{what} of {self.name!r}"
        return UserFunction.of(value, role) if callable(value) else real_number(value, role)
