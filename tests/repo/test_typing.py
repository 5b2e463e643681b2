"""What a type checker, and so an editor, knows of a user's rows: mypy is run on a user's files."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repo import typed_terms
from tests.repo.typed_terms import THREE

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"

ROWS = """
from dataclasses import dataclass
from lumix import (
    SKIP, between, LXComparison, LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXOptimizer, LXParameter,
    LXVariable
)

@dataclass(frozen=True)
class Product:
    id: int
    profit_per_unit: float

@dataclass(frozen=True)
class Machine:
    id: int
    hours: float

products = [Product(1, 2.0)]
machines = [Machine(1, 2.0)]
x = LXVariable[Product, float]("x").bounds(lower=0).indexed_by(lambda p: p.id).from_data(products)
y = (
    LXVariable[tuple[Product, Machine], int]("y")
    .binary()
    .indexed_by_product(
        LXIndexDimension(Product, lambda p: p.id).from_data(products),
        LXIndexDimension(Machine, lambda m: m.id).from_data(machines),
    )
)
expr = LXLinearExpression()
price = LXParameter[Product]("price").indexed_by(lambda p: p.id).value(lambda p: p.profit_per_unit).from_data(products)
"""

RIGHT = {
    "bounds": "x.bounds(lower=1, upper=lambda p: p.profit_per_unit)",
    "add_term": "expr.add_term(x, lambda p: p.profit_per_unit)",
    "add_term with the constraint's row": "expr.add_term(x, lambda p, m: p.profit_per_unit * m.hours)",
    "add_term with two rows of the constraint": "expr.add_term(x, lambda p, q, m: p.profit_per_unit * m.hours * q.id)",
    "add_term of a key": "expr.add_term(y, lambda p, m: m.hours, at=lambda p, m: (p.id, m.id - 1), missing='skip')",
    "sum_over with a coefficient": "expr.sum_over(y, lambda p, m: m.hours, matching=True)",
    "a constraint over a variable": 'LXConstraint("c").over(y).expression(expr).between(0, lambda p, m: m.hours)',
    "add_term with a captured row": "expr.add_term(x, lambda p, m=machines[0]: p.profit_per_unit * m.hours)",
    "add_term with a condition": "expr.add_term(x, where=lambda p, m: p.id == m.id)",
    "add_term of two dimensions": "expr.add_term(y, lambda p, m: p.profit_per_unit * m.hours)",
    "add_multi_term": "expr.add_multi_term(y, lambda p, m: p.profit_per_unit * m.hours)",
    "sum_over": "expr.sum_over(y, where=lambda p, m: p.id == m.id)",
    "arithmetic": "2 * expr + 3.0 - sum([expr, expr])",
    "rhs": 'LXConstraint[Machine]("c").expression(expr).le().rhs(lambda m: m.hours)',
    "a model": 'model = LXModel("m").add_variables(x, y).maximize(expr)',
    "a parameter": "price.where(lambda p: p.profit_per_unit > 0).default(0)",
    "a parameter of a dict": 'hours = LXParameter("hours").from_data({(1, 2): 0.5})',
    "a lookup": "found: float = price[1] + price(1) + price(id=1)",
    "a lookup in a coefficient": "expr.add_term(x, lambda p, m: price[p.id] * m.hours)",
    "a lookup in a condition": "expr.add_term(x, where=lambda p, m: p.id in price and price[p.id] > 0)",
    "a float value": "profit: float = LXOptimizer().solve(LXModel('m')).get_mapped(x)[1]",
    "a start point": "LXOptimizer().solve(LXModel('m'), start={'y': {(1, 1): 1}, x: {products[0]: 2.0}})",
    "progress": "LXOptimizer().solve(LXModel('m'), on_progress=lambda progress: progress.gap)",
    "the solver's own model": "LXOptimizer().open(LXModel('m'), on_native=lambda highs, problem: problem.column(x, 1))",
    "an int value": "whole: int = LXOptimizer().solve(LXModel('m')).get_mapped(y)[1, 1]",
}

# The name of the attribute is misspelt.
WRONG = {
    "bounds": "x.bounds(lower=lambda p: p.proft_per_unit)",
    "cost": "x.cost(lambda p: p.proft_per_unit)",
    "where": "x.where(lambda p: p.proft_per_unit > 1)",
    "indexed_by": "x.indexed_by(lambda p: p.proft_per_unit)",
    "add_term": "expr.add_term(x, lambda p: p.proft_per_unit)",
    "add_term by keyword": "expr.add_term(x, coeff=lambda p: p.proft_per_unit)",
    "the condition of a term": "expr.add_term(x, 1.0, where=lambda p: p.proft_per_unit)",
    "add_multi_term": "expr.add_multi_term(x, lambda p: p.proft_per_unit)",
    "sum_over": "expr.sum_over(x, where=lambda p: p.proft_per_unit)",
    "rhs": 'LXConstraint[Product]("c").rhs(lambda p: p.proft_per_unit)',
    "the value of a parameter": 'LXParameter[Product]("price").value(lambda p: p.proft_per_unit)',
    "the key of a parameter": 'LXParameter[Product]("price").indexed_by(lambda p: p.proft_per_unit)',
    "the filter of a parameter": "price.where(lambda p: p.proft_per_unit > 1)",
    "the key of a lookup": "expr.add_term(x, lambda p: price[p.proft_per_unit])",
    "the key of a dimension": "LXIndexDimension(Product, lambda p: p.proft_per_unit)",
    "a dimension": "LXIndexDimension(Product).where(lambda p: p.proft_per_unit > 1)",
    "progress": "LXOptimizer().solve(LXModel('m'), on_progress=lambda progress: progress.incumbant)",
    "the solver's own model": "LXOptimizer().open(LXModel('m'), on_native=lambda highs, problem: problem.colum(x, 1))",
}
MISSPELT = '"Product" has no attribute "proft_per_unit"; maybe "profit_per_unit"?  [attr-defined]'
OTHERWISE_MISSPELT = {
    "progress": '"LXProgress" has no attribute "incumbant"; maybe "incumbent"?  [attr-defined]',
    "the solver's own model": '"LXProblem" has no attribute "colum"; maybe "column" or "columns"?  [attr-defined]',
}


def lines(names: dict[str, str]) -> dict[str, int]:
    """The line that each entry of a table stands on, in the file written by `module`."""
    first = len(ROWS.splitlines()) + 1
    return {name: first + i for i, name in enumerate(names)}


def module(names: dict[str, str]) -> str:
    return "\n".join([*ROWS.splitlines(), *names.values(), ""])


def lines_of_terms(names: dict[str, str]) -> dict[int, str]:
    """The entry that each line of a file of typed terms holds."""
    return dict(enumerate(names, len((ROWS + THREE).splitlines()) + 1))


def write_terms(folder: Path) -> None:
    for name, uses in (("terms_right", typed_terms.RIGHT), ("terms_wrong", typed_terms.WRONG)):
        (folder / f"{name}.py").write_text("\n".join([*(ROWS + THREE).splitlines(), *uses.values(), ""]))


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory, once: Callable[..., list[str]]) -> list[str]:
    """What mypy says of both files and of the examples: one run, since each takes seconds."""
    return once("reports of mypy", lambda: reported(tmp_path_factory))


def reported(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("typing")
    (folder / "right.py").write_text(module(RIGHT))
    (folder / "wrong.py").write_text(module(WRONG))
    typed = [*EXAMPLES.glob("*/*.py"), *EXAMPLES.glob("*/step*/*.py")]
    write_terms(folder)
    files = [
        "right.py",
        "wrong.py",
        "terms_right.py",
        "terms_wrong.py",
        *(str(one) for one in typed if one.name != "manage.py"),
    ]  # Django has no types
    strict = ["--strict", "--config-file=", f"--cache-dir={folder / 'cache'}", "--no-error-summary"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *strict, *files],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "MYPYPATH"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if ": error: " in line]


def test_a_right_model_passes_the_strict_checker(reports: list[str]) -> None:
    assert [line for line in reports if line.startswith("right.py:")] == []


@pytest.mark.parametrize("use", WRONG)
def test_a_misspelt_attribute_of_a_row_is_reported(reports: list[str], use: str) -> None:
    position = f"wrong.py:{lines(WRONG)[use]}: error: "

    found = [line.removeprefix(position) for line in reports if line.startswith(position)]

    assert found == [OTHERWISE_MISSPELT.get(use, MISSPELT)]


def test_the_examples_pass_the_strict_checker(reports: list[str]) -> None:
    assert [line for line in reports if not re.match(r"(terms_)?(right|wrong)\.py:", line)] == []


def answers(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, timeout=120, check=False).returncode == 0


@pytest.fixture(scope="module")
def pyright_lines(
    tmp_path_factory: pytest.TempPathFactory, once: Callable[..., dict[str, set[int]]]
) -> dict[str, set[int]]:
    """The lines of each file that pyright finds fault with."""
    command = [sys.executable, "-m", "pyright"]
    if shutil.which("node") is None or not answers([*command, "--version"]):
        pytest.skip("pyright cannot run: it needs node, and its own package of npm")
    return once("reports of pyright", lambda: found_by_pyright(command, tmp_path_factory))


def found_by_pyright(command: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[int]]:
    folder = tmp_path_factory.mktemp("pyright")
    write_terms(folder)
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "standard"}')
    options = ["--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run([*command, *options], cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    faults: dict[str, set[int]] = {"terms_right.py": set(), "terms_wrong.py": set()}
    for fault in json.loads(done.stdout)["generalDiagnostics"]:
        if fault["severity"] == "error":
            faults[Path(fault["file"]).name].add(fault["range"]["start"]["line"] + 1)
    return faults


def test_every_form_of_function_passes_mypy(reports: list[str]) -> None:
    assert [line for line in reports if line.startswith("terms_right.py:")] == []


def test_mypy_reports_a_misspelt_attribute_in_every_form_but_those_it_cannot_see(reports: list[str]) -> None:
    entries = lines_of_terms(typed_terms.WRONG)
    found = {entries[int(line.split(":")[1])] for line in reports if line.startswith("terms_wrong.py:")}

    assert set(typed_terms.WRONG) - found == typed_terms.UNSEEN_BY_MYPY


def test_every_form_of_function_passes_pyright(pyright_lines: dict[str, set[int]]) -> None:
    entries = lines_of_terms(typed_terms.RIGHT)

    assert [entries[line] for line in pyright_lines["terms_right.py"]] == []


def test_pyright_reports_a_misspelt_attribute_in_every_form(pyright_lines: dict[str, set[int]]) -> None:
    entries = lines_of_terms(typed_terms.WRONG)

    assert set(entries.values()) - {entries[line] for line in pyright_lines["terms_wrong.py"]} == set()
