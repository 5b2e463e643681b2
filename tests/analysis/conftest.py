"""The workshop of the production planning example, as rows, for the tests of analysis."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from lumix import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXParameter, LXScenarioAnalyzer, LXVariable


@dataclass(frozen=True)
class Product:
    id: int
    name: str
    profit: float
    least: float
    most: float


@dataclass(frozen=True)
class Material:
    id: int
    name: str
    available: float


class Workshop:
    """The model, and what it is written with. Its optimum is 2735.714286, and wood is what limits it."""

    optimum = 2735.714285714286
    wood_price = 200 / 35

    def __init__(self, integer: bool = False, products: list[Product] | None = None) -> None:
        self.products = products or [
            Product(1, "Chair", 45.0, 10, 100),
            Product(2, "Table", 120.0, 5, 50),
            Product(3, "Desk", 200.0, 3, 30),
        ]
        self.materials = [Material(1, "Wood", 500.0), Material(2, "Metal", 200.0), Material(3, "Fabric", 150.0)]
        self.needs = {(1, 1): 8, (1, 2): 2, (1, 3): 2, (2, 1): 25, (2, 2): 5, (2, 3): 1, (3, 1): 35, (3, 2): 8}
        self.quantity = quantity = LXParameter("quantity").from_data(self.needs).default(0.0)
        self.made = LXVariable[Product, float]("made").indexed_by(lambda p: p.id).from_data(self.products)
        self.made.bounds(lower=0)
        if integer:
            self.made.integer()
        own = LXLinearExpression().add_term(self.made)
        used = LXLinearExpression().add_multi_term(self.made, lambda p, m: quantity[p.id, m.id])
        self.least = LXConstraint[Product]("least").from_data(self.products).indexed_by(lambda p: p.id)
        self.most = LXConstraint[Product]("most").from_data(self.products).indexed_by(lambda p: p.id)
        self.stock = LXConstraint[Material]("stock").from_data(self.materials).indexed_by(lambda m: m.id)
        self.hours = LXConstraint("hours")
        self.model = (
            LXModel("workshop")
            .add_variable(self.made)
            .add_constraint(self.least.expression(own).ge().rhs(lambda p: p.least))
            .add_constraint(self.most.expression(own).le().rhs(lambda p: p.most))
            .add_constraint(self.stock.expression(used).le().rhs(lambda m: m.available))
            .add_constraint(
                self.hours.expression(LXLinearExpression().add_term(self.made, lambda p: p.id)).le().rhs(100)
            )
            .maximize(LXLinearExpression().add_term(self.made, lambda p: p.profit))
        )


@pytest.fixture
def workshop() -> Workshop:
    return Workshop()


@pytest.fixture
def integer_workshop() -> Workshop:
    return Workshop(integer=True)


@pytest.fixture(params=["highs", "pulp"])
def optimizer(request: pytest.FixtureRequest) -> LXOptimizer:
    """A solver that keeps models open, and one that does not."""
    return LXOptimizer().use_solver(request.param)


@pytest.fixture
def highs() -> LXOptimizer:
    return LXOptimizer().use_solver("highs")


@pytest.fixture
def analyzer(workshop, optimizer):
    with LXScenarioAnalyzer(workshop.model, optimizer) as analyzer:
        yield analyzer


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


@pytest.fixture(scope="module")
def threads():
    with ThreadPoolExecutor(3) as executor:
        yield executor


@pytest.fixture(params=["threads", "processes"])
def executor(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def session(workshop, highs):
    with highs.open(workshop.model) as session:
        yield session
