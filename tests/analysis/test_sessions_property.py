"""Any sequence of changes solved in a session is the model written with the changed numbers, solved from scratch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from scale import examples

from lumix import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXParameter, LXVariable
from lumix_core.solver.status import LXStatus

PRODUCTS, RESOURCES = (1, 2, 3, 4), ("a", "b", "c")
NUMBERS = st.integers(-8, 24).map(lambda number: number / 4)
PRODUCT, RESOURCE = st.sampled_from(PRODUCTS), st.sampled_from(RESOURCES)
ENDLESS = {LXStatus.UNBOUNDED, LXStatus.INFEASIBLE_OR_UNBOUNDED}


@dataclass(frozen=True)
class Product:
    id: int
    profit: float
    least: float
    most: float


@dataclass
class Mirror:
    """The numbers that the session should hold."""

    products: dict[int, Product]
    hours: dict[tuple[int, str], float]
    sides: dict[str, float]
    costs: dict[int, float]
    uppers: dict[int, float]
    cells: dict[tuple[int, str], float]

    @classmethod
    def new(cls) -> Mirror:
        products = {i: Product(i, 1.0 + i, 0.0, 10.0 - i) for i in PRODUCTS}
        hours = {(i, r): 1.0 + (i * len(r) + ord(r)) % 3 for i in PRODUCTS for r in RESOURCES if (i + ord(r)) % 4}
        return cls(products, hours, {"a": 12.0, "b": 15.0, "c": 9.0}, {}, {}, {})


def written(mirror: Mirror, integer: bool) -> tuple[LXModel, LXParameter]:
    """Write the model with the numbers of a mirror."""
    sides, costs, uppers, cells = (dict(one) for one in (mirror.sides, mirror.costs, mirror.uppers, mirror.cells))
    hours = LXParameter("hours").from_data(dict(mirror.hours)).default(0.0)
    made = LXVariable[Product, float]("made").from_data(list(mirror.products.values())).indexed_by(lambda p: p.id)
    made.bounds(lower=lambda p: p.least, upper=lambda p: uppers.get(p.id, p.most))
    if integer:
        made.integer()

    def coefficient(p: Product, r: str) -> float:
        return cells.get((p.id, r), hours[p.id, r])

    used = LXLinearExpression().add_multi_term(made, coefficient).add_constant(1.0)
    capacity = LXConstraint[str]("capacity").from_data(list(RESOURCES)).expression(used).le().rhs(lambda r: sides[r])
    profit = LXLinearExpression().add_term(made, lambda p: costs.get(p.id, p.profit))
    return LXModel("mirror").add_variable(made).add_constraint(capacity).maximize(profit), hours


class Sessions(RuleBasedStateMachine):
    integer = False
    solver = "highs"

    @initialize()
    def open(self) -> None:
        self.optimizer = LXOptimizer().use_solver(self.solver)
        self.mirror = Mirror.new()
        model, self.hours = written(self.mirror, self.integer)
        self.session = self.optimizer.open(model)

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.close()

    @rule(resource=RESOURCE, value=NUMBERS)
    def set_side(self, resource: str, value: float) -> None:
        self.session.set_rhs("capacity", value, key=resource)
        self.mirror.sides[resource] = value

    @rule(factor=st.sampled_from([0.5, 2.0]))
    def scale_sides(self, factor: float) -> None:
        self.session.set_rhs("capacity", lambda now: factor * now)
        self.mirror.sides = {name: factor * side for name, side in self.mirror.sides.items()}

    @rule(product=PRODUCT, value=NUMBERS)
    def set_upper(self, product: int, value: float) -> None:
        self.session.set_bounds("made", upper=value, key=product)
        self.mirror.uppers[product] = value

    @rule(product=PRODUCT, value=NUMBERS)
    def set_cost(self, product: int, value: float) -> None:
        self.session.set_cost("made", value, key=product)
        self.mirror.costs[product] = value

    @rule(product=PRODUCT, resource=RESOURCE, value=NUMBERS)
    def set_coefficient(self, product: int, resource: str, value: float) -> None:
        self.session.set_coefficient("capacity", "made", value, key=resource, variable_key=product)
        self.mirror.cells[product, resource] = value

    @rule(product=PRODUCT, resource=RESOURCE, value=NUMBERS)
    def set_parameter(self, product: int, resource: str, value: float) -> None:
        self.session[self.hours][product, resource] = value
        self.mirror.hours[product, resource] = value

    @rule(factor=st.sampled_from([0.5, 2.0]))
    def scale_parameter(self, factor: float) -> None:
        self.session[self.hours].scale(factor)
        self.mirror.hours = {key: factor * value for key, value in self.mirror.hours.items()}

    @rule(product=PRODUCT, attribute=st.sampled_from(["profit", "least", "most"]), value=NUMBERS)
    def modify_data(self, product: int, attribute: str, value: float) -> None:
        self.session.modify_data(Product, lambda p: p.id == product, attribute, value)
        self.mirror.products[product] = replace(self.mirror.products[product], **{attribute: value})

    @rule(resource=RESOURCE, value=NUMBERS)
    def try_and_solve(self, resource: str, value: float) -> None:
        with self.session.trying():
            self.session.set_rhs("capacity", value, key=resource)
            self.session[self.hours].scale(0.5)
            self.session.solve()

    @rule()
    def reset(self) -> None:
        self.session.reset()
        self.mirror = Mirror.new()

    @rule()
    def solve(self) -> None:
        model, _ = written(self.mirror, self.integer)
        hot, cold = self.session.solve(), self.optimizer.solve(model)

        assert hot.status == cold.status or {hot.status, cold.status} <= {*ENDLESS, LXStatus.INFEASIBLE}
        if cold.is_optimal():
            assert hot.objective_value == pytest.approx(cold.objective_value, rel=1e-6, abs=1e-6)

    @invariant()
    def holds_the_numbers_of_the_mirror(self) -> None:
        if not hasattr(self, "session"):
            return
        mine, others = self.session.problem, written(self.mirror, self.integer)[0].compile()
        for name, array in others.arrays().items():
            np.testing.assert_allclose(mine.arrays()[name], array, rtol=1e-12, atol=1e-12, err_msg=name)


class IntegerSessions(Sessions):
    integer = True


class SessionsFromScratch(Sessions):
    solver = "pulp"


TestSessions = Sessions.TestCase
TestSessions.settings = settings(max_examples=examples(50), stateful_step_count=30)
TestIntegerSessions = IntegerSessions.TestCase
TestIntegerSessions.settings = settings(max_examples=examples(20), stateful_step_count=20)
TestSessionsFromScratch = SessionsFromScratch.TestCase
TestSessionsFromScratch.settings = settings(max_examples=examples(5), stateful_step_count=8)
