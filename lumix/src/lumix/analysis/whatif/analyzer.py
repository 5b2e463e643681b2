"""What-if questions: what becomes of the objective when a number of the model is another one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, SupportsFloat, TypeVar

import numpy as np

from lumix.analysis.whatif.baseline import check_same, checked_baseline
from lumix.analysis.whatif.dual_prices import DualPrices
from lumix.analysis.whatif.moves import Move, check_share, checked_amount, has_verb
from lumix.analysis.whatif.results import LXWhatIfChange, LXWhatIfResult, Solved
from lumix_core import LXModel, LXModelError, LXOptimizer, LXParameter, LXSense, LXSolution
from lumix_core.compiler.overrides import Numbers, refuse_no_change
from lumix_core.errors import LXUnknownKeyError
from lumix_core.language import Bracketed
from lumix_core.problem import (
    FloatArray,
    IntArray,
    block_at,
    checked_count,
    checked_number,
    element_name,
    elements_of,
    find_block,
    position_of,
    refuse_crossed,
)
from lumix_core.solver import Closing, LXLiveSession, Turns, checked_model, checked_optimizer, in_turn

Change = Callable[[LXLiveSession], object]
Row = TypeVar("Row")


class LXWhatIfAnalyzer(Closing, Bracketed):
    """Answers what-if questions about a model, which stays as it is.

    The model and its rows are read at the first question, and stay open in the solver: where only numbers change, each
    question goes on from the last answer. A change of right-hand sides within the allowable ranges of an optimum is
    answered from the shadow prices, without a solve. ``get_baseline_solution(recompute=True)`` reads the model again.

    ``key=`` names one row of a family (its key, or the row itself); without it a whole family is changed.

    Threads may share an analyzer: they take turns. It belongs to the process that asked the first question: in a
    process that is forked from that one every question is an error. A copy, pickled or not, reads the model anew.

    Args:
        model: the model.
        optimizer: the solver and its options.
        baseline_solution: of the model as it is, where it was solved already.
    """

    def __init__(self, model: LXModel, optimizer: LXOptimizer, baseline_solution: LXSolution | None = None) -> None:
        self.model = checked_model(model, type(self).__name__)
        self.optimizer = checked_optimizer(optimizer, type(self).__name__)
        self._given = checked_baseline(baseline_solution)
        self._turns = self._new_turns()
        self._forget()

    def _new_turns(self) -> Turns:
        title = f"The what-if analyzer of model {self.model.name!r}"
        return Turns(title, f"Make another one here: {type(self).__name__}(model, optimizer).")

    def _forget(self) -> None:
        """Be as before the first question."""
        self._session: LXLiveSession | None = None
        self._baseline: LXSolution | None = None
        self._dual_prices: DualPrices | None = None
        self._turns.is_open = False

    def __getstate__(self) -> dict[str, Any]:
        open_now = ("_turns", "_session", "_baseline", "_dual_prices")
        return {name: value for name, value in self.__dict__.items() if name not in open_now}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._turns = self._new_turns()
        self._forget()

    @in_turn
    def get_baseline_solution(self, recompute: bool = False) -> LXSolution:
        """Return the solution of the model as it is.

        Args:
            recompute: read the model and its rows again, and solve.

        Raises:
            LXModelError: the solution that was given is none of this model as it is now.
        """
        if recompute:
            self._given = None
            self._forget()
        self._opened()
        assert self._baseline is not None
        return self._baseline

    @in_turn
    def increase_constraint_rhs(
        self,
        name: str,
        by: SupportsFloat | None = None,
        by_percent: SupportsFloat | None = None,
        to: SupportsFloat | None = None,
        key: Any = None,
    ) -> LXWhatIfResult:
        """Raise a right-hand side: by an amount, by a share of its size, or to a value.

        Args:
            name: of the constraint.
            by: the amount, at least 0.
            by_percent: the share, at least 0: 0.1 is 10 percent.
            to: the new right-hand side.
            key: of one row; without it, all are moved.

        Raises:
            LXModelError: not exactly one of the three is given, it would lower the right-hand side, or ``by_percent``
                is no share.
            LXUnknownNameError: the model has no such constraint.
            LXUnknownKeyError: the constraint has no such key.
        """
        return self._moved(Move("increase_constraint_rhs", name, key, +1), by=by, by_percent=by_percent, to=to)

    @in_turn
    def decrease_constraint_rhs(
        self,
        name: str,
        by: SupportsFloat | None = None,
        by_percent: SupportsFloat | None = None,
        to: SupportsFloat | None = None,
        key: Any = None,
    ) -> LXWhatIfResult:
        """Lower a right-hand side: by an amount, by a share of its size, or to a value; otherwise as the opposite."""
        return self._moved(Move("decrease_constraint_rhs", name, key, -1), by=by, by_percent=by_percent, to=to)

    @in_turn
    def relax_constraint(
        self, name: str, by: SupportsFloat | None = None, by_percent: SupportsFloat | None = None, key: Any = None
    ) -> LXWhatIfResult:
        """Move a right-hand side so that more points satisfy the constraint: up for ``<=``, down for ``>=``.

        Raises:
            LXModelError: the constraint is an equation, which has no such side; and as `increase_constraint_rhs`.
        """
        call = "relax_constraint"
        return self._moved(Move(call, name, key, self._looser(call, name)), by=by, by_percent=by_percent)

    @in_turn
    def tighten_constraint(
        self, name: str, by: SupportsFloat | None = None, by_percent: SupportsFloat | None = None, key: Any = None
    ) -> LXWhatIfResult:
        """Move a right-hand side so that fewer points satisfy the constraint; otherwise as `relax_constraint`."""
        call = "tighten_constraint"
        return self._moved(Move(call, name, key, -self._looser(call, name)), by=by, by_percent=by_percent)

    @in_turn
    def modify_variable_bound(
        self,
        name: str,
        lower: SupportsFloat | None = None,
        upper: SupportsFloat | None = None,
        key: Any = None,
    ) -> LXWhatIfResult:
        """Give variables other bounds; one that is not given stays, and an infinite one is none.

        Raises:
            LXModelError: no bound is given, or they cross.
            LXUnknownNameError: the model has no such variable.
            LXUnknownKeyError: the variable has no such key.
        """
        if lower is None and upper is None:
            raise LXModelError(
                f"modify_variable_bound({name!r}) was given no bound, so it would change nothing. "
                f"Give lower=, upper= or both."
            )
        refuse_crossed(f"modify_variable_bound({name!r})", lower, upper)
        given = [(word, bound) for word, bound in (("lower", lower), ("upper", upper)) if bound is not None]
        wording = ", ".join(f"{word} {'by a function' if callable(bound) else bound}" for word, bound in given)
        block = find_block(self._opened().problem.variables, name, "variable")
        return self.ask(
            f"{element_name(block, key)} with {wording}",
            lambda session: session.set_bounds(name, lower, upper, key=key),
        )

    @in_turn
    def modify_parameter(self, parameter: LXParameter[Any] | str, numbers: Numbers) -> LXWhatIfResult:
        """Let a parameter hold other numbers: a dict ``{key: number}``, or a function of each number that is there.

        Raises:
            LXUnknownNameError: no function of the model looks anything up in the parameter.
            LXMissingKeyError: a key can be none of its keys, or nothing in the model asks for it.
            LXNumberError: a number is none.
            LXFunctionError: the function failed.
        """
        name = getattr(parameter, "name", parameter)
        refuse_no_change(f"modify_parameter({name!r:.80})", str(name), numbers)
        wording = "changed" if callable(numbers) else f"changed for {len(numbers)} keys"
        return self.ask(f"parameter {name} {wording}", lambda session: session.set_parameter(parameter, numbers))

    @in_turn
    def modify_data(
        self, row_type: type[Row], where: Callable[[Row], object] | None, attribute: str, value: Any
    ) -> LXWhatIfResult:
        """Let rows have another value in one attribute; see `LXLiveSession.modify_data`.

        Args:
            row_type: the class of the rows.
            where: a condition on a row; true for rows to be changed; None for all rows.
            attribute: the attribute, which functions of the model read.
            value: the new value, or a function of the row.
        """
        return self.ask(
            f"{getattr(row_type, '__name__', row_type)}.{attribute} changed",
            lambda session: session.modify_data(row_type, where, attribute, value),
        )

    @in_turn
    def compare_changes(self, changes: Iterable[Sequence[Any]], key: Any = None) -> list[LXWhatIfResult]:
        """Answer several changes of right-hand sides, each by itself, in the order given.

        Args:
            changes: pairs of a constraint's name and an amount, which may be negative; or with a word between them,
                which is "increase", "decrease", "relax" or "tighten". A key may follow.
            key: of the row, for those without one of their own.
        """
        listed_changes = list(changes)
        for change in listed_changes:
            if isinstance(change, str) or len(change) - has_verb(change) not in (2, 3):
                raise LXModelError(
                    f"compare_changes() got {change!r:.80}: each change is a pair of a constraint's name and an "
                    f"amount, or a triple with a key. Write compare_changes([('capacity', 10), ('capacity', 10, "
                    f"key)]), or name the kind of change: ('capacity', 'relax', 10)."
                )
        return [self._compared(change, key) for change in listed_changes]

    @in_turn
    def find_bottlenecks(
        self, test_amount: SupportsFloat = 1.0, top_n: int = 10, key: Any = None
    ) -> list[tuple[str, float]]:
        """Relax every row by itself and return those that improve the objective, the best first.

        An equation is moved up and down, and the better one counts. Of linear models only rows with a shadow price are
        looked at; of others every row is solved for.

        Args:
            test_amount: by how much each right-hand side is moved.
            top_n: how many rows to return at the most.
            key: looks only at the rows with this key.

        Returns:
            the name of each row, as ``family[key]``, and by how much the objective gets better for each unit of the
            move, in either direction of optimisation; infinite where the model becomes unbounded.

        Raises:
            LXModelError: ``test_amount`` is not above 0, or ``top_n`` is no whole number of at least 1.
            LXUnknownKeyError: no constraint has such a key.
        """
        amount = checked_amount("find_bottlenecks", "test_amount", test_amount)
        count = checked_count("find_bottlenecks", "top_n", top_n, 1)
        if amount == 0.0:
            raise LXModelError("find_bottlenecks() got test_amount=0, by which nothing moves. Give a larger one.")
        gains = [(name, self._gain(row, sense, amount)) for name, row, sense in self._relaxable(key)]
        least = 1e-9 * (1.0 + abs(self._objective()))
        found = [(name, gain / amount) for name, gain in gains if gain > least]
        return sorted(found, key=lambda bottleneck: -bottleneck[1])[:count]

    @in_turn
    def sensitivity_range(
        self,
        name: str,
        min_value: SupportsFloat,
        max_value: SupportsFloat,
        num_points: int = 10,
        key: Any = None,
    ) -> list[tuple[float, float]]:
        """Return the objective for right-hand sides evenly spaced from ``min_value`` to ``max_value``.

        Returns:
            pairs of right-hand side and objective; NaN where the model has no solution then.
        """
        role = f"A limit of the range of {name!r}"
        first, last = checked_number(min_value, role), checked_number(max_value, role)
        count = checked_count("sensitivity_range", "num_points", num_points, 2)
        if not first < last:
            raise LXModelError(
                f"sensitivity_range({name!r}) got the range from {first:g} to {last:g}. "
                f"Give a min_value below max_value."
            )
        return [(value, self._objective_at(name, value, key)) for value in np.linspace(first, last, count).tolist()]

    @in_turn
    def ask(self, description: str, change: Change) -> LXWhatIfResult:
        """Answer any question: ``change`` is given the live session, and changes what it likes in it."""
        session = self._opened()
        baseline = self.get_baseline_solution()
        solved = _solved(session, change)
        return LXWhatIfResult(description, baseline, (), False, lambda: solved)

    def close(self) -> None:
        """Release the solver; the next question opens the model again. In a forked process nothing is done."""
        if self._turns.is_elsewhere:
            return
        with self._turns:
            if self._session is not None:
                self._session.close()
            self._forget()

    def _opened(self) -> LXLiveSession:
        if self._session is None:
            session = self.optimizer.open(self.model)
            solution = session.solve()
            check_same(self.model, self._given, solution)
            self._dual_prices = DualPrices.of(session, solution)
            self._baseline = self._given or solution
            self._session, self._turns.is_open = session, True
        return self._session

    def _objective(self) -> float:
        return self.get_baseline_solution().objective_value

    def _moved(self, move: Move, **given: SupportsFloat | None) -> LXWhatIfResult:
        chosen = {word: value for word, value in given.items() if value is not None}
        if len(chosen) != 1:
            takes = ", ".join(f"{word}=" for word in given)
            raise LXModelError(f"{move} was given {len(chosen)} of {takes}. Give exactly one of them.")
        ((word, value),) = chosen.items()
        if word == "to":
            goal = checked_number(value, f"to= of {move}")
            self._check_direction(move, goal)
            return self._rhs(move.name, move.key, lambda now: np.full_like(now, goal), f"to {goal:g}")
        amount = move.sign * checked_amount(move.call, word, value)
        if word == "by":
            return self._rhs(move.name, move.key, lambda now: now + amount, f"by {amount:+g}")
        check_share(move, amount)
        return self._rhs(move.name, move.key, lambda now: now + amount * np.abs(now), f"by {100.0 * amount:+g}%")

    def _check_direction(self, move: Move, goal: float) -> None:
        now = self._opened().rhs(move.name, move.key)
        wrong = [number for number in now if move.sign * (goal - number) < 0.0]
        if wrong:
            other = "decrease" if move.sign > 0 else "increase"
            block = find_block(self._opened().problem.constraints, move.name, "constraint")
            raise LXModelError(
                f"{move.call}({element_name(block, move.key)!r}) to={goal:g} is in the other direction: a right-hand "
                f"side is {wrong[0]:g} now. Call {other}_constraint_rhs, or give key= for single rows."
            )

    def _looser(self, call: str, name: str) -> int:
        sense = self._opened().sense(name)
        if sense is LXSense.EQ:
            raise LXModelError(
                f"{call}({name!r}): the constraint is an equation, of which no right-hand side is looser than another. "
                f"Call increase_constraint_rhs or decrease_constraint_rhs."
            )
        if sense is LXSense.BETWEEN:
            raise LXModelError(
                f"{call}({name!r}): the constraint has two sides (.between()), of which a change would have to name "
                f"one. Write it as two constraints, one with .ge() and one with .le()."
            )
        return 1 if sense is LXSense.LE else -1

    def _added(self, name: str, amount: SupportsFloat, key: Any = None) -> LXWhatIfResult:
        number = checked_number(amount, f"The change of {name!r}")
        return self._rhs(name, key, lambda now: now + number, f"by {number:+g}")

    def _compared(self, change: Sequence[Any], key: Any) -> LXWhatIfResult:
        name, *words, amount = change[: 2 + has_verb(change)]
        own = change[-1] if len(change) > 2 + len(words) else key
        if not words:
            return self._added(name, amount, own)
        call = f"{words[0]}_constraint" + ("" if words[0] in ("relax", "tighten") else "_rhs")
        answer: LXWhatIfResult = getattr(self, call)(name, by=amount, key=own)
        return answer

    def _objective_at(self, name: str, value: float, key: Any) -> float:
        result = self._rhs(name, key, lambda now: np.full_like(now, value), f"to {value:g}")
        return result.new_objective if result.from_duals or result.solution.is_feasible() else math.nan

    def _rhs(self, name: str, key: Any, new: Callable[[FloatArray], FloatArray], wording: str) -> LXWhatIfResult:
        """Answer a change of right-hand sides, from the duals where they hold."""
        session = self._opened()
        block = find_block(session.problem.constraints, name, "constraint")
        rows = elements_of(block, key)
        now = np.array(session.rhs(name, key))
        then = new(now)
        description = f"right-hand side of {element_name(block, key)} {wording}"
        known = self._known(rows, then - now)
        changes = tuple(
            LXWhatIfChange(block.element(row), before, after)
            for row, before, after in zip(rows.tolist(), now.tolist(), then.tolist(), strict=True)
        )

        def solve() -> Solved:
            return _solved(session, lambda changed: changed.set_rhs(name, then, key=key))

        baseline = self.get_baseline_solution()
        if known is not None:
            return LXWhatIfResult(description, baseline, changes, True, solve, known)
        solved = solve()
        return LXWhatIfResult(description, baseline, changes, False, lambda: solved)

    def _known(self, rows: IntArray, deltas: FloatArray) -> float | None:
        return None if self._dual_prices is None else self._dual_prices.objective_after(rows, deltas)

    def _relaxable(self, key: Any) -> list[tuple[str, int, LXSense]]:
        """Return the name, position and sense of every row that may be a bottleneck."""
        session, found, known = self._opened(), list[tuple[str, int, LXSense]](), key is None
        for block in session.problem.constraints:
            sense = session.sense(block.name)
            position = None if key is None else position_of(block, key)
            known = known or position is not None
            rows = range(block.start, block.stop) if key is None else [] if position is None else [position]
            found += [(block.element(row), row, sense) for row in rows if self._pays(row)]
        if not known:
            raise LXUnknownKeyError(
                f"find_bottlenecks(key={key!r}): no constraint of model {self.model.name!r} has such a key. "
                f"Correct it, or leave it out to look at all rows."
            )
        return found

    def _pays(self, row: int) -> bool:
        baseline = self.get_baseline_solution()
        return not baseline.has_duals() or baseline.shadow_prices.array[row] != 0.0

    def _gain_of_sides(self, row: int, amount: float) -> float:
        """Return the gain of a move of the side that binds, of two; only the duals know it."""
        moves = (np.array([amount]), np.array([-amount]))
        after = [value for move in moves if (value := self._known(np.array([row]), move)) is not None]
        if len(after) < len(moves):
            name = block_at(self._opened().problem.constraints, row).name
            raise LXModelError(
                f"find_bottlenecks() cannot price constraint {name!r} beyond its duals, since it has two sides "
                f"(.between()). Write it as two constraints, one with .ge() and one with .le()."
            )
        baseline = self.get_baseline_solution().objective_value
        gains = [value - baseline for value in after]
        return max(gains) if self._opened().problem.maximize else -min(gains)

    def _gain(self, row: int, sense: LXSense, amount: float) -> float:
        if sense is LXSense.BETWEEN:
            return self._gain_of_sides(row, amount)
        moves = {LXSense.LE: [amount], LXSense.GE: [-amount], LXSense.EQ: [amount, -amount]}
        return max(self._gain_of(row, move) for move in moves[sense])

    def _gain_of(self, row: int, move: float) -> float:
        session = self._opened()
        block = block_at(session.problem.constraints, row)
        result = self._rhs(block.name, block.key(row), lambda now: now + move, f"by {move:+g}")
        if not result.from_duals and not result.solution.is_feasible():
            return math.inf if result.solution.status in ("unbounded", "infeasible_or_unbounded") else 0.0
        return result.delta_objective if session.problem.maximize else -result.delta_objective


def _solved(session: LXLiveSession, change: Change) -> Solved:
    with session.trying():
        change(session)
        solution, problem = session.solve(), session.problem
    return solution, lambda: session.explain_infeasibility(problem)
