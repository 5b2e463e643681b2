"""One run of a rule with symbolic rows: a ``for`` over a family goes through one or two of them."""

from __future__ import annotations

import builtins
import sys
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any, TypeAlias

from lumix_core.compiler.rules.shapes import arguments_in
from lumix_core.formulas.bytecode import begins_loop, position_of, set_first
from lumix_core.formulas.captured_values import entered_builtin
from lumix_core.formulas.nodes import Attribute, Computed, Node
from lumix_core.formulas.recorder import Recorder, Untraceable, is_too_long
from lumix_core.formulas.symbolic_rows import Captured, Symbol, lifted, node_of
from lumix_core.formulas.tracing import OWN_CODE, symbol_of
from lumix_core.language.elements import Element, FunctionElement
from lumix_core.language.linear_forms import (
    LXLinearForm,
    RuleRun,
    called,
    check_linear,
    is_linear,
)
from lumix_core.problem.numbers import is_real_type
from lumix_core.problem.structures import FunctionKind
from lumix_core.rows.standins import RowClass

Path: TypeAlias = tuple[Hashable, ...]
"""Identifies an iteration in the text of a rule: what it goes through, within which others; empty for the rule."""
Turns: TypeAlias = tuple[int, ...]
"""Which turn of each of these iterations."""
TERMS = 2_000
"""How many terms one run may give."""


@dataclass(frozen=True, eq=False)
class Scope:
    """An iteration over a family, as it stands in the text of a rule.

    Args:
        path: identifies it.
        family: the variable, or the parameter.
        first: the number of its first argument.
        rows: what is known of the class of the rows of each of its dimensions.
    """

    path: Path
    family: Any
    first: int
    rows: tuple[RowClass | None, ...]

    @property
    def arguments(self) -> tuple[int, ...]:
        """The numbers of its rows as arguments: one a dimension, or one a part of a parameter's key."""
        return tuple(range(self.first, self.first + len(self.rows)))


class Arguments:
    """The numbers of rows as arguments: those of the rule first, then those of each iteration, for its first turn.

    Args:
        count: how many rows the rule takes.
        rows_of: returns what is known of the rows of a family, one a dimension; raises `Untraceable`.
    """

    def __init__(self, count: int, rows_of: Callable[[Any], tuple[RowClass | None, ...]]) -> None:
        self.count = count
        self.scopes: dict[Path, Scope] = {}
        self.position: list[tuple[Path, Turns, int]] = [((), (), i) for i in range(count)]
        self._numbers: dict[tuple[Path, Turns, int], int] = {}
        self._rows_of = rows_of

    def scope(self, path: Path, family: Any) -> Scope:
        """Return the iteration of a path."""
        known = self.scopes.get(path)
        if known is None:
            rows, ones = self._rows_of(family), (1,) * len(path)
            known = self.scopes[path] = Scope(path, family, len(self.position), rows)
            for i in range(len(rows)):
                self._numbers[path, ones, i] = len(self.position)
                self.position.append((path, ones, i))
        return known

    def number(self, scope: Scope, turns: Turns, i: int) -> int:
        """Return the number of a row of one turn."""
        number = self._numbers.get((scope.path, turns, i))
        if number is None:
            number = self._numbers[scope.path, turns, i] = len(self.position)
            self.position.append((scope.path, turns, i))
        return number

    def canonical(self, argument: int) -> int:
        """Return the number of the same row in the first turn."""
        path, _, i = self.position[argument]
        return argument if not path else self.scopes[path].first + i

    def paths(self, uses: int) -> dict[Path, Turns]:
        """Return the iterations that a formula reads rows of, each with its turn.

        Raises:
            Untraceable: it reads the rows of several turns, as a recurrence does.
        """
        found: dict[Path, Turns] = {}
        for argument in arguments_in(uses):
            path, turns, _ = self.position[argument]
            if path and found.setdefault(path, turns) != turns:
                raise Untraceable("it computes with the rows of several turns of a loop")
        for path, turns in found.items():
            for outer, others in found.items():
                if path[: len(outer)] == outer and turns[: len(outer)] != others:
                    raise Untraceable("it computes with the rows of several turns of a loop")
        return found


class Total(Computed):
    """A sum of numbers of rows, closed over what it goes through.

    Args:
        identity: of the call of ``sum`` in the text of the rule.
        arguments: the rows that it may depend on.
        contents: what is added up; None while the rule is being traced.
    """

    __slots__ = ("arguments", "contents", "identity")

    def __init__(self, identity: Path, arguments: tuple[int, ...], contents: Any = None) -> None:
        super().__init__()
        self.identity = identity
        self.arguments = arguments
        self.contents = contents
        self.uses = sum(1 << argument for argument in arguments)

    def renamed(self, attribute: Callable[[int, tuple[str, ...]], Node]) -> Total:
        """Return the sum for other arguments."""
        arguments = [attribute(argument, ()) for argument in self.arguments]
        numbers = tuple(node.argument for node in arguments if isinstance(node, Attribute))
        return Total(self.identity, numbers, self.contents)

    def column(self, batch: Any) -> Any:
        """Return the sum for each element of a batch."""
        return self.contents.column(batch, self.arguments)

    def value(self, *rows: Any) -> Any:
        """Return the sum for one element."""
        return self.contents.value(*(rows[argument] for argument in self.arguments))


@dataclass(frozen=True, eq=False, slots=True)
class TracedFunction(FunctionElement):
    """A function of sums, while a rule is traced.

    Args:
        identity: of the call in the text of the rule.
        around: the rows that are known there.
    """

    identity: Path
    around: tuple[int, ...]


class NeedsDecision(Exception):  # noqa: N818 - a signal, not an error
    """The rule asks for the truth of a condition on its own rows, of which nothing was decided yet."""

    def __init__(self, shape: Hashable) -> None:
        super().__init__(shape)
        self.shape = shape


@dataclass(eq=False)
class Conditions:
    """The conditions of a rule, each by its shape.

    Args:
        nodes: the formula, for first turns.
        paths: the iterations whose rows it reads.
    """

    nodes: dict[Hashable, Node] = field(default_factory=dict)
    paths: dict[Hashable, frozenset[Path]] = field(default_factory=dict)


class RuleRecorder(Recorder):
    """Records one run: conditions are decided as they were before, wherever in the run they are asked for."""

    def __init__(self, enter: Any, row_class: Any, decide: Callable[[Node], bool], *, watched: bool) -> None:
        super().__init__((), enter, row_class, watched)
        self._decide = decide

    def decide(self, condition: Node) -> bool:
        """Return whether a condition is taken to be true."""
        if self.is_over:
            raise self.refuse("it keeps a value of the row")
        try:
            return self._decide(condition)
        except Untraceable as why:
            raise self.refuse(str(why)) from None

    def note(self, node: Node) -> None:
        """Note that a value was made."""
        if is_too_long(node):
            raise self.refuse("it computes too many steps from each other")


class SymbolicRun(RuleRun):
    """What a rule is called with while it is traced.

    Args:
        arguments: the numbers of rows.
        turns: how many rows each iteration gives, where that is not one.
        recorder: of this run.
        kinds: of which calls of ``sum`` it is known that they add up numbers.
    """

    def __init__(
        self, arguments: Arguments, turns: Mapping[Path, int], recorder: RuleRecorder, kinds: dict[Path, bool]
    ) -> None:
        self._arguments = arguments
        self._turns = turns
        self._recorder = recorder
        self._stack: list[tuple[Path, Turns]] = [((), ())]
        self._counters: list[Counter[Hashable]] = [Counter()]
        self._kinds = kinds
        self._before: dict[tuple[Path, CodeType], frozenset[str]] = {}
        self._opened = 0
        self._open = 0
        self.groups: dict[Path, dict[Turns, list[Node]]] = {}
        self.functions: dict[Path, dict[Path, None]] = {}
        self.arguments: dict[Path, dict[Turns, LXLinearForm]] = {}

    def check_finished(self) -> None:
        """Refuse a rule that left an iteration before its end."""
        if self._open:
            raise self._recorder.refuse("it leaves a loop before its end")

    def rows(self, family: Any) -> Iterator[Any]:
        """Return an iterator over one or two symbolic rows, which stand for all rows of a family."""
        frame = sys._getframe(2)
        if not frame.f_code.co_filename.startswith(OWN_CODE) and not begins_loop(frame):
            raise self._recorder.refuse(f"it gives {family.name!r} to a function that goes through it")
        return self._rows(family, (id(family), _location()))

    def _rows(self, family: Any, what: Hashable) -> Iterator[Any]:
        path, turns = self._identity(what)
        scope = self._arguments.scope(path, family)
        self._opened += 1
        self._open += 1
        for turn in range(1, self._turns.get(path, 1) + 1):
            here = path, (*turns, turn)
            self._stack.append(here)
            self._counters.append(Counter())
            row, before = self._row(scope, here[1]), _variables()
            yield row
            self._check_state(path, row, before)
            if self._stack[-1] != here:
                raise self._recorder.refuse("it goes through two families in turns, as zip does")
            self._stack.pop()
            self._counters.pop()
        self._open -= 1

    def _check_state(self, path: Path, row: Any, before: Variables) -> None:
        """Refuse a loop that carries something else than a sum of elements from one turn to the next."""
        parts = [row, *row] if type(row) is tuple else [row]
        for (code, loop), (known, now) in _changed_variables(before, _variables()).items():
            bound = self._before.setdefault((path, code), frozenset(known)) - set_first(code, loop)
            for name in bound & known.keys() & now.keys():
                value = now[name]
                is_new = value is not known[name] and not any(value is part for part in parts)
                if is_new and not _extends(value, known[name]):
                    raise self._recorder.refuse(f"it carries {name!r} from one turn of a loop to the next")

    def _identity(self, what: Hashable) -> tuple[Path, Turns]:
        """Return what identifies something that begins here, the how many-th of its kind, and the turns around it."""
        path, turns = self._stack[-1]
        self._counters[-1][what] += 1
        return (*path, (what, self._counters[-1][what])), turns

    def _row(self, scope: Scope, turns: Turns) -> Any:
        symbols = [
            symbol_of(self._arguments.number(scope, turns, i), row, self._recorder) for i, row in enumerate(scope.rows)
        ]
        return symbols[0] if len(symbols) == 1 else tuple(symbols)

    def count(self, family: Any) -> int:
        """Refuse to count: rows are not read yet."""
        raise self._recorder.refuse(f"it counts the elements of {family.name!r}")

    def has(self, variable: Any, key: Any) -> bool:
        """Refuse to search: rows are not read yet."""
        raise self._recorder.refuse(f"it asks whether {variable.name!r} has a key")

    def element_or(self, variable: Any, key: Any, missing: Any) -> Any:
        """Return the element, which stands for nothing where it is missing."""
        if not (type(missing) is int or type(missing) is float) or missing != 0:
            raise self._recorder.refuse("it gives something else than 0 in place of a missing element")
        return LXLinearForm.of_element(Element(variable, key, is_optional=True))

    def sum(self, items: Iterable[Any], /, start: Any = 0) -> Any:
        """Add up items as Python does; what goes through a family is kept as a sum over it."""
        identity, turns = self._identity(("sum", _location()))
        depth, opened = len(self._stack), self._opened
        values, is_inside = [], False
        for item in items:
            values.append(item)
            is_inside |= len(self._stack) > depth
        if is_linear(start) or any(is_linear(value) for value in values):
            return self._sum_of_forms(identity, start, values)
        goes_through = is_inside or any(self._is_of_loop(value) for value in values)
        is_of_numbers = self._kinds.get(identity)
        if goes_through or (not values and is_of_numbers):
            return self._total(identity, turns, start, values)
        if not values and (self._opened > opened or is_of_numbers is False):
            return LXLinearForm() + start  # a sum of elements, or of nothing on every path
        return self._plain_sum(values, start)

    def function(self, kind: FunctionKind, arguments: Iterable[Any]) -> LXLinearForm:
        """Return a function of sums; what goes through a family gives an argument for each of its rows."""
        form: LXLinearForm = self._function(kind, arguments, lambda _: LXLinearForm())
        return form

    def extreme(self, kind: FunctionKind, plain: Callable[..., Any], items: tuple[Any, ...], named: Any) -> Any:
        """Return Python's ``min`` or ``max`` of numbers, and the function of sums of elements."""
        if named or (len(items) == 1 and isinstance(items[0], Captured)):
            return plain(*items, **named)
        values = items[0] if len(items) == 1 else items
        return self._function(kind, values, lambda found: plain(found) if len(items) == 1 else plain(*found))

    def _function(self, kind: FunctionKind, arguments: Iterable[Any], plain: Callable[[list[Any]], Any]) -> Any:
        name = kind.name.lower()
        identity, _ = self._identity((name, _location()))
        depth = len(self._stack)
        around, here, is_inside = self._around(), Counter[tuple[Path, Turns]](), False
        values: list[tuple[Path, Turns, Any]] = []
        for value in arguments:
            path, turns = self._stack[-1]
            here[path, turns] += 1
            is_inside |= len(self._stack) > depth
            values.append(((*path, (identity[-1], here[path, turns])), turns, value))
        is_of_sums = any(is_linear(value) for _, _, value in values)
        if not is_of_sums and (values or self._kinds.get(identity) is not False):
            if is_inside or not values:
                raise self._recorder.refuse(f"it takes the {name} over a family")
            return plain([value for _, _, value in values])
        self._kinds[identity] = False
        held = self.functions.setdefault(identity, {})
        for argument, turns, value in values:
            form = value.linear_form() if is_linear(value) else LXLinearForm() + value
            check_linear(kind, [form])
            held[argument] = None
            self.arguments.setdefault(argument, {})[turns] = form
        return LXLinearForm.of_element(TracedFunction(kind, (), identity, around))

    def _plain_sum(self, values: list[Any], start: Any) -> Any:
        return entered_builtin(builtins.sum)(values, start)

    def _sum_of_forms(self, identity: Path, start: Any, values: list[Any]) -> Any:
        if self._kinds.setdefault(identity, False):
            raise self._recorder.refuse("it adds up numbers for some rows, and variables for others")
        result = start
        for value in values:
            result = result + value
        return result

    def _is_of_loop(self, value: Any) -> bool:
        """Whether a value reads rows of an iteration that has ended."""
        if not isinstance(value, Symbol):
            return False
        inside = set(self._stack)
        positions = (self._arguments.position[argument] for argument in arguments_in(node_of(value).uses))
        return any(path and (path, turns) not in inside for path, turns, _ in positions)

    def _total(self, identity: Path, turns: Turns, start: Any, values: list[Any]) -> Symbol:
        if not self._kinds.setdefault(identity, True):
            raise self._recorder.refuse("it adds up numbers for some rows, and variables for others")
        if type(start) is not int or start != 0:
            raise self._recorder.refuse("it begins a sum with another number than 0")
        self.groups.setdefault(identity, {})[turns] = [lifted(value, self._recorder) for value in values]
        return Symbol(Total(identity, self._around()), self._recorder)

    def _around(self) -> tuple[int, ...]:
        """Return the rows that are known where the rule is now."""
        rows = list(range(self._arguments.count))
        for path, turns in self._stack[1:]:
            scope = self._arguments.scopes[path]
            rows += [self._arguments.number(scope, turns, i) for i in range(len(scope.rows))]
        return tuple(rows)


def _extends(value: Any, before: Any) -> bool:
    """Whether a value is what there was before, plus elements of variables."""
    if not is_linear(value):
        return False
    if type(before) is not LXLinearForm:
        return isinstance(before, Symbol) or is_linear(before) or is_real_type(type(before))
    kept = set(map(id, value.linear_form().monomials))
    return kept.issuperset(map(id, before.monomials))


Variables: TypeAlias = list[tuple[CodeType, int, dict[str, Any]]]
"""The variables of each call that runs, the innermost first, with its code and instruction."""


def _frames() -> Iterator[FrameType]:
    """Yield the calls that run of the rule, and of what it calls."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code is not called.__code__:
        if not frame.f_code.co_filename.startswith(OWN_CODE):
            yield frame
        frame = frame.f_back


def _location() -> Hashable:
    """Return where the rule is: the instructions that run, in the rule and in what it calls."""
    return tuple([(frame.f_code, position_of(frame)) for frame in _frames()])


def _variables() -> Variables:
    return [(frame.f_code, frame.f_lasti, dict(frame.f_locals)) for frame in _frames()]


def _changed_variables(
    before: Variables, after: Variables
) -> dict[tuple[CodeType, int], tuple[dict[str, Any], dict[str, Any]]]:
    """Return the variables before and after a turn, of each call that runs at both times."""
    calls = zip(reversed(before), reversed(after), strict=False)
    return {(code, loop): (known, now) for (code, _, known), (same, loop, now) in calls if code is same}
