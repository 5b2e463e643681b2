"""Pickles of models over plain rows, and copies of solutions."""

from __future__ import annotations

import copy
import json
import os
import pickle
import platform
import subprocess
from functools import partial
from importlib.util import MAGIC_NUMBER, find_spec
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXVariable
from lumix_core.copying import packed, restore
from lumix_core.errors import LXCopyError
from lumix_core.solver.solution import LXSolution
from tests.core.copying import plain_rows
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


LOADING = """
import pickle, sys
from lumix_core.errors import LXCopyError
try:
    print(pickle.load(sys.stdin.buffer).compile().upper.tolist())
except LXCopyError as error:
    print(error)
"""


def loaded_by(python: str, pickled: bytes) -> str:
    """What another Python prints of a model; it has what `lumix_core` needs, and gets the one under test."""
    spec = find_spec("lumix_core")
    assert spec is not None
    assert spec.origin is not None
    here = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(spec.origin).parents[1]), str(here)])}
    done = subprocess.run(
        [python, "-c", LOADING], input=pickled, env=environment, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


@pytest.fixture
def other_python() -> str:
    """A Python of another minor version, named by LUMIX_TEST_OTHER_PYTHON."""
    python = os.environ.get("LUMIX_TEST_OTHER_PYTHON")
    if python is None:
        pytest.skip("LUMIX_TEST_OTHER_PYTHON names no Python of another minor version with numpy, pluggy, cloudpickle")
    return python


class TestOtherPythons:
    """Functions are bytecode, on which another minor version of Python crashes."""

    @pytest.fixture(params=["a lambda", "a nested function", "a method of a class by value", "a partial"])
    def pickled(self, request: pytest.FixtureRequest, rows: list[Product]) -> bytes:
        factor = 3.0

        def nested(row: Product) -> float:
            return sum(row.price * step for step in range(3) if step != 1) * factor

        class Local:
            def bound(self, row: Product) -> float:
                return row.price

        functions: dict[str, Any] = {
            "a lambda": lambda row: row.price if row.id > 1 else max(step for step in (1.0, 2.0)),
            "a nested function": nested,
            "a method of a class by value": Local().bound,
            "a partial": partial(nested),
        }
        return packed(over(rows, functions[request.param]))

    @pytest.mark.parametrize(
        ("theirs", "named"),
        [
            ({"python": "CPython 3.8.1", "bytecode": "550d0d0a"}, "CPython 3.8.1"),
            ({"python": "PyPy 3.11.7", "bytecode": MAGIC_NUMBER.hex()}, "PyPy 3.11.7"),
        ],
    )
    def test_a_pickle_of_another_one_is_refused_and_both_are_named(self, pickled, theirs, named):
        own = f"CPython {platform.python_version()}"
        line, _, block = pickled.partition(b"\n")
        assert json.loads(line) == {"python": own, "bytecode": MAGIC_NUMBER.hex()}

        with pytest.raises(
            LXCopyError, match=rf"made by {named} and cannot be loaded by {own}.*Load it with the Python"
        ):
            restore(json.dumps(theirs).encode() + b"\n" + block)

    def test_another_patch_of_the_same_version_loads_it(self, pickled):
        _, _, block = pickled.partition(b"\n")
        line = json.dumps({"python": "CPython 3.99.99", "bytecode": MAGIC_NUMBER.hex()}).encode()

        assert restore(line + b"\n" + block).compile().upper.tolist() == restore(pickled).compile().upper.tolist()

    def test_what_holds_no_function_is_of_no_version(self, rows):
        model = over(rows, lambda row: row.price)
        x = LXVariable[Product, float]("x").from_data(rows).indexed_by(plain_rows.key_of).bounds(0, plain_rows.price_of)
        solution = LXOptimizer().use_solver("highs").solve(model)

        blocks = [packed(part) for part in (LXModel("plan").add_variable(x), solution, model.compile())]

        assert all(block.startswith(b"\x80") for block in blocks)

    def test_a_real_other_python_refuses_functions(self, rows, other_python):
        pickled = pickle.dumps(over([1.0, 2.0], 1.0).add_variable(LXVariable[int, float]("y").from_data([1, 2])))

        assert loaded_by(other_python, pickled).startswith("This pickle was made by CPython")

    def test_a_real_other_python_loads_what_is_named(self, rows, other_python):
        x = LXVariable[Product, float]("x").from_data(rows).indexed_by(plain_rows.key_of).bounds(0, plain_rows.price_of)

        assert loaded_by(other_python, pickle.dumps(LXModel("plan").add_variable(x))) == "[10.0, 20.0, 30.0]"


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
