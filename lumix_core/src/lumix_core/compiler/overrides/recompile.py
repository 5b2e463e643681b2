"""A model as it was when its rows were read, compiled again with other data; no query is run for that."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from lumix_core.compiler.compile import compile_model
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.plan import plan
from lumix_core.compiler.reading import Reading
from lumix_core.formulas.lookup_table import LookupTable
from lumix_core.problem.edits import ModelFacts
from lumix_core.problem.problem import LXProblem, LXSense
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
    """

    parameters: Mapping[int, tuple[Any, LookupTable]] = field(default_factory=dict)
    tables: Mapping[Hashable, Table] = field(default_factory=dict)


@dataclass(eq=False)
class KeptReading(Reading):
    """The tables of an earlier compile: whatever was read is not read, and not loaded, again."""

    def table(self, source: Source) -> Table:
        """Return the rows of a source as they were read."""
        known = self.tables.get(source.identity)
        return super().table(source) if known is None else known

    def load(self) -> None:
        """Load nothing: the first compile has loaded it."""


class Recompiler:
    """A model as it is now, with the rows as they are now.

    What becomes of the model later changes nothing here. The model is read and compiled at once.

    Args:
        model: the model; it stays as it is.

    Raises:
        LXModelError: the model would be wrong.
    """

    def __init__(self, model: LXModel) -> None:
        self.model = snapshot(model)
        reading = Reading()
        self.problem, report = compile_model(self.model, reading)
        self.tables = reading.tables
        self.sources = {read.source.identity: read.source for read in reading.reads}
        self.parameters = {id(held): (held, table) for held, table in report.parameters.items()}

    def compile(self, data: Data) -> LXProblem:
        """Return the problem with other data.

        Raises:
            LXModelError: the model would be wrong with it.
        """
        given = {name: entry for name, entry in self.parameters.items() if entry[0].mapping is not None}
        reading = KeptReading({**self.tables, **data.tables})
        problem, _ = compile_model(self.model, reading, dict({**given, **data.parameters}.values()))
        return problem

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
        return ModelFacts(
            {constraint.name: LXSense(constraint.sense) for constraint in constraints if constraint.sense is not None},
            {constraint.name: constraint.lhs.constant for constraint in constraints if constraint.lhs is not None},
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
    twin.objective = _of_twins(model.objective, variables)
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
    twin = expression.copy()
    twin.terms = [replace(term, variable=variables.get(id(term.variable), term.variable)) for term in expression.terms]
    twin.constant = expression.constant
    return twin
