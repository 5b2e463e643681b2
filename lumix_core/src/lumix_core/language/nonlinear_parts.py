"""What an expression may hold beside linear terms: functions, products, special ordered sets and indicators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.constraints import LXConstraint
from lumix_core.language.expressions import LXLinearExpression, Term
from lumix_core.language.variables import LXVariable
from lumix_core.problem.problem import LXSense
from lumix_core.problem.structures import FunctionKind

Variables = Mapping[int, LXVariable[Any, Any]]
"""The variables to be put in the place of others, by the ``id`` of these."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A function of one number, by straight pieces.

    Args:
        function: the function; None where the breakpoints have their heights.
        points: the breakpoints: numbers where there is a function, else pairs; a function of the rows that returns
            them; None where they are to be chosen.
        segments: how many pieces of one width, where the breakpoints are to be chosen.
        least, most: the ends; None for the bounds of the argument.
    """

    function: UserFunction | None
    points: tuple[Any, ...] | UserFunction | None = None
    segments: int = 0
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, eq=False)
class Part:
    """Something that is not linear, in an expression.

    Args:
        arguments: linear expressions.
        over: the first argument that is a family by itself: where the expression is that of a single row, the part
            stands for the sum over its elements.
        coefficient: a number, or a function of the rows that the part is made for.
        scale: what the whole part is multiplied by.
    """

    arguments: tuple[LXLinearExpression, ...]
    over: LXVariable[Any, Any] | None
    coefficient: float | UserFunction = 1.0
    scale: float = 1.0

    name = "part"

    def scaled(self, factor: float) -> Part:
        """Return the part multiplied by a number."""
        return replace(self, scale=self.scale * factor)

    @property
    def constant(self) -> float:
        """What it adds to every row besides its terms."""
        return 0.0

    def variables(self) -> list[LXVariable[Any, Any]]:
        """Return the variables of its arguments."""
        return [variable for argument in self.arguments for variable in argument.variables()]

    def with_variables(self, twins: Variables) -> Part:
        """Return the part with other variables in the place of its own."""
        over = None if self.over is None else twins.get(id(self.over), self.over)
        return replace(self, arguments=tuple(with_variables(one, twins) for one in self.arguments), over=over)

    def rows(self, parent: LXConstraint[Any] | None) -> LXConstraint[Any] | None:
        """Return what the part is made for: the rows of its constraint, or the elements of a family; None for once."""
        if parent is not None and not parent.is_scalar:
            return parent
        if self.over is None:
            return None
        return LXConstraint[Any](self.over.name).over(self.over)

    def functions(self) -> list[UserFunction]:
        """Return the functions of the rows that it is made for."""
        return [self.coefficient] if isinstance(self.coefficient, UserFunction) else []

    def __str__(self) -> str:
        return f"{self.scale:g} * {self.name}(...)" if self.scale != 1.0 else f"{self.name}(...)"


@dataclass(frozen=True, eq=False)
class FunctionPart(Part):
    """An absolute value, a minimum, a maximum or a curve of linear expressions.

    Args:
        kind: which of them.
        spread: of a minimum or maximum, which arguments are families of which every element is one.
        curve: of a curve.
    """

    kind: FunctionKind = FunctionKind.ABS
    spread: tuple[bool, ...] = ()
    curve: Curve | None = None

    @property
    def name(self) -> str:  # type: ignore[override]
        """What texts call it."""
        return self.kind.name.lower()

    def functions(self) -> list[UserFunction]:
        """Return the functions of the rows that it is made for."""
        points = None if self.curve is None else self.curve.points
        return [*super().functions(), *([points] if isinstance(points, UserFunction) else [])]


@dataclass(frozen=True, eq=False)
class ProductPart(Part):
    """The product of two linear expressions."""

    name = "product"

    @property
    def constant(self) -> float:
        """What it adds to every row besides its terms."""
        first, second = (argument.constant for argument in self.arguments)
        return 0.0 if isinstance(self.coefficient, UserFunction) else self.scale * self.coefficient * first * second


@dataclass(frozen=True, eq=False)
class SetPart(Part):
    """A special ordered set: its members in every row.

    Args:
        kind: 1 or 2.
        members: the families, or single variables.
        weights: one for each member, a function of a member's row, or None for their order.
    """

    kind: int = 1
    members: tuple[Term, ...] = ()
    weights: tuple[float, ...] | UserFunction | None = None

    @property
    def name(self) -> str:  # type: ignore[override]
        """What texts call it."""
        return f"sos{self.kind}"

    def scaled(self, factor: float) -> Part:
        """Return the part as it is: it adds nothing to the expression."""
        return self

    def variables(self) -> list[LXVariable[Any, Any]]:
        """Return its members."""
        return [member.variable for member in self.members]

    def with_variables(self, twins: Variables) -> Part:
        """Return the part with other variables in the place of its own."""
        return replace(self, members=tuple(_with_twin(member, twins) for member in self.members))


@dataclass(frozen=True, eq=False)
class IndicatorPart(Part):
    """A condition that holds where a binary variable has a value; its first argument is the left-hand side.

    Args:
        binary: the variable.
        value: whether the condition holds where it is 1, or else where it is 0.
        sense: of the condition.
        rhs: its right-hand side, a number or a function of the rows.
    """

    binary: LXVariable[Any, Any] | None = None
    value: bool = True
    sense: LXSense = LXSense.LE
    rhs: float | UserFunction = 0.0

    name = "indicator"

    def scaled(self, factor: float) -> Part:
        """Return the part as it is: it adds nothing to the expression."""
        return self

    def variables(self) -> list[LXVariable[Any, Any]]:
        """Return the binary variable and those of the condition."""
        return [*super().variables(), *([] if self.binary is None else [self.binary])]

    def with_variables(self, twins: Variables) -> Part:
        """Return the part with other variables in the place of its own."""
        assert self.binary is not None
        made = super().with_variables(twins)
        return replace(made, binary=twins.get(id(self.binary), self.binary))  # type: ignore[call-arg]


def with_variables(expression: LXLinearExpression, twins: Variables) -> LXLinearExpression:
    """Return an expression with other variables in the place of its own."""
    twin = expression.copy()
    twin.terms = [_with_twin(term, twins) for term in expression.terms]
    twin.parts = [part.with_variables(twins) for part in expression.parts]
    return twin


def _with_twin(term: Term, twins: Variables) -> Term:
    return replace(term, variable=twins.get(id(term.variable), term.variable))


def parts_of(expression: LXLinearExpression | UserFunction | None) -> list[Part]:
    """Return what an expression holds beside linear terms; a rule holds none."""
    return list(expression.parts) if isinstance(expression, LXLinearExpression) else []
