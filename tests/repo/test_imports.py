"""Who may import whom: read from the source, so that an import that no test runs counts too."""

from __future__ import annotations

import ast
import importlib
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = ("lumix", "lumix_core", "lumix_sqlalchemy", "lumix_django", "lumix_solvers")
CORE = ROOT / "lumix_core" / "src" / "lumix_core"

# The packages of the core: each imports only those above it, type-checking and deferred imports included.
PACKAGES = ("errors", "problem", "plugins", "rows", "formulas", "copying", "language", "compiler", "solver", "testing")

# What imports against that order, inside of functions or for a type checker, each with its reason.
UPWARDS = {
    ("language", "compiler"): "a model compiles and explains itself, and a family reads its rows, when it is asked to",
    ("language", "solver"): "a model checks a plan when it is given one, with the tolerances for solvers",
    ("rows", "copying"): "a part of a model and a detached row are copied through the protocol that knows all of them",
}

# What adapters, solvers and lumix may import of the core: what these modules export.
SURFACE = {
    "lumix_sqlalchemy": {"errors", "plugins", "rows"},
    "lumix_django": {"errors", "plugins", "rows"},
    "lumix_solvers": {"errors", "plugins", "problem", "solver"},
    "lumix": {*PACKAGES} - {"compiler", "testing"} | {"compiler.overrides"},
}

# Libraries that only an adapter or a solver may import.
ORMS = ("sqlalchemy", "sqlmodel", "django", "peewee", "pony", "tortoise")
SOLVERS = (
    "highspy",
    "pulp",
    "ortools",
    "gurobipy",
    "cplex",
    "pyscipopt",
    "swiglpk",
    "xpress",
    "mosek",
    "cvxpy",
    "pyomo",
    "scipy",
)
FOREIGN = ORMS + SOLVERS


@dataclass(frozen=True)
class Import:
    """An import: the module as written, its names, and whether it waits in a function or is for type checkers only."""

    module: str
    names: tuple[str, ...]
    deferred: bool
    typing: bool
    line: int

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]


def imports(path: Path) -> list[Import]:
    """The imports of a module that run, at once or in a function."""
    return [one for one in all_imports(path) if not one.typing]


def all_imports(path: Path) -> list[Import]:
    """The imports of a module, with those that only a type checker sees."""
    return list(_imports(ast.parse(path.read_text()), deferred=False, typing=False))


def _imports(node: ast.AST, deferred: bool, typing: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, (), deferred, typing, node.lineno) for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"line {node.lineno}: write the import with the package's name"
        yield Import(node.module or "", tuple(alias.name for alias in node.names), deferred, typing, node.lineno)
    deferred = deferred or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        for child in node.body:
            yield from _imports(child, deferred, True)
        for child in node.orelse:
            yield from _imports(child, deferred, typing)
        return
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, deferred, typing)


def sources(distribution: str) -> list[Path]:
    return sorted((ROOT / distribution / "src").rglob("*.py"))


def package_of(path: Path) -> str:
    """The package that a module of the core is in; that of `__init__` is the root."""
    return path.relative_to(CORE).parts[0].removesuffix(".py")


def module_name(path: Path) -> str:
    """The name of a module as it is imported."""
    parts = path.relative_to(next(one for one in path.parents if one.name == "src")).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_the_core_has_these_packages_and_no_other_modules() -> None:
    found = {package_of(path) for path in sources("lumix_core")}

    assert found == {*PACKAGES, "__init__"}


def upwards(importer: str, one: Import) -> bool:
    """Whether an import goes against the order of the packages, as it may."""
    pair = tuple(module.partition(".")[2].partition(".")[0] for module in (importer, one.module))
    return pair in UPWARDS and (one.deferred or one.typing)


@pytest.mark.parametrize("path", sources("lumix_core"), ids=lambda path: str(path.relative_to(CORE)))
def test_a_package_of_the_core_imports_those_above_it(path: Path) -> None:
    own = package_of(path)
    allowed = PACKAGES[: PACKAGES.index(own) + 1] if own in PACKAGES else PACKAGES

    against = [
        f"line {one.line}: {one.module}"
        for one in all_imports(path)
        if one.top.startswith("lumix")
        and one.module.partition(".")[2].partition(".")[0] not in allowed
        and not upwards(module_name(path), one)
    ]

    assert against == []


@pytest.mark.parametrize("distribution", ["lumix_core", "lumix"])
def test_no_modules_import_each_other_in_a_circle(distribution: str) -> None:
    names = {module_name(path): path for path in sources(distribution)}
    graph = {
        name: {target for one in all_imports(path) if not upwards(name, one) for target in _targets(one, names)}
        - {name}
        for name, path in names.items()
        if path.name != "__init__.py"
    }

    assert circle_in(graph) == []


def _targets(one: Import, names: Mapping[str, Path]) -> Iterator[str]:
    """The modules that an import names."""
    yield from (f"{one.module}.{name}" for name in one.names if f"{one.module}.{name}" in names)
    yield from [one.module] if one.module in names else []


@pytest.mark.parametrize("distribution", SURFACE)
def test_others_import_of_the_core_only_what_its_packages_export(distribution: str) -> None:
    allowed = {"lumix_core", *(f"lumix_core.{name}" for name in SURFACE[distribution])}

    found = {one.module for path in sources(distribution) for one in all_imports(path) if one.top == "lumix_core"}

    assert found - allowed == set()


@pytest.mark.parametrize("name", ["rows", "solver", "problem", "plugins", "testing"])
def test_a_package_exports_what_it_lists(name: str) -> None:
    package = importlib.import_module(f"lumix_core.{name}")

    assert [one for one in package.__all__ if not hasattr(package, one)] == []
    assert sorted(package.__all__) == sorted(set(package.__all__))


@pytest.mark.parametrize("path", sources("lumix_core"), ids=lambda path: str(path.relative_to(CORE)))
def test_the_core_imports_no_orm_and_no_solver(path: Path) -> None:
    assert [one for one in imports(path) if one.top in FOREIGN] == []


@pytest.mark.parametrize("path", sources("lumix_core"), ids=lambda path: str(path.relative_to(CORE)))
def test_the_core_asks_for_no_orm_and_no_solver_by_name(path: Path) -> None:
    """A string that is just the dotted name of a library is there to be compared, looked up or imported."""
    library = re.compile(rf"({'|'.join(FOREIGN)})(\.\w+)*\.?")

    found = [
        f"line {node.lineno}: {node.value!r}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and library.fullmatch(node.value)
    ]

    assert found == []


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_a_distribution_imports_what_it_declares(distribution: str) -> None:
    declared = {distribution, "lumix_core", *declared_packages(distribution), *declared_packages("lumix_core")}

    undeclared = {
        f"{path.name}, line {one.line}: {one.module}"
        for path in sources(distribution)
        for one in imports(path)
        if not one.deferred
        and one.top not in sys.stdlib_module_names
        and one.top not in declared
        and not ("testing" in path.parts and one.top == "pytest")
    }

    assert undeclared == set()


@pytest.mark.parametrize("distribution", ["lumix_sqlalchemy", "lumix_django", "lumix_solvers"])
def test_of_lumix_an_adapter_imports_only_the_core(distribution: str) -> None:
    found = {one.top for path in sources(distribution) for one in imports(path) if one.top.startswith("lumix")}

    assert found <= {"lumix_core", distribution}


@pytest.mark.parametrize("path", sources("lumix_solvers"), ids=lambda path: path.name)
def test_solvers_import_native_libraries_on_use_only(path: Path) -> None:
    at_once = [one.module for one in imports(path) if one.top in native_packages() and not one.deferred]

    assert at_once == []


@pytest.mark.parametrize("path", sources("lumix_solvers"), ids=lambda path: path.name)
def test_a_solver_imports_no_native_library_of_another(path: Path) -> None:
    assert len({one.top for one in imports(path)} & native_packages()) <= 1


def circle_in(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


def declared_packages(distribution: str) -> set[str]:
    """The packages that a distribution always needs, as they are imported."""
    return set(map(package, project(distribution)["dependencies"]))


def native_packages() -> set[str]:
    """The packages that the extras of lumix-solvers bring."""
    extras = project("lumix_solvers")["optional-dependencies"].values()
    return {package(one) for extra in extras for one in extra} - {"lumix_solvers"}


def project(distribution: str) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / distribution / "pyproject.toml").read_text())["project"]
    return found


def package(requirement: str) -> str:
    return re.split(r"[^\w-]", requirement)[0].replace("-", "_")


def test_one_module_reads_bytecode() -> None:
    """A new Python has other instructions: there is one place to look at then."""
    readers = {
        path.relative_to(CORE).as_posix()
        for path in sources("lumix_core")
        if any(one.top in ("dis", "opcode") for one in all_imports(path)) or "co_code" in path.read_text()
    }

    assert readers == {"formulas/bytecode.py"}
