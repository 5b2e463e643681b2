"""The page that a sweep writes: its file, its texts, and what a browser without a network makes of it."""

from __future__ import annotations

import base64
import json
import math
import re
import shutil
from dataclasses import replace
from html import unescape
from itertools import pairwise

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from lumix import LXConstraint, LXLinearExpression, LXModel, LXScenario, LXScenarioAnalyzer, LXVariable
from lumix.analysis.charts.report import in_script, replaced

OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
EVIL = "<b>R&D</b> </script><script>document.title='gone'</script> $x$ \"quoted\""


def evil(workshop):
    return (
        LXScenario(EVIL)
        .describe("<img src=x onerror=\"document.title='gone'\">")
        .modify_constraint_rhs("stock", add=1, key=1)
    )


def scenarios():
    """One better, one worse, one infeasible and one that fails, with names of every length."""
    return [
        LXScenario("more wood").describe("a second supplier").modify_constraint_rhs("stock", add=100, key=1),
        LXScenario("less wood").modify_constraint_rhs("stock", multiply=0.9, key=1),
        LXScenario("both").modify_constraint_rhs("stock", add=200, key=1).modify_constraint_rhs("most", multiply=2),
        LXScenario("a_name_without_a_space_" * 6).modify_constraint_rhs("stock", add=10, key=2),
        LXScenario("no wood").modify_constraint_rhs("stock", set_value=10, key=1),
        LXScenario("broken").add_custom_modification(lambda model: model.nothing),
    ]


@pytest.fixture
def run(workshop, highs):
    """Solve scenarios of the workshop."""

    def solved(*added):
        return LXScenarioAnalyzer(workshop.model, highs).add_scenarios(*added).run_all_scenarios()

    return solved


@pytest.fixture
def sweep(run):
    return run(*scenarios())


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Chromium that reaches no host, and keeps what it logs."""
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not found: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for one in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(one)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    found = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    yield found
    found.quit()


@pytest.fixture
def opened(browser, tmp_path):
    """Open the report of a sweep in a window of a width."""

    def seen(sweep, width=1280, scheme="light"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get_log("browser")
        browser.get_log("performance")
        browser.get(sweep.report(tmp_path / "report.html").as_uri())
        return browser

    return seen


def drawn(browser, chart, what):
    return browser.find_elements(By.CSS_SELECTOR, f"#{chart} {what}")


def texts(browser, chart, what):
    return [one.get_attribute("textContent") for one in drawn(browser, chart, what)]


def table(browser):
    rows = browser.find_elements(By.CSS_SELECTOR, "table tr")
    return [[cell.text for cell in row.find_elements(By.CSS_SELECTOR, "th, td")] for row in rows]


class TestFile:
    def test_it_returns_the_path(self, sweep, tmp_path):
        assert sweep.report(str(tmp_path / "report.html")) == tmp_path / "report.html"

    def test_a_file_that_is_there_is_replaced_and_nothing_else_is_left(self, sweep, tmp_path):
        target = tmp_path / "report.html"
        target.write_text("old")

        sweep.report(target)

        assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
        assert list(tmp_path.iterdir()) == [target]

    def test_a_write_that_fails_leaves_the_old_file(self, tmp_path):
        target = tmp_path / "report.html"
        target.write_text("old")

        with pytest.raises(TypeError), replaced(target) as file:
            file.writelines(["half", None])

        assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("report.html", "old")]

    def test_a_folder_that_there_is_not(self, sweep, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"there is no folder '.*reports'\. Make it first"):
            sweep.report(tmp_path / "reports" / "report.html")

    def test_a_folder_in_the_place_of_a_file(self, sweep, tmp_path):
        with pytest.raises(IsADirectoryError, match="which is a folder"):
            sweep.report(tmp_path)

    def test_it_names_no_host_of_its_own(self, sweep, tmp_path):
        text = sweep.report(tmp_path / "report.html").read_text(encoding="utf-8")
        largest = max(re.findall(r"<script>.*?</script>", text, flags=re.DOTALL), key=len)

        assert len(largest) > 1_000_000
        assert "://" not in text.replace(largest, "")
        assert text.count("plotly.js v") == 1


class TestTexts:
    def page(self, sweep, tmp_path, title=None):
        text = sweep.report(tmp_path / "report.html", title).read_text(encoding="utf-8")
        return text[: text.index("<script>/**")] if "<script>/**" in text else text

    def test_the_title_names_the_model_unless_it_is_given(self, sweep, tmp_path):
        assert "<title>Scenarios of model &#x27;workshop&#x27;</title>" in self.page(sweep, tmp_path)
        assert "<h1>Plans &amp; &lt;i&gt;more&lt;/i&gt;</h1>" in self.page(sweep, tmp_path, "Plans & <i>more</i>")
        assert "<h1>2027</h1>" in self.page(sweep, tmp_path, 2027)

    def test_the_summary(self, sweep, tmp_path):
        page = self.page(replace(sweep, seconds=1.5), tmp_path)

        assert re.findall(r"<li>(.*)</li>", page)[:3] == [
            "Best (highest objective): both, 3,878.57 (+1,142.86).",
            "6 scenarios: 4 optimal, 1 infeasible, 1 failed.",
            "Solved by highs in 1.50 s.",
        ]

    def test_errors_stand_beneath_the_table(self, sweep, tmp_path):
        (error,) = re.search(r'<ul class="errors">\s*<li>(.*)</li>\s*</ul>', self.page(sweep, tmp_path)).groups()

        assert unescape(error) == f"broken: {sweep['broken'].error}"

    def test_numbers_in_a_script_do_not_end_it(self):
        assert in_script('{"name": "</script><!--"}') == '{"name": "\\u003c/script>\\u003c!--"}'

    def test_a_chart_that_has_nothing_to_show_is_a_sentence(self, run, tmp_path):
        page = self.page(run(), tmp_path)

        assert page.count("has no scenario besides the baseline") == 2
        assert 'id="comparison"' not in page
        assert 'id="utilisation"' in page

    def test_a_change_from_nothing_is_infinite(self, highs, tmp_path):
        x = LXVariable("x").bounds(0, 10)
        total = LXLinearExpression().add_term(x)
        model = LXModel("zero").add_variable(x).maximize(total)
        model.add_constraint(LXConstraint("most").expression(total).le().rhs(0))
        analyzer = LXScenarioAnalyzer(model, highs).add_scenario(
            LXScenario("some").modify_constraint_rhs("most", set_value=5)
        )

        page = self.page(analyzer.run_all_scenarios(), tmp_path)

        assert '<td role="cell" data-label="Change in %" class="number">+∞</td>' in page

    def test_an_objective_that_is_no_number_is_no_number(self, sweep, tmp_path):
        one = sweep["more wood"]
        results = {**sweep.results, "more wood": replace(one, solution=replace(one.solution, _objective=math.nan))}

        page = self.page(replace(sweep, results=results), tmp_path)

        row = re.search(r"more wood</th>(.*)</tr>", page)[1]
        assert re.findall(r'class="number">(.*?)</td>', row) == ["–", "–", "–"]

    def test_an_infeasible_baseline(self, workshop, highs, tmp_path):
        workshop.stock.rhs_value = 1
        scenario = LXScenario("enough").modify_constraint_rhs("stock", set_value=500)

        page = self.page(LXScenarioAnalyzer(workshop.model, highs).add_scenario(scenario).run_all_scenarios(), tmp_path)

        assert "so there is nothing from which the objective moves" in page.replace("So there", "so there")
        assert re.findall(r'class="number">(.*?)</td>', re.search(r"enough</th>(.*)</tr>", page)[1])[1:] == ["–", "–"]


class TestBrowser:
    def test_it_asks_for_nothing_and_logs_nothing(self, opened, sweep):
        browser = opened(sweep)

        events = [json.loads(one["message"])["message"] for one in browser.get_log("performance")]
        asked = [one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent"]
        assert [one.partition(":")[0] for one in asked if not one.startswith("data:")] == ["file"]
        assert browser.get_log("browser") == []

    def test_the_page_itself_refuses_the_network(self, opened, sweep):
        refused = opened(sweep).execute_async_script(
            """
            var done = arguments[0];
            document.addEventListener("securitypolicyviolation", function (event) { done(event.effectiveDirective); });
            fetch("https://example.org").catch(function () { setTimeout(done, 2000, "nothing"); });
            """
        )

        assert refused == "connect-src"

    def test_the_table(self, opened, sweep):
        assert table(opened(sweep)) == [
            ["Scenario", "Description", "ProblemDiff", "Status", "Objective", "Change", "Change in %"],
            ["baseline", "the model as it is", "", "optimal", "2,735.71", "+0.00", "+0.00"],
            ["more wood", "a second supplier", "stock[1] +100", "optimal", "3,307.14", "+571.43", "+20.89"],
            ["less wood", "", "stock[1] times 0.9", "optimal", "2,450.00", "-285.71", "-10.44"],
            ["both", "", "stock[1] +200\nmost times 2", "optimal", "3,878.57", "+1,142.86", "+41.78"],
            ["a_name_without_a_space_" * 6, "", "stock[2] +10", "optimal", "2,735.71", "+0.00", "+0.00"],
            ["no wood", "", "stock[1] = 10", "infeasible", "–", "–", "–"],
            ["broken", "", "<lambda>", "failed", "–", "–", "–"],
        ]

    def test_every_bar_of_the_comparison_is_drawn(self, opened, sweep):
        browser = opened(sweep)

        assert sorted(texts(browser, "comparison", ".bartext")) == ["2,450.00", "2,735.71", "3,307.14", "3,878.57"]
        lengths = [one.rect["width"] for one in drawn(browser, "comparison", ".barlayer .point path")]
        objectives = [
            sweep[name].objective for name in ("more wood", "both", "less wood", "a_name_without_a_space_" * 6)
        ]
        assert lengths == pytest.approx([one * lengths[0] / objectives[0] for one in objectives], rel=0.02)
        assert texts(browser, "comparison", ".textpoint text") == [" infeasible", " failed"]
        assert "baseline 2,735.71" in texts(browser, "comparison", ".legendtext")

    @pytest.mark.thorough
    def test_every_bar_of_the_tornado_is_drawn(self, opened, sweep):
        browser = opened(sweep)

        assert texts(browser, "tornado", ".ytick text") == ["both", "stock[1]", "stock[2]"]
        assert sorted(texts(browser, "tornado", ".bartext")) == ["+0.00", "+1,142.86", "+571.43", "-285.71"]
        left, *right = sorted(
            (one.rect for one in drawn(browser, "tornado", ".barlayer .point path")), key=lambda r: r["x"]
        )
        assert all(one["x"] >= left["x"] + left["width"] - 2 for one in right)

    @pytest.mark.thorough
    def test_every_cell_of_the_heat_map_is_drawn(self, opened, sweep):
        browser = opened(sweep)

        assert len(drawn(browser, "utilisation", ".heatmap-label text")) == 7 * 5
        (image,) = drawn(browser, "utilisation", ".heatmaplayer image")
        assert min(image.rect["width"], image.rect["height"]) > 150

    def test_names_are_text_everywhere(self, opened, run, workshop):
        browser = opened(run(evil(workshop)))

        assert browser.title == "Scenarios of model 'workshop'"
        assert table(browser)[2][:2] == [EVIL, "<img src=x onerror=\"document.title='gone'\">"]
        assert "".join(texts(browser, "comparison", ".ytick text")).startswith("<b>R&D</b>")
        assert "".join(texts(browser, "utilisation", ".xtick text")[1:]).startswith("<b>R&D</b")
        assert drawn(browser, "comparison", "image") == []
        assert browser.get_log("browser") == []

    @pytest.mark.thorough
    @pytest.mark.parametrize("width", [390, 1280])
    @pytest.mark.parametrize("count", [0, 80])
    def test_no_width_scrolls_sideways(self, opened, run, width, count):
        many = [
            LXScenario(f"a scenario that is number {i}").modify_constraint_rhs("stock", add=i) for i in range(count)
        ]

        browser = opened(run(*scenarios(), *many), width)

        needed = browser.execute_script("return document.documentElement.scrollWidth")
        wide = browser.execute_script(
            "return Array.from(document.querySelectorAll('.chart svg.main-svg, td, th'))"
            ".filter(one => one.getBoundingClientRect().right > window.innerWidth + 1).length"
        )
        assert (needed <= width, wide) == (True, 0)

    @pytest.mark.thorough
    @pytest.mark.parametrize("width", [390, 1280])
    @pytest.mark.parametrize("chart", ["comparison", "tornado"])
    def test_numbers_and_names_do_not_overlap(self, opened, run, width, chart):
        long = [LXScenario(f"number {i} of those whose name takes more than one line") for i in range(4)]
        browser = opened(run(*long, *scenarios()), width)

        names = [one.rect for one in drawn(browser, chart, ".ytick text")]
        numbers = [one.rect for one in drawn(browser, chart, ".bartext, .textpoint text")]
        right = max(one["x"] + one["width"] for one in names)
        assert all(one["x"] >= right for one in numbers)
        assert all(one["x"] + one["width"] <= width for one in numbers)
        tops = sorted((one["y"], one["y"] + one["height"]) for one in names)
        assert all(end <= start + 1 for (_, end), (start, _) in pairwise(tops))

    @pytest.mark.thorough
    def test_200_scenarios_have_a_heat_map_on_a_telephone(self, opened, run):
        many = [LXScenario(f"number {i}").modify_constraint_rhs("stock", add=i, key=1) for i in range(200)]

        browser = opened(run(*many), 390)

        (image,) = drawn(browser, "utilisation", ".heatmaplayer image")
        pixels = browser.execute_async_script(
            """
            var done = arguments[0], image = new Image();
            var seen = document.querySelector("#utilisation .heatmaplayer image");
            image.onload = function () {
                var canvas = document.createElement("canvas");
                canvas.width = image.width; canvas.height = image.height;
                var context = canvas.getContext("2d"); context.drawImage(image, 0, 0);
                var data = context.getImageData(0, 0, image.width, image.height).data, filled = 0;
                for (var i = 3; i < data.length; i += 4) { if (data[i] > 0) { filled += 1; } }
                done(filled / (data.length / 4));
            };
            image.src = seen.getAttribute("href") || seen.getAttribute("xlink:href");
            """
        )
        assert image.rect["width"] > 100
        assert pixels > 0.8
        names = [one.rect["x"] for one in drawn(browser, "utilisation", ".xtick text")]
        assert min(b - a for a, b in pairwise(names)) > 8

    @pytest.mark.thorough
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_text_is_seen_in_light_and_dark(self, opened, sweep, scheme):
        browser = opened(sweep, scheme=scheme)

        page = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        text = browser.execute_script("return getComputedStyle(document.querySelector('.ytick text')).fill")
        assert contrast(page, text) > 7

    @pytest.mark.thorough
    def test_it_can_be_read_aloud(self, opened, sweep):
        browser = opened(sweep)

        assert browser.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"
        assert [one.text for one in browser.find_elements(By.CSS_SELECTOR, "h1, h2")][1:] == [
            "Scenarios", "Objective of each scenario", "What moves the objective most",
            "How much of each limit is used",
        ]  # fmt: skip
        assert len(browser.find_elements(By.CSS_SELECTOR, "th[scope=col]")) == 7
        assert len(browser.find_elements(By.CSS_SELECTOR, "th[scope=row]")) == len(sweep)
        assert [one.get_attribute("aria-label") for one in browser.find_elements(By.CSS_SELECTOR, "[role=img]")] == [
            "Bars: the objective of 4 scenarios, from 2,450.00 (less wood) to 3,878.57 (both); the baseline is at "
            "2,735.71; without a point: 1 infeasible, 1 failed.",
            "Bars: how far 3 changes move the objective. The largest: both, +1,142.86.",
            "Heat map: the share of 7 right-hand sides that is used in 5 scenarios. Most used: stock[1].",
        ]

    @pytest.mark.thorough
    def test_it_prints_with_its_charts(self, opened, sweep, tmp_path):
        browser = opened(sweep)

        browser.execute_script("window.dispatchEvent(new Event('beforeprint'))")
        widths = [one.rect["width"] for one in browser.find_elements(By.CSS_SELECTOR, ".chart .main-svg")]
        printed = base64.b64decode(browser.print_page())

        assert max(widths) <= 660
        assert (printed[:4], len(printed) > 20_000) == (b"%PDF", True)


def contrast(*colours):
    """The ratio of luminances, as the guidelines for accessible pages define it."""

    def luminance(colour):
        parts = [int(one) / 255 for one in re.findall(r"\d+", colour)[:3]]
        linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted(map(luminance, colours))
    return (high + 0.05) / (low + 0.05)
