"""A compiled problem as arrays: its keys, its requirements, and changes of its numbers."""

from lumix_core.problem.arrays import BoolArray, FloatArray, IntArray
from lumix_core.problem.diff import ProblemDiff
from lumix_core.problem.edits import (
    PART_NAMES,
    element_name,
    elements_of,
    number_for,
    refuse_crossed,
)
from lumix_core.problem.goals import Goals, LXGoalMode
from lumix_core.problem.keys import Keys
from lumix_core.problem.numbers import checked_count, checked_number, flaw, is_real_type
from lumix_core.problem.problem import (
    LXBlock,
    LXProblem,
    LXSense,
    block_at,
    find_block,
    position_of,
    same_families,
)
from lumix_core.problem.requirements import Requirements
from lumix_core.problem.structures import (
    LINEAR,
    OBJECTIVE,
    FunctionKind,
    Functions,
    Indicators,
    Quadratics,
    SpecialSets,
    Structures,
)
from lumix_core.problem.text import html_lines, html_table, number_text

__all__ = [
    "LINEAR",
    "OBJECTIVE",
    "PART_NAMES",
    "BoolArray",
    "FloatArray",
    "FunctionKind",
    "Functions",
    "Goals",
    "Indicators",
    "IntArray",
    "Keys",
    "LXBlock",
    "LXGoalMode",
    "LXProblem",
    "LXSense",
    "ProblemDiff",
    "Quadratics",
    "Requirements",
    "SpecialSets",
    "Structures",
    "block_at",
    "checked_count",
    "checked_number",
    "element_name",
    "elements_of",
    "find_block",
    "flaw",
    "html_lines",
    "html_table",
    "is_real_type",
    "number_for",
    "number_text",
    "position_of",
    "refuse_crossed",
    "same_families",
]
