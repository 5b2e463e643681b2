"""Copies of models over classes that have only columns: what stays columns, when objects are made, who they are."""

from __future__ import annotations

import copy
import datetime
import enum
import pickle
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
import pytest
from sqlalchemy import JSON, Double, Engine, ForeignKey, Numeric, String, delete, insert, inspect, select, update
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, defer, mapped_column, relationship, synonym

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable
from lumix_core.copying.detached_rows import DetachedRows
from lumix_core.errors import LXEmptySourceWarning, LXNotLoadedError

pytestmark = pytest.mark.one_database

HOWS: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "deepcopy twice": lambda value: copy.deepcopy(copy.deepcopy(value)),
    "pickle of a copy": lambda value: pickle.loads(pickle.dumps(copy.deepcopy(value))),
}
COUNT = 50


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {float: Double}  # SQLAlchemy 2.0 gives MariaDB single precision


class Grade(enum.Enum):
    LOW = 1
    HIGH = 2


class Good(Base):
    __tablename__ = "copied_goods"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30))
    profit: Mapped[float] = mapped_column("profit_per_unit")
    weight: Mapped[float | None]
    notes: Mapped[str] = mapped_column(String(30), deferred=True)
    label: Mapped[str] = synonym("name")
    surcharge: ClassVar[float] = 2.0

    @hybrid_property
    def double(self) -> float:
        return 2 * self.profit

    @property
    def net(self) -> float:
        return self.double - 1.0

    def rate(self, factor: float) -> float:
        return factor * self.profit


class Shelf(Base):
    """Leads to goods, which do not lead back."""

    __tablename__ = "copied_shelves"
    id: Mapped[int] = mapped_column(primary_key=True)
    good_id: Mapped[int] = mapped_column(ForeignKey("copied_goods.id"))
    good: Mapped[Good] = relationship()


class Kinds(Base):
    __tablename__ = "copied_kinds"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    part: Mapped[str] = mapped_column(String(10), primary_key=True)
    flag: Mapped[bool]
    money: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    day: Mapped[datetime.date]
    grade: Mapped[Grade]
    raw: Mapped[bytes | None]


class Setting(Base):
    __tablename__ = "copied_settings"
    id: Mapped[int] = mapped_column(primary_key=True)
    values: Mapped[dict[str, Any]] = mapped_column(JSON)


class Vehicle(Base):
    __tablename__ = "copied_vehicles"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    load: Mapped[float]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "vehicle"}  # noqa: RUF012


class Truck(Vehicle):
    __mapper_args__ = {"polymorphic_identity": "truck"}  # noqa: RUF012


@pytest.fixture(scope="module")
def tables(engine: Engine) -> Engine:
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        goods = [
            {"id": i, "name": f"good {i}", "profit_per_unit": i / 3, "weight": i * 2.5 if i % 2 else None}
            for i in range(1, COUNT + 1)
        ]
        connection.execute(insert(Good.__table__), [{**one, "notes": "n"} for one in goods])
        connection.execute(insert(Shelf.__table__), [{"id": i, "good_id": i + 2} for i in (1, 2, 3)])
        connection.execute(insert(Setting.__table__), [{"id": i, "values": {"rate": i}} for i in (1, 2)])
        connection.execute(insert(Vehicle.__table__), [{"id": i, "kind": "truck", "load": 1.5} for i in (1, 2)])
        kinds = {"flag": True, "money": Decimal("1.25"), "day": datetime.date(2024, 2, 29), "raw": None}
        grades = [(i, grade) for i, grade in enumerate(Grade)]
        connection.execute(insert(Kinds), [{**kinds, "id": i, "part": "a", "grade": grade} for i, grade in grades])
    return engine


@pytest.fixture
def session(tables: Engine) -> Iterator[Session]:
    with Session(tables) as session:
        yield session


@pytest.fixture(params=HOWS)
def copied(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    """Each way of copying."""
    return HOWS[request.param]


def over(session: Session, upper: Any = 1.0, query: Any = Good) -> LXModel:
    """A model with one family over the goods, and a function of theirs as its upper bound."""
    x = LXVariable[Any, float]("x").from_model(query, session).indexed_by(lambda row: row.id)
    x.bounds(lower=0, upper=upper)
    total = LXConstraint("total").expression(LXLinearExpression().add_term(x, lambda row: 1.0 + row.id)).le().rhs(10)
    return LXModel("plan").add_variable(x).add_constraint(total)


def rows_of(model: LXModel) -> DetachedRows:
    source: Any = model.variables[0].source
    return source.rows


def upper(model: LXModel) -> list[float]:
    bounds: list[float] = model.compile().upper.tolist()
    return bounds


def same_arrays(one: LXModel, other: LXModel) -> bool:
    mine, others = one.compile().arrays(), other.compile().arrays()
    return mine.keys() == others.keys() and all(mine[key].tobytes() == others[key].tobytes() for key in mine)


class TestColumns:
    def test_hybrids_synonyms_and_methods_compile_by_columns(self, session, copied):
        def bound(good: Good) -> float:
            return good.profit + (good.weight if good.weight is not None else good.net)

        model = over(session, lambda good: good.double + good.net + good.rate(3.0) + (good.label == "good 3"))
        model.variables[0].where(lambda good: good.profit != 2.0)
        twin = copied(model)

        assert same_arrays(twin, model)
        assert len(rows_of(twin).made) <= 9  # those on which columns and functions are compared

    def test_copies_share_what_cannot_be_changed(self, session):
        first = copy.deepcopy(over(session))
        first.compile()

        second = copy.deepcopy(first)

        mine, others = rows_of(first).columns, rows_of(second).columns
        assert mine.keys() == others.keys() == {"id", "name", "profit", "weight", "notes"}
        assert all(mine[name] is others[name] for name in mine)
        with pytest.raises(ValueError, match="read-only"):
            mine["profit"][0] = 5.0

    @pytest.mark.parametrize("protocol", [2, 3, 4, 5])
    def test_a_loaded_pickle_has_the_same_columns(self, session, protocol):
        twin = copy.deepcopy(over(session))

        loaded = pickle.loads(pickle.dumps(twin, protocol=protocol))

        mine, others = rows_of(twin).columns, rows_of(loaded).columns
        assert [values.dtype for values in mine.values()] == [values.dtype for values in others.values()]
        assert all(mine[name].tolist() == others[name].tolist() for name in mine)
        assert not any(values.flags.writeable for values in others.values())

    def test_equal_queries_are_read_once(self, session, copied, statements):
        model = over(session, query=select(Good))
        model.add_variable(LXVariable[Good, float]("y").from_model(select(Good), session))

        twin = copied(model)

        assert len(statements) == 1
        assert twin.variables[0].source is twin.variables[1].source

    def test_values_are_the_very_ones_of_the_attributes(self, session, copied):
        expected = [vars(row) for row in session.scalars(select(Kinds).order_by(Kinds.id))]
        session.expunge_all()

        found = copied(LXVariable[Kinds, float]("x").from_model(session)).get_instances()

        for row, values in zip(found, expected, strict=True):
            shown = {name: repr(value) for name, value in values.items() if name != "_sa_instance_state"}
            assert {name: repr(value) for name, value in vars(row).items()} == shown

    def test_a_query_without_rows(self, session, copied):
        twin = copied(over(session, query=select(Good).where(Good.id < 0)))

        with pytest.warns(LXEmptySourceWarning, match="copied_goods"):
            assert twin.variables[0].get_instances() == []

    def test_rows_in_the_order_of_the_query(self, session, copied):
        query = select(Good).where(Good.id <= 3).order_by(Good.id.desc())

        twin = copied(over(session, lambda good: good.profit, query))

        assert upper(twin) == [1.0, 2 / 3, 1 / 3]

    def test_keys_without_a_key_function_are_primary_keys(self, session, copied):
        twin = copied(LXModel("plan").add_variable(LXVariable[Kinds, float]("x").from_model(session)))

        assert list(twin.compile().variables[0].keys) == [(0, "a"), (1, "a")]

    def test_a_family_over_pairs(self, session, copied):
        dimensions = [
            LXIndexDimension(Good, lambda good: good.id).from_model(select(Good).where(Good.id <= 4), session),
            LXIndexDimension(Kinds, lambda kind: kind.id).from_model(session),
        ]
        x = LXVariable[Any, float]("x").indexed_by_product(*dimensions)
        x.where_multi(lambda good, kind: good.id > kind.id + 1).bounds(upper=lambda good, kind: good.net * kind.id)
        model = LXModel("plan").add_variable(x)

        assert same_arrays(copied(model), model)


class TestObjects:
    def test_each_is_made_once(self, session, copied):
        twin = copied(over(session))

        first, again = twin.variables[0].get_instances(), twin.variables[0].get_instances()

        assert [id(row) for row in first] == [id(row) for row in again]
        assert inspect(first[0], raiseerr=False) is None
        assert isinstance(first[0], Good)
        assert (first[2].net, first[2].label, first[2].notes, first[1].weight) == (1.0, "good 3", "n", None)

    @pytest.mark.parametrize("everyone", [True, False])
    def test_a_changed_one_is_the_truth(self, session, copied, everyone):
        twin = copied(over(session, lambda good: good.net))
        before = upper(twin)

        row = twin.variables[0].get_instances()[3] if everyone else rows_of(twin)[3]
        row.profit = 10.0

        assert upper(twin) == [*before[:3], 19.0, *before[4:]]
        assert upper(copied(twin)) == [*before[:3], 19.0, *before[4:]]

    def test_a_change_reaches_no_other_copy(self, session, copied):
        first = copied(over(session, lambda good: good.profit))
        second = copied(first)
        rows_of(first)[0].profit = 10.0
        third = copied(first)
        rows_of(third)[0].profit = 20.0

        assert [upper(model)[0] for model in (first, second, third)] == [10.0, 1 / 3, 20.0]

    @pytest.mark.parametrize("value", [7, True, 2**70, Decimal("0.5"), -0.0])
    def test_a_value_of_another_type_is_taken_as_it_is(self, session, copied, value):
        twin = copied(over(session, lambda good: good.profit))
        rows_of(twin)[1].profit = value
        rows_of(twin)[1].id = 2**70

        assert repr(rows_of(twin).table().column(("profit",)).tolist()[1]) == repr(value)
        assert upper(copied(twin))[1] == float(value)

    def test_an_attribute_of_their_own_is_seen(self, session, copied):
        twin = copied(over(session, lambda good: good.priority))
        for position, row in enumerate(twin.variables[0].get_instances()):
            row.priority = float(position)

        assert upper(copied(twin)) == [float(position) for position in range(COUNT)]

    def test_an_attribute_that_hides_one_of_the_class_is_seen(self, session, copied):
        twin = copied(over(session, lambda good: good.surcharge))
        rows_of(twin)[1].surcharge = 9.0

        assert upper(twin)[:3] == [2.0, 9.0, 2.0]
        assert upper(copied(twin))[:3] == [2.0, 9.0, 2.0]

    def test_an_attribute_that_was_deleted_is_missed(self, session, copied):
        twin = copied(over(session))
        del rows_of(twin)[1].weight

        with pytest.raises(LXNotLoadedError, match=r"Good\.weight"):
            rows_of(copied(twin)).table().column(("weight",))

    def test_a_row_that_a_function_has_kept_is_the_row(self, session):
        seen: list[Any] = []
        twin = copy.deepcopy(over(session, lambda good: float(len(seen.append(good) or "x"))))
        mine = twin.variables[0].upper.call.__closure__[0].cell_contents
        twin.compile()

        third = copy.deepcopy(twin)

        kept = third.variables[0].upper.call.__closure__[0].cell_contents
        assert all(row in third.variables[0].get_instances() for row in kept)
        assert not any(row in mine for row in kept)

    def test_when_all_are_made_the_columns_are_let_go(self, session, copied):
        twin = copied(over(session))
        twin.variables[0].get_instances()

        assert rows_of(twin).columns == {}
        assert rows_of(copied(twin)).all_made


def is_the_one(row: Any) -> Callable[[Any], float]:
    return lambda good: 1000.0 if good is row else good.profit


class TestIdentity:
    def test_a_captured_row_is_the_row_of_the_source(self, session, copied):
        best = session.get(Good, 7)

        twin = copied(over(session, is_the_one(best)))

        assert len(rows_of(twin).made) == 1
        assert upper(twin)[5:8] == [2.0, 1000.0, 8 / 3]
        assert not session.dirty

    def test_what_the_session_keeps_comes_as_it_is(self, session, copied):
        kept = [session.get(Good, i) for i in (1, 2, 3)]
        kept[0].own = 5.0
        session.expire(kept[1])

        rows = rows_of(copied(over(session)))

        assert (rows[0].own, rows[1].profit, rows[2].notes) == (5.0, 2 / 3, "n")
        assert len(rows.made) == 3

    def test_a_captured_row_of_another_session_is_another_row(self, session, tables, copied):
        with Session(tables) as other:
            twin = copied(over(session, is_the_one(other.get(Good, 7))))

        assert upper(twin)[6] == 7 / 3

    def test_data_and_a_query_hold_the_same_rows(self, session, copied):
        model = over(session)
        model.add_variable(LXVariable[Good, float]("y").from_data(session.scalars(select(Good)).all()))

        twin = copied(model)

        mine, others = (one.get_instances() for one in twin.variables)
        assert [id(row) for row in mine] == [id(row) for row in sorted(others, key=lambda row: row.id)]

    def test_two_queries_hold_the_same_rows(self, session, copied):
        model = over(session, query=select(Good).where(Good.id > 1))
        model.add_variable(LXVariable[Good, float]("y").from_model(select(Good).where(Good.id < 4), session))

        twin = copied(model)

        mine, others = (one.get_instances() for one in twin.variables)
        assert [id(row) for row in mine[:2]] == [id(row) for row in others[1:]]

    @pytest.mark.parametrize("first", [Good, Shelf])
    def test_what_other_rows_lead_to_is_the_row_of_the_source(self, session, copied, first):
        model = LXModel("plan")
        for cls in (Good, Shelf) if first is Good else (Shelf, Good):
            model.add_variable(LXVariable[Any, float](cls.__name__).from_model(cls, session))

        twin = copied(model)

        goods, shelves = (twin.get_variable(name).get_instances() for name in ("Good", "Shelf"))
        assert [shelf.good for shelf in shelves] == goods[2:5]
        assert goods[2].notes == "n"

    def test_models_that_are_copied_together(self, session, statements):
        goods, shelves = over(session), LXVariable[Shelf, float]("y").from_model(Shelf, session)

        first, second, variable = copy.deepcopy([goods, over(session), shelves])

        assert first.variables[0].source is second.variables[0].source
        rows = first.variables[0].get_instances()
        assert [shelf.good for shelf in variable.get_instances()] == rows[2:5]

    def test_nothing_is_kept_of_a_copy_when_an_original_is_changed(self, session, copied):
        model = over(session, lambda good: good.profit)
        twin = copied(model)
        session.execute(update(Good).values(profit=5.0))

        assert (upper(model)[0], upper(twin)[0]) == (5.0, 1 / 3)
        assert upper(copied(model))[0] == 5.0


class TestObjectsFromTheStart:
    """Where columns do not say all, or could be changed, rows are copied one by one."""

    def test_values_that_can_be_changed(self, session):
        twin = copy.deepcopy(over(session, query=Setting))
        third = copy.deepcopy(twin)
        twin.variables[0].get_instances()[0].values["rate"] = 9

        assert third.variables[0].get_instances()[0].values == {"rate": 1}

    def test_subclasses(self, session, copied):
        twin = copied(over(session, query=Vehicle))

        assert [type(row).__mro__[2] for row in twin.variables[0].get_instances()] == [Truck, Truck]

    def test_the_last_of_the_subclasses_is_columns(self, session, copied):
        twin = copied(over(session, lambda truck: truck.load, Truck))

        assert rows_of(twin).made == {}
        assert upper(twin) == [1.5, 1.5]

    def test_changes_that_are_pending(self, session, copied):
        session.get(Good, 1).profit = 7.0
        kept = session.dirty

        twin = copied(over(session, lambda good: good.profit))

        assert upper(twin)[:2] == [7.0, 2 / 3]
        assert len(kept) == len(session.dirty) == 1

    def test_a_query_that_columns_cannot_stand_for(self, session, copied):
        query = select(Good).join(Shelf, Shelf.good_id == Good.id).distinct().options(defer(Good.weight))

        twin = copied(over(session, lambda good: good.profit, query))

        assert upper(twin) == [1.0, 4 / 3, 5 / 3]
        assert twin.variables[0].get_instances()[0].weight == 7.5

    @pytest.mark.parametrize("legacy", [True, False])
    def test_a_query_that_refreshes_what_the_session_keeps(self, session, copied, legacy):
        kept = session.get(Good, 1)
        silent = {"synchronize_session": False}
        session.execute(update(Good).where(Good.id == 1).values(profit=4.0), execution_options=silent)
        refreshing = select(Good).execution_options(populate_existing=True)

        twin = copied(over(session, query=session.query(Good).populate_existing() if legacy else refreshing))

        assert kept is not None
        assert rows_of(twin)[0].profit == 4.0

    def test_a_row_that_is_gone_when_it_is_read(self, session, tables, copied):
        model = over(session)
        kept = session.get(Good, COUNT)
        session.execute(delete(Good).where(Good.id == COUNT), execution_options={"synchronize_session": False})

        twin = copied(model)

        assert kept is not None
        assert len(rows_of(twin)) == COUNT - 1
        assert np.isfinite(twin.compile().upper).all()
