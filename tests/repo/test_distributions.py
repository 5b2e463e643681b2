"""The five distributions: their folders, what they say of themselves, and what importing them costs."""

from __future__ import annotations

import os
import re
import shutil
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


def test_no_file_tells_to_install_the_lumix_of_others() -> None:
    """Its extras are those of lumix-modeling; `./lumix[...]` is the folder of a checkout."""
    extra = re.compile(r"(?<![\w./-])lumix\[(?!\\)")

    telling = [str(path.relative_to(ROOT)) for path in files(ROOT) if extra.search(path.read_text(errors="replace"))]

    assert telling == []


def test_documents_install_ours_from_a_checkout() -> None:
    ours = re.compile(r"lumix(?!-acme|-toy)[\w-]*")

    named = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in files(ROOT)
        if path.suffix in (".md", ".ipynb")
        for arguments in re.findall(r"pip install ([^`\n#]*)", path.read_text())
        for word in re.split(r"[\s\"'\\]+", arguments)
        if ours.match(word)
    ]

    assert named == []


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


def import_beside(folder: Path, **metadata: str) -> subprocess.CompletedProcess[str]:
    """Import lumix where another distribution is on the path, of which these files of metadata are known."""
    other = folder / "lumix_opt-0.3.2.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: lumix-opt\nVersion: 0.3.2\n")
    for name, text in metadata.items():
        (other / name.replace("_txt", ".txt")).write_text(text)
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", "import lumix"],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("metadata", [{}, {"RECORD": "lumix/__init__.py,,\n"}, {"top_level_txt": "lumix\n"}])
def test_another_distribution_that_provides_lumix_is_named(tmp_path: Path, metadata: dict[str, str]) -> None:
    done = import_beside(tmp_path, **metadata)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"ImportError: Two installed distributions provide the module 'lumix': lumix-modeling, which is imported from "
        f"{Path(lumix.__file__).parent}, and lumix-opt, which is installed in {tmp_path}. "
        "One hides or overwrites files of the other, so names would be missing or wrong. "
        "Use a virtual environment of its own for each. "
        "Or keep one: uninstall both (pip uninstall lumix-opt lumix-modeling), since they may share files, "
        "and install the one that you use again."
    )


@pytest.mark.parametrize("metadata", [{"RECORD": "other/__init__.py,,\n_lumix.pth,,\n"}, {"top_level_txt": "other\n"}])
def test_another_distribution_that_provides_other_modules_is_no_matter(
    tmp_path: Path, metadata: dict[str, str]
) -> None:
    done = import_beside(tmp_path, **metadata)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("module", ["sensitivity", "whatif"])
def test_another_distribution_that_has_overwritten_files_is_named(tmp_path: Path, module: str) -> None:
    """As lumix-opt does where it is installed later: its lumix/__init__.py finds our package in place of its module."""
    shutil.copytree(Path(lumix.__file__).parent, tmp_path / "lumix")
    (tmp_path / "lumix" / "__init__.py").write_text("import lumix.analysis")
    (tmp_path / "lumix" / "analysis" / "__init__.py").write_text(f"from lumix.analysis.{module} import LXTheirs")

    done = import_beside(tmp_path, RECORD="lumix/__init__.py,,\n")

    assert done.returncode == 1
    assert "ImportError: Two installed distributions provide the module 'lumix': lumix-modeling" in done.stderr
    assert f"and lumix-opt, which is installed in {tmp_path}." in done.stderr
