"""The page on the architecture tells the truth: its rooms, its files, and two walks whose functions are entered."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
TEXT = PAGE.read_text()

Step = tuple[str, str]
"""A module, such as lumix_core/errors.py, and the qualified name of a function in it."""

# Runs the program of the page, and prints which of the steps were entered, in order.
FOLLOWER = """
import json, sys
given = json.load(sys.stdin)
steps = {(path, name) for path, name in given["steps"]}
modules, entered = given["modules"], []


def follow(frame, event, argument):
    if event == "call" and frame.f_code.co_filename in modules:
        step = modules[frame.f_code.co_filename], frame.f_code.co_qualname
        if step in steps and (not entered or entered[-1] != step):
            entered.append(step)


program = compile(given["program"], "plan.py", "exec")
sys.setprofile(follow)
exec(program, globals())
sys.setprofile(None)
print(json.dumps(entered))
"""


def section(title: str) -> str:
    """The text below a heading, up to the next one of the same rank or a higher one."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,3}} |\Z)", TEXT, flags=re.MULTILINE | re.DOTALL)
    assert found is not None, f"the page has no section {title!r}"
    return found[2]


def rows_of(title: str) -> list[list[str]]:
    """The cells of the table of a section, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def source(path: str) -> Path:
    """A file or a folder of a distribution, by its path below ``src``."""
    return ROOT / path.partition("/")[0] / "src" / path


def walk(title: str) -> list[Step]:
    steps = re.findall(r"^(\d+)\. `([\w/]+\.py)` `([\w.]+)`:", section(title), flags=re.MULTILINE)
    assert [int(number) for number, _, _ in steps] == list(range(1, len(steps) + 1))
    return [(path, name) for _, path, name in steps]


def in_order(steps: list[Step], entered: list[Step]) -> list[Step]:
    """The first steps of a walk, as far as each was entered after the one before."""
    rest = iter(entered)
    return [step for step in steps if step in rest]


WALKS = ("A coefficient, from add_term to the matrix", "A row, from from_model to a copy and a pickle")


@pytest.fixture(scope="module")
def entered() -> list[Step]:
    """The steps of both walks in the order in which the program of the page enters them."""
    steps = [step for title in WALKS for step in walk(title)]
    given = {
        "steps": steps,
        "modules": {str(source(path)): path for path, _ in steps},
        "program": "".join(re.findall(r"^```python\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)),
    }
    done = subprocess.run(
        [sys.executable, "-c", FOLLOWER],
        input=json.dumps(given),
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [(path, name) for path, name in json.loads(done.stdout.splitlines()[-1])]


@pytest.mark.parametrize("title", WALKS)
def test_a_walk_enters_its_functions_in_order(title: str, entered: list[Step]) -> None:
    steps = walk(title)

    followed = in_order(steps, entered)

    assert len(steps) > 20
    assert steps[len(followed) :] == []


def test_a_walk_in_another_order_is_seen(entered: list[Step]) -> None:
    steps = walk(WALKS[0])[::-1]

    assert in_order(steps, entered) != steps


def test_the_rooms_of_the_core_are_its_packages() -> None:
    core = source("lumix_core")

    rooms = [row[0].strip("`/") for row in rows_of("Rooms of the core")]

    assert sorted(rooms) == sorted(path.parent.name for path in core.glob("*/__init__.py"))


def test_the_rooms_are_in_the_order_of_imports_on_both_pages() -> None:
    imports = (ROOT / "tests" / "repo" / "test_imports.py").read_text()
    order = re.findall(r'"(\w+)"', imports.partition("\nPACKAGES = (")[2].partition(")")[0])
    contributing = (ROOT / "CONTRIBUTING.md").read_text().partition("| room of `lumix_core` |")[2].partition("\n\n")[0]

    rooms = ["errors", *(row[0].strip("`/") for row in rows_of("Rooms of the core"))]

    assert rooms == order
    assert re.findall(r"^\| `(\w+)` \|", contributing, re.MULTILINE) == order[1:]


def test_the_rooms_of_the_core_have_their_main_modules() -> None:
    modules = [
        f"lumix_core/{row[0].strip('`')}{name}"
        for row in rows_of("Rooms of the core")
        for name in re.findall(r"`([\w/]+\.py)`", row[2])
    ]

    assert len(modules) > 20
    assert [name for name in modules if not source(name).is_file()] == []


def test_the_rooms_of_lumix_are_its_packages() -> None:
    packages = {
        path.parent.relative_to(source("lumix")).as_posix() for path in source("lumix").glob("*/**/__init__.py")
    }

    rooms = {room.strip("/") for row in rows_of("Rooms of lumix") for room in re.findall(r"`([\w/]+)`", row[0])}

    assert rooms == packages - {"analysis"}


def test_every_file_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`([\w/]+\.py)`", TEXT.replace(section("Rooms of the core"), "")))

    assert len(named) > 60
    assert [name for name in sorted(named) if not (source(name).is_file() or (ROOT / name).is_file())] == []


def test_every_file_that_the_glossary_names_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)`", (ROOT / "docs" / "glossary.md").read_text())

    assert len(named) > 40
    assert [name for name in named if not source(name).is_file()] == []


def test_a_term_of_the_glossary_has_one_entry() -> None:
    terms = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs" / "glossary.md").read_text(), flags=re.MULTILINE)
    entries = [term for term in terms if term not in ("term", "---")]

    assert len(entries) > 40
    assert [term for term in sorted(set(entries)) if entries.count(term) > 1] == []
