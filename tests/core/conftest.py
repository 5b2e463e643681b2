"""Compiled problems by the names of their rows and columns, the words of errors, and plugins, for the core's tests."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from lumix_core import LXModel, LXProblem
from tests.core.distributions import (
    ADAPTER,
    Plugins,
    adapter_hook,
    link_package,
    run_python,
    tiny_orm,
    write_distribution,
)

pytest.register_assert_rewrite("tests.core.formulas.traced")

Row = dict[str, float]


class Compiled:
    """What a model is compiled to, by name: ``compiled(model).rows["hours[1]"]["production[3]"]``."""

    def __init__(self, model: LXModel) -> None:
        self.problem: LXProblem = model.compile()

    @property
    def columns(self) -> list[str]:
        return [self.problem.column_name(j) for j in range(self.problem.num_variables)]

    @property
    def rows(self) -> dict[str, Row]:
        """The nonzeros of every row."""
        problem, columns = self.problem, self.columns
        rows: dict[str, Row] = {}
        for i in range(problem.num_constraints):
            span = slice(problem.row_starts[i], problem.row_starts[i + 1])
            cells = zip(problem.columns[span].tolist(), problem.coefficients[span].tolist(), strict=True)
            rows[problem.row_name(i)] = {columns[j]: value for j, value in cells}
        return rows

    @property
    def sides(self) -> dict[str, tuple[float, float]]:
        """The lower and upper side of every row."""
        sides = zip(self.problem.row_lower.tolist(), self.problem.row_upper.tolist(), strict=True)
        return {self.problem.row_name(i): side for i, side in enumerate(sides)}

    @property
    def bounds(self) -> dict[str, tuple[float, float]]:
        """The lower and upper bound of every column."""
        bounds = zip(self.problem.lower.tolist(), self.problem.upper.tolist(), strict=True)
        return dict(zip(self.columns, bounds, strict=True))

    @property
    def objective(self) -> Row:
        """The columns that stand in the objective."""
        costs = zip(self.columns, self.problem.objective.tolist(), strict=True)
        return {name: cost for name, cost in costs if cost}

    @property
    def integers(self) -> list[str]:
        """The columns that must be whole."""
        return [name for name, whole in zip(self.columns, self.problem.integer, strict=True) if whole]


@pytest.fixture
def compiled() -> Callable[[LXModel], Compiled]:
    """Compile a model and show it by name."""
    return Compiled


@pytest.fixture
def error_text() -> Callable[..., str]:
    """Return the words of the error that a call raises: ``error_text(LXModelError, call, argument)``."""

    def text(error: type[Exception], call: Callable[..., Any], *arguments: Any) -> str:
        with pytest.raises(error) as caught:
            call(*arguments)
        # An error of a subclass would be caught too: the test means this one.
        assert caught.type is error
        return str(caught.value)

    return text


Install = Callable[..., None]
Run = Callable[..., str]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path of this process, whose modules are forgotten afterwards."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def install(site: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution into this process; only those installed so are loaded."""
    loaded: list[str] = []

    def install_one(name: str, plugin: str, entry_point: str | None = None, **modules: str) -> None:
        write_distribution(site, name, plugin, entry_point, **modules)
        loaded.append(entry_point or name.removeprefix("lumix-"))
        monkeypatch.setenv("LUMIX_PLUGINS", ",".join(loaded))
        importlib.invalidate_caches()

    return install_one


@pytest.fixture
def run_alone(tmp_path: Path) -> Run:
    """Run code in a process that has the core, what the core needs, and what is in ``tmp_path / "site"``."""
    links = tmp_path / "links"
    links.mkdir()
    for package in ("numpy", "pluggy", "cloudpickle", "lumix_core"):
        link_package(package, links)

    def run(code: str) -> str:
        path = os.pathsep.join([str(links), str(tmp_path / "site")])
        return run_python("-S", "-c", dedent(code), PYTHONPATH=path)

    return run


@pytest.fixture
def plugins(site: Path, install: Install) -> Plugins:
    """Plugins with the tiny adapter in use."""
    tiny_orm(site)
    install("lumix-tiny", adapter_hook(), adapter=ADAPTER)
    importlib.import_module("tinyorm")
    return Plugins()
