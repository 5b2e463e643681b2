"""How a kit works: inherited tests that end, deviations that carry a reason, refusal where a feature is lacking."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar, cast

import pytest

from lumix_core.errors import LXOptionError, LXUnsupportedError
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.run import run
from lumix_core.solver.solver import LXFeature, RawResult, Solver, SolverOptions

Test = TypeVar("Test", bound=Callable[..., None])


class Kit:
    """A class of tests to inherit.

    Attributes:
        expected_failures: the names of tests that fail, each with the reason; ``"test_unbounded[max]"`` names one
            parameter of a test, as pytest prints it. Such a test must fail: one that passes is reported as a failure,
            so that the deviation is taken off the list.
        limit: seconds that a test of the kit may take; one that takes longer fails.
    """

    expected_failures: ClassVar[Mapping[str, str]] = {}
    limit: ClassVar[float] = 60.0

    def __init_subclass__(cls, limited: Callable[[Test], Test] | None = None, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if limited is not None:
            for name, test in list(vars(cls).items()):
                if name.startswith("test_"):
                    setattr(cls, name, limited(test))
        for name, reason in cls.__dict__.get("expected_failures", {}).items():
            test, _, parameter = name.partition("[")
            expected = _expected_to_fail(cls, test, reason)
            if not parameter:
                setattr(cls, name, expected)

    @pytest.fixture(autouse=True)
    def _expect_failure_of_parameter(self, request: pytest.FixtureRequest) -> None:
        """Expect what `expected_failures` says of this very parameter."""
        name = request.node.name
        if "[" in name and name in self.expected_failures:
            request.node.add_marker(pytest.mark.xfail(strict=True, reason=self.expected_failures[name]))


def _expected_to_fail(kit: type, name: str, reason: str) -> Callable[..., None]:
    inherited = getattr(kit, name, None)
    if not (name.startswith("test_") and callable(inherited)):
        raise TypeError(
            f"{kit.__name__}.expected_failures names {name!r}, which is no test of the kit. "
            f"A deviation that no test shows cannot be watched. Correct the name or take it off."
        )

    @functools.wraps(inherited)
    def test(*arguments: Any, **fixtures: Any) -> None:
        inherited(*arguments, **fixtures)

    marked: Callable[..., None] = pytest.mark.xfail(strict=True, reason=reason)(test)
    return marked


def needs(*features: LXFeature) -> Callable[[Test], Test]:
    """Mark a test that uses ``features``; of a solver that lacks one it expects that the core refuses the run."""

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        def checked(self: Any, *, solver: Solver, **fixtures: Any) -> None:
            if set(features) <= solver.features:
                test(self, solver=solver, **fixtures)
                return
            with pytest.raises((LXUnsupportedError, LXOptionError)):
                test(self, solver=solver, **fixtures)

        return cast(Test, checked)

    return decorate


def solve(solver: Solver, problem: LXProblem, **options: Any) -> RawResult:
    """Solve through the core, which refuses what the solver lacks and checks what it answers."""
    return run(solver, problem, SolverOptions(**options))
