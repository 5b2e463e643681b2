"""What of a sweep can be written, and what is refused before the first statement, in words that name the scenario."""

from __future__ import annotations

import pickle

import pytest
from sqlalchemy import Column, Engine, Float, ForeignKey, Integer, String, Text, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Session

from lumix import LXLinearExpression, LXModel, LXScenario, LXScenarioAnalyzer, LXVariable, LXWriteBack, LXWriteError
from lumix_sqlalchemy import RunColumns


class Base(DeclarativeBase): ...


class ScenarioRun(RunColumns, Base):
    __tablename__ = "runs"
    sweep = Column(String(32))
    scenario = Column(String(20))
    error = Column(Text)
    delta_objective = Column(Float)
    delta_percentage = Column(Float)
    comment = Column(String(20))


class StrictRun(Base):
    __tablename__ = "strict_runs"
    id = Column(String(32), primary_key=True)
    solve_time = Column(Float, nullable=False)


class ShortRun(Base):
    __tablename__ = "short_runs"
    id = Column(String(32), primary_key=True)
    error = Column(String(10))


class NumberedRun(Base):
    __tablename__ = "numbered_runs"
    id = Column(Integer, primary_key=True)


class Line(Base):
    __tablename__ = "lines"
    run_id = Column(ForeignKey("runs.id"), primary_key=True)
    product_id = Column(Integer, primary_key=True, autoincrement=False)
    quantity = Column(Float, nullable=False)
    note = Column(String(20))


class Total(Base):
    """Has no place for more than one run."""

    __tablename__ = "totals"
    product_id = Column(Integer, primary_key=True)
    run_id = Column(String(32))
    quantity = Column(Float)


@pytest.fixture
def engine():
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def sent(engine):
    """The statements that are sent from here on."""
    found: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: found.append(args[2]))
    return found


@pytest.fixture
def sweep(workshop, highs):
    return scenarios(LXScenarioAnalyzer(workshop.model, highs)).run_all_scenarios()


def scenarios(analyzer):
    return analyzer.add_scenarios(
        LXScenario("wood").modify_constraint_rhs("stock", add=100, key=1),
        LXScenario("none").modify_constraint_rhs("stock", set_value=10, key=1),
        LXScenario("broken").add_custom_modification(lambda model: model.nothing),
    )


LINES = {"run": "run_id", "key": "product_id", "value": "quantity"}


def read(engine: Engine, *columns):
    with Session(engine) as session:
        return [tuple(row) for row in session.execute(select(*columns))]


def refusal(write_back, engine, sent):
    """What is said of a write-back that is refused, with nothing sent."""
    with pytest.raises(LXWriteError) as error:
        write_back.write(engine)
    assert sent == []
    return str(error.value)


class TestWritten:
    def test_a_variable_is_told_by_itself_or_its_name(self, sweep, workshop, engine):
        for rows in (workshop.made, "made"):
            written = sweep.write_back().record(ScenarioRun).append(Line, rows, **LINES).write(engine)

            assert (written[ScenarioRun], written[Line]) == (4, 6)
        assert str(written) == "ScenarioRun: 4 written; Line: 6 written, 6 replaced"

    def test_the_order_of_the_calls_does_not_matter(self, sweep, engine):
        sweep.write_back().append(Line, "made", **LINES).record(ScenarioRun).write(engine)

        assert len(read(engine, Line.run_id)) == 6

    def test_a_pickled_sweep_is_the_same_sweep(self, sweep, engine):
        for one in (sweep, pickle.loads(pickle.dumps(sweep))):
            one.write_back().record(ScenarioRun).append(Line, "made", **LINES).write(engine)

        assert len(read(engine, ScenarioRun.id)) == 4
        assert len(read(engine, Line.run_id)) == 6

    def test_the_baseline_is_in_the_history_of_each_sweep(self, workshop, highs, engine):
        analyzer = LXScenarioAnalyzer(workshop.model, highs)
        first, second = analyzer.run_all_scenarios(), analyzer.run_all_scenarios()

        for one in (first, second):
            one.write_back().record(ScenarioRun).write(engine)

        assert {found for (found,) in read(engine, ScenarioRun.sweep)} == {first.sweep_id, second.sweep_id}

    def test_a_variable_that_only_some_scenarios_have(self, workshop, highs, engine):
        def add(model):
            model.add_variable(LXVariable("extra").indexed_by(lambda i: i).from_data([7]).bounds(1, 1))

        analyzer = LXScenarioAnalyzer(workshop.model, highs)
        sweep = analyzer.add_scenario(LXScenario("more").add_custom_modification(add)).run_all_scenarios()

        sweep.write_back().record(ScenarioRun).append(Line, "extra", **LINES).write(engine)

        assert read(engine, Line.run_id, Line.product_id) == [(sweep["more"].run_id, 7)]

    def test_a_sweep_in_which_no_scenario_has_a_point(self, highs, engine):
        model = LXModel("none").add_variable(LXVariable[None, float]("x").bounds(1, 0))
        sweep = LXScenarioAnalyzer(model, highs).run_all_scenarios()

        written = sweep.write_back().record(ScenarioRun).append(Line, "x", **LINES).write(engine)

        assert (written[ScenarioRun], written[Line]) == (1, 0)

    def test_a_sweep_without_results(self, workshop, highs, engine):
        sweep = LXScenarioAnalyzer(workshop.model, highs, include_baseline=False).run_all_scenarios()

        written = sweep.write_back().record(ScenarioRun).write(engine)

        assert (written[ScenarioRun], read(engine, ScenarioRun.id)) == (0, [])

    def test_a_change_in_percent_of_nothing_is_null(self, highs, engine):
        x = LXVariable[None, float]("x").bounds(0, 0)
        model = LXModel("still").add_variable(x).maximize(LXLinearExpression().add_term(x))
        scenario = LXScenario("up").modify_variable_bound("x", upper=2)
        sweep = LXScenarioAnalyzer(model, highs).add_scenario(scenario).run_all_scenarios()

        sweep.write_back().record(ScenarioRun).write(engine)

        found = read(engine, ScenarioRun.scenario, ScenarioRun.delta_objective, ScenarioRun.delta_percentage)
        assert sorted(found) == [("baseline", 0.0, 0.0), ("up", 2.0, None)]

    def test_rows_of_a_constraint(self, sweep, engine):
        def used(result):
            return result.activity["stock"] if result.is_feasible() else []

        sweep.write_back().record(ScenarioRun).append(Line, used, **LINES).write(engine)

        found = {(run, key): value for run, key, value in read(engine, Line.run_id, Line.product_id, Line.quantity)}
        assert found[sweep["wood"].run_id, 1] == pytest.approx(600)
        assert len(found) == 6

    def test_the_rows_of_a_scenario_that_has_none_any_more_go(self, sweep, engine):
        kept = ["baseline", "wood"]

        def one(result):
            return [{"product_id": 1, "quantity": 1.0}] if result.name in kept else []

        writing = sweep.write_back().record(ScenarioRun).append(Line, one, run="run_id")
        writing.write(engine)
        kept.remove("wood")
        writing.write(engine)

        assert read(engine, Line.run_id) == [(sweep["baseline"].run_id,)]

    def test_a_frame_of_a_sweep(self, sweep, engine):
        frame = sweep.to_frame("made", backend="polars").filter(scenario="wood")

        LXWriteBack().replace(Total, frame.select(product_id="product", quantity="value")).write(engine)

        assert dict(read(engine, Total.product_id, Total.quantity)) == dict(sweep["wood"].solved().variables["made"])


class TestRefused:
    def test_null_where_a_scenario_failed(self, sweep, engine, sent):
        said = refusal(sweep.write_back().record(StrictRun), engine, sent)

        assert said == (
            f"LXSweepWriteBack.record(StrictRun), scenario 'broken': row 0 (solve_time=None, "
            f"id={sweep['broken'].run_id!r}): 'solve_time' is NULL (None), and may not be. Give a value, or leave the "
            f"row out."
        )

    def test_what_is_given_in_the_place_of_null(self, sweep, engine):
        def seconds(result):
            return result.solution.solve_time if result.solution else 0.0

        sweep.write_back().record(StrictRun, solve_time=seconds).write(engine)

        assert len(read(engine, StrictRun.id)) == 4

    def test_an_error_that_is_too_long(self, sweep, engine, sent):
        said = refusal(sweep.write_back().record(ShortRun), engine, sent)

        assert "scenario 'broken': row 0" in said
        assert said.endswith("characters, and the column holds 10. Shorten the text.")

    def test_an_error_that_is_shortened(self, sweep, engine):
        sweep.write_back().record(ShortRun, error=lambda one: one.error[:10]).write(engine)

        assert dict(read(engine, ShortRun.id, ShortRun.error))[sweep["broken"].run_id] == sweep["broken"].error[:10]

    def test_a_history_whose_key_is_a_number(self, sweep, engine, sent):
        said = refusal(sweep.write_back().record(NumberedRun), engine, sent)

        assert "the run's id is text, 32 characters, and NumberedRun.id does not hold text" in said

    def test_a_variable_that_there_is_not(self, sweep):
        with pytest.raises(LXWriteError) as error:
            sweep.write_back().append(Line, "mde", **LINES)

        assert str(error.value) == (
            "LXSweepWriteBack.append(Line): no scenario of the sweep has a variable 'mde'. There are 'made'. Did you "
            "mean 'made'? Correct the name, or give a function of the result."
        )

    @pytest.mark.parametrize("left_out", ["key", "value"])
    def test_a_variable_without_attributes_for_keys_and_values(self, sweep, left_out):
        options = {name: one for name, one in LINES.items() if name != left_out}

        with pytest.raises(LXWriteError, match=r'got the variable .made., .* Write key="product_id", value="quantity"'):
            sweep.write_back().append(Line, "made", **options)

    def test_rows_that_are_not_of_every_scenario(self, sweep):
        values = sweep["wood"].solved().variables["made"]

        for rows in (values, [], None, 5):
            with pytest.raises(LXWriteError, match="not of every scenario"):
                sweep.write_back().append(Line, rows, **LINES)

    def test_a_function_that_fails_where_there_is_no_point(self, sweep, engine, sent):
        said = refusal(
            sweep.write_back().append(Line, lambda one: one.solved().variables["made"], **LINES), engine, sent
        )

        assert said.startswith(
            "LXSweepWriteBack.append(Line), scenario 'none': the function for rows failed with LXNoSolutionError: "
        )
        assert said.endswith(
            ". The scenario has no point (its status is infeasible): let the function ask is_feasible()."
        )

    def test_a_function_that_fails_for_an_attribute(self, sweep, engine, sent):
        said = refusal(sweep.write_back().record(ScenarioRun, comment=lambda one: one.nam), engine, sent)

        assert said.startswith("LXSweepWriteBack.record(ScenarioRun), scenario 'baseline': the function for 'comment' ")
        assert said.endswith("Correct the function.")

    def test_rows_that_are_none(self, sweep, engine, sent):
        said = refusal(sweep.write_back().append(Line, lambda one: None, run="run_id"), engine, sent)

        assert said.startswith("LXSweepWriteBack.append(Line), scenario 'baseline' got None, which are no rows.")

    def test_a_number_that_is_none(self, sweep, engine, sent):
        def rows(result):
            return [{"product_id": 1, "quantity": float("nan") if result.name == "none" else 1.0}]

        said = refusal(sweep.write_back().append(Line, rows, run="run_id"), engine, sent)

        assert "scenario 'none': row 0 (product_id=1, quantity=nan" in said

    def test_scenarios_whose_rows_have_the_same_key(self, sweep, engine, sent):
        said = refusal(sweep.write_back().append(Total, "made", **LINES), engine, sent)

        assert said == (
            "LXSweepWriteBack.append(Total): rows 0 (scenario 'baseline') and 0 (scenario 'wood') both have "
            "product_id=1, which only one row may have. Leave one of them out, or add them up before writing."
        )

    def test_scenarios_whose_rows_have_other_attributes(self, sweep, engine, sent):
        def rows(result):
            return [{"product_id": 1, "quantity": 1.0, **({"note": "odd"} if result.name == "wood" else {})}]

        said = refusal(sweep.write_back().append(Line, rows, run="run_id"), engine, sent)

        assert said == (
            "LXSweepWriteBack.append(Line), scenario 'wood': a row has 'note', which a row of scenario 'baseline' "
            "lacks, and nothing is filled in for it. Give every row the same attributes, None where there is no value."
        )

    def test_rows_of_another_run(self, sweep, engine, sent):
        def rows(result):
            return [{"product_id": 1, "quantity": 1.0, "run_id": sweep["wood"].run_id}]

        said = refusal(sweep.write_back().append(Line, rows, run="run_id"), engine, sent)

        assert said.startswith("LXSweepWriteBack.append(Line), scenario 'baseline': row 0 (product_id=1, ")
        assert f"only rows with 'run_id' = {sweep['baseline'].run_id!r} are replaced" in said

    def test_an_attribute_that_the_class_has_not(self, sweep, engine, sent):
        said = refusal(sweep.write_back().record(ScenarioRun, coment="x"), engine, sent)

        assert "LXSweepWriteBack.record(ScenarioRun): ScenarioRun has no attribute 'coment'" in said
        assert "Did you mean 'comment'?" in said

    def test_a_class_twice(self, sweep):
        with pytest.raises(LXWriteError, match=r"^LXSweepWriteBack\.append\(ScenarioRun\): ScenarioRun is in this"):
            sweep.write_back().record(ScenarioRun).append(ScenarioRun, "made", **LINES)

    def test_what_is_no_class(self, sweep):
        with pytest.raises(
            LXWriteError,
            match=r"LXSweepWriteBack\.record\(\.\.\.\) got 5 as its first argument; expected a mapped class",
        ):
            sweep.write_back().record(5)

    def test_a_class_that_is_not_mapped(self, sweep, engine, sent):
        assert "int is not mapped by any row adapter" in refusal(sweep.write_back().record(int), engine, sent)

    def test_nothing_to_write(self, sweep, engine, sent):
        assert "has nothing to write" in refusal(sweep.write_back(), engine, sent)

    def test_no_place_to_write_to(self, sweep):
        with pytest.raises(LXWriteError, match=r"write\(\) got nothing; expected a session or an engine"):
            sweep.write_back().record(ScenarioRun).write()

    def test_two_places_to_write_to(self, sweep, engine, sent):
        with pytest.raises(LXWriteError, match=r"write\(\) got both"):
            sweep.write_back().record(ScenarioRun).write(engine, using="default")
