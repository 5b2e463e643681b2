"""The adapters that a stranger could have written, against the kits; registered as installed packages would be."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from lumix_core.plugins import registry as plugins
from lumix_core.rows import registry
from lumix_core.testing.solvers import statuses

ADAPTERS = Path(__file__).parents[2] / "examples" / "adapters"
PACKAGES = ("lumix_scipy", "lumix_peewee")
PUBLIC = {"lumix_core", *(f"lumix_core.{room}" for room in ("errors", "plugins", "problem", "rows", "solver"))}

sys.path[:0] = [str(ADAPTERS / package / "src") for package in PACKAGES]


def module_of(package: str, name: str) -> Any:
    """Return the tests that come with a package."""
    spec = importlib.util.spec_from_file_location(name, ADAPTERS / package / "tests" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where pickles find its classes
    spec.loader.exec_module(module)
    return module


def install(package: str, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install what the package's own pyproject.toml says, and look for plugins anew."""
    project = tomllib.loads((ADAPTERS / package / "pyproject.toml").read_text())["project"]
    metadata = site / f"{package}-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 0.1.0\n")
    points = "\n".join(f"{name} = {target}" for name, target in project["entry-points"]["lumix"].items())
    (metadata / "entry_points.txt").write_text(f"[lumix]\n{points}\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setattr(plugins, "REGISTRY", plugins.Registry())
    monkeypatch.setattr(registry, "_SHARED", registry.RowAdapters(plugins.REGISTRY))


@pytest.mark.thorough
class TestScipySolver(module_of("lumix_scipy", "test_scipy_solver").TestScipySolver):  # type: ignore[misc]
    @pytest.fixture(autouse=True)
    def registered(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        install("lumix_scipy", tmp_path, monkeypatch)

    @pytest.fixture(autouse=True)
    def impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Wait less for runs of which it is known that they do not hear Ctrl-C."""
        importlib.import_module("scipy.optimize")
        monkeypatch.setattr(statuses, "PATIENCE", 2.0)


class TestPeeweeAdapter(module_of("lumix_peewee", "test_peewee_adapter").TestPeeweeAdapter):  # type: ignore[misc]
    @pytest.fixture(autouse=True)
    def registered(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        install("lumix_peewee", tmp_path, monkeypatch)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_under_a_hundred_lines_and_imports_what_is_public(package: str) -> None:
    texts = [path.read_text() for path in (ADAPTERS / package / "src" / package).glob("*.py")]
    nodes = [node for text in texts for node in ast.walk(ast.parse(text))]
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and str(node.module).startswith("lumix")]
    whole = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]

    assert sum(bool(line.strip()) for text in texts for line in text.splitlines()) < 100
    assert {node.module for node in imports} <= PUBLIC
    assert not [name for name in whole if name.startswith("lumix")]
    for node in imports:
        public = importlib.import_module(str(node.module))
        assert {alias.name for alias in node.names} <= {*getattr(public, "__all__", vars(public))}
