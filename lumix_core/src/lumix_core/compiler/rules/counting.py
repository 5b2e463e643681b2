"""How often a rule gives each term for families of any size, from runs with one and with two rows of each.

A term that comes once more for each row more is summed over the family. Whatever fits no such count is no sum.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from lumix_core.compiler.rules.outcomes import Like, Outcome
from lumix_core.compiler.rules.runs import Path
from lumix_core.formulas.recorder import Untraceable

Scopes: TypeAlias = frozenset[Path]
Run: TypeAlias = Callable[[Mapping[Path, int]], Outcome]
"""Runs the rule with so many rows of each iteration."""
NO_SUM = "what a loop gives is no sum of one thing for each row"
TOGETHER = 4
"""So many loops may multiply each other."""


@dataclass(frozen=True, eq=False)
class Counts:
    """How often a rule gives each term: a number times the product of the sizes of some families.

    Args:
        outcome: with one row of each.
        summed: for each term and the iterations that it is summed over, how often; none of these for what stays.
    """

    outcome: Outcome
    summed: dict[tuple[Like, Scopes], int]

    def at(self, like: Like, turns: int) -> int:
        """Return how often a term comes with so many rows of each of the iterations that were varied."""
        return sum(count * turns ** len(scopes) for (one, scopes), count in self.summed.items() if one == like)


def counted(run: Run, scopes: Iterable[Path]) -> Counts:
    """Run a rule with one row and with two rows of some iterations, and count.

    Raises:
        Untraceable: it gives no sum over them.
    """
    base = run({})
    alone = {path: run({path: 2}) for path in scopes}
    for outcome in alone.values():
        _check_alike(base, outcome)
    summed: dict[tuple[Like, Scopes], int] = {}
    known: dict[Scopes, Counter[Like]] = {frozenset({path}): outcome.counts for path, outcome in alone.items()}
    known[frozenset()] = base.counts
    for like, count in base.counts.items():
        growing = frozenset(path for path, outcome in alone.items() if outcome.counts[like] != count)
        for over, number in _coefficients(like, growing, run, known).items():
            summed[like, over] = number
    result = Counts(base, summed)
    if len(alone) > 1:
        everything = run(dict.fromkeys(alone, 2))
        _check_alike(base, everything)
        if any(result.at(like, 2) != number for like, number in everything.counts.items()):
            raise Untraceable(NO_SUM)
    return result


def _check_alike(base: Outcome, other: Outcome) -> None:
    """Refuse where another number of rows leads elsewhere."""
    if other.sense != base.sense or not other.counts.keys() <= base.counts.keys():
        raise Untraceable(NO_SUM)
    if {path: set(asked) for path, asked in other.asked.items()} != {
        path: set(asked) for path, asked in base.asked.items()
    }:
        raise Untraceable("it asks for other conditions once a loop has more rows")


def _coefficients(like: Like, growing: Scopes, run: Run, known: dict[Scopes, Counter[Like]]) -> dict[Scopes, int]:
    """Return the numbers of a count that is linear in the size of each family, from its values at one and two."""
    if len(growing) > TOGETHER:
        raise Untraceable("too many loops are within each other")
    subsets = [frozenset(some) for size in range(len(growing) + 1) for some in itertools.combinations(growing, size)]
    for twice in subsets:
        if twice not in known:
            known[twice] = run(dict.fromkeys(twice, 2)).counts
    found: dict[Scopes, int] = {}
    for over in subsets:
        number = sum(
            math.prod(
                (1 if path in twice else -1) if path in over else (-1 if path in twice else 2) for path in growing
            )
            * known[twice][like]
            for twice in subsets
        )
        if number < 0:
            raise Untraceable(NO_SUM)
        if number:
            found[over] = number
    return found
