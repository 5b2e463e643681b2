"""Functions of rows, traced into formulas over columns."""

from lumix_core.formulas.user_function import UserFunction

__all__ = [
    "UserFunction",
]
