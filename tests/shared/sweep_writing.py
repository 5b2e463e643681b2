"""Sweeps of scenarios written back: what holds for the tables of every ORM."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, ClassVar, Protocol

import pytest

from lumix import (
    LXConstraint,
    LXLinearExpression,
    LXModel,
    LXOptimizer,
    LXScenario,
    LXScenarioAnalyzer,
    LXScenarioResult,
    LXSweep,
    LXSweepWriteBack,
    LXVariable,
    LXWriteError,
)

EXPECTED = {
    ("baseline", 1): 0.0,
    ("baseline", 2): 2.0,
    ("baseline", 3): 4.0,
    ("more", 1): 0.0,
    ("more", 2): 4.0,
    ("more", 3): 4.0,
}
"""What is made in the scenarios of `analyzed`."""


class Results(Protocol):
    """The tables that sweeps are written to, in which there are three products.

    A run has the attributes of a scenario and ``comment``. A line leads by ``run_id`` to its run and by ``product_id``
    to its product; the database refuses one with a quantity of 1000 by the constraint ``no_wonders``.
    """

    Run: type[Any]
    Line: type[Any]
    DatabaseError: type[Exception]

    @property
    def handle(self) -> Any:
        """Where rows are written and committed."""
        ...

    @property
    def product_column(self) -> str:
        """What ``product_id`` refers to: the table and its column."""
        ...

    def add_products(self, keys: range) -> None:
        """Save more products."""
        ...

    def lines(self, sweep: LXSweep) -> dict[tuple[str, int], float]:
        """Return the quantities by scenario and product."""
        ...

    def comments(self) -> list[str | None]:
        """Return the comment of each run."""
        ...

    def stock(self) -> int:
        """Return the stock of the first product."""
        ...


class SweepWriting:
    """Tests to inherit, with the fixtures ``results``, ``sweep``, ``block`` and ``statements``.

    Attributes:
        most: how many statements a small sweep may take.
        more_for_rows: how many more for many rows.
        more_for_scenarios: how many more for many rows in many scenarios.
    """

    most: ClassVar[int]
    more_for_rows: ClassVar[int]
    more_for_scenarios: ClassVar[int]

    def test_writing_twice_is_writing_once(self, results: Results, sweep: LXSweep) -> None:
        for _ in range(2):
            written = back(results, sweep).write(results.handle)

        assert results.lines(sweep) == EXPECTED
        assert len(results.comments()) == 4
        assert written.deleted == {results.Line: 6}

    def test_a_second_sweep_stands_beside_the_first(self, results: Results) -> None:
        analyzer = analyzed()
        first, second = analyzer.run_all_scenarios(), analyzer.run_all_scenarios()

        for one in (first, second, first):
            back(results, one).write(results.handle)

        assert results.lines(first) == results.lines(second) == EXPECTED
        assert len(results.comments()) == 8

    def test_what_the_database_refuses_of_the_last_scenario_leaves_what_was_there(
        self, results: Results, sweep: LXSweep, block: AbstractContextManager[Any]
    ) -> None:
        """``block`` sets the stock of the first product to 77, and says where to write."""
        back(results, sweep).write(results.handle)
        wrong = sweep.write_back().record(results.Run, comment="new").append(results.Line, _one_wrong, run="run_id")

        # PyMySQL has an error of another kind for conditions
        with block as handle, pytest.raises((LXWriteError, results.DatabaseError), match="no_wonders"):
            wrong.write(handle)

        assert results.lines(sweep) == EXPECTED
        assert set(results.comments()) == {None}
        assert results.stock() == 77

    def test_a_row_that_leads_nowhere_names_its_scenario(self, results: Results, sweep: LXSweep) -> None:
        def rows(result: LXScenarioResult) -> list[dict[str, Any]]:
            products = (1, 99) if result.name in ("none", "broken") else (1, 2)
            return [{"product_id": i, "quantity": 1.0} for i in products]

        with pytest.raises(LXWriteError) as error:
            sweep.write_back().record(results.Run).append(results.Line, rows, run="run_id").write(results.handle)

        assert str(error.value) == (
            f"LXSweepWriteBack.append({results.Line.__name__}), scenario 'none': row 1 (product_id=99, quantity=1.0, "
            f"run_id={sweep['none'].run_id!r}) refers by 'product_id' to {results.product_column} = 99, and there is "
            f"no such row (likewise row 1 (scenario 'broken')). Write the row that it refers to first, in the same "
            f"write-back or before, or correct the attribute. Nothing was written."
        )
        assert results.comments() == []

    def test_statements_grow_neither_with_rows_nor_with_scenarios(
        self, results: Results, statements: list[str]
    ) -> None:
        results.add_products(range(4, 101))
        counts = []
        for products, more in ((3, 1), (100, 1), (100, 36)):
            sweep = analyzed(products, more).run_all_scenarios()
            for _ in range(2):
                statements.clear()
                back(results, sweep).write(results.handle)
                counts.append(len(statements))

        few, few_again, many_rows, many_rows_again, many, many_again = counts
        assert few <= self.most
        assert many_rows <= few + self.more_for_rows  # whether the table takes COPY
        assert many <= few + self.more_for_scenarios  # some databases are sent rows in parts
        assert many_rows_again <= few_again + self.more_for_rows
        assert many_again <= few + 45  # a row of the history that is there already is changed by itself


def analyzed(count: int = 3, more: int = 0) -> LXScenarioAnalyzer:
    """Scenarios of a model over the products: one better, one impossible, one broken, and more of the better ones."""
    made = LXVariable[int, float]("made").indexed_by(lambda i: i).from_data(range(1, count + 1)).bounds(0, 4)
    total = LXConstraint("total").expression(LXLinearExpression().sum_over(made)).le().rhs(6)
    model = LXModel("plan").add_variable(made).add_constraint(total)
    analyzer = LXScenarioAnalyzer(model.maximize(LXLinearExpression().add_term(made, float)), LXOptimizer())
    return analyzer.add_scenarios(
        LXScenario("more").describe("a second shift").modify_constraint_rhs("total", add=2),
        LXScenario("none").modify_constraint_rhs("total", set_value=-1),
        LXScenario("broken").add_custom_modification(lambda model: model.nothing),
        *(LXScenario(f"scenario {i}").modify_constraint_rhs("total", add=i) for i in range(more)),
    )


def back(results: Results, sweep: LXSweep) -> LXSweepWriteBack:
    """Return what writes the runs of a sweep, and what is made in each."""
    lines: dict[str, str] = {"run": "run_id", "key": "product_id", "value": "quantity"}
    return sweep.write_back().record(results.Run).append(results.Line, "made", **lines)


def _one_wrong(result: LXScenarioResult) -> list[dict[str, Any]]:
    """Return a line for each scenario, which no database takes for the last one."""
    return [{"product_id": 1, "quantity": 5_000.0 if result.name == "broken" else 1.0}]
