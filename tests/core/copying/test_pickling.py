"""Pickles of models over plain rows, and copies of solutions."""

from __future__ import annotations

import copy
import pickle

import cloudpickle
import pytest

from lumix_core import LXConstraint, LXLinearExpression, LXOptimizer
from lumix_core.solver.solution import LXSolution
from tests.core.copying.plain_rows import Product, over, upper


class TestPickles:
    @pytest.mark.parametrize("protocol", [2, 3, 4, 5])
    def test_every_protocol(self, rows, protocol):
        best = rows[0]

        twin = pickle.loads(pickle.dumps(over(rows, lambda row: float(row is best)), protocol))

        assert upper(twin) == [1.0, 0.0, 0.0]

    def test_cloudpickle(self, rows):
        best = rows[0]

        twin = pickle.loads(cloudpickle.dumps([over(rows, lambda row: float(row is best))]))

        assert upper(twin[0]) == [1.0, 0.0, 0.0]

    def test_one_model_twice_is_one_model(self, rows):
        model = over(rows)

        one, other = pickle.loads(pickle.dumps([model, model]))

        assert one is other


class TestSolutions:
    @pytest.fixture
    def solution(self, rows: list[Product]) -> LXSolution:
        model = over(rows, lambda row: row.price)
        total = LXConstraint("total").expression(LXLinearExpression().add_term(model.variables[0])).le().rhs(35)
        return LXOptimizer().use_solver("highs").solve(model.add_constraint(total))

    def test_a_copy_is_equal(self, solution, copied):
        twin = copied(solution)

        assert twin is not solution
        assert twin.status == solution.status
        assert twin.objective_value == solution.objective_value
        assert dict(twin.variables["x"]) == dict(solution.variables["x"]) == {1: 0.0, 2: 5.0, 3: 30.0}
        assert dict(twin.shadow_prices) == dict(solution.shadow_prices)

    def test_a_copy_answers_for_the_rows_of_a_copied_model(self, solution, rows):
        twin, twin_rows = copy.deepcopy([solution, rows])

        assert twin.variables["x"][twin_rows[2]] == 30.0

    def test_a_copied_model_has_the_same_solution(self, rows, copied):
        model = over(rows, lambda row: row.price)

        answers = [LXOptimizer().use_solver("highs").solve(one) for one in (model, copied(model))]

        assert dict(answers[0].variables["x"]) == dict(answers[1].variables["x"])

    def test_a_problem_is_copied_bit_for_bit(self, rows, copied):
        problem = over(rows, lambda row: row.price / 3).compile()

        twin = copied(problem)

        mine, others = problem.arrays(), twin.arrays()
        assert all(mine[key].tobytes() == others[key].tobytes() for key in mine)
