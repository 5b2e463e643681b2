"""A live session whose rows are read anew: what changed is told by family and key, and solved hot."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from lumix import (
    LXConstraint,
    LXLinearExpression,
    LXModel,
    LXModelError,
    LXOptimizer,
    LXParameter,
    LXRefresh,
    LXStart,
    LXVariable,
)
from lumix_solvers.highs import HighsSolver


@dataclass
class Product:
    id: str
    profit: float
    most: float


@dataclass
class Material:
    id: int
    available: float


class Counting:
    """HiGHS, which counts its runs, the problems that it was given, and the changes of them."""

    name = "counting"
    features = HighsSolver.features

    def __init__(self):
        self.solved = self.opened = self.updated = 0

    def is_available(self):
        return True

    def solve(self, problem, options):
        self.opened += 1
        return HighsSolver().solve(problem, options)

    def open(self, problem, options):
        self.opened += 1
        run = HighsSolver().open(problem, options)
        solve, update = run.solve, run.update

        def counted_solve():
            self.solved += 1
            return solve()

        def counted_update(changes):
            self.updated += 1
            return update(changes)

        run.solve, run.update = counted_solve, counted_update
        return run


class Plant:
    """A model over lists, and what it is written with."""

    def __init__(self):
        self.products = [Product("chair", 45.0, 100), Product("table", 120.0, 50), Product("desk", 200.0, 30)]
        self.materials = [Material(1, 500.0), Material(2, 200.0)]
        self.needs = {("chair", 1): 8, ("chair", 2): 2, ("table", 1): 25, ("table", 2): 5, ("desk", 1): 35}
        self.need = need = LXParameter("need").from_data(self.needs).default(0.0)
        self.made = made = LXVariable[Product, float]("made").from_data(self.products).indexed_by(lambda p: p.id)
        made.bounds(0, lambda p: p.most)
        used = LXLinearExpression().sum_over(made, lambda p, m: need[p.id, m.id])
        self.stock = LXConstraint[Material]("stock").from_data(self.materials).indexed_by(lambda m: m.id)
        self.model = (
            LXModel("plant")
            .add_variable(made)
            .add_constraint(self.stock.expression(used).le().rhs(lambda m: m.available))
            .maximize(LXLinearExpression().add_term(made, lambda p: p.profit))
        )


@pytest.fixture
def plant():
    return Plant()


@pytest.fixture
def solver():
    return Counting()


@pytest.fixture
def session(plant, solver):
    with LXOptimizer().use_solver(solver).open(plant.model) as session:
        session.solve()
        yield session


def same_problem(one, other):
    assert one.has_numbers_of(other)
    assert [(b.name, list(b.keys)) for b in one.variables] == [(b.name, list(b.keys)) for b in other.variables]
    assert [(b.name, list(b.keys)) for b in one.constraints] == [(b.name, list(b.keys)) for b in other.constraints]


def agrees(session, plant):
    """Compare a session with a fresh compile and solve of the model."""
    same_problem(session.problem, plant.model.compile())
    fresh = LXOptimizer().solve(plant.model)
    assert session.solve().objective_value == pytest.approx(fresh.objective_value)


def test_changed_numbers_are_told_by_family_and_key(session, plant):
    plant.products[2].profit = 210.0
    plant.products[0].most = 90.0
    plant.materials[0].available = 520.0
    plant.needs["desk", 1] = 34
    plant.needs["desk", 2] = 7

    refresh = session.refresh()

    assert refresh.variables["made"]["cost"] == {"desk": (200.0, 210.0)}
    assert refresh.variables[plant.made]["upper"] == {"chair": (100.0, 90.0)}
    assert refresh.constraints["stock"]["rhs"][1] == (500.0, 520.0)
    assert refresh.coefficients["stock", "made"] == {(1, "desk"): (35.0, 34.0), (2, "desk"): (0.0, 7.0)}
    agrees(session, plant)


def test_changed_numbers_are_solved_hot(session, plant, solver):
    plant.products[2].profit = 210.0
    plant.materials[0].available = 520.0
    before = (solver.opened, solver.updated, solver.solved)

    refresh = session.refresh()
    solution = session.solve()

    assert before == (1, 0, 1)
    assert (solver.opened, solver.updated, solver.solved) == (1, 1, 2)
    assert solution.start is LXStart.HOT
    assert not refresh.is_rebuilt


def test_nothing_changed(session, plant):
    refresh = session.refresh()

    assert not refresh
    assert refresh.to_text() == "Model 'plant' was read anew, and nothing changed."
    assert not refresh.variables["made"]
    assert session.solve().start is LXStart.HOT


def test_rows_that_came_and_went_rebuild_the_solver_and_are_told(session, plant, solver):
    del plant.products[0]
    plant.products.append(Product("shelf", 30.0, 10))
    plant.needs["shelf", 1] = 3
    plant.products[0].profit = 125.0

    refresh = session.refresh()
    solution = session.solve()

    assert (refresh.variables["made"].added, refresh.variables["made"].removed) == (["shelf"], ["chair"])
    assert refresh.variables["made"]["cost"] == {"table": (120.0, 125.0)}
    assert not refresh.coefficients
    assert refresh.is_rebuilt
    assert solver.opened == 2
    assert solution.start is LXStart.REBUILT
    assert "'made' has 1 new and lost 1" in solution.start_reason
    assert session.solve().start is LXStart.HOT
    agrees(session, plant)


def test_coefficients_of_rows_that_moved(session, plant):
    plant.products.reverse()
    plant.needs["table", 2] = 4
    del plant.needs["chair", 2]

    refresh = session.refresh()

    assert refresh.coefficients["stock", "made"] == {(2, "table"): (5.0, 4.0), (2, "chair"): (2.0, 0.0)}
    assert not refresh.variables["made"]
    agrees(session, plant)


def test_numbers_set_by_name_stay_on_top(session, plant):
    session.set_rhs("stock", 600.0, key=1).set_bounds("made", upper=8, key="desk").set_cost("made", lambda now: now + 1)
    plant.materials[0].available = 520.0
    plant.materials[1].available = 230.0

    refresh = session.refresh()

    assert session.rhs("stock") == [600.0, 230.0]
    assert session.problem.upper.tolist() == [100.0, 50.0, 8.0]
    assert refresh.constraints["stock"]["rhs"] == {2: (200.0, 230.0)}
    assert refresh.hidden == (
        "The right-hand side of 'stock' changed in the rows for 1, and stays as it was set in the session.",
    )
    assert session.reset().rhs("stock") == [520.0, 230.0]


def test_changes_of_parameters_and_data_are_made_again(session, plant):
    session.set_parameter("need", {("desk", 1): 30.0})
    session.modify_data(Product, lambda p: p.profit > 100, "profit", lambda p: 2 * p.profit)
    session[plant.need].scale(2.0)
    plant.needs["chair", 1] = 9
    plant.products[0].profit = 150.0

    session.refresh()

    assert session[plant.need]["chair", 1] == 18.0
    assert session[plant.need]["desk", 1] == 60.0
    assert session.problem.objective.tolist() == [300.0, 240.0, 400.0]


def test_changes_that_found_no_place_are_told_and_dropped(session, plant):
    session.set_bounds("made", upper=8, key="chair").set_rhs("stock", lambda now: now + 1)
    session.modify_data(Product, lambda p: p.id == "chair", "profit", 50.0)
    session.set_parameter("need", {("chair", 1): 7.0, ("desk", 1): 30.0})
    del plant.products[0]
    del plant.materials[1]
    del plant.needs["chair", 1]

    refresh = session.refresh()

    assert len(refresh.lost) == 4
    assert "'need' has no use any more for a number for ('chair', 1)" in refresh.lost[1]
    assert "the condition is true for none of the rows" in refresh.lost[0]
    assert "The upper bound of 'made' is set no more: 'made' has no key 'chair'" in refresh.lost[2]
    assert "'stock' is set no more for 1 keys that are gone" in refresh.lost[3]
    assert session[plant.need]["desk", 1] == 30.0
    assert session.rhs("stock") == [501.0]
    assert not session.refresh().lost


def test_a_wrong_row_leaves_the_session_as_it_was(session, plant):
    before = session.problem
    plant.products[0].profit = float("nan")

    with pytest.raises(LXModelError, match="NaN"):
        session.refresh()

    same_problem(session.problem, before)
    plant.products[0].profit = 46.0
    assert session.refresh().variables["made"]["cost"] == {"chair": (45.0, 46.0)}


def test_a_model_that_is_written_otherwise_by_now_is_taken_as_it_is(session, plant):
    least = LXConstraint("least").expression(LXLinearExpression().add_term(plant.made)).ge().rhs(1)
    plant.model.remove_constraint("stock").add_constraint(least)

    refresh = session.refresh()

    assert refresh.constraints["least"].added == [()]
    assert refresh.constraints["stock"].removed == [1, 2]
    agrees(session, plant)


def test_a_session_goes_on_after_a_refused_change_of_rows(session, plant):
    plant.products[0].profit = 50.0
    with pytest.raises(LXModelError, match="mix rows of two moments"):
        session.set_parameter("need", {("desk", 1): 30.0})

    session.refresh()

    session.set_parameter("need", {("desk", 1): 30.0})
    assert session.problem.objective.tolist() == [50.0, 120.0, 200.0]


def test_no_refresh_within_trying(session):
    with session.trying(), pytest.raises(LXModelError, match=r"within session\.trying"):
        session.refresh()


def test_frames_are_read_anew(highs):
    frame = pd.DataFrame({"id": [1, 2], "price": [2.0, 3.0]})
    x = LXVariable("x").from_data(frame).indexed_by(lambda row: row.id).bounds(0, lambda row: row.price)

    with highs.open(LXModel("m").add_variable(x).maximize(LXLinearExpression().add_term(x))) as session:
        session.solve()
        frame.loc[1, "price"] = 4.0

        assert session.refresh().variables["x"]["upper"] == {2: (3.0, 4.0)}
        assert session.solve().objective_value == 6.0


def test_two_sided_constraints_and_constants(highs):
    row = Material(1, 10.0)
    x = LXVariable("x").bounds(0, 5)
    both = LXConstraint("both").from_data([row]).indexed_by(lambda m: m.id)
    both.expression(LXLinearExpression().add_term(x).add_constant(2)).between(1, lambda m: m.available)
    model = LXModel("m").add_variable(x).add_constraint(both)
    held = LXParameter("held").from_data({1: 3.0})

    with highs.open(model.maximize(LXLinearExpression().add_term(x, lambda: held[1]).add_constant(1))) as session:
        row.available = 12.0
        model.maximize(LXLinearExpression().add_term(x).add_constant(7))
        refresh = session.refresh()

    assert refresh.constraints["both"]["upper"] == {1: (10.0, 12.0)}
    assert refresh.offset == (1.0, 7.0)
    assert refresh.variables["x"]["cost"] == {(): (3.0, 1.0)}


def test_the_result_as_text_and_as_html(session, plant):
    plant.products[2].profit = 210.0
    plant.needs["desk", 1] = 34
    plant.products.append(Product("<shelf>", 30.0, 10))

    refresh = session.refresh()

    assert str(refresh) == (
        "Model 'plant' was read anew: 2 numbers changed, 1 element came:\n"
        "  variable 'made' new: '<shelf>'\n"
        "  variable 'made' cost of 'desk': 200 -> 210\n"
        "  coefficient 'stock' of 'made' of (1, 'desk'): 35 -> 34\n"
        "The solver starts from scratch: index elements came or went ('made' has 1 new and lost 0)."
    )
    html = refresh._repr_html_()
    assert "&lt;shelf&gt;" in html
    assert "<td>200</td><td>210</td>" in html
    assert "starts from scratch" in html


def test_the_result_is_plain_data(session, plant):
    plant.products[2].profit = 210.0
    refresh = session.refresh()

    copies = [pickle.loads(pickle.dumps(refresh)), copy.deepcopy(refresh)]

    assert all(isinstance(one, LXRefresh) and one.variables["made"]["cost"]["desk"].now == 210.0 for one in copies)


def test_many_numbers_are_told_without_an_object_for_each(highs):
    """Numbers are arrays, and their keys are made when somebody asks."""
    prices = dict.fromkeys(range(10000), 1.0)
    price = LXParameter("price").from_data(prices)
    x = LXVariable("x").from_data(list(prices)).bounds(0, lambda i: price[i])

    with highs.open(LXModel("m").add_variable(x)) as session:
        prices.update(dict.fromkeys(prices, 2.0))
        numbers = session.refresh().variables["x"]["upper"]

    assert (len(numbers), numbers[9_999]) == (10_000, (1.0, 2.0))
    assert np.array_equal(numbers.now, np.full(10_000, 2.0))
    assert repr(numbers).endswith("... (9995 more)}")


def test_numbers_of_a_parameter_by_key_are_kept_once(session):
    for number in range(100):
        session["need"]["desk", 1] = 30.0 + number

    assert len(session._data.steps) == 1
    assert session["need"]["desk", 1] == 129.0


def test_a_parameter_and_its_rows_are_changed_together(highs):
    """Each change keeps what the other one did."""
    rows = [Material(1, 2.0), Material(2, 3.0)]
    most = LXParameter[Material]("most").from_data(rows).indexed_by(lambda r: r.id).value(lambda r: r.available)
    x = LXVariable("x").from_data([1, 2]).bounds(0, lambda i: most[i])

    with highs.open(LXModel("m").add_variable(x)) as session:
        session.modify_data(Material, None, "available", 10.0).set_parameter(most, {2: 7.0})
        together = session.problem.upper.tolist(), session[most][1]
        session.modify_data(Material, None, "available", 20.0)

        assert together == ([10.0, 7.0], 10.0)
        assert session.problem.upper.tolist() == [20.0, 7.0]
