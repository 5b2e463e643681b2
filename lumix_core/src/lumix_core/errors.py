"""Every error and warning of LumiX: one class each; every message says what happened, why, and what to do."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable


class LXError(Exception):
    """The root of everything that LumiX raises."""


class LXModelError(LXError, ValueError):
    """The model as written cannot be built."""


class LXDuplicateNameError(LXModelError):
    """A name is used twice where it must identify one thing."""


class LXUnknownNameError(LXModelError, KeyError):
    """No variable or constraint has this name."""

    __str__ = Exception.__str__


class LXAttributeError(LXError, AttributeError):
    """An attribute is assigned that the object does not have."""


class LXIncompleteError(LXModelError):
    """A part of the model is missing: a sense, an expression, a right-hand side, a source."""


class LXSourceError(LXModelError):
    """Rows cannot be read from what was given to ``from_data`` or ``from_model``."""


class LXIndexKeyError(LXModelError):
    """A key is repeated, NULL, or cannot be hashed."""


class LXMissingKeyError(LXModelError, KeyError):
    """A key is looked up that the family, or a plan, does not have."""

    __str__ = Exception.__str__


class LXUnknownKeyError(LXError, KeyError):
    """A result is read with a key, or a row, that the family does not have."""

    __str__ = Exception.__str__


class LXNumberError(LXModelError):
    """A coefficient, bound, right-hand side or cost is not a finite number."""


class LXFunctionError(LXModelError):
    """A user's function failed, or takes arguments that LumiX cannot give."""


class LXLateBindingError(LXFunctionError):
    """A function captures a loop variable that has been rebound since."""


class LXFileError(LXError, ValueError):
    """A file holds no model that can be read, or a model cannot be written to a file."""


class LXNotLinearError(LXError, TypeError):
    """An expression was combined with something that would not be linear."""


class LXCopyError(LXError, TypeError):
    """Something in the model cannot be copied or pickled safely."""


class LXNotLoadedError(LXError, RuntimeError):
    """An attribute of a detached row is read that was not loaded.

    It is no `AttributeError`: ``hasattr`` and ``getattr`` with a default would hide it.
    """


class LXDetachedError(LXError, RuntimeError):
    """A detached row, or a collection of such rows, is used for what only its database can do."""


class LXOptionError(LXError, ValueError):
    """An option is unknown, has a wrong value, or cannot be honoured by the solver."""


class LXSolverNotFoundError(LXError, LookupError):
    """No solver of this name can be used here."""


class LXUnsupportedError(LXError):
    """The solver lacks something that the model needs."""


class LXSolverError(LXError, RuntimeError):
    """The solver failed."""


class LXVerificationError(LXSolverError):
    """The solver's answer does not satisfy the model it was given."""


class LXNoSolutionError(LXError, RuntimeError):
    """Values are read from a solution that holds no point."""


class LXNotInfeasibleError(LXError, RuntimeError):
    """An explanation is requested for a model that is not infeasible, or not known to be."""


class LXNoDualsError(LXError, RuntimeError):
    """Duals are read from a solution that has none."""


class LXWorkerError(LXError, RuntimeError):
    """The workers of an executor die, whatever they are given."""


class LXWriteError(LXError, ValueError):
    """Rows cannot be written as they are, or the database refused them; nothing of the write-back was written."""


class LXPluginError(LXError):
    """A plugin breaks the rules of the seam."""


class LXWarning(UserWarning):
    """The root of every warning of LumiX."""


class LXEmptySourceWarning(LXWarning):
    """A family has no rows."""


class LXStaleReadWarning(LXWarning):
    """Rows that were to be read anew may be as they were before, such as in a transaction that sees one moment only."""


class LXPluginWarning(LXWarning):
    """A plugin could not be loaded; the others live."""


class LXSolverVersionWarning(LXWarning):
    """A solver runs in a version that is known to give wrong answers."""


def sentence(text: str) -> str:
    """Return a text with a capital at its start."""
    return text[:1].upper() + text[1:]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a question for a name that is almost one of those known, with a space before it; else nothing."""
    by_small_letters = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(name.casefold(), by_small_letters, n=1)
    return f" Did you mean {by_small_letters[close[0]]!r}?" if close else ""


def listed(names: Iterable[object], limit: int = 8, empty: str = "none") -> str:
    """Write names for a message: quoted, separated by commas, cut after ``limit``."""
    shown = [repr(name) for name in names]
    if len(shown) > limit:
        shown = [*shown[:limit], f"... ({len(shown) - limit} more)"]
    return ", ".join(shown) or empty


def caller_level() -> int:
    """Return the ``stacklevel`` at which ``warnings.warn``, called by our caller, names the user's line."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "lumix_core":
        level, frame = level + 1, frame.f_back
    return level
