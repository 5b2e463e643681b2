"""The arrays that a model is compiled to: the same each time, in order, of the promised types."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable
from lumix_core.errors import LXEmptySourceWarning, LXModelError
from tests.core.language_models import PRODUCTS, Machine, Product, assignment, limit_over, model_of, of_id, production

Compile = Callable[[LXModel], Any]


def rich_model() -> LXModel:
    x, y, z = production().bounds(lower=0), assignment().integer(), LXVariable[None, float]("z")
    own = limit_over(PRODUCTS).expression(
        3 * LXLinearExpression().add_term(x, lambda p: p.price / 7).sum_over(y, where=lambda p, m, own: p.id == own.id)
        - LXLinearExpression().add_term(z, 0.1)
    )
    total = LXConstraint[None]("total").ge().rhs(0.3)
    total.expression(LXLinearExpression().add_term(z).add_term(y, lambda p, m: p.price - 3.0).add_term(x).add_term(x))
    model = LXModel("m").add_variables(x, y, z).add_constraints(own, total)
    return model.minimize(LXLinearExpression().add_term(x, lambda p: 0.1 * p.price).add_term(x, 0.2).add_constant(0.7))


def test_compiling_twice_gives_the_same_arrays_bit_for_bit() -> None:
    model = rich_model()

    first, second = model.compile().arrays(), model.compile().arrays()

    assert first.keys() == second.keys()
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)
    assert all(first[name].dtype == second[name].dtype for name in first)


def test_the_same_model_built_twice_gives_the_same_arrays_bit_for_bit() -> None:
    first, second = rich_model().compile().arrays(), rich_model().compile().arrays()

    assert {name: array.tobytes() for name, array in first.items()} == {
        name: array.tobytes() for name, array in second.items()
    }


IN_ANOTHER_PROCESS = """
import hashlib
from types import SimpleNamespace as Row
from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable

rows = [Row(name=name, size=len(name) / 7) for name in ("chair", "table", "desk", "lamp")]
dimension = LXIndexDimension(Row, lambda r: r.name).from_data(rows)
x = LXVariable[Row, float]("x").indexed_by_product(dimension, dimension).where_multi(lambda a, b: a.name < b.name)
limit = LXConstraint[Row]("limit").from_data(rows).indexed_by(lambda r: r.name).le().rhs(lambda r: r.size)
limit.expression(LXLinearExpression().sum_over(x, where=lambda a, b, own: own.name in {a.name, b.name}))
arrays = LXModel("m").add_variable(x).add_constraint(limit).compile().arrays()
print({name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items()})
"""


def test_a_model_is_compiled_to_the_same_arrays_in_every_process() -> None:
    printed = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", IN_ANOTHER_PROCESS]
        printed.append(
            subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120).stdout
        )

    assert printed[0] == printed[1]
    assert "coefficients" in printed[0]


def test_the_matrix_is_in_order_without_zeros_and_repetitions() -> None:
    problem = rich_model().compile()

    assert problem.row_starts[0] == 0
    assert problem.row_starts[-1] == problem.num_nonzeros == len(problem.columns)
    assert (np.diff(problem.row_starts) >= 0).all()
    for start, end in zip(problem.row_starts[:-1], problem.row_starts[1:], strict=True):
        assert (np.diff(problem.columns[start:end]) > 0).all()
    assert (problem.coefficients != 0).all()


def test_the_arrays_have_the_promised_types() -> None:
    problem = rich_model().compile()

    types = {name: str(array.dtype) for name, array in problem.arrays().items()}

    assert types == {
        "objective": "float64",
        "lower": "float64",
        "upper": "float64",
        "integer": "bool",
        "row_starts": "int32",
        "columns": "int32",
        "coefficients": "float64",
        "row_lower": "float64",
        "row_upper": "float64",
    }


def test_the_arrays_are_read_only() -> None:
    arrays = rich_model().compile().arrays().values()

    assert not any(array.flags.writeable for array in arrays)


def test_a_model_of_nothing_is_compiled(compiled: Compile) -> None:
    found = compiled(LXModel("m"))

    assert (found.columns, found.rows, found.problem.num_nonzeros) == ([], {}, 0)
    assert found.problem.row_starts.tolist() == [0]


def test_families_without_rows_are_compiled(compiled: Compile) -> None:
    x = production([])
    y = LXVariable[None, float]("y")
    model = model_of(LXLinearExpression().add_term(y).sum_over(x))
    model.add_constraint(LXConstraint[Machine]("none").from_data([]).expression(+model.constraints[0].lhs).le().rhs(2))

    with pytest.warns(LXEmptySourceWarning):
        found = compiled(model)

    assert (found.columns, found.rows) == (["y"], {"limit": {"y": 1.0}})


def test_a_family_whose_rows_are_all_filtered_out_is_empty(compiled: Compile) -> None:
    model = LXModel("m").add_variable(production().where(lambda p: False))

    found = compiled(model)

    assert found.columns == []


def test_many_combinations_are_looked_at_in_blocks(compiled: Compile) -> None:
    """More than fit in one block: the order and the pairs must not depend on where a block ends."""
    rows = [Product(i) for i in range(600)]
    first, second = (LXIndexDimension(Product, of_id).from_data(rows) for _ in range(2))
    variable = LXVariable[Any, float]("x").indexed_by_product(first, second)
    variable.where_multi(lambda a, b: (a.id * 600 + b.id) % 65536 in (65535, 0))

    problem = LXModel("m").add_variable(variable).compile()

    places = [position for position in range(600 * 600) if position % 65536 in (65535, 0)]
    assert list(problem.variables[0].keys) == [divmod(position, 600) for position in places]


def test_named_tuples_with_the_same_fields_are_another_kind_of_row() -> None:
    first, second = (namedtuple(name, ["id", "size"]) for name in ("First", "Second"))
    variable = LXVariable[Any, float]("x").indexed_by(lambda r: r.id).from_data([first(1, 1.0), first(2, 1.0)])
    total = LXLinearExpression().add_term(variable, 1.0)
    limit = LXConstraint[Any]("limit").expression(total).le().rhs(1).indexed_by(lambda r: r.id)

    model = LXModel("m").add_variable(variable).add_constraint(limit.from_data([second(1, 1.0)]))

    with pytest.raises(LXModelError, match="'x' is made over First, the constraint over Second"):
        model.compile()
