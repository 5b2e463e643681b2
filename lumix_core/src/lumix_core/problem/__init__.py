"""A compiled problem as arrays: its keys, its requirements, and changes of its numbers."""

from lumix_core.problem.arrays import BoolArray, FloatArray, IntArray
from lumix_core.problem.diff import ProblemDiff
from lumix_core.problem.edits import WORDS, block_named, elements_of, named, number_for, position_of, refuse_crossed
from lumix_core.problem.keys import Keys
from lumix_core.problem.numbers import checked_count, checked_number, flaw, is_real_type
from lumix_core.problem.problem import LXBlock, LXProblem, LXSense, block_at, same_families
from lumix_core.problem.requirements import Requirements

__all__ = [
    "WORDS",
    "BoolArray",
    "FloatArray",
    "IntArray",
    "Keys",
    "LXBlock",
    "LXProblem",
    "LXSense",
    "ProblemDiff",
    "Requirements",
    "block_at",
    "block_named",
    "checked_count",
    "checked_number",
    "elements_of",
    "flaw",
    "is_real_type",
    "named",
    "number_for",
    "position_of",
    "refuse_crossed",
    "same_families",
]
