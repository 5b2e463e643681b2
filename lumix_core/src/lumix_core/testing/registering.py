"""What the kits say of a solver or a row adapter that is not registered."""

from __future__ import annotations

from typing import Literal, NoReturn

import pytest

from lumix_core.plugins.hookspecs import SEAM
from lumix_core.rows.adapter import RowAdapter
from lumix_core.solver.solver import Solver


def not_registered(
    what: str, hook: Literal["lumix_solvers", "lumix_row_adapters"], made: Solver | RowAdapter
) -> NoReturn:
    """Fail with the lines that register the class of an object, and with what to do where it is not to be registered.

    Args:
        what: what is wrong, in sentences.
        hook: the hook that registers such objects.
        made: the object.
    """
    cls, name = type(made), made.name
    package = cls.__module__.partition(".")[0]
    advice = f"""Write in pyproject.toml:

[project.entry-points.lumix]
{name} = "{package}.plugin"

and in {package}/plugin.py:

from lumix_core.plugins import Register, hookimpl

lumix_seam = "{SEAM}"


@hookimpl
def {hook}(register: Register) -> None:
    register("{name}", "{cls.__module__}:{cls.__qualname__}", requires="{package}", install="pip install ...")

Then install your package again: entry points are read where it is installed. 'python -m lumix plugins' lists what is
registered, and why a plugin was not loaded. If it is not to be registered, write in the class of your tests:

expected_failures = {{"test_is_registered": "it is given as an object"}}"""
    pytest.fail(f"{what.strip()} {advice}", pytrace=False)
