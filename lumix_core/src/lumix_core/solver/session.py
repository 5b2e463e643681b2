"""Live sessions: a model that stays in the solver, to be changed and solved again."""

from __future__ import annotations

import logging
import os
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn, Self, SupportsFloat, SupportsIndex, TypeVar

import numpy as np

from lumix_core.compiler.overrides.data_changes import DataChanges
from lumix_core.compiler.overrides.parameters import Numbers
from lumix_core.compiler.overrides.recompile import Data, Recompiler
from lumix_core.compiler.overrides.rows import RowOverride, row_override
from lumix_core.compiler.reading import Reading
from lumix_core.errors import LXCopyError, LXModelError, LXStaleReadWarning, caller_level
from lumix_core.formulas.lookup_table import LookupTable
from lumix_core.problem.changed_numbers import changes_by_key
from lumix_core.problem.edits import Draft, Edit, NewNumber, refuse_crossed
from lumix_core.problem.problem import LXProblem, LXSense, find_block
from lumix_core.rows.refreshing import Refreshing
from lumix_core.rows.snapshots import Snapshot
from lumix_core.rows.tables import Table
from lumix_core.solver.claims import solve
from lumix_core.solver.closing import Closing
from lumix_core.solver.infeasibility.report import LXInfeasibility, explain_infeasibility
from lumix_core.solver.live import Live
from lumix_core.solver.refresh import LXRefresh, edits_made_again, hidden_changes, why_rebuilt
from lumix_core.solver.solution import LXSolution, Results, solution_of
from lumix_core.solver.solver import Ranging, RawResult
from lumix_core.solver.turns import Turns, in_turn

if TYPE_CHECKING:
    from lumix_core.language.constraints import LXConstraint
    from lumix_core.language.model import LXModel
    from lumix_core.language.parameters import LXParameter
    from lumix_core.language.variables import LXVariable


Row = TypeVar("Row")

_LOG = logging.getLogger("lumix.solver")


class LXLiveSession(Closing):
    """A model that stays open in a solver: change numbers, and solve again from where the solver is.

    Made by `LXOptimizer.open`. The rows are read once, then; what becomes of the model or its rows later does not
    reach the session before `refresh`, and nothing that is done here reaches the model. A number changed by name stays
    changed when data change afterwards. Use it in a ``with`` block, or call `close`.

    Threads may share it: each call is a turn, and a ``with session.trying()`` block is one turn as a whole. It belongs
    to the process that opened it: in a process that is forked from that one every call is an error.
    """

    def __init__(self, model: LXModel, live: Live) -> None:
        self._model = model
        self._compiled = Recompiler(model)
        self._changes = DataChanges(self._compiled)
        self._facts = self._compiled.facts()
        self._live = live
        self._data = Data()
        self._edits: dict[tuple[Any, ...], Edit] = {}
        self._draft = Draft(self._compiled.problem, self._facts)
        self._trials = 0
        self._finalizer = weakref.finalize(self, _close, live, os.getpid())
        self._turns = Turns(
            f"The session of model {model.name!r}",
            "Open another one here with optimizer.open(model).",
            is_open=True,
        )

    @property
    @in_turn
    def problem(self) -> LXProblem:
        """The compiled problem with all changes."""
        return self._draft.problem()

    @in_turn
    def set_rhs(self, constraint: LXConstraint[Any] | str, value: NewNumber, key: Any = None) -> Self:
        """Set the right-hand side of a constraint.

        Args:
            constraint: the family, or its name.
            value: the new number, a function of the number that is there, or an array in the order of the keys.
            key: of one index element of the family, or its row; without it all are changed.

        Raises:
            LXUnknownNameError: the model has no such constraint.
            LXUnknownKeyError: the family has no such key.
            LXNumberError: the new number is none.
        """
        return self._edit(Edit("rhs", _name(constraint), key, value))

    @in_turn
    def set_bounds(
        self,
        variable: LXVariable[Any, Any] | str,
        lower: NewNumber | None = None,
        upper: NewNumber | None = None,
        key: Any = None,
    ) -> Self:
        """Set bounds of a variable; one not given stays, and an infinite one is none. Otherwise as `set_rhs`.

        Raises:
            LXModelError: they cross.
        """
        refuse_crossed(f"set_bounds({_name(variable)!r})", lower, upper)
        for part, value in (("lower", lower), ("upper", upper)):
            if value is not None:
                self._edit(Edit(part, _name(variable), key, value))
        return self

    @in_turn
    def set_cost(self, variable: LXVariable[Any, Any] | str, value: NewNumber, key: Any = None) -> Self:
        """Set the coefficient of a variable in the objective. Otherwise as `set_rhs`."""
        return self._edit(Edit("cost", _name(variable), key, value))

    @in_turn
    def set_coefficient(
        self,
        constraint: LXConstraint[Any] | str,
        variable: LXVariable[Any, Any] | str,
        value: NewNumber,
        key: Any = None,
        variable_key: Any = None,
    ) -> Self:
        """Set the coefficient of a variable in a constraint.

        Where both keys are given (or the families have no keys) the pair may have none so far; otherwise those
        coefficients are changed that are there.

        Args:
            constraint: the family of the row, or its name.
            variable: the family of the column, or its name.
            value: the new number, or a function of the number that is there.
            key: of the row; without it all rows of the constraint.
            variable_key: of the column; without it all columns of the variable.
        """
        return self._edit(Edit("coefficient", _name(constraint), key, value, _name(variable), variable_key))

    @in_turn
    def rhs(self, constraint: LXConstraint[Any] | str, key: Any = None) -> list[float]:
        """Return the right-hand sides as they are now: of one key, or of all in the order of the keys."""
        found: list[float] = self._draft.numbers("rhs", _name(constraint), key).tolist()
        return found

    @in_turn
    def right_hand_sides(self) -> Results:
        """Return the right-hand sides of all constraints as they are now, keyed like the constraints."""
        blocks = self.problem.constraints
        numbers = [self._draft.right_hand_sides(block.name) for block in blocks]
        return Results(blocks, np.concatenate([np.empty(0), *numbers]))

    @in_turn
    def sense(self, constraint: LXConstraint[Any] | str) -> LXSense:
        """Return the sense of a constraint."""
        block = find_block(self.problem.constraints, _name(constraint), "constraint")
        return self._facts.senses[block.name]

    @in_turn
    def set_parameter(self, parameter: LXParameter[Any] | str, numbers: Numbers) -> Self:
        """Let a parameter hold other numbers.

        What depends on the parameter is computed anew, from the rows that were read already.

        Args:
            parameter: the parameter, or its name.
            numbers: a dict ``{key: number}``, for some of the keys; or a function of every number that is there.

        Raises:
            LXUnknownNameError: no function of the model looks anything up in the parameter.
            LXMissingKeyError: a key can be none of its keys, or nothing in the model asks for it.
            LXNumberError: a number is none.
            LXModelError: the model would be wrong with them; or its rows have changed since the session was opened.
        """
        self._parameter(parameter)
        self._compiled.check_moment()
        return self._with_data(self._changes.with_parameter(self._data, parameter, numbers))

    @in_turn
    def modify_data(
        self, row_type: type[Row], where: Callable[[Row], object] | None, attribute: str, value: Any
    ) -> Self:
        """Let rows have another value in one attribute: the rows of all sources of the model, and in it alone.

        Args:
            row_type: the class of the rows.
            where: a condition on a row; true for rows to be changed; None for all rows. It may read any attribute:
                what was not read yet is read now.
            attribute: the attribute, which functions of the model read.
            value: the new value, or a function of the row.

        Raises:
            LXSourceError: no source has rows of the class, or no such attribute.
            LXModelError: the condition is true for no row; something else leads to the rows, such as an attribute of
                other rows or a function that captures them, which would still see the old value; or rows of the model
                have changed since the session was opened.
            LXFunctionError: a function failed for a row.
        """
        self._compiled.check_moment()
        override = row_override(row_type, where, attribute, value)
        return self._with_data(self._changes.with_rows(self._data, override))

    @in_turn
    def check_data(self, row_type: type[Any], attribute: str) -> None:
        """Refuse what `modify_data` would refuse whatever the condition and the value.

        Raises:
            LXSourceError: no source has rows of the class, or no such attribute.
        """
        RowOverride(row_type, None, attribute, None).concerned(self._tables())

    def __getitem__(self, parameter: LXParameter[Any] | str) -> LiveParameter:
        """Return a parameter as the session holds it: ``session[hours][1, 2] = 3.0``."""
        self._parameter(parameter)
        return LiveParameter(self, parameter)

    @in_turn
    def solve(self) -> LXSolution:
        """Solve the model with all changes; ``solution.start`` names the start of the solver.

        Raises:
            LXSolverError: the solver failed, or its answer does not satisfy the model.
        """
        self._check_open()
        problem = self.problem
        began = time.perf_counter()
        raw, start, reason = self._live.solve(problem)
        seconds = time.perf_counter() - began
        _LOG.debug("model %r: %s in %.3f s, %s start %s", problem.name, raw.status, seconds, start, reason)
        return solution_of(problem, raw, self._live.solver, seconds, start=start, start_reason=reason)

    @in_turn
    def rewind(self) -> Self:
        """Return the solver to where it is once it has solved the model as it is now, and nothing else.

        What is solved next gives the same answer, bit for bit, whatever was solved before; otherwise a model with
        several optima may end at any of them. Where the solver is at another model, that costs a solve; a solver that
        cannot go back starts from scratch next.

        Raises:
            LXSolverError: the solver failed.
        """
        self._check_open()
        self._live.rewind(self.problem)
        return self

    @in_turn
    def ranging(self) -> Ranging | None:
        """Return the ranges at the optimum that was found last; None where the solver has none for it."""
        self._check_open()
        return self._live.ranging()

    @in_turn
    def solve_other(self, problem: LXProblem) -> RawResult:
        """Solve another problem from scratch, by the session's solver and with its options; the answer is checked.

        Raises:
            LXSolverError: the solver failed, or its answer does not satisfy the problem.
        """
        return solve(self._live.solver, problem, replace(self._live.options, native=None))

    @in_turn
    def explain_infeasibility(self, problem: LXProblem | None = None) -> LXInfeasibility:
        """Find out why the model with all changes has no solution; see `LXOptimizer.explain_infeasibility`.

        Args:
            problem: what ``problem`` was at another time, to be looked at in place of what it is now.
        """
        return explain_infeasibility(self._live.solver, problem or self.problem, self._live.options)

    @in_turn
    def refresh(self, *, snapshot: bool = False) -> LXRefresh:
        """Read the rows of the model anew, and take over what differs; the solver goes on from where it is.

        The session is then about the model and its rows as they are now, with the changes that were made in the
        session on top: numbers set by name stay with their keys, and changes of parameters and data are made again.
        Where an error is raised, the session stays as it was.

        Rows that an ORM's session holds unchanged are loaded anew; changes that are pending in it stay.

        Args:
            snapshot: whether all rows are read at one moment, as by ``model.compile(snapshot=True)``.

        Returns:
            What changed, by family and key; which changes made in the session found no place and are dropped; and
            whether the solver starts from scratch, since rows came or went.

        Raises:
            LXModelError: the model would be wrong; or this is a ``with session.trying()`` block.

        Warns:
            LXStaleReadWarning: older rows may have been read, as in a transaction that sees one moment only.
        """
        self._check_open()
        if self._trials:
            raise LXModelError(
                f"The session of model {self._model.name!r} was to be refreshed within session.trying(), at whose end "
                f"it returns to the rows that it had. Call refresh() before or after the block."
            )
        refreshing = Refreshing()
        with ExitStack() as ends:
            reading = Reading(snapshot=Snapshot(ends) if snapshot else None, refreshing=refreshing)
            compiled = Recompiler(self._model, reading)
        refresh = self._taken_over(compiled, tuple(refreshing.reasons))
        for reason in refresh.older:
            warnings.warn(reason, LXStaleReadWarning, stacklevel=caller_level())
        return refresh

    @in_turn
    def reset(self) -> Self:
        """Take all changes back."""
        self._data, self._edits = Data(), {}
        self._draft = Draft(self._compiled.problem, self._facts)
        return self

    @contextmanager
    def trying(self) -> Iterator[Self]:
        """Take back, at the end of a ``with`` block, the changes made in it; other threads wait for its end."""
        with self._turns:
            data, edits, problem = self._data, dict(self._edits), self._draft.problem()
            self._trials += 1
            try:
                yield self
            finally:
                self._trials -= 1
                self._data, self._edits, self._draft = data, edits, Draft(problem, self._facts)

    def close(self) -> None:
        """Release the solver; in a forked process, which has none of it, nothing is done."""
        if not self._turns.is_elsewhere:
            with self._turns:
                self._finalizer()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise LXCopyError(
            f"The session of model {self._compiled.model.name!r} cannot be copied or pickled: its model is open in a "
            f"solver. Copy the model, and open the copy with optimizer.open(model)."
        )

    def __repr__(self) -> str:
        return f"<LXLiveSession of {self._compiled.problem!r}, {'open' if self._finalizer.alive else 'closed'}>"

    def _tables(self) -> dict[Any, Table]:
        return {**self._compiled.tables, **self._data.tables}

    def _with_data(self, data: Data) -> Self:
        """Take over other data, unless the model would be wrong with them."""
        problem = self._compiled.compile(data)
        draft = Draft(problem, self._facts)
        for edit in self._edits.values():
            draft.apply(edit)
        self._data, self._draft = data, draft
        return self

    def _taken_over(self, compiled: Recompiler, older: tuple[str, ...]) -> LXRefresh:
        """Take over another reading of the model, with the changes that were made in this session."""
        facts, changes = compiled.facts(), DataChanges(compiled)
        data, lost = changes.made_again(self._data.steps)
        draft = Draft(compiled.compile(data) if data.steps else compiled.problem, facts)
        edits, more = edits_made_again(self._edits.values(), draft)
        senses = self._facts.senses, facts.senses
        found = changes_by_key(self._draft.problem(), draft.problem(), senses)
        hidden: tuple[str, ...] = ()
        if edits or data.steps:
            hidden = tuple(hidden_changes(changes_by_key(self._compiled.problem, compiled.problem, senses), found))
        rebuilt = why_rebuilt(found)
        self._compiled, self._changes, self._facts = compiled, changes, facts
        self._data, self._edits, self._draft = data, edits, draft
        if rebuilt:
            self._live.restart(rebuilt)
        return LXRefresh(compiled.problem.name, found, rebuilt, (*lost, *more), hidden, older)

    def _edit(self, edit: Edit) -> Self:
        done = self._draft.apply(edit)
        self._edits.pop(done.position, None)
        self._edits[done.position] = done
        return self

    @in_turn
    def _parameter(self, parameter: Any) -> tuple[Any, LookupTable]:
        return self._changes.parameter(self._data, parameter)

    def _check_open(self) -> None:
        if not self._finalizer.alive:
            raise LXModelError(
                f"The session of model {self._compiled.model.name!r} is closed: its solver was released. "
                f"Open another one with optimizer.open(model)."
            )


class LiveParameter:
    """A parameter as a session holds it.

    Args:
        session: the session.
        parameter: the parameter, or its name.
    """

    def __init__(self, session: LXLiveSession, parameter: Any) -> None:
        self._session = session
        self._parameter = parameter

    def __getitem__(self, key: Any) -> float:
        held, table = self._session._parameter(self._parameter)
        found = table.get(key)
        return held[key] if found is None else float(found)

    def __setitem__(self, key: Any, value: SupportsFloat) -> None:
        self._session.set_parameter(self._parameter, {key: value})

    def scale(self, factor: float) -> None:
        """Multiply all numbers of the parameter."""
        self._session.set_parameter(self._parameter, lambda number: factor * number)


def _close(live: Live, process: int) -> None:
    """Release a solver, in the process that opened it: a forked one has no thread of it that could end."""
    if os.getpid() == process:
        live.close()


def _name(family: Any) -> str:
    return family if isinstance(family, str) else str(family.name)
