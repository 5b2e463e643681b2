"""Features of row adapters: declared, or taken from what an adapter has that declares none."""

from __future__ import annotations

import copy
import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lumix_core import LXModel, LXVariable
from lumix_core.errors import LXPluginWarning, LXSourceError
from lumix_core.plugins.registry import Registry
from lumix_core.rows import (
    AwaitedQuery,
    BaseRowAdapter,
    ColumnQuery,
    KeepingQuery,
    LXRowFeature,
    ReaderQuery,
    ReasonedQuery,
    RefreshingQuery,
    ReleasingAdapter,
    RowAdapter,
    RowClass,
    RowQuery,
    SnapshotQuery,
    WritingAdapter,
    features_of,
    registry,
)
from lumix_core.rows.features import OF_ADAPTERS, OF_QUERIES
from lumix_core.rows.sources import QuerySource
from lumix_core.testing import RowAdapterConformance
from tests.core.testing import full_toy as toys

PROTOCOLS: dict[LXRowFeature, type] = {
    LXRowFeature.COLUMNS: ColumnQuery,
    LXRowFeature.READERS: ReaderQuery,
    LXRowFeature.KEEPING: KeepingQuery,
    LXRowFeature.REASONS: ReasonedQuery,
    LXRowFeature.SNAPSHOTS: SnapshotQuery,
    LXRowFeature.AWAITED: AwaitedQuery,
    LXRowFeature.REFRESHING: RefreshingQuery,
    LXRowFeature.AWAITED: AwaitedQuery,
    LXRowFeature.RELEASE: ReleasingAdapter,
    LXRowFeature.WRITING: WritingAdapter,
}


class Stranger:
    """An adapter as it was written before there were features: it has names, and derives from nothing."""

    def __init__(self) -> None:
        adapter = toys.FullToyAdapter()
        for name in dir(adapter):
            if not name.startswith("_") and name != "features":
                setattr(self, name, getattr(adapter, name))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


class ReadsOnly:
    """One that only has what every adapter needs."""

    name = "reads only"

    def __init__(self) -> None:
        self._adapter = toys.FullToyAdapter()
        for name in ("owns", "is_handle", "primary_key", "load", "values", "plain"):
            setattr(self, name, getattr(self._adapter, name))

    def row_class(self, cls: type) -> RowClass:
        return replace(self._adapter.row_class(cls), columns=frozenset(), related={})

    def query(self, target: object, handle: object | None) -> Any:
        query = self._adapter.query(target, handle)
        return None if query is None else PlainQuery(query)


class PlainQuery:
    def __init__(self, query: Any) -> None:
        self.row_type, self.identity, self.rows = query.row_type, query.identity, query.rows


class Least(BaseRowAdapter):
    """As little as an adapter can define."""

    name = "least"
    handles = (Path,)

    def owns(self, cls: type) -> bool:
        return cls is Row

    def row_class(self, cls: type) -> RowClass:
        return RowClass(cls, ("code", "price"), ("code",))

    def query(self, target: object, handle: object | None) -> RowQuery | None:
        return None


class Row:
    def __init__(self, **values: Any) -> None:
        vars(self).update(values)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(registry, "_SHARED", _Only(Stranger()))
    world = toys.PlanningToyWorld(tmp_path / "toy.db")
    yield world
    world.close()


class _Only:
    """What stands for the registry: one adapter."""

    def __init__(self, adapter: Any) -> None:
        self.adapter = adapter

    def in_use(self) -> tuple[Any, ...]:
        return (self.adapter,)

    def owner_of(self, cls: type) -> Any:
        return self.adapter if self.adapter.owns(cls) else None


class TestAStranger(RowAdapterConformance):
    @pytest.fixture
    def adapter(self) -> Any:
        return Stranger()

    @pytest.fixture
    def world(self, world: Any) -> Any:
        return world


class TestAStrangerThatReadsOnly(RowAdapterConformance):
    @pytest.fixture
    def adapter(self) -> Any:
        return ReadsOnly()

    @pytest.fixture
    def world(self, world: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
        monkeypatch.setattr(registry, "_SHARED", _Only(ReadsOnly()))
        return world


@pytest.mark.parametrize("feature", LXRowFeature)
def test_a_feature_is_what_its_protocol_describes(feature: LXRowFeature) -> None:
    needed = {**OF_QUERIES, **OF_ADAPTERS}[feature]
    described = {name for name in dir(PROTOCOLS[feature]) if not name.startswith("_")}

    assert set(needed) == described - {"name", "row_type", "identity", "rows"}


def test_declared_features_count(world: Any) -> None:
    adapter = toys.FullToyAdapter()
    adapter.features = frozenset({LXRowFeature.COLUMNS})

    assert features_of(adapter, adapter.query(world.Product, world.handle)) == {LXRowFeature.COLUMNS}


def test_without_a_declaration_they_are_what_adapter_and_query_have(world: Any) -> None:
    adapter = Stranger()

    assert features_of(adapter) == {LXRowFeature.WRITING}
    assert features_of(adapter, adapter.query(world.Product, world.handle)) == toys.FullToyAdapter.features


def test_they_are_found_out_once_for_each_source(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    attribute = Stranger.__getattr__
    monkeypatch.setattr(Stranger, "__getattr__", lambda self, name: asked.append(name) or attribute(self, name))
    adapter = Stranger()
    source = QuerySource(adapter, adapter.query(world.Product, world.handle))

    assert source.features is source.features
    assert asked.count("features") == 1


def test_the_least_adapter_is_an_adapter() -> None:
    adapter = Least()
    row = Row(code=7, other=1)

    assert isinstance(adapter, RowAdapter)
    assert adapter.features == frozenset()
    assert adapter.primary_key(Row) == ("code",)
    assert adapter.values(row) == {"code": 7}
    assert adapter.plain([]) is NotImplemented
    assert (adapter.is_handle(Path()), adapter.is_handle(row)) == (True, False)
    adapter.load([row])
    assert vars(row) == {"code": 7, "other": 1}


@pytest.mark.parametrize("name", ["owns", "row_class", "query"])
def test_what_has_no_default_must_be_defined(name: str) -> None:
    lacking = type("Lacking", (Least,), {name: getattr(BaseRowAdapter, name)})

    with pytest.raises(TypeError, match=name):
        lacking()


class OtherQueries(toys.FullToyAdapter):  # type: ignore[misc]
    """An adapter derived from another, which declares features of queries that it does not return."""

    query = ReadsOnly.query

    def __init__(self) -> None:
        self._adapter = toys.FullToyAdapter()


def test_a_query_that_lacks_what_is_declared_is_read_as_rows(world: Any) -> None:
    world.fill(2)
    x = LXVariable[Any, float]("x").from_model(world.Product, world.handle, adapter=OtherQueries())
    model = LXModel("plan").add_variable(x.bounds(0, lambda product: product.price))

    assert model.compile().upper.tolist() == [1.0, 2.0]
    assert copy.deepcopy(model).compile().upper.tolist() == [1.0, 2.0]
    with pytest.raises(LXSourceError, match="snapshot=True"):
        model.compile(snapshot=True)


def test_a_registered_adapter_that_lacks_what_its_features_need_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = tmp_path / "lumix_tiny-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: lumix-tiny\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[lumix]\ntiny = lumix_tiny\n")
    (tmp_path / "lumix_tiny.py").write_text(
        "from lumix_core.plugins import hookimpl\n"
        "from lumix_core.rows import LXRowFeature\n"
        "from lumix_core.testing.rows.toy import ToyAdapter\n"
        "class TinyAdapter(ToyAdapter):\n"
        "    features = frozenset({LXRowFeature.WRITING, LXRowFeature.RELEASE})\n"
        "    def release(self, rows): ...\n"
        "    def writing(self, handle, tables): ...\n"
        "@hookimpl\n"
        "def lumix_row_adapters(register):\n"
        "    register('tiny', 'lumix_tiny:TinyAdapter', requires='lumix_tiny', install='pip install lumix-tiny')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("LUMIX_PLUGINS", "tiny")
    importlib.invalidate_caches()
    plugins = Registry()

    with pytest.warns(LXPluginWarning):
        adapters = registry.RowAdapters(plugins).in_use()
    sys.modules.pop("lumix_tiny")

    (one,) = plugins.registrations()
    assert adapters == ()
    assert one.reason == (
        "'lumix_tiny:TinyAdapter' makes an object without 'written_table', 'instance_values', which its features need. "
        "Add what lumix_core.rows.LXRowFeature describes, take the features off, or upgrade lumix-tiny"
    )
