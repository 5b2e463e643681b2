"""What the tests of plans share: a solver that needs no library, solutions, and rows that are read back."""

from __future__ import annotations

from typing import Any, cast

from lumix_core.language.expressions import LXLinearExpression
from lumix_core.language.model import LXModel
from lumix_core.language.variables import LXVariable
from lumix_core.problem.problem import LXProblem
from lumix_core.rows.adapter import RowAdapter
from lumix_core.rows.features import LXRowFeature, features_of
from lumix_core.rows.writing import Reference, WritingAdapter
from lumix_core.solver.optimizer import LXOptimizer
from lumix_core.solver.solution import LXSolution
from lumix_core.solver.solver import LXFeature, RawResult, SolverOptions
from lumix_core.solver.status import LXStatus
from lumix_core.testing.rows.world import RowWorld

MANY = 600
"""Enough rows for what an adapter does with many at once."""


class UpperBounds:
    """Solves problems whose optimum is at all upper bounds."""

    name = "upper bounds"
    features: frozenset[LXFeature] = frozenset()

    def is_available(self) -> bool:
        """Return True: it needs nothing."""
        return True

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        """Return the upper bounds."""
        objective = float(problem.objective @ problem.upper) + problem.offset
        return RawResult(status=LXStatus.OPTIMAL, raw_status="optimal", x=problem.upper, objective=objective)


def solved(model: LXModel, **options: Any) -> LXSolution:
    """Return the solution of a model whose optimum is at all upper bounds."""
    return LXOptimizer().use_solver(UpperBounds()).solve(model, **options)


def solution_of(quantity: float, count: int = 3) -> LXSolution:
    """Return a run that makes ``quantity`` of each of some products; its family is called ``made``."""
    made = LXVariable[int, float]("made").indexed_by(lambda i: i).from_data(range(1, count + 1)).bounds(0, quantity)
    return solved(LXModel("plan").add_variable(made).maximize(LXLinearExpression().add_term(made)))


def writing(adapter: RowAdapter) -> WritingAdapter | None:
    """Return an adapter that can write, None for one that only reads."""
    return cast(WritingAdapter, adapter) if LXRowFeature.WRITING in features_of(adapter) else None


def reference_of(adapter: WritingAdapter, cls: type) -> Reference:
    """Return the foreign key of a class that has one."""
    (reference,) = adapter.written_table(cls).references
    return reference


def read(adapter: RowAdapter, cls: type, handle: Any) -> list[Any]:
    """Return the rows of a class by primary key."""
    query = adapter.query(cls, handle)
    assert query is not None
    return list(query.rows())


def category_class(adapter: RowAdapter, world: RowWorld) -> type[Any]:
    """Return the class of categories; the world holds one product afterwards."""
    return type(_one_product(adapter, world).category)


def part_class(adapter: RowAdapter, world: RowWorld) -> type[Any]:
    """Return the class of parts; the world holds one product afterwards."""
    return type(next(iter(world.parts_of(_one_product(adapter, world)))))


def _one_product(adapter: RowAdapter, world: RowWorld) -> Any:
    world.fill(1)
    return read(adapter, world.Product, world.handle)[0]
