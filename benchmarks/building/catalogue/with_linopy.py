"""linopy, fed with an array for each attribute."""

from __future__ import annotations

import highspy
import linopy
import numpy as np
import pandas as pd
import xarray as xr
from catalogue.data import Item
from contenders import Laps


def build(items: list[Item], lap: Laps) -> highspy.Highs:
    return finished(items, lap, sparse=True)


def dense(items: list[Item], lap: Laps) -> highspy.Highs:
    """As a model of linopy is unless it is asked to be sparse."""
    return finished(items, lap, sparse=False)


def finished(items: list[Item], lap: Laps, *, sparse: bool) -> highspy.Highs:
    index = pd.Index(np.array([i.id for i in items]), name="item")
    low, high, cost, weight, volume, fragile = (
        xr.DataArray(np.array(values), coords=[index])
        for values in (
            [i.low for i in items],
            [i.high for i in items],
            [i.cost for i in items],
            [i.weight for i in items],
            [i.volume for i in items],
            [i.is_fragile for i in items],
        )
    )
    lap("read")
    if sparse:
        linopy.options["semantics"] = "v1"
    model = linopy.Model(sparse=sparse)
    bought = model.add_variables(lower=low, upper=high, name="bought")
    model.add_constraints((bought * weight).sum() <= 200.0 * len(items), name="weight")
    model.add_constraints((bought * volume).sum() <= 250.0 * len(items), name="volume")
    model.add_constraints(bought.sum() >= 2.0 * len(items), name="count")
    model.add_constraints(bought.isel(item=np.flatnonzero(fragile)).sum() <= len(items), name="fragile")
    model.add_objective((bought * cost).sum())
    lap("write")
    return model.to_highspy()
