"""Since when a kit has a test, and what becomes of a failure that is younger than the kit that an author passed."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

import pytest

from lumix_core.errors import LXWarning

Test = TypeVar("Test", bound=Callable[..., None])

FIRST = "0.1"
"""The version of lumix-core whose kits had the tests that do not say another."""


class LXNewTestWarning(LXWarning):
    """A test of a kit fails that entered it after the version that a class was written for."""


def since(version: str) -> Callable[[Test], Test]:
    """Mark a test of a kit with the version of lumix-core in which it enters the kit.

    A test that comes to ask for more than before is a new test, with a name of its own.

    Raises:
        TypeError: it is no version.
    """
    version_parts(version, "since()")

    def decorate(test: Test) -> Test:
        test.since = version  # type: ignore[attr-defined]  # functions have whatever attributes they are given
        return test

    return decorate


def since_of(test: object) -> str:
    """Return the version of lumix-core in which a test entered the kit; it is an attribute, which wrappers keep."""
    return str(getattr(test, "since", FIRST))


def dated(test: Test) -> Test:
    """Return a test whose failure tells since when the kit has it.

    Where that is after ``written_for`` of the class, the failure is an expected one and is warned of.
    """

    @functools.wraps(test)
    def tried(self: Any, **fixtures: Any) -> None:
        try:
            test(self, **fixtures)
        except (Exception, pytest.fail.Exception) as failure:
            failure.add_note(f"The kit has this test since lumix-core {since_of(test)}.")
            if not _is_younger(test, self.written_for):
                raise
            _excuse(type(self), test, failure)

    return cast(Test, tried)


def _is_younger(test: object, written_for: str | None) -> bool:
    return written_for is not None and version_parts(since_of(test)) > version_parts(written_for)


def _excuse(kit: type[Any], test: Callable[..., None], failure: BaseException) -> None:
    first_line = str(failure).strip().partition("\n")[0]
    reason = (
        f"{test.__name__} is in the kit since lumix-core {since_of(test)}, and {kit.__name__} was written for "
        f"{kit.written_for}: {type(failure).__name__}: {first_line}. Mend what fails, or name the test in "
        f"expected_failures; then set written_for to {since_of(test)!r}."
    )
    with suppress(LXNewTestWarning):  # raised where warnings are errors; the test is reported below all the same
        warnings.warn(reason, LXNewTestWarning, stacklevel=3)
    pytest.xfail(reason)


def version_parts(version: object, where: str = "") -> tuple[int, ...]:
    """Return the three numbers of a version; those that are not given are 0.

    Raises:
        TypeError: it is no version; ``where`` tells who gave it.
    """
    if not (isinstance(version, str) and re.fullmatch(r"\d+\.\d+(\.\d+)?", version)):
        raise TypeError(f"{where} got {version!r}, which is no version of lumix-core. Write one such as '0.1'.")
    numbers = [int(part) for part in version.split(".")]
    return (*numbers, *[0] * (3 - len(numbers)))
