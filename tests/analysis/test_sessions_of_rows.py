"""Live sessions over the rows of a database, which are read anew."""

from __future__ import annotations

import pytest
from sqlalchemy import ForeignKey, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from lumix import LXConstraint, LXLinearExpression, LXModel, LXModelError, LXParameter, LXVariable
from lumix_core.errors import LXFunctionError, LXNumberError, LXSourceError


def bits(problem):
    return {name: array.tobytes() for name, array in problem.arrays().items()}


class Base(DeclarativeBase):
    pass


class Line(Base):
    __tablename__ = "lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    hours: Mapped[float]


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    profit: Mapped[float]
    line_id: Mapped[int] = mapped_column(ForeignKey("lines.id"))
    line: Mapped[Line] = relationship()


@pytest.fixture
def database():
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Line(id=1, hours=10.0), Line(id=2, hours=20.0)])
        session.add_all(Item(id=i, name=f"item {i}", profit=float(i), line_id=1 + i % 2) for i in range(1, 5))
        session.commit()
        yield session
    engine.dispose()


@pytest.fixture
def statements(database):
    seen = []
    event.listen(database.get_bind(), "before_cursor_execute", lambda *given: seen.append(given[2]))
    return seen


def item_model(database, profit=lambda i: i.profit):
    made = LXVariable[Item, float]("made").from_model(database).bounds(lower=0)
    used = LXLinearExpression().add_multi_term(made, 1.0, where=lambda i, line: i.line_id == line.id)
    capacity = LXConstraint[Line]("capacity").from_model(database).expression(used).le().rhs(lambda line: line.hours)
    model = LXModel("items").add_variable(made).add_constraint(capacity)
    return model.maximize(LXLinearExpression().add_term(made, profit))


class TestData:
    def test_attribute_of_some_rows(self, database, highs):
        with highs.open(item_model(database)) as session:
            before = session.solve().objective_value
            after = session.modify_data(Item, lambda i: i.id == 4, "profit", 10.0).solve().objective_value

        assert (before, after) == (pytest.approx(4 * 10 + 3 * 20), pytest.approx(10 * 10 + 3 * 20))

    def test_value_as_a_function_of_the_row(self, database, highs):
        with highs.open(item_model(database)) as session:
            session.modify_data(Item, None, "profit", lambda i: 2 * i.profit)

            assert session.problem.objective.tolist() == [2.0, 4.0, 6.0, 8.0]

    def test_rows_that_were_read_are_not_read_again(self, database, highs, statements):
        with highs.open(item_model(database)) as session:
            statements.clear()

            session.modify_data(Item, lambda i: i.profit > 3, "profit", 1.0)
            session.modify_data(Item, lambda i: i.profit == 1, "line_id", 1)
            session.solve()

        assert statements == []
        assert not database.dirty

    def test_rows_that_functions_are_called_with_are_not_read_again(self, database, highs, statements):
        with highs.open(item_model(database, lambda i: float(str(i.profit)))) as session:
            statements.clear()

            session.modify_data(Item, lambda i: i.name == "item 4", "profit", 10.0)

            assert session.solve().objective_value == pytest.approx(160.0)
        assert statements == []
        assert not database.dirty

    def test_condition_may_read_what_no_function_of_the_model_does(self, database, highs, statements):
        with highs.open(item_model(database)) as session:
            statements.clear()

            session.modify_data(Item, lambda i: i.name == "item 4", "profit", 10.0)

            assert session.solve().objective_value == pytest.approx(160.0)
        assert len(statements) == 1

    def test_rows_that_came_since_are_noticed(self, database, highs):
        with highs.open(item_model(database)) as session:
            database.add(Item(id=9, name="late", profit=1.0, line_id=1))
            database.commit()

            with pytest.raises(LXSourceError, match=r"modify_data\(Item.*other rows by now. Open the model again"):
                session.modify_data(Item, lambda i: i.name == "item 4", "profit", 10.0)

    def test_two_changes_of_the_same_rows(self, database, highs):
        with highs.open(item_model(database)) as session:
            session.modify_data(Item, lambda i: i.id == 1, "profit", 7.0)
            session.modify_data(Item, lambda i: i.profit == 7.0, "profit", lambda i: i.profit + 1)

            assert session.problem.objective.tolist() == [8.0, 2.0, 3.0, 4.0]

    def test_relationship_that_leads_to_the_rows_is_noticed(self, database, highs):
        made = LXVariable[Item, float]("made").from_model(database).bounds(lower=0, upper=lambda i: i.line.hours)
        lines = LXVariable[Line, float]("lines").from_model(database).bounds(lower=0, upper=lambda line: line.hours)
        model = LXModel("both").add_variables(made, lines)

        with (
            highs.open(model) as session,
            pytest.raises(LXModelError, match=r"Item\.line\.hours leads to rows of Line too"),
        ):
            session.modify_data(Line, None, "hours", 1.0)

    def test_plain_rows(self, session, workshop):
        session.modify_data(type(workshop.products[0]), lambda p: p.name == "Desk", "profit", 400.0)

        assert session.problem.objective.tolist() == [45.0, 120.0, 400.0]

    def test_rows_of_frames(self, highs):
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame({"id": [1, 2], "price": [3.0, 4.0]})
        x = LXVariable("x").from_data(frame).indexed_by(lambda r: r.id).bounds(lower=0, upper=1)
        model = LXModel("frame").add_variable(x).maximize(LXLinearExpression().add_term(x, lambda r: r.price))
        row_type = type(x.get_instances()[0])

        with highs.open(model) as session:
            session.modify_data(row_type, lambda r: r.id == 2, "price", 40.0)

            assert session.problem.objective.tolist() == [3.0, 40.0]

    def test_row_that_a_function_captures_is_noticed(self, workshop, highs):
        best = workshop.products[2]
        workshop.made.bounds(upper=lambda p: 5.0 if p is best else 100.0)

        with (
            highs.open(workshop.model) as session,
            pytest.raises(LXModelError, match="a function of the model, which captures them"),
        ):
            session.modify_data(type(best), lambda p: p.id == 3, "profit", 1.0)

    @pytest.mark.parametrize(
        ("change", "error", "words"),
        [
            (lambda s: s.modify_data(str, None, "x", 1), LXSourceError, "no part .* rows of str. .* 'Item', 'Line'"),
            (lambda s: s.modify_data(Item, None, "prfit", 1), LXSourceError, "no function of the model reads it"),
            (lambda s: s.modify_data(Item, lambda i: i.id > 9, "profit", 1), LXModelError, "true for none of the rows"),
            (
                lambda s: s.modify_data(Item, lambda i: i.x, "profit", 1),
                LXFunctionError,
                "a function failed for the row",
            ),
            (lambda s: s.modify_data(Item, None, "profit", None), LXNumberError, "is NULL .None. for key 1 of 'made'"),
        ],
    )
    def test_wrong_changes_are_refused_and_change_nothing(self, database, highs, change, error, words):
        with highs.open(item_model(database)) as session:
            before = bits(session.problem)

            with pytest.raises(error, match=words):
                change(session)

            assert bits(session.problem) == before


def test_a_held_row_that_was_expired_and_detached_cannot_be_read_any_more(database, highs):
    held = list(database.scalars(select(Item).order_by(Item.id)))
    factor = LXParameter("factor").from_data({item.id: 1.0 for item in held})
    made = LXVariable[Item, float]("made").from_data(held).bounds(0, 1).indexed_by(lambda item: item.id)
    gain = LXLinearExpression().add_term(made, lambda item: item.profit * factor[item.id])

    with highs.open(LXModel("items").add_variable(made).maximize(gain)) as session:
        database.expire(held[0])
        database.expunge(held[0])
        with pytest.raises(LXModelError, match=r"cannot be read any more|can no longer be read"):
            session.set_parameter(factor, {2: 5.0})
