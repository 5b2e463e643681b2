"""Rows, captures and parameters that change after a model was opened: no answer mixes two moments."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType, SimpleNamespace

import pandas as pd
import polars as pl
import pytest

from lumix import (
    LXConstraint,
    LXLinearExpression,
    LXModel,
    LXModelError,
    LXParameter,
    LXScenario,
    LXScenarioAnalyzer,
    LXVariable,
    LXWhatIfAnalyzer,
)

RATE = 2.0


@dataclass
class Part:
    id: int
    gain: float
    flag: bool = True
    spare: float = 1.0


@dataclass(slots=True)
class SlottedPart:
    id: int
    gain: float


class Owner:
    def __init__(self, share):
        self.share = share


class World:
    """A model over rows, with a parameter that only stands for a change of data."""

    def __init__(self, rows, gain=lambda part: part.gain, bound=1.0):
        self.rows = rows
        self.factor = factor = LXParameter("factor").from_data({1: 1.0, 2: 1.0})
        self.made = LXVariable("made").bounds(0, bound).indexed_by(lambda part: part.id).from_data(rows)
        self.model = LXModel("parts").add_variable(self.made)
        self.model.maximize(LXLinearExpression().add_term(self.made, lambda part: gain(part) * factor[part.id]))


def rows_of(cls=Part):
    return [cls(1, 2.0), cls(2, 3.0)]


def refused(optimizer, world, change):
    """Change something after the model was opened, and return with what a change of data is refused."""
    with LXWhatIfAnalyzer(world.model, optimizer) as whatif, LXScenarioAnalyzer(world.model, optimizer) as scenarios:
        scenarios.add_scenario(LXScenario("half").modify_parameter("factor", {2: 1.5}))
        assert whatif.modify_parameter(world.factor, {2: 1.5}).delta_objective == pytest.approx(1.5)
        change(world)
        with pytest.raises(LXModelError, match="mix rows of two moments") as error:
            whatif.modify_parameter(world.factor, {2: 1.5})
        assert "mix rows of two moments" in scenarios.run_scenario("half").error
        recomputed = whatif.get_baseline_solution(recompute=True)
        assert recomputed.objective_value == pytest.approx(optimizer.solve(world.model).objective_value)
        whatif.modify_parameter(world.factor, {2: 1.5})
    return str(error.value)


def test_attribute_of_a_row(highs):
    def change(world):
        world.rows[0].gain = 100.0

    found = refused(highs, World(rows_of()), change)

    assert "Part.gain of Part(id=1, gain=100.0" in found
    assert "when it was 2.0" in found


def test_attribute_with_slots(highs):
    found = refused(highs, World(rows_of(SlottedPart)), lambda world: setattr(world.rows[1], "gain", 5.0))

    assert "SlottedPart.gain" in found


def test_attribute_that_only_the_changed_model_would_read(highs):
    world = World(rows_of(), lambda part: part.gain if part.flag else part.spare)

    with highs.open(world.model) as session:
        world.rows[0].spare = 50.0
        with pytest.raises(LXModelError, match=r"Part\.spare of .* has changed since the model was read"):
            session.modify_data(Part, None, "flag", False)


def test_attribute_of_a_row_that_functions_are_called_with(highs):
    world = World(rows_of(), lambda part: float(str(part.gain)))

    assert "Part.gain" in refused(highs, world, lambda world: setattr(world.rows[0], "gain", 9.0))


def test_rows_that_are_dicts_or_plain_objects(highs):
    spaces = [SimpleNamespace(id=1, gain=2.0), SimpleNamespace(id=2, gain=3.0)]

    found = refused(highs, World(spaces), lambda world: setattr(world.rows[0], "gain", 9.0))

    assert "SimpleNamespace.gain" in found


def test_what_another_object_of_the_row_holds(highs):
    rows = rows_of()
    for row in rows:
        row.owner = Owner(1.0)

    found = refused(
        highs, World(rows, lambda part: part.gain * part.owner.share), lambda w: setattr(rows[0].owner, "share", 4)
    )

    assert "have changed since the model was read" in found


@pytest.mark.parametrize("held", [{1: 2.0, 2: 3.0}, [0.0, 2.0, 3.0]])
def test_a_captured_collection_that_is_read_by_columns(highs, held):
    world = World(rows_of(), lambda part: held[part.id])

    assert "another value" in refused(highs, world, lambda world: held.__setitem__(1, 9.0))


def test_tuples_in_a_captured_dict(highs):
    held = {1: (2.0, 0.0), 2: (3.0, 0.0)}
    world = World(rows_of(), lambda part: held[part.id][0])

    assert "mix rows" in refused(highs, world, lambda world: held.__setitem__(1, (9.0, 0.0)))


def test_a_captured_dict_of_a_function_that_is_called_with_rows(highs):
    prices = {"1": 2.0, "2": 3.0}
    world = World(rows_of(), lambda part: prices[str(part.id)])

    refused(highs, world, lambda _: prices.update({"1": 7.0}))


def test_a_captured_number(highs):
    held = SimpleNamespace()

    def build():
        rate = 1.0

        def gain(part):
            return part.gain * rate

        def change(_):
            nonlocal rate
            rate = 5.0

        held.change = change
        return World(rows_of(), gain)

    assert "uses a variable that has another value" in refused(highs, build(), held.change)


def test_a_global_number(highs, monkeypatch):
    world = World(rows_of(), lambda part: part.gain * RATE / 2)

    refused(highs, world, lambda _: monkeypatch.setitem(globals(), "RATE", 4.0))


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_data_frame_that_changes_in_place(highs, frame):
    world = World(frame({"id": [1, 2], "gain": [2.0, 3.0]}))

    def change(world):
        if isinstance(world.rows, pd.DataFrame):
            world.rows.loc[0, "gain"] = 8.0
        else:
            world.rows[0, "gain"] = 8.0

    refused(highs, world, change)


def test_a_parameter_that_reads_other_rows(highs):
    rows = rows_of()
    extra = LXParameter("extra").from_data(rows).indexed_by(lambda part: part.id).value(lambda part: part.spare)
    world = World(rows_of(), lambda part: part.gain * extra[part.id])

    assert "Part.spare" in refused(highs, world, lambda _: setattr(rows[1], "spare", 2.0))


def test_a_parameter_that_is_made_otherwise(highs):
    extra = LXParameter("extra").from_data(rows_of()).indexed_by(lambda part: part.id).value(lambda part: part.spare)
    world = World(rows_of(), lambda part: part.gain * extra[part.id])

    found = refused(highs, world, lambda _: extra.value(lambda part: 2 * part.spare))

    assert "The parameter 'extra' was changed since the model was read" in found


def test_rows_that_join_the_list_do_not_reach_the_session(highs):
    world = World(rows_of())

    with highs.open(world.model) as session:
        world.rows.append(Part(3, 100.0))
        session.set_parameter(world.factor, {2: 1.5})

        assert session.solve().objective_value == pytest.approx(2.0 + 4.5)


def test_changes_by_name_go_on(highs):
    world = World(rows_of())

    with LXWhatIfAnalyzer(world.model, highs) as whatif:
        whatif.get_baseline_solution()
        world.rows[0].gain = 100.0

        assert whatif.modify_variable_bound("made", upper=2.0, key=2).delta_objective == pytest.approx(3.0)


def test_a_value_that_is_set_to_an_equal_one_is_no_change(highs):
    world = World(rows_of())

    with LXWhatIfAnalyzer(world.model, highs) as whatif:
        whatif.get_baseline_solution()
        world.rows[0].gain = float("2.0")
        world.rows[1].note = "new"

        assert whatif.modify_parameter(world.factor, {2: 1.5}).delta_objective == pytest.approx(1.5)


def test_a_right_hand_side_function_over_a_list(highs):
    world, limits = World(rows_of(), bound=10.0), [4.0]
    limit = LXConstraint("limit").expression(LXLinearExpression().sum_over(world.made)).le()
    rows = LXConstraint("rows").from_data([1]).expression(LXLinearExpression().sum_over(world.made)).le()
    world.model.add_constraints(limit.rhs(5.0), rows.rhs(lambda i: limits[i - 1]))

    with highs.open(world.model) as session:
        limits[0] = 1.0
        with pytest.raises(LXModelError, match="two moments"):
            session.set_parameter(world.factor, {1: 2.0})


class Settings:
    rate = 1.0


settings = ModuleType("settings")
settings.rate = 1.0


@pytest.mark.parametrize("holder", [Settings, settings], ids=["a class", "a module"])
def test_setting_that_a_function_reads_off_its_holder(highs, monkeypatch, holder):
    world = World(rows_of(), gain=lambda part: part.gain * holder.rate)

    refused(highs, world, lambda world: monkeypatch.setattr(holder, "rate", 10.0))


def test_attribute_that_is_changed_in_place(highs):
    def change(world):
        world.rows[0].gain["day"] = 100.0

    world = World([Part(1, {"day": 2.0}), Part(2, {"day": 3.0})], gain=lambda part: part.gain["day"])

    refused(highs, world, change)
