"""Adapters for rows are made once their ORM is imported, and asked once for each class."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import sys
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from lumix_core.errors import LXPluginWarning
from lumix_core.rows.adapter import RowAdapter
from tests.core.distributions import ADAPTER, Plugins, adapter_hook, tiny_orm

Install = Callable[..., None]


def test_an_adapter_is_not_imported_before_its_orm(site: Path, install: Install) -> None:
    tiny_orm(site)
    install("lumix-tiny", adapter_hook(), adapter=ADAPTER)

    adapters = Plugins().row_adapters()

    assert adapters == []
    assert "lumix_tiny.adapter" not in sys.modules
    assert "tinyorm" not in sys.modules


def test_an_adapter_is_there_once_its_orm_is_imported(site: Path, install: Install) -> None:
    tiny_orm(site)
    install("lumix-tiny", adapter_hook(), adapter=ADAPTER)
    plugins = Plugins()
    plugins.row_adapters()

    importlib.import_module("tinyorm")

    assert [one.name for one in plugins.row_adapters()] == ["tiny"]


def test_only_the_adapters_of_imported_orms_are_made(site: Path, install: Install) -> None:
    tiny_orm(site)
    install("lumix-tiny", adapter_hook(), adapter=ADAPTER)
    install("lumix-other", adapter_hook("lumix_other:absent", "otherorm").replace("'tiny'", "'other'"))
    importlib.import_module("tinyorm")

    adapters = Plugins().row_adapters()

    assert [one.name for one in adapters] == ["tiny"]


def asked(plugins: Plugins) -> list[type]:
    (adapter,) = plugins.row_adapters()
    return adapter.asked  # type: ignore[attr-defined, no-any-return]


def test_an_adapter_is_made_once(plugins: Plugins) -> None:
    (first,) = plugins.row_adapters()
    (second,) = plugins.row_adapters()

    assert first is second


def test_the_adapter_of_a_class_is_the_one_that_owns_it(plugins: Plugins) -> None:
    mapped = type("Product", (), {"tiny_table": "products"})

    adapter = plugins.adapter_for(mapped)

    assert isinstance(adapter, RowAdapter)
    assert adapter.name == "tiny"


def test_a_class_that_no_orm_maps_has_no_adapter(plugins: Plugins) -> None:
    assert plugins.adapter_for(int) is None


@pytest.mark.parametrize("elements", [{}, {"tiny_table": "products"}])
def test_adapters_are_asked_once_for_each_class(plugins: Plugins, elements: dict[str, str]) -> None:
    row_type = type("Product", (), elements)

    plugins.adapter_for(row_type)
    plugins.adapter_for(row_type)

    assert asked(plugins) == [row_type]


def test_a_class_is_asked_about_again_when_an_orm_is_imported_later(site: Path, install: Install) -> None:
    tiny_orm(site)
    install("lumix-tiny", adapter_hook(), adapter=ADAPTER)
    plugins = Plugins()
    mapped = type("Product", (), {"tiny_table": "products"})
    before = plugins.adapter_for(mapped)

    importlib.import_module("tinyorm")

    assert before is None
    assert plugins.adapter_for(mapped) is not None


def test_a_class_that_is_mapped_later_gets_its_adapter(plugins: Plugins) -> None:
    row_type = type("Product", (), {})
    before = plugins.adapter_for(row_type)

    row_type.tiny_table = "products"  # type: ignore[attr-defined]

    assert before is None
    assert plugins.adapter_for(row_type) is not None


def test_asking_keeps_no_class_alive(plugins: Plugins) -> None:
    row_type = type("Product", (), {})
    plugins.adapter_for(row_type)
    asked(plugins).clear()
    reference = weakref.ref(row_type)

    del row_type
    gc.collect()

    assert reference() is None


def test_an_adapter_that_fails_is_warned_of_once_and_listed(site: Path, install: Install) -> None:
    tiny_orm(site)
    install("lumix-tiny", adapter_hook(), adapter="raise RuntimeError('tinyorm 3 is too old')")
    importlib.import_module("tinyorm")
    plugins = Plugins()

    with pytest.warns(LXPluginWarning) as caught:
        plugins.row_adapters()
    plugins.row_adapters()

    (found,) = plugins.registrations()
    assert (found.state, found.reason) == ("broken", "RuntimeError: tinyorm 3 is too old")
    assert [str(one.message) for one in caught] == [
        "Row adapter 'tiny' of plugin 'tiny' of lumix-tiny 1.0 could not be loaded: "
        "RuntimeError: tinyorm 3 is too old. LumiX goes on without what it brings. "
        "Repair or uninstall lumix-tiny, or leave it out with LUMIX_PLUGINS."
    ]


def test_an_adapter_that_fails_leaves_the_others_in_use(plugins: Plugins, install: Install) -> None:
    install("lumix-other", adapter_hook("lumix_other:absent").replace("'tiny'", "'other'"))

    with pytest.warns(LXPluginWarning, match="There is no 'lumix_other:absent'"):
        adapters = plugins.row_adapters()

    assert [one.name for one in adapters] == ["tiny"]


def test_an_adapter_that_lacks_a_method_is_broken(site: Path, install: Install) -> None:
    tiny_orm(site)
    install("lumix-tiny", adapter_hook(), adapter=ADAPTER.replace("(RowAdapter)", ""))
    importlib.import_module("tinyorm")

    with pytest.warns(LXPluginWarning, match="makes an object without 'is_handle', .* every row adapter needs"):
        adapters = Plugins().row_adapters()

    assert adapters == []


FAILING = """
    def owns(self, cls):
        raise ZeroDivisionError('division by zero')
"""


def test_an_adapter_whose_owns_fails_is_named_once_and_owns_nothing(site: Path, install: Install) -> None:
    tiny_orm(site)
    install("lumix-tiny", adapter_hook(), adapter=ADAPTER + FAILING)
    importlib.import_module("tinyorm")
    plugins = Plugins()

    with pytest.warns(LXPluginWarning) as caught:
        owners = [plugins.adapter_for(cls) for cls in (int, str)]

    assert owners == [None, None]
    assert [str(one.message) for one in caught] == [
        "Row adapter 'tiny' of plugin 'tiny' of lumix-tiny 1.0 does not keep to the rules: owns() failed for int with "
        "ZeroDivisionError: division by zero. LumiX goes on as if it knew nothing of that. "
        "Repair or uninstall lumix-tiny, or leave it out with LUMIX_PLUGINS."
    ]
    (found,) = plugins.registrations()
    assert (found.state, found.reason) == ("broken", "owns() failed for int with ZeroDivisionError: division by zero")


def test_an_adapter_that_fails_for_one_class_owns_the_others(site: Path, install: Install) -> None:
    tiny_orm(site)
    odd = ADAPTER.replace("self.asked.append(cls)", "self.asked.append(cls.__name__ if cls is not int else 1 / 0)")
    install("lumix-tiny", adapter_hook(), adapter=odd)
    importlib.import_module("tinyorm")
    plugins = Plugins()

    with pytest.warns(LXPluginWarning, match="failed for int"):
        plugins.adapter_for(int)

    assert plugins.adapter_for(type("Product", (), {"tiny_table": "products"})) is not None
