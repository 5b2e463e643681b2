"""What a model looks like in text: its rows with numbers, and one of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from lumix_core import (
    LXConstraint,
    LXEmptySourceWarning,
    LXLinearExpression,
    LXModel,
    LXModelError,
    LXVariable,
)
from lumix_core.errors import LXUnknownKeyError, LXUnknownNameError
from tests.core.language_models import MACHINES, PRODUCTS, Product, assignment, model_of, of_id, production

ErrorText = Callable[..., str]


def workshop() -> LXModel:
    """Two products on two machines, and one variable of each domain."""
    made = production().bounds(lower=0, upper=lambda p: 10 * p.price)
    on = assignment().binary()
    shifts = LXVariable[None, int]("shifts").bounds(0, 3)
    hours = LXConstraint[Any]("hours").from_data(MACHINES).indexed_by(of_id)
    hours.expression(LXLinearExpression().add_term(made, lambda p, m: p.price / m.id).add_constant(1.5))
    total = LXConstraint("total").expression(LXLinearExpression().sum_over(made).add_term(shifts, -8)).between(-2, 1000)
    both = LXConstraint("both").over(on).expression(LXLinearExpression().add_term(on)).ge().rhs(0.5)
    model = LXModel("workshop").add_variables(made, on, shifts)
    model.add_constraints(hours.le().rhs(lambda m: m.hours), total, both)
    cost = LXLinearExpression().add_term(made, lambda p: p.price).add_term(shifts, -1).add_constant(-2500)
    return model.minimize(cost)


def test_the_text_has_objective_rows_domains_and_bounds_in_keys() -> None:
    assert workshop().to_text().splitlines() == [
        "Model 'workshop': 7 variables (5 whole), 7 constraints, 11 nonzeros",
        "minimize 3 production[1] + 5 production[2] - shifts - 2,500",
        "constraints:",
        "  hours: 2 constraints",
        "    hours[1]: 3 production[1] + 5 production[2] <= 8.5",
        "    hours[2]: 1.5 production[1] + 2.5 production[2] <= 18.5",
        "  total: -2 <= production[1] + production[2] - 8 shifts <= 1,000",
        "  both: 4 constraints",
        "    both[(1, 1)]: assignment[(1, 1)] >= 0.5",
        "    both[(1, 2)]: assignment[(1, 2)] >= 0.5",
        "    both[(2, 1)]: assignment[(2, 1)] >= 0.5",
        "    both[(2, 2)]: assignment[(2, 2)] >= 0.5",
        "variables:",
        "  production: 2 variables, continuous",
        "    0 <= production[1] <= 30",
        "    0 <= production[2] <= 50",
        "  assignment: 4 variables, binary",
        "  shifts: integer, 0 <= shifts <= 3",
    ]


def test_what_is_not_shown_is_counted() -> None:
    lines = workshop().to_text(rows=1, terms=2).splitlines()

    assert lines[1] == "minimize 3 production[1] + 5 production[2] + ... (1 more) - 2,500"
    assert lines[5:10] == [
        "    ... (1 more)",
        "  total: -2 <= production[1] + production[2] + ... (1 more) <= 1,000",
        "  both: 4 constraints",
        "    both[(1, 1)]: assignment[(1, 1)] >= 0.5",
        "    ... (3 more)",
    ]
    assert lines[-4:-2] == ["    0 <= production[1] <= 30", "    ... (1 more)"]


def test_no_rows_leave_the_families() -> None:
    assert "    ... (2 more)" in workshop().to_text(rows=0).splitlines()
    assert "hours[1]" not in workshop().to_text(rows=0)


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        ({"lower": None, "upper": None}, "x: continuous, x has no bound"),
        ({"lower": 2, "upper": 2}, "x: continuous, x == 2"),
        ({"lower": -0.0, "upper": math.inf}, "x: continuous, x >= 0"),
        ({"lower": -math.inf, "upper": 1e-9}, "x: continuous, x <= 1e-09"),
    ],
)
def test_bounds_are_shown_as_far_as_there_are_any(bounds: dict[str, float | None], text: str) -> None:
    model = LXModel("m").add_variable(LXVariable[None, float]("x").bounds(**bounds))

    assert model.to_text().splitlines()[-1] == f"  {text}"


def test_a_constraint_without_terms_and_one_that_never_binds_are_shown() -> None:
    made = production()
    empty = LXConstraint("empty").expression(LXLinearExpression().add_term(made, 0.0)).ge().rhs(3)
    idle = LXConstraint("idle").expression(LXLinearExpression().sum_over(made, -1.0)).le().rhs(math.inf)
    model = LXModel("m").add_variable(made).add_constraints(empty, idle)

    assert model.row("empty") == "empty: 0 >= 3"
    assert model.row("idle") == "idle: -production[1] - production[2] has no bound"


def test_a_model_without_an_objective_or_constraints_has_a_text_too() -> None:
    assert LXModel("m").add_variable(production()).to_text().splitlines() == [
        "Model 'm': 2 variables, 0 constraints, 0 nonzeros",
        "minimize 0: any feasible point is optimal",
        "no constraints",
        "variables:",
        "  production: 2 variables, continuous, production has no bound",
    ]
    assert "\nno variables" in LXModel("empty").to_text()


def test_an_objective_that_is_a_constant_is_shown() -> None:
    model = LXModel("m").add_variable(production()).maximize(LXLinearExpression().add_constant(4))

    assert model.to_text().splitlines()[1] == "maximize 4"


def test_long_rows_names_and_models_stay_readable() -> None:
    keys = [f"{i} of {'many' * 200}" for i in range(300)]
    x = LXVariable[str, float]("x").bounds(lower=0, upper=len).from_data(keys)
    rows = LXConstraint[str]("rows").from_data(keys).expression(LXLinearExpression().sum_over(x)).le().rhs(1)
    model = LXModel("m").add_variable(x).add_constraint(rows)
    for i in range(100):
        model.add_constraint(LXConstraint(f"c{i}").expression(LXLinearExpression().sum_over(x)).le().rhs(i))

    lines = model.to_text().splitlines()

    assert max(map(len, lines)) < 700
    assert len(lines) < 80
    assert "  ... (61 more families)" in lines


def test_only_the_rows_that_are_shown_are_put_into_words() -> None:
    """Keys that count how often they are shown."""

    class Key(int):
        shown = 0

        def __repr__(self) -> str:
            Key.shown += 1
            return int.__repr__(self)

    keys = [Key(i) for i in range(2000)]
    x = LXVariable[Any, float]("x").bounds(lower=0, upper=lambda i: i + 1).from_data(keys)
    own = LXConstraint[Any]("own").over(x).expression(LXLinearExpression().add_term(x)).le().rhs(1)
    model = LXModel("m").add_variable(x).add_constraint(own).minimize(LXLinearExpression().sum_over(x))
    model.compile()
    Key.shown = 0

    model.to_text(rows=3)

    assert 0 < Key.shown < 30


# One row.


def test_a_row_is_found_by_name_or_object_and_by_key_or_row() -> None:
    model = workshop()
    text = "hours[2]: 1.5 production[1] + 2.5 production[2] <= 18.5"

    assert model.row("hours", 2) == text
    assert model.row(model.get_constraint("hours"), MACHINES[1]) == text
    assert model.row("both", (2, 1)) == "both[(2, 1)]: assignment[(2, 1)] >= 0.5"
    assert model.row("both", (PRODUCTS[1], MACHINES[0])) == "both[(2, 1)]: assignment[(2, 1)] >= 0.5"


def test_a_row_shows_more_terms_than_the_text_of_the_model() -> None:
    x = LXVariable[int, float]("x").from_data(range(60))
    model = model_of(LXLinearExpression().sum_over(x))

    assert "x[49] + ... (10 more) <= 1" in model.row("limit")
    assert "x[59] <= 1" in model.row("limit", terms=60)
    assert model.row("limit", terms=1) == "limit: x[0] + ... (59 more) <= 1"


def test_a_row_that_is_not_there_is_refused(error_text: ErrorText) -> None:
    model = workshop()

    assert error_text(LXUnknownNameError, model.row, "hour", 1) == (
        "Model 'workshop' has no constraint 'hour'. It has 'hours', 'total', 'both'."
    )
    assert error_text(LXUnknownKeyError, model.row, "hours", 7) == (
        "'hours' has no key 7: it has 1, 2. Give one of its keys, or a row of the family."
    )
    assert error_text(LXUnknownKeyError, model.row, "hours") == (
        "'hours' needs a key: it has 1, 2. Give one of its keys, or a row of the family."
    )
    assert error_text(LXUnknownKeyError, model.row, "total", 7) == (
        "'total' has no key 7: it has no index. Leave the key out."
    )
    assert "it has (1, 1), (1, 2), (2, 1), ..." in error_text(LXUnknownKeyError, model.row, "both", (1, 3))
    assert "has no key [1]" in error_text(LXUnknownKeyError, model.row, "hours", [1])


def test_a_row_of_a_family_without_elements_is_refused(error_text: ErrorText) -> None:
    model = model_of(LXLinearExpression().sum_over(production()), rows=[])

    with pytest.warns(LXEmptySourceWarning):
        assert "'limit' has no key 1: it has no element at all" in error_text(LXUnknownKeyError, model.row, "limit", 1)


@pytest.mark.parametrize("wrong", [-1, 1.5, "2", None, True])
def test_numbers_of_rows_that_are_none_are_refused(wrong: Any, error_text: ErrorText) -> None:
    assert f"to_text() got rows={wrong!r}" in error_text(LXModelError, workshop().to_text, wrong)
    assert f"to_text() got terms={wrong!r}" in error_text(LXModelError, workshop().to_text, 1, wrong)
    assert "row() got terms=0" in error_text(LXModelError, workshop().row, "total", None, 0)


def test_a_printed_model_is_its_summary_and_reads_no_row() -> None:
    class Unread:
        def __iter__(self) -> Any:
            raise AssertionError

    model = LXModel("plan").add_variable(LXVariable[Product, float]("x").indexed_by(of_id).from_data(Unread()))

    assert str(model) == model.summary()
    assert str(model).splitlines()[2] == "    x[Product]: continuous"
    assert repr(model) == "<LXModel 'plan': 1 variables, 0 constraints>"


def test_a_notebook_shows_the_families_and_reads_no_row() -> None:
    x = LXVariable[Product, float]("x: <b>").indexed_by(of_id).from_data(PRODUCTS)
    limit = LXConstraint("limit").expression(LXLinearExpression().sum_over(x)).le().rhs(lambda: 1 / 0)
    html = LXModel("<plan>").add_variable(x).add_constraint(limit)._repr_html_()

    assert html.startswith("<p>Model &#x27;&lt;plan&gt;&#x27;: any feasible point</p><table>")
    assert "<td>x: &lt;b&gt;[Product]</td><td>continuous</td>" in html
    assert "<td>limit</td><td>... &lt;= ...</td>" in html
    assert "<script" not in html
    assert LXModel("empty")._repr_html_() == "<p>Model &#x27;empty&#x27;: any feasible point</p>"
