"""Which libraries are installed in a version that LumiX, or a plugin of it, was not tested with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version

from packaging.requirements import Requirement


def untested(names: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each library whose installed version lies outside the range that a distribution asks for.

    Installers keep to the ranges of what a distribution always needs. Nothing keeps to those of its extras once they
    are installed, and nothing keeps a later upgrade from leaving either.

    Args:
        names: of the distributions; those that are not installed are left out.
    """
    for asking in _installed(names):
        for requirement in _requirements(asking):
            found = _version(requirement.name)
            if found is not None and not requirement.specifier.contains(found, prereleases=True):
                yield (
                    f"{requirement.name} {found} is installed, and {asking.name} {asking.version} is tested with "
                    f"{requirement.specifier}. It may give other results, or none. "
                    f'Install a version that is tested: pip install "{requirement.name}{requirement.specifier}"'
                )


def _installed(names: Iterable[str]) -> Iterator[Distribution]:
    for name in sorted(set(names)):
        try:
            yield distribution(name)
        except PackageNotFoundError:
            continue


def _requirements(asking: Distribution) -> Iterator[Requirement]:
    """Yield what a distribution asks for on this machine, with all of its extras."""
    extras = ["", *(asking.metadata.get_all("Provides-Extra") or ())]
    for requirement in map(Requirement, asking.requires or ()):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
            yield requirement


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
