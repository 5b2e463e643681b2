"""HiGHS with faults, as authors of solvers make them, in single runs and in problems that stay open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lumix_core.solver.solver import SolverOptions
from lumix_solvers.highs import HighsSolver


class Fake:
    """HiGHS, with a fault: its problem and options are changed before, its answer after the run."""

    name = "fake"
    features = HighsSolver.features

    def __init__(self, before: Any = None, after: Any = None, found: Any = None) -> None:
        self.before = before or (lambda problem, options: (problem, options))
        self.after = after or (lambda problem, result: result)
        self.found = found or (lambda problem, conflict: conflict)

    def is_available(self) -> bool:
        return True

    def solve(self, problem: Any, options: SolverOptions) -> Any:
        problem, options = self.before(problem, options)
        return self.after(problem, HighsSolver().solve(problem, options))

    def find_conflict(self, problem: Any, options: SolverOptions) -> Any:
        return self.found(problem, HighsSolver().find_conflict(problem, options))


class Run:
    """An open problem of HiGHS, to be given a fault by overriding."""

    def __init__(self, problem: Any, options: SolverOptions) -> None:
        self.problem = problem
        self.run = HighsSolver().open(problem, options)

    def update(self, changes: Any) -> bool:
        self.problem = changes.problem
        return self.run.update(changes)

    def solve(self) -> Any:
        return self.run.solve()

    def ranging(self) -> Any:
        return self.run.ranging()

    def rewind(self) -> bool:
        return self.run.rewind()

    def close(self) -> None:
        self.run.close()


class Opening(Fake):
    """HiGHS, whose open problems have a fault, or are opened with one."""

    def __init__(self, run: Any = Run, options: Any = None) -> None:
        super().__init__()
        self.make, self.options = run, options or (lambda options: options)

    def open(self, problem: Any, options: SolverOptions) -> Any:
        return self.make(problem, self.options(options))


def without(name: str, default: Any = None) -> Any:
    """Return what forgets one of the options."""
    return lambda options: replace(options, **{name: default})
