"""Scenarios of models over the rows of a database."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.orm import Session

from lumix import LXConstraint, LXLinearExpression, LXModel, LXModelError, LXScenario, LXScenarioAnalyzer, LXVariable
from tests.analysis.scenarios import Base, Bin, bits


@pytest.fixture
def database():
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Bin(id=1, room=4.0), Bin(id=2, room=6.0, shelf="high")])
        session.commit()
        yield session
    engine.dispose()


def bins(session):
    x = LXVariable[Bin, float]("x").bounds(lower=0).from_model(session)
    full = LXConstraint[Bin]("full").from_model(session).expression(LXLinearExpression().add_term(x)).le()
    model = LXModel("bins").add_variable(x).add_constraint(full.rhs(lambda b: b.room))
    return model.maximize(LXLinearExpression().sum_over(x))


class TestDatabases:
    def test_rows_are_read_once_for_all_scenarios_of_numbers(self, database, highs):
        queries = []
        event.listen(database.get_bind(), "before_cursor_execute", lambda *given: queries.append(given[2]))
        analyzer = LXScenarioAnalyzer(bins(database), highs)
        for i in range(5):
            analyzer.add_scenario(LXScenario(f"{i}").modify_constraint_rhs("full", add=i))

        analyzer.run_all_scenarios()

        assert len(queries) == 1

    def test_workers_have_no_database(self, database, highs, executor):
        analyzer = LXScenarioAnalyzer(bins(database), highs)
        analyzer.add_scenario(LXScenario("double").modify_constraint_rhs("full", multiply=2))
        analyzer.add_scenario(
            LXScenario("one").add_custom_modification(lambda m: setattr(m.get_constraint("full"), "rhs_value", 1))
        )

        results = analyzer.run_all_scenarios(executor)

        assert [one.objective for one in results.values()] == [10.0, 20.0, 2.0]

    def test_data_are_changed_in_workers_alike(self, database, highs, executor):
        factor = 3.0
        analyzer = LXScenarioAnalyzer(bins(database), highs)
        analyzer.add_scenario(LXScenario("first").modify_data(Bin, lambda b: b.id == 1, "room", 7.0))
        analyzer.add_scenario(LXScenario("larger").modify_data(Bin, None, "room", lambda b: factor * b.room))
        analyzer.add_scenario(LXScenario("high").modify_data(Bin, lambda b: b.shelf == "high", "room", 0.0))

        apart, here = analyzer.run_all_scenarios(executor), analyzer.run_all_scenarios()

        assert [one.objective for one in here.values()] == [10.0, 13.0, 30.0, 4.0]
        assert bits(apart) == bits(here)
        assert [str(one) for one in apart["first"].changes] == ["Bin.room = 7.0 for some rows"]
        assert not database.dirty

    def test_rows_are_keys_in_workers_too(self, database, highs, executor):
        first = database.get(Bin, 1)
        analyzer = LXScenarioAnalyzer(bins(database), highs)
        analyzer.add_scenario(LXScenario("first").modify_constraint_rhs("full", add=7, key=first))

        assert analyzer.run_all_scenarios(executor)["first"].objective == 17.0
        assert analyzer.run_scenario("first").objective == 17.0
        assert not database.dirty

    def test_rows_that_changed_since_they_were_read(self, database, highs, threads):
        analyzer = LXScenarioAnalyzer(bins(database), highs)
        analyzer.add_scenario(LXScenario("double").modify_constraint_rhs("full", multiply=2))
        analyzer.add_scenario(
            LXScenario("one").add_custom_modification(lambda m: setattr(m.get_constraint("full"), "rhs_value", 1))
        )
        database.execute(text("UPDATE bins SET room = 5 WHERE id = 1"))

        with pytest.raises(LXModelError, match=r"model 'bins' or its rows have changed .* Call close\(\)"):
            analyzer.run_all_scenarios(threads)
        assert "have changed" in analyzer.run_scenario("one").error
        assert analyzer.run_scenario("double").objective == 20.0

        analyzer.close()
        assert [one.objective for one in analyzer.run_all_scenarios(threads).values()] == [11.0, 22.0, 2.0]
