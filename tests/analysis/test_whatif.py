"""What-if questions: the answers, how they are found, and what is refused."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import examples

from lumix import (
    LXConstraint,
    LXError,
    LXLinearExpression,
    LXModel,
    LXModelError,
    LXNoSolutionError,
    LXOptimizer,
    LXStart,
    LXStatus,
    LXVariable,
    LXWhatIfAnalyzer,
)
from lumix_core.errors import LXFunctionError, LXMissingKeyError, LXUnknownKeyError, LXUnknownNameError
from lumix_solvers.highs import HighsSolver
from tests.analysis.conftest import Material


@pytest.fixture
def whatif(workshop, optimizer):
    with LXWhatIfAnalyzer(workshop.model, optimizer) as whatif:
        yield whatif


class Counting:
    """HiGHS, which counts its runs."""

    name = "counting"
    features = HighsSolver.features

    def __init__(self):
        self.runs = 0
        self.opened = 0

    def is_available(self):
        return True

    def solve(self, problem, options):
        self.runs += 1
        return HighsSolver().solve(problem, options)

    def open(self, problem, options):
        self.opened += 1
        run = HighsSolver().open(problem, options)
        solve = run.solve

        def counted():
            self.runs += 1
            return solve()

        run.solve = counted
        return run


@pytest.fixture
def counting():
    return Counting()


class TestAnswers:
    def test_more_wood(self, whatif, workshop):
        result = whatif.increase_constraint_rhs("stock", by=10, key=1)

        delta = 10 * workshop.wood_price
        assert result.original_objective == pytest.approx(workshop.optimum)
        assert result.new_objective == pytest.approx(workshop.optimum + delta)
        assert result.delta_objective == pytest.approx(delta)
        assert result.delta_percentage == pytest.approx(100 * delta / workshop.optimum)
        assert result.solution.objective_value == pytest.approx(result.new_objective)
        assert result.new_solution is result.solution

    def test_changes_are_told(self, whatif):
        result = whatif.increase_constraint_rhs("stock", by=10, key=1)

        assert [(one.name, one.original_value, one.new_value, one.delta) for one in result.changes] == [
            ("stock[1]", 500.0, 510.0, 10.0)
        ]

    @pytest.mark.parametrize(
        ("ask", "sides"),
        [
            (lambda w: w.increase_constraint_rhs("stock", by_percent=0.1), [550.0, 220.0, 165.0]),
            (lambda w: w.increase_constraint_rhs("stock", to=600), [600.0] * 3),
            (lambda w: w.decrease_constraint_rhs("stock", by=5, key=2), [195.0]),
            (lambda w: w.decrease_constraint_rhs("stock", by_percent=0.5, key=1), [250.0]),
            (lambda w: w.decrease_constraint_rhs("stock", to=100, key=2), [100.0]),
            (lambda w: w.relax_constraint("stock", by=1), [501.0, 201.0, 151.0]),
            (lambda w: w.tighten_constraint("stock", by=1), [499.0, 199.0, 149.0]),
            (lambda w: w.relax_constraint("least", by=1), [9.0, 4.0, 2.0]),
            (lambda w: w.tighten_constraint("least", by_percent=0.1), [11.0, 5.5, 3.3]),
        ],
    )
    def test_right_hand_sides_move_as_asked(self, whatif, ask, sides):
        assert [one.new_value for one in ask(whatif).changes] == pytest.approx(sides)

    def test_percent_of_a_negative_right_hand_side_raises_it(self, highs):
        x = LXVariable[None, float]("x").bounds(lower=-100, upper=100)
        row = LXConstraint("row").expression(LXLinearExpression().add_term(x)).le().rhs(-10)
        model = LXModel("negative").add_variable(x).add_constraint(row).maximize(LXLinearExpression().add_term(x))

        result = LXWhatIfAnalyzer(model, highs).increase_constraint_rhs("row", by_percent=0.5)

        assert (result.new_objective, result.delta_percentage) == (-5.0, 50.0)

    def test_bound(self, whatif):
        result = whatif.modify_variable_bound("made", upper=6, key=3)

        assert result.solution.variables["made"][3] == pytest.approx(6.0)
        assert result.delta_objective < 0

    def test_bounds_that_cross_are_refused(self, whatif):
        with pytest.raises(LXModelError, match="lower=10 above upper=5"):
            whatif.modify_variable_bound("made", lower=10, upper=5)

    def test_a_row_is_named_by_its_key(self, whatif, workshop):
        wood, desk = workshop.materials[0], workshop.products[2]

        assert "stock[1]" in whatif.increase_constraint_rhs("stock", by=1, key=wood).description
        assert "made[3]" in whatif.modify_variable_bound("made", upper=6, key=desk).description

    @pytest.mark.parametrize("numbers", [{(3, 9): 3.0}, {(99, 1): 3.0}, {(99, 1): 3.0, (3, 9): 1.0}])
    def test_numbers_that_nothing_asks_for_are_refused(self, whatif, workshop, numbers):
        with pytest.raises(LXMissingKeyError, match="they would change nothing"):
            whatif.modify_parameter(workshop.quantity, numbers)

    def test_a_number_where_there_was_none_counts(self, whatif, workshop):
        result = whatif.modify_parameter(workshop.quantity, {(3, 3): 30.0})

        assert result.delta_objective < 0
        assert whatif.modify_parameter(workshop.quantity, {(3, 3): 0.0}).delta_objective == pytest.approx(0.0)

    def test_a_condition_that_is_no_function_is_refused(self, whatif, workshop):
        with pytest.raises(LXModelError, match="where=lambda row"):
            whatif.modify_data(type(workshop.products[0]), "Desk", "profit", 210.0)

    def test_parameter(self, whatif, workshop, highs):
        result = whatif.modify_parameter(workshop.quantity, lambda now: 0.5 * now)

        workshop.needs.update({key: value / 2 for key, value in workshop.needs.items()})
        assert result.new_objective == pytest.approx(highs.solve(workshop.model).objective_value)

    def test_data(self, whatif, workshop):
        result = whatif.modify_data(type(workshop.products[0]), lambda p: p.name == "Desk", "profit", 210.0)

        assert result.delta_objective == pytest.approx(10 * 295 / 35)

    def test_row_itself_is_accepted_as_key(self, whatif, workshop):
        result = whatif.increase_constraint_rhs("stock", by=10, key=workshop.materials[0])

        assert result.changes[0].name == "stock[1]"

    def test_changes_side_by_side_do_not_add_up(self, whatif, workshop):
        up, down, own = whatif.compare_changes([("stock", 10), ("stock", -10), ("least", -1, 2)], key=1)

        assert (up.delta_objective, down.delta_objective) == (
            pytest.approx(10 * workshop.wood_price),
            pytest.approx(-10 * workshop.wood_price),
        )
        assert own.changes[0].name == "least[2]"

    @pytest.mark.parametrize(
        ("change", "sides"),
        [
            (("stock", "increase", 10), [510.0, 210.0, 160.0]),
            (("stock", "decrease", 10), [490.0, 190.0, 140.0]),
            (("least", "relax", 1), [9.0, 4.0, 2.0]),
            (("least", "tighten", 1, 2), [6.0]),
        ],
    )
    def test_changes_side_by_side_say_how_in_words(self, whatif, change, sides):
        (found,) = whatif.compare_changes([change])

        assert [one.new_value for one in found.changes] == sides

    def test_a_key_that_reads_like_a_word_is_a_key(self, highs):
        days = ["relax", "work"]
        x = LXVariable[str, float]("x").from_data(days).bounds(lower=0)
        row = LXConstraint[str]("row").from_data(days).expression(LXLinearExpression().add_term(x)).le()
        model = LXModel("days").add_variable(x).add_constraint(row.rhs(5)).maximize(LXLinearExpression().sum_over(x))

        (found,) = LXWhatIfAnalyzer(model, highs).compare_changes([("row", 2, "relax")])

        assert [(one.name, one.new_value) for one in found.changes] == [("row['relax']", 7.0)]

    def test_bottlenecks_are_ordered_by_what_they_bring(self, whatif, workshop):
        found = whatif.find_bottlenecks()

        assert [name for name, _ in found] == ["least[2]", "stock[1]", "least[1]"]
        assert dict(found)["stock[1]"] == pytest.approx(workshop.wood_price)
        assert whatif.find_bottlenecks(top_n=1) == found[:1]

    def test_bottlenecks_are_told_for_each_unit(self, whatif, workshop):
        assert dict(whatif.find_bottlenecks(test_amount=10))["stock[1]"] == pytest.approx(workshop.wood_price)

    @pytest.mark.parametrize(("maximize", "integer"), [(True, False), (False, False), (True, True), (False, True)])
    def test_bottleneck_that_is_an_equation_is_moved_to_the_better_side(self, optimizer, maximize, integer):
        x = LXVariable[None, float]("x").bounds(lower=0, upper=9)
        row = LXConstraint("row").expression(LXLinearExpression().add_term(x)).eq().rhs(5)
        model = LXModel("equation").add_variable(x.integer() if integer else x).add_constraint(row)
        objective = LXLinearExpression().add_term(x, 2.0)
        model = model.maximize(objective) if maximize else model.minimize(objective)

        assert LXWhatIfAnalyzer(model, optimizer).find_bottlenecks() == [("row", pytest.approx(2.0))]

    def test_bottlenecks_of_a_minimisation_make_it_less(self, highs):
        x = LXVariable[None, float]("x").bounds(lower=0)
        row = LXConstraint("row").expression(LXLinearExpression().add_term(x, 2.0)).ge().rhs(10)
        model = LXModel("least").add_variable(x).add_constraint(row).minimize(LXLinearExpression().add_term(x, 3.0))

        assert LXWhatIfAnalyzer(model, highs).find_bottlenecks() == [("row", pytest.approx(1.5))]

    @pytest.mark.parametrize("solver", ["highs", "glpk"])
    def test_bottlenecks_are_rows_with_a_price_whether_or_not_the_solver_has_ranges(self, solver):
        x = LXVariable[None, float]("x").bounds(lower=0)
        most = LXConstraint("most").expression(LXLinearExpression().add_term(x, 2.0)).le().rhs(10)
        wide = LXConstraint("wide").expression(LXLinearExpression().add_term(x)).between(-9, 9)
        model = LXModel("two").add_variable(x).add_constraints(most, wide).maximize(LXLinearExpression().add_term(x))

        assert LXWhatIfAnalyzer(model, LXOptimizer().use_solver(solver)).find_bottlenecks() == [("most", 0.5)]

    def test_bottlenecks_of_integers_are_solved_for(self, integer_workshop, optimizer):
        found = LXWhatIfAnalyzer(integer_workshop.model, optimizer).find_bottlenecks(test_amount=20)

        assert dict(found)["stock[1]"] == pytest.approx(125.0 / 20)

    def test_range(self, whatif, workshop):
        found = whatif.sensitivity_range("stock", 300, 1000, 8, key=1)

        assert [value for value, _ in found] == [300.0, 400.0, 500.0, 600.0, 700.0, 800.0, 900.0, 1000.0]
        objectives = dict(found)
        assert math.isnan(objectives[300.0])
        assert objectives[500.0] == pytest.approx(workshop.optimum)
        assert objectives[600.0] == pytest.approx(workshop.optimum + 100 * workshop.wood_price)

    def test_infeasible_change(self, whatif):
        result = whatif.decrease_constraint_rhs("stock", to=10, key=1)

        assert result.solution.status is LXStatus.INFEASIBLE
        assert "infeasible" in repr(result)
        with pytest.raises(LXNoSolutionError):
            result.new_objective  # noqa: B018

    def test_an_infeasible_change_says_why_also_when_all_is_closed(self, whatif):
        result = whatif.decrease_constraint_rhs("stock", to=10, key=1)
        feasible = whatif.increase_constraint_rhs("stock", by=1, key=1)
        whatif.close()

        why = result.infeasibility
        assert why is not None
        assert "stock[1]" in str(why)
        assert "<= 10" in str(why)
        assert str(pickle.loads(pickle.dumps(result)).infeasibility) == str(why)
        assert all(one.value >= 0 for one in why.relaxation.amounts)
        assert feasible.infeasibility is None

    def test_percentage_of_nothing_is_infinite(self, highs):
        x = LXVariable[None, float]("x").bounds(lower=0)
        row = LXConstraint("row").expression(LXLinearExpression().add_term(x)).le().rhs(0)
        model = LXModel("nothing").add_variable(x).add_constraint(row).maximize(LXLinearExpression().add_term(x))
        whatif = LXWhatIfAnalyzer(model, highs)

        assert whatif.increase_constraint_rhs("row", by=1).delta_percentage == math.inf
        assert whatif.increase_constraint_rhs("row", by=0).delta_percentage == 0.0

    def test_result_can_be_pickled(self, whatif):
        result = whatif.increase_constraint_rhs("stock", by=10, key=1)

        twin = pickle.loads(pickle.dumps(result))

        assert twin.new_objective == result.new_objective
        assert dict(twin.solution.variables["made"]) == dict(result.solution.variables["made"])

    def test_model_stays_as_it_was(self, whatif, workshop):
        before = {name: array.tobytes() for name, array in workshop.model.compile().arrays().items()}

        whatif.relax_constraint("stock", by=1)
        whatif.modify_variable_bound("made", upper=1)
        whatif.modify_parameter("quantity", {(1, 1): 1.0})
        whatif.modify_data(type(workshop.products[0]), None, "profit", 1.0)

        assert {name: array.tobytes() for name, array in workshop.model.compile().arrays().items()} == before
        assert whatif.increase_constraint_rhs("stock", by=0).new_objective == pytest.approx(workshop.optimum)


class TestHowTheyAreFound:
    def test_within_the_range_without_a_solve(self, workshop, counting):
        whatif = LXWhatIfAnalyzer(workshop.model, LXOptimizer().use_solver(counting))
        whatif.get_baseline_solution()

        results = [whatif.increase_constraint_rhs("stock", by=amount, key=1) for amount in (1, 100, 383)]

        assert counting.runs == 1
        assert all(one.from_duals for one in results)
        for one, amount in zip(results, (1, 100, 383), strict=True):
            assert one.new_objective == pytest.approx(workshop.optimum + amount * workshop.wood_price)
            assert one.solution.objective_value == pytest.approx(one.new_objective)

    def test_beyond_the_range_with_a_hot_one(self, workshop, counting):
        whatif = LXWhatIfAnalyzer(workshop.model, LXOptimizer().use_solver(counting))

        result = whatif.increase_constraint_rhs("stock", by=384, key=1)

        assert not result.from_duals
        assert (counting.runs, counting.opened, result.solution.start) == (2, 1, LXStart.HOT)
        assert result.new_objective == pytest.approx(4925.0)

    def test_row_without_price_is_no_question_for_the_solver(self, workshop, counting):
        whatif = LXWhatIfAnalyzer(workshop.model, LXOptimizer().use_solver(counting))

        result = whatif.decrease_constraint_rhs("stock", by=80, key=2)

        assert (counting.runs, result.delta_objective) == (1, 0.0)

    def test_integers_are_always_solved_for(self, integer_workshop, highs):
        result = LXWhatIfAnalyzer(integer_workshop.model, highs).increase_constraint_rhs("stock", by=1, key=1)

        assert not result.from_duals

    @given(seed=st.integers(0, 10_000), maximize=st.booleans(), family=st.booleans())
    @settings(max_examples=examples(50))
    def test_answers_from_duals_are_those_of_the_solver(self, seed, maximize, family):
        random = np.random.default_rng(seed)
        whatif = LXWhatIfAnalyzer(random_model(random, maximize), LXOptimizer())
        if not whatif.get_baseline_solution().is_optimal():
            return

        for row in range(4):
            amount = float(random.choice([0.01, 0.5, 2.0, 10.0]))
            ask = random.choice([whatif.increase_constraint_rhs, whatif.decrease_constraint_rhs])
            result = ask(f"row{row % 2}", by=amount, key=None if family else row // 2)

            if result.from_duals:
                assert result.solution.objective_value == pytest.approx(result.new_objective, rel=1e-7, abs=1e-7)


def random_model(random, maximize):
    """A model whose numbers are small and whole, so that many of its optima are degenerate."""
    columns = list(range(5))
    x = LXVariable[int, float]("x").from_data(columns).bounds(lower=0, upper=float(random.integers(3, 9)))
    model = LXModel("random").add_variable(x)
    for position, sense in enumerate(("le", "ge")):
        table = {(j, i): float(random.integers(0, 4)) for j in columns for i in (0, 1)}
        sides = {i: float(random.integers(2, 12)) / (1 + position) for i in (0, 1)}
        terms = LXLinearExpression().add_multi_term(x, lambda j, i, table=table: table[j, i])
        row = LXConstraint[int](f"row{position}").from_data([0, 1]).expression(terms)
        model.add_constraint(getattr(row, sense)().rhs(lambda i, sides=sides: sides[i]))
    costs = {j: float(random.integers(-2, 5)) for j in columns}
    objective = LXLinearExpression().add_term(x, lambda j: costs[j])
    return model.maximize(objective) if maximize else model.minimize(objective)


class TestBaseline:
    def test_solution_that_was_given_is_the_baseline(self, workshop, highs):
        given_solution = highs.solve(workshop.model)

        whatif = LXWhatIfAnalyzer(workshop.model, highs, given_solution)

        assert whatif.get_baseline_solution() is given_solution

    def test_solution_of_another_model_is_refused(self, workshop, highs):
        given_solution = highs.solve(workshop.model)
        workshop.products[2:] = []

        with pytest.raises(LXModelError, match=r"baseline_solution has the objective 2735.71\d*, and model 'workshop'"):
            LXWhatIfAnalyzer(workshop.model, highs, given_solution).relax_constraint("stock", by=1)

    def test_model_is_read_again_when_asked(self, whatif, workshop):
        before = whatif.get_baseline_solution()
        workshop.hours.rhs_value = 45.0

        assert whatif.get_baseline_solution() is before
        assert whatif.get_baseline_solution(recompute=True).objective_value < before.objective_value - 1

    def test_infeasible_model_may_be_asked_what_would_help(self, workshop, highs):
        workshop.hours.rhs_value = 1.0
        whatif = LXWhatIfAnalyzer(workshop.model, highs)

        result = whatif.increase_constraint_rhs("hours", to=100)

        assert whatif.get_baseline_solution().status is LXStatus.INFEASIBLE
        assert result.new_objective == pytest.approx(workshop.optimum)
        with pytest.raises(LXNoSolutionError):
            result.delta_objective  # noqa: B018


MISTAKES = [
    (lambda w: w.increase_constraint_rhs("stock"), LXModelError, r"was given 0 of by=, by_percent=, to="),
    (lambda w: w.increase_constraint_rhs("stock", by=1, to=2), LXModelError, "was given 2 of"),
    (lambda w: w.relax_constraint("stock"), LXModelError, r"relax_constraint\('stock'\) was given 0 of by=, by_perc"),
    (lambda w: w.increase_constraint_rhs("stock", by=-1), LXModelError, "is in the other direction"),
    (lambda w: w.increase_constraint_rhs("stock", to=1), LXModelError, "right-hand side is 500 now. Call decrease"),
    (
        lambda w: w.decrease_constraint_rhs("stock", to=900, key=1),
        LXModelError,
        r"'stock\[1\]'\) to=900 .* increase",
    ),
    (
        lambda w: w.decrease_constraint_rhs("stock", to=900, key=Material(1, "Wood", 500.0)),
        LXModelError,
        r"'stock\[1\]'\) to=900 .* increase",
    ),
    (lambda w: w.increase_constraint_rhs("wood", by=1), LXUnknownNameError, "no constraint named 'wood'"),
    (lambda w: w.increase_constraint_rhs("stock", by=1, key="Wood"), LXUnknownKeyError, "'stock' has no key 'Wood'"),
    (lambda w: w.relax_constraint("wood", by=1), LXUnknownNameError, "no constraint named 'wood'"),
    (lambda w: w.modify_variable_bound("made"), LXModelError, "was given no bound"),
    (lambda w: w.modify_variable_bound("wood", upper=1), LXUnknownNameError, "no variable named 'wood'"),
    (lambda w: w.sensitivity_range("stock", 5, 1), LXModelError, "range from 5 to 1. Give"),
    (
        lambda w: w.sensitivity_range("stock", 1, 5, num_points=1),
        LXModelError,
        "num_points=1. Give a whole number of at least 2",
    ),
    (
        lambda w: w.increase_constraint_rhs("stock", by_percent=10),
        LXModelError,
        "by_percent=10 would be 1000 percent: .* Write by_percent=0.1 for 10 percent",
    ),
    (lambda w: w.find_bottlenecks(key=77), LXUnknownKeyError, "no constraint of model 'workshop' has such a key"),
    (lambda w: w.find_bottlenecks(test_amount=-1), LXModelError, "is in the other direction"),
    (
        lambda w: w.increase_constraint_rhs("stock", by=float("nan")),
        LXError,
        "by= of increase_constraint_rhs.. is NaN. Give a finite number.$",
    ),
    (lambda w: w.compare_changes(["stock"]), LXModelError, "each change is a pair of a constraint's name and an amou"),
    (lambda w: w.modify_data("Product", None, "profit", 1), LXError, "got 'Product' as the class of the rows"),
    (lambda w: w.modify_variable_bound("made", upper="a"), LXError, "upper bound of 'made' is 'a'"),
    (lambda w: w.find_bottlenecks(top_n=-1), LXModelError, "top_n=-1. Give a whole number of at least 1"),
    (lambda w: w.find_bottlenecks(top_n="3"), LXModelError, "top_n='3'"),
    (lambda w: w.find_bottlenecks(test_amount=0), LXModelError, "test_amount=0, by which nothing moves"),
    (lambda w: w.sensitivity_range("stock", 1, 5, num_points=2.5), LXModelError, "num_points=2.5"),
    (lambda w: w.sensitivity_range("stock", 1, "5"), LXError, "range of 'stock' is '5' .str., not a number"),
    (lambda w: w.increase_constraint_rhs("stock", to="5"), LXError, "^to= of increase_constraint_rhs.'stock'. is '5'"),
    (lambda w: w.increase_constraint_rhs("hours", by=1, key=1), LXUnknownKeyError, "it has no index. Leave key= out"),
    (lambda w: w.modify_parameter("quantity", {}), LXModelError, "an empty dict, so it would change nothing"),
    (lambda w: w.modify_parameter("quantity", 3), LXModelError, "was to hold 3: its numbers are changed with a dict"),
    (lambda w: w.modify_parameter("quantity", lambda q: q / 0), LXFunctionError, "for 8 the function failed with Zero"),
    (lambda w: w.modify_parameter("quantity", lambda q: None), LXError, "'quantity' returned for 8 is NULL"),
    (
        lambda w: w.modify_parameter("quantity", {(9, 1): 3}),
        LXMissingKeyError,
        r"numbers for \(9, 1\), which it has no",
    ),
    (lambda w: LXWhatIfAnalyzer("model", LXOptimizer()), LXModelError, "'model', which is not a model"),
    (lambda w: LXWhatIfAnalyzer(w.model, LXOptimizer(), 2735.7), LXModelError, "2735.7 as its baseline_solution"),
    (lambda w: LXWhatIfAnalyzer(w.model, None), LXError, "got None as its optimizer"),
    (lambda w: w.compare_changes([("stock", "much")]), LXError, "change of 'stock' is 'much'"),
]


@pytest.mark.parametrize(("ask", "error", "words"), MISTAKES)
def test_mistakes_are_told(workshop, highs, ask, error, words):
    whatif = LXWhatIfAnalyzer(workshop.model, highs)

    with pytest.raises(error, match=f"(?i){words}"):
        ask(whatif)


def test_bounds_by_a_function_are_told_in_words(workshop, highs):
    result = LXWhatIfAnalyzer(workshop.model, highs).modify_variable_bound("made", upper=lambda now: 9, key=3)

    assert result.description == "made[3] with upper by a function"


def test_equation_is_not_relaxed(highs):
    x = LXVariable[None, float]("x").bounds(lower=0, upper=9)
    row = LXConstraint("row").expression(LXLinearExpression().add_term(x)).eq().rhs(5)
    model = LXModel("equation").add_variable(x).add_constraint(row).maximize(LXLinearExpression().add_term(x))
    whatif = LXWhatIfAnalyzer(model, highs)

    with pytest.raises(LXModelError, match=r"relax_constraint\('row'\): the constraint is an equation"):
        whatif.relax_constraint("row", by=1)
    assert whatif.increase_constraint_rhs("row", by=1).new_objective == 6.0
