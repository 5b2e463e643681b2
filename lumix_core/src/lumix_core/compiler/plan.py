"""The plan of a compile: every function is traced first, to know what has to be read of each source.

A source of which functions want columns only is read as columns; one function that has to be called row by row, or
wants the row itself, and its rows are read. Data that was given is looked at: only it has the class of its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.families import is_plain
from lumix_core.compiler.reading import Reading, Wanted
from lumix_core.compiler.rules.planning import RulePlanner
from lumix_core.compiler.tracer import Tracer
from lumix_core.formulas.captures import captured
from lumix_core.formulas.nodes import Attribute, Element, Failure, Lookup, nodes
from lumix_core.formulas.tracing import Trace
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.expressions import LXLinearExpression
from lumix_core.language.nonlinear_parts import IndicatorPart, SetPart
from lumix_core.language.term_overloads import Meaning
from lumix_core.rows.sources import QuerySource, Source
from lumix_core.rows.standins import RowClass
from lumix_core.rows.tables import Table

if TYPE_CHECKING:
    from lumix_core.language.constraints import LXConstraint
    from lumix_core.language.expressions import Term
    from lumix_core.language.families import IndexedFamily
    from lumix_core.language.indexed import Indexed
    from lumix_core.language.model import LXModel
    from lumix_core.language.nonlinear_parts import Part
    from lumix_core.language.variables import LXVariable


@dataclass(frozen=True, eq=False)
class PlannedFunction:
    """A function of a model, as planned.

    Args:
        function: the function.
        position: the constraint, or the like, whose expression it is in; empty for one of a family itself.
        arguments: how many rows it takes.
        trace: what tracing it found.
    """

    function: UserFunction
    position: str
    arguments: int
    trace: Trace

    def __str__(self) -> str:
        how = "over columns" if self.trace.formula is not None else f"row by row: {self.trace.reason}"
        return f"{self.function.role}{f' in {self.position}' if self.position else ''}: {how}"


@dataclass(frozen=True, eq=False)
class Plan:
    """What a compile is going to read and to evaluate.

    Args:
        functions: every function, with its formula.
        sources: every source, with the family that is made over it.
        wanted: what is wanted of each source, by its identity; of one that is not named, the rows.
    """

    functions: list[PlannedFunction] = field(default_factory=list)
    sources: list[tuple[Source, str]] = field(default_factory=list)
    wanted: dict[Hashable, Wanted] = field(default_factory=dict)

    def __str__(self) -> str:
        reads = [
            f"{owner} from {source}: {self.wanted.get(source.identity, Wanted())}" for source, owner in self.sources
        ]
        return "\n".join([*reads, *map(str, self.functions)])


def plan(model: LXModel, tracer: Tracer, reading: Reading) -> Plan:
    """Trace every function of a model, and find what has to be read of each source.

    Args:
        model: the model.
        tracer: keeps the formulas.
        reading: has the rows of data that was given, and takes note of what is wanted of each source.
    """
    planner = Planner(Plan(wanted=reading.wanted), tracer, reading.table)
    rules = RulePlanner(planner)
    for variable in model.variables:
        planner.variable(variable)
    for constraint in model.constraints:
        planner.constraint(constraint)
        if constraint.function is not None:
            rules.constraint(constraint)
        planner.expression(constraint.lhs, constraint)
    if isinstance(model.objective, UserFunction):
        rules.objective(model.objective)
    else:
        planner.expression(model.objective, None)
    return planner.plan


def plan_parameter(parameter: Any, evaluator: Evaluator) -> None:
    """Add what a parameter that no plan knew of wants of its source to what is going to be read."""
    added = Plan(wanted=evaluator.reading.wanted)
    Planner(added, evaluator.tracer, evaluator.reading.table).parameter(parameter)


class Planner:
    """Adds to a plan what parts of a model want of their sources."""

    def __init__(self, plan: Plan, tracer: Tracer, table_of: Callable[[Source], Table]) -> None:
        self.plan = plan
        self.tracer = tracer
        self._table_of = table_of
        self._parameters: set[Any] = set()
        self._wants: dict[Source, Wanted] = {}

    def variable(self, variable: LXVariable[Any, Any]) -> None:
        """Note what a family of variables wants."""
        self._family(variable, (variable.lower, variable.upper, *variable.costs))

    def constraint(self, constraint: LXConstraint[Any]) -> None:
        """Note what a family of constraints wants of the sources that it is made over."""
        base = constraint.base
        if base is None and constraint.is_scalar:
            return
        functions = (constraint.right_hand_side, *(constraint.range or ()), *constraint.goal_functions)
        if base is None:
            self._family(constraint, functions)
        elif base.join is None:
            for function in (*functions, *constraint.filters, *constraint.multi_filters):
                self.function(function, dimensions_of(base))

    def _family(self, family: IndexedFamily[Any], functions: Sequence[float | UserFunction | None]) -> None:
        dimensions = dimensions_of(family)
        for dimension in dimensions:
            self.indexed(dimension)
        if family.join is not None:
            self.want_rows(family, "indexed_by_join() calls its function with each row")
            self.wanted(family.source).functions.append(family.join.join.call)
            return
        for function in (*functions, *family.multi_filters, *(family.filters if family.dimensions else ())):
            self.function(function, dimensions)

    def indexed(self, indexed: Indexed[Any], of: Indexed[Any] | None = None) -> None:
        """Note what filters and keys want of a source; ``of`` has the source where it is another's."""
        source = (of or indexed).source
        if of is None and source is not None:
            self.plan.sources.append((source, indexed.owner))
        for condition in indexed.filters if of is None else ():
            self.function(condition, [indexed])
        if indexed.key is not None:
            self.function(indexed.key, [of or indexed])
        if isinstance(source, QuerySource) and (indexed.key is None or indexed.filters):  # messages name rows by it
            row_class = self._row_class(source)
            for name in row_class.primary_key if row_class is not None else ():
                self.wanted(source).paths[name,] = None

    def expression(self, expression: LXLinearExpression | None, constraint: LXConstraint[Any] | None) -> None:
        """Note what the terms of an expression want, and those of its parts."""
        if expression is None:
            return
        for term in expression.terms:
            self.term(term, constraint)
        for part in expression.parts:
            self._part(part, constraint)

    def _part(self, part: Part, constraint: LXConstraint[Any] | None) -> None:
        rows = part.rows(constraint)
        for argument in part.arguments:
            self.expression(argument, rows)
        position = "the objective" if constraint is None else constraint.owner
        for function in part.functions():
            self.function(function, [] if rows is None else dimensions_of(rows), position)
        if isinstance(part, SetPart):
            for member in part.members:
                self.term(member, rows)
                weights = part.weights if isinstance(part.weights, UserFunction) else None
                self.function(weights, dimensions_of(member.variable), position)
        elif isinstance(part, IndicatorPart) and part.binary is not None:
            self.expression(LXLinearExpression().add_term(part.binary), rows)

    def term(self, term: Term, constraint: LXConstraint[Any] | None) -> None:
        """Note what a term wants."""
        rows = [] if constraint is None else dimensions_of(constraint)
        if not rows and not isinstance(term.coefficient, UserFunction) and term.condition is None:
            return
        dimensions = dimensions_of(term.variable)
        joined = [family for family in (term.variable, constraint) if family is not None and _is_joined(family)]
        if joined:
            for dimension in (*dimensions, *rows):
                self.want_rows(dimension, f"{joined[0].name!r} is made by indexed_by_join()")
            return
        position = "the objective" if constraint is None else constraint.owner
        for function in (term.coefficient, term.condition):
            if isinstance(function, UserFunction):
                count = function.arity(len(dimensions), len(rows))
                self.function(function, [*dimensions, *rows][:count], position)
        self.function(term.at, rows, position)
        if term.meaning is not Meaning.SUM and term.at is None:
            for dimension in dimensions:
                for row in rows:
                    if _alike(dimension, row):
                        self.indexed(dimension, of=row)

    def function(self, function: float | UserFunction | None, rows: Sequence[Indexed[Any]], position: str = "") -> None:
        """Note what a function wants of the sources of its arguments; ``position`` is the expression that it is in."""
        if not isinstance(function, UserFunction):
            return
        sources = [one.source for one in rows]
        if any(source is None for source in sources):
            return
        traced = self.tracer.trace_for(function, [self._row_class(one) for one in sources if one is not None])
        self.add(function, position, len(rows), traced)
        if traced.formula is None:
            for one in rows:
                self.want_rows(one, f"{function.role} has to be called with it: {traced.reason}")
                self.wanted(one.source).functions.append(function.call)
            for _, (held, _) in captured(function.call):
                self.parameter(held)
            return
        for node in nodes(traced.formula):
            if isinstance(node, Attribute):
                source = sources[node.argument]
                if node.path:
                    self.wanted(source).paths[node.path] = None
                else:
                    self.want_rows(rows[node.argument], f"{function.role} uses the row itself")
            elif isinstance(node, Lookup | Element):
                self.parameter(node.table)
            elif isinstance(node, Failure):  # what else that branch reads, only a row can show
                for one in rows:
                    self.want_rows(one, f"{function.role} raises {type(node.error).__name__}: {node.error}")

    def add(self, function: UserFunction, position: str, arguments: int, traced: Trace) -> None:
        """Note a function and what tracing it found."""
        self.plan.functions.append(PlannedFunction(function, position, arguments, traced))

    def class_of(self, indexed: Indexed[Any]) -> RowClass | None:
        """Return what is known of the class of the rows of a dimension, before they are read."""
        return None if indexed.source is None else self._row_class(indexed.source)

    def has_plain_rows(self, indexed: Indexed[Any]) -> bool:
        """Return whether the rows of a dimension are plain values, such as texts and numbers."""
        if indexed.source is None or isinstance(indexed.source, QuerySource):
            return False
        row_type = self._table_of(indexed.source).row_type
        return row_type is None or is_plain(row_type)

    def dimensions_of(self, family: IndexedFamily[Any]) -> list[Indexed[Any]]:
        """Return what a family is made over."""
        return dimensions_of(family)

    def parameter(self, held: Any) -> None:
        """Note what a table that functions look up wants of its source, if it has one."""
        is_read = hasattr(type(held), "lookup_table") and held.source is not None
        if is_read and held not in self._parameters:
            self._parameters.add(held)
            self.indexed(held)
            self.function(held.value_of, [held])

    def want_rows(self, indexed: Indexed[Any], why: str) -> None:
        """Note that the rows themselves are wanted of a source."""
        wanted = self.wanted(indexed.source)
        wanted.whole = wanted.whole or why

    def wanted(self, source: Source | None) -> Wanted:
        """Return what is wanted of a source so far."""
        if source is None:
            return Wanted()
        known = self._wants.get(source)
        if known is None:
            known = self._wants[source] = self.plan.wanted.setdefault(source.identity, Wanted())
        return known

    def _row_class(self, source: Source) -> RowClass | None:
        """Return what is known of the rows of a source before they are read."""
        if isinstance(source, QuerySource):
            row_type = source.query.row_type
            return None if row_type is None else self.tracer.row_class(row_type)
        return self.tracer.mapped(self._table_of(source))


def dimensions_of(family: IndexedFamily[Any]) -> list[Indexed[Any]]:
    """Return what a family is made over: its dimensions, itself or its base, or nothing for a scalar."""
    base = getattr(family, "base", None)
    if base is not None:
        return dimensions_of(base)
    if family.dimensions:
        return list(family.dimensions)
    return [] if family.is_scalar else [family]


def _is_joined(family: IndexedFamily[Any]) -> bool:
    base = getattr(family, "base", None)
    return family.join is not None or (base is not None and _is_joined(base))


def _alike(one: Indexed[Any], other: Indexed[Any]) -> bool:
    """Whether two sources are queries for rows of one class, or of a class and its subclass."""
    mine, others = one.source, other.source
    if not isinstance(mine, QuerySource) or not isinstance(others, QuerySource):
        return False
    first, second = mine.query.row_type, others.query.row_type
    return first is not None and second is not None and (issubclass(first, second) or issubclass(second, first))
