"""Models over SQLAlchemy's rows, on every database: what a compile reads, when, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, ForeignKey, Numeric, String, delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Query,
    Session,
    joinedload,
    mapped_column,
    relationship,
    scoped_session,
    sessionmaker,
)

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable
from lumix_core.errors import LXEmptySourceWarning, LXModelError, LXNumberError, LXSourceError
from lumix_sqlalchemy import SQLAlchemyAdapter


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30))
    profit_per_unit: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    max_demand: Mapped[float | None]
    recipes: Mapped[list[Recipe]] = relationship()


class Machine(Base):
    __tablename__ = "machines"
    id: Mapped[int] = mapped_column(primary_key=True)
    available_hours: Mapped[float]


class Recipe(Base):
    __tablename__ = "recipes"
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"), primary_key=True)
    hours: Mapped[float]


class Elsewhere(DeclarativeBase):
    pass


class Missing(Elsewhere):
    __tablename__ = "missing"
    id: Mapped[int] = mapped_column(primary_key=True)


PRODUCTS = [
    {"id": 3, "name": "Desk", "profit_per_unit": Decimal("200.10"), "max_demand": 30.0},
    {"id": 1, "name": "Chair", "profit_per_unit": Decimal("45.00"), "max_demand": 100.0},
    {"id": 2, "name": "Table", "profit_per_unit": Decimal("120.30"), "max_demand": 50.0},
]
MACHINES = [{"id": 20, "available_hours": 100.0}, {"id": 10, "available_hours": 80.0}]
HOURS = {(2, 20): 2.5, (1, 10): 0.5, (3, 20): 3.5, (2, 10): 1.5, (1, 20): 1.0, (3, 10): 2.0}
RECIPES = [{"product_id": p, "machine_id": m, "hours": h} for (p, m), h in HOURS.items()]


@pytest.fixture(scope="module")
def tables(engine: Engine) -> Engine:
    """The engine, once the tables are there."""
    Base.metadata.create_all(engine)
    return engine


@pytest.fixture
def session(tables: Engine) -> Iterator[Session]:
    """A session on products, machines and recipes, added in an order that is not the key's."""
    with Session(tables) as session:
        session.execute(insert(Product), PRODUCTS)
        session.execute(insert(Machine), MACHINES)
        session.execute(insert(Recipe), RECIPES)
        session.commit()
        yield session
    with tables.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(delete(table))


def plan(session: Session) -> LXModel:
    """A production plan that reads products as variables, constraints and part of a product."""
    made = LXVariable[Product, float]("made").bounds(lower=0).from_model(Product, session)
    run = LXVariable[tuple[Product, Machine], float]("run").indexed_by_product(
        LXIndexDimension(Product).from_model(session), LXIndexDimension(Machine).from_model(session)
    )
    used = LXVariable[Recipe, float]("used").bounds(lower=lambda r: r.hours).from_model(session)
    demand = LXConstraint[Product]("demand").expression(LXLinearExpression().add_term(made)).le()
    hours = LXConstraint[Machine]("hours").expression(
        LXLinearExpression().add_multi_term(run, where=lambda p, m, machine: m.id == machine.id)
    )
    return (
        LXModel("plan")
        .add_variables(made, run, used)
        .add_constraint(demand.rhs(lambda p: p.max_demand).from_model(session))
        .add_constraint(hours.le().rhs(lambda m: m.available_hours).from_model(Machine, session))
        .maximize(LXLinearExpression().add_term(made, lambda p: p.profit_per_unit))
    )


def keys(variable: LXVariable[Any, Any]) -> list[Any]:
    return list(LXModel("keys").add_variable(variable).compile().variables[0].keys)


class TestCompile:
    def test_numbers(self, session):
        problem = plan(session).compile()

        assert problem.objective.tolist() == [45.0, 120.3, 200.1] + [0.0] * 12
        assert problem.lower.tolist() == [0.0] * 3 + [-np.inf] * 6 + [0.5, 1.0, 1.5, 2.5, 2.0, 3.5]
        assert problem.row_upper.tolist() == [100.0, 50.0, 30.0, 80.0, 100.0]
        assert problem.row_numbers().tolist() == [0, 1, 2, 3, 3, 3, 4, 4, 4]
        assert problem.columns.tolist() == [0, 1, 2, 3, 5, 7, 4, 6, 8]

    def test_decimals_are_the_numbers_of_their_floats(self, session):
        problem = plan(session).compile()

        assert problem.objective[1] == float(Decimal("120.30"))

    def test_keys_are_primary_keys(self, session):
        made, run, used = plan(session).compile().variables

        assert list(made.keys) == [1, 2, 3]
        assert list(run.keys) == [(p, m) for p in (1, 2, 3) for m in (10, 20)]
        assert list(used.keys) == sorted(HOURS)

    def test_rows_moved_in_the_table_compile_to_the_same_problem(self, session):
        first = plan(session).compile()

        session.execute(update(Product).where(Product.id == 1).values(name="Armchair"))
        session.execute(delete(Recipe).where(Recipe.product_id == 1))
        session.execute(insert(Recipe), [one for one in RECIPES if one["product_id"] == 1])
        session.commit()
        second = plan(session).compile()

        assert all(np.array_equal(array, second.arrays()[name]) for name, array in first.arrays().items())

    def test_rows_are_the_sessions_instances(self, session):
        variable = LXVariable[Product, float]("made").from_model(session)

        assert variable.get_instances() == [session.get(Product, i) for i in (1, 2, 3)]

    def test_instances_in_a_list_have_their_primary_key(self, session):
        recipes = session.scalars(select(Recipe).where(Recipe.product_id == 1)).all()

        assert set(keys(LXVariable[Recipe, float]("used").from_data(recipes))) == {(1, 10), (1, 20)}


class TestForms:
    """Every form of from_model makes the same family."""

    @pytest.mark.parametrize(
        "arguments",
        [
            lambda s: (Product, s),
            lambda s: (s,),
            lambda s: (select(Product), s),
            lambda s: (select(Product).join(Product.recipes), s),
            lambda s: (select(Product).options(joinedload(Product.recipes)), s),
            lambda s: (s.query(Product),),
            lambda s: (Query(Product), s),
        ],
    )
    def test_arguments(self, session, arguments):
        variable = LXVariable[Product, float]("made").from_model(*arguments(session))

        assert keys(variable) == [1, 2, 3]

    def test_filtered_select(self, session):
        query = select(Product).where(Product.max_demand > 40)

        assert keys(LXVariable[Product, float]("made").from_model(query, session)) == [1, 2]

    def test_own_order(self, session):
        query = select(Product).order_by(Product.name.desc())

        assert keys(LXVariable[Product, float]("made").from_model(query, session)) == [2, 3, 1]

    def test_columns(self, session):
        query = select(Product.id, Product.max_demand)
        made = LXVariable[Any, float]("made").from_model(query, session).indexed_by(lambda row: row.id)

        problem = LXModel("columns").add_variable(made.bounds(upper=lambda row: row.max_demand)).compile()

        assert list(problem.variables[0].keys) == [1, 2, 3]
        assert problem.upper.tolist() == [100.0, 50.0, 30.0]

    def test_columns_without_a_key_are_their_own(self, session):
        query = select(Product.id, Product.name).where(Product.id > 1)

        assert keys(LXVariable[Any, float]("made").from_model(query, session)) == [(2, "Table"), (3, "Desk")]

    def test_columns_with_a_name_of_the_row_itself_are_refused(self, session):
        query = select(Product.id, Product.max_demand.label("t")).order_by(Product.id)
        as_query = LXVariable[Any, float]("made").from_model(query, session)
        as_data = LXVariable[Any, float]("made").from_data(session.execute(query).all())

        for variable in (as_query, as_data):
            with pytest.raises(LXSourceError, match=r"LXVariable\('made'\) reads rows with a column labelled 't'"):
                keys(variable.indexed_by(lambda row: (row.id, row.t)))

    def test_columns_with_other_common_names_are_read(self, session):
        query = select(Product.id.label("count"), Product.name.label("index"), Product.max_demand.label("keys"))
        made = LXVariable[Any, float]("made").from_model(query.order_by(Product.id), session)

        assert keys(made.indexed_by(lambda row: (row.count, row.index)))[0] == (1, "Chair")

    def test_sums_of_a_query_are_another_kind_of_row(self, session):
        """A constraint over columns that the database adds up, and a variable over the rows of a class."""
        made = LXVariable[Product, float]("made").from_model(session)
        needs = select(Recipe.product_id, func.sum(Recipe.hours).label("hours")).group_by(Recipe.product_id)
        need = LXConstraint[Any]("need").from_model(needs.order_by(Recipe.product_id), session).ge()
        own = LXConstraint[Any]("own").from_model(needs.order_by(Recipe.product_id), session).ge()
        model = LXModel("needs").add_variable(made)
        model.add_constraint(need.expression(LXLinearExpression().add_term(made)).rhs(lambda row: row.hours))

        with pytest.raises(LXModelError, match=r"add_term\(made\) would sum all 3 elements of 'made' again"):
            model.compile()

        at_row = LXLinearExpression().add_term(made, at=lambda row: row.product_id)
        model.remove_constraint("need").add_constraint(own.expression(at_row).rhs(lambda row: row.hours))
        problem = model.compile()
        assert problem.columns.tolist() == [0, 1, 2]
        assert problem.row_lower.tolist() == [1.5, 4.0, 5.5]

    def test_products_of_queries_have_own_elements_and_lags(self, session, statements):
        run = LXVariable[Any, float]("run").indexed_by_product(
            LXIndexDimension(Product).from_model(session), LXIndexDimension(Machine).from_model(session)
        )
        link = LXConstraint[Any]("link").indexed_by_product(
            LXIndexDimension(Machine).from_model(select(Machine).where(Machine.id == 20), session),
            LXIndexDimension(Product).from_model(select(Product).where(Product.id > 1), session),
        )
        expression = LXLinearExpression().add_term(run, lambda p, m: p.profit_per_unit)
        expression.add_term(run, -1.0, at=lambda m, p: (p.id, m.id - 10))
        same = LXConstraint[Any]("same").over(run).expression(LXLinearExpression().add_term(run)).le()
        model = (
            LXModel("m")
            .add_variable(run)
            .add_constraints(
                link.expression(expression).le().rhs(lambda m, p: m.available_hours + p.id),
                same.rhs(lambda p, m: p.max_demand),
            )
        )

        del statements[:]

        problem = model.compile()

        assert problem.columns.tolist()[:4] == [2, 3, 4, 5]
        assert problem.coefficients.tolist()[:4] == [-1.0, 120.3, -1.0, 200.1]
        assert problem.row_upper.tolist()[2:] == [100.0, 100.0, 50.0, 50.0, 30.0, 30.0]
        assert len(statements) == 4

    def test_a_table_is_refused_with_the_query_to_write(self, session):
        tables = {"the table 'products'": Product.__table__, "the subquery 'some'": select(Product).subquery("some")}
        for shown, table in tables.items():
            with pytest.raises(
                LXSourceError, match=f"from_model\\(\\) got {shown}, which is no class and no query"
            ) as error:
                LXVariable[Any, float]("made").from_model(table, session)
            assert "Write .from_model(select(table), session)" in str(error.value)

        made = LXVariable[Any, float]("made").from_model(select(Product.__table__), session)
        assert keys(made.indexed_by(lambda row: row.id)) == [1, 2, 3]

    def test_adapter_without_registration(self, session):
        variable = LXVariable[Product, float]("made").from_model(session, adapter=SQLAlchemyAdapter())

        assert keys(variable) == [1, 2, 3]

    def test_scoped_session(self, session, engine):
        scoped = scoped_session(sessionmaker(engine))
        try:
            assert keys(LXVariable[Product, float]("made").from_model(scoped)) == [1, 2, 3]
        finally:
            scoped.remove()

    def test_mistakes_are_errors_of_from_model(self, engine):
        with pytest.raises(LXSourceError, match=r"Write \.from_model\(Product, session\)"):
            LXVariable[Product, float]("made").from_model(Product)
        with pytest.raises(LXSourceError, match=r"Open one, `session = Session\(engine\)`"):
            LXVariable[Product, float]("made").from_model(engine)


class TestQueries:
    """One query for each source and compile."""

    def test_each_table_is_read_once(self, session, statements):
        model = plan(session)
        assert statements == []

        model.compile()

        tables = [sql.split(" \nFROM ")[1].split()[0] for sql in statements]
        assert sorted(tables) == ["machines", "products", "recipes"]

    def test_equal_queries_in_different_words(self, session, statements):
        sources = [(session,), (Product, session), (select(Product), session)]
        sources += [(select(Product).order_by(Product.id), scoped_session(lambda: session))]
        model = LXModel("words")
        for i, source in enumerate(sources):
            model.add_variable(LXVariable[Product, float](f"x{i}").from_model(*source))

        problem = model.compile()

        assert problem.num_variables == 12
        assert len(statements) == 1

    def test_different_queries(self, session, statements):
        model = LXModel("parts")
        for i in (1, 2):
            query = select(Product).where(Product.id == i)
            model.add_variable(LXVariable[Product, float](f"x{i}").from_model(query, session))

        problem = model.compile()

        assert [list(one.keys) for one in problem.variables] == [[1], [2]]
        assert len(statements) == 2

    def test_two_sessions(self, session, engine, statements):
        with Session(engine) as other:
            other.get(Product, 1).max_demand = 7.0
            statements.clear()
            model = LXModel("two")
            for i, one in enumerate((session, other)):
                variable = LXVariable[Product, float](f"x{i}").from_model(Product, one)
                model.add_variable(variable.bounds(upper=lambda p: p.max_demand))

            problem = model.compile()
            other.rollback()

        assert problem.upper.tolist() == [100.0, 50.0, 30.0, 7.0, 50.0, 30.0]
        assert len([sql for sql in statements if sql.startswith("SELECT")]) == 2


class TestTransaction:
    """A model sees what the session sees, and leaves it as it was."""

    def test_pending_changes_are_seen(self, session):
        session.add(Product(id=4, name="Stool", profit_per_unit=Decimal(9), max_demand=5.0))
        session.get(Product, 1).max_demand = 1.0

        problem = plan(session).compile()

        assert problem.row_upper.tolist() == [1.0, 50.0, 30.0, 5.0, 80.0, 100.0]

    def test_pending_rows_are_not_seen_without_autoflush(self, session, engine):
        with Session(engine, autoflush=False) as other:
            other.add(Product(id=4, name="Stool", profit_per_unit=Decimal(9), max_demand=5.0))

            problem = plan(other).compile()

            assert problem.row_upper.tolist() == [100.0, 50.0, 30.0, 80.0, 100.0]
            assert len(other.new) == 1

    def test_session_is_left_as_it_was(self, session):
        with session.no_autoflush:
            chair = session.get(Product, 1)
            chair.name = "Armchair"
            session.add(Product(id=4, name="Stool", profit_per_unit=Decimal(9)))
            session.delete(session.get(Recipe, (1, 10)))
            transaction = session.get_transaction()
            before = (list(session.new), list(session.dirty), list(session.deleted))

            plan(session).compile()

            assert (list(session.new), list(session.dirty), list(session.deleted)) == before
            assert session.get_transaction() is transaction
            assert chair.name == "Armchair"

    def test_nothing_is_committed(self, session):
        session.get(Product, 1).name = "Armchair"

        plan(session).compile()
        session.rollback()

        assert session.get(Product, 1).name == "Chair"

    def test_error_of_the_database_is_sqlalchemys_own(self, session):
        model = LXModel("missing").add_variable(LXVariable[Missing, float]("x").from_model(session))

        with pytest.raises(DBAPIError, match="missing"):
            model.compile()


class TestWrongData:
    def test_null_names_family_key_and_attribute(self, session):
        session.get(Product, 2).max_demand = None

        with pytest.raises(LXNumberError) as caught:
            plan(session).compile()

        message = str(caught.value)
        assert all(part in message for part in ("demand", "key 2", "max_demand", "NULL"))

    def test_empty_table_names_the_family_and_the_query(self, session):
        query = select(Product).where(Product.id > 99)
        model = LXModel("empty").add_variable(LXVariable[Product, float]("made").from_model(query, session))

        with pytest.warns(LXEmptySourceWarning, match=r"made.*FROM products WHERE products\.id > :id_1"):
            model.compile()
