"""A model as it was when its rows were read, compiled again with other data; no query is run for that."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Mapping, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from lumix_core.compiler.compile import compile_model
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.goals import with_goal_objective
from lumix_core.compiler.nonlinear.indicators import with_indicators
from lumix_core.compiler.overrides.definition import parts_of, same_parts
from lumix_core.compiler.overrides.moment import ADVICE, Moment, read_again
from lumix_core.compiler.plan import plan
from lumix_core.compiler.reading import Reading
from lumix_core.errors import LXError, LXModelError
from lumix_core.formulas.lookup_table import LookupTable
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.nonlinear_parts import with_variables
from lumix_core.problem.edits import ModelFacts
from lumix_core.problem.problem import LXProblem, LXSense, same_families
from lumix_core.rows.sources import Source
from lumix_core.rows.tables import Table

if TYPE_CHECKING:
    from lumix_core.language.expressions import LXLinearExpression
    from lumix_core.language.model import LXModel

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Data:
    """What is to be other than it was read.

    Args:
        parameters: what a parameter holds instead, by its ``id``; the parameter itself comes with it.
        tables: the rows of a source instead, by the identity of the source.
        steps: the changes that led here, in order; see `DataChanges`.
        read: what other parameters hold with these rows, as far as anybody has asked.
    """

    parameters: Mapping[int, tuple[Any, LookupTable]] = field(default_factory=dict)
    tables: Mapping[Hashable, Table] = field(default_factory=dict)
    steps: tuple[Any, ...] = ()
    read: dict[int, LookupTable] = field(default_factory=dict)


@dataclass(eq=False)
class KeptReading(Reading):
    """The tables of an earlier compile: whatever was read is not read, and not loaded, again."""

    def table(self, source: Source) -> Table:
        """Return the rows of a source as they were read."""
        known = self.tables.get(self._identity(source))
        return super().table(source) if known is None else known

    def load(self) -> None:
        """Load nothing: the first compile has loaded it."""


class Recompiler:
    """A model as it is now, with the rows as they are now.

    What becomes of the model later changes nothing here. The model is read and compiled at once.

    Args:
        model: the model; it stays as it is.
        reading: what reads its rows; a new one, unless it is to read in another way.

    Raises:
        LXModelError: the model would be wrong.
    """

    def __init__(self, model: LXModel, reading: Reading | None = None) -> None:
        self.model = with_indicators(with_goal_objective(snapshot(model)))
        reading = reading or Reading()
        self.problem, report = compile_model(self.model, reading)
        self.tables, self._senses = reading.tables, report.senses
        self.sources = {read.source.identity: read.source for read in reading.reads}
        self.parameters = {id(held): (held, table) for held, table in report.parameters.items()}
        over_columns = {function: kept.mode != "row by row" for function, kept in report.statistics.items()}
        self._moment = Moment(self.tables, self.sources, over_columns)
        self._definitions = {id(held): parts_of(held) for held, _ in self.parameters.values() if held.mapping is None}

    def compile(self, data: Data) -> LXProblem:
        """Return the problem with other data.

        Raises:
            LXModelError: the model would be wrong with it.
        """
        reading = KeptReading({**self.tables, **data.tables})
        problem, _ = compile_model(self.model, reading, {**self._given(), **dict(data.parameters.values())})
        return problem

    def parameter_table(self, parameter: Any, data: Data) -> LookupTable:
        """Return what a parameter holds with other data, its own rows among them."""
        if not data.tables:
            return self.parameters[id(parameter)][1]
        with Evaluator(KeptReading({**self.tables, **data.tables})) as evaluator:
            evaluator.tables.parameters.update({**self._given(), **dict(data.parameters.values())})
            return evaluator.tables.parameter(parameter)

    def check_moment(self) -> None:
        """Refuse rows, parameters and captured values that have changed since the model was read.

        Where looking at them does not settle it, such as for rows that functions reach through other rows, the model is
        compiled as it is now, and has to have the same numbers.

        Raises:
            LXModelError: they have changed.
        """
        self._moment.check()
        for held, _ in self.parameters.values():
            known = self._definitions.get(id(held))
            if known is not None and not same_parts(known, parts_of(held)):
                raise LXModelError(f"The parameter {held.name!r} was changed since the model was read. {ADVICE}")
        if not self._moment.is_complete:
            self._check_numbers()

    def _check_numbers(self) -> None:
        try:
            problem, _ = compile_model(self.model, KeptReading(read_again(self.tables, self.sources)), self._given())
        except LXError as error:
            raise LXModelError(
                f"The rows of model {self.model.name!r}, or what its functions use, have changed since the model was "
                f"read: {error} {ADVICE}"
            ) from error
        families = (problem.variables, self.problem.variables), (problem.constraints, self.problem.constraints)
        if not self.problem.has_numbers_of(problem) or not all(same_families(*pair) for pair in families):
            raise LXModelError(
                f"The rows of model {self.model.name!r}, or what its functions use, have changed since the model was "
                f"read: its numbers are others now. {ADVICE}"
            )

    def _given(self) -> dict[Any, LookupTable]:
        """Return what parameters hold that were given as a dict."""
        return dict(entry for entry in self.parameters.values() if entry[0].mapping is not None)

    def check_keys(self, title: str, changed: Set[Hashable]) -> None:
        """Refuse other rows in families of which the rows themselves are the keys.

        Raises:
            LXModelError: a changed row would be another key, by which nobody could read its number.
        """
        dimensions = [dimension for variable in self.model.variables for dimension in variable.dimensions]
        parameters = [held for held, _ in self.parameters.values()]
        for part in [*self.model.variables, *dimensions, *self.model.constraints, *parameters]:
            source = part.source
            if source is None or source.identity not in changed or part.key is not None:
                continue
            if self.tables[source.identity].primary_key is None:
                raise LXModelError(
                    f"{title}: the rows themselves are the keys of {part.name!r}, and a changed row is another key, by "
                    f"which nothing of yours finds its number. Give {part.name!r} a key that stays: "
                    f".indexed_by(lambda row: ...)."
                )

    def functions(self) -> list[Any]:
        """Return the user's functions in the model."""
        with Evaluator(KeptReading(dict(self.tables))) as evaluator:
            functions = plan(self.model, evaluator.tracer, evaluator.reading).functions
        families = (*self.model.variables, *self.model.constraints)
        joins = [family.join.join.call for family in families if family.join is not None]
        return [*(planned.function.call for planned in functions), *joins]

    def facts(self) -> ModelFacts:
        """Return the facts of the model that the problem does not hold."""
        constraints = self.model.constraints
        declared = {one.name: LXSense(one.sense) for one in constraints if one.sense is not None}
        return ModelFacts(
            {**declared, **self._senses},
            {variable.name for variable in self.model.variables if variable.domain == "binary"},
        )


def snapshot(model: LXModel) -> LXModel:
    """Return a model with the same functions and sources, which later changes of the user's do not reach."""
    twin = copy.copy(model)
    variables = {id(variable): _twin(variable) for variable in model.variables}
    for variable in variables.values():
        variable.dimensions = tuple(map(_twin, variable.dimensions))
    twin.variables = [variables[id(variable)] for variable in model.variables]
    twin.constraints = list(map(_twin, model.constraints))
    for constraint in twin.constraints:
        constraint.dimensions = tuple(map(_twin, constraint.dimensions))
        constraint.base = variables.get(id(constraint.base), constraint.base)
        constraint.lhs = _of_twins(constraint.lhs, variables)
    if not isinstance(model.objective, UserFunction):
        twin.objective = _of_twins(model.objective, variables)
    twin.replaced = variables
    return twin


def _twin(part: T) -> T:
    """Return a part of a model with lists of its own."""
    twin = copy.copy(part)
    for name, value in vars(twin).items():
        if type(value) is list:
            setattr(twin, name, list(value))
    return twin


def _of_twins(expression: LXLinearExpression | None, variables: Mapping[int, Any]) -> LXLinearExpression | None:
    if expression is None:
        return None
    return with_variables(expression, variables)
