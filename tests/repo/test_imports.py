"""Who may import whom: read from the source, so that an import that no test runs counts too."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = ("lumix", "lumix_core", "lumix_sqlalchemy", "lumix_django", "lumix_solvers")
CORE = ROOT / "lumix_core" / "src" / "lumix_core"

# The rooms of the core, from the top down. A module imports from its own layer or from those below.
LAYERS = {
    "public": "__init__ testing",
    "writing": "write_back write_statements write_steps write_faults write_orders written_values given_rows",
    "model": "optimizer sessions solution model constraints expressions term_methods variables parameters indexing",
    "changing": "altering recompiling overriding",
    "copying": "pickling copying function_copies object_copies source_copies reaching",
    "compiling": "explaining compiling planning terms picking families",
    "evaluating": "matching ranges axes evaluating results failures batches watching",
    "formulas": "tracing entering mapped symbols conditions lookups codes arithmetic formulas",
    "rows": "rows mentions projecting detached tables standins functions captures plugins entry_points hookspecs",
    "diagnosing": "infeasibility diagnosing filtering plain_conflicts probing elastic",
    "seams": "writers writing snapshots copy_texts",
    "problem": "editing live running verifying tallies options solver changes status "
    "sides problem keys numbers frames stacks asking collector copyable",
    "values": "closing brackets columns orders packing loading senses",
    "errors": "errors",
}

# Imports of the core's own modules inside functions, each with its reason.
DEFERRED = {
    ("rows", "plugins"): "plugins import the row adapters' seam, and are found at the first ORM model",
    ("optimizer", "plugins"): "plugins are found when the first solver is chosen, not at import",
    ("write_statements", "plugins"): "plugins are found at the first class that is written, not at import",
    ("given_rows", "plugins"): "the same",
    ("copyable", "copying"): "every part of a model can be copied, and the copy protocol knows every part",
    ("copyable", "pickling"): "the same; and a program that pickles nothing does not load cloudpickle",
    ("standins", "copying"): "a detached row can be copied by itself, through the protocol that makes it",
    ("standins", "pickling"): "the same",
    ("plugins", "solver"): "a program that chooses no solver does not load the solver seam",
}

# Libraries that only an adapter or a solver may import.
ORMS = ("sqlalchemy", "sqlmodel", "django", "peewee", "pony", "tortoise")
SOLVERS = ("highspy", "pulp", "ortools", "gurobipy", "cplex", "pyscipopt", "xpress", "mosek", "cvxpy", "pyomo", "scipy")
FOREIGN = ORMS + SOLVERS


@dataclass(frozen=True)
class Import:
    """An import that runs: the module as written, its names, and whether it waits in a function."""

    module: str
    names: tuple[str, ...]
    deferred: bool
    line: int

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]


def imports(path: Path) -> list[Import]:
    """The imports of a module, without those that only a type checker sees."""
    return list(_imports(ast.parse(path.read_text()), deferred=False))


def _imports(node: ast.AST, deferred: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, (), deferred, node.lineno) for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"line {node.lineno}: write the import with the package's name"
        yield Import(node.module or "", tuple(alias.name for alias in node.names), deferred, node.lineno)
    deferred = deferred or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in _run(node):
        yield from _imports(child, deferred)


def _run(node: ast.AST) -> list[ast.AST]:
    """The children that run."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return list(node.orelse)
    return list(ast.iter_child_nodes(node))


def sources(distribution: str) -> list[Path]:
    return sorted((ROOT / distribution / "src").rglob("*.py"))


def room(path: Path) -> str:
    """The room that a module of the core is in: its own name, or that of its folder."""
    return path.relative_to(CORE).parts[0].removesuffix(".py")


ROOMS = sorted({room(path) for path in sources("lumix_core")})


def own_imports(path: Path) -> Iterator[tuple[str, Import]]:
    """The rooms of the core that one of its modules imports."""
    for one in imports(path):
        if one.module == "lumix_core":
            yield from ((name if name in ROOMS else "__init__", one) for name in one.names)
        elif one.top == "lumix_core":
            yield one.module.split(".")[1], one


def module_name(path: Path) -> str:
    """The name of a module as it is imported."""
    parts = path.relative_to(next(one for one in path.parents if one.name == "src")).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(name: str) -> int:
    return next(i for i, rooms in enumerate(LAYERS.values()) if name in rooms.split())


def test_every_module_of_the_core_has_its_layer() -> None:
    placed = [name for rooms in LAYERS.values() for name in rooms.split()]

    assert sorted({*placed, "testing"}) == sorted({*ROOMS, "testing"})


@pytest.mark.parametrize("path", sources("lumix_core"), ids=lambda path: str(path.relative_to(CORE)))
def test_the_core_imports_downwards(path: Path) -> None:
    upwards = {
        (room(path), name) for name, one in own_imports(path) if layer_of(name) < layer_of(room(path)) or one.deferred
    }

    assert upwards - DEFERRED.keys() == set()


def test_no_modules_of_the_core_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for path in sources("lumix_core"):
        at_once = {name for name, one in own_imports(path) if not one.deferred}
        graph.setdefault(room(path), set()).update(at_once - {room(path)})

    assert circle_in(graph) == []


def test_no_modules_of_lumix_import_each_other_in_a_circle() -> None:
    names = {module_name(path): path for path in sources("lumix")}
    graph = {
        name: {one.module for one in imports(path) if one.module in names and not one.deferred} - {name}
        for name, path in names.items()
    }

    assert circle_in(graph) == []


def test_imports_inside_functions_of_the_core_have_a_reason() -> None:
    found = {
        (room(path), name)
        for path in sources("lumix_core")
        for name, one in own_imports(path)
        if one.deferred and room(path) != "testing"
    }

    assert found == DEFERRED.keys()


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
