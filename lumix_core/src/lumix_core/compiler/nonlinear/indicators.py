"""Indicators as constraints of their own: families of rows that hold only where a binary variable has a value."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from lumix_core.compiler.columns import Columns
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.matrices import expression_matrix
from lumix_core.compiler.nonlinear.part_rows import Owner
from lumix_core.errors import LXModelError, sentence
from lumix_core.language.constraints import LXConstraint
from lumix_core.language.expressions import LXLinearExpression
from lumix_core.language.nonlinear import derived_name
from lumix_core.language.nonlinear_parts import IndicatorPart, parts_of
from lumix_core.problem.arrays import BoolArray, FloatArray, IntArray
from lumix_core.problem.structures import Indicators

if TYPE_CHECKING:
    from lumix_core.language.model import LXModel


def with_indicators(model: LXModel) -> LXModel:
    """Return the model with a constraint for each indicator of its expressions; itself where there is none."""
    if any(constraint.indicator is not None for constraint in model.constraints):
        return model
    derived = list(_derived(model))
    if not derived:
        return model
    whole = copy.copy(model)
    whole.constraints = [*model.constraints, *derived]
    return whole


def _derived(model: LXModel) -> Iterator[LXConstraint[Any]]:
    owners: list[tuple[LXConstraint[Any] | None, Any]] = [(None, model.objective)]
    owners += [(constraint, constraint.lhs) for constraint in model.constraints]
    for parent, expression in owners:
        parts = [part for part in parts_of(expression) if isinstance(part, IndicatorPart)]
        for number, part in enumerate(parts, 1):
            yield _constraint(parent, part, derived_name(parent, number))


def _constraint(parent: LXConstraint[Any] | None, part: IndicatorPart, name: str) -> LXConstraint[Any]:
    made = LXConstraint[Any](name)
    rows = part.rows(parent)
    if rows is not None:
        made.__dict__.update({key: value for key, value in rows.__dict__.items() if key != "name"})
    made.__dict__.update(_lhs=part.arguments[0], sense=part.sense, _rhs=part.rhs, _range=None, indicator=part)
    made.__dict__.update(_priority=None, _weight=1.0)  # the goal is the expression that it stands in
    return made


def read_indicators(owners: list[Owner], columns: Columns, evaluator: Evaluator, binary: BoolArray) -> Indicators:
    """Return the indicators of the constraints that `with_indicators` has made.

    Args:
        owners: all constraints.
        columns: of the model.
        evaluator: of this compile.
        binary: whether each column is whole and between 0 and 1.

    Raises:
        LXModelError: a variable is not binary, or a row has not one element of it.
    """
    rows: list[IntArray] = []
    chosen: list[IntArray] = []
    values: list[BoolArray] = []
    for owner in owners:
        part = None if owner.constraint is None else owner.constraint.indicator
        if part is None:
            continue
        own = _elements(part, columns, owner, evaluator)
        _check_binary(own, binary, columns, owner.position)
        rows.append(owner.start + np.arange(owner.family.size))
        chosen.append(own)
        values.append(np.full(owner.family.size, part.value, dtype=np.bool_))
    if not rows:
        return Indicators()
    return Indicators(
        np.concatenate(rows).astype(np.int32), np.concatenate(chosen).astype(np.int32), np.concatenate(values)
    )


def _elements(part: IndicatorPart, columns: Columns, owner: Owner, evaluator: Evaluator) -> IntArray:
    """Return the column of the binary variable of each row."""
    assert part.binary is not None
    family, position = owner.family, owner.position
    found = expression_matrix(LXLinearExpression().add_term(part.binary), columns, family, position, evaluator)
    counts = np.bincount(found.rows, minlength=family.size)
    if (counts != 1).any():
        row = int(np.argmax(counts != 1))
        raise LXModelError(
            f"{sentence(position)}, {family.element(row)}: there are {counts[row]} elements of {part.binary.name!r} "
            f"for its indicator; one is needed. Index the constraint as {part.binary.name!r} is, or give a single "
            f"variable."
        )
    return found.columns[np.argsort(found.rows, kind="stable")]


def _check_binary(own: IntArray, binary: BoolArray, columns: Columns, position: str) -> None:
    wrong = own[~binary[own]]
    if len(wrong):
        raise LXModelError(
            f"{sentence(position)}: its indicator is {columns.element(int(wrong[0]))}, which is not binary. Make the "
            f"variable .binary()."
        )


def binary_columns(integer: BoolArray, lower: FloatArray, upper: FloatArray) -> BoolArray:
    """Return whether each column is whole and between 0 and 1."""
    return np.asarray(integer & (lower >= 0.0) & (upper <= 1.0), dtype=np.bool_)
