"""From a rule to its terms: it is called with symbolic rows, along each way through its conditions.

A condition that reads rows of a loop belongs to what that loop adds up: the rest must be the same both ways. One that
reads the rule's own rows alone chooses between whole results.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from types import FunctionType
from typing import Any, TypeAlias

from lumix_core.compiler.rules.calls import calls_known_functions
from lumix_core.compiler.rules.counting import NO_SUM, Counts, Scopes, counted
from lumix_core.compiler.rules.outcomes import SKIPPED, THERE, Like, Outcome, OutcomeReader, TermFormula
from lumix_core.compiler.rules.runs import (
    Arguments,
    Conditions,
    NeedsDecision,
    Path,
    RuleRecorder,
    Scope,
    SymbolicRun,
)
from lumix_core.compiler.rules.shapes import renamed, shape_of
from lumix_core.compiler.rules.trees import Tree, branch, conditions_of
from lumix_core.formulas.bytecode import takes_some, warn_of_unknown_python
from lumix_core.formulas.nodes import Choice, Constant, Node
from lumix_core.formulas.recorder import ClassRead, Untraceable, Unwatched
from lumix_core.formulas.symbolic_rows import Captured
from lumix_core.formulas.tracing import BUILTINS, FunctionTracer, Watch, symbol_of
from lumix_core.language.linear_forms import RULE, called
from lumix_core.problem.structures import FunctionKind
from lumix_core.rows.standins import RowClass

RUNS = 2_000
"""How often a rule is called with symbolic rows."""
Decisions: TypeAlias = dict[Hashable, bool]


class DependentLoops(Untraceable):
    """Loops that are not within each other have to be looked at together."""


@dataclass(frozen=True, eq=False)
class TracedTerm:
    """A term of a rule, for all rows.

    Args:
        output: the part of the result that it is in, or the sum of numbers.
        scopes: the iterations that it is summed over, outer ones first.
        condition: where it is; None for everywhere.
        term: its coefficient and its element.
        count: how often it is.
    """

    output: Hashable
    scopes: tuple[Scope, ...]
    condition: Node | None
    term: TermFormula
    count: int


@dataclass(frozen=True, eq=False)
class TracedRule:
    """What a rule gives, as terms.

    Args:
        terms: of the result.
        senses: a formula of the rule's rows for each sense of the result; None for everywhere.
        totals: the terms of each sum of numbers, and of each argument of a function.
        functions: the arguments of each function.
        class_reads: what it computes only where no row has its own in place of what its class has.
        arguments: the numbers of rows in the formulas.
    """

    terms: list[TracedTerm]
    senses: dict[str, Node | None]
    totals: dict[Path, list[TracedTerm]]
    functions: Mapping[Path, list[Path]]
    class_reads: frozenset[ClassRead]
    arguments: Arguments


def trace_rule(
    function: Callable[..., Any],
    rows: Sequence[RowClass | None],
    rows_of: Callable[[Any], tuple[RowClass | None, ...]],
    row_class: Callable[[type], RowClass | None],
    *,
    sums: bool = False,
) -> TracedRule:
    """Call a rule with symbolic rows and return its terms.

    Args:
        function: the rule.
        rows: for each of its arguments, what is known of the class of its rows.
        rows_of: returns the same for each dimension of a family that it goes through; raises `Untraceable`.
        row_class: returns what is known of the class of a related row.
        sums: whether it returns a sum, as an objective does, and no comparison.

    Raises:
        Untraceable: only calling it with real rows shows what it gives; the text says why.
    """
    warn_of_unknown_python()
    given = function, rows, rows_of, row_class, sums
    try:
        return _RuleTracer(*given, watched=not calls_known_functions(function)).traced()
    except Unwatched:
        return _RuleTracer(*given, watched=True).traced()


@dataclass(frozen=True, eq=False)
class _Solved:
    """What a rule gives where the conditions on its own rows are decided.

    ``present`` has the tree of conditions under which there is each term, so often, summed over these iterations.
    """

    sense: str
    present: dict[tuple[Like, Scopes, int], Tree]


class _RuleTracer(FunctionTracer):
    def __init__(self, function: Any, rows: Any, rows_of: Any, row_class: Any, sums: bool, *, watched: bool) -> None:
        self.builtins = {**BUILTINS, "sum": self._sum, "list": _listed, "tuple": _tupled, **self._by_position()}
        self.builtins |= {"min": self._extreme(FunctionKind.MIN), "max": self._extreme(FunctionKind.MAX)}
        self._arguments = Arguments(len(rows), rows_of)
        self._sums = sums
        self._conditions = Conditions()
        self._kinds: dict[Path, bool] = {}
        self._terms: dict[Like, TermFormula] = {}
        self._functions: dict[Path, dict[Path, None]] = {}
        self._runs = 0
        self._is_joined = False
        self._outcomes: dict[Hashable, Outcome] = {}
        self._running: SymbolicRun | None = None
        super().__init__(function, rows, row_class, watched)
        self.watched = watched

    def _by_position(self) -> dict[str, Any]:
        """Return Python's functions that count what they go through; captured collections may be counted."""

        def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **named: Any) -> Any:
                if all(isinstance(argument, Captured | range | str | int) for argument in arguments):
                    return function(*arguments, **named)
                raise self.refuse(f"it counts what it goes through, with {function.__name__}()")

            return call

        return {function.__name__: guarded(function) for function in (zip, enumerate, reversed, len, map, filter)}

    def _enter(self, value: Any) -> Any:
        """Return a value of the user's code in a form that symbolic rows can be used with."""
        if value is itertools or getattr(value, "__module__", "") == "itertools":
            raise self.refuse("it uses itertools")
        return super()._enter(value)

    def _enter_function(self, function: FunctionType) -> FunctionType:
        if takes_some(function.__code__):
            raise self.refuse("it makes lists, and takes parts of something by position")
        return super()._enter_function(function)

    def _sum(self, items: Any, /, start: Any = 0) -> Any:
        assert self._running is not None
        return self._running.sum(items, start)

    def _extreme(self, kind: FunctionKind) -> Callable[..., Any]:
        plain = BUILTINS[kind.name.lower()]

        def call(*items: Any, **named: Any) -> Any:
            assert self._running is not None
            return self._running.extreme(kind, plain, items, named)

        return call

    def traced(self) -> TracedRule:
        """Return the terms of the rule; loops that depend on each other are looked at together."""
        try:
            cases = self._cases({})
        except DependentLoops:
            self._is_joined = True
            cases = self._cases({})
        senses = {sense: branch(cases, partial(_has_sense, sense)) for sense in self._senses(cases)}
        keys = dict.fromkeys(key for _, solved in cases for key in solved.present)
        terms: list[TracedTerm] = []
        totals: dict[Path, list[TracedTerm]] = {}
        for key in keys:
            tree = branch(cases, partial(_presence, key))
            term = self._term(key, tree)
            (totals.setdefault(term.output, []) if isinstance(term.output, tuple) else terms).append(term)
        reads = frozenset(ClassRead(self._arguments.canonical(r.argument), r.path, r.name) for r in self.class_reads)
        nodes = {sense: self._node(tree) for sense, tree in senses.items()}
        functions = {identity: list(found) for identity, found in self._functions.items()}
        return TracedRule(terms, nodes, totals, functions, reads, self._arguments)

    def _senses(self, cases: list[tuple[Decisions, _Solved]]) -> list[str]:
        return list(dict.fromkeys(solved.sense for _, solved in cases))

    def _term(self, key: tuple[Like, Scopes, int], tree: Tree) -> TracedTerm:
        like, over, count = key
        term = self._terms[like]
        around = _around(like.output)
        read = self._arguments.paths(term.uses).keys() | {
            path for condition in conditions_of(tree) for path in self._conditions.paths[condition]
        }
        if not read <= over | around or not all(path[:-1] in over | around | {()} for path in over):
            raise Untraceable(NO_SUM)
        scopes = sorted((self._arguments.scopes[path] for path in over), key=lambda scope: scope.first)
        return TracedTerm(like.output, tuple(scopes), self._node(tree), term, count)

    def _node(self, tree: Tree) -> Node | None:
        """Return a tree of conditions as a formula; None where it always holds."""
        if isinstance(tree, bool):
            return None if tree else Constant(False)
        condition, then, otherwise = self._conditions.nodes[tree.condition], tree.then, tree.otherwise
        if then is True and otherwise is False:
            return condition
        yes, no = (Constant(True) if (node := self._node(side)) is None else node for side in (then, otherwise))
        return Choice(condition, yes, no)

    def _cases(self, rows: Decisions) -> list[tuple[Decisions, _Solved]]:
        """Return what the rule gives for each way in which conditions on its own rows may be decided."""
        try:
            return [(rows, self._solved(rows))]
        except NeedsDecision as needed:
            shape = needed.shape
        return [*self._cases({**rows, shape: True}), *self._cases({**rows, shape: False})]

    def _solved(self, rows: Decisions) -> _Solved:
        base = self._run_once(rows, {})
        present: dict[tuple[Like, Scopes, int], Tree] = {}
        constant = base.counts.copy()
        leaves = {}
        roots = self._roots()
        for root in roots:
            leaves[root] = self._leaves(rows, root)
            self._add_loop(root, leaves[root], constant, present)
        self._check_together(rows, base, leaves)
        if self._roots() != roots:
            raise Untraceable("a loop begins where a condition of another one holds")
        for like, count in constant.items():
            if count and not _is_within(like, leaves):
                present[like, frozenset(), count] = True
        return _Solved(base.sense, present)

    def _roots(self) -> list[Path]:
        """Return the outermost loops, those without conditions too."""
        return list(dict.fromkeys(map(self._root, self._arguments.scopes)))

    def _root(self, path: Path) -> Path:
        """Return the outermost loop that an iteration is in; one for all where they depend on each other."""
        return () if self._is_joined else path[:1]

    def _leaves(self, rows: Decisions, root: Path) -> list[tuple[Decisions, Counts]]:
        """Return what the rule gives for each way in which conditions on the rows of a loop may be decided."""
        leaves: list[tuple[Decisions, Counts]] = []
        waiting: list[Decisions] = [{}]
        while waiting:
            given = waiting.pop()
            self._run_once(rows, given)  # it may begin loops that no other way has
            scopes = [path for path in self._arguments.scopes if self._root(path) == root]
            counts = counted(partial(self._run_once, rows, given), scopes)
            asked = counts.outcome.asked.get(root, [])
            full = {shape: given.get(shape, True) for shape in asked}
            leaves.append((full, counts))
            for i, shape in enumerate(asked):
                if shape not in given:
                    waiting.append({**{before: full[before] for before in asked[:i]}, shape: False})
        return leaves

    def _add_loop(self, root: Path, leaves: Any, constant: Any, present: Any) -> None:
        """Add what a loop sums, and check that what it does not sum is the same whatever its conditions say."""
        keys = dict.fromkeys(key for _, counts in leaves for key in counts.summed)
        rest: list[dict[Like, int]] = []
        for _, counts in leaves:
            if counts.outcome.sense != leaves[0][1].outcome.sense:
                raise Untraceable("conditions within a loop choose between whole results")
            rest.append({like: n for (like, over), n in counts.summed.items() if not over and not _is_in(like, root)})
        if any(one != rest[0] for one in rest):
            raise Untraceable("a loop changes what is outside of it")
        for like, over in keys:
            if not over and not _is_in(like, root):
                continue
            for count in {counts.summed.get((like, over), 0) for _, counts in leaves} - {0}:
                tree = branch(leaves, partial(_has, like, over, count))
                present[like, over, count] = tree
        base = leaves[0][1]
        for (like, over), number in base.summed.items():
            if over and not _is_in(like, root):
                constant[like] -= number

    def _check_together(self, rows: Decisions, base: Outcome, leaves: Mapping[Path, Any]) -> None:
        """Check that loops do not depend on each other, by deciding the conditions of all of them at once.

        They are gone through with one row each, and with two, whatever their conditions say.
        """
        if len(leaves) < 2:
            return
        for i in range(max(map(len, leaves.values()))):
            some = [found[min(i, len(found) - 1)] for found in leaves.values()]
            given = {shape: truth for decisions, _ in some for shape, truth in decisions.items()}
            for turns in (1, 2):
                together = self._run_once(rows, given, dict.fromkeys(self._arguments.scopes, turns))
                expected = base.counts.copy()
                for _, counts in some:
                    for like in {*counts.outcome.counts, *base.counts}:
                        expected[like] += counts.at(like, turns) - base.counts[like]
                if +expected != +together.counts or together.sense != base.sense:
                    raise DependentLoops("what one loop gives depends on another one")

    def _run_once(self, rows: Decisions, given: Decisions, turns: Mapping[Path, int] | None = None) -> Outcome:
        """Return what a run gives; conditions that are not decided otherwise are true."""
        wrong = frozenset(shape for shape, truth in given.items() if not truth)
        more = frozenset((path, count) for path, count in (turns or {}).items() if count > 1)
        known = frozenset(rows.items()), wrong, more, len(self._kinds), self._is_joined
        outcome = self._outcomes.get(known)
        if outcome is None:
            outcome = self._outcomes[known] = self._new_outcome(rows, given, turns or {})
        return outcome

    def _new_outcome(self, rows: Decisions, given: Decisions, turns: Mapping[Path, int]) -> Outcome:
        self._runs += 1
        if self._runs > RUNS:
            raise Untraceable(f"it has more than {RUNS:,} paths through its branches and loops")
        asked: dict[Path, list[Hashable]] = {}
        recorder = RuleRecorder(
            self._enter,
            self.row_class,
            lambda node: self._decided(node, rows, given, asked),
            watched=self.watched,
        )
        run = SymbolicRun(self._arguments, turns, recorder, self._kinds)
        symbols = [symbol_of(position, row, recorder) for position, row in enumerate(self.rows)]
        result = self._result(symbols, recorder, run)
        outcome = OutcomeReader(self._arguments, recorder).outcome(result, run, asked, self._sums)
        for identity, held in run.functions.items():
            self._functions.setdefault(identity, {}).update(held)
        for like, term in outcome.terms.items():
            if like not in self._terms:
                self._terms[like] = self._of_first_turns(term)
        self.class_reads.update(recorder.class_reads)
        if recorder.refusal is not None:
            raise Untraceable(recorder.refusal)
        return outcome

    def _of_first_turns(self, term: TermFormula) -> TermFormula:
        names = {argument: self._arguments.canonical(argument) for argument in range(len(self._arguments.position))}
        key = term.key
        if key is not None:
            key = key.with_parts(tuple([renamed(part, names) for part in key.parts]))
        return TermFormula(renamed(term.coefficient, names), key)

    def _result(self, symbols: list[Any], recorder: RuleRecorder, run: SymbolicRun) -> Any:
        token, self._running = RULE.set(run), run
        try:
            with Watch(recorder) if self.watched else nullcontext():
                result = called(self.function, *symbols)
        except (Untraceable, NeedsDecision):
            if recorder.refusal is not None:
                raise Untraceable(recorder.refusal) from None
            raise
        except Unwatched:
            raise
        except Exception as error:
            refusal = recorder.refusal or self.refusal
            raise Untraceable(refusal or f"it raises {type(error).__name__}: {error}") from error
        finally:
            RULE.reset(token)
        run.check_finished()
        refusal = recorder.refusal or self.refusal
        if refusal is not None:
            raise Untraceable(refusal)
        recorder.is_over = True
        return result

    def _decided(self, node: Node, rows: Decisions, given: Decisions, asked: dict[Path, list[Hashable]]) -> bool:
        paths = self._arguments.paths(node.uses)
        shape = shape_of(node, self._arguments.canonical)
        if shape not in self._conditions.nodes:
            names = {argument: self._arguments.canonical(argument) for argument in range(len(self._arguments.position))}
            self._conditions.nodes[shape] = renamed(node, names)
            self._conditions.paths[shape] = frozenset(paths)
        if not paths:
            if shape not in rows:
                raise NeedsDecision(shape)
            return rows[shape]
        roots = set(map(self._root, paths))
        if len(roots) > 1:
            raise DependentLoops("a condition reads rows of two loops that are not within each other")
        known = asked.setdefault(roots.pop(), [])
        if shape not in known:
            known.append(shape)
        return given.get(shape, True)


def _listed(items: Iterable[Any] = (), /) -> list[Any]:
    """Stand for ``list``."""
    return [*items]


def _tupled(items: Iterable[Any] = (), /) -> tuple[Any, ...]:
    """Stand for ``tuple``."""
    return (*items,)


def _around(output: Hashable) -> Scopes:
    """Return the loops around a sum of numbers; none for a part of the result."""
    if not isinstance(output, tuple):
        return frozenset()
    path = output[:-1] if output[-1] == THERE else output
    return frozenset(path[:length] for length in range(1, len(path)))


def _is_in(like: Like, root: Path) -> bool:
    """Whether a term belongs to a sum of numbers that is made within a loop, or within any."""
    output = like.output
    return isinstance(output, tuple) and (not root or (bool(_around(output)) and output[:1] == root))


def _is_within(like: Like, roots: Iterable[Path]) -> bool:
    return any(_is_in(like, root) for root in roots)


def _has_sense(sense: str, case: _Solved) -> bool:
    return case.sense == sense


def _presence(key: tuple[Like, Scopes, int], case: _Solved) -> Tree | None:
    """Return where there is a term; None where there is no constraint."""
    return None if case.sense == SKIPPED else case.present.get(key, False)


def _has(like: Like, over: Scopes, count: int, counts: Counts) -> bool | None:
    """Return whether there is a term; None where the sum of numbers that it is in was not made."""
    if isinstance(like.output, tuple) and like.output not in counts.outcome.groups:
        return False if like.output[-1] == THERE else None
    return counts.summed.get((like, over), 0) == count
