"""Live sessions: what is changed, what is solved, what stays as it was."""

from __future__ import annotations

import copy
import gc
import threading

import numpy as np
import pytest

from lumix import (
    LXConstraint,
    LXLinearExpression,
    LXModel,
    LXModelError,
    LXOptimizer,
    LXParameter,
    LXStart,
    LXStatus,
    LXVariable,
)
from lumix_core.errors import LXFunctionError, LXMissingKeyError, LXNumberError, LXUnknownKeyError, LXUnknownNameError


def bits(problem):
    return {name: array.tobytes() for name, array in problem.arrays().items()}


def alone(workshop):
    return LXOptimizer().solve(workshop.model).objective_value


class TestNumbers:
    def test_first_solve_is_that_of_the_optimizer(self, workshop, optimizer):
        with optimizer.open(workshop.model) as session:
            found = session.solve()

        assert found.objective_value == pytest.approx(workshop.optimum)
        assert dict(found.variables["made"]) == pytest.approx({1: 10.0, 2: 5.0, 3: 295 / 35})
        assert (found.start, found.shadow_prices["stock"][1]) == (LXStart.COLD, pytest.approx(workshop.wood_price))

    def test_more_wood_is_worth_its_price(self, workshop, optimizer):
        with optimizer.open(workshop.model) as session:
            session.solve()

            found = session.set_rhs("stock", 510, key=1).solve()

        assert found.objective_value == pytest.approx(workshop.optimum + 10 * workshop.wood_price)

    def test_solution_says_where_the_solver_started(self, workshop, highs):
        with highs.open(workshop.model) as session:
            session.solve()

            found = session.set_rhs("stock", 510, key=1).solve()

        assert (found.start, found.start_reason) == (LXStart.HOT, "")

    def test_solver_that_keeps_nothing_open_says_so(self, workshop, optimizer):
        optimizer.use_solver("pulp")
        with optimizer.open(workshop.model) as session:
            session.solve()

            found = session.set_rhs("stock", 510, key=1).solve()

        assert (found.start, found.start_reason) == (LXStart.COLD, "solver 'pulp' does not keep models open")

    def test_right_hand_side_is_a_function_of_the_one_before(self, session):
        session.set_rhs("stock", lambda now: 1.1 * now)

        assert session.rhs("stock") == [1.1 * 500.0, 1.1 * 200.0, 1.1 * 150.0]

    def test_right_hand_side_is_the_users_whatever_the_constant_of_the_expression(self, highs):
        x = LXVariable[None, float]("x").bounds(lower=0, upper=100)
        row = LXConstraint("row").expression(LXLinearExpression().add_term(x, 2.0).add_constant(5)).le().rhs(25)
        model = LXModel("constant").add_variable(x).add_constraint(row)
        model.maximize(LXLinearExpression().add_term(x))

        with highs.open(model) as session:
            before, found = session.rhs("row"), session.set_rhs("row", lambda now: now + 10).solve()

        assert before == [25.0]
        assert found.variables["x"] == pytest.approx(15.0)

    def test_equation_moves_both_of_its_sides(self, highs):
        x = LXVariable[None, float]("x").bounds(lower=0, upper=100)
        row = LXConstraint("row").expression(LXLinearExpression().add_term(x)).eq().rhs(5)
        model = LXModel("equation").add_variable(x).add_constraint(row)

        with highs.open(model) as session:
            found = session.set_rhs("row", 7).solve()

        assert found.variables["x"] == 7.0

    def test_bounds_of_one_variable(self, session, workshop):
        found = session.set_bounds("made", upper=6, key=3).solve()

        assert found.variables["made"][3] == 6.0

    def test_bounds_that_cross_are_refused(self, session):
        with pytest.raises(LXModelError, match=r"set_bounds.'made'. was given lower=7.0 above upper=6: no value lies"):
            session.set_bounds("made", lower=7.0, upper=6)

    def test_infinite_bound_takes_the_bound_away(self, session):
        session.set_bounds("made", lower=-np.inf, upper=7.0, key=1).set_bounds("made", upper=np.inf, key=1)

        assert (session.problem.lower[0], session.problem.upper[0]) == (-np.inf, np.inf)

    def test_binaries_stay_within_0_and_1(self, highs):
        x = LXVariable[None, int]("x").binary()
        model = LXModel("binary").add_variable(x).maximize(LXLinearExpression().add_term(x))

        with highs.open(model) as session:
            found = session.set_bounds(x, lower=-5, upper=5).solve()

        assert found.variables["x"] == 1

    def test_row_itself_is_accepted_as_key(self, session, workshop):
        session.set_cost("made", 300.0, key=workshop.products[2])

        assert session.problem.objective.tolist() == [45.0, 120.0, 300.0]

    def test_families_themselves_are_accepted_as_names(self, session, workshop):
        session.set_rhs(workshop.stock, 1.0).set_cost(workshop.made, 2.0)

        assert session.rhs("stock") == [1.0, 1.0, 1.0]
        assert session.problem.objective.tolist() == [2.0, 2.0, 2.0]

    def test_coefficient_of_a_pair_may_come_and_go(self, session, workshop):
        session.solve()

        came = session.set_coefficient("stock", "made", 20.0, key=3, variable_key=3).solve()
        gone = session.set_coefficient("stock", "made", 0.0, key=3, variable_key=3).solve()

        assert came.objective_value < workshop.optimum - 1
        assert gone.objective_value == pytest.approx(workshop.optimum)
        assert bits(session.problem) == bits(workshop.model.compile())

    def test_coefficients_that_are_there_are_scaled(self, session):
        session.set_coefficient("stock", "made", lambda now: 2 * now, key=1)

        assert session.problem.coefficients[6:9].tolist() == [16.0, 50.0, 70.0]

    def test_many_coefficients_at_once_keep_the_basis(self, highs):
        products, rows = range(60), range(10)
        x = LXVariable[int, float]("x").from_data(list(products)).bounds(lower=0)
        used = LXLinearExpression().add_multi_term(x, lambda i, j: 1.0 + (i * 7 + j * 3) % 11)
        row = LXConstraint[int]("row").from_data(list(rows)).expression(used).le().rhs(100)
        model = LXModel("many").add_variable(x).add_constraint(row)
        model.maximize(LXLinearExpression().add_term(x, lambda i: 1.0 + i % 5))

        with highs.open(model) as session:
            session.solve()
            found = session.set_coefficient("row", "x", lambda now: 2 * now).solve()

        assert found.start is LXStart.HOT
        other = LXModel("other").add_variable(x).maximize(model.objective)
        twice = LXConstraint[int]("row").from_data(list(rows)).expression(2 * used).le().rhs(100)
        assert found.objective_value == pytest.approx(highs.solve(other.add_constraint(twice)).objective_value)

    def test_integers_are_solved_anew(self, integer_workshop, optimizer):
        with optimizer.open(integer_workshop.model) as session:
            first, found = session.solve(), session.set_rhs("stock", 520, key=1).solve()

        assert (first.objective_value, found.objective_value) == (2725.0, 2850.0)
        assert all(value.is_integer() for value in found.variables["made"].values())


class TestUndoing:
    def test_reset_takes_all_changes_back(self, session, workshop):
        session.set_rhs("stock", 1.0).set_cost("made", 1.0)[workshop.quantity][1, 1] = 5

        session.reset()

        assert bits(session.problem) == bits(workshop.model.compile())

    def test_trying_takes_back_its_own_changes_alone(self, session, workshop):
        session.set_rhs("stock", 510.0, key=1)
        before = bits(session.problem)

        with session.trying():
            session.set_rhs("stock", 1.0, key=1).set_bounds("made", upper=1)
            session[workshop.quantity].scale(2.0)

        assert bits(session.problem) == before
        session.set_parameter(workshop.quantity, lambda now: now)
        assert bits(session.problem) == before

    def test_trying_takes_back_what_failed(self, session):
        with pytest.raises(LXUnknownKeyError), session.trying():
            session.set_rhs("stock", 1.0).set_rhs("stock", 1.0, key=9)

        assert session.rhs("stock") == [500.0, 200.0, 150.0]

    def test_model_stays_as_it_was(self, session, workshop):
        before, rows = bits(workshop.model.compile()), copy.deepcopy(workshop.products)

        session.set_rhs("stock", 1.0)
        session.modify_data(type(rows[0]), lambda p: p.id == 1, "profit", 99.0)
        session[workshop.quantity][1, 1] = 80
        session.solve()

        assert bits(workshop.model.compile()) == before
        assert workshop.products == rows
        assert workshop.quantity[1, 1] == 8

    def test_what_becomes_of_the_model_does_not_reach_the_session(self, session, workshop):
        workshop.hours.rhs_value = 1.0
        workshop.model.objective.add_term(workshop.made, 1000.0)
        workshop.made.bounds(upper=1)

        session[workshop.quantity][1, 1] = 8  # compiles again

        assert session.solve().objective_value == pytest.approx(workshop.optimum)


class TestParameters:
    def test_number_of_one_key(self, session, workshop):
        session.solve()

        session[workshop.quantity][3, 1] = 70.0
        found = session.solve()

        assert (found.start, session[workshop.quantity][3, 1]) == (LXStart.HOT, 70.0)
        workshop.needs[3, 1] = 70
        assert bits(session.problem) == bits(workshop.model.compile())
        assert found.objective_value == pytest.approx(alone(workshop))

    def test_whole_table_scaled(self, session, workshop):
        session["quantity"].scale(0.5)

        found = session.solve()

        workshop.needs.update({key: value / 2 for key, value in workshop.needs.items()})
        assert bits(session.problem) == bits(workshop.model.compile())
        assert found.is_optimal()

    def test_key_that_had_no_row(self, session, workshop):
        session[workshop.quantity][3, 3] = 20.0

        found = session.solve()

        workshop.needs[3, 3] = 20
        assert bits(session.problem) == bits(workshop.model.compile())
        assert found.objective_value == pytest.approx(alone(workshop))

    def test_number_by_name_stays_when_data_change(self, session, workshop):
        session.set_rhs("stock", 510, key=1)

        session[workshop.quantity].scale(2.0)

        assert session.rhs("stock", 1) == [510.0]

    def test_parameter_that_depends_on_another_one_follows(self, highs):
        base = LXParameter("base").from_data({1: 2.0, 2: 3.0})
        derived = LXParameter[int]("derived").from_data([1, 2]).indexed_by(lambda i: i).value(lambda i: 10 * base[i])
        x = LXVariable[int, float]("x").from_data([1, 2]).bounds(lower=0, upper=lambda i: derived[i])
        model = LXModel("derived").add_variable(x).maximize(LXLinearExpression().add_term(x))

        with highs.open(model) as session:
            session[derived]  # it is one of the model's
            session.set_parameter(base, {1: 5.0})

            assert session.problem.upper.tolist() == [50.0, 30.0]

    def test_parameter_of_no_function_is_refused(self, session):
        other = LXParameter("other").from_data({1: 1.0})

        with pytest.raises(LXUnknownNameError, match=r"up in the parameter 'other'.* They use 'quantity'"):
            session.set_parameter(other, {1: 2.0})

    def test_key_of_another_kind_is_refused(self, session):
        with pytest.raises(LXMissingKeyError, match=r"'quantity'.*'wood'.*none of its keys: they are like \(1, 1\)"):
            session.set_parameter("quantity", {"wood": 2.0})

    def test_key_without_row_and_default_is_refused(self, highs):
        price = LXParameter("price").from_data({1: 2.0, 2: 3.0})
        x = LXVariable[int, float]("x").from_data([1, 2]).bounds(upper=lambda i: price[i])
        model = LXModel("prices").add_variable(x)

        with highs.open(model) as session, pytest.raises(LXMissingKeyError, match="no row for 3, and no default"):
            session.set_parameter(price, {3: 1.0})

    def test_number_that_is_none_is_refused(self, session, workshop):
        with pytest.raises(LXNumberError, match=r"value of 'quantity' for key \(1, 1\) is NaN"):
            session[workshop.quantity][1, 1] = float("nan")

        assert session[workshop.quantity][1, 1] == 8.0

    def test_numbers_with_which_the_model_would_be_wrong_are_not_taken(self, highs):
        scale = LXParameter("scale").from_data({1: 1.0})
        x = LXVariable[int, float]("x").from_data([1]).bounds(upper=lambda i: 1 / scale[i])
        model = LXModel("division").add_variable(x)

        with highs.open(model) as session:
            with pytest.raises(LXFunctionError):
                session.set_parameter(scale, {1: 0.0})

            assert session.problem.upper.tolist() == [1.0]


class TestMistakes:
    @pytest.mark.parametrize(
        ("change", "error", "words"),
        [
            (lambda s: s.set_rhs("wood", 1), LXUnknownNameError, "no constraint named 'wood'. It has 'least', 'most'"),
            (lambda s: s.set_cost("x", 1), LXUnknownNameError, "no variable named 'x'. It has 'made'"),
            (lambda s: s.set_rhs("stock", 1, key=9), LXUnknownKeyError, "'stock' has no key 9: it has 1, 2, 3"),
            (lambda s: s.set_rhs("stock", None, key=1), LXNumberError, "right-hand side of 'stock' is NULL .* key 1"),
            (lambda s: s.set_rhs("stock", np.inf), LXNumberError, "is infinite"),
            (lambda s: s.set_rhs("stock", lambda now: "1"), LXNumberError, "is '1' .str., not a number"),
            (lambda s: s.set_bounds("made", lower=np.inf), LXNumberError, "or -inf for no bound"),
            (lambda s: s.set_cost("made", np.nan), LXNumberError, "objective's coefficient of 'made' is NaN"),
            (lambda s: s.set_coefficient("stock", "made", np.nan, 1, 1), LXNumberError, "of 'made' in 'stock' is NaN"),
            (lambda s: s.set_rhs("stock", np.array([1.0, np.nan, 2.0])), LXNumberError, "is NaN"),
        ],
    )
    def test_wrong_changes_are_refused_and_change_nothing(self, session, change, error, words):
        before = bits(session.problem)

        with pytest.raises(error, match=words):
            change(session)

        assert bits(session.problem) == before

    def test_closed_session_says_so(self, session):
        session.close()

        with pytest.raises(LXModelError, match=r"session of model 'workshop' is closed.*optimizer\.open\(model\)"):
            session.solve()

    def test_open_wants_a_model(self, highs):
        with pytest.raises(LXModelError, match=r"open\(\) got .* which is not a model"):
            highs.open("workshop")

    def test_infeasible_change_and_back(self, workshop, optimizer):
        with optimizer.open(workshop.model) as session:
            infeasible = session.set_rhs("stock", 10.0, key=1).solve()
            back = session.reset().solve()

        assert infeasible.status is LXStatus.INFEASIBLE
        assert back.objective_value == pytest.approx(workshop.optimum)

    def test_forgotten_session_ends_its_thread(self, workshop, highs):
        gc.collect()
        before = threading.active_count()
        session = highs.open(workshop.model)
        session.solve()
        during = threading.active_count()

        del session
        gc.collect()

        assert (during, threading.active_count()) == (before + 1, before)
