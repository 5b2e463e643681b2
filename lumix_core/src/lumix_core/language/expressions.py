"""Linear expressions over families of variables."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Self

from lumix_core.errors import LXModelError, LXNotLinearError, LXNumberError
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.mixins import Bracketed
from lumix_core.language.term_overloads import Number, TermMethods
from lumix_core.language.variables import LXVariable
from lumix_core.problem.numbers import is_real_type, real_number
from lumix_core.rows.copyable import Copyable


@dataclass(frozen=True, eq=False)
class Term:
    """A family of variables with its coefficients, as written.

    Args:
        variable: the family.
        coefficient: a number, or a function of one row a dimension and perhaps the constraint's row.
        condition: which elements (and constraint rows) the term is for; None for all.
        keys: the elements that the term is for, in place of a condition; None for all.
        own: written with ``add_term``, which may mean the constraint row's own variable.
        scale: what the whole term is multiplied by.
    """

    variable: LXVariable[Any, Any]
    coefficient: float | UserFunction
    condition: UserFunction | None
    keys: tuple[Hashable, ...] | None
    own: bool
    scale: float = 1.0


class LXLinearExpression(Copyable, TermMethods, Bracketed):
    """A sum of terms and a constant: ``LXLinearExpression().add_term(x, 2.0).add_constant(1)``.

    Functions get one row for each dimension of the variable; inside an indexed constraint they may take one more,
    the constraint's row. Functions must be pure: they may be called more often than once a row.
    """

    __array_ufunc__ = None  # a numpy number on the left leaves the arithmetic to this class

    def __init__(self) -> None:
        self.terms: list[Term] = []
        self.constant: float = 0.0

    def add_constant(self, value: Number) -> Self:
        """Add a number."""
        role = "the constant of an expression"
        self.constant = real_number(self.constant + real_number(value, role), role)
        return self

    def copy(self) -> LXLinearExpression:
        """Return an expression with the same terms, to which others can be added."""
        return self._scaled(1.0)

    def _add(self, var: Any, coeff: Any, where: Any, keys: Any, own: bool) -> Self:
        _check_variable(var)
        role = f"the coefficient of {var.name!r}"
        coefficient = UserFunction.of(coeff, role) if callable(coeff) else real_number(coeff, role)
        condition = None if where is None else UserFunction.of(where, f"the condition on {var.name!r}")
        self.terms.append(Term(var, coefficient, condition, _chosen_keys(var, where, keys), own))
        return self

    def _scaled(self, factor: float) -> LXLinearExpression:
        result = LXLinearExpression()
        role = "the multiple of an expression"
        result.terms = [replace(term, scale=real_number(term.scale * factor, role)) for term in self.terms]
        result.constant = real_number(self.constant * factor, role)
        return result

    def _plus(self, other: Any, sign: float) -> LXLinearExpression:
        result = self.copy()
        if isinstance(other, LXLinearExpression):
            scaled = other._scaled(sign)
            result.terms += scaled.terms
            result.add_constant(scaled.constant)
        elif is_real_type(type(other)):
            result.add_constant(sign * real_number(other, "the constant of an expression"))
        else:
            raise _not_linear("+" if sign > 0 else "-", other)
        return result

    def __add__(self, other: LXLinearExpression | Number) -> LXLinearExpression:
        return self._plus(other, 1.0)

    def __radd__(self, other: Number) -> LXLinearExpression:
        return self._plus(other, 1.0)

    def __sub__(self, other: LXLinearExpression | Number) -> LXLinearExpression:
        return self._plus(other, -1.0)

    def __rsub__(self, other: Number) -> LXLinearExpression:
        return self._scaled(-1.0)._plus(other, 1.0)

    def __mul__(self, factor: Number) -> LXLinearExpression:
        if not is_real_type(type(factor)):
            raise _not_linear("*", factor)
        return self._scaled(real_number(factor, "the factor of an expression"))

    __rmul__ = __mul__

    def __truediv__(self, divisor: Number) -> LXLinearExpression:
        if not is_real_type(type(divisor)):
            raise _not_linear("/", divisor)
        role = "the divisor of an expression"
        number = real_number(divisor, role)
        if number == 0.0:
            raise LXNumberError("The divisor of an expression is 0. Divide by another number.")
        return self._scaled(real_number(1.0 / number, f"1 over {role}"))

    def __neg__(self) -> LXLinearExpression:
        return self._scaled(-1.0)

    def __pos__(self) -> LXLinearExpression:
        return self.copy()

    def _compare(self, other: object) -> Any:
        raise _not_linear("a comparison", other)

    __lt__ = __le__ = __gt__ = __ge__ = _compare

    def __bool__(self) -> bool:
        raise _not_linear("the truth", None)

    def __repr__(self) -> str:
        names = [f"{term.scale:g} * {term.variable.name}" for term in self.terms]
        return f"<LXLinearExpression {' + '.join([*names, f'{self.constant:g}'])}>"


def _check_variable(var: object) -> None:
    if not isinstance(var, LXVariable):
        raise LXModelError(
            f"A term was added for {var!r}, which is not a variable. "
            f"Write expression.add_term(variable, coefficient), with the LXVariable itself."
        )


def _chosen_keys(var: LXVariable[Any, Any], where: Any, keys: Any) -> tuple[Hashable, ...] | None:
    if keys is None:
        return None
    if where is not None:
        raise LXModelError(
            f"The term of {var.name!r} has both where= and keys=: both choose its elements. Give one of them."
        )
    if isinstance(keys, str | bytes) or not isinstance(keys, Iterable):
        raise LXModelError(
            f"keys={keys!r} of the term of {var.name!r} is not a collection of keys. Write keys=[{keys!r}]."
        )
    return tuple(keys)


def _not_linear(operation: str, other: object) -> LXNotLinearError:
    if operation in ("a comparison", "the truth"):
        return LXNotLinearError(
            f"An LXLinearExpression has no truth value, so {operation} of it makes no constraint. "
            f"Write LXConstraint(name).expression(expr).le().rhs(value)."
        )
    if isinstance(other, LXVariable) and operation != "*":
        return LXNotLinearError(
            f"expression {operation} {other!r}: a variable is a family, and does not tell which of its elements to "
            f"add. Write expression.add_term(variable, coefficient) or .sum_over(variable)."
        )
    return LXNotLinearError(
        f"expression {operation} {other!r} ({type(other).__name__}) would not be linear, or not be a number. "
        f"An expression is added to expressions and numbers, and multiplied by numbers; "
        f"a variable joins one with LXLinearExpression().add_term(variable)."
    )
