"""How a kit works: inherited tests that end, deviations that carry a reason, refusal where a feature is lacking."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar, cast

import pytest

from lumix_core.errors import LXOptionError, LXUnsupportedError, did_you_mean, listed
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.run import run
from lumix_core.solver.solver import LXFeature, RawResult, Solver, SolverOptions
from lumix_core.testing.versions import dated, since_of, version_parts

Test = TypeVar("Test", bound=Callable[..., None])


class Kit:
    """A class of tests to inherit.

    Attributes:
        expected_failures: the names of tests that fail, each with the reason; ``"test_unbounded[max]"`` names one
            parameter of a test, as pytest prints it. Such a test must fail: one that passes is reported as a failure,
            so that the deviation is taken off the list.
        written_for: the version of lumix-core, such as ``"0.1"``, whose kit your class passed. A test that entered
            the kit later and fails is reported as an expected failure, with a warning that names the test and its
            version. None where every failure is one.
        limit: seconds that a test of the kit may take; one that takes longer fails.
    """

    expected_failures: ClassVar[Mapping[str, str]] = {}
    written_for: ClassVar[str | None] = None
    limit: ClassVar[float] = 60.0

    def __init_subclass__(cls, limited: Callable[[Test], Test] | None = None, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if limited is not None:
            for name, test in list(vars(cls).items()):
                if name.startswith("test_"):
                    setattr(cls, name, dated(limited(test)))
        for name, reason in cls.__dict__.get("expected_failures", {}).items():
            test, _, parameter = name.partition("[")
            expected = _expected_to_fail(cls, test, reason)
            if not parameter:
                setattr(cls, name, expected)
        if cls.written_for is not None:
            version_parts(cls.written_for, f"{cls.__name__}.written_for")

    @pytest.fixture(autouse=True)
    def _expect_failure_of_parameter(self, request: pytest.FixtureRequest) -> None:
        """Expect what `expected_failures` says of this very parameter."""
        reason = _of_parameters(type(self)).get(request.node.name)
        if reason is not None:
            request.node.add_marker(pytest.mark.xfail(strict=True, reason=reason))

    @pytest.fixture(autouse=True)
    def _report_since(self, request: pytest.FixtureRequest) -> None:
        """Give reports the version of lumix-core in which the test entered the kit, as the property ``since``."""
        # The fixture `record_property` would warn in reports of the newer kind of JUnit.
        request.node.user_properties.append(("since", since_of(request.function)))

    def test_expected_failures_are_of_parameters_that_there_are(self, request: pytest.FixtureRequest) -> None:
        """A deviation of a parameter that no test has cannot be watched."""
        named = _of_parameters(type(self)).keys()
        missing = named - {item.name for item in request.session.items if item.parent is request.node.parent}
        if not missing:
            return
        # Items may also be missing because only some tests were chosen for this run.
        names = [item.name for item in request.node.parent.collect()]
        for name in sorted(missing.difference(names)):
            test = name.partition("[")[0]
            known = [one for one in names if one.partition("[")[0] == test]
            pytest.fail(
                f"{type(self).__name__}.expected_failures names {name!r}, and {test!r} has no such parameter."
                f"{did_you_mean(name, known)} There are {listed(known, limit=20)}. Correct the name or take it off.",
                pytrace=False,
            )


def _of_parameters(kit: type) -> dict[str, str]:
    """Return the deviations of single parameters; a class inherits those of its bases, as it does those of tests."""
    named = [cls.__dict__.get("expected_failures", {}) for cls in reversed(kit.__mro__)]
    return {name: reason for failures in named for name, reason in failures.items() if "[" in name}


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
