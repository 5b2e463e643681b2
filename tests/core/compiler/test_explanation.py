"""What `model.explain()` tells."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXParameter, LXVariable


@dataclass(frozen=True)
class Product:
    id: int
    price: float


@dataclass(frozen=True)
class Machine:
    id: int
    hours: float


@dataclass(frozen=True)
class Recipe:
    product_id: int
    machine_id: int
    hours: float


PRODUCTS = [Product(number, 10.0 * number) for number in (1, 2, 3)]
MACHINES = [Machine(number, 40.0) for number in (1, 2)]
RECIPES = [Recipe(1, 1, 0.5), Recipe(2, 1, 1.5), Recipe(3, 2, 2.0)]


def workshop() -> LXModel:
    hours = LXParameter[Recipe]("hours").from_data(RECIPES).indexed_by(lambda r: (r.product_id, r.machine_id))
    hours.value(lambda r: r.hours).default(0.0)
    made = LXVariable[Product, float]("made").from_data(PRODUCTS).indexed_by(lambda p: p.id)
    made.bounds(lower=0.0, upper=lambda p: len(f"{p.id:04}"))
    used = LXLinearExpression().add_multi_term(made, lambda p, m: hours[p.id, m.id])
    limit = LXConstraint[Machine]("limit").from_data(MACHINES).indexed_by(lambda m: m.id).expression(used).le()
    model = LXModel("workshop").add_variable(made).add_constraint(limit.rhs(lambda m: m.hours))
    return model.maximize(LXLinearExpression().add_term(made, lambda p: p.price))


def way_of(model: LXModel, function: str) -> str:
    (line,) = [one for one in model.explain().functions if one.function == function]
    return line.way


def test_a_function_of_attributes_runs_as_columns() -> None:
    model = workshop()

    assert way_of(model, "the coefficient of 'made' in the objective") == "columns"


def test_a_lookup_of_pairs_is_a_join() -> None:
    model = workshop()

    assert way_of(model, "the coefficient of 'made' in LXConstraint('limit')") == "join"


def test_a_function_that_cannot_be_traced_runs_row_by_row_and_the_reason_is_told() -> None:
    (line,) = [one for one in workshop().explain().functions if one.function == "the upper bound of 'made'"]

    assert line.way == "row by row"
    assert line.reason == "it makes a text of values"


def test_before_a_compile_nothing_is_counted() -> None:
    explanation = workshop().explain()

    assert explanation.seconds is None
    assert {one.rows for one in explanation.sources} == {None}
    assert {one.count for one in explanation.functions} == {None}


def test_after_a_compile_rows_and_pairs_are_counted() -> None:
    model = workshop()
    model.compile()

    explanation = model.explain()

    assert {one.families: one.rows for one in explanation.sources} == {
        ("LXVariable('made')",): 3,
        ("LXConstraint('limit')",): 2,
        ("LXParameter('hours')",): 3,
    }
    (joined,) = [one for one in explanation.functions if one.way == "join"]
    assert (joined.count, joined.possible) == (3, 6)


def test_the_slowest_function_comes_first() -> None:
    model = workshop()
    model.compile()

    seconds = [one.seconds for one in model.explain().functions]

    assert seconds == sorted(seconds, reverse=True)
    assert seconds[0] > 0


def test_the_text_tells_all_of_it() -> None:
    model = workshop()
    model.compile()

    text = str(model.explain())

    assert text.startswith("Model 'workshop', compiled in ")
    for part in ("LXVariable('made')", "3 rows in ", "list given to from_data", "join, 3 of 6 in ", __file__):
        assert part in text
    assert "row by row, 3 in " in text
    assert ": it makes a text of values" in text


def test_a_notebook_gets_tables_with_everything_escaped() -> None:
    model = LXModel("a < b")

    html = model.explain()._repr_html_()

    assert html.startswith("<p>Model &#x27;a &lt; b&#x27;, not compiled yet</p><table>")


def test_a_function_that_was_replaced_is_told_as_planned() -> None:
    model = workshop()
    model.compile()
    model.get_constraint("limit").rhs_func = lambda m: m.hours + 1.0

    (line,) = [one for one in model.explain().functions if one.function == "the right-hand side of 'limit'"]

    assert (line.way, line.count) == ("columns", None)


def test_copies_and_pickles_take_no_report_along() -> None:
    model = workshop()
    model.compile()

    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other.explain().seconds is None
