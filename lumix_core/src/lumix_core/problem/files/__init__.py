"""Problems as files: MPS, LP and JSON, compressed or not, with a way back to families and keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lumix_core.errors import LXFileError
from lumix_core.problem.files.beyond_linear import check_writable
from lumix_core.problem.files.json_form import read_json, write_json
from lumix_core.problem.files.lp import read_lp, write_lp
from lumix_core.problem.files.mps import read_mps, write_mps
from lumix_core.problem.files.names import LXFileNames
from lumix_core.problem.goal_columns import weighted
from lumix_core.problem.goals import LXGoalMode
from lumix_core.problem.problem import LXProblem

__all__ = ["LXFileNames", "read_problem", "write_problem"]

WRITERS: dict[str, Callable[[LXProblem, Path], LXFileNames]] = {".mps": write_mps, ".lp": write_lp, ".json": write_json}
READERS: dict[str, Callable[[Path], LXProblem]] = {".mps": read_mps, ".lp": read_lp, ".json": read_json}


def write_problem(problem: LXProblem, path: Path) -> LXFileNames:
    """Write a problem in the format of the path's ending; a file that cannot be completed leaves none behind.

    Raises:
        LXFileError: the ending is of no format, or the format cannot hold the problem.
        OSError: the file cannot be written.
    """
    write = WRITERS[_format(path)]
    if problem.goals and _format(path) != ".json":
        problem = _without_goals(problem, path)
    _check_writable(problem, path)
    temporary = path.with_name(f".{path.stem}.unfinished{path.suffix}")
    try:
        names = write(problem, temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return names


def read_problem(path: Path) -> LXProblem:
    """Return the problem of a file in the format of its ending.

    Raises:
        LXFileError: the file holds no problem that can be read; the error names the line.
        OSError: the file cannot be opened.
    """
    return READERS[_format(path)](path)


def _format(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    for ending in WRITERS:
        if name.endswith(ending):
            return ending
    raise LXFileError(f"{path} has none of the endings {', '.join(WRITERS)}, with or without .gz. Choose one of them.")


def _without_goals(problem: LXProblem, path: Path) -> LXProblem:
    """Return a problem with weighted goals as an ordinary one; no format but JSON knows goals."""
    if problem.goals.mode is LXGoalMode.SEQUENTIAL:
        raise LXFileError(
            f"{path}: model {problem.name!r} has goals that are solved one priority after the other, which no single "
            f'problem of this format says. Write .json, or model.set_goal_mode("weighted").'
        )
    return weighted(problem)


def _check_writable(problem: LXProblem, path: Path) -> None:
    if _format(path) == ".lp" and problem.num_variables == 0 and problem.num_constraints:
        raise LXFileError(f"{path}: the LP format has no constraints without variables. Write .mps or .json instead.")
    check_writable(problem, path, _format(path))
