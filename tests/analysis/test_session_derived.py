"""Changes of data, and what follows from the changed attribute: computed anew, or refused by name."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Computed, Float, ForeignKey, create_engine, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    column_property,
    composite,
    mapped_column,
    relationship,
)

from lumix import LXLinearExpression, LXModel, LXModelError, LXOptimizer, LXParameter, LXVariable, LXWhatIfAnalyzer
from lumix_core.errors import LXSourceError


def model_of(rows, gain, key=lambda row: row.id):
    made = LXVariable("made").bounds(0, 10).indexed_by(key)
    made = made.from_model(*rows) if isinstance(rows, tuple) else made.from_data(rows)
    return LXModel("shop").add_variable(made).maximize(LXLinearExpression().add_term(made, gain))


class Plain:
    def __init__(self, id, price, cost):
        self.id, self.price, self.cost = id, price, cost

    @functools.cached_property
    def margin(self):
        return self.price - self.cost

    @functools.cached_property
    def twice(self):
        return 2 * self.margin


class own_cache:
    def __init__(self, func):
        self.func, self.name = func, func.__name__

    def __get__(self, row, owner=None):
        return self if row is None else row.__dict__.setdefault(self.name, self.func(row))


class Cached(Plain):
    margin = own_cache(lambda row: row.price - row.cost)


Cached.margin.name = "margin"


@dataclass
class Started:
    id: int
    price: float
    cost: float
    margin: float = field(init=False)

    def __post_init__(self):
        self.margin = self.price - self.cost


class Watchful(Plain):
    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)
        if name == "cost":
            object.__setattr__(self, "spread", self.price - value)


def rows_of(cls):
    return [cls(1, 45.0, 20.0), cls(2, 200.0, 120.0)]


class TestPlainRows:
    @pytest.mark.parametrize("cls", [Plain, Cached, Started])
    def test_what_a_class_keeps_of_the_attribute_is_computed_anew(self, highs, cls):
        rows = rows_of(cls)

        with LXWhatIfAnalyzer(model_of(rows, lambda row: row.margin), highs) as whatif:
            result = whatif.modify_data(cls, None, "cost", 0.0)

        assert result.delta_objective == pytest.approx(10 * 20 + 10 * 120)
        assert [row.margin for row in rows] == [25.0, 80.0]

    def test_a_chain_of_kept_properties(self, highs):
        with LXWhatIfAnalyzer(model_of(rows_of(Plain), lambda row: row.twice), highs) as whatif:
            assert whatif.modify_data(Plain, lambda row: row.id == 2, "cost", 100.0).delta_objective == 400.0

    def test_a_class_that_computes_when_it_is_set(self, highs):
        with LXWhatIfAnalyzer(model_of(rows_of(Watchful), lambda row: row.spread), highs) as whatif:
            assert whatif.modify_data(Watchful, None, "cost", 0.0).delta_objective == pytest.approx(1400.0)

    def test_a_field_that_was_set_otherwise_later_is_refused(self, highs):
        rows = rows_of(Started)
        rows[0].margin = 1.0

        with (
            highs.open(model_of(rows, lambda row: row.margin)) as session,
            pytest.raises(LXSourceError, match=r"Started\.margin is computed when a row is made, perhaps from cost"),
        ):
            session.modify_data(Started, None, "cost", 0.0)

    def test_the_kept_property_itself_may_be_changed(self, highs):
        with highs.open(model_of(rows_of(Plain), lambda row: row.margin)) as session:
            session.modify_data(Plain, None, "margin", 1.0)

            assert session.problem.objective.tolist() == [1.0, 1.0]


class TestKeys:
    def test_rows_that_are_their_own_keys_are_refused(self, highs):
        @dataclass(frozen=True)
        class Product:
            name: str
            profit: float

        rows = [Product("a", 1.0), Product("b", 2.0)]
        with (
            highs.open(own_key_model(rows)) as session,
            pytest.raises(LXModelError, match=r"the rows themselves are the keys of 'made'.*indexed_by"),
        ):
            session.modify_data(Product, lambda row: row.name == "a", "profit", 9.0)

    def test_rows_of_a_parameter_with_keys_of_its_own(self, highs):
        rows = rows_of(Plain)
        price = LXParameter("price").from_data(rows).indexed_by(lambda row: row.id).value(lambda row: row.price)
        made = LXVariable[int, float]("made").bounds(0, 1).from_data([1, 2])
        model = LXModel("m").add_variable(made).maximize(LXLinearExpression().add_term(made, lambda i: price[i]))

        with highs.open(model) as session:
            assert session.modify_data(Plain, None, "price", 3.0).problem.objective.tolist() == [3.0, 3.0]


def own_key_model(rows):
    made = LXVariable("made").bounds(0, 1).from_data(rows)
    return LXModel("own").add_variable(made).maximize(LXLinearExpression().add_term(made, lambda row: row.profit))


class Base(DeclarativeBase):
    pass


class Line(Base):
    __tablename__ = "derived_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    markup: Mapped[float]


@dataclass
class Pair:
    price: float
    cost: float


class Item(Base):
    __tablename__ = "derived_items"
    id: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[float]
    cost: Mapped[float] = mapped_column("unit_cost")
    gain: Mapped[float] = mapped_column(Float, Computed("price - unit_cost"))
    stock: Mapped[float]
    line_id: Mapped[int] = mapped_column(ForeignKey("derived_lines.id"))
    line: Mapped[Line] = relationship()
    pair: Mapped[Pair] = composite("price", "cost")

    @hybrid_property
    def margin(self):
        return self.price - self.cost

    @functools.cached_property
    def kept(self):
        return self.price - self.cost


Item.spread = column_property(Item.price - 2 * Item.cost)
Item.ratio = column_property(
    select(Line.markup).where(Line.id == Item.line_id).correlate_except(Line).scalar_subquery()
)


@pytest.fixture
def database():
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Line(id=1, markup=1.0), Line(id=2, markup=5.0)])
        session.add_all(Item(id=i, price=10.0 * i, cost=4.0, stock=1.0, line_id=1) for i in (1, 2, 3))
        session.commit()
        yield session
    engine.dispose()


def by_row(gain):
    return lambda row: float(str(gain(row)))


class TestRowsOfADatabase:
    @pytest.mark.parametrize(
        ("gain", "attribute", "name"),
        [
            (lambda row: row.gain - row.cost, "cost", "gain"),
            (lambda row: row.spread - row.cost, "cost", "spread"),
            (lambda row: row.line.markup + row.line_id, "line_id", "line"),
            (lambda row: row.ratio + row.line_id, "line_id", "ratio"),
        ],
    )
    def test_what_follows_in_the_database_is_refused(self, database, gain, attribute, name):
        for form in (gain, by_row(gain)):
            with (
                LXOptimizer().open(model_of((Item, database), form)) as session,
                pytest.raises(LXModelError, match=rf"read Item\.{name}, which follows from {attribute}"),
            ):
                session.modify_data(Item, None, attribute, 2)

    def test_a_composite_is_refused(self, database, highs):
        model = model_of((Item, database), lambda row: float(str(row.pair.price - row.pair.cost)) + row.cost)

        with (
            highs.open(model) as session,
            pytest.raises(LXModelError, match=r"read Item\.pair, which follows from cost"),
        ):
            session.modify_data(Item, None, "cost", 2)

    @pytest.mark.parametrize("form", [lambda gain: gain, by_row], ids=["columns", "rows"])
    @pytest.mark.parametrize("gain", [lambda row: row.margin, lambda row: row.kept], ids=["hybrid", "cached"])
    def test_what_python_computes_is_computed_anew(self, database, highs, form, gain):
        with LXWhatIfAnalyzer(model_of((Item, database), form(gain)), highs) as whatif:
            assert whatif.modify_data(Item, None, "cost", 0.0).delta_objective == pytest.approx(10 * 3 * 4)

    def test_what_does_not_follow_may_be_changed(self, database, highs):
        with highs.open(model_of((Item, database), lambda row: row.gain * row.stock)) as session:
            session.modify_data(Item, None, "stock", 2.0)

            assert session.problem.objective.tolist() == [12.0, 32.0, 52.0]

    def test_the_computed_column_itself_may_be_changed(self, database, highs):
        with highs.open(model_of((Item, database), lambda row: row.gain)) as session:
            session.modify_data(Item, lambda row: row.id == 1, "gain", 7.0)

            assert session.problem.objective.tolist() == [7.0, 16.0, 26.0]

    def test_what_follows_in_rows_that_others_lead_to(self, database, highs):
        made = LXVariable[Item, float]("made").from_model(database).bounds(0, 1)
        lines = LXVariable[Line, float]("lines").from_model(database).bounds(0, 1)
        model = LXModel("m").add_variables(made, lines)
        model.maximize(
            LXLinearExpression().add_term(made, lambda row: row.line.markup).add_term(lines, lambda row: row.markup)
        )

        with highs.open(model) as session, pytest.raises(LXModelError, match="leads to rows of Line too"):
            session.modify_data(Line, None, "markup", 2.0)

    def test_a_second_change_sees_the_first_in_columns_that_were_not_read(self, database, highs):
        with highs.open(model_of((Item, database), lambda row: row.price - row.cost)) as session:
            session.modify_data(Item, None, "cost", 1.0)
            session.modify_data(Item, lambda row: row.stock == 1.0, "price", lambda row: row.cost + 2.0)

            assert session.problem.objective.tolist() == [2.0, 2.0, 2.0]

    def test_values_that_changed_in_the_database_are_noticed_by_a_new_column(self, database, highs):
        with highs.open(model_of((Item, database), lambda row: row.price)) as session:
            database.get(Item, 2).price = 99.0
            database.commit()

            with pytest.raises(LXSourceError, match="the table has other values of 'price' by now"):
                session.modify_data(Item, lambda row: row.stock == 1.0, "price", lambda row: 2 * row.price)


class Checked:
    """Keeps its price behind a property of the same name, which checks what is set."""

    def __init__(self, id, price, cost):
        self.id, self.price, self.cost = id, price, cost

    @property
    def price(self):
        return self.__dict__["price"]

    @price.setter
    def price(self, value):
        if value < 0:
            raise ValueError(value)
        self.__dict__["price"] = value


def test_a_property_with_a_setter_is_data():
    model = model_of([Checked(1, 5.0, 1.0), Checked(2, 4.0, 1.0)], lambda row: row.price - row.cost)
    whatif = LXWhatIfAnalyzer(model, LXOptimizer())

    result = whatif.modify_data(Checked, None, "cost", 2.0)

    assert result.delta_objective == pytest.approx(-20.0)
