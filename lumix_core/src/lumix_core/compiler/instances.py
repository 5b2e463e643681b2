"""The rows behind a family or a parameter, read now, outside of a compile."""

from __future__ import annotations

from typing import Any

from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.families import constraint_family, family_of, read_rows, rows_of
from lumix_core.formulas.lookup_table import LookupTable
from lumix_core.language.constraints import LXConstraint
from lumix_core.language.indexed import LXIndexDimension
from lumix_core.language.parameters import LXParameter
from lumix_core.language.variables import LXVariable


def variable_instances(variable: LXVariable[Any, Any]) -> list[Any]:
    """Return the rows that a family of variables is made over; tuples of them for several dimensions."""
    with Evaluator() as evaluator:
        return rows_of(family_of(variable, evaluator))


def constraint_instances(constraint: LXConstraint[Any]) -> list[Any]:
    """Return the rows that a constraint is made for."""
    with Evaluator() as evaluator:
        return rows_of(constraint_family(constraint, evaluator))


def dimension_instances(dimension: LXIndexDimension[Any]) -> list[Any]:
    """Return the rows of a dimension."""
    with Evaluator() as evaluator:
        return list(read_rows(dimension, evaluator, dimension.owner).arguments[0].rows())


def parameter_instances(parameter: LXParameter[Any]) -> list[Any]:
    """Return the rows that the numbers of a parameter are taken from."""
    with Evaluator() as evaluator:
        return list(read_rows(parameter, evaluator, parameter.owner).arguments[0].rows())


def parameter_table(parameter: LXParameter[Any]) -> LookupTable:
    """Return what a parameter holds."""
    with Evaluator() as evaluator:
        return evaluator.tables.parameter(parameter)
