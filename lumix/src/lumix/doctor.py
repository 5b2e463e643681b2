"""What is installed here, whether it was tested together, and what is known to go wrong."""

from __future__ import annotations

import os
import platform
import warnings
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec

from packaging.requirements import Requirement

from lumix.tested_versions import installed_version, untested
from lumix_core.errors import LXError, LXPluginWarning
from lumix_core.plugins import VARIABLE, Registration, listing
from lumix_core.solver import KnowsFaults, SharesNoProcess, Solver, load_solver

OURS = ("lumix-modeling", "lumix-core", "lumix-sqlalchemy", "lumix-django", "lumix-solvers")


def versions() -> Iterator[tuple[str, str]]:
    """Yield what is installed, with its version: Python, the distributions of LumiX, and what they can use."""
    yield "Python", f"{platform.python_version()} ({platform.system()} {platform.machine()})"
    asked = set()
    for name in OURS:
        try:
            ours = distribution(name)
        except PackageNotFoundError:
            continue
        yield name, ours.version
        asked |= {Requirement(text).name for text in ours.requires or ()} - {*OURS}
    yield from ((name, found) for name in sorted(asked) if (found := installed_version(name)))


def summary_row(registration: Registration) -> tuple[str, ...]:
    """Return kind, name and state of what a plugin registered, and its library, what is missing, or what is wrong.

    A library is named where its module and its distribution have one name, as those of all of LumiX's solvers have.
    """
    what_to_do = {"not installed": registration.install, "broken": registration.reason}
    last = what_to_do.get(registration.state) or _library(registration.requires)
    return registration.kind, registration.name, registration.state, last


def _library(module: str) -> str:
    return f"{module} {installed_version(module) or ''}".rstrip()


def problems(registered: list[Registration], error: LXError | None) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong."""
    if error is not None:
        yield str(error)
    solvers = [one for one in registered if one.kind == "solver"]
    if not any(one.state == "ready" for one in solvers):
        advice = f"Unset {VARIABLE}." if VARIABLE in os.environ else 'Run: pip install "lumix-modeling[highs]"'
        yield f"No solver is ready. {advice}"
    yield from (f"{one} is broken: {one.reason}" for one in registered if one.state == "broken")
    yield from untested({*OURS, *(one.plugin.distribution for one in registered)})


def notes(solvers: Mapping[str, Solver | LXError]) -> Iterator[str]:
    """Yield a sentence for each solver that cannot be made, and for each pair of libraries that share no process."""
    for name, made in solvers.items():
        if isinstance(made, LXError):
            yield str(made)
        elif isinstance(made, SharesNoProcess):
            for module, why in made.clashes.items():
                if find_spec(module) is not None:
                    yield f"Solver {name!r} runs isolated where module {module!r} is loaded: {why}."


def faults(solvers: Mapping[str, Solver | LXError], are_avoided: bool) -> Iterator[str]:
    """Yield what is known to be wrong with the versions of solvers here, and is kept from answers or is not."""
    for name, made in solvers.items():
        if isinstance(made, KnowsFaults):
            found = (fault.told(version) for fault, version in made.known_faults if bool(fault.avoided) == are_avoided)
            yield from (f"Solver {name!r}: {text}" for text in found)


def _made(name: str) -> Solver | LXError:
    try:
        return load_solver(name, {})
    except LXError as error:
        return error


def examined() -> tuple[list[Registration], list[str], list[str]]:
    """Return what plugins registered, what is wrong, and what to know."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LXPluginWarning)
        registered, error = listing()
    registered = sorted(registered, key=lambda one: (one.kind, one.name))
    solvers = {one.name: _made(one.name) for one in registered if one.kind == "solver" and one.state == "ready"}
    wrong = [*problems(registered, error), *faults(solvers, are_avoided=False)]
    return registered, wrong, [*notes(solvers), *faults(solvers, are_avoided=True)]
