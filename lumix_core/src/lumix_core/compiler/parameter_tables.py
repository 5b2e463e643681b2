"""What a parameter holds, read from its rows or its dict: keys and numbers as columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lumix_core.compiler.batches import Batch
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.families import KeyReader, read_rows
from lumix_core.compiler.key_checks import check_keys, warn_empty
from lumix_core.compiler.plan import plan_parameter
from lumix_core.errors import LXIncompleteError, LXModelError, LXNumberError
from lumix_core.formulas.lookup_table import LookupTable
from lumix_core.language.parameters import LXParameter
from lumix_core.problem.numbers import flaw
from lumix_core.rows.columns import Column, column


def read_parameter(parameter: LXParameter[Any], evaluator: Evaluator) -> LookupTable:
    """Read the rows of a parameter; raises as `LXParameter.lookup_table`."""
    return _of_mapping(parameter) if parameter.mapping is not None else _of_rows(parameter, evaluator)


def _of_rows(parameter: LXParameter[Any], evaluator: Evaluator) -> LookupTable:
    if parameter.value_of is None:
        raise LXIncompleteError(
            f"{parameter.owner} has no value: nothing says which number of a row it holds. "
            f"Add .value(lambda row: row.hours)."
        )
    plan_parameter(parameter, evaluator)
    rows = read_rows(parameter, evaluator, parameter.owner)
    for function in (parameter.key, parameter.value_of):
        if function is not None:
            function.arity(1)
    reader = KeyReader(parameter.key, rows.arguments[0].table.primary_key)
    parts, compound = reader.parts(rows, evaluator)
    batch = Batch(rows.arguments, rows.size, _key_namer(parameter.name, parts, compound))
    table = LookupTable(parts, evaluator.numbers(parameter.value_of, batch), compound, parameter.missing, typed=True)
    _check_keys(table, parameter.owner, own=reader.reads_own_key)
    return table


def _key_namer(name: str, parts: tuple[Column, ...], compound: bool) -> Callable[[int], str]:
    def key_text(i: int) -> str:
        key = tuple(part.item(i) for part in parts)
        return f"key {key if compound else key[0]!r} of {name!r}"

    return key_text


def _of_mapping(parameter: LXParameter[Any]) -> LookupTable:
    if parameter.key is not None or parameter.value_of is not None or parameter.filters:
        raise LXModelError(
            f"{parameter.owner} has a dict, which holds keys and numbers already, and functions of rows beside it. "
            f"Leave out .indexed_by(), .value() and .where(), or give rows."
        )
    assert parameter.mapping is not None
    keys, values = list(parameter.mapping), list(parameter.mapping.values())
    if not keys:
        warn_empty(parameter.owner, "dict given to from_data")
    for key, value in zip(keys, values, strict=True):
        wrong = flaw(value)
        if wrong is not None:
            raise LXNumberError(
                f"The value of {parameter.name!r} {wrong} for key {key!r}. Give a finite number, or leave the key out."
            )
    lengths = {len(key) if type(key) is tuple else 0 for key in keys}
    compound = len(lengths) == 1 and 0 not in lengths
    parts = tuple(column(list(part)) for part in zip(*keys, strict=True)) if compound else (column(keys),)
    table = LookupTable(parts, np.array(list(map(float, values))), compound, parameter.missing, typed=True)
    _check_keys(table, parameter.owner, own=False)
    return table


def _check_keys(table: LookupTable, owner: str, own: bool) -> None:
    """Refuse keys that are repeated or NULL."""
    if not table.size:
        return
    plain = all(part.dtype.kind in "ib" or set(map(type, part)) <= {str, int} for part in table.key)
    if not plain or _is_repeated(table):
        check_keys(table.keys(), owner, own)


def _is_repeated(table: LookupTable) -> bool:
    try:
        return table.index.repeated() is not None
    except OverflowError:  # keys that cannot be numbered
        return True
