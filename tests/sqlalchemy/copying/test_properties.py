"""Random models over random rows: every round trip gives the same arrays, bit for bit, and reaches no database."""

from __future__ import annotations

import functools
import pickle
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import copies
import pytest
import random_models as shapes
import workers
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from scale import examples
from sqlalchemy import NullPool, create_engine, select
from sqlalchemy.engine import Connection, Engine, Result
from sqlalchemy.orm import InstanceState, Query, Session, sessionmaker

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXVariable

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
rows: Any = import_module("copied_rows")
sys.path.remove(str(HERE))

pytestmark = pytest.mark.filterwarnings("ignore::lumix_core.errors.LXEmptySourceWarning")

BOUND = (Session, sessionmaker, Engine, Connection, Result, Query, InstanceState)
numbers, pick = shapes.numbers, shapes.pick


class Tariff:
    def __init__(self, row: Any) -> None:
        self.row = row

    def bound(self, item: Any) -> float:
        return 50.0 + 7.0 * (item is self.row)

    __call__ = bound


def by_cell(row: Any) -> Callable[..., float]:
    return lambda item: 50.0 + 7.0 * (item is row)


def by_default(row: Any) -> Callable[..., float]:
    return lambda item, row=row, *, other=row: 50.0 + 7.0 * (item is row) + (item is other)


def by_nesting(row: Any) -> Callable[..., float]:
    def same(item: Any) -> bool:
        return item is row

    return lambda item: 50.0 + 7.0 * same(item)


def by_partial(row: Any) -> Callable[..., float]:
    return functools.partial(lambda row, item, scale: 50.0 + scale * (item is row), row, scale=7.0)


def by_recursion(row: Any) -> Callable[..., float]:
    def length(item: Any, steps: int = 4) -> float:
        return 50.0 if item is None or item is row or steps == 0 else 1.0 + length(item.next, steps - 1)

    return lambda item: length(item)  # noqa: PLW0108 - of one argument


CAPTURES = (
    by_cell,
    by_default,
    by_nesting,
    shapes.by_containers,
    by_partial,
    by_recursion,
    lambda row: Tariff(row).bound,
    Tariff,
)


@st.composite
def tables(draw: st.DrawFn) -> list[Any]:
    """Rows that are in no session yet: groups, and items that refer to groups and to each other."""
    groups = [rows.Group(id=i, rate=draw(numbers)) for i in range(1, draw(st.integers(1, 3)) + 1)]
    items = []
    for i in range(1, draw(st.integers(1, 6)) + 1):
        values = {"id": i, "price": draw(numbers), "weight": draw(numbers)}
        made = rows.Kit(**values, bonus=draw(numbers)) if draw(st.booleans()) else rows.Item(**values)
        made.group = draw(st.sampled_from([None, *groups]))
        items.append(made)
    for item in items:
        item.next = draw(st.sampled_from([None, *(other for other in items if other.id < item.id)]))
    return [*groups, *items]


WORLD = shapes.World(
    item=rows.Item,
    group=rows.Group,
    items=lambda session: list(session.scalars(select(rows.Item).order_by(rows.Item.id))),
    sources={
        "class": lambda session: (rows.Item, session),
        "query": lambda session: (select(rows.Item), session),
    },
    captures=CAPTURES,
    belongs=lambda item, group: item.group is group,
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with empty tables."""
    path = tmp_path_factory.mktemp("copies") / "template.db"
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    rows.Base.metadata.create_all(engine)
    return path


@pytest.fixture(scope="module")
def fresh() -> Iterator[Callable[[bytes], Any]]:
    """Send a pickle to a process that has never seen a database; returns what it compiles and solves to."""
    with workers.started(Path(copies.__file__), folders=[HERE]) as worker:
        yield worker.ask


def bound_objects(root: Any) -> list[Any]:
    """Return what of an object is a session's or an instance of the ORM."""
    return copies.bound_objects(
        root, lambda part: isinstance(part, BOUND) or "_sa_instance_state" in getattr(part, "__dict__", ())
    )


def state_of(session: Session, instances: list[Any]) -> Any:
    """What a copy must leave as it was."""
    loaded = [
        {name: value for name, value in vars(one).items() if isinstance(value, int | float | str)} for one in instances
    ]
    changed = [sorted(map(id, kind)) for kind in (session.new, session.dirty, session.deleted)]
    return changed, session.in_transaction(), [one in session for one in instances], loaded


@pytest.fixture(
    scope="module",
    params=[pytest.param(one, marks=[pytest.mark.thorough] if one == "fresh process" else []) for one in copies.TRIPS],
)
def trip(request: pytest.FixtureRequest) -> str:
    """Each round trip."""
    return str(request.param)


@given(case=st.tuples(tables(), shapes.models(WORLD), st.booleans(), st.booleans()))
def test_round_trips_give_the_same_arrays_and_solution(template, fresh, trip, case):
    tables, build, expired, changed = case
    path = template.with_name("example.db")
    shutil.copy(template, path)
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with Session(engine) as session:
        session.add_all(copy_of_tables(tables))
        session.commit()
        model = build(session)
        instances = list(session.scalars(select(rows.Item)))
        if changed:
            instances[0].price = 12.5
        if expired:
            session.expire_all()
            instances[0].price = 12.5
        before = state_of(session, instances)

        twin = copies.TRIPS[trip](model)

        after = state_of(session, instances)
        assert after[:3] == before[:3]
        assert all(kept.items() <= now.items() for kept, now in zip(before[3], after[3], strict=True))
        expected = copies.answer(model)
    path.unlink()
    assert bound_objects(twin) == []
    assert (fresh(twin) if trip == "fresh process" else copies.answer(twin)) == expected


def copy_of_tables(tables: list[Any]) -> list[Any]:
    """Return the rows once more: an example is run several times, and a row belongs to one session."""
    return pickle.loads(pickle.dumps(tables))


class Copies(RuleBasedStateMachine):
    """Originals and copies are edited in any order; nobody sees what happens to another."""

    @initialize(prices=st.lists(numbers, min_size=1, max_size=4), queried=st.booleans())
    def start(self, prices: list[float], queried: bool) -> None:
        self.engine = create_engine("sqlite://")
        rows.Base.metadata.create_all(self.engine)
        self.session = Session(self.engine)
        items = [rows.Item(id=i, price=price, weight=1.0) for i, price in enumerate(prices)]
        self.session.add_all([*items, *(rows.Price(id=i, price=price) for i, price in enumerate(prices))])
        self.session.commit()
        rates = {"rate": 1.0}
        x = LXVariable[Any, float]("x").indexed_by(lambda item: item.id)
        x = x.from_model(rows.Price, self.session) if queried else x.from_data(items)
        x.bounds(upper=lambda item: item.price * rates["rate"] + len(rates))
        self.models = [LXModel("plan").add_variable(x)]
        self.expected: list[tuple[list[float], dict[str, float]]] = [(list(prices), dict(rates))]

    @rule(of=pick, how=st.sampled_from(["deepcopy", "pickle"]))
    def copy_one(self, of: int, how: str) -> None:
        of %= len(self.models)
        prices, rates = self.expected[of]
        self.models.append(copies.TRIPS[how](self.models[of]))
        self.expected.append((list(prices), dict(rates)))

    @rule(of=pick, row=pick, price=numbers)
    def change_a_row(self, of: int, row: int, price: float) -> None:
        of %= len(self.models)
        items = self.models[of].variables[0].get_instances()
        items[row % len(items)].price = price
        self.expected[of][0][row % len(items)] = price

    @rule(of=pick, row=pick, price=numbers)
    def change_a_row_alone(self, of: int, row: int, price: float) -> None:
        of %= len(self.models)
        source: Any = self.models[of].variables[0].source
        items = getattr(source, "rows", None)
        if isinstance(items, Sequence):
            items[row % len(items)].price = price
            self.expected[of][0][row % len(items)] = price

    @rule(of=pick, name=st.sampled_from(["rate", "other"]), rate=numbers)
    def change_what_is_captured(self, of: int, name: str, rate: float) -> None:
        of %= len(self.models)
        bound: Any = self.models[of].variables[0].upper
        bound.call.__closure__[0].cell_contents[name] = rate
        self.expected[of][1][name] = rate

    @rule(of=pick, rhs=numbers)
    def add_a_constraint(self, of: int, rhs: float) -> None:
        model = self.models[of % len(self.models)]
        name = f"limit {len(model.constraints)}"
        model.add_constraint(
            LXConstraint(name).expression(LXLinearExpression().add_term(model.variables[0])).le().rhs(rhs)
        )

    @rule()
    def expire_the_session(self) -> None:
        self.session.commit()

    @invariant()
    def each_is_what_was_done_to_it(self) -> None:
        for model, (prices, rates) in zip(self.models, self.expected, strict=True):
            upper = [price * rates["rate"] + len(rates) for price in prices]
            assert model.compile().upper.tolist() == upper

    @invariant()
    def only_the_original_reaches_the_session(self) -> None:
        for model in self.models[1:]:
            assert bound_objects(model) == []

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.close()
            self.engine.dispose()


TestCopies = Copies.TestCase
TestCopies.settings = settings(max_examples=examples(50), stateful_step_count=15)
