"""What a scenario changes: one class for each kind of change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, SupportsFloat

import numpy as np

from lumix_core import LXModel, LXModelError
from lumix_core.editing import WORDS, block_named, members_of, named, number_for
from lumix_core.errors import LXError, LXFunctionError
from lumix_core.overriding import Numbers
from lumix_core.problem import FloatArray
from lumix_core.sessions import LXLiveSession

SHOWN = 3
"""How many numbers of a parameter are told one by one."""


@dataclass(frozen=True, eq=False)
class Side:
    """A change of right-hand sides.

    Args:
        way: "set_value", "add" or "multiply".
    """

    kind: ClassVar = "right-hand side"
    name: str
    key: Any
    way: str
    number: float

    def now(self, session: LXLiveSession) -> FloatArray:
        """Return the numbers that are to be changed."""
        return np.array(session.rhs(self.name, self.key))

    def apply(self, session: LXLiveSession) -> None:
        """Make the change."""
        now = self.now(session)
        changed = {"set_value": np.full_like(now, self.number), "add": now + self.number, "multiply": now * self.number}
        session.set_rhs(self.name, changed[self.way], key=self.key)

    def place(self, session: LXLiveSession) -> str:
        """Name what is changed, as ``family[key]``."""
        return named(block_named(session.problem.constraints, self.name, "constraint"), self.key)

    @property
    def text(self) -> str:
        """How it is changed."""
        return {"set_value": "= {:g}", "add": "{:+g}", "multiply": "times {:g}"}[self.way].format(self.number)

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
        place = f"of {name!r} in scenario {scenario!r}"
        return cls(name, key, _bound("lower", lower, place), _bound("upper", upper, place))

    def now(self, session: LXLiveSession) -> FloatArray:
        """Return the numbers that are to be changed."""
        problem = session.problem
        members = members_of(block_named(problem.variables, self.name, "variable"), self.key)
        given = [("lower", self.lower), ("upper", self.upper)]
        return np.concatenate([getattr(problem, part)[members] for part, number in given if number is not None])

    def apply(self, session: LXLiveSession) -> None:
        """Make the change."""
        session.set_bounds(self.name, self.lower, self.upper, key=self.key)

    def place(self, session: LXLiveSession) -> str:
        """Name what is changed, as ``family[key]``."""
        return named(block_named(session.problem.variables, self.name, "variable"), self.key)

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
    numbers: Numbers

    def now(self, session: LXLiveSession) -> FloatArray:
        """Return nothing, if there is such a parameter."""
        session[self.name]
        return np.empty(0)

    def apply(self, session: LXLiveSession) -> None:
        """Make the change."""
        try:
            session.set_parameter(self.name, self.numbers)
        except LXError:
            raise
        except (Exception, SystemExit) as error:
            raise LXFunctionError(
                f"The new numbers of {self.name!r} could not be found: {type(error).__name__}: {error}. Correct the "
                f"function that was given to modify_parameter()."
            ) from error

    def place(self, session: LXLiveSession) -> str:
        """Name what is changed: the parameter."""
        return self.name

    @property
    def text(self) -> str:
        """How it is changed."""
        if callable(self.numbers):
            return "changed by a function"
        if len(self.numbers) > SHOWN:
            return f"changed for {len(self.numbers)} keys"
        return ", ".join(f"[{key!r}] = {number}" for key, number in self.numbers.items())

    def __str__(self) -> str:
        return f"modify_parameter({self.name!r})"


@dataclass(frozen=True, eq=False)
class Custom:
    """A change of a copy of the model by a function."""

    function: Callable[[LXModel], object]

    def change(self, model: LXModel) -> None:
        """Make the change.

        Raises:
            LXModelError: the function failed, or made another model.
        """
        try:
            made = self.function(model)
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

    kind: ClassVar = "function"
    text: ClassVar = ""

    @property
    def name(self) -> str:
        """The name of the function."""
        return str(getattr(self.function, "__name__", self.function))

    def place(self, session: LXLiveSession) -> str:
        """Name what changes the model: the function."""
        return self.name

    def __str__(self) -> str:
        return f"The custom modification {self.name}"


Change = Side | Bounds | Parameter
Modification = Change | Custom


def _bound(part: str, value: SupportsFloat | None, place: str) -> float | None:
    return None if value is None else number_for(part, value, f"{WORDS[part]} {place}")
