"""The documents do what they say: their code is run, and what it prints is what they show.

The ``python`` blocks of a document are run one after the other, as one program named plan.py. A ``text`` block right
after one shows what it prints; ``...`` in it stands for anything. In a ``console`` block, ``$`` marks a command. Both
run in a copy of the document's folder, which for a step of the production planning example has the other steps beside.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = ("lumix", "lumix_core", "lumix_sqlalchemy", "lumix_django", "lumix_solvers")
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("examples/**/*.md"),
        *(ROOT / name / "README.md" for name in DISTRIBUTIONS),
    ]
)
LATER_STEPS = [ROOT / "examples" / "production_planning" / f"step{step}" for step in range(3, 8)]
STEPS = sorted(ROOT.glob("examples/production_planning/step*"))
DEMO = ROOT / "examples" / "production_planning" / "step2" / "demo.py"
COMMANDS = {
    "python": [sys.executable],
    "lumix": [sys.executable, "-m", "lumix"],
    "make demo": [sys.executable, str(DEMO)],
}
ENVIRONMENT = {
    **os.environ,
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONWARNINGS": "error,ignore:unclosed database:ResourceWarning",
}

# Runs the blocks in the module __main__, as a program would run, and prints a line after each.
RUNNER = """
def run_blocks():
    import json, sys
    end, blocks = json.load(sys.stdin)
    for block in blocks:
        exec(compile(block, "plan.py", "exec"), globals())
        print(end)

run_blocks()
"""
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
END = "--- end of block ---"


@dataclass(frozen=True)
class Block:
    """A fenced block of a document."""

    language: str
    text: str
    line: int


def blocks(document: Path) -> list[Block]:
    text = document.read_text()
    found = FENCED.finditer(text)
    return [Block(one[1], one[2], text.count("\n", 0, one.start()) + 1) for one in found]


def run(command: list[str], cwd: Path, given: str = "") -> str:
    """What a command prints, errors among it."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=ENVIRONMENT,
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return done.stdout


def check(shown: str, printed: str, position: str) -> None:
    same = doctest.OutputChecker().check_output(shown, printed, doctest.ELLIPSIS)
    assert same, f"{position} shows\n{shown}\nbut this is printed:\n{printed}"


def with_blocks(language: str) -> list[Any]:
    """Return the documents with such blocks; those of later steps are for thorough runs: their scripts have tests."""
    found = [one for one in DOCUMENTS if any(block.language == language for block in blocks(one))]
    return [pytest.param(one, marks=[pytest.mark.thorough] if one.parent in LATER_STEPS else []) for one in found]


def name(document: Path) -> str:
    return str(document.relative_to(ROOT))


@pytest.mark.parametrize("document", with_blocks("python"), ids=name)
def test_the_code_of_a_document_prints_what_it_shows(document: Path, tmp_path: Path) -> None:
    found = blocks(document)
    pairs = [
        (block, after.text if after.language == "text" else "")
        for block, after in zip(found, [*found[1:], Block("", "", 0)], strict=True)
        if block.language == "python"
    ]

    folder = copied(document, tmp_path)
    given = json.dumps([END, [block.text for block, _ in pairs]])
    *printed, rest = run([sys.executable, "-c", RUNNER], folder, given).split(f"{END}\n")

    assert (len(printed), rest) == (len(pairs), "")
    for (block, shown), output in zip(pairs, printed, strict=True):
        check(shown, output, f"{name(document)}, line {block.line},")


@pytest.mark.parametrize("document", with_blocks("console"), ids=name)
def test_the_commands_of_a_document_print_what_it_shows(document: Path, tmp_path: Path) -> None:
    folder = copied(document, tmp_path)
    texts = [block.text for block in blocks(document) if block.language == "console"]

    for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", "".join(texts), flags=re.MULTILINE):
        check(shown, run(resolved(command), folder), f"{name(document)}: {command}")


def copied(document: Path, position: Path) -> Path:
    """A copy of the Python files of a document's folder, and of the steps beside it."""
    for source in STEPS if document.parent in STEPS else [document.parent]:
        (position / source.name).mkdir()
        for file in source.glob("*.py"):
            shutil.copy(file, position / source.name)
    folder = position / document.parent.name
    for package in document.parent.glob("*/__init__.py"):
        shutil.copytree(package.parent, folder / package.parent.name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def resolved(command: str) -> list[str]:
    """The command, run by the interpreter of the tests."""
    if command in COMMANDS:
        return COMMANDS[command]
    program, *arguments = shlex.split(command)
    return [*COMMANDS[program], *arguments]


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_the_links_of_a_document_lead_somewhere(document: Path) -> None:
    prose = re.sub(FENCED, "", document.read_text())
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", prose)

    assert [link for link in links if not (document.parent / link).exists()] == []
