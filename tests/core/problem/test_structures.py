"""What a problem holds beyond linear rows: computed, copied, compared, written and read again."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
from structured_problems import structured_problem

from lumix_core.errors import LXFileError
from lumix_core.problem import Indicators, Quadratics, SpecialSets, Structures
from lumix_core.problem.diff import changes_between, difference_in_shape
from lumix_core.problem.files import read_problem, write_problem
from lumix_core.problem.text import problem_text
from lumix_core.testing.solvers.problems import problem

SEEDS = range(12)


def numbers(*values, kind=np.int32):
    return np.array(values, dtype=kind)


def plant():
    """Two batches, one of which opens a machine; and products."""
    base = problem(
        [5.0, 4.0, -1.0],
        [([1.0, 2.0, 0.0], -np.inf, 7.0)],
        lower=[2.0, 0.0, 0.0],
        upper=[6.0, 3.0, 1.0],
        integer=[False, False, True],
    )
    parts = Structures(
        semi=numbers(True, False, False, kind=np.bool_),
        sets=SpecialSets(numbers(1), numbers(0, 2), numbers(0, 1), np.array([1.0, 2.0])),
        indicators=Indicators(numbers(0), numbers(2), numbers(True, kind=np.bool_)),
        quadratics=Quadratics.of(numbers(0, -1, -1), numbers(1, 0, 1), numbers(0, 1, 0), np.array([3.0, 1.0, 1.0])),
    )
    return replace(base, structures=parts)


def test_terms_that_are_not_linear_count_in_rows_and_objective():
    x = np.array([2.0, 3.0, 1.0])

    made = plant()

    assert made.activity(x).tolist() == [2.0 + 6.0 + 3.0 * 6.0]
    assert made.objective_at(x) == 10.0 + 12.0 - 1.0 + 2.0 * 6.0
    assert made.row_sizes(-x).tolist() == [26.0]


def test_products_of_one_pair_are_added_up():
    products = plant().structures.quadratics

    assert list(zip(*(array.tolist() for array in products.arrays().values()), strict=True)) == [
        (-1, 0, 1, 2.0),
        (0, 0, 1, 3.0),
    ]


def test_a_row_whose_indicator_is_off_has_no_bounds():
    on, off = (plant().row_bounds_at(np.array([2.0, 3.0, value]))[1].tolist() for value in (1.0, 0.0))

    assert (on, off) == ([7.0], [np.inf])


@pytest.mark.parametrize(
    ("value", "bounds"), [(0.0, (0.0, 0.0)), (0.9, (0.0, 0.0)), (1.1, (2.0, 6.0)), (9.0, (2.0, 6.0))]
)
def test_a_semicontinuous_column_is_held_to_what_is_nearer(value, bounds):
    lower, upper = plant().bounds_at(np.array([value, 0.0, 0.0]))

    assert (lower[0], upper[0]) == bounds


def test_text_shows_everything():
    text = problem_text(plant(), rows=10)

    assert "minimize 5 x0 + 4 x1 - x2 + 2 x0*x1" in text
    assert "1 semi-continuous, 1 special ordered sets, 1 indicators, 2 products" in text


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("way", [copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))])
def test_copies_hold_the_same_arrays(seed, way):
    made = structured_problem(seed)

    twin = way(made)

    assert twin.arrays().keys() == made.arrays().keys()
    assert twin.has_numbers_of(made)


@pytest.mark.parametrize("seed", SEEDS)
def test_json_holds_everything(seed, tmp_path):
    made = structured_problem(seed)

    write_problem(made, tmp_path / "plan.json")

    assert read_problem(tmp_path / "plan.json").has_numbers_of(made)


def test_json_with_structures_that_do_not_fit_is_refused(tmp_path):
    write_problem(plant(), tmp_path / "plan.json")
    text = (tmp_path / "plan.json").read_text()
    (tmp_path / "plan.json").write_text(text.replace('"sets.columns":[0,1]', '"sets.columns":[0,7]'))

    with pytest.raises(LXFileError, match=r"structures.sets.columns names columns that the problem does not have"):
        read_problem(tmp_path / "plan.json")


def test_other_structures_are_another_shape():
    made = plant()
    other = replace(made, structures=replace(made.structures, sets=SpecialSets()))

    assert difference_in_shape(made, copy.deepcopy(made)) == ""
    assert difference_in_shape(made, other) == "what the model holds beyond linear rows is something else now"
    assert changes_between(made, copy.deepcopy(made)).costs.tolist() == []
    assert not made.has_numbers_of(other)
