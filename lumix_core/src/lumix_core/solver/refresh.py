"""What a refresh of a live session found: what changed in the rows, and what became of the session's own changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import islice
from typing import Any

import numpy as np

from lumix_core.errors import LXUnknownKeyError, LXUnknownNameError, listed, sentence
from lumix_core.problem.changed_numbers import (
    ChangedNumbers,
    ChangesByFamily,
    FamilyChanges,
    LXNumberChange,
    ProblemChanges,
)
from lumix_core.problem.edit_positions import Elements
from lumix_core.problem.edits import PART_NAMES, Draft, Edit
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.text import html_table, number_text

SHOWN = 10
"""How many changes of one kind are written."""
WORDS = {"cost": "cost", "lower": "lower bound", "upper": "upper bound", "rhs": "right-hand side"}
WORDS |= {"priority": "priority as a goal", "weight": "weight as a goal"}


@dataclass(frozen=True, eq=False, repr=False)
class LXRefresh:
    """What changed when a live session read its rows anew. It is true where anything did.

    Args:
        model_name: of the model.
        changes: what the session's problem was before, and is now.
        rebuilt: why the solver starts from scratch; empty where it goes on from where it is.
        lost: changes made in the session that found no place any more, in sentences; they are dropped.
        hidden: numbers that changed in the rows, and stay as the session has set them, in sentences.
        older: why rows may have been read as they were before, in sentences.
    """

    model_name: str
    changes: ProblemChanges
    rebuilt: str
    lost: tuple[str, ...]
    hidden: tuple[str, ...]
    older: tuple[str, ...]

    @property
    def variables(self) -> ChangesByFamily:
        """What changed in each family of variables: ``refresh.variables["made"]["upper"]["Desk"].now``."""
        return self.changes.variables

    @property
    def constraints(self) -> ChangesByFamily:
        """What changed in each family of constraints: ``refresh.constraints["hours"]["rhs"][3].before``."""
        return self.changes.constraints

    @property
    def coefficients(self) -> Mapping[tuple[str, str], ChangedNumbers]:
        """The changed coefficients: ``refresh.coefficients["stock", "made"]["wood", "Desk"].now``."""
        return self.changes.coefficients

    @property
    def offset(self) -> LXNumberChange | None:
        """The constant of the objective, where it changed."""
        return self.changes.offset

    @property
    def is_rebuilt(self) -> bool:
        """Whether the solver starts from scratch, since index elements came or went."""
        return bool(self.rebuilt)

    def __bool__(self) -> bool:
        return bool(self.changes)

    def to_text(self, rows: int = SHOWN) -> str:
        """Return all that is to be told as text; of each kind of change ``rows`` are written at most."""
        lines = [
            " ".join([*line[:2], f"{line[2]}:", f"{line[3]} -> {line[4]}" if line[4] else line[3]]).strip()
            for line in self._lines(rows)
        ]
        told = [*self._told()]
        return "\n".join([f"{self._title()}{':' if lines else '.'}", *(f"  {line}" for line in lines), *told])

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return f"<LXRefresh of {self.model_name!r}: {self._count():,} numbers changed>"

    def _repr_html_(self) -> str:
        lines = list(self._lines(SHOWN))
        table = html_table(["", "family", "", "before", "now"], lines) if lines else ""
        told = "".join(f"<p>{escape(text)}</p>" for text in self._told())
        return f"<div><p>{escape(self._title())}</p>{table}{told}</div>"

    def _title(self) -> str:
        if not self:
            return f"Model {self.model_name!r} was read anew, and nothing changed"
        families = [*self.variables.values(), *self.constraints.values()]
        added, removed = (sum(len(keys) for keys in each) for each in zip(*map(_keys, families), strict=True))
        numbers = self._count()
        counts = [
            f"{numbers:,} number{'s' * (numbers != 1)} changed" * bool(numbers),
            f"{added:,} element{'s' * (added != 1)} came" * bool(added),
            f"{removed:,} element{'s' * (removed != 1)} went" * bool(removed),
            "what is not linear changed" * self.changes.structures,
            "goals are traded off in another way" * self.changes.goal_mode,
        ]
        return f"Model {self.model_name!r} was read anew: {', '.join(filter(None, counts)) or 'another direction'}"

    def _count(self) -> int:
        return sum(len(numbers) for *_, numbers in self.changes.numbers()) + (self.offset is not None)

    def _told(self) -> Iterator[str]:
        if self.rebuilt:
            yield f"The solver starts from scratch: {self.rebuilt}."
        yield from (*self.lost, *self.hidden, *self.older)

    def _lines(self, rows: int) -> Iterator[tuple[str, str, str, str, str]]:
        """Yield what changed as kind, family, number, before and now."""
        if self.changes.structures:
            yield "not linear", "", "products, functions, sets or indicators", "others now", ""
        if self.changes.goal_mode:
            yield "goals", "", "how priorities are traded off", "another way now", ""
        if self.changes.maximize:
            yield "objective", "", "direction", "another one now", ""
        if self.offset is not None:
            yield "objective", "", "constant", number_text(self.offset.before), number_text(self.offset.now)
        for kind, families in (("variable", self.variables), ("constraint", self.constraints)):
            for family in families.values():
                for word, keys in (("new", family.added), ("gone", family.removed)):
                    if keys:
                        yield kind, repr(family.name), word, _few(keys, rows), ""
        for kind, family_name, part, numbers in self.changes.numbers():
            word = f"of {part!r}" if kind == "coefficient" else WORDS[part]
            for key, (before, now) in islice(numbers.items(), rows):
                of_key = "" if key == () else f" of {key!r:.80}"
                yield kind, repr(family_name), f"{word}{of_key}", number_text(before), number_text(now)
            if len(numbers) > rows:
                yield kind, repr(family_name), word, f"... ({len(numbers) - rows:,} more)", ""


def _keys(family: FamilyChanges) -> tuple[Sequence[Any], Sequence[Any]]:
    return family.added, family.removed


def _few(keys: Any, rows: int) -> str:
    more = f", ... ({len(keys) - rows:,} more)" if len(keys) > rows else ""
    return f"{listed(keys[:rows])}{more}"


def why_rebuilt(changes: ProblemChanges) -> str:
    """Return why a solver cannot go on from where it is after a change, in words; empty where it can."""
    families = [*changes.variables.values(), *changes.constraints.values()]
    counts = [
        f"{family.name!r} has {len(family.added)} new and lost {len(family.removed)}"
        for family in families
        if family.added or family.removed
    ]
    if counts:
        return f"index elements came or went ({', '.join(counts)})"
    return "what is not linear is something else now" if changes.structures else ""


def edits_made_again(edits: Iterable[Edit], draft: Draft) -> tuple[dict[tuple[Any, ...], Edit], list[str]]:
    """Make edits again in another problem; return those that found a place, by position, and what is lost."""
    kept: dict[tuple[Any, ...], Edit] = {}
    lost: list[str] = []
    for edit in edits:
        try:
            done = draft.apply(edit)
        except (LXUnknownKeyError, LXUnknownNameError) as error:
            lost.append(f"{sentence(edit.role)} is set no more: {error}")
            continue
        kept[done.position] = done
        if isinstance(done.made, Elements):
            kept[done.position], count = _of_known_keys(done, done.made, draft.problem())
            if count:
                what = f"{sentence(PART_NAMES[edit.part])} of {edit.family!r}"
                lost.append(f"{what} is set no more for {count:,} keys that are gone.")
    return kept, lost


def _of_known_keys(edit: Edit, made: Elements, problem: LXProblem) -> tuple[Edit, int]:
    """Return a change of a whole family for those keys that it still has, and how many it no longer has."""
    blocks = problem.constraints if edit.part == "rhs" else problem.variables
    then = made.positions_in(next(block.keys for block in blocks if block.name == edit.family))
    known = np.sort(then[then >= 0])
    if len(known) == len(made.keys):
        return edit, 0
    keys = replace(made.keys, codes=tuple(code[known] for code in made.keys.codes))
    return replace(edit, value=edit.value[known], made=Elements(keys)), len(made.keys) - len(known)


def hidden_changes(of_rows: ProblemChanges, changes: ProblemChanges) -> Iterator[str]:
    """Yield which numbers changed in the rows and are what they were in the session, which has set them itself."""
    shown = {(kind, family, part): numbers for kind, family, part, numbers in changes.numbers()}
    for kind, family, part, numbers in of_rows.numbers():
        hidden = numbers.beside(shown.get((kind, family, part)))
        if hidden:
            keys = list(islice(hidden, 3))
            what = f"The coefficient of {part!r} in {family!r}" if kind == "coefficient" else _named(part, family)
            others = f", ... ({len(hidden) - 3:,} more)" if len(hidden) > 3 else ""
            more = f" for {listed(keys)}{others}" if keys[0] != () else ""
            yield f"{what} changed in the rows{more}, and stays as it was set in the session."


def _named(part: str, family: str) -> str:
    return f"{sentence(PART_NAMES[part])} of {family!r}"
