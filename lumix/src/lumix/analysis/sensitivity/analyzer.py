"""Sensitivity: shadow prices, reduced costs, and the ranges within which they hold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lumix.analysis.sensitivity.allowable import AllowableChanges
from lumix.analysis.sensitivity.optima import is_optimum
from lumix.analysis.sensitivity.records import LXConstraintSensitivity, LXVariableSensitivity
from lumix.analysis.sensitivity.reports import SHOWN, constraints_html, report, summary
from lumix_core import LXModel, LXModelError, LXOptimizer, LXSolution
from lumix_core.compiler.overrides import Definition
from lumix_core.errors import LXNoDualsError, LXSolverNotFoundError
from lumix_core.language import Bracketed
from lumix_core.problem import LXBlock, block_at, checked_count, checked_number, elements_of, find_block, html_lines
from lumix_core.solver import Closing, Ranging, Turns, checked_model, checked_optimizer, in_turn


class LXSensitivityAnalyzer(Closing, Bracketed):
    """Analyses what an optimal solution of a linear model depends on.

    It is about the model and its rows as they are when it is made. Once a part of the model is changed, every further
    question is an error. Threads may share an analyzer: they take turns. It belongs to the process that made it; a
    copy, pickled or not, reads the model anew.

    Args:
        model: the model; it stays as it is. Its rows are read once, here.
        solution: an optimal solution of it.
        optimizer: chooses the solver that finds the ranges; without it the one that found the solution.

    Raises:
        LXNoDualsError: the solution has no shadow prices, as for every model with integer variables.
        LXModelError: the solution is none of this model as it is now, or the model is not linear.
        LXSolverNotFoundError: the solution was found by a solver object, and no optimizer is given.
    """

    def __init__(self, model: LXModel, solution: LXSolution, optimizer: LXOptimizer | None = None) -> None:
        self.model = checked_model(model, type(self).__name__)
        self.solution = _checked_solution(solution)
        self._duals = solution.shadow_prices.array
        self._reduced_costs = solution.reduced_costs.array
        self._x = solution.variables.array
        self.optimizer = (
            _solver_of(solution) if optimizer is None else checked_optimizer(optimizer, type(self).__name__)
        )
        self._open()

    def _open(self) -> None:
        """Read the model, which may be done again in a copy."""
        self._turns = Turns(
            f"The sensitivity analyzer of model {self.model.name!r}",
            f"Make another one here: {type(self).__name__}(model, solution).",
            is_open=True,
        )
        self._definition = Definition(self.model)
        self._session = self.optimizer.open(self.model)
        self._problem = self._session.problem
        self._check_same()
        self._activity = self._problem.activity(self._x)
        self._allowable: AllowableChanges | None = None

    def __getstate__(self) -> dict[str, Any]:
        opened = ("_turns", "_definition", "_session", "_problem", "_activity", "_allowable")
        return {name: value for name, value in self.__dict__.items() if name not in opened}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()

    def analyze_constraint(self, name: str, key: Any = None) -> LXConstraintSensitivity:
        """Return the sensitivity of one row of a constraint.

        Args:
            name: of the constraint; or of one of its rows, as ``family[key]``, which needs no key.
            key: of the row, or the row itself; a constraint without an index needs none.

        Raises:
            LXUnknownNameError: the model has no such constraint.
            LXUnknownKeyError: the constraint has no such key.
            LXModelError: the constraint has several rows, and no key names one.
        """
        self._check_unchanged()
        return self._constraint(self._position(self._problem.constraints, "constraint", name, key))

    def analyze_variable(self, name: str, key: Any = None) -> LXVariableSensitivity:
        """Return the sensitivity of one variable; otherwise as `analyze_constraint`."""
        self._check_unchanged()
        return self._variable(self._position(self._problem.variables, "variable", name, key))

    def analyze_all_constraints(self) -> dict[str, LXConstraintSensitivity]:
        """Return the sensitivity of every row, by its name, such as ``capacity[3]``."""
        self._check_unchanged()
        records = map(self._constraint, range(self._problem.num_constraints))
        return {record.name: record for record in records}

    def analyze_all_variables(self) -> dict[str, LXVariableSensitivity]:
        """Return the sensitivity of every variable, by its name, such as ``production[3]``."""
        self._check_unchanged()
        records = map(self._variable, range(self._problem.num_variables))
        return {record.name: record for record in records}

    def get_binding_constraints(self, threshold: float | None = None) -> dict[str, LXConstraintSensitivity]:
        """Return the rows that hold the solution back, or would at once if they moved: those without slack.

        Args:
            threshold: leaves out those whose shadow price is not larger in absolute size.
        """
        binding = {
            name: constraint for name, constraint in self.analyze_all_constraints().items() if constraint.is_binding
        }
        if threshold is None:
            return binding
        return {name: constraint for name, constraint in binding.items() if abs(constraint.shadow_price) > threshold}

    def get_non_basic_variables(self) -> dict[str, LXVariableSensitivity]:
        """Return the variables that are not basic: each is at a bound."""
        return {name: variable for name, variable in self.analyze_all_variables().items() if not variable.is_basic}

    def get_most_sensitive_constraints(self, top_n: int = 10) -> list[tuple[str, LXConstraintSensitivity]]:
        """Return the rows with the largest shadow prices, in absolute size, the largest first.

        Raises:
            LXModelError: ``top_n`` is no whole number of at least 1.
        """
        count = checked_count("get_most_sensitive_constraints", "top_n", top_n, 1)
        self._check_unchanged()
        order = np.argsort(-np.abs(self._duals), kind="stable")[:count].tolist()
        return [(record.name, record) for record in map(self._constraint, order)]

    def identify_bottlenecks(self, shadow_price_threshold: float = 0.01) -> list[str]:
        """Return the names of the rows whose shadow price is larger in absolute size, the largest first.

        Raises:
            LXNumberError: the threshold is no number.
        """
        least = checked_number(shadow_price_threshold, "shadow_price_threshold= of identify_bottlenecks()")
        self._check_unchanged()
        sizes = np.abs(self._duals)
        order = np.argsort(-sizes, kind="stable")
        return [self._problem.row_name(row) for row in order[sizes[order] > least].tolist()]

    def generate_summary(self) -> str:
        """Return a few lines of text: the binding rows, and their shadow prices."""
        most_sensitive = self.get_most_sensitive_constraints(SHOWN)
        rows = len(self.solution.shadow_prices.array)
        return summary(self._title, len(self.get_binding_constraints()), rows, most_sensitive)

    def _repr_html_(self) -> str:
        """Return the summary with a table of the most sensitive constraints, for notebooks."""
        try:
            title, binding = self.generate_summary().splitlines()[:2]
            records = [record for _, record in self.get_most_sensitive_constraints(SHOWN)]
        except LXModelError as error:  # the model was changed: a notebook says so in its place
            return html_lines(str(error))
        return html_lines(title, binding) + constraints_html(records, len(self.solution.shadow_prices.array))

    def generate_report(self) -> str:
        """Return tables of all rows and variables, as text."""
        return report(self._title, self.analyze_all_constraints(), self.analyze_all_variables())

    @property
    def _title(self) -> str:
        return f"Model {self.model.name!r}: objective {self.solution.objective_value:,.6g}"

    def close(self) -> None:
        """Release the solver."""
        self._session.close()

    def _constraint(self, row: int) -> LXConstraintSensitivity:
        lower, upper = float(self._problem.row_lower[row]), float(self._problem.row_upper[row])
        side = upper if math.isfinite(upper) else lower
        apart = min(self._activity[row].item() - lower, upper - self._activity[row].item())
        slack = apart if apart > 1e-9 * (1.0 + abs(side)) else 0.0
        block = block_at(self._problem.constraints, row, "row")
        return LXConstraintSensitivity(
            name=block.element(row),
            family=block.name,
            key=block.key(row),
            shadow_price=float(self._duals[row]),
            slack=slack,
            is_binding=slack <= 1e-6 * (1.0 + abs(side)),
            _reach=lambda: self._side_reach(row, slack),
        )

    def _variable(self, column: int) -> LXVariableSensitivity:
        value = float(self._x[column])
        lower, upper = float(self._problem.lower[column]), float(self._problem.upper[column])
        room = min(value - lower, upper - value)
        block = block_at(self._problem.variables, column, "x")
        return LXVariableSensitivity(
            name=block.element(column),
            family=block.name,
            key=block.key(column),
            value=value,
            reduced_cost=float(self._reduced_costs[column]),
            is_at_bound=room <= 1e-6 * (1.0 + abs(value)),
            objective_coefficient=float(self._problem.objective[column]),
            _basic=lambda: self._is_basic(column, room),
            _reach=lambda: self._cost_reach(column),
        )

    @in_turn
    def _side_reach(self, row: int, slack: float) -> tuple[float, float]:
        """Return by how much a side may go down, and up, while the shadow price holds."""
        return self._allowable_changes().side(row, slack, float(self._duals[row]))

    @in_turn
    def _cost_reach(self, column: int) -> tuple[float, float]:
        return self._allowable_changes().cost(column, float(self._x[column]))

    @in_turn
    def _is_basic(self, column: int, room: float) -> bool:
        ranging: Ranging | None = self._allowable_changes().ranging
        return bool(ranging.basic[column] if ranging is not None else room > 1e-6 * (1.0 + abs(self._x[column])))

    def _allowable_changes(self) -> AllowableChanges:
        if self._allowable is None:
            self._allowable = AllowableChanges(self._session, self._session.solve())
        return self._allowable

    def _position(self, blocks: tuple[LXBlock, ...], word: str, name: str, key: Any) -> int:
        if key is None and all(block.name != name for block in blocks):
            position = self._element(blocks, name)
            if position is not None:
                return position
        block = find_block(blocks, name, word)
        positions = elements_of(block, key).tolist()
        if len(positions) != 1:
            raise LXModelError(
                f"{word.capitalize()} {name!r} has {len(positions)} index elements, and each has a sensitivity of its "
                f"own. Name one with key=, or ask for all with analyze_all_{word}s()."
            )
        return int(positions[0])

    @staticmethod
    def _element(blocks: tuple[LXBlock, ...], name: str) -> int | None:
        """Return the position of the index element ``family[key]``, the key with quotes or without."""
        for block in blocks:
            if name.startswith(f"{block.name}[") and name.endswith("]"):
                written = name[len(block.name) + 1 : -1]
                for write in (repr, str):
                    found = [position for position, key in enumerate(block.keys, block.start) if write(key) == written]
                    if len(found) == 1:
                        return found[0]
        return None

    def _check_unchanged(self) -> None:
        """Refuse to answer for a model that is another one by now."""
        part = self._definition.changed_part(self.model)
        if part is not None:
            raise LXModelError(
                f"{part} of model {self.model.name!r} was changed since this analyzer was made, so the solution is "
                f"none of the model as it is now. Solve the model again, and make another analyzer of that solution."
            )

    def _check_same(self) -> None:
        """Refuse a solution that is none of this model."""
        if self._problem.is_mip:
            self._session.close()
            raise LXNoDualsError(
                f"Model {self.model.name!r} has integer variables, and ranges exist only without. The shadow prices of "
                f"a solution that was found with relax=True or fix= are in solution.shadow_prices; for their ranges "
                f"make the variables continuous."
            )
        if not self._problem.is_linear:
            self._session.close()
            raise LXModelError(
                f"Model {self.model.name!r} is not linear, and ranges are those of linear models. Its shadow prices "
                f"are in solution.shadow_prices; LXWhatIfAnalyzer tells what a change brings."
            )
        if is_optimum(self._problem, self.solution):
            return
        self._session.close()
        raise LXModelError(
            f"The solution is none of model {self.model.name!r} with its rows as they are now: their numbers differ. "
            f"Solve the model again and give that solution."
        )


def _solver_of(solution: LXSolution) -> LXOptimizer:
    """Return an optimizer with the solver that found a solution.

    Raises:
        LXSolverNotFoundError: no solver is registered under its name, as where a solver object was used.
    """
    try:
        return LXOptimizer().use_solver(solution.solver)
    except LXSolverNotFoundError as error:
        raise LXSolverNotFoundError(
            f"LXSensitivityAnalyzer() cannot use the solver {solution.solver!r}, which found the solution, by its "
            f"name. Give the optimizer that solved the model: LXSensitivityAnalyzer(model, solution, "
            f"optimizer=optimizer). ({error})"
        ) from error


def _checked_solution(given: object) -> LXSolution:
    if isinstance(given, LXSolution):
        return given
    raise LXModelError(
        f"LXSensitivityAnalyzer() got {given!r:.80} as its solution. "
        f"Write LXSensitivityAnalyzer(model, optimizer.solve(model))."
    )
