"""Tests that a solver's licence forbids, by its size or its end, are skipped with that reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import pytest

from lumix_core.errors import LXSolverError
from lumix_core.problem import LXProblem
from lumix_core.solver import Solver
from lumix_core.testing.kit import solve
from lumix_core.testing.solvers.problems import INF, problem


@contextmanager
def within_licence() -> Iterator[None]:
    """Skip the test where the licence that is installed is too small for it."""
    try:
        yield
    except LXSolverError as error:
        if "is limited in size" not in str(error):
            raise
        pytest.skip(str(error).split(" as it is given")[0])


@cache
def missing(solver: Callable[[], Solver]) -> str:
    """Return why a solver cannot be tried: it is not installed, or its licence has ended; else nothing."""
    made = solver()
    if not made.is_available():
        return f"solver {made.name!r} is not installed"
    try:
        solve(made, problem([1.0], [([1.0], 1.0, INF)]))
    except LXSolverError as error:
        if "has no licence here" not in str(error):
            raise
        return str(error).split(". ")[0]
    return ""


def skip_where_missing(solver: Callable[[], Solver]) -> None:
    """Skip the test where a solver cannot be tried here."""
    if reason := missing(solver):
        pytest.skip(reason)


def refusal_of(solver: Solver, given: LXProblem) -> str:
    """Return the message with which a problem is refused that is larger than the licence; skip where none is."""
    try:
        solve(solver, given)
    except LXSolverError as error:
        return str(error)
    pytest.skip(f"a full licence of {solver.name} is installed here")


class WithinLicence:
    """Tests of the kit, some of which are larger than a licence may allow, and all of which wait less.

    The solvers that inherit this heed limits within a tenth of a second.
    """

    @pytest.fixture(autouse=True)
    def _short_waits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("lumix_core.testing.solvers.statuses.TIME_LIMIT", 0.3)
        monkeypatch.setattr("lumix_core.testing.solvers.progress.LONG_ENOUGH", 0.4)
        monkeypatch.setattr("lumix_core.testing.solvers.progress.SOON", 0.2)

    def test_large_sparse_problem(self, solver: object) -> None:
        with within_licence():
            super().test_large_sparse_problem(solver=solver)  # type: ignore[misc]
