"""Copies of functions that capture rows, or what a copy cannot hold."""

from __future__ import annotations

import copy
import functools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from lumix_core import LXConstraint, LXLinearExpression, LXVariable
from lumix_core.errors import LXCopyError, LXLateBindingError
from tests.sqlalchemy.copying.mapped import Product, Region, by_cell, over_products, upper

pytestmark = pytest.mark.one_database


def module_level_bound(product: Any) -> float:
    return 10.0 if product is favourite else mutual(product)


def mutual(product: Any) -> float:
    return 1.0 if favourite is not None else module_level_bound(product)


favourite: Any = None
open_session: Any = None


def uses_open_session(product: Any) -> float:
    return float(open_session is not None)


class Tariff:
    def __init__(self, row: Any, rate: float = 2.0) -> None:
        self.row = row
        self.rate = rate

    def bound(self, product: Any) -> float:
        return self.rate if product is self.row else 0.0

    __call__ = bound


class OwnCopy:
    def __init__(self, row: Any) -> None:
        self.row = row

    def __deepcopy__(self, memo: dict[int, Any]) -> OwnCopy:
        return OwnCopy(copy.deepcopy(self.row, memo))


class LeavesItsRow:
    def __init__(self, row: Any) -> None:
        self.row = row

    def __deepcopy__(self, memo: dict[int, Any]) -> LeavesItsRow:
        return LeavesItsRow(self.row)


def by_default(row: Any) -> Callable[..., float]:
    return lambda product, row=row: 2.0 if product is row else 0.0


def by_keyword(row: Any) -> Callable[..., float]:
    return lambda product, *, row=row: 2.0 if product is row else 0.0


def by_nesting(row: Any) -> Callable[..., float]:
    def inner(product: Any) -> float:
        def innermost() -> bool:
            return product is row

        return 2.0 if innermost() else 0.0

    return lambda product: inner(product) + 0.0


def by_containers(row: Any) -> Callable[..., float]:
    held = {"rows": [(row,)], "array": np.array([row], dtype=object)}
    return lambda product: float((product is held["rows"][0][0]) + (product is held["array"][0]))


def by_partial(row: Any) -> Callable[..., float]:
    return functools.partial(lambda row, product, scale: scale * (product is row), row, scale=2.0)


def by_attribute(row: Any) -> Callable[..., float]:
    def bound(product: Any) -> float:
        return 2.0 if product is bound.row else 0.0  # type: ignore[attr-defined]

    bound.row = row  # type: ignore[attr-defined]
    return bound


def by_own_copy(row: Any) -> Callable[..., float]:
    held = OwnCopy(row)
    return lambda product: 2.0 if product is held.row else 0.0


CAPTURES = {
    "cell": by_cell,
    "default": by_default,
    "keyword default": by_keyword,
    "nested function": by_nesting,
    "containers": by_containers,
    "partial": by_partial,
    "bound method": lambda row: Tariff(row).bound,
    "callable object": Tariff,
    "attribute": by_attribute,
    "object with its own way": by_own_copy,
}


class TestCaptures:
    @pytest.mark.parametrize("capture", CAPTURES)
    def test_a_captured_row_is_detached(self, session, copied, capture):
        model = over_products(session, CAPTURES[capture](session.get(Product, 2)))

        twin = copied(model)

        session.close()
        assert upper(twin) == [0.0, 2.0, 0.0, 0.0, 0.0]

    def test_a_global_row_is_detached(self, session, copied, monkeypatch):
        monkeypatch.setitem(module_level_bound.__globals__, "favourite", session.get(Product, 2))

        twin = copied(over_products(session, module_level_bound))
        monkeypatch.undo()

        assert upper(twin) == [1.0, 10.0, 1.0, 1.0, 1.0]

    def test_the_copies_of_a_function_are_independent_of_it(self, session, copied):
        rates = [1.0]
        twin = copied(over_products(session, lambda product: rates[0]))

        rates[0] = 99.0

        assert upper(twin) == [1.0] * 5

    def test_a_definition_of_a_class_is_shared(self, session):
        attribute, table, mapped = Product.profit, Product.__table__, Product
        model = over_products(session, lambda p: getattr(p, attribute.key) * len(table.c) * isinstance(p, mapped))

        twin = copy.deepcopy(model)

        cells = [cell.cell_contents for cell in twin.variables[0].upper.call.__closure__]
        assert {id(one) for one in cells} == {id(one) for one in (attribute, table, mapped)}

    def test_a_loop_variable_that_was_rebound_is_refused(self, session, copied):
        for rate in (1.0, 2.0):
            if rate == 1.0:
                model = over_products(session, lambda product: product.profit * rate)

        with pytest.raises(LXLateBindingError, match="'rate'"):
            copied(model)


HELD: dict[str, Callable[[Session], Any]] = {
    "Session": lambda session: session,
    "scoped_session": lambda session: scoped_session(sessionmaker(session.get_bind())),
    "sessionmaker": lambda session: sessionmaker(session.get_bind()),
    "Engine": lambda session: session.get_bind(),
    "Connection": lambda session: session.connection(),
    "Query": lambda session: session.query(Product),
    "CursorResult": lambda session: session.connection().execute(select(Region.id)),
    "ScalarResult": lambda session: session.scalars(select(Region)),
    "Cursor": lambda session: session.connection().connection.cursor(),
    "InstanceState": lambda session: inspect(session.get(Product, 1)),
    "WriteOnlyCollection": lambda session: session.get(Product, 1).written,
    "AppenderQuery": lambda session: session.get(Product, 1).dynamic,
}

REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "cell": (lambda held: lambda product: 1.0 if held else 2.0, r"captures 'held'"),
    "default": (lambda held: lambda product, held=held: 1.0, r"has the default argument 'held'"),
    "keyword default": (lambda held: lambda product, *, held=held: 1.0, r"keyword default.*'held'"),
    "container": (by_containers, r"captures 'held'.*'rows'"),
    "partial": (lambda held: functools.partial(lambda product, held: 1.0, held=held), r"partial.*'held'"),
    "bound method": (lambda held: Tariff(held).bound, r"bound\(\) is bound to.*attribute 'row' of Tariff"),
    "method of it": (lambda held: held.get, r"get\(\) is bound to"),
    "callable object": (Tariff, r"attribute 'row' of Tariff"),
    "object with its own way": (by_own_copy, r"captures 'held'.*an? OwnCopy"),
}


class TestRefusals:
    @pytest.mark.parametrize("kind", HELD)
    def test_each_is_refused_by_name(self, session, copied, kind):
        held = HELD[kind](session)
        model = over_products(session, lambda product: 1.0 if held else 2.0)

        with pytest.raises(LXCopyError, match=rf"LXVariable\('products'\): the upper bound.*captures 'held'.*{kind}"):
            copied(model)

        if kind.endswith("Result"):
            held.close()  # SQLite locks its tables while one is open

    @pytest.mark.parametrize("position", REFUSED)
    def test_it_is_found_wherever_it_is_captured(self, session, copied, position):
        make, where = REFUSED[position]

        with pytest.raises(LXCopyError, match=where) as refusal:
            copied(over_products(session, make(session)))

        assert "LXVariable('products'): the upper bound of 'products'" in str(refusal.value)
        assert "Read what is needed from it before the model is built" in str(refusal.value)

    def test_the_constraint_is_named(self, session, copied):
        model = over_products(session)
        model.add_constraint(
            LXConstraint("limit")
            .expression(LXLinearExpression().add_term(model.variables[0], lambda product: bool(session)))
            .le()
            .rhs(1)
        )

        with pytest.raises(LXCopyError, match=r"LXConstraint\('limit'\).*captures 'session'"):
            copied(model)

    def test_a_global_session_is_refused(self, session, copied, monkeypatch):
        monkeypatch.setitem(uses_open_session.__globals__, "open_session", session)

        with pytest.raises(LXCopyError, match="uses the global 'open_session'"):
            copied(over_products(session, lambda product: 2 * uses_open_session(product)))

    def test_a_query_as_data_is_refused(self, session, copied):
        model = LXVariable[Product, float]("x").from_data(session.query(Product))

        with pytest.raises(LXCopyError, match=r"the data of from_data\(\): a Query.*Write \.from_model\("):
            copied(model)

    def test_a_class_whose_own_way_leaves_its_row_is_refused(self, session, copied):
        held = LeavesItsRow(session.get(Product, 1))

        with pytest.raises(LXCopyError, match="the method __deepcopy__ of LeavesItsRow leaves it in the copy"):
            copied(over_products(session, lambda product: float(product is held.row)))

    @pytest.mark.parametrize(
        "of_rows",
        [
            lambda rows: pd.DataFrame({"row": rows}),
            pd.Series,
            lambda rows: pd.Series(rows).iloc[:1],
            pd.Index,
            lambda rows: pl.Series(rows, dtype=pl.Object),
            lambda rows: pl.DataFrame({"row": pl.Series(rows, dtype=pl.Object)}),
        ],
        ids=["frame", "series", "part of a series", "index", "polars series", "polars frame"],
    )
    def test_columns_of_rows_are_refused(self, session, copied, of_rows):
        held = of_rows([session.get(Product, 1), session.get(Product, 2)])

        with pytest.raises(LXCopyError, match="captures 'held'"):
            copied(over_products(session, lambda product: float(len(held))))

    def test_columns_of_numbers_are_copied(self, session, copied):
        prices, names = pd.Series([5.0, 6.0]), pd.Series(["a", "b"], dtype=object)

        assert copied(over_products(session, lambda product: float(prices[1] + len(names)))).compile().upper[0] == 8.0

    def test_locks_and_generators_are_refused(self, session, copied):
        for held in (threading.Lock(), (one for one in "abc")):
            with pytest.raises(LXCopyError, match="captures 'held'"):
                copied(over_products(session, lambda product, _held=None: 1.0 if held else 2.0))
