"""What a problem holds beyond linear rows, as JSON: arrays by name, and the names of sets and functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from lumix_core.problem.structures import (
    LINEAR,
    PARTS,
    FunctionKind,
    Functions,
    Indicators,
    Quadratics,
    SpecialSets,
    Structures,
)

Fail = Callable[[str], NoReturn]
CLASSES: dict[str, type[Any]] = {
    "sets": SpecialSets,
    "indicators": Indicators,
    "quadratics": Quadratics,
    "functions": Functions,
}
COUNTED = {
    "sets.starts": "sets.columns",
    "functions.starts": "functions.argument_constants",
    "functions.argument_starts": "functions.argument_columns",
    "functions.point_starts": "functions.point_x",
}
"""Arrays of positions at which parts of another array start."""
LENGTHS = (
    ("sets.kinds", "sets.starts", 1),
    ("sets.columns", "sets.weights", 0),
    ("indicators.rows", "indicators.columns", 0),
    ("indicators.rows", "indicators.values", 0),
    ("quadratics.rows", "quadratics.left", 0),
    ("quadratics.rows", "quadratics.right", 0),
    ("quadratics.rows", "quadratics.values", 0),
    ("functions.kinds", "functions.starts", 1),
    ("functions.kinds", "functions.point_starts", 1),
    ("functions.kinds", "functions.errors", 0),
    ("functions.argument_constants", "functions.argument_starts", 1),
    ("functions.argument_columns", "functions.argument_coefficients", 0),
    ("functions.point_x", "functions.point_y", 0),
    ("functions.use_rows", "functions.use_functions", 0),
    ("functions.use_rows", "functions.use_values", 0),
)
"""Pairs of arrays, of which the second is longer than the first by so many."""
COLUMNS = ("sets.columns", "indicators.columns", "quadratics.left", "quadratics.right", "functions.argument_columns")
ROWS = {"indicators.rows": 0, "quadratics.rows": -1, "functions.use_rows": -1}
"""Arrays of rows, and the first number that they may have: -1 is the objective."""


def structures_to_json(structures: Structures) -> dict[str, Any]:
    """Return structures as JSON."""
    form: dict[str, Any] = {name: array.tolist() for name, array in structures.arrays().items()}
    for name in ("sets", "functions"):
        labels = getattr(structures, name).labels
        if labels:
            form[f"{name}.labels"] = [list(label) for label in labels]
    return form


def structures_from_json(form: dict[str, Any], columns: int, rows: int, fail: Fail) -> Structures:
    """Return the structures that `structures_to_json` wrote; ``fail`` is called with what is wrong."""
    if not form:
        return LINEAR
    known = {f"{part}.{name}": array for part in PARTS for name, array in CLASSES[part]().arrays().items()}
    unknown = [name for name in form if name not in known and name != "semi" and not name.endswith(".labels")]
    if unknown:
        fail(f"structures has {unknown[0]!r:.40}, which is no part of one")
    arrays = {name: np.array(form[name], dtype=known[name].dtype) for name in known if name in form}
    semi = np.array(form.get("semi", []), dtype=np.bool_)
    if len(semi) not in (0, columns):
        fail(f"structures.semi has {len(semi)} values; expected {columns}")
    _check(arrays, columns, rows, fail)
    parts = {part: _part(part, arrays, form) for part in PARTS}
    return Structures(semi=semi, **parts)


def _part(part: str, arrays: dict[str, NDArray[Any]], form: dict[str, Any]) -> Any:
    own: dict[str, Any] = {name.split(".")[1]: array for name, array in arrays.items() if name.startswith(f"{part}.")}
    labels = form.get(f"{part}.labels")
    if labels is not None:
        own["labels"] = tuple((str(name), int(count)) for name, count in labels)
    return CLASSES[part](**own)


def _check(arrays: dict[str, NDArray[Any]], columns: int, rows: int, fail: Fail) -> None:
    """Refuse arrays that do not fit each other, or the problem."""
    for part in PARTS:
        wanted = {f"{part}.{name}" for name in CLASSES[part]().arrays()}
        if 0 < len(wanted & arrays.keys()) < len(wanted):
            fail(f"structures lacks {sorted(wanted - arrays.keys())[0]}")
    for one, other, more in LENGTHS:
        if one in arrays and len(arrays[one]) + more != len(arrays[other]):
            fail(f"structures.{other} has {len(arrays[other])} values; expected {len(arrays[one]) + more}")
    for name, array in arrays.items():
        if array.dtype == np.float64 and not np.isfinite(array).all():
            fail(f"structures.{name} has a number that is not finite")
    for starts, counted in COUNTED.items():
        if starts in arrays:
            _check_starts(starts, arrays[starts], len(arrays[counted]), fail)
    for name in COLUMNS:
        if name in arrays and not _within(arrays[name], 0, columns):
            fail(f"structures.{name} names columns that the problem does not have")
    for name, first in ROWS.items():
        if name in arrays and not _within(arrays[name], first, rows):
            fail(f"structures.{name} names rows that the problem does not have")
    _check_kinds(arrays, fail)


def _check_kinds(arrays: dict[str, NDArray[Any]], fail: Fail) -> None:
    if not set(arrays.get("sets.kinds", np.empty(0)).tolist()) <= {1, 2}:
        fail("structures.sets.kinds has another kind than 1 and 2")
    kinds = arrays.get("functions.kinds", np.empty(0))
    if not set(kinds.tolist()) <= set(FunctionKind):
        fail("structures.functions.kinds has an unknown kind")
    if not len(kinds):
        return
    if not _within(arrays["functions.use_functions"], 0, len(kinds)):
        fail("structures.functions.use_functions names functions that there are not")
    counts, points = np.diff(arrays["functions.starts"]), np.diff(arrays["functions.point_starts"])
    single = np.isin(kinds, (FunctionKind.ABS, FunctionKind.PIECEWISE))
    if (counts < 1).any() or (counts[single] != 1).any() or (points[kinds == FunctionKind.PIECEWISE] < 2).any():
        fail("structures.functions has a function with too few or too many arguments or breakpoints")


def _check_starts(name: str, starts: NDArray[Any], length: int, fail: Fail) -> None:
    if not len(starts) or starts[0] != 0 or starts[-1] != length or (np.diff(starts) < 0).any():
        fail(f"structures.{name} does not rise from 0 to {length}")


def _within(positions: NDArray[Any], first: int, stop: int) -> bool:
    return bool(((positions >= first) & (positions < stop)).all())
