"""Expressions that are more than linear: absolute values, minima, maxima, products, curves, sets and indicators."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, Self, SupportsFloat, TypeAlias

from lumix_core.errors import LXModelError, LXNumberError
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.constraints import LXConstraint
from lumix_core.language.expressions import LXLinearExpression, Term
from lumix_core.language.mixins import refuse_unknown
from lumix_core.language.nonlinear_parts import Curve, FunctionPart, IndicatorPart, Part, ProductPart, SetPart
from lumix_core.language.term_overloads import Meaning
from lumix_core.language.variables import LXVariable
from lumix_core.problem.numbers import is_real_type, real_number
from lumix_core.problem.problem import LXSense
from lumix_core.problem.structures import FunctionKind

Argument: TypeAlias = LXVariable[Any, Any] | LXLinearExpression | SupportsFloat
"""A variable (in an indexed constraint the row's own element), a linear expression, or a number."""
Coefficient: TypeAlias = SupportsFloat | Callable[..., SupportsFloat]
"""A number, or a function of the rows of the constraint, or of those of the argument's family."""
Points: TypeAlias = Sequence[tuple[SupportsFloat, SupportsFloat]] | Sequence[SupportsFloat] | Callable[..., Any]
"""Breakpoints and their heights, breakpoints alone, or a function of the rows that returns them."""

SEGMENTS = 16
"""How many pieces a curve has, unless others are asked for."""


class LXQuadraticExpression(LXLinearExpression):
    """A sum of linear terms, products of two variables or expressions, and a constant.

    In an indexed constraint an argument is the row's own element, by the rules of `add_term`. In the objective, or in a
    constraint without an index, a product of families is the sum over the elements of the first one.
    """

    def add_linear(self, expression: LXLinearExpression) -> Self:
        """Add all terms of an expression, its constant included."""
        added = _expression(expression, "add_linear()")
        self.terms += added.terms
        self.parts += added.parts
        return self.add_constant(added.constant)

    def add_quadratic(self, x: Argument, y: Argument, coeff: Coefficient = 1.0) -> Self:
        """Add ``coeff * x * y``.

        Args:
            x, y: variables or linear expressions.
            coeff: a number, or a function of the rows.

        Raises:
            LXModelError: an argument is neither.
        """
        return self._add_part(ProductPart, "the product", (x, y), coeff)

    def add_squared(self, x: Argument, coeff: Coefficient = 1.0) -> Self:
        """Add ``coeff * x ** 2``; otherwise as `add_quadratic`."""
        return self.add_quadratic(x, x, coeff)

    def _new(self) -> LXLinearExpression:
        return type(self)()

    def _add_part(self, made: type[Part], what: str, arguments: Sequence[Argument], coeff: Any, **others: Any) -> Self:
        role = f"the coefficient of {what}"
        refuse_unknown(coeff, role, "Write the product with add_product() or add_quadratic().")
        coefficient = UserFunction.of(coeff, role) if callable(coeff) else real_number(coeff, role)
        over = next((one for one in arguments if isinstance(one, LXVariable) and not one.is_scalar), None)
        if made is FunctionPart and others["kind"] in (FunctionKind.MIN, FunctionKind.MAX):
            over = None
        expressions = tuple(_expression(one, what) for one in arguments)
        self.parts.append(made(expressions, over, coefficient, **others))
        return self


class LXNonLinearExpression(LXQuadraticExpression):
    """A sum of linear terms and of functions, products, sets and indicators; each argument is linear.

    ``add_abs(x)`` of a family is ``abs(x[row])`` in an indexed constraint that has its rows, and the sum of the
    absolute values of all elements in the objective; ``add_abs(LXLinearExpression().add_term(x))`` in the objective is
    the absolute value of the sum. What a solver has is given to it as it is; all else is rewritten exactly, with bounds
    that are derived from the model, or is a relaxation that `LXSolution.relaxation` states.
    """

    def add_abs(self, x: Argument, coeff: Coefficient = 1.0) -> Self:
        """Add ``coeff * abs(x)``.

        Args:
            x: a variable or a linear expression.
            coeff: a number, or a function of the rows.

        Raises:
            LXModelError: the argument is neither.
        """
        return self._add_part(FunctionPart, "the absolute value", (x,), coeff, kind=FunctionKind.ABS)

    def add_min(self, *xs: Argument, coeff: Coefficient = 1.0) -> Self:
        """Add ``coeff * min(...)`` of variables, linear expressions and numbers.

        A family is the row's own element, or all elements that agree with the row; all of its elements where the
        expression is that of a single row.
        """
        return self._add_extreme(FunctionKind.MIN, xs, coeff)

    def add_max(self, *xs: Argument, coeff: Coefficient = 1.0) -> Self:
        """Add ``coeff * max(...)``; otherwise as `add_min`."""
        return self._add_extreme(FunctionKind.MAX, xs, coeff)

    def add_product(self, x: Argument, y: Argument, coeff: Coefficient = 1.0) -> Self:
        """Add ``coeff * x * y``: exact where a factor is whole and both are bounded, else as the solver can."""
        return self.add_quadratic(x, y, coeff)

    def add_indicator(
        self,
        binary: LXVariable[Any, Any],
        condition: object,
        expr: Argument,
        sense: LXSense | str,
        rhs: SupportsFloat | Callable[..., SupportsFloat],
    ) -> Self:
        """Require ``expr sense rhs`` wherever a binary variable has the value ``condition``; it adds nothing.

        In an indexed constraint there is one for each row, with the row's own elements; else one for each element of
        the family of ``binary``.

        Args:
            binary: a binary variable.
            condition: True or 1, False or 0.
            expr: a variable or a linear expression.
            sense: ``"<="``, ``">="`` or ``"=="``.
            rhs: a number, or a function of the rows.

        Raises:
            LXModelError: an argument is none of these.
        """
        _check_variable(binary, "add_indicator()")
        if condition not in (0, 1):
            raise LXModelError(f"add_indicator() got the condition {condition!r:.80}. Give True (1) or False (0).")
        role = f"the right-hand side of the indicator with {binary.name!r}"
        refuse_unknown(rhs, role, "Subtract it on the left.")
        side = UserFunction.of(rhs, role) if callable(rhs) else real_number(rhs, role)
        over = None if binary.is_scalar else binary
        self.parts.append(
            IndicatorPart(
                (_expression(expr, "the indicator"),),
                over,
                binary=binary,
                value=bool(condition),
                sense=_sense(sense),
                rhs=side,
            )
        )
        return self

    def add_piecewise(
        self,
        x: Argument,
        func: Callable[[float], SupportsFloat] | None = None,
        num_segments: int = SEGMENTS,
        *,
        x_min: float | None = None,
        x_max: float | None = None,
        breakpoints: Points | None = None,
        coeff: Coefficient = 1.0,
    ) -> Self:
        """Add ``coeff * func(x)``, by straight pieces; ``x`` stays between the first and the last breakpoint.

        Breakpoints with heights are exact: ``breakpoints=[(0, 0), (100, 450), (200, 800)]``. A function is not, but at
        its breakpoints: `LXSolution.relaxation` tells the largest error.

        Args:
            x: a variable or a linear expression.
            func: a function of one number, which is called when the model is built.
            num_segments: how many pieces of one width, from ``x_min`` to ``x_max``.
            x_min, x_max: the ends; left out, those that the bounds of the variables give.
            breakpoints: pairs ``(x, y)``, with x rising; or x alone, for ``func``; or a function of the rows that
                returns such a list, as for steps of prices in related rows.
            coeff: a number, or a function of the rows.

        Raises:
            LXModelError: there is neither a function nor breakpoints, or there are both in a form that contradicts.
            LXNumberError: a number is none, or breakpoints do not rise.
        """
        curve = _curve(func, num_segments, (x_min, x_max), breakpoints)
        return self._add_part(FunctionPart, "the curve", (x,), coeff, kind=FunctionKind.PIECEWISE, curve=curve)

    def add_sos1(
        self,
        variables: LXVariable[Any, Any] | Iterable[LXVariable[Any, Any]],
        weights: Sequence[SupportsFloat] | Callable[..., SupportsFloat] | None = None,
    ) -> Self:
        """Require that at most one of the variables is not 0; it adds nothing.

        In an indexed constraint each row has a set of its own: of the elements that agree with the row.

        Args:
            variables: a family, or several.
            weights: which give the order: a function of a member's row, or one number for each member; without them the
                order is that of the rows.

        Raises:
            LXModelError: the members are no variables.
        """
        return self._add_set(1, variables, weights)

    def add_sos2(
        self,
        variables: LXVariable[Any, Any] | Iterable[LXVariable[Any, Any]],
        weights: Sequence[SupportsFloat] | Callable[..., SupportsFloat] | None = None,
    ) -> Self:
        """Require that at most two variables, neighbours in the order of their weights, are not 0. As `add_sos1`."""
        return self._add_set(2, variables, weights)

    def _add_extreme(self, kind: FunctionKind, xs: Sequence[Argument], coeff: Coefficient) -> Self:
        if not xs:
            raise LXModelError(f"add_{kind.name.lower()}() got nothing. Give it variables or linear expressions.")
        spread = tuple(isinstance(x, LXVariable) for x in xs)
        what = f"the {kind.name.lower()}imum"
        return self._add_part(FunctionPart, what, xs, coeff, kind=kind, spread=spread)

    def _add_set(self, kind: int, variables: Any, weights: Any) -> Self:
        members = [variables] if isinstance(variables, LXVariable) else list(variables)
        for member in members:
            _check_variable(member, f"add_sos{kind}()")
        role = f"the weights of add_sos{kind}()"
        given: Any = weights
        if callable(weights):
            given = UserFunction.of(weights, role)
        elif weights is not None:
            given = tuple(real_number(weight, role) for weight in weights)
        terms = tuple(Term(member, 1.0, None, None, Meaning.ROW) for member in members)
        self.parts.append(SetPart((), None, kind=kind, members=terms, weights=given))
        return self


def _expression(given: Any, what: str) -> LXLinearExpression:
    """Return an argument as a linear expression."""
    if isinstance(given, LXVariable):
        return LXLinearExpression().add_term(given)
    if is_real_type(type(given)):
        return LXLinearExpression().add_constant(given)
    if not isinstance(given, LXLinearExpression):
        raise LXModelError(f"{what} got {given!r:.80}. Give it a variable, a linear expression or a number.")
    if given.parts and what != "add_linear()":
        raise LXModelError(
            f"{what} got {given!r:.200}, which is not linear itself. Add a variable and a constraint that makes it "
            f"equal to that, and give the variable."
        )
    return given.copy()


def _check_variable(given: object, call: str) -> None:
    if not isinstance(given, LXVariable):
        raise LXModelError(f"{call} got {given!r:.80}, which is not a variable. Give it the LXVariable itself.")


def _sense(given: LXSense | str) -> LXSense:
    words = {"le": LXSense.LE, "ge": LXSense.GE, "eq": LXSense.EQ, "=": LXSense.EQ, "<": LXSense.LE, ">": LXSense.GE}
    known = words.get(str(given).lower(), given)
    if known in (LXSense.LE, LXSense.GE, LXSense.EQ):
        return LXSense(known)
    raise LXModelError(f"add_indicator() got the sense {given!r:.80}; expected <=, >= or ==.")


def _curve(func: Any, segments: Any, ends: tuple[Any, Any], points: Any) -> Curve:
    if func is None and points is None:
        raise LXModelError("add_piecewise() got neither a function nor breakpoints. Give it one of them.")
    if isinstance(segments, bool) or not isinstance(segments, int) or segments < 1:
        raise LXNumberError(f"add_piecewise() got num_segments={segments!r:.80}. Give a whole number of at least 1.")
    function = None if func is None else UserFunction.of(func, "the function of add_piecewise()")
    least, most = (
        None if end is None else real_number(end, f"{word} of add_piecewise()")
        for end, word in zip(ends, ("x_min", "x_max"), strict=True)
    )
    if points is not None and not callable(points):
        points = checked_points(points, function is not None, "the breakpoints of add_piecewise()")
    if callable(points):
        points = UserFunction.of(points, "the breakpoints of add_piecewise()")
    if least is not None and most is not None and not least < most:
        raise LXNumberError(f"add_piecewise() got x_min={least:g} and x_max={most:g}. Let x_min be below x_max.")
    return Curve(function, points, segments, least, most)


def checked_points(points: Any, are_bare: bool, role: str) -> tuple[Any, ...]:
    """Return breakpoints, checked: numbers, or pairs of numbers, with x rising.

    Args:
        points: as the user gave them.
        are_bare: whether they are to be numbers, since a function gives the heights.
        role: how messages call them.

    Raises:
        LXModelError: there are fewer than two, or they are of the other form.
        LXNumberError: one is no number, or they do not rise.
    """
    given = list(points)
    if len(given) < 2:
        raise LXModelError(f"{role} are {given!r:.80}: a curve needs two at least.")
    if any(is_real_type(type(point)) != are_bare for point in given):
        form = "numbers, since a function gives the heights" if are_bare else "pairs (x, y)"
        raise LXModelError(f"{role} are {given!r:.80}: give {form}.")
    if are_bare:
        made: list[Any] = [real_number(point, role) for point in given]
        xs = made
    else:
        made = [tuple(real_number(number, role) for number in point) for point in given]
        xs = [point[0] for point in made]
        if any(len(point) != 2 for point in made):
            raise LXModelError(f"{role} are {given!r:.80}: give pairs (x, y).")
    for before, after in pairwise(xs):
        if not before < after or math.isinf(after - before):
            raise LXNumberError(
                f"{role} have {after:g} after {before:g}: x must rise. For a jump give two that are close together."
            )
    return tuple(made)


def derived_name(parent: LXConstraint[Any] | None, number: int) -> str:
    """Return the name of the constraints that hold the indicators of an expression."""
    return f"{'objective' if parent is None else parent.name}.indicator{number if number > 1 else ''}"
