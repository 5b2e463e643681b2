"""Problems as JSON, without code: families, keys and arrays, to exchange them between programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from lumix_core.errors import LXFileError
from lumix_core.problem.files.json_goals import goals_from_json, goals_to_json
from lumix_core.problem.files.json_structures import structures_from_json, structures_to_json
from lumix_core.problem.files.lines import open_lines, open_writer
from lumix_core.problem.files.names import LXFileNames, blocks_of, family_to_json
from lumix_core.problem.problem import ARRAYS, LXProblem

FORMAT = "lumix-problem"
LINEAR_VERSION, VERSION, GOAL_VERSION = 1, 2, 3
"""The versions of the format: of linear problems, which old readers take too, of those with structures, and of those
with goals, which other readers would take for constraints."""
INFINITIES = {"inf": np.inf, "-inf": -np.inf}
TYPES: dict[str, type[np.generic]] = {
    **dict.fromkeys(("objective", "lower", "upper", "coefficients", "row_lower", "row_upper"), np.float64),
    **dict.fromkeys(("row_starts", "columns"), np.int32),
    "integer": np.bool_,
}
MOST_BYTES = 2**31
"""The most bytes of a line of JSON."""


def write_json(problem: LXProblem, path: Path) -> LXFileNames:
    """Write a problem to a file; its columns and rows are found there by family and key."""
    form = {
        "format": FORMAT,
        "version": GOAL_VERSION if problem.goals else LINEAR_VERSION if problem.is_linear else VERSION,
        "name": problem.name,
        "maximize": problem.maximize,
        "offset": problem.offset,
        "variables": [family_to_json(block) for block in problem.variables],
        "constraints": [family_to_json(block) for block in problem.constraints],
        **{name: _plain(getattr(problem, name)) for name in ARRAYS},
        **({} if problem.is_linear else {"structures": structures_to_json(problem.structures)}),
        **({"goals": goals_to_json(problem.goals)} if problem.goals else {}),
    }
    with open_writer(path) as file:
        json.dump(form, file, separators=(",", ":"), allow_nan=False)
        file.write("\n")
    return LXFileNames.of(problem)


def _plain(array: NDArray[Any]) -> list[Any]:
    numbers: list[Any] = array.tolist()
    if array.dtype == np.float64 and np.isinf(array).any():
        return [value if np.isfinite(value) else "inf" if value > 0 else "-inf" for value in numbers]
    return numbers


def read_json(path: Path) -> LXProblem:
    """Return the problem of a file that `write_json` wrote.

    Raises:
        LXFileError: the file is no such JSON; it names the line, or the part that is wrong.
        OSError: the file cannot be opened.
    """
    with open_lines(path, longest=MOST_BYTES) as lines:
        text = "\n".join(lines)
    try:
        form = json.loads(text, parse_constant=_refuse_constant)
        return _problem(path, form)
    except json.JSONDecodeError as error:
        raise LXFileError(f"{path}, line {error.lineno}: this is not JSON ({error.msg}).") from error
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError) as error:
        if isinstance(error, LXFileError):
            raise
        raise LXFileError(f"{path}: the problem is damaged ({type(error).__name__}: {str(error)[:100]}).") from error


def _refuse_constant(word: str) -> Any:
    raise ValueError(f"{word} is not a number of JSON")


def _problem(path: Path, form: Any) -> LXProblem:
    def fail(what: str) -> NoReturn:
        raise LXFileError(f"{path}: {what}.")

    if not isinstance(form, dict) or form.get("format") != FORMAT:
        fail(f"this is JSON, but not a problem of LumiX: its format is not {FORMAT!r}")
    if form["version"] not in (LINEAR_VERSION, VERSION, GOAL_VERSION):
        fail(f"the problem has version {form['version']!r:.40} of the format, and this LumiX reads 1 to {GOAL_VERSION}")
    arrays = {name: _array(name, form[name], fail) for name in ARRAYS}
    _check(arrays, fail)
    size, rows = len(arrays["objective"]), len(arrays["row_lower"])
    offset = float(form["offset"])
    if not np.isfinite(offset) or type(form["maximize"]) is not bool:
        fail("the objective has no finite constant, or no sense")
    constraints = blocks_of(form["constraints"], rows, fail)
    return LXProblem(
        maximize=form["maximize"],
        offset=offset,
        name=str(form["name"]),
        variables=blocks_of(form["variables"], size, fail),
        constraints=constraints,
        goals=goals_from_json(form.get("goals", {}), constraints, fail),
        structures=structures_from_json(form.get("structures", {}), size, rows, fail),
        **arrays,
    )


def _array(name: str, values: Any, fail: Callable[[str], NoReturn]) -> NDArray[Any]:
    kind = TYPES[name]
    if not isinstance(values, list):
        fail(f"{name} is not a list")
    if kind is np.float64:
        values = [INFINITIES[value] if isinstance(value, str) else value for value in values]
    types = {np.float64: (int, float), np.int32: (int,), np.bool_: (bool,)}[kind]
    if not all(type(value) in types for value in values):
        fail(f"{name} has a value that is not a number of its kind")
    return np.array(values, dtype=kind)


def _check(arrays: dict[str, NDArray[Any]], fail: Callable[[str], NoReturn]) -> None:
    size, rows, nonzeros = len(arrays["objective"]), len(arrays["row_lower"]), len(arrays["columns"])
    expected = {"row_starts": rows + 1, "row_upper": rows, "coefficients": nonzeros}
    for name, length in {**dict.fromkeys(("lower", "upper", "integer"), size), **expected}.items():
        if len(arrays[name]) != length:
            fail(f"{name} has {len(arrays[name])} values; expected {length}")
    for name in ("objective", "coefficients"):
        if not np.isfinite(arrays[name]).all():
            fail(f"{name} has an infinite number")
    for name in ("lower", "row_lower"):
        if (arrays[name] == np.inf).any() or (arrays[name.replace("lower", "upper")] == -np.inf).any():
            fail(f"{name} or its upper bounds are infinite on the wrong side")
    starts, columns = arrays["row_starts"], arrays["columns"]
    if starts[0] != 0 or starts[-1] != nonzeros or (np.diff(starts) < 0).any():
        fail("row_starts does not rise from 0 to the number of nonzeros")
    inside = np.ones(nonzeros, dtype=np.bool_)
    inside[starts[:-1][starts[:-1] < nonzeros]] = False
    if (columns < 0).any() or (columns >= size).any() or (np.diff(columns)[inside[1:]] <= 0).any():
        fail("columns do not rise within a row, or are none of the problem")
    if (arrays["coefficients"] == 0.0).any():
        fail("coefficients has a zero")
