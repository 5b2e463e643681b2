"""Edits of single numbers of a compiled problem, named as the user names them: by family and key."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any, SupportsFloat

import numpy as np

from lumix_core.errors import LXModelError, LXNumberError, LXUnknownKeyError, listed, sentence
from lumix_core.problem.arrays import FloatArray, IntArray, without_noise
from lumix_core.problem.csr import inserted, without_zeros
from lumix_core.problem.edit_positions import Elements, Nonzeros
from lumix_core.problem.numbers import flaw
from lumix_core.problem.problem import LXBlock, LXProblem, LXSense, block_at, find_block, position_of

NewNumber = SupportsFloat | Callable[[float], SupportsFloat] | FloatArray
"""A number, a function of the number that is there now, or an array of one number for each element."""

PART_NAMES = {
    "rhs": "the right-hand side",
    "lower": "the lower bound",
    "upper": "the upper bound",
    "cost": "the objective's coefficient",
    "coefficient": "the coefficient",
}
OPEN = {"lower": -math.inf, "upper": math.inf}
"""The infinite value that a bound may have, which takes it away."""


@dataclass(frozen=True, eq=False)
class ModelFacts:
    """What a problem no longer holds of the model that it was compiled from.

    Args:
        senses: of each constraint.
        binaries: the variables that stay within 0 and 1, whatever their bounds.
    """

    senses: Mapping[str, LXSense]
    binaries: Set[str]


@dataclass(frozen=True, eq=False)
class Edit:
    """One change.

    Args:
        part: a key of `PART_NAMES`.
        family: the name of a constraint (for "rhs" and "coefficient") or a variable.
        key: of the one element; None for all.
        value: the new number, or function, or one number for each position.
        variable, variable_key: for "coefficient", the family of its column, and the key of one.
        made: where the numbers of ``value`` were set, for a change of a whole family to several numbers.
    """

    part: str
    family: str
    key: Any
    value: Any
    variable: str = ""
    variable_key: Any = None
    made: Elements | Nonzeros | None = None

    @property
    def position(self) -> tuple[Any, ...]:
        """What it changes; equal for an edit that replaces this one."""
        return (self.part, self.family, self.key, self.variable, self.variable_key)

    @property
    def role(self) -> str:
        """How messages call the number."""
        return f"{PART_NAMES[self.part]} of {self.variable or self.family!r}" + (
            f" in {self.family!r}" if self.variable else ""
        )


class Draft:
    """A problem whose numbers are being changed; the arrays of the problem itself stay as they are.

    Args:
        problem: what to start from.
        facts: what it does not hold of its model.
    """

    def __init__(self, problem: LXProblem, facts: ModelFacts) -> None:
        self._problem = problem
        self._facts = facts
        self._own: dict[str, FloatArray] = {}

    def problem(self) -> LXProblem:
        """Return the problem with all changes."""
        if self._own:
            self._problem = replace(self._problem, **self._own)  # type: ignore[arg-type]
            self._own = {}
        return self._problem

    def numbers(self, part: str, family: str, key: Any = None) -> FloatArray:
        """Return the numbers that an edit of this part, family and key would change."""
        return self._read(part, family, self._elements(part, family, key))

    def apply(self, edit: Edit) -> Edit:
        """Make a change; return it with the numbers that were set, so that it can be made again elsewhere.

        A change of a whole family that is made again finds its index elements by their keys: what has joined the family
        since keeps its own number, unless one number was set for all.

        Raises:
            LXUnknownNameError: there is no such family.
            LXUnknownKeyError: the family has no such key.
            LXNumberError: the new number is not finite.
        """
        if edit.part == "coefficient":
            return self._apply_coefficient(edit)
        elements = self._elements(edit.part, edit.family, edit.key)
        if isinstance(edit.made, Elements):
            then = edit.made.positions_in(self._block(edit.part, edit.family).keys)
            self._write(edit.part, edit.family, elements[then >= 0], edit.value[then[then >= 0]])
            return edit
        key = self._own_key(edit.part == "rhs", edit.key, elements)
        now = self._read(edit.part, edit.family, elements) if callable(edit.value) else None
        numbers = new_numbers(edit, len(elements), now)
        self._write(edit.part, edit.family, elements, numbers)
        if key is not None or not _is_by_element(edit):
            return replace(edit, key=key, value=numbers if key is not None else edit.value)
        return replace(edit, value=numbers, made=Elements(self._block(edit.part, edit.family).keys))

    def _block(self, part: str, family: str) -> LXBlock:
        blocks = self._problem.constraints if part == "rhs" else self._problem.variables
        return find_block(blocks, family, "constraint" if part == "rhs" else "variable")

    def right_hand_sides(self, family: str) -> FloatArray:
        """Return the right-hand sides of a constraint to read only: the upper of two sides."""
        return self._sides(family, elements_of(find_block(self._problem.constraints, family, "constraint"), None))

    def _sides(self, family: str, elements: IntArray) -> FloatArray:
        name = "row_lower" if self._facts.senses[family] is LXSense.GE else "row_upper"
        return np.asarray(self._array(name)[elements] + self._block("rhs", family).constant, dtype=np.float64)

    def _elements(self, part: str, family: str, key: Any) -> IntArray:
        if part == "rhs" and self._facts.senses.get(family) is LXSense.BETWEEN:
            raise LXModelError(
                f"Constraint {family!r} has two sides (.between()), or rows of several senses, so it has not one "
                f"right-hand side to read or to change. Write it as two constraints, one of >= and one of <=."
            )
        return elements_of(self._block(part, family), key)

    def _own_key(self, of_row: bool, given: Any, elements: IntArray) -> Any:
        """Return the key itself where a row may have been given; an edit holds no row."""
        if given is None:
            return None
        blocks = self._problem.constraints if of_row else self._problem.variables
        (position,) = elements.tolist()
        return block_at(blocks, position).key(position)

    def _read(self, part: str, family: str, elements: IntArray) -> FloatArray:
        if part == "rhs":
            return self._sides(family, elements)
        return self._array("objective" if part == "cost" else part)[elements]

    def _write(self, part: str, family: str, elements: IntArray, numbers: FloatArray) -> None:
        if part == "rhs":
            constant = self._block("rhs", family).constant
            bounds = without_noise(numbers - constant, np.abs(numbers) + abs(constant), 2)
            if self._facts.senses[family] is not LXSense.LE:
                self._changing("row_lower")[elements] = bounds
            if self._facts.senses[family] is not LXSense.GE:
                self._changing("row_upper")[elements] = bounds
            return
        if family in self._facts.binaries and part in OPEN:
            numbers = np.maximum(numbers, 0.0) if part == "lower" else np.minimum(numbers, 1.0)
        self._changing("objective" if part == "cost" else part)[elements] = numbers

    def _apply_coefficient(self, edit: Edit) -> Edit:
        of_rows = find_block(self._problem.constraints, edit.family, "constraint")
        of_columns = find_block(self._problem.variables, edit.variable, "variable")
        rows, columns = elements_of(of_rows, edit.key), elements_of(of_columns, edit.variable_key)
        places = self._nonzeros(rows, columns)
        if isinstance(edit.made, Nonzeros):
            then = edit.made.positions_of(self._cells(places, of_rows, of_columns))
            self._write_coefficients(places[then >= 0], edit.value[then[then >= 0]])
            return edit
        key, variable_key = self._own_key(True, edit.key, rows), self._own_key(False, edit.variable_key, columns)
        edit = replace(edit, key=key, variable_key=variable_key)
        if not len(places) and len(rows) == 1 and len(columns) == 1:
            numbers = new_numbers(edit, 1, np.zeros(1))
            self._insert(int(rows[0]), int(columns[0]), float(numbers[0]))
            return replace(edit, value=numbers)
        now = self._array("coefficients")[places] if callable(edit.value) else None
        numbers = new_numbers(edit, len(places), now)
        if not _is_by_element(edit):
            done = edit
        elif _names_one(of_rows, key) and _names_one(of_columns, variable_key):
            done = replace(edit, value=numbers)
        else:
            done = replace(edit, value=numbers, made=self._cells(places, of_rows, of_columns))
        self._write_coefficients(places, numbers)
        return done

    def _cells(self, places: IntArray, rows: LXBlock, columns: LXBlock) -> Nonzeros:
        row = np.searchsorted(self._problem.row_starts, places, side="right") - 1 - rows.start
        column = self._problem.columns[places].astype(np.int64) - columns.start
        return Nonzeros(Elements(rows.keys), Elements(columns.keys), row, column)

    def _write_coefficients(self, places: IntArray, numbers: FloatArray) -> None:
        self._changing("coefficients")[places] = numbers
        if not numbers.all():
            self._drop_zeros()

    def _nonzeros(self, rows: IntArray, columns: IntArray) -> IntArray:
        """Return the positions of the nonzeros in some rows and columns; both rise."""
        problem = self._problem
        spans = [np.arange(problem.row_starts[i], problem.row_starts[i + 1]) for i in rows.tolist()]
        positions = np.concatenate([np.empty(0, dtype=np.int64), *spans])
        return positions[np.isin(problem.columns[positions], columns)]

    def _insert(self, row: int, column: int, value: float) -> None:
        if value == 0.0:
            return
        problem = self.problem()
        self._problem = replace(problem, **inserted(problem, row, column, value))

    def _drop_zeros(self) -> None:
        problem = self.problem()
        self._problem = replace(problem, **without_zeros(problem))

    def _array(self, name: str) -> FloatArray:
        found: FloatArray = self._own[name] if name in self._own else getattr(self._problem, name)
        return found

    def _changing(self, name: str) -> FloatArray:
        if name not in self._own:
            self._own[name] = getattr(self._problem, name).copy()
        return self._own[name]


def _is_by_element(edit: Edit) -> bool:
    """Whether a change may set another number for each index element."""
    return callable(edit.value) or isinstance(edit.value, np.ndarray)


def _names_one(block: LXBlock, key: Any) -> bool:
    """Whether a key, or None for a family without an index, names one index element."""
    return key is not None or block.keys.is_scalar


def element_name(block: LXBlock, key: Any) -> str:
    """Name a family, or the one element that a key or a row stands for.

    Raises:
        LXUnknownKeyError: the family has no such key.
    """
    return block.name if key is None else block.element(int(elements_of(block, key)[0]))


def elements_of(block: LXBlock, key: Any) -> IntArray:
    """Return the positions of the element with a key, or of all for None.

    Raises:
        LXUnknownKeyError: the family has no such key.
    """
    if key is None:
        return np.arange(block.start, block.stop)
    position = position_of(block, key)
    if position is None and block.keys.find(()) is not None:
        raise LXUnknownKeyError(f"{block.name!r} has no key {key!r}: it has no index. Leave key= out.")
    if position is None:
        raise LXUnknownKeyError(
            f"{block.name!r} has no key {key!r}: it has {listed(block.keys, limit=3, empty='no element at all')}. "
            f"Give key= one of these, or a row of the family, or leave it out for the whole family."
        )
    return np.array([position])


def new_numbers(edit: Edit, count: int, now: FloatArray | None) -> FloatArray:
    """Return the numbers that an edit evaluates to.

    Raises:
        LXNumberError: one is no number, or infinite where that takes nothing away.
    """
    value = edit.value
    if isinstance(value, np.ndarray):
        if len(value) != count:
            raise LXUnknownKeyError(
                f"{sentence(edit.role)} was changed for {len(value)} elements, and there are {count} now, after a "
                f"change of the data. Change the data first, or each key by itself with key=."
            )
        for one in value[~np.isfinite(value)].tolist():
            _number(edit, one)
        return value
    if callable(value):
        assert now is not None
        return np.array([_number(edit, value(one)) for one in now.tolist()], dtype=np.float64)
    return np.full(count, _number(edit, value))


def _number(edit: Edit, value: Any) -> float:
    key = "" if edit.key is None else f" for key {edit.key!r}"
    return number_for(edit.part, value, edit.role, key)


def refuse_crossed(call: str, lower: Any, upper: Any) -> None:
    """Refuse a lower bound above the upper one, where both are numbers.

    Raises:
        LXModelError: no value lies between them.
    """
    if all(flaw(one) is None for one in (lower, upper)) and float(lower) > float(upper):
        raise LXModelError(
            f"{call} was given lower={lower} above upper={upper}: no value lies between them. Exchange or correct them."
        )


def number_for(part: str, value: Any, role: str, key: str = "") -> float:
    """Return a number given by the user for a part of a problem.

    Args:
        part: a key of `PART_NAMES`; bounds may be infinite where that takes them away.
        value: what was given.
        role: how messages call it.
        key: the key that it is for, in words.

    Raises:
        LXNumberError: it is no such number.
    """
    if part in OPEN and isinstance(value, float) and value == OPEN[part]:
        return value
    wrong = flaw(value)
    if wrong is None:
        return float(value)
    remedy = f"Give a finite number{', or ' + str(OPEN[part]) + ' for no bound' if part in OPEN else ''}."
    raise LXNumberError(f"{sentence(role)} {wrong}{key}. {remedy}")
