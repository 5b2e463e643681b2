"""Changes of whole families that are made again after a change of data has moved the families."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from lumix import LXConstraint, LXLinearExpression, LXModel, LXScenario, LXScenarioAnalyzer, LXVariable


@dataclass
class Machine:
    id: str
    active: int
    cap: float


@pytest.fixture
def model():
    machines = [Machine("a", 1, 10.0), Machine("b", 1, 20.0), Machine("c", 0, 30.0), Machine("d", 0, 40.0)]
    hours = LXVariable[Machine, float]("hours").indexed_by(lambda m: m.id).from_data(machines)
    hours.bounds(0, lambda m: 100 * m.cap)
    extra = LXVariable[Machine, float]("extra").indexed_by(lambda m: m.id).from_data(machines)
    extra.where(lambda m: m.active).bounds(0, lambda m: m.cap)
    cap = LXConstraint[Machine]("cap").indexed_by(lambda m: m.id).from_data(machines).where(lambda m: m.active)
    cap.expression(LXLinearExpression().add_term(hours, lambda m: m.cap)).le().rhs(lambda m: m.cap)
    total = LXConstraint("total").expression(LXLinearExpression().add_term(extra, lambda m: m.cap)).le().rhs(1e4)
    both = LXLinearExpression().add_term(hours, 1.0).add_term(extra, lambda m: m.cap)
    return LXModel("machines").add_variables(hours, extra).add_constraints(cap, total).maximize(both)


@pytest.fixture
def session(model, highs):
    with highs.open(model) as session:
        yield session


def move(session):
    """Let b and d be the active machines, where a and b were."""
    session.modify_data(Machine, lambda m: m.id in "ad", "active", lambda m: 1 - m.active)


def by_key(session, part, variable):
    block = next(block for block in session.problem.variables if block.name == variable)
    return dict(zip(block.keys, getattr(session.problem, part)[block.span].tolist(), strict=True))


class TestSeveralNumbers:
    def test_right_hand_sides(self, session):
        session.set_rhs("cap", lambda now: 2 * now)
        move(session)

        assert [session.rhs("cap", key) for key in "bd"] == [[40.0], [40.0]]

    def test_an_array(self, session):
        session.set_rhs("cap", np.array([1.0, 2.0]))
        move(session)

        assert session.rhs("cap") == [2.0, 40.0]

    def test_bounds(self, session):
        session.set_bounds("extra", upper=lambda now: now + 1)
        move(session)

        assert by_key(session, "upper", "extra") == {"b": 21.0, "d": 40.0}

    def test_costs(self, session):
        session.set_cost("extra", lambda now: -now)
        move(session)

        assert by_key(session, "objective", "extra") == {"b": -20.0, "d": 40.0}

    def test_coefficients_of_a_family_of_rows(self, session):
        session.set_coefficient("cap", "hours", lambda now: 10 * now)
        move(session)

        assert session.problem.coefficients[:2].tolist() == [200.0, 40.0]

    def test_coefficients_of_a_family_of_columns(self, session):
        session.set_coefficient("total", "extra", lambda now: 10 * now)
        move(session)

        assert session.problem.coefficients[2:].tolist() == [200.0, 40.0]

    def test_numbers_that_left_come_back(self, session):
        session.set_rhs("cap", lambda now: 2 * now)
        move(session)
        move(session)

        assert session.rhs("cap") == [20.0, 40.0]

    def test_family_that_becomes_larger(self, session):
        session.set_rhs("cap", lambda now: 2 * now)
        session.modify_data(Machine, None, "active", 1)

        assert session.rhs("cap") == [20.0, 40.0, 30.0, 40.0]

    def test_family_that_becomes_empty_and_is_full_again(self, session):
        session.set_rhs("cap", lambda now: 2 * now)
        session.set_coefficient("cap", "hours", lambda now: 2 * now)
        session.modify_data(Machine, None, "active", 0)
        session.modify_data(Machine, lambda m: m.id == "b", "active", 1)

        assert (session.rhs("cap"), session.problem.coefficients[0]) == ([40.0], 40.0)


class TestOneNumber:
    def test_is_for_all_of_the_family_as_it_is(self, session):
        session.set_rhs("cap", 7).set_bounds("extra", upper=3).set_cost("extra", 1.5)
        move(session)

        assert session.rhs("cap") == [7.0, 7.0]
        assert by_key(session, "upper", "extra") == {"b": 3.0, "d": 3.0}
        assert by_key(session, "objective", "extra") == {"b": 1.5, "d": 1.5}

    def test_of_one_key(self, session):
        session.set_rhs("cap", lambda now: 2 * now, key="b")
        move(session)

        assert session.rhs("cap") == [40.0, 40.0]


def test_scenario_with_a_family_and_data(model, optimizer):
    scenario = LXScenario("moved").modify_constraint_rhs("cap", add=5.0)
    scenario.modify_data(Machine, lambda m: m.id in "ad", "active", lambda m: 1 - m.active)

    with LXScenarioAnalyzer(model, optimizer) as analyzer:
        result = analyzer.add_scenario(scenario).run_scenario("moved")

    assert {key: result.rhs["cap"][key] for key in "bd"} == {"b": 25.0, "d": 40.0}
