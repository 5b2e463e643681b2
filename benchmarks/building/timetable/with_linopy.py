"""linopy: one array of the variables that exist, grouped for each family of constraints."""

from __future__ import annotations

import highspy
import linopy
import numpy as np
import pandas as pd
import xarray as xr
from contenders import Laps
from timetable.data import Timetable
from timetable.floor import candidates


def build(data: Timetable, lap: Laps) -> highspy.Highs:
    return finished(data, lap, sparse=True)


def dense(data: Timetable, lap: Laps) -> highspy.Highs:
    """As a model of linopy is unless it is asked to be sparse."""
    return finished(data, lap, sparse=False)


def finished(data: Timetable, lap: Laps, *, sparse: bool) -> highspy.Highs:
    model = write(data, sparse=sparse)
    lap("write")
    return model.to_highspy()


def write(data: Timetable, *, sparse: bool) -> linopy.Model:
    if sparse:
        linopy.options["semantics"] = "v1"
    model = linopy.Model(sparse=sparse)
    found = candidates(data)
    index = pd.RangeIndex(len(found.costs), name="candidate")
    assign = model.add_variables(binary=True, coords=[index], name="assign")
    terms = 1 * assign
    teachers = np.array([lecture.teacher for lecture in data.lectures])[found.lectures]
    groups = np.array([lecture.group for lecture in data.lectures])[found.lectures]
    slots = len(data.slots)
    model.add_constraints(terms.groupby(pd.Series(found.lectures, index, name="lecture")).sum() == 1, name="held_once")
    for name, owners in (("room", found.rooms), ("teacher", teachers), ("group", groups)):
        pairs = pd.Series(owners * slots + found.slots, index, name=f"{name}_slot")
        model.add_constraints(terms.groupby(pairs).sum() <= 1, name=name)
    model.add_objective((assign * xr.DataArray(found.costs, coords=[index])).sum())
    return model
