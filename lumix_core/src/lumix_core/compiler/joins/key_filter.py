"""Index elements picked by a key: functions that are false, or zero, for all elements but those with one value.

``1.0 if p.id == current.id else 0.0``, in a loop over rows, would look at all elements for each of the rows. An index
over the attribute, made at the second of them, shows at once which are meant.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, TypeAlias

import numpy as np

from lumix_core.compiler.batches import Argument, Batch
from lumix_core.compiler.evaluator import Evaluator, sample
from lumix_core.compiler.joins.conditions import Equal, exact_need, is_false_without
from lumix_core.formulas.nodes import Attribute, Choice, Constant, Node
from lumix_core.formulas.user_function import UserFunction
from lumix_core.problem.arrays import IntArray
from lumix_core.rows.columns import EQUAL_TO_THEMSELVES
from lumix_core.rows.tables import Path

Index: TypeAlias = dict[Any, list[int]]
"""The positions of the elements with each value."""
_NOTHING = (bool, int, float)


def picked(evaluator: Evaluator, function: UserFunction, batch: Batch) -> IntArray | None:
    """Return the elements for which a function can be true, or not zero, because they have the value that it needs.

    Returns:
        None where the function needs no single value, or is not false or zero for a few of the other elements.
    """
    formula = evaluator.tracer.trace_of(function, tuple(argument.table for argument in batch.arguments)).formula
    required = None if formula is None else _required(formula)
    if required is None:
        return None
    attribute, value = required
    index = _index(evaluator, batch.arguments[attribute.argument], attribute.path)
    if index is None or type(value) not in EQUAL_TO_THEMSELVES:
        return None
    positions = index.get(value, [])
    others = set(sample(batch.size)).difference(positions)
    return np.array(positions, dtype=np.int64) if all(_is_nothing(function, batch, i) for i in others) else None


def _required(formula: Node) -> tuple[Attribute, Any] | None:
    """Return the attribute that must have a value for a formula to be true, or not zero, and the value."""
    condition = formula.condition if isinstance(formula, Choice) and is_false_without(formula) else formula
    need = exact_need(condition)
    operands = (need.left, need.right) if isinstance(need, Equal) else ()
    for left, right in (operands, operands[::-1]) if operands else ():
        if isinstance(left, Attribute) and left.path and isinstance(right, Constant):
            return left, right.value
    return None


def _index(evaluator: Evaluator, argument: Argument, path: Path) -> Index | None:
    """Return an index over an attribute, None where its values cannot be found by a key as they are by ``==``.

    The first call gets none: a single search is faster than an index.
    """
    known = evaluator.indices.get((argument, path))
    if known is None:
        evaluator.indices[argument, path] = []
        return None
    if not known:
        known.append(_made(argument, path))
    index: Index | None = known[0]
    return index


def _made(argument: Argument, path: Path) -> Index | None:
    try:
        values = argument.column(path).tolist()
    except Exception:  # noqa: BLE001 - going row by row reports it
        return None
    if not set(map(type, values)) <= EQUAL_TO_THEMSELVES:
        return None
    index: Index = defaultdict(list)
    for i, value in enumerate(values):
        index[value].append(i)
    return dict(index)


def _is_nothing(function: UserFunction, batch: Batch, i: int) -> bool:
    """Whether a function is false or zero for an element."""
    try:
        result = function.call(*batch.rows_of(i))
    except Exception:  # noqa: BLE001 - going row by row reports it
        return False
    return type(result) in _NOTHING and not result
