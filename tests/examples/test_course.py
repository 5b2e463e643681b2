"""Steps 3 and 4 of the production planning course, and the timetable: by two solvers, on two databases.

What is claimed of an answer is looked at in its rows, as a foreman or a teacher would.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
scripts: Any = import_module("scripts")
sys.path.remove(str(HERE))

EXAMPLES = HERE.parents[1] / "examples"
STEP3 = EXAMPLES / "production_planning" / "step3"
STEP4 = EXAMPLES / "production_planning" / "step4"
TIMETABLING = EXAMPLES / "timetabling"
POSTGRESQL = os.environ.get("LUMIX_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432")

ORDERS = """
import json, sys
sys.path[:0] = [{steps[2]!r}, {steps[3]!r}]
import database, production_goals, sample_data, sample_orders
engine = database.init_database({url!r})
with database.get_session(engine) as session:
    sample_data.fill(session)
    sample_orders.fill_orders(session)
    model = production_goals.build_model(session)
    print(json.dumps(model.to_latex().splitlines()))
    for solver in ("highs", "pulp"):
        solution = production_goals.solve(model, solver)
        missing = solution.get_goal_deviations("delivered")["neg"]
        print(json.dumps([round(solution.objective_value, 4), [round(missing[i], 4) for i in sorted(missing)]]))
    database.clear_all_data(session)
    print(json.dumps(session.query(production_goals.CustomerOrder).count()))
engine.dispose()
"""
PLANT = """
import json, sys
sys.path[:0] = [{steps[4]!r}]
import plant, plant_data, plant_model, plant_plan, plant_report
from lumix import LXOptimizer
engine = plant_data.fill_database({url!r}, plant_data.Size(2, 3))
with plant.get_session(engine) as session:
    model = plant_model.build_model(session)
    print(json.dumps(model.to_latex().splitlines()))
    assert all(line.way != "row by row" for line in model.explain().functions)
    answers = [LXOptimizer().use_solver(solver).solve(model) for solver in ("highs", "pulp")]
    print(json.dumps([round(answer.objective_value, 4) for answer in answers]))
    plant_plan.save(session, answers[0])
    plant_report.write_report(session, model, answers[0], "plan.html")
with plant.get_session(engine) as session:
    due = plant_model.orders_due(session)
    for made in session.query(plant.PlannedStock):
        product = session.get(plant.PlantProduct, made.product_id)
        print(json.dumps([made.product_id, made.period_id, made.made, made.stock, made.late,
            due[made.product_id, made.period_id], product.opening_stock, product.smallest_batch]))
    print(json.dumps([session.query(plant.PlannedLot).count(), session.query(plant.PlanRun).one().status]))
engine.dispose()
"""
ABOUT_THE_PLANT = """
import json, sys
sys.path[:0] = [{steps[4]!r}, {steps[5]!r}, {steps[6]!r}, {steps[7]!r}]
import plant, plant_data, plant_futures, plant_limits, plant_model, plant_questions
from lumix import LXOptimizer, LXScenarioAnalyzer, LXWhatIfAnalyzer
optimizer = LXOptimizer().use_solver("highs", mip_rel_gap=0)
engine = plant_data.fill_database({url!r}, plant_data.Size(2, 4))
with plant.get_session(engine) as session:
    model = plant_model.build_model(session)
    with LXScenarioAnalyzer(model, optimizer) as analyzer:
        down = plant_futures.group_down(session, "Painting", 2)
        found = analyzer.add_scenario(down).run_scenario(down.name).objective
    with LXWhatIfAnalyzer(model, optimizer) as whatif:
        plan = whatif.get_baseline_solution()
        _, more = plant_questions.bigger_order(session, whatif, 2, 4, 5)
    top = plant_limits.hours(session, optimizer.solve(model, fix=plan))[0]
    print(json.dumps([found, more.new_objective, top.worth]))
    print(json.dumps([top.group, top.machine, str(top.starts_on)]))

def changed(change, fix=None):
    change()
    session.flush()
    cost = optimizer.solve(plant_model.build_model(session), fix=fix).objective_value
    session.rollback()
    return cost

def maintain(machine, period, hours):
    session.merge(plant.Maintenance(machine_id=machine, period_id=period, hours=hours))

with plant.get_session(engine) as session:
    one, other = plant_futures.machines_of(session, "Painting")
    first, second, hours = one.id, other.id, one.machine.available_hours
    before = session.get_one(plant.Maintenance, (first, 4)).hours
    order = plant.CustomerOrder(id=99, customer_id=1, product_id=2, quantity=5)
    print(json.dumps([
        changed(lambda: [maintain(machine, 2, hours) for machine in (first, second)]),
        changed(lambda: session.add(plant.DatedOrder(order=order, period_id=4))),
        100 * (plan.objective_value - changed(lambda: maintain(first, 4, before - 0.01), plan)),
    ]))
engine.dispose()
"""
SCHOOL = """
import json, sys
sys.path[:0] = [{timetabling!r}]
import school, school_data, timetable, timetable_model, week_grid
from sqlalchemy.orm import Session
engine = school.init_database({url!r})
with Session(engine) as session:
    school_data.fill(session, 24)
    model = timetable_model.build_model(session)
    print(json.dumps(model.to_latex().splitlines()))
    assert all(line.way != "row by row" for line in model.explain().functions)
    answers = [timetable.solve(model, solver) for solver in ("highs", "pulp")]
    print(json.dumps([[answer.get_total_deviation(goal) for goal in ("wishes", "days")] for answer in answers]))
    timetable.save(session, answers[0])
with Session(engine) as session:
    absent = {{(row.teacher_id, row.slot_id) for row in session.query(school.Absence)}}
    for placed in session.query(school.PlacedLecture):
        lecture, room = placed.lecture, placed.room
        print(json.dumps([lecture.id, placed.slot_id, room.id, lecture.teacher_id, lecture.class_id,
            room.type == lecture.room_type and room.seats >= lecture.school_class.pupils,
            (lecture.teacher_id, placed.slot_id) in absent]))
    shown = week_grid.weeks(session)
    print(json.dumps([sum(len(week.cells) for week in shown), week_grid.page(shown).count("<table>") == len(shown)]))
engine.dispose()
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'course.db'}"
        return
    server, name = POSTGRESQL.replace("postgresql+psycopg", "postgresql"), f"lumix_{os.getpid()}_{uuid4().hex[:8]}"
    try:
        connection = psycopg.connect(f"{server}/postgres", connect_timeout=5, autocommit=True)
    except psycopg.OperationalError as error:
        pytest.skip(f"postgresql cannot be reached: {str(error).splitlines()[0]}")
    with connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield f"{POSTGRESQL}/{name}"
        connection.execute(f"DROP DATABASE {name}".encode())


def answers(program: str, url: str, folder: Path) -> list[Any]:
    """What a program prints, line by line; the program runs in a process of its own."""
    steps = {number: str(EXAMPLES / "production_planning" / f"step{number}") for number in range(2, 8)}
    code = program.format(url=url, steps=steps, timetabling=str(TIMETABLING))
    done = scripts.run("-c", code, cwd=folder)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def mathematics(folder: Path) -> set[str]:
    """The lines of mathematics in a README; the last one of them ends without a break."""
    (block,) = re.findall(r"^```math\n(.*?)^```$", (folder / "README.md").read_text(), flags=re.MULTILINE | re.DOTALL)
    *lines, last, end = block.splitlines()
    return {*lines, rf"{last} \\", end}


@pytest.mark.one_database
def test_step3_serves_customers_by_rank_with_either_solver(url: str, tmp_path: Path) -> None:
    latex, by_highs, by_cbc, orders_left = answers(ORDERS, url, tmp_path)

    assert by_highs == [2742.5, [0.0, 0.0, 17.5, 0.0, 3.0, 6.0]]
    assert by_cbc == by_highs
    assert orders_left == 0
    assert mathematics(STEP3) <= set(latex)


@pytest.mark.one_database
def test_step4_finds_the_same_cost_with_either_solver_and_saves_what_adds_up(url: str, tmp_path: Path) -> None:
    latex, (by_highs, by_cbc), *rows, (lots, status) = answers(PLANT, url, tmp_path)

    assert by_highs == pytest.approx(by_cbc, rel=1e-6)
    assert by_highs == pytest.approx(STORED, abs=0.01)
    assert (len(rows), status, lots > 0) == (6, "optimal", True)
    before = {product: opening for product, *_, opening, _ in rows}
    for product, _, made, stock, late, due, _, smallest in sorted(rows):
        assert stock - late == pytest.approx(before[product] + made - due, abs=1e-4)
        assert made == pytest.approx(0, abs=1e-6) or made >= smallest - 1e-4
        before[product] = stock - late
    assert mathematics(STEP4) <= set(latex)
    assert "The plan costs" in (tmp_path / "plan.html").read_text()


STORED = 156.5
"""What the plant of 2 products and 3 periods costs at the least."""


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_steps_5_to_7_find_what_changed_rows_lead_to(url: str, tmp_path: Path) -> None:
    """On PostgreSQL; their READMEs are run on SQLite."""
    asked, hour, changed = answers(ABOUT_THE_PLANT, url, tmp_path)

    assert asked == pytest.approx(changed, rel=1e-6)
    assert hour == ["Painting", "Painting 1", "2027-01-25"]


@pytest.mark.one_database
def test_the_timetable_keeps_every_rule_with_either_solver(url: str, tmp_path: Path) -> None:
    latex, (by_highs, by_cbc), *placed, (cells, has_all_weeks) = answers(SCHOOL, url, tmp_path)

    assert by_highs == by_cbc == [0.0, 1.0]  # both cannot be met, and wishes come first
    assert sorted(lecture for lecture, *_ in placed) == list(range(1, 25))
    busy = Counter(
        (slot, kind, who)
        for _, slot, *three, _, _ in placed
        for kind, who in zip(("room", "teacher", "class"), three, strict=True)
    )
    assert set(busy.values()) == {1}
    assert all(fits and not is_absent for *_, fits, is_absent in placed)
    assert mathematics(TIMETABLING) <= set(latex)
    assert (cells, has_all_weeks) == (3 * 24, True)


@pytest.mark.parametrize(
    ("script", "filled_by"),
    [
        (STEP3 / "production_goals.py", "sample_data.py of step 2 and sample_orders.py"),
        (STEP4 / "plant_plan.py", "plant_data.py"),
    ],
    ids=["step3", "step4"],
)
def test_a_step_without_data_tells_what_to_run(script: Path, filled_by: str, tmp_path: Path) -> None:
    done = scripts.run(script, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith(f"holds no data to plan with: run {filled_by} to fill it.\n")
    assert list(tmp_path.iterdir()) == []
