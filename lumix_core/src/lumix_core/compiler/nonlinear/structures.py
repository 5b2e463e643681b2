"""All parts of the expressions of a model that are not linear, as the structures of its problem."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lumix_core.compiler.columns import Columns
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.families import Family
from lumix_core.compiler.matrices import Matrix
from lumix_core.compiler.nonlinear.functions import FunctionBuilder
from lumix_core.compiler.nonlinear.part_rows import Owner, PartRows
from lumix_core.compiler.nonlinear.products import ProductBuilder
from lumix_core.compiler.nonlinear.sets import SetBuilder
from lumix_core.language.nonlinear_parts import FunctionPart, ProductPart, SetPart, parts_of
from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.keys import Keys
from lumix_core.problem.structures import OBJECTIVE, Functions, Quadratics, SpecialSets

if TYPE_CHECKING:
    from lumix_core.compiler.rules.nonlinear_columns import NonLinearNumbers
    from lumix_core.language.model import LXModel

OBJECTIVE_FAMILY = Family("objective", Keys.scalar(), ())
"""The family of the objective: a single row without an index."""


@dataclass(frozen=True, eq=False)
class Parts:
    """What the parts of expressions evaluate to.

    Args:
        sets, quadratics, functions: see `Structures`.
        linear: what is linear in products, by rows, or `OBJECTIVE`.
    """

    sets: SpecialSets
    quadratics: Quadratics
    functions: Functions
    linear: list[Matrix]


def read_parts(
    owners: list[Owner],
    columns: Columns,
    bounds: tuple[FloatArray, FloatArray],
    evaluator: Evaluator,
    of_rules: Mapping[int, NonLinearNumbers],
) -> Parts:
    """Evaluate all parts of the expressions of a model but indicators.

    Args:
        owners: the objective and all constraints.
        columns: of the model.
        bounds: of the columns, with 0 within those of semi-continuous ones.
        evaluator: of this compile.
        of_rules: what is not linear in rules, by the position of the owner.

    Raises:
        LXModelError: the model would be wrong.
    """
    known = {id(variable): family for variable, family in zip(columns.variables, columns.families, strict=False)}
    functions, products, sets = FunctionBuilder(*bounds), ProductBuilder(), SetBuilder()
    for i, owner in enumerate(owners):
        if i in of_rules:
            products.add_of_rule(of_rules[i], owner.start)
            functions.add_of_rule(of_rules[i], owner.start, owner.position)
        for part in parts_of(owner.expression):
            if not isinstance(part, FunctionPart | ProductPart | SetPart):
                continue
            rows = PartRows.of(part, owner, columns, evaluator, known)
            if isinstance(part, FunctionPart):
                functions.add(part, rows)
            elif isinstance(part, ProductPart):
                products.add(part, rows)
            else:
                sets.add(part, rows)
    return Parts(sets.finished(), products.finished(), functions.finished(), products.linear)


def owners_of(model: LXModel, families: list[Family], starts: list[int]) -> Iterator[Owner]:
    """Yield the objective and the constraints of a model, with their families and first rows."""
    yield Owner(None, model.objective, OBJECTIVE_FAMILY, OBJECTIVE, "the objective")
    for constraint, family, start in zip(model.constraints, families, starts, strict=False):
        yield Owner(constraint, constraint.lhs, family, start, f"constraint {constraint.name!r}")
