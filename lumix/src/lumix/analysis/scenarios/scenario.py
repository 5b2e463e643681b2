"""Scenarios: named sets of changes of a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, SupportsFloat, TypeVar

from lumix.analysis.scenarios.modifications import Bounds, Custom, Data, Modification, Parameter, RhsChange
from lumix_core import LXConstraint, LXModel, LXModelError, LXParameter, LXVariable
from lumix_core.compiler.overrides import Numbers, row_override
from lumix_core.language import Bracketed
from lumix_core.problem import checked_number, refuse_crossed
from lumix_core.rows import Copyable

Row = TypeVar("Row")


class LXScenario(Copyable, Bracketed):
    """A named set of changes, made in the order in which they are written.

    ``key=`` names one row of a family; without it a whole family is changed. A scenario knows no model: names and keys
    are looked up when it is added to an `LXScenarioAnalyzer`. It can be copied and pickled, with its functions.

    Args:
        name: distinguishes it from other scenarios.
    """

    def __init__(self, name: str) -> None:
        if not str(name).strip() or str(name) != name:
            raise LXModelError(f"LXScenario() got {name!r:.80} as its name. Give it a text that is not empty.")
        self.name = name
        self.description = ""
        self.modifications: list[Modification] = []

    def describe(self, text: str) -> Self:
        """Describe the scenario in words.

        Raises:
            LXModelError: it is no text.
        """
        if not isinstance(text, str):
            raise LXModelError(f"describe() of scenario {self.name!r} got {text!r:.80}. Give it a text.")
        self.description = text
        return self

    def modify_constraint_rhs(
        self,
        name: LXConstraint[Any] | str,
        set_value: SupportsFloat | None = None,
        add: SupportsFloat | None = None,
        multiply: SupportsFloat | None = None,
        key: Any = None,
    ) -> Self:
        """Change a right-hand side: to a value, by an amount, or by a factor.

        Args:
            name: of the constraint; the constraint itself stands for its name.
            set_value: the new right-hand side.
            add: what is added to the one that is there.
            multiply: what the one that is there is multiplied by.
            key: of one row; without it, all are changed.

        Raises:
            LXModelError: not exactly one of the three is given.
            LXNumberError: it is no finite number.
        """
        name = self._name(name, LXConstraint)
        given = {"set_value": set_value, "add": add, "multiply": multiply}
        chosen = [(operation, number) for operation, number in given.items() if number is not None]
        if len(chosen) != 1:
            raise LXModelError(
                f"modify_constraint_rhs({name!r}) of scenario {self.name!r} was given {len(chosen)} of set_value=, "
                f"add= and multiply=. Give exactly one of them."
            )
        ((operation, number),) = chosen
        return self._with(
            RhsChange(
                name, key, operation, checked_number(number, f"{operation}= for {name!r} in scenario {self.name!r}")
            )
        )

    def modify_variable_bound(
        self,
        name: LXVariable[Any, Any] | str,
        lower: SupportsFloat | None = None,
        upper: SupportsFloat | None = None,
        key: Any = None,
    ) -> Self:
        """Give variables other bounds; one that is not given stays, and an infinite one is none.

        Args:
            name: of the variable; the variable itself stands for its name.
            lower: the new lower bound.
            upper: the new upper bound.
            key: of one index element; without it, all are changed.

        Raises:
            LXModelError: no bound is given, or they cross.
            LXNumberError: a bound is no number.
        """
        name = self._name(name, LXVariable)
        if lower is None and upper is None:
            raise LXModelError(
                f"modify_variable_bound({name!r}) of scenario {self.name!r} was given no bound, so it would change "
                f"nothing. Give lower=, upper= or both."
            )
        refuse_crossed(f"modify_variable_bound({name!r}) of scenario {self.name!r}", lower, upper)
        return self._with(Bounds.of(name, key, lower, upper, self.name))

    def modify_parameter(self, parameter: LXParameter[Any] | str, numbers: Numbers) -> Self:
        """Let a parameter hold other numbers: a dict ``{key: number}``, or a function of each number that is there.

        Args:
            parameter: its name; the parameter itself stands for its name.
            numbers: the new numbers.

        Raises:
            LXModelError: they are neither a dict nor a function, or an empty dict.
            LXNumberError: a number of the dict is none.
        """
        return self._with(Parameter.of(self._name(parameter, LXParameter), numbers, self.name))

    def check_captures(self) -> None:
        """Refuse functions that capture a variable of a loop which has gone on since they were made.

        Raises:
            LXLateBindingError: one does, so that it would do what that of the last turn of the loop does.
        """
        for modification in self.modifications:
            if isinstance(modification, Custom | Parameter | Data):
                modification.check_captures()

    def modify_data(
        self, row_type: type[Row], where: Callable[[Row], object] | None, attribute: str, value: Any
    ) -> Self:
        """Let rows have another value in one attribute; your own rows stay as they are.

        Args:
            row_type: the class of the rows.
            where: a condition on a row; true for rows to be changed; None for all rows.
            attribute: the attribute, which functions of the model read.
            value: the new value, or a function of the row.

        Raises:
            LXSourceError: the class is no class.
            LXModelError: the condition is no function.
        """
        override = row_override(row_type, where, attribute, value, f" of scenario {self.name!r}")
        return self._with(Data.of(override, self.name))

    @property
    def is_custom(self) -> bool:
        """Whether a function changes a copy of the model."""
        return any(isinstance(modification, Custom) for modification in self.modifications)

    def add_custom_modification(self, modification: Callable[[LXModel], object]) -> Self:
        """Let a function change a copy of the model, as it likes; that copy is then solved by itself.

        Args:
            modification: is given the copy, and changes it. Variables and constraints of the model that it captures
                are those of the copy as well; what it takes from global names is not: ``model.get_variable(name)`` is.
        """
        if not callable(modification):
            raise LXModelError(
                f"add_custom_modification() of scenario {self.name!r} got {modification!r:.80}. "
                f"Give it a function of the model, such as lambda model: model.remove_constraint('stock')."
            )
        before = next(
            (modification for modification in self.modifications if isinstance(modification, Parameter | Data)), None
        )
        if before is not None:
            held = "the parameter holds" if isinstance(before, Parameter) else "the rows are"
            raise LXModelError(
                f"Scenario {self.name!r} has {before} before a custom modification, which may change what {held}. "
                f"Call add_custom_modification() first."
            )
        return self._with(Custom.of(modification, self.name))

    def __repr__(self) -> str:
        return f"<LXScenario {self.name!r}: {len(self.modifications)} modifications>"

    def _name(self, given: Any, kind: type[Any]) -> str:
        if isinstance(given, str):
            return given
        if isinstance(given, kind):
            return str(given.name)
        raise LXModelError(
            f"Scenario {self.name!r} was to change {given!r:.80}, which is neither the name of a {kind.__name__} nor "
            f"one itself. Give its name."
        )

    def _with(self, modification: Modification) -> Self:
        self.modifications.append(modification)
        return self
