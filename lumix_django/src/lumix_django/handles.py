"""What is bound to a database in Django, and the error where one cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.core.exceptions import SynchronousOnlyOperation
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import Manager, QuerySet
from django.db.models.manager import BaseManager
from django.db.models.query import RawQuerySet
from django.utils.connection import BaseConnectionHandler, ConnectionProxy
from django.utils.functional import SimpleLazyObject

from lumix_core.errors import LXSourceError, listed

QUERIES = (BaseManager, Manager, QuerySet, RawQuerySet)
CONNECTIONS = (BaseDatabaseWrapper, CursorWrapper, BaseConnectionHandler, ConnectionProxy)
# A lazy object reads its row when it is first used: request.user is one.
HANDLES = (*QUERIES, *CONNECTIONS, SimpleLazyObject)


def checked_alias(handle: object, row: str) -> str | None:
    """Return the alias of the database to read, None where the routers choose.

    Args:
        handle: what was given to ``from_model`` as ``using``.
        row: how the user writes what is to be read, for messages.

    Raises:
        LXSourceError: it is no alias of a database.
    """
    if handle is None:
        return None
    if isinstance(handle, str) and handle in connections:
        return handle
    what = (
        f"there is no database {handle!r}"
        if isinstance(handle, str)
        else f"an object of class {type(handle).__name__} is none"
    )
    raise LXSourceError(
        f"from_model() reads {row} from the database of an alias in settings.DATABASES, and {what}. "
        f'The aliases are {listed(connections)}. Write .from_model({row}, using="default"), or leave it out.'
    )


def check_ready(cls: Any) -> None:
    """Refuse to read a model before Django knows all of them.

    Raises:
        LXSourceError: Django is not set up, or still at it.
    """
    if not apps.models_ready:
        raise LXSourceError(
            f"from_model() got {cls.__name__}, but Django is not set up: its models are not all loaded, so nobody "
            f"knows yet what refers to what. Build the model in a function that is called later, and in a program of "
            f"your own call django.setup() first."
        )


@contextmanager
def readable(what: Any) -> Iterator[None]:
    """Raise an error that suggests what to write where Django refuses to read in a coroutine.

    Raises:
        LXSourceError: an event loop runs in this thread.
    """
    try:
        yield
    except SynchronousOnlyOperation as error:
        raise LXSourceError(
            f"{what} cannot be read here: an event loop runs in this thread, and Django reads its databases outside "
            f"of one only. Solve with `await optimizer.solve_async(model)`; compile and copy in a thread of its own: "
            f"`await sync_to_async(model.compile)()`, `await sync_to_async(copy.deepcopy)(model)`."
        ) from error
