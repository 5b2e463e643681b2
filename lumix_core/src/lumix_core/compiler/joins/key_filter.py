"""Members picked by a key: functions that are false, or zero, for all members of a family but those with one value.

``1.0 if p.id == current.id else 0.0``, in a loop over rows, would look at all members for each of the rows. An index
over the attribute, made at the second of them, tells at once which are meant.
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
"""The places of the members with each value."""
_NOTHING = (bool, int, float)


def picked(evaluator: Evaluator, function: UserFunction, batch: Batch) -> IntArray | None:
    """Return the members for which a function can be true, or not zero, because they have the value that it asks for.

    Returns:
        None where the function asks for no single value, or a few of the other members do not say so by themselves.
    """
    formula = evaluator.tracer.trace_of(function, tuple(one.table for one in batch.arguments)).formula
    asked = None if formula is None else _asked(formula)
    if asked is None:
        return None
    attribute, value = asked
    index = _index(evaluator, batch.arguments[attribute.argument], attribute.path)
    if index is None or type(value) not in EQUAL_TO_THEMSELVES:
        return None
    found = index.get(value, [])
    others = set(sample(batch.size)).difference(found)
    return np.array(found, dtype=np.int64) if all(_is_nothing(function, batch, i) for i in others) else None


def _asked(formula: Node) -> tuple[Attribute, Any] | None:
    """Return the attribute that must have a value for a formula to be true, or not zero, and the value."""
    condition = formula.condition if isinstance(formula, Choice) and is_false_without(formula) else formula
    need = exact_need(condition)
    sides = (need.left, need.right) if isinstance(need, Equal) else ()
    for one, other in (sides, sides[::-1]) if sides else ():
        if isinstance(one, Attribute) and one.path and isinstance(other, Constant):
            return one, other.value
    return None


def _index(evaluator: Evaluator, argument: Argument, path: Path) -> Index | None:
    """Return an index over an attribute, None where its values cannot be found by a key as they are by ``==``.

    The first who asks gets none: what is asked once is faster looked at than put in order.
    """
    name = (id(argument), path)
    known = evaluator.indices.get(name)
    if known is None:
        evaluator.indices[name] = [argument]
        return None
    if len(known) == 1:
        known.append(_made(argument, path))
    index: Index | None = known[1]
    return index


def _made(argument: Argument, path: Path) -> Index | None:
    try:
        values = argument.column(path).tolist()
    except Exception:  # noqa: BLE001 - going row by row tells
        return None
    if not set(map(type, values)) <= EQUAL_TO_THEMSELVES:
        return None
    index: Index = defaultdict(list)
    for i, value in enumerate(values):
        index[value].append(i)
    return dict(index)


def _is_nothing(function: UserFunction, batch: Batch, i: int) -> bool:
    """Whether a function says by itself that it is false or zero for a member."""
    try:
        found = function.call(*batch.rows_of(i))
    except Exception:  # noqa: BLE001 - going row by row tells
        return False
    return type(found) in _NOTHING and not found
