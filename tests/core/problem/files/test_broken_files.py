"""A broken or hostile file gets an error that names the line; it never crashes, and never becomes another problem."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
from hypothesis import Phase, find, settings

from lumix_core.errors import LXFileError
from lumix_core.problem.files import read_problem, write_problem
from tests.core.problem.files.problems import problems
from tests.shared.scale import examples

MPS = """NAME plan
ROWS
 N cost
 L hours
COLUMNS
 x cost 1
 x hours 2
RHS
 RHS hours 8
BOUNDS
 UP BND x 4
ENDATA
"""
LP = """Minimize
 cost: x + 2 y
Subject To
 hours: x + y <= 8
Bounds
 x <= 4
End
"""


def test_the_texts_of_this_page_are_valid(tmp_path: Path) -> None:
    (tmp_path / "plan.mps").write_text(MPS)
    (tmp_path / "plan.lp").write_text(LP)

    mps, lp = read_problem(tmp_path / "plan.mps"), read_problem(tmp_path / "plan.lp")

    assert (mps.row_upper.tolist(), mps.upper.tolist()) == ([8.0], [4.0])
    assert (lp.row_upper.tolist(), lp.upper.tolist()) == ([8.0], [4.0, float("inf")])
    assert mps.variables[0].name == "variables"
    assert list(lp.variables[0].keys) == ["x", "y"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (" x cost 1", " x cost one", "line 6: 'one' is not a number"),
        (" x cost 1", " x cost nan", "line 6: 'nan' is not a number"),
        (" x cost 1", " x cost 1e400", "line 6: '1e400' is not a finite number"),
        (" x cost 1", " x cost 1_0", "line 6: '1_0' is not a number"),
        (" x cost 1", " x price 1", "line 6: there is no row 'price'"),
        (" x hours 2", " x hours 2\n x hours 3", "column 'x' has two coefficients in row 'hours'"),
        (" x hours 2", " y hours 2\n x hours 3", "line 8: column 'x' is there twice"),
        (" L hours", " L hours\n L hours", "line 5: row 'hours' is there twice"),
        (" L hours", " Q hours", "line 4: a row is its kind"),
        (" UP BND x 4", " UP BND x -4", "'x' has an upper bound below 0 and no lower bound"),
        (" UP BND x 4", " UP BND x 4\n UP BND x 5", "line 12: column 'x' has two upper bounds"),
        (" UP BND x 4", " SC BND x 4", "line 11: a bound of the kind 'SC' is not one of a linear problem"),
        (" RHS hours 8", " RHS hours 8\n RHS hours 9", "line 10: row 'hours' has two right-hand sides"),
        ("BOUNDS", "QUADOBJ", "line 10: section 'QUADOBJ' is not one of a linear problem"),
        ("ENDATA\n", "", "the file ends without ENDATA"),
        ("ROWS", "", "data is in section 'NAME'"),
        ("COLUMNS", "COLUMNS\n M 'MARKER' 'INTEND'", "the marker 'INTEND' does not fit here"),
        (" UP BND x 4", "", None),
    ],
)
def test_a_wrong_line_of_mps_is_named(tmp_path: Path, old: str, new: str, message: str | None) -> None:
    path = tmp_path / "plan.mps"
    path.write_text(MPS.replace(old, new, 1))

    if message is None:
        assert read_problem(path).upper.tolist() == [float("inf")]
        return
    with pytest.raises(LXFileError) as caught:
        read_problem(path)

    assert message in str(caught.value)


def test_an_integer_column_of_mps_without_bounds_is_ambiguous(tmp_path: Path) -> None:
    path = tmp_path / "plan.mps"
    text = MPS.replace("COLUMNS", "COLUMNS\n M1 'MARKER' 'INTORG'").replace("RHS\n", " M2 'MARKER' 'INTEND'\nRHS\n", 1)
    path.write_text(text.replace(" UP BND x 4\n", ""))

    with pytest.raises(LXFileError, match="integer column 'x' has no bounds: readers differ"):
        read_problem(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (" hours: x + y <= 8", " hours: x + y", "line 4: expected <=, >= or ="),
        (" hours: x + y <= 8", " hours: x + y <= 8 z", "line 4: something follows the right-hand side"),
        (" hours: x + y <= 8", " hours: x + x <= 8", "line 4: column 'x' is there twice in one expression"),
        (
            " hours: x + y <= 8",
            " hours: x + [ y ^ 2 ] <= 8",
            "line 4: '[ y ^ 2 ] <= 8' is not part of a linear problem",
        ),
        (" hours: x + y <= 8", " hours: x + y <= 1e400", "line 4: '1e400' is not a finite number"),
        (" hours: x + y <= 8", " hours: 3 <= 8", "line 4: a constraint has no variables"),
        (" hours: x + y <= 8", " hours: 1 <= x + y >= 8", "line 4: a constraint has two bounds on one side"),
        (" x <= 4", " z <= 4", "line 6: 'z' is in no constraint, nor in the objective"),
        (" x <= 4", " x <= 4\n x <= 5", "line 7: column 'x' has two bounds on one side"),
        ("Bounds", "Semi-Continuous", "line 5: section 'semi-continuous' is not one of a linear problem"),
        ("End\n", "", "the file ends without End"),
        ("Minimize\n", "", "there is data before the first section"),
    ],
)
def test_a_wrong_line_of_lp_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "plan.lp"
    path.write_text(LP.replace(old, new, 1))

    with pytest.raises(LXFileError) as caught:
        read_problem(path)

    assert message in str(caught.value)


def test_ranges_and_senses_of_lp_may_be_written_in_other_ways(tmp_path: Path) -> None:
    path = tmp_path / "plan.lp"
    rows = " r1: 1 <= x + y <= 8\n r2: 3 >= x\n x - y => -2\n r4: 2 x = 4 "
    path.write_text(LP.replace(" hours: x + y <= 8", rows).replace("Minimize", "MAX"))

    read = read_problem(path)

    assert read.maximize
    assert read.row_lower.tolist() == [1.0, float("-inf"), -2.0, 4.0]
    assert read.row_upper.tolist() == [8.0, 3.0, float("inf"), 4.0]
    assert list(read.constraints[0].keys) == ["r1", "r2", "c3", "r4"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"\0" * 100, "zero byte"),
        (b"\xff\xfe" * 100, "not UTF-8"),
        (b"x" * 3_000_000, "more than 1,000,000 bytes"),
        (b"ROWS\n N c\n L " + b"r" * 5_000 + b"\n", "more than 4,096 characters"),
        (b"", "ends without ENDATA"),
    ],
)
def test_what_is_no_text_of_a_problem_is_refused(tmp_path: Path, text: bytes, message: str) -> None:
    (tmp_path / "plan.mps").write_bytes(text)
    with gzip.open(tmp_path / "plan.mps.gz", "wb") as file:
        file.write(text)

    for name in ("plan.mps", "plan.mps.gz"):
        with pytest.raises(LXFileError, match=message):
            read_problem(tmp_path / name)


def test_a_damaged_gzip_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.mps.gz"
    path.write_bytes(gzip.compress(MPS.encode())[:-12])

    with pytest.raises(LXFileError, match="damaged"):
        read_problem(path)


WORDS = (
    b"-inf",
    b"1e400",
    b"nan",
    b"<=",
    b":",
    b"\n",
    b" ",
    b"End",
    b"BOUNDS",
    b"9" * 400,
    b"\0",
    b"\xff",
    b"'MARKER'",
)
MORE_WORDS = (b"INTORG", b"{", b"[", b"null", b"-", b"free", b"1_0", b"\\", b"* > ", b'"', b"MAX", b"1e-320")


AS_FOUND = settings(phases=[Phase.generate], database=None)
DRAW = random.Random(1)


@pytest.mark.parametrize("ending", [".mps", ".lp", ".json"])
def test_mutated_files_are_read_or_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"plan{ending}"
    texts = []
    for size in (1, 3, 4):
        problem = find(problems(), lambda one, size=size: one.num_constraints >= size, settings=AS_FOUND, random=DRAW)
        write_problem(problem, path)
        texts.append(path.read_bytes())
    refused = 0

    for seed in range(examples(12_000)):
        path.write_bytes(_mutated(random.Random(seed), random.Random(seed).choice(texts)))
        try:
            read_problem(path)
        except LXFileError:
            refused += 1

    assert refused > 0


def _mutated(rng: random.Random, text: bytes) -> bytes:
    data = bytearray(text)
    for _ in range(rng.randint(1, 4)):
        kind, at = rng.randint(0, 5), rng.randint(0, max(len(data) - 1, 0))
        if kind == 0:
            del data[at:]
        elif kind == 1 and data:
            data[at] = rng.randint(0, 255)
        elif kind == 2:
            data[at:at] = rng.choice(WORDS + MORE_WORDS)
        elif kind == 3:
            del data[at : at + rng.randint(1, 20)]
        elif kind == 4:
            data[at:at] = data[at : at + rng.randint(1, 60)]
        else:
            lines = bytes(data).split(b"\n")
            lines.insert(rng.randint(0, len(lines)), rng.choice(lines))
            data = bytearray(b"\n".join(lines))
    return bytes(data)


@pytest.mark.parametrize(
    ("bound", "upper"), [(" x = 0", 0.0), (" x <= 1", 1.0), (" x >= 0", 1.0), (" 0 <= y <= 9", 1.0)]
)
def test_a_binary_variable_of_lp_keeps_the_bounds_that_it_has(tmp_path: Path, bound: str, upper: float) -> None:
    path = tmp_path / "plan.lp"
    path.write_text(LP.replace(" x <= 4", bound).replace("End", "Binaries\n x\nEnd"))

    assert read_problem(path).upper.tolist()[0] == upper


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (" x <= 4\nEnd", " x <= 4\nBinaries\n x\nEnd", "column 'x' is binary and has the bound 4"),
        (" x <= 4", " x <= -4", "column 'x' has an upper bound below 0 and no lower bound"),
        ("Subject To", "Maximize\n gain: 3 x\nSubject To", "the file has two objectives"),
    ],
)
def test_what_programs_read_differently_is_refused_in_lp(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "plan.lp"
    path.write_text(LP.replace(old, new, 1))

    with pytest.raises(LXFileError, match=message):
        read_problem(path)
