"""A point of a problem from values that a user gives by family and key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from lumix_core.errors import LXMissingKeyError, LXModelError, LXNumberError, LXUnknownNameError, listed
from lumix_core.language.variables import LXVariable
from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.numbers import checked_number, flaw, is_real_type
from lumix_core.problem.problem import LXBlock, LXProblem, block_at, find_block, known_position
from lumix_core.solver.solution import FamilyValues, LXSolution
from lumix_core.solver.verify import ENDLESS


def values_of(problem: LXProblem, values: Any, caller: str) -> FloatArray:
    """Return the values that are given of a problem's variables, shape ``(n,)``; NaN for those that are not.

    Args:
        problem: the problem.
        values: a solution of the same families, or values by family and key, as `point_of` takes them.
        caller: what messages call the place where they were given.

    Raises:
        LXError: as `point_of`; values may be missing.
    """
    x = np.full(problem.num_variables, np.nan)
    for block, given in _by_block(problem, values, caller):
        _fill(x, block, given, caller)
    _refuse_endless(problem, x)
    return x


def point_of(problem: LXProblem, values: Any, default: float | None) -> FloatArray:
    """Return a value for each variable of a problem, shape ``(n,)``.

    Args:
        problem: the problem.
        values: a solution, or by family (its name or itself) a mapping from keys or rows to numbers; a number for a
            family without an index.
        default: the value of what is left out; None where nothing may be left out.

    Raises:
        LXUnknownNameError, LXUnknownKeyError: the problem has no such family or element.
        LXMissingKeyError: a variable has no value.
        LXNumberError: a value is no finite number, or one that solvers take for infinite.
        LXModelError: the values are of another form, or give one variable two values.
        LXNoSolutionError: the solution holds no point.
    """
    x = values_of(problem, values, "check()")
    if default is not None:
        x[np.isnan(x)] = checked_number(default, "The default of check()")
        _refuse_endless(problem, x)
    _refuse_missing(problem, x)
    return x


def _by_block(problem: LXProblem, values: Any, caller: str) -> Iterable[tuple[LXBlock, Any]]:
    """Yield the families that have values, each once."""
    families = values.variables if isinstance(values, LXSolution) else values
    if not isinstance(families, Mapping):
        raise LXModelError(
            f"{caller} got {values!r:.200} as its values. Give it a solution, or the values by variable and key: "
            f'{{"production": {{1: 10.0, 2: 5.0}}, "overtime": 3}}.'
        )
    seen: set[str] = set()
    for family, given in families.items():
        block = find_block(problem.variables, _variable_name(problem, family, caller), "variable")
        if block.name in seen:
            raise LXModelError(f"{caller} got values of {block.name!r} twice: by its name, and by the variable itself.")
        seen.add(block.name)
        yield block, given


def _variable_name(problem: LXProblem, family: Any, caller: str) -> str:
    if isinstance(family, LXVariable):
        return family.name
    if isinstance(family, str):
        return family
    known = listed(block.name for block in problem.variables)
    raise LXUnknownNameError(f"{caller} got values of {family!r:.200}, which is no variable. The model has {known}.")


def _fill(x: FloatArray, block: LXBlock, given: Any, caller: str) -> None:
    """Set the values of one family."""
    if isinstance(given, FamilyValues) and block.keys.has_keys_of(given.block.keys):
        x[block.span] = given.array
        return
    numbers = _plain_numbers(block, given)
    if numbers is not None:
        x[block.span] = numbers
        return
    for key, value in _items(block, given, caller):
        position = known_position(block, key)
        wrong = flaw(value)
        if wrong is not None:
            raise LXNumberError(f"The value of {block.element(position)} {wrong}. Give a finite number.")
        if not np.isnan(x[position]):
            raise LXModelError(f"{caller} got two values of {block.element(position)}: by its key, and by its row.")
        x[position] = float(value)


def _plain_numbers(block: LXBlock, given: Any) -> FloatArray | None:
    """Return the numbers of a dictionary with just the keys of a family and plain finite numbers; None for another."""
    if type(given) is not dict or len(given) != len(block.keys):
        return None
    values = list(map(given.get, block.keys))
    if not {int, float}.issuperset(map(type, values)):
        return None
    numbers = np.array(values)  # an object array where an integer is too large
    return numbers.astype(np.float64) if numbers.dtype.kind in "if" and np.isfinite(numbers).all() else None


def _items(block: LXBlock, given: Any, caller: str) -> Iterable[tuple[Any, Any]]:
    """Return pairs of key and value, of a mapping or of a series of pandas."""
    if callable(getattr(given, "items", None)):
        pairs: Iterable[tuple[Any, Any]] = given.items()
        return pairs
    if block.keys.is_scalar:
        return [((), given)]
    kind = "one number" if is_real_type(type(given)) else f"{given!r:.200}"
    raise LXModelError(
        f"{caller} got {kind} as the values of {block.name!r}, which has an index. Give a dictionary: "
        f"{{{listed(block.keys[:1], empty='key')}: ...}}."
    )


def _refuse_missing(problem: LXProblem, x: FloatArray) -> None:
    missing = np.flatnonzero(np.isnan(x))
    if len(missing):
        block = block_at(problem.variables, int(missing[0]), "x")
        others = "" if len(missing) == 1 else f", nor for {len(missing) - 1:,} more variables"
        raise LXMissingKeyError(
            f"check() got no value for {block.element(int(missing[0]))}{others}. Give a value for each variable, "
            f"or default=0 for all that are left out."
        )


def _refuse_endless(problem: LXProblem, x: FloatArray) -> None:
    sizes = np.abs(np.nan_to_num(x))
    if len(x) and sizes.max() >= ENDLESS:
        largest = int(np.argmax(sizes))
        raise LXNumberError(
            f"The value of {problem.column_name(largest)} is {x[largest]:.6g}. Give one below {ENDLESS:.0e}: solvers "
            f"take numbers of that size for infinite."
        )
