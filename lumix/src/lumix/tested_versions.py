"""Which libraries are installed in a version that LumiX, or a plugin of it, was not tested with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion


def untested(names: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each library whose installed version lies outside the range that a distribution asks for.

    Installers keep to the ranges of what a distribution always needs. Nothing keeps to those of its extras once they
    are installed, and nothing keeps a later upgrade from leaving either.

    Args:
        names: of the distributions; those that are not installed are left out.
    """
    for asking in _installed(names):
        for text in asking.requires or ():
            try:
                requirement = Requirement(text)
            except InvalidRequirement:
                yield f"{asking.name} {asking.version} asks for {text!r}, which cannot be read. Upgrade {asking.name}."
                continue
            found = installed_version(requirement.name) if _is_for_here(requirement, asking) else None
            if found is not None and not _is_within(requirement.specifier, found):
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


def _is_for_here(requirement: Requirement, asking: Distribution) -> bool:
    """Whether a distribution asks for it on this machine, at least with one of its extras."""
    extras = ["", *(asking.metadata.get_all("Provides-Extra") or ())]
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras)


def _is_within(specifier: SpecifierSet, found: str) -> bool:
    try:
        return specifier.contains(found, prereleases=True)
    except InvalidVersion:  # one of somebody's own making
        return False


def installed_version(name: str) -> str | None:
    """Return the version of a distribution; None where there is none of this name."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
