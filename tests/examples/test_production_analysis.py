"""The steps of the production planning example that ask about its plan: every number is computed again, exactly.

The workshop has three products, so a plan is a point in space, and the best one is at a corner where three limits meet.
Going through all corners in fractions needs no solver, and rounds nothing.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib import import_module
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
scripts: Any = import_module("scripts")
sys.path.remove(str(HERE))
printed, query, run = scripts.printed, scripts.query, scripts.run

EXAMPLE = HERE.parents[1] / "examples" / "production_planning"
SCENARIOS = EXAMPLE / "step5" / "scenarios.py"
SENSITIVITY = EXAMPLE / "step6" / "sensitivity.py"
WHATIF = EXAMPLE / "step7" / "whatif.py"
SCRIPTS = [SCENARIOS, SENSITIVITY, WHATIF]

Numbers = dict[str, Fraction]
Limit = tuple[tuple[Fraction, ...], Fraction]

WOOD, METAL, ASSEMBLY = "Wood (board feet)", "Metal (pounds)", "Assembly Station"
NEAR = Fraction(1, 100)
"""More than what a printed limit is rounded by."""
FAR = Fraction(1_000_000)


@dataclass(frozen=True)
class Plan:
    """A best plan: what it earns, and how much it makes of each product."""

    profit: Fraction
    made: Numbers


@dataclass(frozen=True)
class Workshop:
    """The numbers of the example, by the names of products and resources."""

    profit: Numbers
    least: Numbers
    most: Numbers
    available: Numbers
    cost: Numbers
    needs: dict[tuple[str, str], Fraction]

    def limits(self) -> list[Limit]:
        """Each as ``a x <= b``."""
        names = list(self.profit)
        found = [
            (tuple(self.needs.get((name, one), Fraction(0)) for name in names), there)
            for one, there in self.available.items()
        ]
        for position, name in enumerate(names):
            own = tuple(Fraction(position == other) for other in range(len(names)))
            below = tuple(-one for one in own)
            found += [(own, self.most[name]), (below, -self.least[name]), (below, Fraction(0))]
        return found

    def best(self) -> Plan | None:
        """The best plan; None where there is none."""
        limits, found = self.limits(), list[Plan]()
        for three in combinations(limits, 3):
            corner = meeting(*three)
            if corner is not None and all(dot(a, corner) <= b for a, b in limits):
                found.append(
                    Plan(dot(tuple(self.profit.values()), corner), dict(zip(self.profit, corner, strict=True)))
                )
        return max(found, key=lambda plan: plan.profit, default=None)

    def with_(self, part: str, name: object, change: Callable[[Fraction], Fraction]) -> Workshop:
        numbers = getattr(self, part)
        return replace(self, **{part: {**numbers, name: change(numbers[name])}})


def dot(left: tuple[Fraction, ...], right: tuple[Fraction, ...]) -> Fraction:
    return sum((a * b for a, b in zip(left, right, strict=True)), Fraction(0))


def determinant(rows: list[tuple[Fraction, ...]]) -> Fraction:
    (a, b, c), (d, e, f), (g, h, i) = rows
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


def meeting(*limits: Limit) -> tuple[Fraction, ...] | None:
    """The one point on three limits, by Cramer's rule."""
    rows = [a for a, _ in limits]
    whole = determinant(rows)
    if whole == 0:
        return None
    return tuple(determinant([(*a[:column], b, *a[column + 1 :]) for a, b in limits]) / whole for column in range(3))


def numbers(database: Path, sql: str) -> Numbers:
    return {str(name): Fraction(str(number)) for name, number in query(database, sql)}


@pytest.fixture(scope="module")
def workshop(sample: Path) -> Workshop:
    """The workshop, as it is in the database."""
    hours = """SELECT p.name, m.name, r.hours_required FROM production_recipes r
        JOIN products p ON p.id = r.product_id JOIN machines m ON m.id = r.machine_id"""
    quantities = """SELECT p.name, m.name, r.quantity_required FROM material_requirements r
        JOIN products p ON p.id = r.product_id JOIN raw_materials m ON m.id = r.material_id"""
    needs = [*query(sample, hours), *query(sample, quantities)]
    return Workshop(
        profit=numbers(sample, "SELECT name, profit_per_unit FROM products ORDER BY id"),
        least=numbers(sample, "SELECT name, min_demand FROM products"),
        most=numbers(sample, "SELECT name, max_demand FROM products"),
        available=numbers(sample, "SELECT name, available_hours FROM machines")
        | numbers(sample, "SELECT name, available_quantity FROM raw_materials"),
        cost=numbers(sample, "SELECT name, cost_per_unit FROM raw_materials"),
        needs={(str(product), str(resource)): Fraction(str(need)) for product, resource, need in needs},
    )


@pytest.fixture(scope="module")
def base(workshop: Workshop) -> Plan:
    found = workshop.best()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def scenarios(sample: Path) -> str:
    """What step 5 prints."""
    return printed(SCENARIOS, f"sqlite:///{sample}", cwd=sample.parent)


@pytest.fixture(scope="module")
def sensitivity(sample: Path) -> str:
    """What step 6 prints."""
    return printed(SENSITIVITY, f"sqlite:///{sample}", cwd=sample.parent)


@pytest.fixture(scope="module")
def whatif(sample: Path) -> str:
    """What step 7 prints."""
    return printed(WHATIF, f"sqlite:///{sample}", cwd=sample.parent)


def figures(text: str, name: str, table: str) -> list[str]:
    """What stands after a name, in the table with a head."""
    (rows,) = [part for part in text.split("\n\n") if part.startswith(table)]
    (line,) = [line for line in rows.splitlines() if line.startswith(f"{name}  ")]
    return line.removeprefix(name).split()


def number(printed: str) -> Fraction:
    return Fraction(printed.replace(",", ""))


def amount(number: Fraction) -> str:
    return f"{float(number):,.2f}"


def profit(workshop: Workshop) -> Fraction | None:
    found = workshop.best()
    return None if found is None else found.profit


def check_limits(holds: Callable[[Fraction], bool], now: Fraction, first: str, last: str) -> None:
    """Something holds up to both limits, and no further."""
    for printed, out in ((first, -1), (last, 1)):
        if printed == "any":
            assert holds(now + out * FAR)
        else:
            assert holds(number(printed) - out * NEAR)
            assert not holds(number(printed) + out * NEAR)


def on_the_line(workshop: Workshop, part: str, name: str, base: Plan, worth: Fraction) -> Callable[[Fraction], bool]:
    """Whether the profit for another number is the one that a shadow price foretells."""
    now = getattr(workshop, part)[name]
    return lambda then: profit(workshop.with_(part, name, lambda _: then)) == base.profit + worth * (then - now)


def worth_of_one(workshop: Workshop, part: str, name: str, base: Plan) -> Fraction:
    """What a little more adds to the profit, for one."""
    more = profit(workshop.with_(part, name, lambda now: now + NEAR))
    assert more is not None
    return (more - base.profit) / NEAR


def test_the_best_plan_is_the_known_one(base: Plan) -> None:
    assert float(base.profit) == 2735.714285714286
    assert base.made == {"Chair": 10, "Table": 5, "Desk": Fraction(59, 7)}


@pytest.mark.parametrize("resource", ["Cutting Machine", ASSEMBLY, WOOD, METAL, "Fabric (yards)"])
def test_step6_tells_what_more_of_a_resource_is_worth_and_how_far_that_holds(
    resource: str, sensitivity: str, workshop: Workshop, base: Plan
) -> None:
    available, left, adds, first, last = figures(sensitivity, resource, "Resource")

    there = workshop.available[resource]
    used = sum(workshop.needs.get((name, resource), Fraction(0)) * units for name, units in base.made.items())
    worth = worth_of_one(workshop, "available", resource, base)
    assert [available, left, adds] == [amount(there), amount(there - used), amount(worth)]
    check_limits(on_the_line(workshop, "available", resource, base, worth), there, first, last)


def test_step6_tells_up_to_which_price_wood_pays_off(sensitivity: str, workshop: Workshop, base: Plan) -> None:
    offers = re.findall(r"^(.*) costs (\S+); up to (\S+) more pay off below (\S+)$", sensitivity, flags=re.MULTILINE)

    ((name, cost, units, price),) = offers
    assert (name, cost) == (WOOD, amount(workshop.cost[WOOD]))
    more = profit(workshop.with_("available", WOOD, lambda now: now + number(units)))
    assert more is not None
    gains = [more - base.profit - number(units) * (number(price) + out * NEAR - number(cost)) for out in (-1, 1)]
    assert gains[0] > 0 > gains[1]


@pytest.mark.parametrize("product", ["Chair", "Table", "Desk"])
def test_step6_tells_what_a_promise_costs_and_how_far_that_holds(
    product: str, sensitivity: str, workshop: Workshop, base: Plan
) -> None:
    least, costs, first, last = figures(sensitivity, product, "Promised")

    worth = worth_of_one(workshop, "least", product, base)
    assert [least, costs] == [amount(workshop.least[product]), amount(-worth)]
    check_limits(on_the_line(workshop, "least", product, base, worth), workshop.least[product], first, last)


@pytest.mark.parametrize("product", ["Chair", "Table", "Desk"])
def test_step6_tells_for_which_profits_the_plan_stays(
    product: str, sensitivity: str, workshop: Workshop, base: Plan
) -> None:
    quantity, earns, first, last = figures(sensitivity, product, "Product")

    def same_plan(then: Fraction) -> bool:
        found = workshop.with_("profit", product, lambda _: then).best()
        return found is not None and found.made == base.made

    assert [quantity, earns] == [amount(base.made[product]), amount(workshop.profit[product])]
    check_limits(same_plan, workshop.profit[product], first, last)


def materials_times(it: Workshop, factor: Fraction) -> Workshop:
    return replace(
        it, available={name: there * (factor if name in it.cost else 1) for name, there in it.available.items()}
    )


FUTURES: dict[str, Callable[[Workshop], Workshop]] = {
    "baseline": lambda it: it,
    "second supplier": lambda it: it.with_("available", WOOD, lambda now: now + 250),
    "boom": lambda it: replace(it, least={name: least * Fraction(6, 5) for name, least in it.least.items()}),
    "fair": lambda it: materials_times(it.with_("least", "Table", lambda _: Fraction(12)), Fraction(3, 2)),
    "lean desks": lambda it: it.with_("needs", ("Desk", WOOD), lambda _: Fraction(30)).with_(
        "needs", ("Desk", METAL), lambda _: Fraction(6)
    ),
    "one desk a day": lambda it: it.with_("most", "Desk", lambda _: Fraction(5)),
    "strike": lambda it: it.with_("available", WOOD, lambda now: now / 2),
}


def test_step5_compares_these_futures(scenarios: str) -> None:
    compared = [line[:18].rstrip() for line in scenarios.split("\n\n", maxsplit=1)[0].splitlines()[1:]]

    assert compared == list(FUTURES)


@pytest.mark.parametrize("future", FUTURES)
def test_step5_solves_a_future(future: str, scenarios: str, workshop: Workshop, base: Plan) -> None:
    found = figures(scenarios, future, "Scenario")

    plan = FUTURES[future](workshop).best()
    if plan is None:
        assert found == ["infeasible"]
        return
    change = [] if future == "baseline" else [f"{float(plan.profit - base.profit):+,.2f}"]
    assert found == [amount(plan.profit), *change, *map(amount, plan.made.values())]


def test_step5_names_the_best_future(scenarios: str, workshop: Workshop) -> None:
    profits = {name: profit(change(workshop)) or Fraction(0) for name, change in FUTURES.items()}
    best = max(profits, key=lambda name: profits[name])

    assert f"Best: {best}\n" in scenarios


@pytest.mark.parametrize("percent", [75, 100, 125, 150, 175, 200])
def test_step5_follows_the_profit_with_the_wood(percent: int, scenarios: str, workshop: Workshop) -> None:
    plan = workshop.with_("available", WOOD, lambda now: now * percent / 100).best()

    assert plan is not None
    assert figures(scenarios, f"{percent}%", "Wood") == [amount(plan.profit)]


QUESTIONS: dict[str, Callable[[Workshop], Workshop]] = {
    "(as it is)": lambda it: it,
    "100 more board feet of wood": lambda it: it.with_("available", WOOD, lambda now: now + 100),
    "half of the assembly hours": lambda it: it.with_("available", ASSEMBLY, lambda now: now / 2),
    "a promise of 5 tables more": lambda it: it.with_("least", "Table", lambda now: now + 5),
    "no more than 7 desks": lambda it: it.with_("most", "Desk", lambda _: Fraction(7)),
    "a desk takes 10% less wood": lambda it: it.with_("needs", ("Desk", WOOD), lambda now: now * 9 / 10),
    "a chair earns 5% more": lambda it: it.with_("profit", "Chair", lambda now: now * 105 / 100),
    "a promise of 20 tables": lambda it: it.with_("least", "Table", lambda _: Fraction(20)),
}


def test_step7_asks_these_questions(whatif: str) -> None:
    asked = [line[:30].rstrip() for line in whatif.split("\n\n", maxsplit=1)[0].splitlines()[1:]]

    assert asked == list(QUESTIONS)


@pytest.mark.parametrize("question", QUESTIONS)
def test_step7_answers_a_question(question: str, whatif: str, workshop: Workshop, base: Plan) -> None:
    answer = figures(whatif, question, "What if")

    plan = QUESTIONS[question](workshop).best()
    if plan is None:
        assert answer == ["infeasible"]
        return
    change = [] if question == "(as it is)" else [f"{float(plan.profit - base.profit):+,.2f}"]
    assert answer == [amount(plan.profit), *change, *map(amount, plan.made.values())]


def test_step7_weighs_an_offer_of_wood(whatif: str, workshop: Workshop, base: Plan) -> None:
    (line,) = re.findall("^100 board feet at 9.00 .*$", whatif, flags=re.MULTILINE)

    more = profit(QUESTIONS["100 more board feet of wood"](workshop))
    assert more is not None
    dearer, adds = 100 * (9 - workshop.cost[WOOD]), more - base.profit
    assert re.findall(r"[\d.+]+\d", line)[2:] == [amount(dearer), amount(adds), f"+{amount(adds - dearer)}"]


def test_step7_tells_what_is_left_of_the_profit_for_each_promise(whatif: str, workshop: Workshop) -> None:
    (curve,) = [part for part in whatif.split("\n\n") if part.startswith("Tables promised")]

    left = [(n, profit(workshop.with_("least", "Table", lambda _, n=n: Fraction(n)))) for n in range(5, 14)]
    shown = [f"{n} no plan" if one is None else f"{n} {amount(one)}" for n, one in left]
    assert [" ".join(line.split()) for line in curve.splitlines()[1:]] == shown
    assert shown[-1] == "13 no plan"


def test_step7_explains_the_promise_that_cannot_be_kept(whatif: str, workshop: Workshop) -> None:
    """The least relaxation gives up what takes the most wood of those that are promised."""
    promised = {**workshop.least, "Table": Fraction(20)}
    wood = {name: workshop.needs[name, WOOD] for name in promised}
    together = promised["Table"] * wood["Table"] + promised["Desk"] * wood["Desk"]
    missing = sum(promised[name] * wood[name] for name in promised) - workshop.available[WOOD]
    given_up: Numbers = {}
    for name in sorted(wood, key=lambda name: -wood[name]):
        given_up[name] = min(promised[name], missing / wood[name])
        missing -= given_up[name] * wood[name]

    assert f"The others need at least {float(together):g} of material_quantity[1], which allows 500.\n" in whatif
    assert f"that makes it feasible is {float(sum(given_up.values())):g}:\n" in whatif
    assert f"min_demand[2]: >= 20, down by {float(given_up['Table']):g} to" in whatif
    assert f"min_demand[3]: >= 3, down by {float(given_up['Desk']):g} to 0\n" in whatif
    assert given_up["Chair"] == 0


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_step_leaves_the_database_as_it_was(script: Path, filled: Path) -> None:
    before = filled.read_bytes()

    done = run(script, cwd=filled.parent)

    assert (done.returncode, done.stderr) == (0, "")
    assert filled.read_bytes() == before
    assert list(filled.parent.iterdir()) == [filled]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_step_without_data_tells_to_run_sample_data(script: Path, tmp_path: Path) -> None:
    done = run(script, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "The database sqlite:///production.db holds no data to plan with: run sample_data.py to fill it.\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_step_without_a_plan_is_one_sentence(script: Path, filled: Path) -> None:
    query(filled, "UPDATE products SET min_demand = 1000, max_demand = 2000 WHERE name = 'Chair'")

    done = run(script, cwd=filled.parent)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "There is no plan: the model is infeasible.\n"


@pytest.mark.parametrize(
    ("table", "name", "kind"),
    [
        ("products", "Chair", "Product"),
        ("products", "Table", "Product"),
        ("products", "Desk", "Product"),
        ("machines", ASSEMBLY, "Machine"),
        ("raw_materials", WOOD, "RawMaterial"),
    ],
)
def test_step7_names_the_row_that_it_misses(table: str, name: str, kind: str, filled: Path) -> None:
    query(filled, f"UPDATE {table} SET name = 'other' WHERE name = '{name}'")

    done = run(WHATIF, cwd=filled.parent)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"The database holds no {kind} named {name!r}: run sample_data.py to fill it.\n"
