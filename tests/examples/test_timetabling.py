"""The timetabling example: run as its users run it, and its answer looked at as a teacher would."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lumix import LXConstraint, LXLinearExpression, LXOptimizer

SCRIPT = Path(__file__).parents[2] / "examples" / "timetabling" / "timetable.py"
ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "error"}


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of the example, as loaded for this test alone."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location("timetable_example", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def placed(example: ModuleType) -> list[tuple[Any, Any, Any]]:
    """The rows of every lecture that is held: lecture, slot and room."""
    solution = example.solve(example.build_model())
    lectures, slots, rooms = (
        {one.id: one for one in rows} for rows in (example.LECTURES, example.SLOTS, example.ROOMS)
    )
    keys = [key for key, value in solution.variables["held"].items() if value]
    return [(lectures[lecture], slots[slot], rooms[room]) for lecture, slot, room in keys]


def test_it_prints_a_timetable(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("           Hall                   Room 7                 Laboratory\n")
    assert "\nMon 10:00  -                      Algebra 1B, Noether    Physics 1A, Curie\n" in done.stdout
    assert done.stdout.endswith("Discontent: 7.26\n")


def test_every_lecture_is_held_once(example: ModuleType, placed: list[tuple[Any, Any, Any]]) -> None:
    assert sorted(lecture.id for lecture, _, _ in placed) == [lecture.id for lecture in example.LECTURES]


def test_every_room_is_of_the_right_type_and_size(placed: list[tuple[Any, Any, Any]]) -> None:
    assert all(room.type == lecture.room_type for lecture, _, room in placed)
    assert all(room.seats >= lecture.school_class.pupils for lecture, _, room in placed)


def test_nobody_and_nothing_is_in_two_places(placed: list[tuple[Any, Any, Any]]) -> None:
    busy = Counter(
        (slot.id, who) for lecture, slot, room in placed for who in (lecture.teacher, lecture.school_class, room)
    )

    assert set(busy.values()) == {1}


def test_only_what_goes_together_is_a_variable(example: ModuleType) -> None:
    keys = list(example.build_model().compile().variables[0].keys)

    expected = [
        (lecture.id, slot.id, room.id)
        for lecture in example.LECTURES
        for slot in example.SLOTS
        for room in example.ROOMS
        if room.type == lecture.room_type and room.seats >= lecture.school_class.pupils
    ]
    assert keys == expected


def test_no_other_timetable_is_as_good(example: ModuleType) -> None:
    model = example.build_model()
    best = example.solve(model)
    held = [key for key, value in best.variables["held"].items() if value]

    other = LXLinearExpression().sum_over(model.get_variable("held"), keys=held)
    model.add_constraint(LXConstraint("another").expression(other).le().rhs(len(held) - 1))

    assert LXOptimizer().solve(model, mip_rel_gap=0).objective_value > best.objective_value + 0.01
