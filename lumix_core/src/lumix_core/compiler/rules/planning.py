"""Rules in the plan of a compile: traced first, so that only what they need is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from lumix_core.compiler.rules.formula_functions import FormulaFunction
from lumix_core.compiler.rules.outcomes import SKIPPED
from lumix_core.compiler.rules.parts import ElementPart, FunctionPart, Keys, PartWriter, RulePart, elements_of
from lumix_core.compiler.rules.runs import Scope
from lumix_core.compiler.rules.totals import TotalContents
from lumix_core.compiler.rules.tracing import TracedRule, trace_rule
from lumix_core.copying.protocol import ATOMIC
from lumix_core.errors import LXFunctionError, sentence
from lumix_core.formulas.captures import brought, unwrapped
from lumix_core.formulas.nodes import Attribute, Constant, Element, Lookup, Node, Tuple, nodes
from lumix_core.formulas.recorder import Untraceable
from lumix_core.formulas.tracing import Trace
from lumix_core.formulas.user_function import UserFunction, positional_arguments
from lumix_core.language.indexed import LXIndexDimension
from lumix_core.language.parameters import LXParameter
from lumix_core.language.variables import LXVariable

if TYPE_CHECKING:
    from lumix_core.compiler.reading import Wanted
    from lumix_core.compiler.tracer import Tracer
    from lumix_core.language.constraints import LXConstraint
    from lumix_core.language.indexed import Indexed
    from lumix_core.rows.standins import RowClass


class PlanOfSources(Protocol):
    """What the rest of a plan knows of sources, and is told."""

    tracer: Tracer

    def class_of(self, indexed: Indexed[Any]) -> RowClass | None:
        """Return what is known of the class of the rows of a dimension."""

    def dimensions_of(self, family: Any) -> list[Indexed[Any]]:
        """Return what a family is made over."""

    def has_plain_rows(self, indexed: Indexed[Any]) -> bool:
        """Return whether the rows of a dimension are plain values."""

    def wanted(self, source: Any) -> Wanted:
        """Return what is wanted of a source so far."""

    def want_rows(self, indexed: Indexed[Any], why: str) -> None:
        """Note that the rows themselves are wanted."""

    def indexed(self, indexed: Indexed[Any], of: Indexed[Any] | None = None) -> None:
        """Note what filters and keys want."""

    def parameter(self, held: Any) -> None:
        """Note what a parameter wants."""

    def add(self, function: UserFunction, position: str, arguments: int, traced: Trace) -> None:
        """Note a function."""


@dataclass(eq=False)
class PlannedRule:
    """A rule, as planned.

    Args:
        rule: the function.
        title: how messages call it: "the rule 'hours'", "the objective".
        traced: what it gives; None where it has to be called with real rows.
        parts: its terms as functions.
        senses: the condition for each sense of its result.
        totals: its sums of numbers.
        functions: its functions of sums.
        reason: why it has to be called with real rows.
    """

    rule: UserFunction
    title: str
    traced: TracedRule | None = None
    parts: list[RulePart] = field(default_factory=list)
    senses: dict[str, FormulaFunction | None] = field(default_factory=dict)
    totals: list[TotalContents] = field(default_factory=list)
    functions: list[FunctionPart] = field(default_factory=list)
    reason: str = ""

    def fall_back_to_rows(self, why: str) -> None:
        """Have the rule called with real rows from now on."""
        self.traced, self.reason = None, why

    @property
    def skips(self) -> FormulaFunction | None:
        """The condition for making no constraint, where it is not so everywhere."""
        return self.senses.get(SKIPPED)


class RulePlanner:
    """Traces rules, and notes what they want of sources.

    Args:
        planner: of the plan that they are a part of.
    """

    def __init__(self, planner: PlanOfSources) -> None:
        self._planner = planner
        self._tracer = planner.tracer
        self._planned: set[Any] = set()

    def constraint(self, constraint: LXConstraint[Any]) -> None:
        """Plan the rule of a constraint."""
        assert constraint.function is not None
        self._rule(constraint.function, constraint.function.role, self._planner.dimensions_of(constraint), constraint)

    def objective(self, rule: UserFunction) -> None:
        """Plan the rule of an objective."""
        self._rule(rule, "the objective", [], None)

    def _rule(self, rule: UserFunction, title: str, rows: list[Indexed[Any]], constraint: Any) -> None:
        rule.check_captures()
        _check_arity(rule, len(rows))
        _check_iterators(rule)
        planned = self._tracer.rules[rule] = PlannedRule(rule, title)
        try:
            self._check_joined(constraint)
            classes = [self._planner.class_of(row) for row in rows]
            planned.traced = trace_rule(
                rule.call, classes, self._rows_of, self._tracer.row_class, sums=constraint is None
            )
            self._write(planned, planned.traced, rows)
        except (Untraceable, RecursionError) as why:
            planned.fall_back_to_rows(str(why) or "it calls itself")
        self._planner.add(rule, "", len(rows), Trace(Constant(None) if planned.traced else None, planned.reason))
        if planned.traced is None:
            self._want_rows(planned, rows)
        else:
            self._want_columns(planned, rows)

    def _check_joined(self, constraint: Any) -> None:
        family = constraint
        while family is not None:
            if getattr(family, "join", None) is not None:
                raise Untraceable(f"{family.name!r} is made by indexed_by_join()")
            family = getattr(family, "base", None)

    def _write(self, planned: PlannedRule, traced: TracedRule, rows: Sequence[Any]) -> None:
        def is_row(variable: Any, dimension: int, argument: int) -> bool:
            return self._is_row(variable, dimension, self._indexed(traced, rows, argument))

        writer = PartWriter(traced, planned.rule, planned.title, Keys(self._key_of, self._width, is_row))
        planned.parts, planned.senses = writer.parts(), writer.senses()
        planned.totals = list(writer.totals.values())

    def _rows_of(self, family: Any) -> tuple[Any, ...]:
        """Return what is known of the rows of a family that a rule goes through, one a dimension."""
        if isinstance(family, LXParameter):
            return (None,) * self._parts_of(family)
        self._check_joined(family)
        dimensions = self._dimensions_of(family)
        if any(dimension.source is None for dimension in dimensions) or not dimensions:
            raise Untraceable(f"it goes through {family.name!r}, which has no rows")
        return tuple(self._planner.class_of(dimension) for dimension in dimensions)

    def _dimensions_of(self, family: Any) -> list[Indexed[Any]]:
        """Return what each row of a variable, or of a dimension itself, is a row of."""
        if isinstance(family, LXIndexDimension):
            if family not in self._planned:
                self._planned.add(family)
                self._planner.indexed(family)
            return [family]
        return self._planner.dimensions_of(family)

    def _parts_of(self, parameter: LXParameter[Any]) -> int:
        """Return of how many parts the keys of a parameter are made."""
        if parameter.mapping is not None:
            lengths = {len(key) if type(key) is tuple else 0 for key in parameter.mapping}
            if len(lengths) > 1:
                raise Untraceable(f"the keys of {parameter.name!r} are not alike")
            return max(lengths.pop() if lengths else 1, 1)
        node = self._key_formula(parameter)
        return len(node.items) if isinstance(node, Tuple) else 1

    def _width(self, variable: Any) -> int:
        self._check_joined(variable)
        return len(self._planner.dimensions_of(variable))

    def _is_row(self, variable: Any, dimension: int, indexed: Indexed[Any] | None) -> bool:
        """Whether what is a row of this is one of a variable's dimension too; a plain value of another is a key."""
        if indexed is None:
            return False
        dimensions = self._planner.dimensions_of(variable)
        if dimensions and dimensions[dimension].source is indexed.source:
            return True
        return not self._planner.has_plain_rows(indexed)

    def _key_of(self, variable: Any, dimension: int) -> Node:
        return self._key_formula(self._planner.dimensions_of(variable)[dimension])

    def _key_formula(self, indexed: Indexed[Any]) -> Node:
        """Return the key of a row, as a formula of the row."""
        row_class = self._planner.class_of(indexed)
        if indexed.key is not None:
            formula = self._tracer.trace_for(indexed.key, [row_class]).formula
            if formula is None:
                raise Untraceable(f"the key of {indexed.name!r} has to be called row by row")
            return formula
        names = () if row_class is None else row_class.primary_key
        parts = tuple(Attribute(0, (name,)) for name in names)
        if not parts:
            return Attribute(0, ())
        return parts[0] if len(parts) == 1 else Tuple(parts)

    def _want_rows(self, planned: PlannedRule, rows: Sequence[Indexed[Any]]) -> None:
        """Want whole rows of all that a rule can reach."""
        why = f"{planned.rule.role} has to be called with it: {planned.reason}"
        families = families_of(planned.rule)
        for family in families:
            if isinstance(family, LXParameter):
                self._planner.parameter(family)
        others = [family for family in families if not isinstance(family, LXParameter)]
        dimensions = [one for family in others for one in self._dimensions_of(family)]
        for indexed in (*rows, *dimensions):
            self._planner.want_rows(indexed, why)
            self._planner.wanted(indexed.source).functions.append(planned.rule.call)

    def _want_columns(self, planned: PlannedRule, rows: list[Indexed[Any]]) -> None:
        for total in planned.totals:
            inner = [one for scope in total.scopes for one in self._dimensions(scope)]
            assert planned.traced is not None
            outer = [self._indexed(planned.traced, rows, argument) for argument in total.arguments]
            for functions in total.parts:
                for function in functions:
                    self._function(function, [*outer, *inner])
        for part in planned.parts:
            self._part(planned, part, rows)
        for condition in planned.senses.values():
            self._function(condition, list(rows))

    def _part(self, planned: PlannedRule, part: RulePart, rows: Sequence[Any]) -> None:
        """Note what a term wants of what its rows, and those that it goes through, are rows of."""
        inner = [one for scope in part.scopes for one in self._dimensions(scope)]
        mine = rows if part.reads_rows else []
        given = [*inner, *mine] if part.is_plain else [*mine, *inner]
        for function in part.functions:
            self._function(function, given)
        for element in elements_of(part.element):
            self._element(element, given)
        if isinstance(part.element, FunctionPart) and part.element not in planned.functions:
            planned.functions.append(part.element)
            for argument in part.element.arguments:
                assert planned.traced is not None
                outer = [self._indexed(planned.traced, rows, number) for number in argument.arguments]
                self._function(argument.condition, outer)
                for inside in argument.parts:
                    self._part(planned, inside, outer)

    def _element(self, element: ElementPart, given: Sequence[Any]) -> None:
        if element.rows is None:
            return
        own = self._planner.dimensions_of(element.variable)
        for dimension, argument in zip(own, element.rows, strict=True):
            if given[argument] is not None and given[argument] is not dimension:
                self._planner.indexed(dimension, of=given[argument])

    def _indexed(self, traced: TracedRule, rows: Sequence[Any], argument: int) -> Any:
        """Return what a numbered row is a row of."""
        path, _, i = traced.arguments.position[argument]
        return self._dimensions(traced.arguments.scopes[path])[i] if path else rows[i]

    def _dimensions(self, scope: Scope) -> Sequence[Any]:
        """Return what each row of an iteration is a row of; None for the keys of a parameter."""
        if isinstance(scope.family, LXParameter):
            self._planner.parameter(scope.family)
            return [None] * len(scope.rows)
        return self._dimensions_of(scope.family)

    def _function(self, function: FormulaFunction | None, given: Sequence[Any]) -> None:
        """Note what a part of a rule reads."""
        if function is None:
            return
        self._planner.add(function, "", len(given), Trace(function.formula))
        for node in nodes(function.formula):
            if isinstance(node, Lookup | Element):
                self._planner.parameter(node.table)
            elif isinstance(node, Attribute) and given[node.argument] is not None:
                self._attribute(function, node, given[node.argument])

    def _attribute(self, function: FormulaFunction, node: Attribute, indexed: Indexed[Any]) -> None:
        if node.path:
            self._planner.wanted(indexed.source).paths[node.path] = None
        else:
            self._planner.want_rows(indexed, f"{function.role} uses the row itself")


def _check_arity(rule: UserFunction, rows: int) -> None:
    required, allowed = positional_arguments(rule.call)
    if not required <= rows <= allowed:
        raise LXFunctionError(
            f"{sentence(rule.role)} (the function at {rule.location}) takes {required} argument(s), but it is given "
            f"{rows}: one row for each dimension of its constraint. Write a function of {rows} argument(s), or say "
            f"where its rows come from with .from_data(rows), .from_model(Row, session) or .over(variable)."
        )


def _check_iterators(rule: UserFunction) -> None:
    """Refuse a rule that captures a generator, which is used up after one call."""
    function = unwrapped(rule.call)
    held = brought(function) if isinstance(function, FunctionType) else []
    found = next((value for value in held if hasattr(type(value), "__next__")), None)
    if found is not None:
        raise LXFunctionError(
            f"{rule.title} captures a {type(found).__name__}, which is used up after one call. Make a list of it "
            f"before: list(...), or write the loop in the rule."
        )


def families_of(rule: UserFunction) -> list[Any]:
    """Return the variables, parameters and dimensions that a rule captures, by itself or through what it captures."""
    found: dict[int, Any] = {}
    seen: dict[int, Any] = {}
    layer: list[Any] = [rule.call]
    for _ in range(_DEEP):
        following: list[Any] = []
        for part in layer:
            if id(part) in seen or type(part) in ATOMIC or isinstance(part, type | ModuleType):
                continue
            seen[id(part)] = part
            if isinstance(part, LXVariable | LXParameter | LXIndexDimension):
                found[id(part)] = part
            else:
                following += _parts(part)
        layer = following
    return list(found.values())


_DEEP = 6
_MANY = 1_000


def _parts(part: Any) -> list[Any]:
    function = unwrapped(part)
    if isinstance(function, FunctionType):
        owner = [part.__self__] if isinstance(part, MethodType) else []
        given = [*part.args, *part.keywords.values()] if isinstance(part, partial) else []
        return [*brought(function), *owner, *given]
    if isinstance(part, dict):
        return list(islice(part.values(), _MANY))
    if isinstance(part, list | tuple | set | frozenset):
        return list(islice(part, _MANY))
    return list(getattr(part, "__dict__", {}).values())
