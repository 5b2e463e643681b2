"""A problem that is written to a file and read back is the same problem: every bit of its arrays, families and keys."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as tries

from lumix_core.errors import LXFileError
from lumix_core.problem import Keys, LXBlock, LXProblem
from lumix_core.problem.files import read_problem, write_problem
from lumix_core.problem.keys import RowKey
from tests.core.problem.files.problems import problems
from tests.shared.scale import examples

ENDINGS = (".mps", ".lp", ".json", ".mps.gz", ".LP", ".json.gz")


def families(blocks: tuple[LXBlock, ...]) -> list[tuple[str, int, bool, bool, list[object]]]:
    return [(block.name, block.start, block.integral, block.keys.is_scalar, list(block.keys)) for block in blocks]


@pytest.mark.parametrize("ending", ENDINGS)
@given(problem=problems())
@tries(max_examples=examples(400))
def test_a_file_holds_the_whole_problem(ending: str, problem: LXProblem) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"plan{ending}")
        write_problem(problem, path)
        read = read_problem(path)

    assert read.has_numbers_of(problem)
    assert families(read.variables) == families(problem.variables)
    assert families(read.constraints) == families(problem.constraints)
    assert read.name == problem.name


@given(problem=problems())
@tries(max_examples=examples(400))
def test_names_are_safe_and_lead_back_to_the_keys(problem: LXProblem) -> None:
    with tempfile.TemporaryDirectory() as folder:
        names = write_problem(problem, Path(folder, "plan.lp"))

    elements = [(block.name, key) for block in problem.variables for key in block.keys]
    assert list(names.variables.values()) == elements
    assert len({name.lower() for name in names.variables}) == problem.num_variables
    assert all(name.isascii() and name.isidentifier() and len(name) < 100 for name in names.variables)
    assert len(names.constraints) == problem.num_constraints


def test_a_range_keeps_both_bounds_where_their_difference_is_rounded(tmp_path: Path) -> None:
    lower, upper = 0.1, 1e17
    problem = LXProblem(
        maximize=False,
        objective=np.array([1.0]),
        offset=0.0,
        lower=np.array([0.0]),
        upper=np.array([np.inf]),
        integer=np.array([False]),
        row_starts=np.array([0, 1], dtype=np.int32),
        columns=np.array([0], dtype=np.int32),
        coefficients=np.array([1.0]),
        row_lower=np.array([lower]),
        row_upper=np.array([upper]),
    )

    write_problem(problem, tmp_path / "plan.mps")

    assert upper - (upper - lower) != lower
    assert read_problem(tmp_path / "plan.mps").row_lower.tolist() == [lower]


def test_an_unknown_ending_names_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(LXFileError, match=r"none of the endings \.mps, \.lp, \.json, with or without \.gz"):
        read_problem(tmp_path / "plan.txt")


def test_a_key_that_no_file_can_hold_is_named_and_leaves_no_file(tmp_path: Path) -> None:
    keys = Keys(((frozenset({1}),),), (np.arange(1),), ("key",), (RowKey(),))
    problem = LXProblem(
        maximize=False,
        objective=np.array([1.0]),
        offset=0.0,
        lower=np.array([0.0]),
        upper=np.array([1.0]),
        integer=np.array([False]),
        row_starts=np.array([0], dtype=np.int32),
        columns=np.array([], dtype=np.int32),
        coefficients=np.array([]),
        row_lower=np.array([]),
        row_upper=np.array([]),
        variables=(LXBlock("made", 0, keys),),
    )

    with pytest.raises(LXFileError, match="of 'made' is a frozenset, which no file can hold"):
        write_problem(problem, tmp_path / "plan.mps")

    assert list(tmp_path.iterdir()) == []
