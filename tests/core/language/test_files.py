"""Models are written to files and read back: the same arrays, the same keys, and the same answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from lumix_core import (
    LXConstraint,
    LXEmptySourceWarning,
    LXFileError,
    LXIndexDimension,
    LXLinearExpression,
    LXModel,
    LXOptimizer,
    LXParameter,
    LXVariable,
)

ENDINGS = (".mps", ".lp", ".json", ".mps.gz")


@dataclass(frozen=True)
class Item:
    id: int
    cost: float
    demand: float


ITEMS = [Item(1, 2.0, 3.0), Item(2, 0.1, 1 / 3)]
WEEKS = ["2026-W01", "2026-W02"]


def plan() -> LXModel:
    item = LXIndexDimension(Item, lambda i: i.id).from_data(ITEMS)
    week = LXIndexDimension(str, lambda w: w).from_data(WEEKS)
    make = LXVariable[Item, float]("make").indexed_by_product(item, week).bounds(lower=0.0, upper=40.0)
    is_on = LXVariable[Item, int]("is on").binary().from_data(ITEMS).indexed_by(lambda i: i.id)
    extra = LXVariable[Item, float]("extra").bounds(lower=0.0)
    size = LXParameter[Item]("size").from_data({1: 1.5, 2: 2.5})
    demand = LXConstraint[Item]("demand").from_data(ITEMS).indexed_by(lambda i: i.id)
    demand.expression(LXLinearExpression().sum_over(make, coeff=_own).add_term(extra)).ge().rhs(lambda i: i.demand)
    room = LXConstraint[Item]("room").expression(
        LXLinearExpression().sum_over(make, lambda i, w: size[i.id]).add_term(extra)
    )
    switch = LXConstraint[Item]("switch").from_data(ITEMS).indexed_by(lambda i: i.id)
    switch.expression(LXLinearExpression().sum_over(make, coeff=_own).add_term(is_on, -80.0)).le().rhs(0.0)
    cost = (
        LXLinearExpression()
        .sum_over(make, lambda i, w: i.cost)
        .add_term(is_on, 5.0)
        .add_term(extra, 9.0)
        .add_constant(7.0)
    )
    model = LXModel("plan").add_variables(make, is_on, extra).add_constraints(demand, room.between(1.0, 60.0), switch)
    return model.minimize(cost)


def _own(i: Item, w: str, of: Item) -> float:
    return 1.0 if i.id == of.id else 0.0


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_model_that_is_read_compiles_to_the_same_arrays(tmp_path: Path, ending: str) -> None:
    model = plan()
    path = tmp_path / f"plan{ending}"

    model.write(path)
    read = LXModel.read(str(path))

    before, after = model.compile(), read.compile()
    assert after.has_numbers_of(before)
    assert read.name == "plan"
    for block, other in zip(before.variables + before.constraints, after.variables + after.constraints, strict=True):
        assert (block.name, list(block.keys)) == (other.name, list(other.keys))


def test_a_model_that_is_read_has_its_values_by_the_same_keys(tmp_path: Path) -> None:
    model = plan()
    model.write(tmp_path / "plan.mps")

    solution = LXOptimizer().solve(LXModel.read(tmp_path / "plan.mps"))

    assert solution.objective_value == pytest.approx(LXOptimizer().solve(model).objective_value)
    assert solution.variables["make"][1, "2026-W02"] >= 0.0
    assert isinstance(solution.variables["is on"][2], int)
    assert isinstance(solution.variables["extra"], float)


def test_names_lead_back_to_families_and_keys(tmp_path: Path) -> None:
    names = plan().write(tmp_path / "plan.lp")

    assert names.variables["make_1_2026_W02"] == ("make", (1, "2026-W02"))
    assert names.variables["extra"] == ("extra", ())
    assert names.constraints["demand_2"] == ("demand", 2)
    assert "make_1_2026_W02" in (tmp_path / "plan.lp").read_text()


def test_a_read_model_is_read_by_columns_and_joins(tmp_path: Path) -> None:
    plan().write(tmp_path / "plan.json")

    read = LXModel.read(tmp_path / "plan.json")
    read.compile()

    assert {function.way for function in read.explain().functions} <= {"columns", "join"}


def test_a_file_of_another_program_has_its_names_as_keys(tmp_path: Path) -> None:
    path = tmp_path / "other.lp"
    path.write_text("Maximize\n gain: 3 x + 2 y\nSubject To\n hours: x + y <= 4\nBounds\n x <= 3\nGenerals\n x\nEnd\n")

    solution = LXOptimizer().solve(LXModel.read(path))

    assert solution.objective_value == 11.0
    assert (solution.variables["variables"]["x"], solution.variables["variables 2"]["y"]) == (3, 1.0)


@pytest.mark.parametrize("ending", ENDINGS)
def test_families_without_elements_are_kept(tmp_path: Path, ending: str) -> None:
    empty = LXVariable[Item, int]("none").integer().from_data([]).indexed_by(lambda i: i.id)
    with pytest.warns(LXEmptySourceWarning):
        plan().add_variable(empty).write(tmp_path / f"plan{ending}")
    with pytest.warns(LXEmptySourceWarning):
        again = LXModel.read(tmp_path / f"plan{ending}").compile()

    assert [(block.name, len(block.keys)) for block in again.variables][-1] == ("none", 0)


def test_a_file_that_is_wrong_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "other.lp"
    path.write_text("Maximize\n gain: 3 x + 2 y\nSubject To\n hours: x + y <= many\nEnd\n")

    with pytest.raises(LXFileError, match=r"other\.lp, line 4: a number is missing"):
        LXModel.read(path)
