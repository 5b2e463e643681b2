"""What changed between two problems, by family and key, against the same found key by key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXParameter, LXProblem, LXVariable
from lumix_core.errors import LXUnknownKeyError, LXUnknownNameError
from lumix_core.problem.changed_numbers import LXNumberChange, changes_by_key
from lumix_core.problem.problem import LXSense

SENSES = {"c": LXSense.LE, "least": LXSense.GE}
KEYS = st.lists(st.integers(0, 5), unique=True, min_size=1)
NUMBERS = st.sampled_from([1.0, 2.0, 3.0])


@st.composite
def problems(draw: Any) -> LXProblem:
    """A problem with some of the keys, in some order, and a few numbers."""
    columns, rows = draw(KEYS), draw(KEYS)
    number = {key: draw(NUMBERS) for key in range(6)}
    needs = {(i, j): draw(st.sampled_from([0.0, 1.0, 2.0])) for i in rows for j in columns}
    need = LXParameter("need").from_data(needs)
    x = LXVariable[int, float]("x").from_data(columns).indexed_by(lambda j: j).bounds(0, lambda j: number[j])
    y = LXVariable[None, float]("y").bounds(0, draw(NUMBERS))
    c = LXConstraint[int]("c").from_data(rows).indexed_by(lambda i: i).rhs(lambda i: number[i]).le()
    c.expression(LXLinearExpression().sum_over(x, lambda j, i: need[i, j]).add_constant(draw(NUMBERS)))
    least = LXConstraint("least").expression(LXLinearExpression().add_term(y, draw(NUMBERS))).ge().rhs(draw(NUMBERS))
    model = LXModel("m").add_variables(x, y).add_constraints(c, least)
    return model.maximize(LXLinearExpression().add_term(x, lambda j: number[j]).add_constant(draw(NUMBERS))).compile()


def numbers(problem: LXProblem) -> Iterator[tuple[tuple[Any, ...], float]]:
    """Yield every number of a problem with its family, key and part."""
    columns = [(block.name, key) for block in problem.variables for key in block.keys]
    rows = [(block.name, key) for block in problem.constraints for key in block.keys]
    for j, column in enumerate(columns):
        for part, values in (("lower", problem.lower), ("upper", problem.upper), ("cost", problem.objective)):
            yield (*column, part), values[j]
    constants = {block.name: block.constant for block in problem.constraints}
    for i, (name, key) in enumerate(rows):
        side = problem.row_lower if SENSES[name] is LXSense.GE else problem.row_upper
        yield (name, key, "rhs"), side[i] + constants[name]
    dense = {(i, j): 0.0 for i in range(len(rows)) for j in range(len(columns))}
    stored = zip(problem.row_numbers().tolist(), problem.columns.tolist(), strict=True)
    dense.update(zip(stored, problem.coefficients, strict=True))
    yield from (((rows[i], columns[j]), value) for (i, j), value in dense.items())


@given(problems(), problems())
def test_changes_are_those_that_are_found_key_by_key(before: LXProblem, now: LXProblem) -> None:
    earlier, later = dict(numbers(before)), dict(numbers(now))

    changes = changes_by_key(before, now, (SENSES, SENSES))

    found: dict[Any, tuple[float, float]] = {}
    for kind, family, part, changed in changes.numbers():
        for key, change in changed.items():
            of_pair = kind == "coefficient"
            found[((family, key[0]), (part, key[1])) if of_pair else (family, key, part)] = change
    both = earlier.keys() & later.keys()
    assert found == {name: (earlier[name], later[name]) for name in both if earlier[name] != later[name]}
    for families, blocks in ((changes.variables, "variables"), (changes.constraints, "constraints")):
        for then, block in zip(getattr(before, blocks), getattr(now, blocks), strict=True):
            assert families[block.name].added == [key for key in block.keys if key not in then.keys]
            assert families[block.name].removed == [key for key in then.keys if key not in block.keys]
    assert (changes.offset is None) == (before.offset == now.offset)


@given(problems(), problems())
def test_what_one_comparison_has_beside_another(before: LXProblem, now: LXProblem) -> None:
    every = changes_by_key(before, now, (SENSES, SENSES))

    for *_, changed in every.numbers():
        half = changed._at([i for i in range(len(changed)) if i % 2])  # type: ignore[arg-type]
        assert dict(changed.beside(half)) == {key: one for key, one in changed.items() if key not in half}
        assert dict(changed.beside(None)) == dict(changed)


def test_an_unknown_family_or_key_names_those_there_are() -> None:
    x = LXVariable[int, float]("x").from_data([1, 2]).bounds(0, 1)
    before = LXModel("m").add_variable(x).compile()
    now = LXModel("m").add_variable(x.bounds(0, 2)).compile()
    changes = changes_by_key(before, now, ({}, {}))

    assert changes.variables[x]["upper"][1] == LXNumberChange(1.0, 2.0)
    assert not changes.variables["x"]["cost"]
    with pytest.raises(LXUnknownNameError, match=r"no family 'z' there. It has 'x'"):
        _ = changes.variables["z"]
    with pytest.raises(LXUnknownKeyError, match=r"Nothing changed for the key 9. Changed: 1, 2"):
        _ = changes.variables["x"]["upper"][9]
