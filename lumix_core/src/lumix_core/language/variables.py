"""Decision variables: families with one variable per row, per combination of rows, or a single one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, Generic, Self, SupportsFloat, TypeVar, overload

from lumix_core.errors import LXModelError, LXNotLinearError
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.elements import Element
from lumix_core.language.families import IndexedFamily
from lumix_core.language.indexed import Row, side_text, type_argument
from lumix_core.language.linear_forms import RULE, LinearArithmetic, LXLinearForm
from lumix_core.language.mixins import Unknown, refuse_unknown
from lumix_core.language.term_types import A, B, C, Of1, Of1W, Of2, Of3
from lumix_core.problem.numbers import bound_number, real_number

Value = TypeVar("Value", int, float)


class Domain(StrEnum):
    """Which values a variable may take between its bounds."""

    CONTINUOUS = "continuous"
    INTEGER = "integer"
    BINARY = "binary"
    SEMICONTINUOUS = "semicontinuous"
    SEMIINTEGER = "semiinteger"

    @property
    def is_whole(self) -> bool:
        """Whether its values are whole numbers."""
        return self in (Domain.INTEGER, Domain.BINARY, Domain.SEMIINTEGER)

    @property
    def is_semi(self) -> bool:
        """Whether a variable may be 0 besides what its bounds allow."""
        return self in (Domain.SEMICONTINUOUS, Domain.SEMIINTEGER)


class LXVariable(LinearArithmetic, Unknown, IndexedFamily[Row], Generic[Row, Value]):
    """A family of decision variables, written ``LXVariable[Row, float](name)`` or ``LXVariable[Row, int](name)``.

    Without a source and a key it is one scalar variable. Unset bounds are infinite. Values of
    ``LXVariable[..., int]`` are ``int``.

    Args:
        name: unique in the model; the key of the family in ``solution.variables``.
    """

    costs: list[UserFunction | float]
    _lower: float | UserFunction | None
    _upper: float | UserFunction | None
    _domain: Domain | None
    _unit: frozenset[str]

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__dict__.update(costs=[], _lower=None, _upper=None, _domain=None, _unit=frozenset())

    @property
    def lower(self) -> float | UserFunction | None:
        """The lower bound: a number, a function of the rows, or None; assigning one changes the model."""
        return self._lower

    @lower.setter
    def lower(self, value: SupportsFloat | Callable[..., SupportsFloat] | UserFunction | None) -> None:
        self._lower = self._bound(value, "the lower bound", -math.inf)
        self._no_unit_bound("lower")

    @property
    def upper(self) -> float | UserFunction | None:
        """The upper bound: a number, a function of the rows, or None; assigning one changes the model."""
        return self._upper

    @upper.setter
    def upper(self, value: SupportsFloat | Callable[..., SupportsFloat] | UserFunction | None) -> None:
        self._upper = self._bound(value, "the upper bound", math.inf)
        self._no_unit_bound("upper")

    @property
    def unit_bounds(self) -> frozenset[str]:
        """The bounds ("lower", "upper") that stay within 0 and 1, since the variable is or was binary."""
        return self._unit

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
        if whole and not self._domain.is_whole:
            other = ".semiinteger()" if self._domain.is_semi else ".integer() or .binary()"
            raise LXModelError(
                f"LXVariable[..., int]({self.name!r}) was made .{self._domain}(): its values would not be int. "
                f"Write LXVariable[..., float], or {other}."
            )
        return self._domain

    @property
    def is_integral(self) -> bool:
        """Whether users get its values as ``int``: a whole domain whose value type is not ``float``."""
        return self.domain.is_whole and type_argument(self, 1) is not float

    def continuous(self) -> Self:
        """Let the variables take any real value within their bounds; those of ``.binary()`` stay 0 and 1."""
        self._domain = Domain.CONTINUOUS
        return self

    def integer(self) -> Self:
        """Let the variables take whole values only, within their bounds; those of ``.binary()`` stay 0 and 1."""
        self._domain = Domain.INTEGER
        return self

    def semicontinuous(self) -> Self:
        """Let the variables be 0, or take any real value within their bounds; a lower bound is needed.

        A minimum batch: ``LXVariable[Product, float]("made").semicontinuous().bounds(lower=20, upper=100)``. Where the
        bounds allow 0 too, the variable is an ordinary one.
        """
        self._domain = Domain.SEMICONTINUOUS
        return self

    def semiinteger(self) -> Self:
        """Let the variables be 0, or take any whole value within their bounds; a lower bound is needed."""
        self._domain = Domain.SEMIINTEGER
        return self

    def binary(self) -> Self:
        """Let the variables be 0 or 1."""
        self._domain = Domain.BINARY
        self._unit = frozenset({"lower", "upper"})
        return self

    @overload
    def bounds(self, lower: Of1[Row] | None = ..., upper: Of1[Row] | None = ...) -> Self: ...
    @overload
    def bounds(
        self: LXVariable[tuple[A, B], Value], lower: Of2[A, B] | None = ..., upper: Of2[A, B] | None = ...
    ) -> LXVariable[tuple[A, B], Value]: ...
    @overload
    def bounds(
        self: LXVariable[tuple[A, B, C], Value], lower: Of3[A, B, C] | None = ..., upper: Of3[A, B, C] | None = ...
    ) -> LXVariable[tuple[A, B, C], Value]: ...
    def bounds(self, lower: Any = None, upper: Any = None) -> Any:
        """Set the bounds: each a number or a function of the row (of one row a dimension); unset is infinite.

        ``math.inf``, from a function too, is no upper bound; ``-math.inf`` is no lower bound.

        Raises:
            LXNumberError: a bound is NULL, NaN, no number, or infinite where nothing would satisfy it.
        """
        if lower is not None:
            self.lower = lower
        if upper is not None:
            self.upper = upper
        return self

    def cost(self, cost: SupportsFloat | Callable[[Row], SupportsFloat]) -> Self:
        """Add ``cost(row)`` per unit to the objective of ``model.minimize()`` or ``.maximize()`` without argument."""
        self.costs.append(self._cost(cost))
        return self

    @overload
    def cost_multi(self: LXVariable[tuple[A, B], Value], cost: Of2[A, B]) -> LXVariable[tuple[A, B], Value]: ...
    @overload
    def cost_multi(
        self: LXVariable[tuple[A, B, C], Value], cost: Of3[A, B, C]
    ) -> LXVariable[tuple[A, B, C], Value]: ...
    @overload
    def cost_multi(self, cost: Of1W[Row]) -> Self: ...
    def cost_multi(self, cost: Any) -> Any:
        """Add a cost per unit that is a function of one row a dimension."""
        return self.cost(cost)

    @overload
    def where_multi(
        self: LXVariable[tuple[A, B], Value], condition: Callable[[A, B], object]
    ) -> LXVariable[tuple[A, B], Value]: ...
    @overload
    def where_multi(
        self: LXVariable[tuple[A, B, C], Value], condition: Callable[[A, B, C], object]
    ) -> LXVariable[tuple[A, B, C], Value]: ...
    @overload
    def where_multi(self, condition: Callable[[Row, Any], object]) -> Self: ...
    def where_multi(self, condition: Any) -> Any:
        """Keep only the combinations for which ``condition`` is true; it takes one row a dimension."""
        return super().where_multi(condition)

    def _own_lines(self) -> list[tuple[str, str]]:
        sides: list[tuple[str, float | UserFunction | None]] = [
            ("lower bound", self._lower),
            ("upper bound", self._upper),
        ]
        sides += [("cost", cost) for cost in self.costs]
        lines = [("values", str(self.domain)), *((what, side_text(side)) for what, side in sides if side is not None)]
        if self._unit and self._domain is not Domain.BINARY:
            lines.append(("within", "0 and 1"))
        return lines

    def get_instances(self) -> list[Any]:
        """Read the rows now and return those that the family is made over (tuples for several dimensions)."""
        from lumix_core.compiler.instances import variable_instances

        return variable_instances(self)

    def __getitem__(self, key: Any) -> LXLinearForm:
        """Return the element of a key, or of a row, as rules use it: ``made[p]``, ``stock[i, w.id - 1]``."""
        return LXLinearForm.of_element(Element(self, key))

    def get(self, key: Any, missing: Any = 0) -> LXLinearForm:
        """Return the element of a key or a row, or what is given in its place where the family has none."""
        rule = RULE.get()
        if rule is not None:
            form: LXLinearForm = rule.element_or(self, key, missing)
            return form
        raise _outside_of_rules(self, "get()")

    def __iter__(self) -> Iterator[Row]:
        """Go through the rows, in a rule: all at once; tuples for several dimensions.

        Raises:
            LXModelError: the variable has no index, and so no rows.
        """
        if self.is_scalar:
            raise LXModelError(f"{self.owner} has no index, so that there are no rows to go through. Use it as it is.")
        rule = RULE.get()
        return iter(self.get_instances()) if rule is None else rule.rows(self)

    def __len__(self) -> int:
        """Return how many elements the family has; reads the rows outside of rules."""
        rule = RULE.get()
        return len(self.get_instances()) if rule is None else rule.count(self)

    def __contains__(self, key: object) -> bool:
        """Return whether the family has an element of a key or a row, in a rule."""
        rule = RULE.get()
        if rule is None:
            raise _outside_of_rules(self, "in")
        return rule.has(self, key)

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> Any:
        """Make a constraint of a variable without an index, in a rule; anywhere else a variable is equal to itself."""
        if RULE.get() is None or issubclass(type(other), LXVariable) or not self.is_scalar:
            return NotImplemented
        return self.linear_form() == other

    __hash__ = object.__hash__

    def linear_form(self) -> LXLinearForm:
        """Return a variable without an index as a sum.

        Raises:
            LXNotLinearError: it is a family, and nothing says which of its elements is meant.
        """
        if self.is_scalar:
            return LXLinearForm.of_element(Element(self, ()))
        raise LXNotLinearError(
            f"{self.owner} is a family, and does not tell which of its elements is meant. In a rule write "
            f"{self.name}[row] or {self.name}[key], or sum({self.name}[row] for row in {self.name})."
        )

    def _bound(self, value: Any, what: str, infinite: float) -> float | UserFunction | None:
        if value is None or isinstance(value, UserFunction):
            return value
        role = f"{what} of {self.name!r}"
        refuse_unknown(value, role, "Write it as a constraint.")
        return UserFunction.of(value, role) if callable(value) else bound_number(value, role, infinite)

    def _no_unit_bound(self, bound: str) -> None:
        """Note that a bound was declared for what is not binary: it counts as it is."""
        if self._domain is not Domain.BINARY:
            self._unit -= {bound}

    def _cost(self, value: Any) -> float | UserFunction:
        role = f"the cost of {self.name!r}"
        refuse_unknown(value, role, "A product of variables is not linear.")
        return UserFunction.of(value, role) if callable(value) else real_number(value, role)


def _outside_of_rules(variable: LXVariable[Any, Any], what: str) -> LXModelError:
    return LXModelError(
        f"{variable.owner}: {what} asks for the keys of the family, which are known in rules only. "
        f"Write it in a rule, or read the rows with {variable.name}.get_instances()."
    )
