"""PyOptInterface: loops over lectures, their rooms and slots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pyoptinterface as poi
from contenders import Laps
from pyoptinterface import highs
from timetable.data import Room, Timetable

AddVariable = Callable[[highs.Model], poi.VariableIndex]


def binaries(data: Timetable, lap: Laps) -> highs.Model:
    return build(highs.Model(), data, lambda model: model.add_variable(domain=poi.VariableDomain.Binary))


def types_last(data: Timetable, lap: Laps) -> highs.Model:
    """HiGHS adds a column that is to be whole several times slower than another one."""
    model, assigns = highs.Model(), []

    def add_variable(model: highs.Model) -> poi.VariableIndex:
        assigns.append(model.add_variable(lb=0.0, ub=1.0))
        return assigns[-1]

    build(model, data, add_variable)
    lap("write")
    for assign in assigns:
        model.set_variable_type(assign, poi.VariableDomain.Integer)
    return model


def build(model: highs.Model, data: Timetable, add_variable: AddVariable) -> highs.Model:
    rooms_of: dict[str, list[Room]] = defaultdict(list)
    for room in data.rooms:
        rooms_of[room.kind].append(room)
    families: dict[tuple[Any, ...], poi.ScalarAffineFunction] = defaultdict(poi.ScalarAffineFunction)
    waste = poi.ScalarAffineFunction()
    for lecture in data.lectures:
        for room in rooms_of[lecture.kind]:
            if room.capacity < lecture.students:
                continue
            for slot in data.slots:
                assign = add_variable(model)
                families["lecture", lecture.id].add_term(assign, 1.0)
                families["room", room.id, slot.id].add_term(assign, 1.0)
                families["teacher", lecture.teacher, slot.id].add_term(assign, 1.0)
                families["group", lecture.group, slot.id].add_term(assign, 1.0)
                waste.add_term(assign, (room.capacity - lecture.students) / 8 + slot.penalty)
    for key, terms in families.items():
        model.add_linear_constraint(terms, poi.Eq if key[0] == "lecture" else poi.Leq, 1.0)
    model.set_objective(waste, poi.ObjectiveSense.Minimize)
    return model
