"""Every error is one of LumiX's own, and one of Python's kind."""

from __future__ import annotations

from lumix_core.errors import LXLateBindingError, LXModelError, LXNumberError


def test_every_error_is_one_of_ours_and_of_pythons_own_kind() -> None:
    found = {error.__name__: error.__mro__ for error in (LXModelError, LXNumberError, LXLateBindingError)}

    assert all(ValueError in mro for mro in found.values())
