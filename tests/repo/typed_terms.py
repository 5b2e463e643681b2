"""Each form of function that terms, bounds and constraints take: ``{a}`` and ``{b}`` stand for attributes of rows."""

from __future__ import annotations

THREE = """
z = LXVariable[tuple[Product, Machine, Product], float]("z")
"""
FORMS = {
    "of one row": "x, lambda p: p.{a}",
    "of one row and the constraint's": "x, lambda p, m: p.{a} * m.hours",
    "of one row and two of the constraint": "x, lambda p, q, m: p.{a} * m.hours",
    "of one row and a value": "x, lambda p, m=machines[0]: p.{a} * m.hours",
    "where of one row": "x, where=lambda p: p.{a} > 1",
    "where of one row and the constraint's": "x, where=lambda p, m: p.{a} == m.id",
    "where of one row and two of the constraint": "x, where=lambda p, q, m: p.{a} == m.id",
    "where of one row and a value": "x, where=lambda p, m=machines[0]: p.{a} == m.id",
    "both of one row": "x, lambda p: p.id, lambda p: p.{a} > 1",
    "one row, and where the constraint's": "x, lambda p: p.{a}, where=lambda p, m: p.id == m.id",
    "one row, and a typo where the constraint's": "x, lambda p: p.id, where=lambda p, m: p.{a} == m.id",
    "the constraint's, and where one row": "x, lambda p, m: p.id, lambda p: p.{a} > 1",
    "the constraint's in both": "x, lambda p, m: p.id, lambda p, m: p.{a} > 1",
    "of a pair": "y, lambda p, m: p.{a} * m.id",
    "of a pair, the second": "y, lambda p, m: p.id * m.{b}",
    "of a pair and the constraint's row": "y, lambda p, m, r: p.{a} * m.id",
    "of a pair and the constraint's row, the second": "y, lambda p, m, r: p.id * m.{b}",
    "of a pair and two of the constraint": "y, lambda p, m, r, s: p.{a} * m.id",
    "of a pair and a value": "y, lambda p, m, k=2: p.{a} * m.id * k",
    "of the second of a pair": "y, lambda p, m: m.{b}",
    "where of a pair": "y, where=lambda p, m: p.{a} == m.id",
    "where of a pair, the second": "y, where=lambda p, m: p.id == m.{b}",
    "where of the second of a pair": "y, where=lambda p, m: m.{b} > 1",
    "where of a pair and the constraint's row": "y, where=lambda p, m, r: p.{a} == m.id",
    "where of a pair and two of the constraint": "y, where=lambda p, m, r, s: p.id == m.{b}",
    "both of a pair and the constraint's row": "y, lambda p, m, r: p.id, lambda p, m, r: p.{a} == m.id",
    "a pair and the constraint's row, where a pair": "y, lambda p, m, r: p.id, lambda p, m: p.{a} == m.id",
    "of three": "z, lambda p, m, q: p.{a} * m.id * q.id",
    "of three, the last": "z, lambda p, m, q: p.id * m.id * q.{a}",
    "of the second of three": "z, lambda p, m, q: m.{b}",
    "where of three": "z, where=lambda p, m, q: p.id == m.{b}",
    "of three and the constraint's row": "z, lambda p, m, q, r: p.id * m.{b} * q.id",
    "where of three and the constraint's row": "z, where=lambda p, m, q, r: p.id == q.{a}",
}
OPTIONS = {
    "add_term": ", at=lambda p: p.id, missing='skip'",
    "add_multi_term": "",
    "sum_over": ", matching=True",
}
OTHERS = {
    "bounds of a pair": "y.bounds(0, lambda p, m: p.{a} * m.id)",
    "bounds of the second of a pair": "y.bounds(lower=lambda p, m: m.{b})",
    "bounds of three": "z.bounds(upper=lambda p, m, q: q.{a})",
    "cost_multi": "y.cost_multi(lambda p, m: p.{a} * m.id)",
    "where_multi": "y.where_multi(lambda p, m: p.{a} == m.id)",
    "where_multi of three": "z.where_multi(lambda p, m, q: p.id == q.{a})",
    "where_multi of a constraint": 'LXConstraint[tuple[Product, Machine]]("c").where_multi(lambda p, m: p.{a} == m.id)',
    "rule": 'LXConstraint[Product]("c").rule(lambda p: 2 * x[p] <= p.{a})',
    "rule of a sum": 'LXConstraint[Machine]("c").rule(lambda m: sum(p.{a} * x[p] for p in x if p.id < 3) <= m.hours)',
    "rule with a condition": 'LXConstraint[Machine]("c").rule(lambda m: sum(x[p] for p in x if p.{a} == m.id) >= 1)',
    "rule of a pair": 'LXConstraint[tuple[Product, Machine]]("c").rule(lambda p, m: y[p, m] - x[p] / 2 <= m.{b})',
    "rule over pairs": 'LXConstraint("c").over(y).rule(lambda p, m: y.get((p, m.id - 1), 0) + x[p.id] >= m.{b})',
    "rule of no rows": 'LXConstraint("c").rule(lambda: sum(m.{b} * y[p, m] for p, m in y) == 1)',
    "rule of two sides": 'LXConstraint[Product]("c").rule(lambda p: 0 <= x[p] <= p.{a})',
    "rule by between": 'LXConstraint[Product]("c").rule(lambda p: SKIP if p.id == 1 else between(1, x[p], p.{a}))',
    "objective": 'LXModel("m").maximize(lambda: sum(p.{a} * x[p] for p in x))',
    "rhs": 'LXConstraint[Product]("c").rhs(lambda p: p.{a})',
    "rhs of a pair": 'LXConstraint[tuple[Product, Machine]]("c").le().rhs(lambda p, m: m.{b})',
    "rhs of three": 'LXConstraint[tuple[Product, Machine, Product]]("c").le().rhs(lambda p, m, q: q.{a})',
    "between": 'LXConstraint[Product]("c").between(0, lambda p: p.{a})',
    "between of a pair": 'LXConstraint[tuple[Product, Machine]]("c").between(lambda p, m: m.{b}, 2)',
    "over a pair": 'LXConstraint("c").over(y).between(0, lambda p, m: m.{b})',
    "over one": 'LXConstraint("c").over(x).expression(expr).le().rhs(lambda p: p.{a})',
}
USES = {
    **{
        f"{method} {form}": f"expr.{method}({arguments}{options})"
        for method, options in OPTIONS.items()
        for form, arguments in FORMS.items()
    },
    **OTHERS,
}
RIGHT = {name: use.format(a="profit_per_unit", b="hours") for name, use in USES.items()} | {
    "a constraint of no class": 'LXConstraint("c").indexed_by_product().le().rhs(lambda p, m: m.hours)',
    "a constraint of no class, over rows": 'LXConstraint("c").from_data(machines).le().rhs(lambda m: m.hours)',
}
WRONG = {name: use.format(a="proft_per_unit", b="hurs") for name, use in USES.items()}
# mypy takes the row of a lambda with a default, and where a lambda uses the later rows of a combination alone, all of
# its rows, to be of any type.
UNSEEN_BY_MYPY = {
    f"{method} {form}"
    for method in OPTIONS
    for form in FORMS
    if form.endswith("and a value") or "of the second of" in form
}
