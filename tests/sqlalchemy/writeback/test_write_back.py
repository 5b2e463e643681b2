"""What lands in the tables when it is written back, and the runs that are recorded."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lumix import LXIndexDimension, LXModel, LXNoSolutionError, LXOptimizer, LXVariable, LXWriteBack, LXWriteError
from tests.sqlalchemy.writeback.mapped import (
    NEW,
    ROWS,
    Batch,
    Numbered,
    PlanLine,
    PlanRun,
    Product,
    Schedule,
    Stock,
    Task,
    plan,
    solve,
)


def test_the_values_of_a_family_replace_the_plan(session: Session) -> None:
    values = solve(session).variables["made"]

    written = LXWriteBack().replace(Schedule, values, key="product_id", value="quantity").write(session)

    assert plan(session) == NEW
    assert (written[Schedule], written.deleted[Schedule], written.run_id) == (3, 2, None)
    assert str(written) == "Schedule: 3 written, 2 replaced"


def test_keys_of_several_parts_go_to_several_attributes(session: Session) -> None:
    values = solve(session).variables["pairs"]

    LXWriteBack().replace(Stock, values, key=("plant_id", "product_id"), value="quantity").write(session)

    found = session.execute(select(Stock.plant_id, Stock.product_id, Stock.quantity)).all()
    assert sorted(map(tuple, found)) == [(1, 1, 2.0), (1, 2, 2.0), (2, 1, 2.0)]


def test_keys_that_are_texts(session: Session) -> None:
    names = LXVariable[str, float]("x").bounds(1, 1).indexed_by(lambda name: name).from_data(["a", "b"])
    pairs = (
        LXVariable[Any, float]("y")
        .bounds(2, 2)
        .indexed_by_product(
            LXIndexDimension(str, lambda name: name).from_data(["a", "b"]),
            LXIndexDimension(int, lambda i: i).from_data([1]),
        )
    )
    values = LXOptimizer().solve(LXModel("texts").add_variables(names, pairs)).variables

    LXWriteBack().replace(Numbered, values["x"], key="name", value="number").write(session)
    assert sorted(session.execute(select(Numbered.name, Numbered.number))) == [("a", 1), ("b", 1)]

    LXWriteBack().replace(Numbered, list(values["y"]), key=("name", "number")).write(session)
    assert sorted(session.execute(select(Numbered.name, Numbered.number))) == [("a", 1), ("b", 1)]


def test_keys_alone_can_be_written(session: Session) -> None:
    LXWriteBack().replace(Batch, []).replace(Schedule, []).write(session)
    chosen = [key for key, value in solve(session).variables["made"].items() if value > 1]
    rows = LXWriteBack().replace(Task, chosen, key="id")

    rows.write(session)

    assert session.scalars(select(Task.id).order_by(Task.id)).all() == [1, 2, 3]


def test_writing_twice_changes_nothing(session: Session) -> None:
    back = LXWriteBack().replace(Schedule, iter(ROWS))
    back.write(session)
    back.write(session)

    assert plan(session) == NEW


def test_no_rows_replace_all(session: Session) -> None:
    LXWriteBack().replace(Schedule, []).write(session)

    assert plan(session) == {}


def test_rows_that_would_not_be_replaced_next_time_are_refused(session: Session) -> None:
    rows = [{"plant_id": p, "product_id": 1, "quantity": 2.0} for p in (3, 4)]

    with pytest.raises(LXWriteError, match=r"row 1 \(plant_id=4, .*only rows with 'plant_id' = 3 are replaced"):
        LXWriteBack().replace(Stock, rows, where={"plant_id": 3}).write(session)


def test_a_circle_of_rows_is_refused(session: Session) -> None:
    with pytest.raises(LXWriteError, match=r"row 1 .* and row 0 refer to each other|row 0 .* and row 1 refer to each"):
        LXWriteBack().replace(Task, [{"id": 1, "after_id": 2}, {"id": 2, "after_id": 1}]).write(session)


# Runs


def test_a_run_is_recorded_once(session: Session) -> None:
    solution = solve(session)

    for comment in ("first", "second"):
        written = LXWriteBack().record(PlanRun, solution, comment=comment).write(session)

    (run,) = session.scalars(select(PlanRun))
    assert (run.id, run.model, run.solver, run.status, run.limit) == (solution.run_id, "plan", "highs", "optimal", None)
    assert (run.objective, run.comment, run.solve_time) == (22.5, "second", solution.solve_time)
    assert abs(run.finished_at.replace(tzinfo=UTC) - solution.finished_at) < timedelta(seconds=1)
    assert written.run_id == solution.run_id


def test_a_run_without_a_point_is_recorded(session: Session) -> None:
    x = LXVariable[None, float]("x").bounds(2, 1)
    solution = LXOptimizer().solve(LXModel("impossible").add_variable(x))

    LXWriteBack().record(PlanRun, solution).write(session)

    (run,) = session.scalars(select(PlanRun))
    assert (run.status, run.objective) == ("infeasible", None)


def test_a_plan_without_a_point_is_refused(session: Session) -> None:
    x = LXVariable[Product, float]("x").bounds(2, 1).from_model(session)
    solution = LXOptimizer().solve(LXModel("impossible").add_variable(x))

    with pytest.raises(LXNoSolutionError, match="infeasible"):
        LXWriteBack().replace(Schedule, solution.variables["x"], key="product_id", value="quantity")


def test_rows_that_do_not_tell_their_run_are_refused(session: Session) -> None:
    with pytest.raises(LXWriteError, match=r"of which run are these rows\?.*\.record\("):
        LXWriteBack().append(PlanLine, ROWS, run="run_id").write(session)


def test_rows_of_another_run_are_refused(session: Session) -> None:
    rows = [{"run_id": "other", "product_id": 1, "quantity": 1.0}]

    with pytest.raises(LXWriteError, match=r"row 0 \(run_id='other'.*only rows with 'run_id' ="):
        LXWriteBack().append(PlanLine, rows, run="run_id").record(PlanRun, solve(session)).write(session)
