"""The paths of the comparable package lead to the same objects."""

from __future__ import annotations

import importlib

import pytest


@pytest.mark.parametrize(
    ("alias", "name", "module"),
    [
        ("lumix.core.model", "LXModel", "lumix_core.language.model"),
        ("lumix.core.variables", "LXVariable", "lumix_core.language.variables"),
        ("lumix.core.constraints", "LXConstraint", "lumix_core.language.constraints"),
        ("lumix.core.expressions", "LXLinearExpression", "lumix_core.language.expressions"),
        ("lumix.goal_programming", "LXGoalMode", "lumix_core.problem.goals"),
        ("lumix.goal_programming", "LXGoalStage", "lumix_core.solver.goal_stage"),
        ("lumix.utils.copy_utils", "detach_orm_object", "lumix_core.copying.copier"),
        ("lumix.utils.copy_utils", "materialize_and_detach_list", "lumix_core.copying.copier"),
        ("lumix.utils.copy_utils", "copy_function_detaching_closure", "lumix_core.copying.copier"),
    ],
)
def test_an_alias_is_the_thing_itself(alias: str, name: str, module: str) -> None:
    found = getattr(importlib.import_module(alias), name)

    assert found is getattr(importlib.import_module(module), name)


@pytest.mark.parametrize(
    "name",
    [
        "LXLinearExpression",
        "LXModel",
        "LXOptimizer",
        "LXScenario",
        "LXScenarioAnalyzer",
        "LXSensitivityAnalyzer",
        "LXSolution",
        "LXWhatIfAnalyzer",
        "LXWhatIfResult",
    ],
)
def test_a_class_of_rows_in_brackets_changes_nothing(name: str) -> None:
    found = getattr(importlib.import_module("lumix"), name)

    assert found[int] is found
