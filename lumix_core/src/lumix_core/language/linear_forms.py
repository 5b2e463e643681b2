"""What rules compute with: sums of elements of variables and of their products and functions, and comparisons of sums.

They are data; nothing is evaluated.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any, NamedTuple, SupportsFloat, TypeAlias, TypeGuard

from lumix_core.errors import LXModelError, LXNotLinearError, LXNumberError
from lumix_core.formulas.bytecode import compared_as, is_chained, is_containment
from lumix_core.formulas.symbolic_rows import OutranksSymbols, Symbol
from lumix_core.language.elements import AnyElement, Element, ElementProduct, FunctionElement
from lumix_core.language.mixins import Unknown
from lumix_core.problem.numbers import is_real_type
from lumix_core.problem.problem import LXSense
from lumix_core.problem.structures import FunctionKind

Operand: TypeAlias = "LinearArithmetic | SupportsFloat"


class Monomial(NamedTuple):
    """A coefficient times an element, a product of two or a function; without any it is a number."""

    coefficient: Any
    element: AnyElement | None


class LinearArithmetic(OutranksSymbols):
    """What can be added up and compared in a rule: an element, a variable without an index, a sum of them."""

    __array_ufunc__ = None  # a numpy number on the left leaves the arithmetic to this class

    def linear_form(self) -> LXLinearForm:
        """Return it as a sum; raises LXNotLinearError for a family, of which no element was chosen."""
        raise NotImplementedError

    def __add__(self, other: Operand) -> LXLinearForm:
        return _sum(self, other, 1)

    def __radd__(self, other: SupportsFloat) -> LXLinearForm:
        return _sum(LXLinearForm(), other, 1).joined(self.linear_form()) if _is_known(other) else NotImplemented

    def __sub__(self, other: Operand) -> LXLinearForm:
        return _sum(self, other, -1)

    def __rsub__(self, other: SupportsFloat) -> LXLinearForm:
        if not _is_known(other):
            return NotImplemented
        return _sum(LXLinearForm(), other, 1).joined(self.linear_form().times(-1))

    def __mul__(self, factor: Operand) -> LXLinearForm:
        if is_linear(factor):
            return self.linear_form().multiplied(factor.linear_form())
        return self.linear_form().times(factor) if _is_known(factor) else NotImplemented

    def __rmul__(self, factor: SupportsFloat) -> LXLinearForm:
        return self.linear_form().times(factor) if _is_known(factor) else NotImplemented

    def __truediv__(self, divisor: SupportsFloat) -> LXLinearForm:
        if is_linear(divisor):
            raise LXNotLinearError("A quotient of variables is not linear. Multiply both sides by the divisor.")
        return self.linear_form().divided_by(divisor) if _is_known(divisor) else NotImplemented

    def __rtruediv__(self, other: object) -> LXLinearForm:
        raise LXNotLinearError("A number divided by a variable is not linear. Multiply both sides by the variable.")

    def __neg__(self) -> LXLinearForm:
        return self.linear_form().times(-1)

    def __pos__(self) -> LXLinearForm:
        return self.linear_form()

    def __le__(self, other: Operand) -> LXComparison:
        return _compared(self, other, LXSense.LE)

    def __ge__(self, other: Operand) -> LXComparison:
        return _compared(self, other, LXSense.GE)

    def __lt__(self, other: object) -> bool:
        raise LXNotLinearError("A constraint holds with equality too: write <= or >= in place of < and >.")

    __gt__ = __lt__

    def __abs__(self) -> LXLinearForm:
        run = RULE.get() or RuleRun()
        return run.function(FunctionKind.ABS, (self,))

    def __pow__(self, exponent: object) -> LXLinearForm:
        if type(exponent) is int and exponent in (1, 2):
            return self.linear_form() if exponent == 1 else self.linear_form().multiplied(self.linear_form())
        raise LXNotLinearError("Of powers of a variable, only the square is taken: write x ** 2, or add_piecewise().")


def is_linear(value: object) -> TypeGuard[LinearArithmetic]:
    """Whether a value is an element or a sum of them; a symbol would not tell its class to ``isinstance``."""
    return issubclass(type(value), LinearArithmetic)


class LXLinearForm(LinearArithmetic, Unknown):
    """A sum of elements of variables, each with a coefficient, and numbers: what ``made[p]`` and ``sum(...)`` give.

    In place of an element there may be the product of two, or ``abs``, ``min`` or ``max`` of sums. A form is made in
    rules, and by indexing a variable; it is never changed. Long sums are chains: ``total + term`` keeps the total as it
    is.
    """

    __slots__ = ("_before", "_last")
    _before: LXLinearForm | None
    _last: tuple[Monomial, ...]

    def __init__(self, monomials: tuple[Monomial, ...] = (), before: LXLinearForm | None = None) -> None:
        self._last = monomials
        self._before = before

    @classmethod
    def of_element(cls, element: AnyElement) -> LXLinearForm:
        """Return a single element."""
        return cls((Monomial(1, element),))

    def linear_form(self) -> LXLinearForm:
        """Return the sum itself."""
        return self

    @property
    def monomials(self) -> list[Monomial]:
        """The terms, in the order in which they were added."""
        parts: list[tuple[Monomial, ...]] = []
        form: LXLinearForm | None = self
        while form is not None:
            parts.append(form._last)
            form = form._before
        return [monomial for part in reversed(parts) for monomial in part]

    def joined(self, other: LXLinearForm) -> LXLinearForm:
        """Return the sum of both."""
        return LXLinearForm(tuple(other.monomials), self if self._last or self._before is not None else None)

    def times(self, factor: Any) -> LXLinearForm:
        """Return the sum times a number."""
        return LXLinearForm(tuple([Monomial(_product(one, factor), of) for one, of in self.monomials]))

    def multiplied(self, other: LXLinearForm) -> LXLinearForm:
        """Return the product with another sum, multiplied out.

        Raises:
            LXNotLinearError: a factor holds a product or a function, or the product has too many terms.
        """
        mine, others = self.monomials, other.monomials
        if len(mine) * len(others) > _TERMS:
            raise LXNotLinearError(
                f"A product of sums has {len(mine) * len(others):,} terms when it is multiplied out, and {_TERMS:,} "
                f"are the most. Make a variable equal to each sum, and multiply the variables."
            )
        return LXLinearForm(
            tuple([Monomial(_product(one, two), _element_product(of, by)) for one, of in mine for two, by in others])
        )

    def divided_by(self, divisor: Any) -> LXLinearForm:
        """Return the sum divided by a number.

        Raises:
            LXNumberError: the divisor is 0.
        """
        if not isinstance(divisor, Symbol) and float(divisor) == 0.0:
            raise LXNumberError("The divisor of an expression is 0. Divide by another number.")
        return LXLinearForm(tuple([Monomial(_float(one) / _float(divisor), of) for one, of in self.monomials]))

    def __eq__(self, other: Operand) -> LXComparison:  # type: ignore[override] # a constraint, not a truth
        return _compared(self, other, LXSense.EQ)

    def __ne__(self, other: object) -> bool:
        raise LXNotLinearError("!= makes no constraint: write ==, <= or >=.")

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise LXNotLinearError("An expression has no truth value before the model is solved: make conditions of rows.")

    def __repr__(self) -> str:
        shown = [_text(monomial) for monomial in self.monomials]
        more = [f"... ({len(shown) - _SHOWN} more terms)"] if len(shown) > _SHOWN else []
        return f"<LXLinearForm {' + '.join([*shown[:_SHOWN], *more]) or '0'}>".replace("+ -", "- ")

    def __reduce__(self) -> tuple[Any, ...]:
        return LXLinearForm, (tuple(self.monomials),)


_SHOWN = 8
_TERMS = 100_000


def _element_product(left: AnyElement | None, right: AnyElement | None) -> AnyElement | None:
    """Return the product of what two terms stand for."""
    if left is None or right is None:
        return right if left is None else left
    if isinstance(left, Element) and isinstance(right, Element):
        return ElementProduct(left, right)
    raise LXNotLinearError(
        "A factor of a product holds a product or a function itself. Make a variable equal to it, and multiply that."
    )


def _function(kind: FunctionKind, arguments: Iterable[Any]) -> LXLinearForm:
    """Return a function of sums and numbers; ``max(max(a, b), c)`` has three arguments."""
    forms: list[LXLinearForm] = []
    for argument in arguments:
        form = argument.linear_form() if is_linear(argument) else LXLinearForm((Monomial(argument, None),))
        forms += _arguments_of(form, kind)
    check_linear(kind, forms)
    return LXLinearForm.of_element(FunctionElement(kind, tuple(forms)))


def _arguments_of(form: LXLinearForm, kind: FunctionKind) -> list[LXLinearForm]:
    """Return the arguments that a sum adds to a function: its own where it is the same function."""
    monomials = form.monomials
    if len(monomials) == 1 and kind is not FunctionKind.ABS:
        coefficient, element = monomials[0]
        if isinstance(element, FunctionElement) and element.kind is kind and _is_one(coefficient):
            return list(element.arguments)
    return [form]


def _is_one(coefficient: Any) -> bool:
    return not isinstance(coefficient, Symbol) and float(coefficient) == 1.0


def check_linear(kind: FunctionKind, forms: Iterable[LXLinearForm]) -> None:
    """Refuse a function of what is not linear.

    Raises:
        LXNotLinearError: an argument holds a product or a function.
    """
    if any(isinstance(of, ElementProduct | FunctionElement) for form in forms for _, of in form.monomials):
        name = kind.name.lower()
        raise LXNotLinearError(
            f"An argument of {name}() holds a product or a function itself. Make a variable equal to it."
        )


def _text(monomial: Monomial) -> str:
    coefficient, element = monomial
    number = "f(...)" if isinstance(coefficient, Symbol) else f"{float(coefficient):g}"
    if element is None:
        return number
    text = _element_text(element)
    return text if number == "1" else f"{number} * {text}"


def _element_text(element: AnyElement) -> str:
    if isinstance(element, ElementProduct):
        return f"{_element_text(element.left)} * {_element_text(element.right)}"
    if isinstance(element, FunctionElement):
        return f"{element.kind.name.lower()}({', '.join(repr(form)[14:-1] for form in element.arguments)})"
    key = "..." if _holds_symbol(element.key) else repr(element.key)
    return element.variable.name if element.key == () else f"{element.variable.name}[{key}]"


def _holds_symbol(key: Any) -> bool:
    return any(isinstance(part, Symbol) for part in (key if type(key) is tuple else (key,)))


def _is_known(value: object) -> bool:
    """Whether a value is a number, perhaps a symbolic one; NULL is refused, with what it would have been.

    Raises:
        LXNumberError: it is NULL.
    """
    if value is None:
        raise LXNumberError("A number of the rule is NULL (None). Give a number, or leave such rows out with if.")
    return isinstance(value, Symbol) or is_real_type(type(value))


def _float(value: Any) -> Any:
    return value._lx_as_float() if isinstance(value, Symbol) else float(value)


def _product(one: Any, other: Any) -> Any:
    """Return the product of two numbers as floats; 1 and -1 leave the other as it is."""
    for factor, number in ((other, one), (one, other)):
        if type(factor) is int and factor in (1, -1):
            return number if factor == 1 else -number
    return _float(one) * _float(other)


def _sum(left: LinearArithmetic, right: Any, sign: int) -> LXLinearForm:
    if is_linear(right):
        other = right.linear_form()
        return left.linear_form().joined(other if sign > 0 else other.times(-1))
    if not _is_known(right):
        return NotImplemented  # type: ignore[no-any-return]
    if (type(right) is int or type(right) is float) and right == 0:
        return left.linear_form()
    return left.linear_form().joined(LXLinearForm((Monomial(right if sign > 0 else -right, None),)))


class LXComparison:
    """The result of a rule: ``left <= right``, ``left >= right``, ``left == right``, or ``between(...)``.

    Args:
        sense: how the parts are compared.
        parts: left and right as written; lower side, expression and upper side for two sides.
    """

    __slots__ = ("parts", "sense")

    def __init__(self, sense: LXSense, parts: tuple[Any, ...]) -> None:
        self.sense = sense
        self.parts = parts

    def __bool__(self) -> bool:
        frame = sys._getframe(1)
        if self.sense is LXSense.EQ and is_containment(frame):
            return False  # what is not the same object is another expression
        if self.sense not in _REVERSED or not is_chained(frame):
            raise LXModelError(
                "A comparison of expressions is a constraint, and has no truth before the model is solved. "
                "Return it; for two sides write between(lower, expression, upper). Conditions, min, max and sorted "
                "can compare numbers of rows only."
            )
        _FIRST.set(self)
        return True

    def __repr__(self) -> str:
        return f"<LXComparison {f' {self.sense} '.join(map(repr, self.parts))}>"


class _Skip(LXComparison):
    """Makes no constraint for a row."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(LXSense.EQ, ())

    def __reduce__(self) -> str:
        return "SKIP"

    def __repr__(self) -> str:
        return "SKIP"


SKIP: LXComparison = _Skip()
"""Returned by a rule to make no constraint for this row."""
_FIRST: ContextVar[LXComparison | None] = ContextVar("_FIRST", default=None)
"""The first half of a chained comparison, of which the second is to come."""
_REVERSED = {LXSense.LE: LXSense.GE, LXSense.GE: LXSense.LE}


def between(lower: SupportsFloat, expression: Operand, upper: SupportsFloat) -> LXComparison:
    """Return the constraint ``lower <= expression <= upper``.

    Args:
        lower, upper: numbers of the rule's rows; ``-math.inf`` and ``math.inf`` leave a side open.
        expression: a sum of elements.

    Raises:
        LXNotLinearError: a side holds a variable.
    """
    return _two_sided(lower, expression, upper)


def _two_sided(lower: Any, expression: Any, upper: Any) -> LXComparison:
    for side in (lower, upper):
        if is_linear(side) and any(of is not None for _, of in side.linear_form().monomials):
            raise LXNotLinearError("A side of a constraint with two sides holds a variable: write two constraints.")
    return LXComparison(LXSense.BETWEEN, (lower, expression, upper))


def _compared(this: LinearArithmetic, other: Any, sense: LXSense) -> LXComparison:
    """Return a comparison with its parts as they are written: Python exchanges them where a number is on the left."""
    if not is_linear(other) and not _is_known(other):
        return NotImplemented  # type: ignore[no-any-return]
    this.linear_form()
    written = compared_as(sys._getframe(2))
    left, right = this, other
    if sense in _REVERSED and written == str(_REVERSED[sense]):
        left, right, sense = other, this, _REVERSED[sense]
    first = _FIRST.get()
    if first is None:
        return LXComparison(sense, (left, right))
    _FIRST.set(None)
    if first.sense is not sense or first.parts[1] is not left or not is_linear(left):
        raise _lost(first)
    sides = first.parts[0], left, right
    return _two_sided(*(sides if sense is LXSense.LE else reversed(sides)))


def _lost(first: LXComparison) -> LXModelError:
    return LXModelError(
        f"{first!r} is joined with another condition: a rule is one comparison, and the first would be lost. Write "
        f"between(lower, expression, upper) for two sides of one expression, or a rule for each."
    )


def called(function: Callable[..., Any], *rows: Any) -> Any:
    """Call a rule and return its result.

    Raises:
        LXModelError: it began a chained comparison, and lost it.
    """
    token = _FIRST.set(None)
    try:
        result = function(*rows)
        first = _FIRST.get()
    finally:
        _FIRST.reset(token)
    if first is not None:
        raise _lost(first)
    return result


class RuleRun:
    """What rules are called with: how they go through families and parameters."""

    def rows(self, family: Any) -> Iterator[Any]:
        """Return the rows of a variable (tuples for several dimensions), or the keys of a parameter."""
        raise NotImplementedError

    def count(self, family: Any) -> int:
        """Return how many elements a variable has, or how many keys a parameter."""
        raise NotImplementedError

    def has(self, variable: Any, key: Any) -> bool:
        """Return whether a variable has an element of this key or row."""
        raise NotImplementedError

    def element_or(self, variable: Any, key: Hashable, missing: Any) -> Any:
        """Return the element of a key or row, or what is given in its place."""
        raise NotImplementedError

    def function(self, kind: FunctionKind, arguments: Iterable[Any]) -> LXLinearForm:
        """Return a function of sums and numbers."""
        return _function(kind, arguments)


RULE: ContextVar[RuleRun | None] = ContextVar("RULE", default=None)
"""The rule that is running; None outside of rules."""
