"""Rows as columns, and what is checked of them: without any ORM."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lumix.writeback.builder import LXWriteBack
from lumix.writeback.checks import checked_column, checked_values
from lumix.writeback.input_rows import GivenRows, as_list, given_rows
from lumix.writeback.ordering import in_order, parents_first
from lumix_core import LXIndexDimension, LXModel, LXOptimizer, LXSolution, LXStatus, LXVariable, LXWriteError
from lumix_core.rows.writing import Kind, Reference, WrittenField, WrittenTable
from lumix_core.solver.solution import solution_of
from lumix_core.solver.solver import LXFeature, RawResult


def position(i: int) -> str:
    return f"row {i}: "


def sent(kind: Kind, values: Any, **options: Any) -> list[Any]:
    return checked_column(WrittenField("x", kind, nullable=options.pop("nullable", False), **options), values, position)


class Plan: ...


def table(name: str = "plans", *fields: WrittenField, references: tuple[Reference, ...] = ()) -> WrittenTable:
    known = fields or (WrittenField("id", "integer", False, filled=True), WrittenField("up", "integer", True))
    return WrittenTable(type(name, (), {}), name, {one.name: one for one in known}, ("id",), (), references, {})


MOMENT = datetime(2024, 1, 2, 3, 4, 5)

SENT: dict[str, tuple[Kind, Any, list[Any]]] = {
    "floats": ("number", [0.5, 1.5], [0.5, 1.5]),
    "numpy floats": ("number", np.array([0.5, 1.5]), [0.5, 1.5]),
    "numpy scalars": ("number", [np.float32(0.5), np.int8(3)], [0.5, 3]),
    "decimals": ("number", [Decimal("0.1")], [Decimal("0.1")]),
    "fractions": ("number", [Fraction(1, 4)], [0.25]),
    "truths as numbers": ("number", [True, False], [1, 0]),
    "whole floats": ("integer", np.array([1.0, 2.0]), [1, 2]),
    "large integers": ("integer", [2**80], [2**80]),
    "truths as integers": ("integer", [True], [1]),
    "texts of numpy": ("text", [np.str_("a")], ["a"]),
    "truths of numpy": ("truth", [np.bool_(True), 0, 1.0], [True, False, True]),
    "texts of a UUID": ("uuid", ["0" * 32], [UUID(int=0)]),
    "moments of pandas": ("other", [pd.Timestamp(MOMENT)], [MOMENT]),
    "anything else": ("other", [{"a": 1}, [1]], [{"a": 1}, [1]]),
}


@pytest.mark.parametrize(("kind", "values", "expected"), SENT.values(), ids=SENT)
def test_values_are_sent_as_objects_of_python(kind: Kind, values: Any, expected: list[Any]) -> None:
    found = sent(kind, values)

    assert found == expected
    assert list(map(type, found)) == list(map(type, expected))


WRONG: dict[str, tuple[Kind, Any, str]] = {
    "NaN among floats": ("number", [1.0, float("nan")], "row 1: 'x' is NaN"),
    "NaN of numpy": ("number", np.array([1.0, np.nan]), "row 1: 'x' is NaN"),
    "infinity among integers": ("number", [1, float("-inf")], "row 1: 'x' is infinite"),
    "a decimal NaN": ("number", [Decimal("NaN")], "row 0: 'x' is NaN"),
    "an integer too large beside a float": ("number", [0.5, 10**400], "row 1: 'x' is a number too large"),
    "text": ("number", ["5"], r"row 0: 'x' is '5' \(str\), not a number"),
    "NULL": ("number", [1.0, None], "row 1: 'x' is NULL"),
    "a part": ("integer", np.array([1.0, 2.5]), r"row 1: 'x' is 2\.5, and the column holds whole numbers"),
    "bytes for text": ("text", [b"a"], r"row 0: 'x' is b'a' \(bytes\), not text"),
    "two as a truth": ("truth", [2], "row 0: 'x' is 2; expected True or False"),
    "text as a truth": ("truth", ["yes"], "row 0: 'x' is 'yes'; expected True or False"),
    "no UUID": ("uuid", ["nothing"], "row 0: 'x' is 'nothing', not a UUID"),
    "NaN as anything": ("other", [float("nan")], "row 0: 'x' is nan, which is not NULL"),
    "NaT": ("other", [pd.NaT], "row 0: 'x' is NaT, which is not NULL"),
    "NA of pandas": ("number", [pd.NA], "row 0: 'x' is <NA>"),
}


@pytest.mark.parametrize(("kind", "values", "message"), WRONG.values(), ids=WRONG)
def test_values_that_do_not_fit_are_refused_by_their_row(kind: Kind, values: Any, message: str) -> None:
    with pytest.raises(LXWriteError, match=message):
        sent(kind, values)


def test_null_is_sent_where_it_may_be() -> None:
    assert sent("number", [None, 1.0, np.float64(2)], nullable=True) == [None, 1.0, 2.0]


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(LXWriteError, match="row 1: 'x' has 4 characters, and the column holds 3"):
        sent("text", ["abc", "abcd"], length=3)


def given(rows: Any, key: Any = None, value: str | None = None) -> dict[str, list[Any]]:
    adapter: Any = None  # asked of instances only
    found = given_rows(rows, key, value, "write", adapter)
    return {name: as_list(values) for name, values in found.columns.items()}


def test_dates_of_numpy_become_dates() -> None:
    days = np.array(["2024-01-02T03:04:05"], dtype="datetime64[ns]")

    assert given({"day": days, "span": np.array([1], dtype="timedelta64[D]")})["day"] == [MOMENT]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array(["2024-01-01", "NaT"], dtype="datetime64[ns]"), "row 1: 'day' is NaT"),
        (np.array([1], dtype="datetime64[ns]"), "'day' holds nanoseconds"),
    ],
)
def test_dates_that_python_does_not_have_are_refused(values: Any, message: str) -> None:
    with pytest.raises(LXWriteError, match=message):
        given({"day": values})


@pytest.mark.parametrize(
    ("rows", "key", "value", "message"),
    [
        ({1: 2.0}, "id", None, "without value=, and values"),
        ([1, 2], "id", "amount", "and value=, and keys alone"),
        ({(1, 2): 2.0}, ("a", "b", "c"), "amount", r"the key \(1, 2\) \(number 0\) does not have 3 parts"),
        ({1: 2.0}, "id", "id", "'id' is both in key= and in value="),
        ({1: 2.0}, None, "amount", 'Write key="product_id", value="quantity"'),
        (5.0, "id", "amount", "5.0 with key="),
        ("text", None, None, "'text', which are no rows"),
        ([{"a": 1}, 5], None, None, "row 0 is a mapping, and row 1 is 5"),
        ([{"a": 1}, {"b": 1}], None, None, "row 1 lacks 'a', which row 0 has"),
        ([{"a": 1}, {"a": 1, "b": 1}], None, None, "row 1 has 'b', which row 0 lacks"),
    ],
)
def test_rows_that_are_none_are_refused(rows: Any, key: Any, value: Any, message: str) -> None:
    with pytest.raises(LXWriteError, match=message):
        given(rows, key, value)


def test_keys_that_are_tuples_go_to_several_attributes() -> None:
    assert given({(1, "a"): 2.0, (3, "b"): 4.0}, ("n", "t"), "v") == {"n": [1, 3], "t": ["a", "b"], "v": [2.0, 4.0]}


def test_keys_of_dimensions_whose_keys_have_parts_go_to_an_attribute_for_each_part() -> None:
    """As they do in a data frame."""
    lines = LXIndexDimension(object, lambda line: line).from_data([("north", 1), ("south", 2)])
    weeks = LXIndexDimension(int, lambda week: week).from_data([7, 8])
    made = LXVariable[Any, float]("made").indexed_by_product(lines, weeks).where_multi(lambda line, week: week == 7)
    values = LXOptimizer().solve(LXModel("m").add_variable(made.bounds(2, 2))).variables["made"]
    expected = {"plant": ["north", "south"], "line": [1, 2], "week": [7, 7]}

    assert given(values, ("plant", "line", "week"), "quantity") == {**expected, "quantity": [2.0, 2.0]}
    assert given(dict(values), ("plant", "line", "week"), "quantity") == {**expected, "quantity": [2.0, 2.0]}
    assert given(list(values), ("plant", "line", "week")) == expected


def test_frames_of_any_library_are_written() -> None:
    columns = {"id": [1, 2], "name": ["a", None]}

    for frame in (pl.DataFrame(columns), pl.DataFrame(columns).lazy(), pa.table(columns)):
        assert given(frame) == columns


def test_keys_that_are_all_null_are_left_to_the_database() -> None:
    rows = GivenRows("write", {"id": [None, None], "up": [1, 2]}, 2)

    assert checked_values(table(), rows) == {"up": [1, 2]}


def test_unique_keys_with_null_in_them_may_repeat() -> None:
    plans = table("plans", WrittenField("id", "integer", True), WrittenField("up", "integer", True))

    assert checked_values(plans, GivenRows("write", {"id": [None, None, 1]}, 3)) == {"id": [None, None, 1]}


class Step:
    def __init__(self, name: str, *others: str) -> None:
        references = tuple(Reference(("up",), other, ("id",), None, ("id",)) for other in others)
        self.table = table(name, references=references)


def test_what_is_referred_to_comes_first() -> None:
    steps = [Step("lines", "orders", "products"), Step("orders", "customers"), Step("products"), Step("customers")]

    names = [one.table.name for one in in_order(steps)]

    assert names.index("customers") < names.index("orders") < names.index("lines")
    assert names.index("products") < names.index("lines")


def test_classes_that_refer_to_each_other_in_a_circle_are_refused() -> None:
    with pytest.raises(LXWriteError, match=r"in a circle, .*: (a -> b -> a|b -> a -> b)"):
        in_order([Step("a", "b"), Step("b", "a")])


def test_two_classes_of_one_table_are_refused() -> None:
    with pytest.raises(LXWriteError, match="are both stored in 'a'"):
        in_order([Step("a"), Step("a")])


def test_a_long_chain_of_rows_is_turned_round() -> None:
    size = 50_000
    columns = {"id": list(range(size)), "up": [*range(1, size), None]}
    chain = table(references=(Reference(("up",), "plans", ("id",), None, ("id",)),))

    found = parents_first(chain, columns, GivenRows("write", columns, size))

    assert found["id"] == list(range(size - 1, -1, -1))


class NoSolver:
    name, features = "none", frozenset(LXFeature)


def solved(model: LXModel) -> LXSolution:
    solver: Any = NoSolver()
    raw = RawResult(status=LXStatus.OPTIMAL, raw_status="done", x=np.zeros(1), objective=0.0)
    return solution_of(model.compile(), raw, solver, 0.1)


def test_a_solution_keeps_its_run_id_and_time_through_copies() -> None:
    model = LXModel("plan").add_variable(LXVariable[None, float]("x").bounds(0, 1))
    before = datetime.now(UTC)
    first, second = solved(model), solved(model)

    twin = pickle.loads(pickle.dumps(first))

    assert (twin.run_id, twin.finished_at, twin.model_name) == (first.run_id, first.finished_at, "plan")
    assert first.run_id != second.run_id
    assert len(first.run_id) == 32
    assert before <= first.finished_at <= second.finished_at <= datetime.now(UTC)


def test_what_is_no_solution_is_not_recorded() -> None:
    wrong: Any = {"status": "optimal"}

    with pytest.raises(LXWriteError, match="expected the LXSolution of the run"):
        LXWriteBack().record(Plan, wrong)


def test_an_object_in_place_of_a_class_is_refused() -> None:
    wrong: Any = [{"id": 1}]

    with pytest.raises(LXWriteError, match=r"got \[\{'id': 1\}\] as its first argument; expected a mapped class"):
        LXWriteBack().replace(wrong, Plan)
