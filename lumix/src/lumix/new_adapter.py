"""The command ``new-adapter``: the package of a solver or of a row adapter, to be filled in."""

from __future__ import annotations

import argparse
import re
from importlib.metadata import version
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from lumix_core.errors import LXOptionError, did_you_mean
from lumix_core.plugins import SEAM, registrations

PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "lumix-$name"
version = "0.1.0"
description = "LumiX for $name"
requires-python = ">=3.11"
dependencies = ["lumix-core~=$core"]  # and the library, with a range of two ends that you tested

[project.optional-dependencies]
test = ["pytest"]

[project.entry-points.lumix]
$name = "lumix_$name.plugin"

[tool.hatch.build.targets.wheel]
packages = ["src/lumix_$name"]
"""

PLUGIN = '''\
"""What is registered; imports no library."""

from lumix_core.plugins import Register, hookimpl

lumix_seam = "$seam"


@hookimpl
def $hook(register: Register) -> None:
    """Register it; ``requires`` is the module that must be installed: name that of the library."""
    register("$name", "lumix_$name.$module:$class_name", requires="lumix_$name", install="pip install lumix-$name")
'''

SOLVER = '''\
"""$class_name, a solver for LumiX."""

from importlib.util import find_spec

from lumix_core.problem import LXProblem
from lumix_core.solver import LXFeature, LXStatus, RawResult, SolverOptions

STATUSES: dict[object, LXStatus] = {}  # fill in: the library's statuses; one that is not here is LXStatus.ERROR


class $class_name:
    """Fill in what follows; ``python -m pydoc lumix_core.solver.Solver`` describes it."""

    name = "$name"
    features: frozenset[LXFeature] = frozenset()  # fill in, one by one: the core refuses what is not here

    def is_available(self) -> bool:
        """Whether the library is installed; it is not imported."""
        return find_spec("lumix_$name") is not None  # fill in: the module of the library

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        """Solve a problem, whose arrays ``python -m pydoc lumix_core.problem.LXProblem`` describes.

        Import the library here, and silence it. Where it only minimises, give it the negative of the objective of a
        problem with ``maximize``. Without a point, return status and raw_status alone; with one, x and
        ``objective=problem.objective_at(x)`` too.
        """
        raise NotImplementedError("Fill in $class_name.solve(): give the arrays to the library, return a RawResult")
'''

SOLVER_TEST = '''\
"""$class_name against the conformance kit."""

import pytest

from lumix_core.testing import SolverConformance
from lumix_$name.$module import $class_name


class Test$class_name(SolverConformance):
    written_for = "$kit"  # the kit that it passes: younger tests that fail are warned of, and raise it then

    @pytest.fixture
    def solver(self) -> $class_name:
        return $class_name()
'''

ORM = '''\
"""$class_name, a row adapter for LumiX."""

from typing import Any

from lumix_core.rows import BaseRowAdapter, RowClass, RowQuery


class $class_name(BaseRowAdapter):
    """Fill in ``handles`` and each method; ``python -m pydoc lumix_core.rows.BaseRowAdapter`` has more."""

    name = "$name"
    handles: tuple[type, ...] = ()  # fill in: the classes of sessions, connections and queries

    def owns(self, cls: type) -> bool:
        """Whether the ORM maps the class; not where ``row_class_of(cls)`` is one: that is a class of copies."""
        return False  # fill in

    def row_class(self, cls: type) -> RowClass:
        """Return the names of the columns and relationships, and of the key."""
        raise NotImplementedError("Fill in $class_name.row_class(): return RowClass(cls, attributes, primary_key)")

    def query(self, target: Any, handle: object | None) -> RowQuery | None:
        """Return an object with row_type, identity and rows(); None for what is not of this ORM."""
        raise NotImplementedError("Fill in $class_name.query(): return a query for the rows of target")
'''

ORM_TEST = '''\
"""$class_name against the conformance kit."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from lumix_core.testing import RowAdapterConformance
from lumix_$name.$module import $class_name


def fill_in(what: str) -> NotImplementedError:
    return NotImplementedError(f"Fill in World.{what}")


class World:
    """Mapped classes and a database; ``python -m pydoc lumix_core.testing.RowWorld`` describes each name."""

    Product: type[Any] = object  # fill in: the mapped class of products
    handle: Any  # what stands for the database in from_model(Product, handle)
    parts_of: Callable[[Any], Iterable[Any]] = staticmethod(lambda product: product.parts)

    def __init__(self, database: Path) -> None:
        raise fill_in("__init__(): map Product, Category and Part, make their tables in a database, set handle")

    @property
    def handles(self) -> Sequence[Any]:
        raise fill_in("handles: one of each kind of session, connection or query, which no copy may hold")

    def fill(self, count: int) -> None:
        raise fill_in("fill(): save products in place of those that are there, and forget them")

    def queries(self) -> AbstractContextManager[list[str]]:
        raise fill_in("queries(): collect the statements that are sent within the block")

    def pending(self) -> object:
        raise fill_in("pending(): what handle has not saved yet; () where the ORM keeps no such thing")

    def save(self, row: Any) -> None:
        raise fill_in("save(): write what was changed in a row")

    def delete(self, key: int) -> None:
        raise fill_in("delete(): delete a product and its parts by SQL, behind the back of handle")

    def orphan(self, key: int) -> None:
        raise fill_in("orphan(): take a product's category away by SQL")

    def close_transaction(self) -> None:
        raise fill_in("close_transaction(): end the transaction of handle, keeping what it wrote")

    def close(self) -> None:
        raise fill_in("close(): close handle and take the database away; a second call does nothing")


class Test$class_name(RowAdapterConformance):
    written_for = "$kit"  # the kit that it passes: younger tests that fail are warned of, and raise it then

    @pytest.fixture
    def adapter(self) -> $class_name:
        return $class_name()

    @pytest.fixture
    def world(self, tmp_path: Path) -> Iterator[World]:
        world = World(tmp_path / "test.db")
        yield world
        world.close()
'''


class Kind(NamedTuple):
    """What is written for one kind of adapter; ``registered`` is what plugins call the kind."""

    registered: str
    hook: str
    module: str
    suffix: str
    code: str
    test: str


KINDS = {
    "solver": Kind("solver", "lumix_solvers", "solver", "Solver", SOLVER, SOLVER_TEST),
    "orm": Kind("row adapter", "lumix_row_adapters", "adapter", "Adapter", ORM, ORM_TEST),
}


def add_new_adapter(commands: Any) -> None:
    """Add ``new-adapter`` to the commands."""
    parser = commands.add_parser("new-adapter", help="write the package of a solver or an ORM, to be filled in")
    parser.add_argument("kind", choices=KINDS, help="what it is for")
    parser.add_argument("name", help="the name that users will write, in small letters")
    parser.set_defaults(run=_run)


def _run(words: argparse.Namespace) -> int:
    folder = write_package(words.kind, words.name, Path.cwd())
    module = KINDS[words.kind].module
    print(f"Wrote {folder.name}/. Now run:\n")
    print(f'  cd {folder.name}\n  pip install -e ".[test]"\n  pytest -x -q --tb=short\n')
    print(f"The test that fails first says what to fill in next, in src/{folder.name}/{module}.py or tests/.")
    return 0


def write_package(kind: str, name: str, where: Path) -> Path:
    """Write a package and return its folder.

    Args:
        kind: ``solver`` or ``orm``.
        name: a word of small letters, digits and underscores.
        where: the folder in which that of the package is made.

    Raises:
        LXOptionError: the kind or the name is no valid one, or the name or the folder is taken.
    """
    if kind not in KINDS:
        raise LXOptionError(f"There is no kind {kind!r} of adapter.{did_you_mean(kind, [*KINDS])} Write solver or orm.")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise LXOptionError(
            f"The name {name!r} is not one of small letters, digits and underscores, as of a module. Choose another."
        )
    for registration in registrations():
        if (registration.kind, registration.name) == (KINDS[kind].registered, name):
            raise LXOptionError(f"{registration} has this name already. Choose another, which no plugin has.")
    folder = where / f"lumix_{name}"
    if folder.exists():
        raise LXOptionError(f"The folder {folder} is there already, and nothing was written. Choose another name.")
    for path, text in _files(kind, name).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def _files(kind: str, name: str) -> dict[str, str]:
    _, hook, module, suffix, code, test = KINDS[kind]
    class_name = name.title().replace("_", "") + suffix
    package = f"src/lumix_{name}"
    numbers = version("lumix-core").split(".")
    core, kit = ".".join(numbers[:3]), ".".join(numbers[:2])
    words = {"name": name, "hook": hook, "module": module, "class_name": class_name, "seam": SEAM, "core": core}
    words |= {"kit": kit}
    texts = {
        "pyproject.toml": PROJECT,
        f"{package}/__init__.py": '"""LumiX for $name."""\n',
        f"{package}/py.typed": "",
        f"{package}/plugin.py": PLUGIN,
        f"{package}/{module}.py": code,
        f"tests/test_{name}.py": test,
    }
    return {path: Template(text).substitute(words) for path, text in texts.items()}
