"""Models compiled again with other rows or other numbers of a parameter."""

from lumix_core.compiler.overrides.parameters import Numbers, refuse_no_change
from lumix_core.compiler.overrides.rows import Alteration, altered

__all__ = [
    "Alteration",
    "Numbers",
    "altered",
    "refuse_no_change",
]
