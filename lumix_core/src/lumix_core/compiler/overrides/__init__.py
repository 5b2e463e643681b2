"""Models compiled again with other rows or other numbers of a parameter."""

from lumix_core.compiler.overrides.definition import Definition
from lumix_core.compiler.overrides.parameters import Numbers, refuse_no_change
from lumix_core.compiler.overrides.rows import RowOverride, row_override

__all__ = [
    "Definition",
    "Numbers",
    "RowOverride",
    "refuse_no_change",
    "row_override",
]
