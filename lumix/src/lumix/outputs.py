"""What commands print and write: JSON for programs, the values of a solution as a file, and where files may go."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from lumix.targets import LXCommandError
from lumix_core.solver import LXSolution


def checked_place(what: str, path: str) -> Path:
    """Return the path of a file to be written, before a long run that would end in vain.

    Args:
        what: what the user wrote before the path, or what the path is of.
        path: as the user wrote it.

    Raises:
        LXCommandError: no file can be written there.
    """
    place = Path(path)
    folder = place.parent
    if place.is_dir():
        reason = "it is a folder. Name a file in it"
    elif not folder.is_dir():
        reason = f"there is no folder {str(folder)!r}. Make it first"
    elif not os.access(place if place.exists() else folder, os.W_OK):
        reason = "you have no permission to write there. Name another file"
    else:
        return place
    raise LXCommandError(f"{what} {path!r} cannot be written: {reason}.")


@contextmanager
def output_for(as_json: bool) -> Iterator[None]:
    """Send what a block prints, such as the log of a solver, to standard error where standard output is for JSON."""
    if not as_json:
        yield
        return
    with redirect_stdout(sys.stderr):
        yield


def json_text(value: Any) -> str:
    """Return plain data as JSON; keys that JSON does not know are texts."""
    return json.dumps(value, default=_plain, allow_nan=False)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)


def value_writer(path: str | None) -> Callable[[LXSolution], object]:
    """Return what writes the values of a solution to a file.

    Raises:
        LXCommandError: the file is of another kind, or cannot be written there.
    """
    if path is None:
        return lambda _: None
    writers = {".csv": _write_csv, ".json": _write_json}
    kind = Path(path).suffix
    if kind not in writers:
        raise LXCommandError(f"--values {path!r} is of no kind that is known. Name a .csv or a .json file.")
    place = checked_place("--values", path)
    return lambda solution: writers[kind](solution, place)


def _write_csv(solution: LXSolution, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("variable", "key", "value"))
        for name, values in _values(solution).items():
            rows.writerows((name, _cell(key), value) for key, value in values)


def _write_json(solution: LXSolution, path: Path) -> None:
    path.write_text(json_text(_values(solution)), encoding="utf-8")


def _cell(key: Any) -> str:
    """Return a key for a cell: of several parts, a JSON list."""
    if key is None:
        return ""
    return json_text(key) if isinstance(key, tuple) else str(key)


def _values(solution: LXSolution) -> dict[str, list[tuple[Any, Any]]]:
    """Return key and value of each element by variable; a variable without an index has None for a key."""
    return {
        name: list(values.items()) if hasattr(values, "items") else [(None, values)]
        for name, values in solution.variables.items()
    }


def solution_record(solution: LXSolution) -> dict[str, Any]:
    """Return a solution as plain data; what is not known or has no end is None."""
    record: dict[str, Any] = {
        "status": str(solution.status),
        "limit": None if solution.limit is None else str(solution.limit),
        "solver": solution.solver,
        "seconds": solution.solve_time,
    }
    if solution.is_feasible():
        numbers = {"objective": solution.objective_value, "best_bound": solution.best_bound, "gap": solution.gap}
        record |= {
            name: number if number is not None and isfinite(number) else None for name, number in numbers.items()
        }
        record["values"] = _values(solution)
    return record
