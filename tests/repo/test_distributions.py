"""The five distributions: their folders, what they say of themselves, and what importing them costs."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lumix

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = ("lumix", "lumix_core", "lumix_sqlalchemy", "lumix_django", "lumix_solvers")
NOT_OURS = {".git", ".venv", ".hypothesis", "__pycache__", "build", "dist", "htmlcov"}


def project(distribution: str) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / distribution / "pyproject.toml").read_text())["project"]
    return found


def files(folder: Path) -> Iterator[Path]:
    """The files of the project, without what tools leave behind."""
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.name in NOT_OURS or path.name.endswith(("_cache", ".egg-info")):
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and not (path / "pyvenv.cfg").exists():
            yield from files(path)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("file", ["pyproject.toml", "README.md", "LICENSE", "src/{}/__init__.py", "src/{}/py.typed"])
def test_each_distribution_has_its_files(distribution: str, file: str) -> None:
    assert (ROOT / distribution / file.format(distribution)).is_file()


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_each_distribution_is_named_after_its_folder(distribution: str) -> None:
    expected = "lumix-modeling" if distribution == "lumix" else distribution.replace("_", "-")  # lumix is taken

    assert project(distribution)["name"] == expected


def test_all_distributions_have_one_version() -> None:
    versions = {name: project(name)["version"] for name in DISTRIBUTIONS}

    assert versions == dict.fromkeys(DISTRIBUTIONS, lumix.__version__)


@pytest.mark.parametrize("distribution", [name for name in DISTRIBUTIONS if name != "lumix_core"])
def test_distributions_ask_for_this_core(distribution: str) -> None:
    assert "lumix-core~=0.1.0" in project(distribution)["dependencies"]


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_each_distribution_names_the_licence(distribution: str) -> None:
    assert project(distribution)["license"] == "Apache-2.0"


def test_the_licence_is_apache_2() -> None:
    first, second = (line.strip() for line in (ROOT / "LICENSE").read_text().strip().splitlines()[:2])

    assert (first, second) == ("Apache License", "Version 2.0, January 2004")


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_each_distribution_carries_the_licence(distribution: str) -> None:
    assert (ROOT / distribution / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_no_module_is_longer_than_500_lines(distribution: str) -> None:
    lengths = {path.name: len(path.read_text().splitlines()) for path in (ROOT / distribution / "src").rglob("*.py")}

    assert {name: length for name, length in lengths.items() if length > 500} == {}


def test_no_test_file_is_longer_than_500_lines() -> None:
    tests = ROOT / "tests"
    lengths = {str(path.relative_to(tests)): len(path.read_text().splitlines()) for path in tests.rglob("*.py")}

    assert {name: length for name, length in lengths.items() if length > 500} == {}


def test_no_file_names_the_host_of_a_package_registry() -> None:
    hosts = [b"pypi" + b".org", b"pythonhosted" + b".org", b"npmjs" + b".org", b"crates" + b".io"]

    naming = [str(path.relative_to(ROOT)) for path in files(ROOT) if any(host in path.read_bytes() for host in hosts)]

    assert naming == []


def imported_with(statement: str) -> set[str]:
    """The modules that a new interpreter holds after a statement."""
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return set(done.stdout.split())


def test_importing_lumix_imports_no_orm_no_solver_no_data_frames_and_no_charts() -> None:
    imported = imported_with("import lumix")

    libraries = {"sqlalchemy", "django", "highspy", "pulp", "pandas", "polars", "plotly", "rich"}
    assert imported & libraries == set()


def test_importing_lumix_imports_no_plugin() -> None:
    imported = imported_with("import lumix")

    assert imported & {"lumix_sqlalchemy", "lumix_django", "lumix_solvers"} == set()


def test_a_model_of_plain_rows_imports_no_orm_and_no_solver() -> None:
    imported = imported_with(
        "from lumix import LXLinearExpression, LXModel, LXVariable\n"
        "x = LXVariable[int, float]('x').bounds(lower=0).from_data([1, 2])\n"
        "LXModel('m').add_variable(x).minimize(LXLinearExpression().add_term(x, float)).compile()"
    )

    assert imported & {"sqlalchemy", "django", "highspy", "pulp"} == set()
