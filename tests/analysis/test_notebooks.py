"""What notebooks show: each object as tables, whose names no browser can take for anything but text."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from lumix import (
    LXConstraint,
    LXIndexDimension,
    LXLinearExpression,
    LXModel,
    LXOptimizer,
    LXParameter,
    LXScenario,
    LXScenarioAnalyzer,
    LXSensitivityAnalyzer,
    LXVariable,
    LXWhatIfAnalyzer,
)

HOSTILE = "<script>document.title = 'taken'</script>"
ALLOWED = {"p", "br", "table", "thead", "tbody", "tr", "th", "td"}


@dataclass(frozen=True)
class Item:
    id: str
    profit: float


ITEMS = [Item(HOSTILE, 3.0), Item("b", 2.0)]


def variable() -> LXVariable[Item, float]:
    made = LXVariable[Item, float](f"made{HOSTILE}").indexed_by(lambda i: i.id).from_data(ITEMS)
    return made.bounds(0, lambda i: 10 * i.profit).where(lambda i: i.profit > 0)


def plan(most: float = 20.0, least: float = 1.0) -> LXModel:
    made = variable()
    total = LXConstraint(f"total{HOSTILE}").expression(LXLinearExpression().sum_over(made)).le().rhs(most)
    each = LXConstraint[Item]("each").indexed_by(lambda i: i.id).from_data(ITEMS)
    each.expression(LXLinearExpression().add_term(made)).ge().rhs(least)
    model = LXModel(f"plan{HOSTILE}").add_variable(made).add_constraints(total, each)
    return model.maximize(LXLinearExpression().add_term(made, lambda i: i.profit))


def sensitivity() -> LXSensitivityAnalyzer:
    model = plan()
    return LXSensitivityAnalyzer(model, LXOptimizer().solve(model))


def sweep() -> Any:
    analyzer = LXScenarioAnalyzer(plan(), LXOptimizer())
    analyzer.add_scenario(LXScenario(f"more{HOSTILE}").modify_constraint_rhs(f"total{HOSTILE}", add=5))
    analyzer.add_scenario(LXScenario("nothing").modify_constraint_rhs(f"total{HOSTILE}", set_value=1))
    analyzer.add_scenario(LXScenario("broken").add_custom_modification(lambda model: model.remove_constraint("<b>")))
    return analyzer.run_all_scenarios()


def what_if() -> Any:
    return LXWhatIfAnalyzer(plan(), LXOptimizer()).increase_constraint_rhs(f"total{HOSTILE}", by=5)


def no_plan() -> Any:
    return LXWhatIfAnalyzer(plan(), LXOptimizer()).decrease_constraint_rhs(f"total{HOSTILE}", to=1)


def expression() -> LXLinearExpression:
    made = variable()
    terms = LXLinearExpression().add_term(made, lambda i: i.profit, where=lambda i: i.id != "b").add_term(made, 2)
    terms.add_term(made, at=lambda i: i.id, missing="skip").sum_over(made, -1, keys=["b"])
    return 3 * terms + 1


def parameter() -> LXParameter[Item]:
    return LXParameter[Item](HOSTILE).from_data(ITEMS).indexed_by(lambda i: i.id).value(lambda i: i.profit).default(2)


def constraint() -> LXConstraint[Any]:
    return LXConstraint[Any](HOSTILE).over(variable()).where(lambda i: i.profit > 1).between(-1, lambda i: i.profit)


def pairs() -> LXVariable[Any, int]:
    dimension = LXIndexDimension(Item, lambda i: i.id).from_data(ITEMS)
    return (
        LXVariable[Any, int]("pairs")
        .binary()
        .indexed_by_product(dimension, dimension)
        .where_multi(lambda i, j: i.id < j.id)
        .cost(2.5)
    )


AT = "the function at test_notebooks.py:"
SHOWN: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "model": (plan, ["maximize", "each[Item]"]),
    "variable": (
        variable,
        ["over", f"Item, list given to from_data, by the key of {AT}", "lower bound", "upper bound", f"where {AT}"],
    ),
    "pairs": (pairs, ["and", "where", "binary", "2.5"]),
    "constraint": (constraint, ["over", "between", f"-1 and {AT}"]),
    "single constraint": (lambda: plan().constraints[0], ["<=", "20", "LXLinearExpression"]),
    "rule": (lambda: LXConstraint[Item](HOSTILE).from_data(ITEMS).rule(lambda i: i.profit <= 1), ["rule", AT]),
    "incomplete constraint": (lambda: LXConstraint("c"), ["sense"]),
    "parameter": (parameter, ["value", "default", "2"]),
    "parameter of a dict": (
        lambda: LXParameter("t").from_data({1: 2.0}),
        ["dict of 1 keys", "is an error"],
    ),
    "expression": (
        expression,
        [
            "4 terms, constant 1",
            f"3 times {AT}",
            "at the key of",
            "where there is none",
            "one of 1 keys",
            "own element",
        ],
    ),
    "nothing": (LXLinearExpression, ["0 terms"]),
    "solution": (lambda: LXOptimizer().solve(plan()), ["optimal", "objective 59"]),
    "infeasibility": (
        lambda: LXOptimizer().explain_infeasibility(plan(most=1.0)),
        ["cannot hold together", "least total relaxation", "would have to be"],
    ),
    "sweep": (sweep, ["baseline", "infeasible", "+15.00", "broken: "]),
    "what-if": (what_if, ["What if", "before", "after", "objective", "%"]),
    "what-if without a point": (no_plan, ["The changed model is infeasible."]),
    "sensitivity": (sensitivity, ["binding", "shadow price"]),
    "sensitivity of a constraint": (lambda: sensitivity().analyze_constraint(f"total{HOSTILE}"), ["may rise by"]),
    "sensitivity of a variable": (lambda: sensitivity().analyze_variable(f"made{HOSTILE}", "b"), ["cost from"]),
}


class Tags(HTMLParser):
    """Collects the elements of a page, and whether each that was opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not attrs
        self.names.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "


@pytest.mark.parametrize("name", SHOWN)
def test_an_object_is_shown_as_tables_of_text(name: str) -> None:
    make, words = SHOWN[name]

    page = Tags()
    page.feed(make()._repr_html_())

    assert page.names <= ALLOWED
    assert page.open == []
    for word in words:
        assert word in page.text


def test_a_sensitivity_of_a_model_that_was_changed_says_so() -> None:
    analyzer = sensitivity()
    analyzer.model.constraints[0].rhs_value = 7

    assert "was changed since this analyzer was made" in analyzer._repr_html_()


def test_a_browser_shows_all_of_it_and_runs_none_of_its_names(tmp_path: Path) -> None:
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not found: apt-get install chromium chromium-driver")
    page = tmp_path / "notebook.html"
    parts = "".join(f"<h2>{name}</h2>{make()._repr_html_()}" for name, (make, _) in SHOWN.items())
    page.write_text(f"<!doctype html><meta charset='utf-8'><title>notebook</title>{parts}", encoding="utf-8")
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for option in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", f"--user-data-dir={tmp_path / 'user'}"):
        options.add_argument(option)

    browser = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        browser.get(page.as_uri())
        title, text = browser.title, browser.find_element(By.TAG_NAME, "body").text
    finally:
        browser.quit()

    assert title == "notebook"
    assert HOSTILE in text
    assert text.count("cannot hold together") == 1
