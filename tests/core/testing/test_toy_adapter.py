"""The toy adapter, a whole one over bare sqlite3, against the conformance kit."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from lumix_core import LXVariable
from lumix_core.errors import LXSourceError
from lumix_core.plugins.registry import Registry
from lumix_core.rows import registry
from lumix_core.testing import RowAdapterConformance
from lumix_core.testing.rows import toy
from lumix_core.testing.rows.toy import ToyAdapter
from lumix_core.testing.rows.toy_world import Product, ToyWorld

PLUGIN = """
from lumix_core.plugins import hookimpl

lumix_seam = "1.0"

@hookimpl
def lumix_row_adapters(register):
    register("toy", "lumix_core.testing.rows.toy:ToyAdapter", requires="sqlite3", install="pip install lumix-toy")
"""


@pytest.fixture(autouse=True)
def registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a distribution that registers the toy, and look for plugins anew."""
    metadata = tmp_path / "lumix_toy-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: lumix-toy\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[lumix]\ntoy = lumix_toy_plugin\n")
    (tmp_path / "lumix_toy_plugin.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    monkeypatch.setattr(registry, "_SHARED", registry.RowAdapters(Registry()))


@pytest.fixture
def world() -> Iterator[ToyWorld]:
    world = ToyWorld()
    yield world
    world.close()


class TestToyAdapter(RowAdapterConformance):
    @pytest.fixture
    def adapter(self) -> ToyAdapter:
        return ToyAdapter()

    @pytest.fixture
    def world(self, world: ToyWorld) -> ToyWorld:
        return world


def test_it_is_found_by_the_class(world: ToyWorld) -> None:
    assert isinstance(registry.adapter_for(Product), ToyAdapter)
    assert registry.adapter_for(int) is None


def test_it_is_under_a_hundred_lines() -> None:
    assert len(Path(toy.__file__).read_text().splitlines()) < 100


def test_a_class_without_a_connection_is_refused() -> None:
    with pytest.raises(LXSourceError, match=r"'x'.*Write \.from_model\(Product, connection\)"):
        LXVariable[Product, float]("x").from_model(Product)


def test_rows_of_two_connections_are_loaded_each_in_its_own() -> None:
    first, second = ToyWorld(), ToyWorld()
    first.fill(1)
    second.fill(2)
    second.handle.execute("UPDATE Category SET markup = 9")
    rows = [*toy.select(Product, first.handle), *toy.select(Product, second.handle)]

    ToyAdapter().load(rows, {"category"})
    first.close()
    second.close()

    assert [row.category.markup for row in rows] == [1.5, 9.0, 9.0]
