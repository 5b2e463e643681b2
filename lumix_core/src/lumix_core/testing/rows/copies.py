"""How an adapter's rows are copied: loaded in bulk, detached for good, the same to every function."""

from __future__ import annotations

import copy
import gc
import pickle
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pytest

from lumix_core.copying.copier import deep_copy, detach_orm_object
from lumix_core.errors import LXCopyError, LXError
from lumix_core.language.constraints import LXConstraint
from lumix_core.language.expressions import LXLinearExpression
from lumix_core.language.model import LXModel
from lumix_core.language.variables import LXVariable
from lumix_core.problem.problem import LXProblem
from lumix_core.rows.adapter import RowAdapter
from lumix_core.testing.kit import Kit
from lumix_core.testing.limits import on_main_thread
from lumix_core.testing.rows.reading import family
from lumix_core.testing.rows.world import RowWorld

Copy = Callable[[Any], Any]
COPIES: dict[str, Copy] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "deepcopy twice": lambda model: copy.deepcopy(copy.deepcopy(model)),
    "pickle of a copy": lambda model: pickle.loads(pickle.dumps(copy.deepcopy(model), protocol=2)),
}


class Copies(Kit, limited=on_main_thread):
    """Copies of models and rows."""

    @pytest.fixture(params=list(COPIES.values()), ids=list(COPIES))
    def copied_by(self, request: pytest.FixtureRequest) -> Copy:
        """Return a function that copies a model."""
        chosen: Copy = request.param
        return chosen

    def test_a_copy_compiles_to_the_same_arrays(self, adapter: RowAdapter, world: RowWorld, copied_by: Copy) -> None:
        """Bit for bit, with the database gone."""
        world.fill(5)
        model = plan(adapter, world)
        expected = model.compile()

        copied = copied_by(model)
        world.close()

        assert_same_arrays(copied.compile(), expected)

    def test_null_stays_null_in_a_copy(self, adapter: RowAdapter, world: RowWorld, copied_by: Copy) -> None:
        """None is a value that was loaded: it is neither 0 nor missing."""
        _save_null(adapter, world)
        x = family(adapter, world).bounds(upper=lambda p: 5.0 if p.price is None else p.price)
        model = LXModel("plan").add_variable(x)
        expected = model.compile().upper.tolist()

        copied = copied_by(model)

        assert copied.compile().upper.tolist() == expected == [1.0, 5.0]
        assert [row.price for row in copied.variables[0].get_instances()] == [1.0, None]

    def test_null_stays_null_in_a_detached_row(self, adapter: RowAdapter, world: RowWorld) -> None:
        """What `values` returns is what the row holds."""
        row = _save_null(adapter, world)

        assert adapter.values(row)["price"] is None
        assert detach_orm_object(row).price is None
        assert [copied.price for copied in deep_copy([row])] == [None]

    def test_a_copy_holds_nothing_of_the_database(self, adapter: RowAdapter, world: RowWorld, copied_by: Copy) -> None:
        """Neither a handle nor a mapped instance can be reached from it."""
        world.fill(3)

        copied = copied_by(plan(adapter, world))

        assert reachable(copied, lambda part: adapter.is_handle(part) or adapter.owns(type(part))) == []

    def test_queries_do_not_grow_with_the_rows(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Lazy relationships are loaded in bulk."""
        counts = []
        for size in (3, 300):
            world.fill(size)
            with world.queries() as sent:
                copy.deepcopy(plan(adapter, world))
            counts.append(len(sent))

        assert counts[0] == counts[1]

    def test_pending_changes_stay_pending(self, adapter: RowAdapter, world: RowWorld) -> None:
        """A change that was not saved is in the copy, and is still not saved."""
        world.fill(2)
        query = adapter.query(world.Product, world.handle)
        assert query is not None
        rows = list(query.rows())
        rows[0].price = 77.0
        before = world.pending()

        copied = deep_copy(rows)

        assert copied[0].price == 77.0
        assert rows[0].price == 77.0
        assert world.pending() == before

    def test_a_row_that_was_deleted_is_an_error(self, adapter: RowAdapter, world: RowWorld) -> None:
        """A row that is gone never becomes a hollow object."""
        world.fill(2)
        query = adapter.query(world.Product, world.handle)
        assert query is not None
        rows = list(query.rows())
        world.delete(2)

        with pytest.raises(LXCopyError, match="Product"):
            deep_copy(rows)

    def test_a_handle_in_a_function_is_refused_by_name(self, adapter: RowAdapter, world: RowWorld) -> None:
        """The message names the family, what the function is for, and the captured name."""
        world.fill(1)
        for captured in world.handles:
            model = LXModel("plan").add_variable(family(adapter, world).bounds(upper=_using(captured)))

            with pytest.raises(LXCopyError, match=r"'x'.*the upper bound.*captures 'captured'"):
                copy.deepcopy(model)

    def test_a_row_is_one_object_in_the_copy(self, adapter: RowAdapter, world: RowWorld, copied_by: Copy) -> None:
        """A row that a function captured is the row of the data."""
        world.fill(3)
        query = adapter.query(world.Product, world.handle)
        assert query is not None
        rows = list(query.rows())
        x = LXVariable[Any, float]("x").from_data(rows).bounds(upper=_best(rows[1]))

        copied = copied_by(LXModel("plan").add_variable(x))

        assert copied.compile().upper.tolist() == [1.0, 9.0, 1.0]

    def test_a_row_that_a_query_finds_is_as_much_itself_in_the_copy(
        self, adapter: RowAdapter, world: RowWorld, copied_by: Copy
    ) -> None:
        """Whether it is the very row that a function captured, is for the ORM to say; a copy gives the same answer."""
        world.fill(3)
        query = adapter.query(world.Product, world.handle)
        assert query is not None
        rows = query.rows()
        model = LXModel("plan").add_variable(family(adapter, world).bounds(upper=_best(rows[1])))
        expected = model.compile().upper.tolist()

        copied = copied_by(model)

        assert copied.compile().upper.tolist() == expected

    def test_a_detached_row_is_plain(self, adapter: RowAdapter, world: RowWorld) -> None:
        """It is of its class, unmapped, readable and writable, and what was not loaded is an error that names it."""
        world.fill(1)
        query = adapter.query(world.Product, world.handle)
        assert query is not None
        (row,) = query.rows()

        detached = detach_orm_object(row)
        detached.price = 3.5
        with world.queries() as sent, pytest.raises(LXError, match="category"):
            _ = detached.category

        assert isinstance(detached, world.Product)
        assert not adapter.owns(type(detached))
        assert (detached.name, detached.price, row.price) == ("product 1", 3.5, 1.0)
        assert detach_orm_object(detached) is detached
        assert sent == []

    def test_changes_of_a_copy_stay_there(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Neither sees what the other changes."""
        world.fill(2)
        model = plan(adapter, world)
        copied = copy.deepcopy(model)

        copied.variables[0].get_instances()[0].price = 50.0

        assert model.compile().objective[0] != copied.compile().objective[0]


def plan(adapter: RowAdapter, world: RowWorld) -> LXModel:
    """Return a model that reads columns and relationships of its rows."""
    parts_of = world.parts_of
    x = family(adapter, world).bounds(lower=0, upper=lambda p: 100.0 + len(p.name))
    total = LXLinearExpression().add_term(x, lambda p: p.price * p.category.markup)
    weight = LXLinearExpression().add_term(x, lambda p: sum(part.weight for part in parts_of(p)))
    limit = LXConstraint[Any]("weight").expression(weight).le().rhs(500)
    own = LXConstraint[Any]("own").from_model(world.Product, world.handle, adapter=adapter)
    own.expression(LXLinearExpression().add_term(x)).le().rhs(lambda p: 10.0 * p.price)
    return LXModel("plan").add_variable(x).add_constraints(limit, own).maximize(total)


def _save_null(adapter: RowAdapter, world: RowWorld) -> Any:
    """Save two products, the second without a price, and return this one as it is read anew."""
    world.fill(2)
    query = adapter.query(world.Product, world.handle)
    assert query is not None
    row = query.rows()[1]
    row.price = None
    world.save(row)
    world.close_transaction()
    return query.rows()[1]


def _best(row: Any) -> Callable[[Any], float]:
    return lambda p: 9.0 if p is row else 1.0


def _using(captured: Any) -> Callable[[Any], float]:
    return lambda p: 1.0 if captured is None else 2.0


def assert_same_arrays(found: LXProblem, expected: LXProblem) -> None:
    """Assert that two problems are equal bit for bit."""
    for name, array in expected.arrays().items():
        assert np.array_equal(found.arrays()[name], array), name
    assert (found.maximize, found.offset) == (expected.maximize, expected.offset)


def reachable(root: Any, is_wanted: Callable[[Any], bool]) -> list[Any]:
    """Return the wanted objects that can be reached from ``root``, but through modules, their globals and classes."""
    wanted, seen, waiting = [], {id(root)}, [root]
    while waiting:
        part = waiting.pop()
        if is_wanted(part):
            wanted.append(part)
        held = [other for other in _held_by(part) if id(other) not in seen]
        seen.update(map(id, held))
        waiting.extend(held)
    return wanted


def _held_by(holder: Any) -> list[Any]:
    if isinstance(holder, type | ModuleType):
        return []
    held = gc.get_referents(holder)
    if isinstance(holder, FunctionType):
        held = [part for part in held if part is not holder.__globals__]
    return [part for part in held if not (isinstance(part, dict) and "__builtins__" in part)]
