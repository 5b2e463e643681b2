"""Special ordered sets of a model: the members of each, in the order of their weights."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lumix_core.compiler.matrices import element_numbers
from lumix_core.compiler.nonlinear.part_rows import PartRows
from lumix_core.errors import LXModelError, sentence
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.nonlinear_parts import SetPart
from lumix_core.problem.arrays import FloatArray, IntArray
from lumix_core.problem.structures import Labels, SpecialSets


@dataclass(eq=False)
class SetBuilder:
    """Collects the sets of the parts of a model."""

    _kinds: list[IntArray] = field(default_factory=list)
    _lengths: list[IntArray] = field(default_factory=list)
    _columns: list[IntArray] = field(default_factory=list)
    _weights: list[FloatArray] = field(default_factory=list)
    _labels: Labels = ()

    def add(self, part: SetPart, rows: PartRows) -> None:
        """Add the sets of one part: one for each of its rows."""
        of_set, columns, weights = _members(part, rows)
        order = np.lexsort((weights, of_set))
        of_set, columns, weights = of_set[order], columns[order], weights[order]
        same = (np.diff(of_set) == 0) & (np.diff(weights) == 0)
        if same.any():
            wrong = int(np.argmax(same))
            names = " and ".join(rows.columns.element(int(column)) for column in columns[wrong : wrong + 2])
            raise LXModelError(
                f"{sentence(rows.position)}: {names} have one weight, {weights[wrong]:g}, in a set, so that their "
                f"order is not known. Give each a weight of its own."
            )
        self._kinds.append(np.full(rows.size, part.kind))
        self._lengths.append(np.bincount(of_set, minlength=rows.size))
        self._columns.append(columns)
        self._weights.append(weights)
        self._labels += ((f"SOS{part.kind} in {rows.position}", rows.size),)

    def finished(self) -> SpecialSets:
        """Return all sets."""
        if not self._kinds:
            return SpecialSets()
        lengths = np.concatenate(self._lengths)
        return SpecialSets(
            np.concatenate(self._kinds).astype(np.int32),
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32),
            np.concatenate(self._columns).astype(np.int32),
            np.concatenate(self._weights),
            self._labels,
        )


def _members(part: SetPart, rows: PartRows) -> tuple[IntArray, IntArray, FloatArray]:
    """Return set, column and weight of each member, in the order in which they were given."""
    of_set: list[IntArray] = []
    columns: list[IntArray] = []
    weights: list[FloatArray] = []
    for term in part.members:
        entries, start = rows.entries(term)
        of_set.append(entries.rows)
        columns.append(entries.elements + start)
        if isinstance(part.weights, UserFunction):
            family, _ = rows.columns.position(term.variable, rows.position)
            weights.append(element_numbers(part.weights, family, rows.evaluator)[entries.elements])
    sets, members = np.concatenate(of_set), np.concatenate(columns)
    if weights:
        return sets, members, np.concatenate(weights)
    return sets, members, _given(part, rows, len(members))


def _given(part: SetPart, rows: PartRows, count: int) -> FloatArray:
    """Return the weights that were given one by one, or the order of the members."""
    if part.weights is None:
        return np.arange(count, dtype=np.float64)
    assert not isinstance(part.weights, UserFunction)
    if len(part.weights) != count:
        raise LXModelError(
            f"{sentence(rows.position)}: a set has {len(part.weights)} weights and {count} members. Give one for each, "
            f"or a function of a member's row."
        )
    return np.array(part.weights, dtype=np.float64)
