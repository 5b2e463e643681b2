"""HiGHS holds a model: handing arrays over, and telling whether two models are the same."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Arrays:
    """A model written by hand, with its matrix in compressed sparse columns; HiGHS takes rows several times slower."""

    maximize: bool
    objective: Array
    lower: Array
    upper: Array
    integer: Array
    row_lower: Array
    row_upper: Array
    starts: Array
    rows: Array
    coefficients: Array


def hold(model: Arrays) -> highspy.Highs:
    """Hand a model over by the fastest of highspy's calls."""
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    sense = highspy.ObjSense.kMaximize if model.maximize else highspy.ObjSense.kMinimize
    status = highs.passModel(
        len(model.objective),
        len(model.row_lower),
        len(model.coefficients),
        int(highspy.MatrixFormat.kColwise),
        int(sense),
        0.0,
        model.objective,
        model.lower,
        model.upper,
        model.row_lower,
        model.row_upper,
        model.starts,
        model.rows,
        model.coefficients,
        model.integer.astype(np.int32),
    )
    if status != highspy.HighsStatus.kOk:
        raise RuntimeError(f"HiGHS refused the model: {status}")
    return highs


def compressed(majors: Array, minors: Array, values: Array, count: int) -> tuple[Array, Array, Array]:
    """Return starts, minor positions and values of nonzeros that are given in any order."""
    order = np.argsort(majors)
    starts = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(np.bincount(majors, minlength=count), out=starts[1:])
    return starts, minors[order].astype(np.int32, copy=False), values[order]


def fingerprint(held: Any) -> dict[str, float]:
    """Return numbers that two models share if they are the same but for the order of rows and columns.

    Args:
        held: an instance of HiGHS, or a model of PyOptInterface, which is read back through a file.
    """
    if not hasattr(held, "getLp"):
        held = _reread(held)
    lp = held.getLp()
    cost, matrix = np.array(lp.col_cost_), lp.a_matrix_
    if lp.sense_ == highspy.ObjSense.kMaximize:
        cost = -cost
    lower, upper, values = _finite(lp.row_lower_), _finite(lp.row_upper_), np.array(matrix.value_)
    major = np.repeat(np.arange(len(matrix.start_) - 1), np.diff(matrix.start_))
    minor = np.array(matrix.index_, dtype=np.int64)
    by_columns = matrix.format_ == highspy.MatrixFormat.kColwise
    rows, columns = (minor, major) if by_columns else (major, minor)
    return {
        "columns": lp.num_col_,
        "rows": lp.num_row_,
        "nonzeros": int(np.count_nonzero(values)),
        "integers": sum(int(kind) == 1 for kind in lp.integrality_),
        "costs": float(cost.sum()),
        "lower bounds": float(_finite(lp.col_lower_).sum()),
        "upper bounds": float(_finite(lp.col_upper_).sum()),
        "lower sides": float(lower.sum()),
        "upper sides": float(upper.sum()),
        "coefficients": float(values.sum()),
        "coefficients by costs": float((values * cost[columns]).sum()),
        "coefficients by sides": float((values * (lower + upper)[rows]).sum()),
    }


def _finite(values: Any) -> Array:
    return np.nan_to_num(np.array(values, dtype=float), posinf=0.0, neginf=0.0)


def _reread(model: Any) -> highspy.Highs:
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    with tempfile.TemporaryDirectory() as directory:
        path = str(Path(directory) / "model.mps")
        model.write(path)
        highs.readModel(path)
    return highs
