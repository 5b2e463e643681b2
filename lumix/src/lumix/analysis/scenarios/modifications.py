"""What a scenario changes: one class for each kind of change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, SupportsFloat

import numpy as np

from lumix_core import LXModel, LXModelError
from lumix_core.compiler.overrides import Numbers, RowOverride, refuse_no_change
from lumix_core.errors import LXError, LXFunctionError
from lumix_core.formulas import UserFunction
from lumix_core.problem import PART_NAMES, FloatArray, checked_number, element_name, elements_of, find_block, number_for
from lumix_core.solver import LXLiveSession

SHOWN = 3
"""How many numbers of a parameter are shown one by one."""


@dataclass(frozen=True, eq=False)
class RhsChange:
    """A change of right-hand sides.

    Args:
        operation: "set_value", "add" or "multiply".
    """

    kind: ClassVar = "right-hand side"
    name: str
    key: Any
    operation: str
    number: float

    def now(self, session: LXLiveSession) -> FloatArray:
        """Return the numbers that are to be changed."""
        return np.array(session.rhs(self.name, self.key))

    def apply(self, session: LXLiveSession) -> None:
        """Make the change."""
        now = self.now(session)
        changed = {"set_value": np.full_like(now, self.number), "add": now + self.number, "multiply": now * self.number}
        session.set_rhs(self.name, changed[self.operation], key=self.key)

    def position(self, session: LXLiveSession) -> str:
        """Name what is changed, as ``family[key]``."""
        return element_name(find_block(session.problem.constraints, self.name, "constraint"), self.key)

    @property
    def text(self) -> str:
        """How it is changed."""
        return {"set_value": "= {:g}", "add": "{:+g}", "multiply": "times {:g}"}[self.operation].format(self.number)

    def __str__(self) -> str:
        return f"modify_constraint_rhs({self.name!r})"


@dataclass(frozen=True, eq=False)
class Bounds:
    """A change of bounds."""

    kind: ClassVar = "bounds"
    name: str
    key: Any
    lower: float | None
    upper: float | None

    @classmethod
    def of(cls, name: str, key: Any, lower: SupportsFloat | None, upper: SupportsFloat | None, scenario: str) -> Bounds:
        """Return the change for bounds that a user gave.

        Raises:
            LXNumberError: one is no number, or infinite on the wrong side.
        """
        position = f"of {name!r} in scenario {scenario!r}"
        return cls(name, key, _bound("lower", lower, position), _bound("upper", upper, position))

    def now(self, session: LXLiveSession) -> FloatArray:
        """Return the numbers that are to be changed."""
        problem = session.problem
        elements = elements_of(find_block(problem.variables, self.name, "variable"), self.key)
        given = [("lower", self.lower), ("upper", self.upper)]
        return np.concatenate([getattr(problem, part)[elements] for part, number in given if number is not None])

    def apply(self, session: LXLiveSession) -> None:
        """Make the change."""
        session.set_bounds(self.name, self.lower, self.upper, key=self.key)

    def position(self, session: LXLiveSession) -> str:
        """Name what is changed, as ``family[key]``."""
        return element_name(find_block(session.problem.variables, self.name, "variable"), self.key)

    @property
    def text(self) -> str:
        """How it is changed."""
        given = [("lower", self.lower), ("upper", self.upper)]
        return ", ".join(f"{part} = {number:g}" for part, number in given if number is not None)

    def __str__(self) -> str:
        return f"modify_variable_bound({self.name!r})"


@dataclass(frozen=True, eq=False)
class Parameter:
    """A change of a parameter."""

    kind: ClassVar = "parameter"
    name: str
    numbers: UserFunction | dict[Any, SupportsFloat]

    @classmethod
    def of(cls, name: str, numbers: Numbers, scenario: str) -> Parameter:
        """Return the change for numbers that a user gave; a dict that is changed later changes nothing here.

        Raises:
            LXModelError: they are neither a dict nor a function, or none at all.
            LXNumberError: one is none.
        """
        refuse_no_change(f"modify_parameter({name!r}) of scenario {scenario!r}", name, numbers)
        position = f"of {name!r} in scenario {scenario!r}"
        if callable(numbers):
            return cls(name, UserFunction.of(numbers, f"the change {position}"))
        for key, number in numbers.items():
            checked_number(number, f"The number for {key!r} {position}")
        return cls(name, dict(numbers))

    def now(self, session: LXLiveSession) -> FloatArray:
        """Return nothing, if there is such a parameter."""
        session[self.name]
        return np.empty(0)

    def apply(self, session: LXLiveSession) -> None:
        """Make the change."""
        session.set_parameter(self.name, self.numbers.call if isinstance(self.numbers, UserFunction) else self.numbers)

    def check_captures(self) -> None:
        """Refuse a function whose loop variable has gone on."""
        if isinstance(self.numbers, UserFunction):
            self.numbers.check_captures()

    def position(self, session: LXLiveSession) -> str:
        """Name what is changed: the parameter."""
        return self.name

    @property
    def text(self) -> str:
        """How it is changed."""
        if isinstance(self.numbers, UserFunction):
            return "changed by a function"
        if len(self.numbers) > SHOWN:
            return f"changed for {len(self.numbers)} keys"
        return ", ".join(f"[{key!r}] = {number}" for key, number in self.numbers.items())

    def __str__(self) -> str:
        return f"modify_parameter({self.name!r})"


@dataclass(frozen=True, eq=False)
class Data:
    """A change of the rows themselves."""

    kind: ClassVar = "data"
    override: RowOverride
    functions: tuple[UserFunction, ...]

    @classmethod
    def of(cls, override: RowOverride, scenario: str) -> Data:
        """Return the change that a user gave."""
        given = {"the condition": override.where, "the new values": override.value}
        position = f"of modify_data({override.row_type.__name__}) in scenario {scenario!r}"
        functions = [
            UserFunction.of(function, f"{what} {position}") for what, function in given.items() if callable(function)
        ]
        return cls(override, tuple(functions))

    def check_captures(self) -> None:
        """Refuse functions whose loop variables have gone on."""
        for function in self.functions:
            function.check_captures()

    @property
    def name(self) -> str:
        """What is changed, as ``Row.attribute``."""
        return f"{self.override.row_type.__name__}.{self.override.attribute}"

    def now(self, session: LXLiveSession) -> FloatArray:
        """Return nothing, if there are such rows."""
        session.check_data(self.override.row_type, self.override.attribute)
        return np.empty(0)

    def apply(self, session: LXLiveSession) -> None:
        """Make the change."""
        override = self.override
        session.modify_data(override.row_type, override.where, override.attribute, override.value)

    def position(self, session: LXLiveSession) -> str:
        """Name what is changed, as ``Row.attribute``."""
        return self.name

    @property
    def text(self) -> str:
        """How it is changed."""
        value = self.override.value
        how = "changed by a function" if callable(value) else f"= {value!s:.60}"
        return how if self.override.where is None else f"{how} for some rows"

    def __str__(self) -> str:
        return f"modify_data({self.name})"


@dataclass(frozen=True, eq=False)
class Custom:
    """A change of a copy of the model by a function."""

    kind: ClassVar = "function"
    text: ClassVar = ""
    function: UserFunction

    @classmethod
    def of(cls, function: Callable[[LXModel], object], scenario: str) -> Custom:
        """Return the change by a function that a user gave."""
        return cls(UserFunction.of(function, f"the custom modification of scenario {scenario!r}"))

    def check_captures(self) -> None:
        """Refuse a function whose loop variable has gone on."""
        self.function.check_captures()

    def change(self, model: LXModel) -> None:
        """Make the change.

        Raises:
            LXModelError: the function failed, or made another model.
        """
        try:
            made = self.function.call(model)
        except LXError:
            raise
        except (Exception, SystemExit) as error:
            raise LXFunctionError(
                f"{self} failed: {type(error).__name__}: {error}. Correct the function that was given to "
                f"add_custom_modification()."
            ) from error
        if isinstance(made, LXModel) and made is not model:
            raise LXModelError(
                f"{self} returned another model than it was given, which would not be solved. Change the model that "
                f"it is given."
            )

    @property
    def name(self) -> str:
        """The name of the function."""
        return str(getattr(self.function.call, "__name__", self.function.call))

    def position(self, session: LXLiveSession) -> str:
        """Name what changes the model: the function."""
        return self.name

    def __str__(self) -> str:
        return f"The custom modification {self.name}"


Change = RhsChange | Bounds | Parameter | Data
Modification = Change | Custom


def _bound(part: str, value: SupportsFloat | None, position: str) -> float | None:
    return None if value is None else number_for(part, value, f"{PART_NAMES[part]} {position}")
