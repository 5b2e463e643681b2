"""Where rows come from without an ORM: collections of any kind of object."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

import numpy as np
import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable
from lumix_core.errors import LXIncompleteError, LXIndexKeyError, LXSourceError
from tests.core.rows.families import keys_of, of_id, variable_over

ErrorText = Callable[..., str]


@dataclass(frozen=True)
class Product:
    id: int
    price: float = 1.0


@dataclass(frozen=True, slots=True)
class SlottedProduct:
    id: int


@dataclass
class MutableProduct:
    id: int
    price: float = 1.0


class NamedProduct(NamedTuple):
    id: int
    note: str | None = None


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class CountedList(list[Any]):
    """A list that counts how often it is read."""

    reads = 0

    def __iter__(self) -> Iterator[Any]:
        self.reads += 1
        return super().__iter__()


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        ([Product(1), Product(2)], [1, 2]),
        ((Product(2), Product(1)), [2, 1]),
        ((Product(i) for i in (1, 2)), [1, 2]),
        (iter([Product(1), Product(2)]), [1, 2]),
        (map(Product, (1, 2)), [1, 2]),
        ({"a": Product(1), "b": Product(2)}.values(), [1, 2]),
        (deque([Product(1), Product(2)]), [1, 2]),
        ([SlottedProduct(1), SlottedProduct(2)], [1, 2]),
        ([MutableProduct(1), MutableProduct(2)], [1, 2]),
        ([NamedProduct(1), NamedProduct(2)], [1, 2]),
    ],
    ids=["list", "tuple", "generator", "iterator", "map", "view", "deque", "slots", "unhashable", "named tuples"],
)
def test_rows_come_from_any_collection_in_its_order(data: Any, keys: list[int]) -> None:
    variable = variable_over(data, of_id)

    found = keys_of(variable)

    assert found == [keys]


@pytest.mark.parametrize(
    "data",
    [[3, 1, 2], ["b", "a"], [(1, "a"), (2, "b")], range(3), [Product(1), Product(2)], list(Colour), [1.5, -1.5]],
    ids=["ints", "strings", "tuples", "range", "frozen dataclasses", "enum", "floats"],
)
def test_without_a_key_a_row_is_its_own_key(data: Any) -> None:
    variable = variable_over(data)

    found = keys_of(variable)

    assert found == [list(data)]


def test_dictionaries_are_rows_when_their_key_is_given() -> None:
    variable = variable_over([{"id": 7}, {"id": 8}], lambda row: row["id"])

    found = keys_of(variable)

    assert found == [[7, 8]]


def test_the_numbers_of_an_array_are_rows() -> None:
    variable = variable_over(np.array([5, 6]))

    found = keys_of(variable)

    assert found == [[5, 6]]


@pytest.mark.parametrize("row", [{"id": 1}, MutableProduct(1), [1]], ids=["dict", "dataclass", "list"])
def test_a_row_that_cannot_be_hashed_is_no_key(row: Any, error_text: ErrorText) -> None:
    variable = variable_over([row])

    text = error_text(LXIndexKeyError, keys_of, variable)

    assert text.startswith("LXVariable('x'): a row, which is its own key, cannot be hashed (unhashable type:")
    assert text.endswith("Give a key with .indexed_by(lambda row: row.id).")


def test_a_row_that_is_its_own_key_may_lack_an_attribute() -> None:
    variable = variable_over([NamedProduct(1, None), NamedProduct(2, "fragile")])

    found = keys_of(variable)

    assert found == [[NamedProduct(1, None), NamedProduct(2, "fragile")]]


def test_a_generator_is_read_when_it_is_given() -> None:
    generator = (Product(i) for i in (1, 2))

    variable_over(generator, of_id)

    assert list(generator) == []


def test_a_generator_serves_every_compile() -> None:
    model = LXModel("m").add_variable(variable_over((Product(i) for i in (1, 2)), of_id))

    first, second = model.compile(), model.compile()

    assert list(first.variables[0].keys) == list(second.variables[0].keys) == [1, 2]


def test_a_list_is_read_again_at_every_compile() -> None:
    rows = [Product(1)]
    variable = variable_over(rows, of_id)
    keys_of(variable)
    rows.append(Product(2))

    found = keys_of(variable)

    assert found == [[1, 2]]


def test_a_row_changed_after_a_compile_is_read_anew() -> None:
    row = MutableProduct(1, price=2.0)
    variable = variable_over([row], of_id).bounds(upper=lambda product: product.price)
    model = LXModel("m").add_variable(variable)
    model.compile()
    row.price = 5.0

    problem = model.compile()

    assert problem.upper.tolist() == [5.0]


def test_one_collection_is_read_once_a_compile_however_many_families_use_it() -> None:
    rows = CountedList([Product(1), Product(2)])
    x = LXVariable[Product, float]("x").from_data(rows).indexed_by(of_id)
    y = LXVariable[Product, float]("y").from_data(rows).indexed_by(of_id)
    limit = LXConstraint[Product]("limit").from_data(rows).indexed_by(of_id)
    limit.expression(LXLinearExpression().add_term(x).add_term(y)).le().rhs(1)
    model = LXModel("m").add_variables(x, y).add_constraint(limit)

    model.compile()

    assert rows.reads == 1


def test_families_over_one_collection_have_columns_of_their_own(compiled: Any) -> None:
    rows = [Product(1), Product(2)]
    x = LXVariable[Product, float]("x").from_data(rows).indexed_by(of_id)
    y = LXVariable[Product, float]("y").from_data(rows).where(lambda p: p.id == 2).indexed_by(of_id)

    found = compiled(LXModel("m").add_variables(x, y))

    assert found.columns == ["x[1]", "x[2]", "y[2]"]


def test_get_instances_returns_the_very_rows_that_pass_the_filter() -> None:
    rows = [Product(1), Product(2), Product(3)]
    variable = variable_over(rows, of_id).where(lambda p: p.id != 2)

    found = variable.get_instances()

    assert found[0] is rows[0]
    assert found[1] is rows[2]
    assert len(found) == 2


def test_get_instances_of_a_product_returns_the_combinations() -> None:
    products = LXIndexDimension(Product, of_id).from_data([Product(1), Product(2)])
    colours = LXIndexDimension(Colour).from_data(Colour)
    variable = LXVariable[tuple[Product, Colour], float]("x").indexed_by_product(products, colours)
    variable.where_multi(lambda product, colour: product.id == 1 or colour is Colour.RED)

    found = variable.get_instances()

    assert found == [(Product(1), Colour.RED), (Product(1), Colour.BLUE), (Product(2), Colour.RED)]


def test_get_instances_of_a_join_returns_the_pairs() -> None:
    variable = LXVariable[tuple[Product, str], float]("x").from_data([Product(1), Product(2)]).indexed_by(of_id)
    variable.indexed_by_join(Product, str, lambda product: ["a", "b"][: product.id])

    found = variable.get_instances()

    assert found == [(Product(1), "a"), (Product(2), "a"), (Product(2), "b")]


def test_get_instances_of_a_constraint_returns_its_rows() -> None:
    constraint = LXConstraint[Product]("c").from_data([Product(1), Product(2)]).where(lambda p: p.id == 2)

    found = constraint.get_instances()

    assert found == [Product(2)]


def test_a_scalar_variable_has_no_instances() -> None:
    variable = LXVariable[Any, float]("x")

    found = variable.get_instances()

    assert found == []


@pytest.mark.parametrize("data", ["abc", b"abc", 5, None, Product], ids=["str", "bytes", "int", "None", "class"])
def test_what_is_no_collection_of_rows_is_refused(data: Any, error_text: ErrorText) -> None:
    variable = LXVariable[Product, float]("x")

    text = error_text(LXSourceError, variable.from_data, data)

    assert text == (
        f"LXVariable('x').from_data() got {data!r}, which is not a collection of rows. "
        f"Give a list of objects, one a row, or a data frame."
    )


def test_a_dictionary_is_refused_since_its_rows_are_unclear(error_text: ErrorText) -> None:
    constraint = LXConstraint[Product]("limit")

    text = error_text(LXSourceError, constraint.from_data, {1: Product(1)})

    assert text == (
        "LXConstraint('limit').from_data() got a dict: its rows could be its keys, its values or its items. "
        "Write .from_data(list(data.values())) or .from_data(list(data.items()))."
    )


@pytest.mark.parametrize("data", [{"a", "b"}, frozenset({"a", "b"})], ids=["set", "frozenset"])
def test_a_set_is_refused_since_it_has_no_order(data: Any) -> None:
    """Its order changes from process to process, and the compiled problem with it."""
    with pytest.raises(LXSourceError, match=r"LXVariable\('x'\)\.from_data\(\) got a .*set.*order"):
        LXVariable[str, float]("x").from_data(data)


@pytest.mark.parametrize(
    ("indexed", "owner"),
    [
        (LXVariable[Product, float]("x").indexed_by(of_id), "LXVariable('x')"),
        (LXVariable[Product, float]("x").where(lambda p: True), "LXVariable('x')"),
        (LXConstraint[Product]("c").indexed_by(of_id), "LXConstraint('c')"),
        (LXConstraint[Product]("c").where(lambda p: True), "LXConstraint('c')"),
        (
            LXVariable[Any, float]("x").indexed_by_product(LXIndexDimension(Product, of_id)),
            "LXIndexDimension('Product')",
        ),
        (LXVariable[Any, float]("x").indexed_by_join(Product, str, lambda p: []), "LXVariable('x')"),
    ],
    ids=["key", "filter", "constraint's key", "constraint's filter", "dimension", "join"],
)
def test_an_index_without_rows_is_incomplete(indexed: Any, owner: str, error_text: ErrorText) -> None:
    text = error_text(LXIncompleteError, indexed.get_instances)

    assert text == (
        f"{owner} has no rows: nothing says where they come from. Add .from_data(rows) or .from_model(Row, session)."
    )
