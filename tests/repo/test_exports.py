"""What authors of adapters and solvers import: every name that a seam exports says what it is."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PACKAGES = ("rows", "plugins")


def exported() -> Iterator[Any]:
    for package in PACKAGES:
        module = importlib.import_module(f"lumix_core.{package}")
        yield from (pytest.param(module, name, id=f"{package}.{name}") for name in module.__all__)


@pytest.mark.parametrize(("package", "name"), list(exported()))
def test_an_exported_name_has_a_docstring(package: Any, name: str) -> None:
    assert documentation(package, name)


@pytest.mark.parametrize("package", PACKAGES)
def test_all_that_a_package_imports_is_exported(package: str) -> None:
    module = importlib.import_module(f"lumix_core.{package}")

    assert sorted(module.__all__) == sorted(sources(module))


def documentation(package: Any, name: str) -> str | None:
    """What is written about a class or a function in it, and of anything else below it."""
    body = statements(sources(package)[name])
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return ast.get_docstring(node)
    position = next(i for i, one in enumerate(body) if name in assigned(one))
    after = body[position + 1]
    is_text = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
    return str(after.value.value) if is_text else None  # type: ignore[attr-defined]


def sources(package: Any) -> dict[str, Any]:
    """The modules that the names of a package are imported from."""
    return {
        alias.name: importlib.import_module(node.module)
        for node in statements(package)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def statements(module: Any) -> list[ast.stmt]:
    return ast.parse(Path(module.__file__).read_text()).body


def assigned(statement: ast.stmt) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return [one.id for one in targets if isinstance(one, ast.Name)]
