"""Data frames of every library: the same rows, whichever holds them, and copies that need no connection."""

from __future__ import annotations

import copy
import math
import pickle
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lumix import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXOptimizer, LXParameter, LXVariable
from lumix_core.errors import LXNumberError, LXSourceError, LXUnsupportedError
from lumix_core.rows import read_frame
from tests.core.rows.families import keys_of, of_id, variable_over

ErrorText = Callable[..., str]
Make = Callable[[pa.Table], Any]

DATA = pa.table(
    {
        "id": pa.array([1, 2, 3], pa.int32()),
        "site": pa.array(["a", "b", "a"]).dictionary_encode(),
        "most": [2.5, 3.5, 4.5],
        "price": pa.array([Decimal("1.10"), Decimal("2.20"), Decimal("3.30")], pa.decimal128(8, 2)),
        "open": [True, False, True],
        "start": pa.array([datetime(2025, 1, day, 6, tzinfo=UTC) for day in (1, 2, 3)], pa.timestamp("us", tz="UTC")),
    }
)


class Libraries:
    """One way to hold a table for each kind of frame."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")
        self.makes: dict[str, Make] = {
            "pandas": lambda table: table.to_pandas(),
            "pandas of Arrow": lambda table: table.to_pandas(types_mapper=pd.ArrowDtype),
            "polars": pl.from_arrow,
            "lazy polars": lambda table: pl.DataFrame(table).lazy(),
            "Arrow": lambda table: table,
            "DuckDB": self.relation,
        }

    def relation(self, table: pa.Table) -> Any:
        self.connection.register("held", table)
        self.connection.execute("CREATE OR REPLACE TABLE kept AS SELECT * FROM held")
        return self.connection.table("kept")


KINDS = tuple(Libraries().makes)
LAZY = ("lazy polars", "DuckDB")


@pytest.fixture
def libraries() -> Iterator[Libraries]:
    libraries = Libraries()
    yield libraries
    libraries.connection.close()


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest, libraries: Libraries) -> Make:
    return libraries.makes[request.param]


@dataclass
class Site:
    name: str


def model_over(frame: Any, by_rows: bool = False) -> LXModel:
    """A model in which a variable, a dimension, a parameter and a constraint read one frame."""
    price = LXParameter[Any]("price").from_data(frame).indexed_by(lambda r: r.id).value(lambda r: r.price)
    most = (lambda r: float(str(r.most))) if by_rows else (lambda r: r.most)
    made = LXVariable[Any, float]("made").from_data(frame).indexed_by(lambda r: r.id).bounds(0, most)
    sites = LXIndexDimension(Site, lambda s: s.name).from_data([Site("a"), Site("b")])
    parts = LXIndexDimension(object, lambda r: r.id).from_data(frame).where(lambda r: r.open)
    sent = LXVariable[Any, float]("sent").indexed_by_product(parts, sites).bounds(0, 10)
    late = LXConstraint[Any]("late").from_data(frame).indexed_by(lambda r: r.id)
    late.where(lambda r: r.start > datetime(2025, 1, 1, 12, tzinfo=UTC))
    used = LXLinearExpression().sum_over(made, lambda r, own: r.most, where=lambda r, own: r.site == own.site)
    model = LXModel("m").add_variables(made, sent).add_constraint(late.expression(used).le().rhs(9))
    return model.maximize(LXLinearExpression().add_term(made, lambda r: price[r.id]))


@pytest.mark.parametrize("by_rows", [False, True], ids=["columns", "rows"])
def test_every_library_gives_the_same_problem(make: Make, by_rows: bool) -> None:
    expected = model_over(DATA).compile()

    problem = model_over(make(DATA), by_rows).compile()

    assert problem.has_numbers_of(expected)
    assert problem.upper.tolist() == [2.5, 3.5, 4.5, 10, 10, 10, 10]
    assert problem.objective.tolist()[:3] == [1.1, 2.2, 3.3]
    assert [list(block.keys) for block in problem.variables] == [
        [1, 2, 3],
        [(1, "a"), (1, "b"), (3, "a"), (3, "b")],
    ]
    assert list(problem.constraints[0].keys) == [2, 3]


def test_values_are_plain_python_objects(make: Make) -> None:
    (row, *_) = variable_over(make(DATA.drop_columns("start"))).get_instances()

    assert [type(value) for value in row] == [int, str, float, Decimal, bool]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.int8(), -128),
        (pa.uint8(), 255),
        (pa.int64(), 2**63 - 1),
        (pa.uint64(), 2**64 - 1),
        (pa.float32(), 0.1),
        (pa.float64(), 0.1),
        (pa.date32(), date(2025, 1, 2)),
    ],
    ids=str,
)
def test_values_are_exact(make: Make, kind: Any, value: Any) -> None:
    table = pa.table({"value": pa.array([value], kind)})
    expected = table.column(0).to_pylist()[0]

    (row,) = variable_over(make(table)).get_instances()

    assert row.value == expected
    assert model_of_one(make(table)).compile().variables[0].keys[0] == expected


def model_of_one(frame: Any) -> LXModel:
    return LXModel("m").add_variable(LXVariable[Any, float]("x").from_data(frame).indexed_by(lambda r: r.value))


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.bool_(), pa.string(), pa.decimal128(5, 2)], ids=str)
def test_a_missing_value_is_no_number(make: Make, kind: Any, error_text: ErrorText) -> None:
    table = pa.table({"id": [2], "price": pa.array([None], kind)})

    text = error_text(LXNumberError, keys_of, variable_over(make(table), of_id).bounds(upper=lambda r: r.price))

    assert "for key 2 of 'x'" in text
    assert "FrameRow.price" in text


def test_nan_and_null_are_two_things() -> None:
    frame = pl.DataFrame({"id": [1, 2, 3], "price": [1.0, None, math.nan]})

    rows = variable_over(frame, of_id).get_instances()

    assert [rows[0].price, rows[1].price] == [1.0, None]
    assert math.isnan(rows[2].price)


@pytest.mark.parametrize("kind", ["Arrow", "DuckDB"])
def test_a_repeated_column_name_is_refused(libraries: Libraries, kind: str, error_text: ErrorText) -> None:
    table = pa.table([[1], [2]], names=["id", "id"])
    frame = table if kind == "Arrow" else libraries.connection.sql("SELECT 1 AS id, 2 AS id")

    text = error_text(LXSourceError, variable_over(frame).get_instances)

    assert text.startswith("A data frame has the column 'id' 2 time(s)")


def test_a_lazy_frame_is_collected_once_a_compile() -> None:
    collected = []

    def collect(frame: pl.DataFrame) -> pl.DataFrame:
        collected.append(frame.height)
        return frame

    model = model_over(pl.DataFrame(DATA).lazy().map_batches(collect))
    del collected[:]

    model.compile()
    model.compile()

    assert collected == [3, 3]


@pytest.mark.parametrize("kind", LAZY)
def test_a_session_runs_a_lazy_frame_no_more_before_it_is_refreshed(libraries: Libraries, kind: str) -> None:
    """As it runs no query of an ORM."""
    database = libraries.connection
    database.execute("CREATE TABLE live AS SELECT 1 AS id, 2.0::DOUBLE AS price")
    frame = database.table("live") if kind == "DuckDB" else pl.LazyFrame({"id": [1], "price": [2.0]})
    price = LXParameter[Any]("price").from_data(frame).indexed_by(lambda r: r.id).value(lambda r: r.price)
    x = LXVariable[Any, float]("x").from_data([1]).bounds(0, lambda i: price[i])

    with LXOptimizer().open(LXModel("m").add_variable(x)) as session:
        database.execute("UPDATE live SET price = 5")
        assert session.set_parameter(price, {1: 3.0}).problem.upper.tolist() == [3.0]
        session.reset().refresh()
        assert session.problem.upper.tolist() == [5.0 if kind == "DuckDB" else 2.0]


def test_a_relation_on_a_closed_connection_is_refused(libraries: Libraries, error_text: ErrorText) -> None:
    model = model_over(libraries.relation(DATA))
    libraries.connection.close()

    text = error_text(LXSourceError, model.compile)

    assert "DuckDBPyRelation given to from_data() cannot be read" in text
    assert "onnection" in text


def test_a_lazy_frame_of_a_lost_file_is_refused(tmp_path: Path, error_text: ErrorText) -> None:
    path = tmp_path / "rows.parquet"
    pl.DataFrame({"value": [1]}).write_parquet(path)
    model = model_of_one(pl.scan_parquet(path))
    path.unlink()

    text = error_text(LXSourceError, model.compile)

    assert "LazyFrame given to from_data() cannot be read" in text


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_need_no_connection_and_no_file(libraries: Libraries, make: Make, copied: Any) -> None:
    model = model_over(make(DATA))
    expected = model.compile()

    twin = copied(model)
    libraries.connection.close()

    assert twin.compile().has_numbers_of(expected)


@pytest.mark.parametrize("kind", LAZY)
def test_parts_of_a_copy_share_what_a_lazy_frame_was_collected_to(libraries: Libraries, kind: str) -> None:
    twin = copy.deepcopy(model_over(libraries.makes[kind](DATA)))

    made, late = twin.get_variable("made"), twin.get_constraint("late")

    assert made.source is not None
    assert late.source is not None
    assert made.source.identity == late.source.identity


def test_changes_of_a_frame_in_place_do_not_reach_a_compiled_problem() -> None:
    frame = pd.DataFrame({"value": [1.0, 2.0]})
    x = LXVariable[Any, float]("x").from_data(frame).indexed_by(lambda r: r.value).bounds(0, lambda r: r.value)
    problem = LXModel("m").add_variable(x).compile()

    frame.loc[0, "value"] = 7.0

    assert problem.upper.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("kind", KINDS)
def test_without_narwhals_a_frame_is_refused_where_it_is_given(
    libraries: Libraries, kind: str, error_text: ErrorText, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = libraries.makes[kind](DATA)
    monkeypatch.setitem(sys.modules, "narwhals", None)

    text = error_text(LXUnsupportedError, LXVariable[Any, float]("x").from_data, frame)

    assert text == (
        "LXVariable('x').from_data() got a data frame. Frames are read with narwhals, which is not installed. "
        "Run: pip install narwhals"
    )


def test_a_relation_is_collected_without_arrow(libraries: Libraries, monkeypatch: pytest.MonkeyPatch) -> None:
    relation = libraries.relation(DATA.select(["id", "most"]))
    monkeypatch.setattr("lumix_core.rows.frames.COLLECTED", ("pandas",))

    assert read_frame(relation).names == ("id", "most")


def test_a_series_is_no_frame(error_text: ErrorText) -> None:
    for series in (pd.Series([1, 2]), pl.Series([1, 2])):
        assert [*LXVariable[int, float]("x").from_data(series).get_instances()] == [1, 2]

    text = error_text(LXSourceError, LXVariable[Any, float]("x").from_data, pa.scalar(1))

    assert "which is not a collection of rows" in text
