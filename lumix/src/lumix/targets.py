"""What a command line names: a model, or scenarios, in a module or a file of the user's."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from lumix_core.errors import LXError, did_you_mean
from lumix_core.language import LXModel

FUNCTION = "build"
"""The name that is taken where none is given."""
OWN = (__file__, importlib.__file__)
"""Files whose lines tell users nothing."""


class LXCommandError(LXError):
    """A command names something that there is not, or that is something else than it needs."""


def model_of(target: str) -> LXModel:
    """Return the model that ``module:name`` or ``path.py:name`` names: a model, or a function that returns one.

    Raises:
        LXCommandError: there is none, or the function failed.
    """
    model = value_of(target)
    if isinstance(model, LXModel):
        return model
    raise LXCommandError(
        f"{target!r} gives {model!r:.60}, which is no LXModel. Name a model, or a function that returns one."
    )


def value_of(target: str) -> Any:
    """Return the value that a target names; of a function, what it returns.

    Raises:
        LXCommandError: there is none, or the function failed.
    """
    place, name = _parts(target)
    module = _module(target, place)
    if not hasattr(module, name):
        advice = did_you_mean(name, [other for other in vars(module) if not other.startswith("_")])
        raise LXCommandError(f"{place!r} has no {name!r}.{advice} Write {place}:NAME, with a name that it defines.")
    value = getattr(module, name)
    if not callable(value) or isinstance(value, LXModel):
        return value
    _refuse_arguments(target, name, value)
    try:
        return value()
    except LXError:
        raise
    except (Exception, SystemExit) as error:
        raise LXCommandError(f"{target!r} failed: {_where(error)}.") from error


def _refuse_arguments(target: str, name: str, function: Callable[..., Any]) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # of what is not written in Python it may not be known
        return
    try:
        signature.bind()
    except TypeError:
        raise LXCommandError(
            f"{target!r} needs arguments: {name}{signature}. Name a function without any, such as one that calls it."
        ) from None


def _parts(target: str) -> tuple[str, str]:
    """Return module or file, and name; a drive of Windows is no module."""
    place, colon, name = target.rpartition(":")
    if not colon or name.endswith(".py") or os.sep in name:
        return target, FUNCTION
    return place, name or FUNCTION


def _module(target: str, place: str) -> ModuleType:
    if not place:
        raise LXCommandError(f"{target!r} names no module. Write module:name or path.py:name.")
    try:
        return _of_file(Path(place)) if place.endswith(".py") else _of_name(place)
    except LXError:
        raise
    except (Exception, SystemExit) as error:
        raise LXCommandError(f"{place!r} (of {target!r}) cannot be imported: {_where(error)}.") from error


def _of_name(name: str) -> ModuleType:
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    return importlib.import_module(name)


def _of_file(path: Path) -> ModuleType:
    """Import a file, with its folder on the path, as ``python path.py`` has it."""
    if not path.is_file():
        raise LXCommandError(f"There is no file {str(path)!r} here, in {os.getcwd()!r}.")
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _where(error: BaseException) -> str:
    """Return an error in one sentence, with the line of the user's that raised it, where there is one."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<")]
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames[-1].filename not in OWN else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())}{place}"
