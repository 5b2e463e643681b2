"""What changed between two problems of one model, by family and key: numbers, and index elements that came or went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from lumix_core.errors import LXUnknownKeyError, LXUnknownNameError, listed
from lumix_core.problem.arrays import FloatArray, IndexArray, IntArray
from lumix_core.problem.edit_positions import Elements
from lumix_core.problem.keys import Keys
from lumix_core.problem.problem import LXBlock, LXProblem, LXSense

Senses = Mapping[str, LXSense]
"""The sense of each constraint, by name."""


class LXNumberChange(NamedTuple):
    """One number before and now."""

    before: float
    now: float


@dataclass(frozen=True, eq=False, repr=False)
class ChangedNumbers(Mapping[Any, LXNumberChange]):
    """The numbers of one kind that changed in a family, by key.

    Args:
        families: the keys of the family, and the positions in them of what changed; for coefficients first those of
            the constraint and then those of the variable, and a key is a pair.
        before, now: the numbers, of one length.
    """

    families: tuple[tuple[Keys, IntArray], ...]
    before: FloatArray
    now: FloatArray

    def __getitem__(self, key: Any) -> LXNumberChange:
        try:
            position = self._positions[key]
        except (KeyError, TypeError):
            raise LXUnknownKeyError(
                f"Nothing changed for the key {key!r:.80}. Changed: {listed(islice(self, 4), limit=3)}."
            ) from None
        return LXNumberChange(float(self.before[position]), float(self.now[position]))

    def __contains__(self, key: object) -> bool:
        return key in self._positions

    def __iter__(self) -> Iterator[Any]:
        keys = [map(known.__getitem__, positions.tolist()) for known, positions in self.families]
        return keys[0] if len(keys) == 1 else zip(*keys, strict=True)

    def __len__(self) -> int:
        return len(self.now)

    def __repr__(self) -> str:
        shown = [f"{key!r}: {self[key].before:g} -> {self[key].now:g}" for key, _ in zip(self, range(5), strict=False)]
        return "{" + ", ".join([*shown, *([f"... ({len(self) - 5} more)"] if len(self) > 5 else [])]) + "}"

    def beside(self, other: ChangedNumbers | None) -> ChangedNumbers:
        """Return those that changed here and not in another comparison of the same numbers."""
        if other is None:
            return self
        pairs = zip(self.families, other.families, strict=True)
        if not all(mine.has_keys_of(others) for (mine, _), (others, _) in pairs):
            return self._at(np.flatnonzero([key not in other for key in self]))
        return self._at(np.flatnonzero(~np.isin(self._codes, other._codes)))

    def _at(self, places: IntArray) -> ChangedNumbers:
        families = tuple((keys, positions[places]) for keys, positions in self.families)
        return ChangedNumbers(families, self.before[places], self.now[places])

    @property
    def _codes(self) -> IntArray:
        """Each key as one number."""
        codes = np.zeros(len(self), dtype=np.int64)
        for keys, positions in self.families:
            codes = codes * len(keys) + positions
        return codes

    @cached_property
    def _positions(self) -> dict[Any, int]:
        return {key: position for position, key in enumerate(self)}


@dataclass(frozen=True, eq=False)
class FamilyChanges:
    """What changed in one family of variables or constraints.

    Args:
        name: of the family.
        added, removed: the keys of index elements that came and went.
        numbers: the numbers that changed, of elements that both problems have: ``"lower"``, ``"upper"`` and ``"cost"``
            of variables, ``"rhs"`` of constraints, or ``"lower"`` and ``"upper"`` of those with two sides;
            ``"priority"`` and ``"weight"`` of goals.
    """

    name: str
    added: Sequence[Any]
    removed: Sequence[Any]
    numbers: Mapping[str, ChangedNumbers]

    def __getitem__(self, part: str) -> Mapping[Any, LXNumberChange]:
        return self.numbers.get(part, {})

    def __bool__(self) -> bool:
        return bool(self.numbers or self.added or self.removed)


class ChangesByFamily(dict[Any, FamilyChanges]):
    """What changed in each family that both problems, or one of them, have; the name or the object may be asked for."""

    def __missing__(self, family: Any) -> FamilyChanges:
        name = getattr(family, "name", family)
        if isinstance(name, str) and name is not family and name in self:
            return self[name]
        raise LXUnknownNameError(f"The model has no family {name!r:.80} there. It has {listed(self)}.")


@dataclass(frozen=True, eq=False)
class ProblemChanges:
    """What changed between two problems of one model.

    Args:
        variables, constraints: what changed in each family, by name.
        coefficients: the coefficients that changed, by the names of a constraint and a variable; keys are pairs. One
            that was or is none counts as 0.
        offset: the constant of the objective, where that changed.
        maximize: whether the objective has another direction.
        structures: whether what is not linear is something else, its numbers included.
        goal_mode: whether priorities of goals are traded off in another way.
    """

    variables: ChangesByFamily
    constraints: ChangesByFamily
    coefficients: Mapping[tuple[str, str], ChangedNumbers]
    offset: LXNumberChange | None
    maximize: bool
    structures: bool = False
    goal_mode: bool = False

    @property
    def has_other_elements(self) -> bool:
        """Whether index elements came or went, of variables or constraints."""
        families = [*self.variables.values(), *self.constraints.values()]
        return any(family.added or family.removed for family in families)

    def __bool__(self) -> bool:
        families = [*self.variables.values(), *self.constraints.values()]
        others = (self.coefficients, self.offset is not None, self.maximize, self.structures, self.goal_mode)
        return any(families) or any(map(bool, others))

    def numbers(self) -> Iterator[tuple[str, str, str, ChangedNumbers]]:
        """Yield the changed numbers: "variable" or "constraint", its name, the part or the other family, numbers."""
        for kind, families in (("variable", self.variables), ("constraint", self.constraints)):
            for family in families.values():
                yield from ((kind, family.name, part, numbers) for part, numbers in family.numbers.items())
        for (constraint, variable), numbers in self.coefficients.items():
            yield "coefficient", constraint, variable, numbers


def changes_by_key(before: LXProblem, now: LXProblem, senses: tuple[Senses, Senses]) -> ProblemChanges:
    """Return what changed between two problems, whose families may have other keys.

    Args:
        before, now: the problems.
        senses: of the constraints before, and now.
    """
    columns = _Positions.of(before.variables, now.variables, now.num_variables)
    rows = _Positions.of(before.constraints, now.constraints, now.num_constraints)
    variables = _family_changes(before.variables, now.variables, columns, lambda block, then: _of_columns(before, now))
    constraints = _family_changes(
        before.constraints, now.constraints, rows, lambda block, then: _of_rows(before, now, block, then, senses)
    )
    offset = None if before.offset == now.offset else LXNumberChange(before.offset, now.offset)
    coefficients = _coefficients(before, now, rows, columns)
    has_other_mode = before.goals.mode is not now.goals.mode
    is_other = not before.structures.same_as(now.structures)
    return ProblemChanges(
        variables, constraints, coefficients, offset, before.maximize != now.maximize, is_other, has_other_mode
    )


@dataclass(frozen=True, eq=False)
class _Positions:
    """Where each row, or column, of a problem was before.

    Args:
        then: its position before, -1 for what is new; shape ``(now,)``.
        is_same: whether all have the position that they had, and nothing went.
    """

    then: IntArray
    is_same: bool

    @classmethod
    def of(cls, before: Sequence[LXBlock], now: Sequence[LXBlock], size: int) -> _Positions:
        known = {block.name: block for block in before}
        then = np.full(size, -1)
        for block in now:
            if block.name in known:
                found = Elements(known[block.name].keys).positions_in(block.keys)
                then[block.span] = np.where(found >= 0, found + known[block.name].start, -1)
        count = max((block.stop for block in before), default=0)
        return cls(then, size == count and np.array_equal(then, np.arange(size)))

    def now(self, count: int) -> IntArray:
        """Return where each of ``count`` rows or columns from before is now, -1 for what went."""
        positions = np.full(count, -1)
        known = np.flatnonzero(self.then >= 0)
        positions[self.then[known]] = known
        return positions


Parts = dict[str, tuple[FloatArray, FloatArray]]


def _of_columns(before: LXProblem, now: LXProblem) -> Parts:
    return {
        "lower": (before.lower, now.lower),
        "upper": (before.upper, now.upper),
        "cost": (before.objective, now.objective),
    }


def _of_rows(before: LXProblem, now: LXProblem, block: LXBlock, then: LXBlock, senses: tuple[Senses, Senses]) -> Parts:
    """Return the row bounds before and now, in terms of the user's expression."""
    goals = {} if block.name not in (*before.goals.families, *now.goals.families) else _of_goals(before, now)
    lower = before.row_lower + then.constant, now.row_lower + block.constant
    upper = before.row_upper + then.constant, now.row_upper + block.constant
    sense, earlier = senses[1][block.name], senses[0].get(block.name)
    if sense is LXSense.BETWEEN or sense is not earlier:
        return {"lower": lower, "upper": upper, **goals}
    return {"rhs": lower if sense is LXSense.GE else upper, **goals}


def _of_goals(before: LXProblem, now: LXProblem) -> Parts:
    return {
        "priority": (_by_row(before, before.goals.priorities), _by_row(now, now.goals.priorities)),
        "weight": (_by_row(before, before.goals.weights), _by_row(now, now.goals.weights)),
    }


def _by_row(problem: LXProblem, numbers: IndexArray | FloatArray) -> FloatArray:
    """Return numbers of the goals for all rows, 0 for those that are none."""
    of_rows = np.zeros(problem.num_constraints)
    of_rows[problem.goals.rows] = numbers
    return of_rows


def _family_changes(
    before: Sequence[LXBlock], now: Sequence[LXBlock], positions: _Positions, parts_of: Any
) -> ChangesByFamily:
    earlier = {block.name: block for block in before}
    changes = ChangesByFamily()
    for block in now:
        then = earlier.pop(block.name, None)
        if then is None:
            changes[block.name] = FamilyChanges(block.name, list(block.keys), (), {})
        else:
            changes[block.name] = _changes_of(block, then, positions, parts_of(block, then))
    for name, block in earlier.items():
        changes[name] = FamilyChanges(name, (), list(block.keys), {})
    return changes


def _changes_of(block: LXBlock, then: LXBlock, positions: _Positions, parts: Parts) -> FamilyChanges:
    found = positions.then[block.span]
    here = np.flatnonzero(found >= 0)
    added = [block.keys[i] for i in np.flatnonzero(found < 0).tolist()]
    went = np.ones(len(then.keys), dtype=np.bool_)
    went[found[here] - then.start] = False
    removed = [then.keys[i] for i in np.flatnonzero(went).tolist()]
    numbers = {}
    for part, (earlier, later) in parts.items():
        was, is_now = earlier[found[here]], later[block.span][here]
        changed = np.flatnonzero(was != is_now)
        if len(changed):
            numbers[part] = ChangedNumbers(((block.keys, here[changed]),), was[changed], is_now[changed])
    return FamilyChanges(block.name, added, removed, numbers)


def _coefficients(
    before: LXProblem, now: LXProblem, rows: _Positions, columns: _Positions
) -> dict[tuple[str, str], ChangedNumbers]:
    width = max(now.num_variables, 1)
    codes, was, is_now = _changed_nonzeros(before, now, rows, columns, width)
    row, column = codes // width, codes % width
    row_block = np.searchsorted([block.stop for block in now.constraints], row, side="right")
    column_block = np.searchsorted([block.stop for block in now.variables], column, side="right")
    pairs = row_block * max(len(now.variables), 1) + column_block
    changes = {}
    for pair in np.unique(pairs).tolist():
        mine = np.flatnonzero(pairs == pair)
        of_row, of_column = now.constraints[int(row_block[mine[0]])], now.variables[int(column_block[mine[0]])]
        families = (of_row.keys, row[mine] - of_row.start), (of_column.keys, column[mine] - of_column.start)
        changes[of_row.name, of_column.name] = ChangedNumbers(families, was[mine], is_now[mine])
    return changes


def _changed_nonzeros(
    before: LXProblem, now: LXProblem, rows: _Positions, columns: _Positions, width: int
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return the changed coefficients of rows and columns that were there: row times width plus column, and both."""
    codes = now.row_numbers() * width + now.columns
    values = now.coefficients
    if rows.is_same and columns.is_same:
        earlier_codes, earlier = before.row_numbers() * width + before.columns, before.coefficients
    else:
        here = (rows.then[now.row_numbers()] >= 0) & (columns.then[now.columns] >= 0)
        codes, values = codes[here], values[here]
        row = rows.now(before.num_constraints)[before.row_numbers()]
        column = columns.now(before.num_variables)[before.columns]
        known = (row >= 0) & (column >= 0)
        earlier_codes, earlier = (row * width + column)[known], before.coefficients[known]
    if not np.array_equal(codes, earlier_codes):
        codes, values, earlier = _united(codes, values, earlier_codes, earlier)
    changed = np.flatnonzero(values != earlier)
    return codes[changed], earlier[changed], values[changed]


def _united(
    codes: IntArray, values: FloatArray, earlier_codes: IntArray, earlier: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return the codes of both, rising, with the numbers of each, 0 where it has none."""
    both = np.union1d(codes, earlier_codes)
    now, then = np.zeros(len(both)), np.zeros(len(both))
    now[np.searchsorted(both, codes)] = values
    then[np.searchsorted(both, earlier_codes)] = earlier
    return both, now, then
