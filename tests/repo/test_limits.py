"""Nothing waits without a limit: neither the library, nor its tests, examples and benchmarks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = ("lumix", "lumix_core", "lumix_django", "lumix_solvers", "lumix_sqlalchemy")
WAITS = {"join", "wait", "result", "communicate", "acquire"}
"""Methods that wait until something happens where they are not given a limit."""
RUNS = {"run", "call", "check_call", "check_output"}
"""Functions of subprocess that wait for a process to end."""
DONE = {"lumix/src/lumix/analysis/workers/dispatching.py": "the future is done: it comes from wait()"}
"""Files in which such a call cannot wait, and why."""


def waits(path: Path) -> Iterator[str]:
    """The calls of a file that wait without a limit."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        limited = any(keyword.arg == "timeout" for keyword in node.keywords)
        of_subprocess = isinstance(node.func.value, ast.Name) and node.func.value.id == "subprocess"
        if (of_subprocess and node.func.attr in RUNS and not limited) or (
            node.func.attr in WAITS and not node.args and not limited
        ):
            yield f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node.func)}()"


@pytest.mark.parametrize("folder", [*DISTRIBUTIONS, "tests", "examples", "benchmarks"])
def test_every_wait_has_a_limit(folder: str) -> None:
    paths = [path for path in sorted((ROOT / folder).rglob("*.py")) if str(path.relative_to(ROOT)) not in DONE]

    assert [call for path in paths for call in waits(path)] == []


def test_a_wait_without_a_limit_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    path = tmp_path / "program.py"
    path.write_text("thread.join()\nthread.join(5)\nsubprocess.run(['x'])\nsubprocess.run(['x'], timeout=5)\n")

    assert list(waits(path)) == ["program.py:1 thread.join()", "program.py:3 subprocess.run()"]
