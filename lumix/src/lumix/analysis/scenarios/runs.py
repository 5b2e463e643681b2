"""Solving scenarios: here, or in the workers of an executor, alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Self

import numpy as np

from lumix.analysis.scenarios.modifications import Change, Custom, Modification
from lumix.analysis.scenarios.results import LXScenarioChange, RowNumbers
from lumix.analysis.scenarios.scenario import LXScenario
from lumix_core import LXInfeasibility, LXModel, LXModelError, LXOptimizer, LXProblem, LXSense, LXSolution
from lumix_core.copying import deep_copy
from lumix_core.errors import LXError
from lumix_core.solver import LXLimit, LXLiveSession, Turns

PLAIN = {int, float, str, bool}
"""The types of keys that read alike in every process."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """A solution with its rows, or what went wrong."""

    solution: LXSolution | None
    error: str = ""
    rows: RowNumbers | None = None


class Runner:
    """A model that is open in a solver, and solved for one scenario after the other.

    Every scenario is solved from where the solver is after the model itself, so that its answer does not depend on what
    was solved before it. Threads that share a runner take turns.

    Args:
        model: the model; its rows are read now.
        optimizer: the solver and its options.
        threads: how many each solve has; None for the optimizer's own number.

    Raises:
        KeyboardInterrupt: Ctrl-C came while the model was solved.
    """

    def __init__(self, model: LXModel, optimizer: LXOptimizer, threads: int | None = None) -> None:
        self.model = model
        self.optimizer = optimizer
        self._options: dict[str, Any] = {} if threads is None else {"threads": threads}
        self._turns = Turns(
            f"The solver of the scenarios of model {model.name!r}",
            "Make another analyzer here: LXScenarioAnalyzer(model, optimizer).",
            is_open=True,
        )
        self._users, self._is_closed = 0, False
        self.session = optimizer.open(model, **self._options)
        try:
            self.problem = self.session.problem
            self.baseline = uninterrupted(attempted(lambda: _solved(self.session)))
            self.digest = digest_of(self.problem)
        except BaseException:
            self.session.close()
            raise

    def outcome(self, scenario: LXScenario) -> Outcome:
        """Return what becomes of the model in a scenario; a failure is an outcome too."""

        def solved() -> Outcome:
            with self._changed(scenario) as session:
                return _solved(session)

        with self._turns:
            return attempted(solved)

    def explain_infeasibility(self, scenario: LXScenario) -> LXInfeasibility:
        """Find out why the model has no solution in a scenario."""
        with self._turns, self._changed(scenario) as session:
            return session.explain_infeasibility()

    def changes(self, scenario: LXScenario) -> tuple[LXScenarioChange, ...]:
        """Return what a scenario changes, in words."""
        with self._turns:
            places = [_position(modification, self.session) for modification in scenario.modifications]
        return tuple(
            LXScenarioChange(modification.kind, position, modification.text)
            for modification, position in zip(scenario.modifications, places, strict=True)
        )

    def check(self, scenario: LXScenario, call: str = "") -> None:
        """Refuse a scenario that names what the model does not have; a function may yet add it.

        Args:
            scenario: the scenario.
            call: what the user called, where that was not the scenario's own methods.
        """
        if scenario.is_custom:
            return
        for change in _changes(scenario):
            try:
                with self._turns:
                    change.now(self.session)
            except LXError as error:
                origin = call or f"Scenario {scenario.name!r}, {change}"
                raise type(error)(f"{origin}: {error}") from error

    def senses(self) -> dict[str, LXSense]:
        """Return the sense of each constraint of the model."""
        with self._turns:
            return {block.name: self.session.sense(block.name) for block in self.problem.constraints}

    @contextmanager
    def in_use(self) -> Iterator[Self]:
        """Keep the solver for the length of a ``with`` block, also where `close` is called in it."""
        with self._turns:
            self._users += 1
        try:
            yield self
        finally:
            with self._turns:
                self._users -= 1
                self._release()

    @property
    def is_elsewhere(self) -> bool:
        """Whether this is another process than the one that opened the model."""
        return self._turns.is_elsewhere

    def close(self) -> None:
        """Release the solver, once nobody uses it; in a forked process nothing is done."""
        if self.is_elsewhere:
            return
        with self._turns:
            self._is_closed = True
            self._release()

    def _release(self) -> None:
        if self._is_closed and not self._users:
            self.session.close()

    @contextmanager
    def _changed(self, scenario: LXScenario) -> Iterator[LXLiveSession]:
        """Give the model with the changes of a scenario, open in the solver."""
        if scenario.is_custom:
            with self._changed_apart(scenario) as session:
                yield session
            return
        with self.session.rewind().trying() as session:
            for change in _changes(scenario):
                change.apply(session)
            yield session

    @contextmanager
    def _changed_apart(self, scenario: LXScenario) -> Iterator[LXLiveSession]:
        """Give a copy of the model, changed by functions."""
        model, twin = deep_copy((self.model, scenario))
        check_same(model, self.digest, digest_of(model.compile()))
        for modification in twin.modifications:
            if isinstance(modification, Custom):
                modification.change(model)
        with self.optimizer.open(model, **self._options) as session:
            self._check_order(twin, session)
            for change in _changes(twin):
                change.apply(session)
            yield session

    def _check_order(self, scenario: LXScenario, session: LXLiveSession) -> None:
        """Refuse changes that were to come before a function which has changed the same numbers."""
        made = scenario.modifications
        last = max(i for i, modification in enumerate(made) if isinstance(modification, Custom))
        for modification in made[:last]:
            if not isinstance(modification, Custom) and not np.array_equal(
                modification.now(self.session), modification.now(session)
            ):
                raise LXModelError(
                    f"Scenario {scenario.name!r} has {modification} before a custom modification, which changes the "
                    f"same numbers: which of them is meant is not known. Call add_custom_modification() first."
                )


def _solved(session: LXLiveSession) -> Outcome:
    solution = session.solve()
    if not solution.is_feasible():
        return Outcome(solution)
    return Outcome(solution, rows=RowNumbers(solution.activity, session.right_hand_sides()))


def attempted(solve: Callable[[], Outcome]) -> Outcome:
    """Solve; what LumiX refuses, and a solver that fails, are outcomes."""
    try:
        return solve()
    except LXError as error:
        return Outcome(None, str(error))


def uninterrupted(outcome: Outcome) -> Outcome:
    """Return an outcome; raises `KeyboardInterrupt` where Ctrl-C ended the solver's run, which is none then."""
    if outcome.solution is not None and outcome.solution.limit is LXLimit.INTERRUPT:
        raise KeyboardInterrupt
    return outcome


def digest_of(problem: LXProblem) -> str:
    """Return a digest of all numbers of a problem, and of the keys that are numbers or text."""
    digest = blake2b(repr((problem.maximize, problem.offset)).encode())
    for array in problem.arrays().values():
        digest.update(array.tobytes())
    for block in (*problem.variables, *problem.constraints):
        digest.update(repr((block.name, block.start, block.keys.labels)).encode())
        for level, codes in zip(block.keys.levels, block.keys.codes, strict=True):
            digest.update(codes.tobytes())
            if set(map(type, level)) <= PLAIN:
                digest.update(repr(level).encode())
    return digest.hexdigest()


def check_same(model: LXModel, known: str, found: str) -> None:
    """Refuse a copy of the model with other numbers: each difference to the model as it is would be wrong."""
    if found != known:
        raise LXModelError(
            f"The model {model.name!r} or its rows have changed since the first scenario was added, when they were "
            f"read. Call close() on the analyzer, so that they are read again."
        )


def _position(modification: Modification, session: LXLiveSession) -> str:
    """Name what is changed; a family that a function has yet to add as it is written."""
    try:
        return modification.position(session)
    except LXError:
        return modification.name


def _changes(scenario: LXScenario) -> Iterable[Change]:
    return [modification for modification in scenario.modifications if not isinstance(modification, Custom)]
