"""Linear expressions over families of variables."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Self

from lumix_core.errors import LXModelError, LXNotLinearError, LXNumberError
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.indexed import side_text
from lumix_core.language.mixins import Bracketed, Declared, Unknown, refuse_unknown
from lumix_core.language.term_overloads import Meaning, TermMethods
from lumix_core.language.term_types import Number
from lumix_core.language.variables import LXVariable
from lumix_core.problem.numbers import is_real_type, real_number, sum_of
from lumix_core.problem.text import counted, html_lines, html_table
from lumix_core.rows.copyable import Copyable


@dataclass(frozen=True, eq=False)
class Term:
    """A family of variables with its coefficients, as written.

    Args:
        variable: the family.
        coefficient: a number, or a function of one row a dimension and perhaps the constraint's rows.
        condition: which elements (and constraint rows) the term is for; None for all.
        keys: the elements that the term is for, in place of a condition; None for all.
        meaning: which elements it stands for in a row of an indexed constraint.
        at: the key of the one element that it stands for, a function of the constraint's rows; None without.
        skips: whether a row without that element is left out, and no error.
        scale: what the whole term is multiplied by.
    """

    variable: LXVariable[Any, Any]
    coefficient: float | UserFunction
    condition: UserFunction | None
    keys: tuple[Hashable, ...] | None
    meaning: Meaning
    at: UserFunction | None = None
    skips: bool = False
    scale: float = 1.0

    def __str__(self) -> str:
        symbol = f"{self.variable.name}[...]" if not self.variable.is_scalar else self.variable.name
        if isinstance(self.coefficient, UserFunction):
            factor = f"{self.scale:g} * f" if self.scale != 1.0 else "f"
            return f"{factor} * {symbol}"
        return f"{self.scale * self.coefficient:g} * {symbol}"

    @property
    def described(self) -> tuple[str, str, str, str]:
        """The coefficient, the variable, which elements the term stands for, and its condition, in words."""
        if isinstance(self.coefficient, UserFunction):
            factor = "" if self.scale == 1.0 else f"{self.scale:g} times "
            coefficient = f"{factor}{side_text(self.coefficient)}"
        else:
            coefficient = f"{self.scale * self.coefficient:g}"
        elements = _ELEMENTS[self.meaning] if self.at is None else f"at the key of {side_text(self.at)}"
        skipped = ", left out where there is none" if self.skips else ""
        keys = "" if self.keys is None else f"one of {len(self.keys):,} keys"
        where = keys if self.condition is None else side_text(self.condition)
        return coefficient, self.variable.name, "" if self.variable.is_scalar else f"{elements}{skipped}", where


_ELEMENTS = {
    Meaning.ROW: "own element, or the sum where a function takes the constraint's row",
    Meaning.SUM: "sum of all",
    Meaning.MATCHING: "sum of those that match the constraint's row",
}


class LXLinearExpression(Declared, Copyable, TermMethods, Bracketed, Unknown):
    """A sum of terms and a constant: ``LXLinearExpression().add_term(x, 2.0).add_constant(1)``.

    Functions get one row for each dimension of the variable; inside an indexed constraint they may take, after these,
    one more for each dimension of the constraint. Functions must be pure: they may be called more often than once a
    row. A constraint, or an objective, takes an expression as it is at that time.
    """

    terms: list[Term]
    constant: float
    parts: list[Any]

    __array_ufunc__ = None  # a numpy number on the left leaves the arithmetic to this class

    def __init__(self) -> None:
        self.__dict__.update(terms=[], constant=0.0, parts=[])

    def add_constant(self, value: Number) -> Self:
        """Add a number."""
        role = "the constant of an expression"
        refuse_unknown(value, role, "Write add_term(variable), or add the expressions with +.")
        self.__dict__["constant"] = real_number(sum_of(self.constant, real_number(value, role)), role)
        return self

    def copy(self) -> LXLinearExpression:
        """Return an expression with the same terms, to which others can be added."""
        twin = self._new()
        twin.__dict__.update(terms=list(self.terms), constant=self.constant, parts=list(self.parts))
        return twin

    def _new(self) -> LXLinearExpression:
        """Return an expression of this kind without terms."""
        return LXLinearExpression()

    def variables(self) -> list[LXVariable[Any, Any]]:
        """Return the variables of all terms, each once."""
        found = [term.variable for term in self.terms]
        found += [variable for part in self.parts for variable in part.variables()]
        return list({id(variable): variable for variable in found}.values())

    @property
    def whole_constant(self) -> float:
        """The constant, with those that products of constants add to it."""
        return float(self.constant + sum(part.constant for part in self.parts))

    def _add(
        self, var: Any, coeff: Any, where: Any, keys: Any, meaning: Meaning, *, at: Any = None, missing: Any = "error"
    ) -> Self:
        _check_variable(var)
        role = f"the coefficient of {var.name!r}"
        refuse_unknown(coeff, role, "A product of variables is not linear.")
        coefficient = UserFunction.of(coeff, role) if callable(coeff) else real_number(coeff, role)
        condition = None if where is None else UserFunction.of(where, f"the condition on {var.name!r}")
        key = None if at is None else UserFunction.of(at, f"the key at= of {var.name!r}")
        skips = _skips(var, missing)
        self.terms.append(Term(var, coefficient, condition, _chosen_keys(var, where, keys), meaning, key, skips))
        return self

    def _scaled(self, factor: float) -> LXLinearExpression:
        result = self._new()
        role = "the multiple of an expression"
        result.terms = [replace(term, scale=real_number(term.scale * factor, role)) for term in self.terms]
        result.constant = real_number(self.constant * factor, role)
        result.parts = [part.scaled(factor) for part in self.parts]
        return result

    def _plus(self, other: Any, sign: float) -> LXLinearExpression:
        result = self.copy()
        if isinstance(other, LXLinearExpression):
            if other.parts and not self.parts:
                result = other._new()
                result.__dict__.update(terms=list(self.terms), constant=self.constant)
            scaled = other._scaled(sign)
            result.terms += scaled.terms
            result.parts += scaled.parts
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
        terms = [*self.terms, *self.parts]
        shown = [str(term) for term in terms[:SHOWN]]
        if len(terms) > SHOWN:
            shown.append(f"... ({len(terms) - SHOWN} more terms)")
        if self.constant or not terms:
            shown.append(f"{self.constant:g}")
        return f"<{type(self).__name__} {' + '.join(shown).replace('+ -', '- ')}>"

    def _repr_html_(self) -> str:
        """Return the terms as a table, for notebooks; reads no rows."""
        lines = [term.described for term in self.terms[:SHOWN_LINES]]
        table = html_table(("coefficient", "variable", "elements", "where"), lines, len(self.terms)) if lines else ""
        constant = f", constant {self.constant:g}" if self.constant else ""
        return html_lines(f"{type(self).__name__}: {counted(len(self.terms), 'term')}{constant}") + table


SHOWN_LINES = 40
"""How many terms a notebook shows."""
SHOWN = 8
"""How many terms of an expression are shown."""


def _check_variable(var: object) -> None:
    if not isinstance(var, LXVariable):
        raise LXModelError(
            f"A term was added for {var!r}, which is not a variable. "
            f"Write expression.add_term(variable, coefficient), with the LXVariable itself."
        )


def _skips(var: LXVariable[Any, Any], missing: object) -> bool:
    if missing not in ("error", "skip"):
        raise LXModelError(
            f"missing={missing!r} of the term of {var.name!r} is not valid; expected 'error' or 'skip' (leave the term "
            f"out of rows for which the family has no element)."
        )
    return missing == "skip"


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
