"""Which elements a term stands for where variables or constraints have several dimensions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable
from lumix_core.errors import LXIndexKeyError, LXMissingKeyError, LXModelError

Compile = Callable[[LXModel], Any]
ErrorText = Callable[..., str]


@dataclass(frozen=True)
class Product:
    id: int
    price: float = 1.0


@dataclass(frozen=True)
class Period:
    id: int


@dataclass(frozen=True)
class Machine:
    id: int


PRODUCTS = [Product(1, 3.0), Product(2, 5.0)]
PERIODS = [Period(1), Period(2), Period(3)]
MACHINES = [Machine(7), Machine(8)]
KINDS = {Product: PRODUCTS, Period: PERIODS, Machine: MACHINES}


def dimension(kind: type, rows: Any = None) -> LXIndexDimension[Any]:
    return LXIndexDimension(kind, lambda row: row.id).from_data(KINDS[kind] if rows is None else rows)


def family(name: str, *kinds: type) -> LXVariable[Any, float]:
    variable = LXVariable[Any, float](name)
    if len(kinds) == 1:
        return variable.from_data(KINDS[kinds[0]]).indexed_by(lambda row: row.id)
    return variable.indexed_by_product(*map(dimension, kinds))


def limit(expression: LXLinearExpression, *dimensions: LXIndexDimension[Any]) -> LXModel:
    """A constraint "c" over dimensions, in a model that has the variables of its expression."""
    constraint = LXConstraint[Any]("c").indexed_by_product(*dimensions).expression(expression).le().rhs(1)
    return model_with(constraint)


def model_with(*constraints: LXConstraint[Any]) -> LXModel:
    terms = [term for constraint in constraints for term in constraint.lhs.terms]  # type: ignore[union-attr]
    variables = {id(term.variable): term.variable for term in terms}
    return LXModel("m").add_variables(*variables.values()).add_constraints(*constraints)


def pairs(products: list[Product] = PRODUCTS) -> list[tuple[int, int]]:
    return [(product.id, period.id) for product in products for period in PERIODS]


def test_the_own_element_of_a_pair_is_the_one_with_its_key(compiled: Compile) -> None:
    expression = LXLinearExpression().add_term(family("x", Product, Period), lambda p, t: 10 * p.id + t.id)

    found = compiled(limit(expression, dimension(Product), dimension(Period)))

    assert found.rows == {f"c[({p}, {t})]": {f"x[({p}, {t})]": 10.0 * p + t} for p, t in pairs()}


def test_the_dimensions_are_found_by_their_rows_whatever_their_order(compiled: Compile) -> None:
    expression = LXLinearExpression().add_term(family("x", Product, Period), lambda p, t: 10 * p.id + t.id)

    found = compiled(limit(expression, dimension(Period, [Period(2)]), dimension(Product)))

    assert found.rows == {"c[(2, 1)]": {"x[(1, 2)]": 12.0}, "c[(2, 2)]": {"x[(2, 2)]": 22.0}}


def test_a_family_of_fewer_dimensions_has_an_own_element_too(compiled: Compile) -> None:
    expression = LXLinearExpression().add_term(family("price", Product), lambda p: p.price)

    found = compiled(limit(expression, dimension(Product), dimension(Period)))

    assert found.rows == {f"c[({p}, {t})]": {f"price[{p}]": 3.0 if p == 1 else 5.0} for p, t in pairs()}


def test_rows_of_one_source_are_told_from_others_of_their_class(compiled: Compile) -> None:
    here, there = dimension(Product, [Product(1)]), dimension(Product, [Product(2), Product(3)])
    arcs = LXVariable[Any, float]("x").indexed_by_product(here, there)

    found = compiled(limit(LXLinearExpression().add_term(arcs), there, here))

    assert found.rows == {"c[(2, 1)]": {"x[(1, 2)]": 1.0}, "c[(3, 1)]": {"x[(1, 3)]": 1.0}}


def test_two_dimensions_of_one_class_correspond_in_their_order(compiled: Compile) -> None:
    arcs = LXVariable[Any, float]("x").indexed_by_product(dimension(Product), dimension(Product, [*PRODUCTS]))

    found = compiled(
        limit(LXLinearExpression().add_term(arcs), dimension(Product, [Product(1)]), dimension(Product, [Product(2)]))
    )

    assert found.rows == {"c[(1, 2)]": {"x[(1, 2)]": 1.0}}


def test_the_coefficient_of_an_own_element_is_of_the_variables_row(compiled: Compile) -> None:
    """Rows with equal keys may differ otherwise: the function is one of the variable's rows."""
    expression = LXLinearExpression().add_term(family("x", Product), lambda p: p.price)

    found = compiled(limit(expression, dimension(Product, [Product(2, 99.0), Product(1, 88.0)])))

    assert found.rows == {"c[2]": {"x[2]": 5.0}, "c[1]": {"x[1]": 3.0}}


@pytest.mark.parametrize(
    ("rows", "where", "missing"),
    [([*PRODUCTS, Product(9)], None, "skip"), ([*PRODUCTS, Product(9)], lambda p, t: p.id < 9, "error")],
    ids=["skipped", "excluded"],
)
def test_a_pair_without_an_element_can_be_left_out(rows: Any, where: Any, missing: Any, compiled: Compile) -> None:
    expression = LXLinearExpression().add_term(family("x", Product, Period), where=where, missing=missing)

    found = compiled(limit(expression, dimension(Product, rows), dimension(Period, [Period(1)])))

    assert found.rows == {"c[(1, 1)]": {"x[(1, 1)]": 1.0}, "c[(2, 1)]": {"x[(2, 1)]": 1.0}, "c[(9, 1)]": {}}


def test_a_pair_without_an_element_is_an_error(error_text: ErrorText) -> None:
    expression = LXLinearExpression().add_term(family("x", Product, Period))
    model = limit(expression, dimension(Product), dimension(Period, [Period(1), Period(4)]))

    text = error_text(LXMissingKeyError, model.compile)

    assert text == (
        "Constraint 'c', key (1, 4) of 'c': the row has no variable of its own in 'x' (no key (1, 4)). Leave such rows "
        "out with where= or missing='skip', or write sum_over to sum over the family."
    )


def test_a_combination_that_the_family_leaves_out_is_missing(error_text: ErrorText) -> None:
    variable = family("x", Product, Period).where_multi(lambda p, t: p.id != t.id)
    model = limit(LXLinearExpression().add_term(variable), dimension(Product), dimension(Period))

    text = error_text(LXMissingKeyError, model.compile)

    assert "key (1, 1) of 'c': the row has no variable of its own in 'x'" in text


def test_keys_choose_among_own_elements(compiled: Compile) -> None:
    expression = LXLinearExpression().add_term(family("x", Product, Period), keys=[(1, 2), (2, 3)])

    found = compiled(limit(expression, dimension(Product), dimension(Period)))

    assert {row: cells for row, cells in found.rows.items() if cells} == {
        "c[(1, 2)]": {"x[(1, 2)]": 1.0},
        "c[(2, 3)]": {"x[(2, 3)]": 1.0},
    }


def test_a_key_is_computed_from_the_constraints_rows(compiled: Compile) -> None:
    stock = family("stock", Product, Period)
    expression = LXLinearExpression().add_term(stock)
    expression.add_term(stock, -1.0, at=lambda p, t: (p.id, t.id - 1), missing="skip")

    found = compiled(limit(expression, dimension(Product, [Product(2)]), dimension(Period)))

    assert found.rows == {
        "c[(2, 1)]": {"stock[(2, 1)]": 1.0},
        "c[(2, 2)]": {"stock[(2, 1)]": -1.0, "stock[(2, 2)]": 1.0},
        "c[(2, 3)]": {"stock[(2, 2)]": -1.0, "stock[(2, 3)]": 1.0},
    }


def test_functions_of_a_key_get_the_elements_rows_and_the_constraints(compiled: Compile) -> None:
    expression = LXLinearExpression().add_term(
        family("x", Product, Period),
        lambda p, t, own, now: 100 * t.id + 10 * now.id + p.id,
        where=lambda p, t: t.id < 3,
        at=lambda p, t: (3 - p.id, t.id),
    )

    found = compiled(limit(expression, dimension(Product, [Product(1)]), dimension(Period)))

    assert found.rows == {"c[(1, 1)]": {"x[(2, 1)]": 112.0}, "c[(1, 2)]": {"x[(2, 2)]": 222.0}, "c[(1, 3)]": {}}


def test_a_foreign_key_may_lead_to_nothing(compiled: Compile) -> None:
    expression = LXLinearExpression().add_term(
        family("x", Product), at=lambda m: None if m.id == 7 else m.id - 7, missing="skip"
    )

    found = compiled(limit(expression, dimension(Machine)))

    assert found.rows == {"c[7]": {}, "c[8]": {"x[1]": 1.0}}


def test_a_key_that_is_not_there_is_an_error(error_text: ErrorText) -> None:
    expression = LXLinearExpression().add_term(family("x", Product), at=lambda m: m.id)

    text = error_text(LXMissingKeyError, limit(expression, dimension(Machine)).compile)

    assert text == (
        "Constraint 'c', key 7 of 'c': 'x' has no key 7, which at= returned. Return a key of the family, or leave the "
        "term out of such rows with missing='skip'."
    )


@pytest.mark.parametrize(
    "at",
    [
        lambda p, t: (str(p.id), t.id),
        lambda p, t: p.id,
        lambda p, t: (p.id, t.id, 1),
        lambda p, t: (p, t),
        lambda p, t: "x",
    ],
    ids=["text", "one part", "three parts", "rows", "one text"],
)
def test_what_can_be_no_key_is_refused_even_where_keys_may_be_missing(at: Any, error_text: ErrorText) -> None:
    """It would be missing in every row, and the term be gone in silence."""
    expression = LXLinearExpression().add_term(family("x", Product, Period), at=at, missing="skip")

    text = error_text(LXIndexKeyError, limit(expression, dimension(Product), dimension(Period)).compile)

    assert "which cannot be a key of 'x': they are like (1, 1)." in text


@pytest.mark.parametrize(
    ("build", "option"),
    [
        (lambda x: LXLinearExpression().add_term(x, at=lambda: 1), "at="),
        (lambda x: LXLinearExpression().add_term(x, missing="skip"), "missing='skip'"),
        (lambda x: LXLinearExpression().sum_over(x, matching=True), "matching=True"),
    ],
)
def test_where_there_are_no_rows_nothing_is_computed_from_them(build: Any, option: str, error_text: ErrorText) -> None:
    constraint = LXConstraint[None]("c").expression(build(family("x", Product))).le().rhs(1)

    text = error_text(LXModelError, model_with(constraint).compile)

    assert text.startswith(f"Constraint 'c': {option} of the term of 'x' needs the rows of an indexed constraint")


def test_matching_elements_agree_in_the_dimensions_that_both_have(compiled: Compile) -> None:
    hours = family("hours", Machine, Period)
    expression = LXLinearExpression().sum_over(hours, lambda m, t, p, own: m.id * p.price, matching=True)

    found = compiled(limit(expression, dimension(Product, [Product(2, 5.0)]), dimension(Period)))

    assert found.rows == {f"c[(2, {t})]": {f"hours[(7, {t})]": 35.0, f"hours[(8, {t})]": 40.0} for t in (1, 2, 3)}


def test_matching_elements_can_be_filtered(compiled: Compile) -> None:
    hours = family("hours", Machine, Period)
    expression = LXLinearExpression().sum_over(hours, where=lambda m, t: m.id == 8, matching=True)
    expression.sum_over(hours, 5.0, keys=[(7, 2)], matching=True)

    found = compiled(limit(expression, dimension(Period)))

    assert found.rows == {
        "c[1]": {"hours[(8, 1)]": 1.0},
        "c[2]": {"hours[(7, 2)]": 5.0, "hours[(8, 2)]": 1.0},
        "c[3]": {"hours[(8, 3)]": 1.0},
    }


def test_nothing_matches_where_nothing_is_in_common(error_text: ErrorText) -> None:
    expression = LXLinearExpression().sum_over(family("x", Machine), matching=True)

    text = error_text(LXModelError, limit(expression, dimension(Product), dimension(Period)).compile)

    assert "they have no dimension in common: 'x' is made over Machine, the constraint over Product and Period" in text


def test_a_sum_in_every_row_is_refused_with_all_that_could_be_meant(error_text: ErrorText) -> None:
    expression = LXLinearExpression().add_term(family("hours", Machine, Period), 2.0)

    text = error_text(LXModelError, limit(expression, dimension(Product), dimension(Period)).compile)

    assert text == (
        "Constraint 'c': add_term(hours) would sum all 6 elements of 'hours' again in every row, since no function of "
        "the term takes the constraint's row, and 'hours' is made over Machine and Period, the constraint over Product "
        "and Period. For that sum write .sum_over(hours, ...). For the elements that agree with the row write "
        ".sum_over(hours, ..., matching=True). For one element a row write .add_term(hours, ..., at=lambda row1, row2: "
        "key), or make the constraint .over(hours). For a sum weighed by the row take it in the coefficient or where=: "
        "lambda x1, x2, row1, row2: ..."
    )


@pytest.mark.parametrize("options", [{"keys": [(7, 1)]}, {"where": lambda m, t: m.id == 7}], ids=["keys", "where"])
def test_a_filtered_sum_in_every_row_is_refused_too(options: Any) -> None:
    expression = LXLinearExpression().add_term(family("hours", Machine, Period), **options)

    with pytest.raises(LXModelError, match="would sum all 6 elements of 'hours' again in every row"):
        limit(expression, dimension(Product)).compile()


def test_one_of_two_dimensions_of_a_class_is_unclear(error_text: ErrorText) -> None:
    expression = LXLinearExpression().add_term(family("x", Product))

    text = error_text(LXModelError, limit(expression, dimension(Product), dimension(Product)).compile)

    assert text.startswith("Constraint 'c': it is unclear which dimension of the constraint is dimension 1 of 'x'")
    assert ".add_term(x, ..., at=lambda row1, row2: key)" in text


def test_numbers_of_other_sources_are_unclear_where_there_are_several() -> None:
    numbers = [LXIndexDimension(int).from_data(rows) for rows in ([1, 2], [1, 2, 3], [1, 2, 3], [1, 2])]
    variable = LXVariable[Any, float]("x").indexed_by_product(*numbers[:2])

    with pytest.raises(LXModelError, match="unclear which dimension of the constraint is dimension 1 and 2 of 'x'"):
        limit(LXLinearExpression().add_term(variable), *numbers[2:]).compile()


def test_numbers_of_one_source_are_clear(compiled: Compile) -> None:
    days, hours = (LXIndexDimension(int).from_data(rows) for rows in ([1, 2], [1, 3]))
    variable = LXVariable[Any, float]("x").indexed_by_product(days, hours)

    found = compiled(limit(LXLinearExpression().add_term(variable), hours, days))

    assert found.rows == {f"c[({h}, {d})]": {f"x[({d}, {h})]": 1.0} for h in (1, 3) for d in (1, 2)}


def test_a_coefficient_takes_a_row_for_each_dimension_of_the_constraint(compiled: Compile) -> None:
    expression = LXLinearExpression().add_term(
        family("x", Machine), lambda m, p, t: 100 * m.id + 10 * p.id + t.id, where=lambda m, p, t: t.id == p.id
    )

    found = compiled(limit(expression, dimension(Product, [Product(2)]), dimension(Period)))

    assert found.rows == {"c[(2, 1)]": {}, "c[(2, 2)]": {"x[7]": 722.0, "x[8]": 822.0}, "c[(2, 3)]": {}}


def test_a_coefficient_of_some_of_the_constraints_rows_is_refused() -> None:
    expression = LXLinearExpression().add_term(family("x", Machine), lambda m, p: 1.0)

    with pytest.raises(LXModelError, match=r"given 1 or 3 \(the last 2 are the constraint's rows\)"):
        limit(expression, dimension(Product), dimension(Period)).compile()


def test_a_scalar_may_be_weighed_by_the_rows(compiled: Compile) -> None:
    expression = LXLinearExpression().add_term(
        LXVariable[None, float]("z"), lambda p, t: p.price * t.id, missing="skip"
    )

    found = compiled(limit(expression, dimension(Product, [Product(1, 3.0)]), dimension(Period)))

    assert found.rows == {f"c[(1, {t})]": {"z": 3.0 * t} for t in (1, 2, 3)}


def test_what_is_to_happen_to_missing_elements_is_one_of_two() -> None:
    with pytest.raises(
        LXModelError, match="missing='ignore' of the term of 'x' is not valid; expected 'error' or 'skip'"
    ):
        LXLinearExpression().add_term(family("x", Product), missing="ignore")  # type: ignore[call-overload]


def test_a_sum_has_no_element_to_miss() -> None:
    expression = LXLinearExpression().add_term(family("x", Machine), lambda m, p: p.price, missing="skip")

    with pytest.raises(LXModelError, match="missing='skip' of the term of 'x' has no meaning for a sum"):
        limit(expression, dimension(Product)).compile()


def test_two_dimensions_of_one_kind_are_not_matched_by_one_of_the_constraint(error_text: ErrorText) -> None:
    flow = family("flow", Machine, Machine, Product)
    out = LXConstraint[Any]("out").indexed_by_product(dimension(Machine), dimension(Product))
    out.expression(LXLinearExpression().sum_over(flow, matching=True)).ge().rhs(0.0)

    text = error_text(LXModelError, LXModel("net").add_variable(flow).add_constraint(out).compile)

    assert "dimension 1 and 2 of 'flow'" in text
    assert ".sum_over(flow, where=lambda" in text
