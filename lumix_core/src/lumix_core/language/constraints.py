"""Constraints: one linear row, or a family with one per row of a source, per combination, or per element."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, SupportsFloat, TypeVar, cast, overload

from lumix_core.errors import LXModelError
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.expressions import LXLinearExpression
from lumix_core.language.families import IndexedFamily
from lumix_core.language.goals import GoalMethods
from lumix_core.language.indexed import side_text
from lumix_core.language.linear_forms import LXComparison
from lumix_core.language.mixins import refuse_unknown
from lumix_core.language.term_types import A, B, C, Of1, Of2, Of3, R, Rank1, Rank2, Rank3
from lumix_core.language.variables import LXVariable
from lumix_core.problem.numbers import flaw, real_number
from lumix_core.problem.problem import LXSense

RightHandSide = float | UserFunction
if TYPE_CHECKING:
    from typing_extensions import TypeVar as OptionalTypeVar  # every type checker knows it, installed or not

    Row = OptionalTypeVar("Row", default=Any)
else:
    Row = TypeVar("Row")


class LXConstraint(IndexedFamily[Row], GoalMethods):
    """A constraint ``expression <= | >= | == right-hand side``, for every row where it has a source.

    Args:
        name: unique in the model; the key of the family in ``solution.shadow_prices``.
    """

    sense: LXSense | None
    base: LXVariable[Any, Any] | None
    indicator: Any
    _lhs: LXLinearExpression | None
    _rhs: RightHandSide | None
    _range: tuple[RightHandSide, RightHandSide] | None
    _rule: UserFunction | None

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__dict__.update(_lhs=None, sense=None, _rhs=None, _range=None, _rule=None, base=None, indicator=None)
        self.__dict__.update(_priority=None, _weight=1.0)

    @property
    def is_scalar(self) -> bool:
        """Whether this is one constraint without an index."""
        return super().is_scalar and (self.base is None or self.base.is_scalar)

    @property
    def lhs(self) -> LXLinearExpression | None:
        """The expression, as it was when it was given; assigning one changes the model."""
        return self._lhs

    @lhs.setter
    def lhs(self, expression: LXLinearExpression | None) -> None:
        self._set_lhs(expression)

    def _set_lhs(self, expression: LXLinearExpression | None) -> None:
        if expression is not None and not isinstance(expression, LXLinearExpression):
            raise LXModelError(
                f"{self.owner}.expression() got {expression!r}, which is not an expression. "
                f"Write .expression(LXLinearExpression().add_term(variable, coefficient))."
            )
        self.__dict__["_lhs"] = None if expression is None else expression.copy()

    @property
    def rhs_value(self) -> float | None:
        """The right-hand side where it is a number; assigning it changes the model."""
        return None if isinstance(self._rhs, UserFunction) else self._rhs

    @rhs_value.setter
    def rhs_value(self, value: SupportsFloat) -> None:
        self._set_rhs(self._side(value, self._rhs_role))

    @property
    def rhs_func(self) -> Callable[[Row], SupportsFloat] | None:
        """The right-hand side where it is a function of the constraint's row; assigning it changes the model."""
        return self._rhs.call if isinstance(self._rhs, UserFunction) else None

    @rhs_func.setter
    def rhs_func(self, function: Callable[..., SupportsFloat]) -> None:
        self._set_rhs(UserFunction.of(function, self._rhs_role))

    @property
    def right_hand_side(self) -> RightHandSide | None:
        """The right-hand side, whichever it is; None where there is none, or where there are two sides."""
        return self._rhs

    @property
    def range(self) -> tuple[RightHandSide, RightHandSide] | None:
        """The lower and the upper side of ``.between(lower, upper)``; None for one side."""
        return self._range

    @property
    def function(self) -> UserFunction | None:
        """The rule, in place of an expression, a sense and a right-hand side; None without one."""
        return self._rule

    @property
    def _rhs_role(self) -> str:
        return f"the right-hand side of {self.name!r}"

    def over(self, variable: LXVariable[R, Any]) -> LXConstraint[R]:
        """Make one row per element of a variable, with its rows and keys.

        Functions of the constraint get the rows of the variable, and a term of that variable is the row's own element.
        """
        if not isinstance(variable, LXVariable):
            raise LXModelError(
                f"{self.owner}.over() got {variable!r}, which is not a variable. Write .over(variable), with the "
                f"LXVariable itself; for rows write .from_data(rows), for dimensions .indexed_by_product(...)."
            )
        if self.base is not None and self.base is not variable:
            raise LXModelError(
                f"{self.owner} is over {self.base.name!r} already: .over({variable.name}) would replace that. "
                f"Write a second constraint."
            )
        self.base = variable
        return cast("LXConstraint[R]", self)

    @overload
    def rule(self, rule: Callable[[Row], LXComparison | bool]) -> Self: ...
    @overload
    def rule(
        self: LXConstraint[tuple[A, B]], rule: Callable[[A, B], LXComparison | bool]
    ) -> LXConstraint[tuple[A, B]]: ...
    @overload
    def rule(
        self: LXConstraint[tuple[A, B, C]], rule: Callable[[A, B, C], LXComparison | bool]
    ) -> LXConstraint[tuple[A, B, C]]: ...
    @overload
    def rule(self, rule: Callable[[], LXComparison | bool]) -> Self: ...
    def rule(self, rule: Any) -> Any:
        """Set the constraint as a function that returns a comparison of sums, in place of an expression and its sides.

        ``.rule(lambda m: sum(need[p.id, m.id] * made[p] for p in made) <= m.available_hours)``. The function gets the
        constraint's row (one row a dimension, none where there is no index), and may go through families with ``for``.
        It is called with symbolic rows; where it does what they cannot stand for, it is called for each row.

        Args:
            rule: returns ``left <= right``, ``>=`` or ``==``, `between`, or `SKIP` for no constraint.

        Raises:
            LXModelError: the constraint has an expression, a sense, a right-hand side or another rule.
            LXFunctionError: it is no function.
        """
        self._refuse_beside_rule()
        if self._rule is not None:
            raise LXModelError(
                f"{self.owner} has a rule already, at {self._rule.location}: a second one would replace it. "
                f"Write a second constraint."
            )
        self.__dict__["_rule"] = UserFunction.of(rule, f"the rule {self.name!r}")
        return self

    def _refuse_beside_rule(self) -> None:
        """Refuse a rule beside what it says itself."""
        parts = {"an expression": self._lhs, "a sense": self.sense, "a right-hand side": self._rhs}
        own = [word for word, value in parts.items() if value is not None]
        if own:
            raise LXModelError(
                f"{self.owner} has {' and '.join(own)}: a rule says all of that itself. Leave one of them out."
            )

    def expression(self, expression: LXLinearExpression) -> Self:
        """Set the left-hand side: the expression as it is now. What is added to it later is not in the constraint.

        Raises:
            LXModelError: it is no expression, or the constraint has another one.
        """
        if self._lhs is not None:
            raise LXModelError(
                f"{self.owner} has an expression already ({self._lhs!r}): a second one would replace it. "
                f"Write a second constraint, one sum (first + second), or constraint.lhs = ... to replace it."
            )
        self._set_lhs(expression)
        return self

    def le(self) -> Self:
        """Hold the expression at most at the right-hand side."""
        return self._set_sense(LXSense.LE)

    def ge(self) -> Self:
        """Hold the expression at least at the right-hand side."""
        return self._set_sense(LXSense.GE)

    def eq(self) -> Self:
        """Hold the expression at the right-hand side."""
        return self._set_sense(LXSense.EQ)

    @overload
    def between(self: LXConstraint[tuple[A, B]], lower: Of2[A, B], upper: Of2[A, B]) -> LXConstraint[tuple[A, B]]: ...
    @overload
    def between(
        self: LXConstraint[tuple[A, B, C]], lower: Of3[A, B, C], upper: Of3[A, B, C]
    ) -> LXConstraint[tuple[A, B, C]]: ...
    @overload
    def between(self, lower: Of1[Row], upper: Of1[Row]) -> Self: ...
    def between(self, lower: Any, upper: Any) -> Any:
        """Hold the expression between two sides, in place of a sense and a right-hand side.

        Args:
            lower, upper: numbers, or functions of the constraint's row (of one row a dimension). ``-math.inf`` and
                ``math.inf`` leave a side open.

        Raises:
            LXModelError: the constraint has a sense or a right-hand side already, or the sides are crossed.
            LXNumberError: a side is no number.
        """
        if self._rhs is not None or self._range is not None:
            raise self._second_side(f".between({lower!r}, {upper!r})")
        sides = (
            self._side(lower, f"the lower side of {self.name!r}"),
            self._side(upper, f"the upper side of {self.name!r}"),
        )
        self._set_sense(LXSense.BETWEEN)
        if not any(isinstance(side, UserFunction) for side in sides) and sides[0] > sides[1]:  # type: ignore[operator]
            raise LXModelError(
                f"{self.owner}.between({lower!r}, {upper!r}): no value lies between them. Exchange or correct them."
            )
        self._range = sides
        return self

    @overload
    def rhs(self: LXConstraint[tuple[A, B]], value: Of2[A, B]) -> LXConstraint[tuple[A, B]]: ...
    @overload
    def rhs(self: LXConstraint[tuple[A, B, C]], value: Of3[A, B, C]) -> LXConstraint[tuple[A, B, C]]: ...
    @overload
    def rhs(self, value: Of1[Row]) -> Self: ...
    def rhs(self, value: Any) -> Any:
        """Set the right-hand side: a number, or a function of the constraint's row (of one row a dimension).

        ``math.inf`` for ``<=`` and ``-math.inf`` for ``>=``, from a function too, make a row that never binds.

        Raises:
            LXModelError: the constraint has another right-hand side.
            LXNotLinearError: it is a variable or an expression.
            LXNumberError: it is NULL, NaN or no number.
        """
        side = self._side(value, self._rhs_role)
        if self._range is not None or (self._rhs is not None and not _is_same(self._rhs, side)):
            raise self._second_side(f".rhs({value!r})")
        self._set_rhs(side)
        return self

    @overload
    def as_goal(
        self: LXConstraint[tuple[A, B]], priority: Rank2[A, B], weight: Of2[A, B] = 1.0
    ) -> LXConstraint[tuple[A, B]]: ...
    @overload
    def as_goal(
        self: LXConstraint[tuple[A, B, C]], priority: Rank3[A, B, C], weight: Of3[A, B, C] = 1.0
    ) -> LXConstraint[tuple[A, B, C]]: ...
    @overload
    def as_goal(self, priority: Rank1[Row], weight: Of1[Row] = 1.0) -> Self: ...
    def as_goal(self, priority: Any, weight: Any = 1.0) -> Any:
        """Make the constraint a goal: it may be missed, at a price for each unit.

        ``<=`` is missed above its right-hand side, ``>=`` below it, ``==`` and ``between`` on both sides.

        Args:
            priority: 1 is the highest; or a function of the constraint's row. 0 makes the expression part of the
                objective: that of ``>=`` is maximised and that of ``<=`` minimised, and nothing is missed.
            weight: the price of a unit beside other goals of the same priority, or a function of the constraint's row.

        Raises:
            LXModelError: the constraint is another goal already, or the priority is no whole number of at least 0.
            LXNumberError: the weight is not above 0; a function may give 0, for rows that do not count.
        """
        return self._made_goal(priority, weight)

    def get_instances(self) -> list[Any]:
        """Read the rows now and return those that the constraint is made for; tuples for several dimensions."""
        from lumix_core.compiler.instances import constraint_instances

        return constraint_instances(self)

    def _set_sense(self, sense: LXSense) -> Self:
        if self.sense is not None and self.sense != sense:
            raise LXModelError(
                f"{self.owner} is {self.sense!s} already: .{_CALLS[sense]} would replace that. For two sides write "
                f".between(lower, upper), or a second constraint; assign constraint.sense to change it."
            )
        self.__dict__["sense"] = sense
        return self

    @overload
    def where_multi(
        self: LXConstraint[tuple[A, B]], condition: Callable[[A, B], object]
    ) -> LXConstraint[tuple[A, B]]: ...
    @overload
    def where_multi(
        self: LXConstraint[tuple[A, B, C]], condition: Callable[[A, B, C], object]
    ) -> LXConstraint[tuple[A, B, C]]: ...
    @overload
    def where_multi(self, condition: Callable[[Row, Any], object]) -> Self: ...
    def where_multi(self, condition: Any) -> Any:
        """Keep only the combinations for which ``condition`` is true; it takes one row a dimension."""
        return super().where_multi(condition)

    def _index_lines(self) -> list[tuple[str, str]]:
        if self.base is None:
            return super()._index_lines()
        filters = [*self.filters, *self.multi_filters]
        return [("over", repr(self.base)), *(("where", side_text(condition)) for condition in filters)]

    def _own_lines(self) -> list[tuple[str, str]]:
        goal = [("goal", self.goal_text.removeprefix("goal, "))] if self.is_goal() else []
        if self._rule is not None:
            return [("rule", side_text(self._rule)), *goal]
        sides = (self._rhs,) if self._range is None else self._range
        right = " and ".join(side_text(side) for side in sides)
        return [("expression", "" if self._lhs is None else str(self._lhs)), (str(self.sense or "sense"), right), *goal]

    def _set_rhs(self, side: RightHandSide) -> None:
        if self._range is not None:
            raise self._second_side("a right-hand side")
        self.__dict__["_rhs"] = side

    def _second_side(self, call: str) -> LXModelError:
        now = self._range if self._range is not None else self._rhs
        shown = ", ".join(side_text(side) for side in (now if isinstance(now, tuple) else (now,)))
        return LXModelError(
            f"{self.owner} has the right-hand side {shown} already: {call} would replace it. For two sides write "
            f".between(lower, upper), or a second constraint; assign constraint.rhs_value to change a number."
        )

    def _side(self, value: Any, role: str) -> RightHandSide:
        refuse_unknown(value, role, "Subtract it on the left: .expression(left - right).le().rhs(0), and so on.")
        if callable(value):
            return UserFunction.of(value, role)
        wrong = flaw(value)
        if wrong is None:
            return float(value)
        return math.copysign(math.inf, value) if wrong == "is infinite" else real_number(value, role)


_CALLS = {
    LXSense.LE: "le()",
    LXSense.GE: "ge()",
    LXSense.EQ: "eq()",
    LXSense.BETWEEN: "between(...)",
}


def _is_same(one: RightHandSide, other: RightHandSide) -> bool:
    if isinstance(one, UserFunction) or isinstance(other, UserFunction):
        return isinstance(one, UserFunction) and isinstance(other, UserFunction) and one.call is other.call
    return one == other
