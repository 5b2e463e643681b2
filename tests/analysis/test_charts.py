"""Charts of a sweep: the numbers in them, what they leave out, what they refuse, and names that stay text."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from html import unescape

import pytest

from lumix import (
    LXConstraint,
    LXLimit,
    LXLinearExpression,
    LXModel,
    LXScenario,
    LXScenarioAnalyzer,
    LXStatus,
    LXVariable,
)
from lumix.analysis.charts.texts import beside, compact, distinct, hover, number, percent
from lumix_core.errors import LXModelError, LXNoSolutionError, LXOptionError


@pytest.fixture
def run(workshop, highs):
    """Solve scenarios of the workshop."""

    def solved(*scenarios):
        return LXScenarioAnalyzer(workshop.model, highs).add_scenarios(*scenarios).run_all_scenarios()

    return solved


@pytest.fixture
def sweep(run):
    return run(
        LXScenario("more wood").describe("a second supplier").modify_constraint_rhs("stock", add=100, key=1),
        LXScenario("less wood").modify_constraint_rhs("stock", multiply=0.9, key=1),
        LXScenario("a bit more wood").modify_constraint_rhs("stock", add=10, key=1),
        LXScenario("more metal").modify_constraint_rhs("stock", add=10, key=2),
        LXScenario("both").modify_constraint_rhs("stock", add=200, key=1).modify_constraint_rhs("most", multiply=2),
        LXScenario("no wood").modify_constraint_rhs("stock", set_value=10, key=1),
        LXScenario("broken").add_custom_modification(lambda model: model.nothing),
    )


@pytest.fixture
def infeasible(workshop, highs):
    """A sweep whose baseline has no point, while a scenario has one."""
    total = LXLinearExpression().add_term(workshop.made)
    workshop.model.add_constraint(LXConstraint("impossible").expression(total).ge().rhs(1e6))
    return LXScenarioAnalyzer(workshop.model, highs).add_scenarios(
        LXScenario("eased").modify_constraint_rhs("impossible", set_value=0)
    )


def trace(figure, name):
    return next(one for one in figure.data if one.name == name)


def bars(figure, name):
    """The bars of a trace by their place."""
    found = trace(figure, name)
    return dict(zip(map(unescape, found.y), found.x, strict=True))


def ends(figure):
    """The ends of each line of a tornado."""
    found: dict[str, list[float]] = {}
    for one in figure.data:
        for position, length in zip(one.y, one.x, strict=True):
            found.setdefault(position, []).append(length)
    return {position: sorted(lengths) for position, lengths in found.items()}


def notes(figure):
    return figure.layout.title.text


class TestComparison:
    def test_bars_are_the_objectives(self, sweep):
        figure = sweep.plot()

        better = {"more wood", "a bit more wood", "both"}
        assert bars(figure, "better") == {name: sweep[name].objective for name in better}
        assert bars(figure, "worse") == {"less wood": sweep["less wood"].objective}
        assert bars(figure, "unchanged") == {"more metal": sweep["more metal"].objective}

    def test_scenarios_stand_in_their_order(self, sweep):
        axis = sweep.plot().layout.yaxis

        assert list(axis.categoryarray) == [name for name in sweep if name != "baseline"]
        assert axis.range == (6.5, -0.5)

    def test_the_baseline_is_a_line(self, sweep, workshop):
        (line,) = sweep.plot().layout.shapes

        assert (line.x0, line.x1) == (sweep.baseline.objective,) * 2
        assert line.x0 == pytest.approx(workshop.optimum)
        assert line.name == "baseline 2,735.71"

    def test_what_has_no_point_is_said_and_has_no_bar(self, sweep):
        figure = sweep.plot()

        missing = trace(figure, "no point")
        assert dict(zip(missing.y, missing.text, strict=True)) == {"no wood": " infeasible", "broken": " failed"}
        assert missing.xaxis == "x2"
        assert not {"no wood", "broken"} & {y for one in figure.data if one.type == "bar" for y in one.y}

    def test_the_mouse_tells_of_a_scenario(self, sweep):
        figure = sweep.plot()

        assert trace(figure, "better").hovertext[0].split("<br>") == [
            "more wood", "a second supplier", "stock[1] +100", "objective 3,307.14", "+571.43 (+20.89%)",
        ]  # fmt: skip
        assert "has no attribute 'nothing'" in trace(figure, "no point").hovertext[1].replace("<br>", " ")

    def test_lower_is_better_where_a_model_minimises(self, highs):
        x = LXVariable("x").bounds(0, 100)
        total = LXLinearExpression().add_term(x)
        model = LXModel("costs").add_variable(x).minimize(total)
        model.add_constraint(LXConstraint("need").expression(total).ge().rhs(10))
        analyzer = LXScenarioAnalyzer(model, highs).add_scenarios(
            LXScenario("more").modify_constraint_rhs("need", add=1),
            LXScenario("less").modify_constraint_rhs("need", add=-1),
        )

        figure = analyzer.run_all_scenarios().plot()

        assert (bars(figure, "better"), bars(figure, "worse")) == ({"less": 9.0}, {"more": 11.0})

    def test_without_a_point_of_the_baseline_there_is_no_line(self, infeasible, workshop):
        figure = infeasible.run_all_scenarios().plot()

        assert figure.layout.shapes == ()
        assert bars(figure, "objective") == {"eased": pytest.approx(workshop.optimum)}
        assert "The baseline has no point: its status is infeasible" in notes(figure)

    def test_the_baseline_need_not_stand_among_the_results(self, workshop, highs):
        analyzer = LXScenarioAnalyzer(workshop.model, highs, include_baseline=False)
        sweep = analyzer.add_scenario(LXScenario("same")).run_all_scenarios()

        figure = sweep.plot()

        assert bars(figure, "unchanged") == {"same": sweep["same"].objective}
        assert figure.layout.shapes[0].x0 == sweep.baseline.objective

    def test_what_is_not_proved_best_is_marked(self, sweep):
        one = sweep["more wood"]
        stopped = replace(one.solution, status=LXStatus.FEASIBLE, limit=LXLimit.TIME)
        figure = replace(sweep, results={"more wood": replace(one, solution=stopped)}).plot()

        assert trace(figure, "better").text == ("3,307.14 (not proved best)",)
        assert trace(figure, "better").marker.pattern.shape == ("/",)

    @pytest.mark.parametrize("wrong", [math.nan, math.inf])
    def test_an_objective_that_is_no_number_has_no_bar(self, sweep, wrong):
        one = sweep["more wood"]
        results = {**sweep.results, "more wood": replace(one, solution=replace(one.solution, _objective=wrong))}
        figure = replace(sweep, results=results).plot()

        missing = trace(figure, "no point")
        assert dict(zip(missing.y, missing.text, strict=True))["more wood"] == " its objective is not finite"
        assert "more wood" not in bars(figure, "better")


class TestTornado:
    def test_changes_at_one_place_share_a_line_and_the_largest_is_on_top(self, sweep):
        figure = sweep.plot("tornado")

        assert ends(figure) == {
            "stock[1]": [sweep["less wood"].delta_objective, sweep["more wood"].delta_objective],
            "both": [sweep["both"].delta_objective],
            "stock[2]": [sweep["more metal"].delta_objective],
        }
        assert list(figure.layout.yaxis.categoryarray) == ["both", "stock[1]", "stock[2]"]

    def test_a_line_is_as_large_as_both_its_sides(self, run):
        figure = run(
            LXScenario("up").modify_constraint_rhs("stock", add=50, key=1),
            LXScenario("down").modify_constraint_rhs("stock", add=-50, key=1),
            LXScenario("larger on one side").modify_constraint_rhs("stock", multiply=1.15),
        ).plot("tornado")

        assert list(figure.layout.yaxis.categoryarray) == ["stock[1]", "stock"]

    def test_of_two_ends_on_one_side_the_shorter_is_drawn_last_and_the_longer_has_its_number(self, run):
        figure = run(
            LXScenario("some").modify_constraint_rhs("stock", add=50, key=1),
            LXScenario("more").modify_constraint_rhs("stock", add=100, key=1),
        ).plot("tornado")

        assert trace(figure, "better").x == pytest.approx((571.428571, 285.714286))
        assert trace(figure, "better").text == ("+571.43", "")
        assert trace(figure, "better").textposition == ("outside", "outside")

    def test_functions_have_lines_of_their_own(self, run):
        figure = run(
            LXScenario("half").add_custom_modification(lambda m: setattr(m.get_constraint("hours"), "rhs_value", 50)),
            LXScenario("third").add_custom_modification(lambda m: setattr(m.get_constraint("hours"), "rhs_value", 40)),
        ).plot("tornado")

        assert set(ends(figure)) == {"half", "third"}

    def test_a_scenario_that_is_named_like_a_place_is_not_taken_for_it(self, run):
        figure = run(
            LXScenario("up").modify_constraint_rhs("stock", add=50, key=1),
            LXScenario("stock[1]").modify_constraint_rhs("stock", add=9, key=1).modify_constraint_rhs("hours", add=1),
        ).plot("tornado")

        assert list(figure.layout.yaxis.categoryarray) == ["stock[1]", "stock[1] (2)"]

    def test_what_has_no_point_is_named_beneath_the_title(self, sweep):
        assert "Without a point, and so not shown: no wood (infeasible), broken (failed)." in notes(
            sweep.plot("tornado")
        )

    def test_no_more_lines_than_asked_for(self, sweep):
        figure = sweep.plot("tornado", top_n=1)

        assert list(ends(figure)) == ["both"]
        assert "The 1 largest of 3 changes are shown." in notes(figure)

    def test_rounding_is_no_change(self, sweep):
        one = sweep["more metal"]
        near = replace(one.solution, _objective=sweep.baseline.objective * (1 + 1e-13))
        figure = replace(sweep, results={"near": replace(one, name="near", solution=near)}).plot("tornado")

        assert trace(figure, "unchanged").text == ("+0.00",)


class TestUtilisation:
    def test_cells_are_the_shares(self, sweep):
        (cells,) = sweep.plot("utilisation").data

        solved = ["baseline", "more wood", "less wood", "a bit more wood", "more metal", "both"]
        assert list(cells.x) == solved
        for row, shares in zip(cells.y, cells.z, strict=True):
            family, _, key = row.removesuffix("]").partition("[")
            position = int(key) if key else ()
            used = [sweep[name].activity.family(family)[position] for name in solved]
            available = [sweep[name].rhs.family(family)[position] for name in solved]
            assert list(shares) == pytest.approx([a / b for a, b in zip(used, available, strict=True)])

    def test_all_upper_limits_are_there_the_most_used_first(self, sweep):
        (cells,) = sweep.plot("utilisation").data

        assert set(cells.y) == {"hours", *(f"{family}[{key}]" for family in ("most", "stock") for key in (1, 2, 3))}
        peaks = [max(shares) for shares in cells.z]
        assert cells.y[0] == "stock[1]"
        assert peaks == sorted(peaks, reverse=True)

    def test_the_mouse_tells_what_is_used_and_available(self, sweep):
        (cells,) = sweep.plot("utilisation").data

        assert cells.hovertext[0][1] == "stock[1]<br>more wood<br>used 600.00 of 600.00 (100.0%)"
        assert cells.text[0][1] == "100%"

    def test_no_more_rows_than_asked_for(self, sweep):
        figure = sweep.plot("utilisation", top_n=2)

        assert len(figure.data[0].y) == 2
        assert "The 2 most used of 7 rows are shown." in notes(figure)

    def test_a_right_hand_side_of_0_has_no_share(self, run):
        figure = run(
            LXScenario("none")
            .modify_constraint_rhs("most", set_value=0, key=1)
            .modify_constraint_rhs("least", set_value=0)
        ).plot("utilisation")

        cells = figure.data[0]
        position = cells.y.index("most[1]")
        assert cells.z[position][1] is None
        assert cells.hovertext[position][1] == "most[1]<br>none<br>used 0.00 of 0.00: no share"

    def test_rows_without_a_share_in_any_scenario_are_counted(self, workshop, highs):
        workshop.most.rhs_value = 0
        workshop.least.rhs_value = 0

        figure = LXScenarioAnalyzer(workshop.model, highs).run_all_scenarios().plot("utilisation")

        assert "3 rows with a right-hand side of 0 or below have no share." in notes(figure)
        assert not [row for row in figure.data[0].y if row.startswith("most")]

    def test_rows_that_only_some_scenarios_have(self, workshop, run):
        def another(model):
            extra = replace(workshop.materials[1], id=9, name="Glass", available=50.0)
            model.get_constraint("stock").from_data([extra, *workshop.materials[:2]])

        (cells,) = run(LXScenario("glass").add_custom_modification(another)).plot("utilisation").data

        shares = dict(zip(cells.y, cells.z, strict=True))
        assert shares["stock[9]"][0] is None
        assert shares["stock[9]"][1] == 0.0
        assert shares["stock[3]"][0] > 0.0
        assert shares["stock[3]"][1] is None
        assert list(shares["stock[1]"]) == [1.0, 1.0]

    def test_many_scenarios_have_cells_without_gaps(self, run):
        scenarios = [LXScenario(str(i)).modify_constraint_rhs("stock", add=i, key=1) for i in range(50)]

        figure = run(*scenarios).plot("utilisation")

        assert figure.data[0].xgap == 0
        assert len(figure.layout.xaxis.ticktext) <= 45
        assert "only some of the scenarios are named" in notes(figure)


class TestRefusals:
    @pytest.mark.parametrize("kind", ["pie", "", 3, None, ["tornado"]])
    def test_a_kind_that_there_is_not(self, sweep, kind):
        with pytest.raises(LXOptionError, match=r"Give one of 'comparison', 'tornado', 'utilisation'\."):
            sweep.plot(kind)

    def test_a_kind_that_is_almost_one(self, sweep):
        with pytest.raises(LXOptionError, match=r"Did you mean 'utilisation'\?"):
            sweep.plot("utilization")

    @pytest.mark.parametrize("count", [0, -1, 2.5, "3", True, math.nan])
    def test_a_number_of_lines_that_is_none(self, sweep, count):
        with pytest.raises(LXOptionError, match="whole number of at least 1"):
            sweep.plot("tornado", top_n=count)

    def test_a_comparison_shows_all(self, sweep):
        with pytest.raises(LXOptionError, match=r"shows all scenarios\. Leave top_n out"):
            sweep.plot(top_n=3)

    @pytest.mark.parametrize("kind", ["comparison", "tornado"])
    def test_no_scenario_besides_the_baseline(self, run, kind):
        with pytest.raises(LXModelError, match=r"no scenario besides the baseline.* Add some with add_scenario"):
            run().plot(kind)

    @pytest.mark.parametrize("kind", ["comparison", "tornado"])
    def test_no_scenario_with_a_point(self, run, kind):
        sweep = run(LXScenario("none").modify_constraint_rhs("stock", set_value=1, key=1))

        with pytest.raises(LXNoSolutionError, match=r"None of the 1 scenario .* has a point \(1 infeasible\)"):
            sweep.plot(kind)

    def test_a_tornado_around_nothing(self, infeasible):
        with pytest.raises(LXNoSolutionError, match=r"The baseline .* has no point: its status is infeasible"):
            infeasible.run_all_scenarios().plot("tornado")

    def test_nothing_is_used_where_nothing_has_a_point(self, workshop, highs):
        workshop.stock.rhs_value = 1

        with pytest.raises(LXNoSolutionError, match=r"No result .* has a point \(1 infeasible\)"):
            LXScenarioAnalyzer(workshop.model, highs).run_all_scenarios().plot("utilisation")

    def test_a_model_without_an_objective(self, highs):
        x = LXVariable("x").bounds(0, 1)
        sweep = LXScenarioAnalyzer(LXModel("any").add_variable(x), highs).add_scenario(LXScenario("s"))

        with pytest.raises(LXModelError, match="'any' has no objective"):
            sweep.run_all_scenarios().plot()

    @pytest.mark.parametrize(
        ("rows", "why"), [("ge", "has no row with <="), ("le", "Every <= row .* has a right-hand side of 0 or below")]
    )
    def test_no_row_with_a_share(self, highs, rows, why):
        x = LXVariable("x").bounds(0, 1)
        total = LXLinearExpression().add_term(x)
        row = LXConstraint("row").expression(total)
        model = LXModel("none").add_variable(x).minimize(total).add_constraint(getattr(row, rows)().rhs(0))

        with pytest.raises(LXModelError, match=why):
            LXScenarioAnalyzer(model, highs).run_all_scenarios().plot("utilisation")

    @pytest.mark.parametrize("call", ["plot()", "report('none.html')"])
    def test_without_plotly_it_says_what_to_install(self, tmp_path, call):
        code = (
            "import sys\n"
            "sys.modules['plotly'] = None\n"  # as where it is not installed
            "from lumix import LXModel, LXOptimizer, LXScenarioAnalyzer, LXVariable\n"
            "model = LXModel('m').add_variable(LXVariable('x'))\n"
            "sweep = LXScenarioAnalyzer(model, LXOptimizer()).run_all_scenarios()\n"
            f"try: sweep.{call}\n"
            "except Exception as error: print(type(error).__name__, error)\n"
        )

        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
        )

        assert done.stdout == (
            "LXUnsupportedError Charts and reports need plotly, which is not installed. "
            'Run: pip install "lumix-modeling[report]"\n'
        )
        assert list(tmp_path.iterdir()) == []


class TestTexts:
    def test_names_are_never_markup(self, run):
        name = "<b>R&D</b> $x$"
        sweep = run(LXScenario(name).describe("<i>now</i>").modify_constraint_rhs("stock", add=1, key=1))

        (better,) = sweep.plot().data

        assert better.y == ("&lt;b&gt;R&amp;D&lt;/b&gt; &#36;x&#36;",)
        assert better.hovertext[0].startswith("&lt;b&gt;R&amp;D&lt;/b&gt; &#36;x&#36;<br>&lt;i&gt;now&lt;/i&gt;<br>")

    @pytest.mark.parametrize("name", ["2024-01-01", "42", "1e5"])
    def test_names_are_never_dates_or_numbers(self, run, name):
        figure = run(LXScenario(name).modify_constraint_rhs("stock", add=1, key=1)).plot()

        assert (figure.layout.yaxis.type, figure.data[0].y) == ("category", (name,))

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (1234.5, "1,234.50"), (0.0, "0.00"), (-0.0, "0.00"), (0.0004, "0.0004"), (-0.0049, "-0.0049"),
            (1e12, "1e+12"), (math.inf, "∞"), (-math.inf, "-∞"), (math.nan, "not a number"),
        ],
    )  # fmt: skip
    def test_numbers(self, value, text):
        assert number(value) == text

    @pytest.mark.parametrize(
        ("value", "text"), [(-1234.5, "-1,234.50"), (2.5e6, "+2.50M"), (-3e9, "-3.00B"), (4e12, "+4.00T")]
    )
    def test_numbers_in_little_space(self, value, text):
        assert compact(value, "+") == text

    @pytest.mark.parametrize(("share", "text"), [(1.0, "100%"), (0.999, "99%"), (0.5, "50%"), (-0.5, "-50%")])
    def test_only_what_is_used_up_is_100_percent(self, share, text):
        assert percent(share) == text

    def test_long_names_keep_their_ends_in_two_lines(self):
        assert beside("The first of many words, and at the end what tells it apart: one") == (
            "The first of many<br>…at tells it apart: one"
        )

    def test_equal_names_are_told_apart(self):
        assert distinct(["a", "a", "b", "a (2)", "a"]) == ["a", "a (2)", "b", "a (2) (2)", "a (3)"]

    def test_the_mouse_does_not_tell_endless_stories(self):
        assert len(hover(["long " * 1000]).split("<br>")) == 12
