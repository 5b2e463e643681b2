"""What stands between a session and its database: listeners and overridden methods that may treat queries differently.

Applications keep tenants and deleted rows apart by them. They see the query for columns, and never the query for a
related row that a join replaces; so where there is one, only instances and attribute access follow it.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import GetSetDescriptorType
from typing import Any

from sqlalchemy import Connection, Engine, Select, select
from sqlalchemy.exc import UnboundExecutionError
from sqlalchemy.orm import Mapper, Query, Session, scoped_session

METHODS = ("execute", "scalars", "connection", "_execute_internal")
"""The methods of a session that reading goes through."""
ASYNC_METHODS = ("execute", "scalar", "scalars", "stream", "stream_scalars", "connection")
"""The methods of an ``AsyncSession`` that the application reads by."""
PASSING = ("sqlalchemy.", "sqlmodel.", "flask_sqlalchemy.")
"""The modules of methods that pass every query on unchanged."""
ANNOTATING = ("opentelemetry.",)
"""The modules of listeners that add nothing to SQL but comments."""
# What SQLAlchemy wraps around a listener that cannot replace a statement.
WRAPPER = "ConnectionEvents._listen.<locals>.wrap_before_"
REPLACING = ("before_execute", "before_cursor_execute")
EXECUTING = ("do_execute", "do_execute_no_params", "do_executemany")


def interceptor(session: Session, bind_arguments: dict[str, Any]) -> str | None:
    """Return what may treat one query of a session differently from another; None where nothing does.

    Args:
        session: the session; no query is run in it.
        bind_arguments: the arguments of its ``get_bind``.
    """
    listeners: Any = session.dispatch
    if listeners.do_orm_execute:
        return "the session has a listener for do_orm_execute, which may change queries"
    if overriding := overrider(session):
        return overriding
    if "_compiler_dispatcher" in vars(Select):
        return "@compiles(Select) may change queries"
    if any(map(_is_replacing, _connection_listeners(session, bind_arguments))):
        return "a listener of the engine replaces SQL"
    return None


def overrider(session: Session | scoped_session[Any]) -> str | None:
    """Return which method of a session, through which reading goes, is the application's own; None where none is."""
    names = (name for name in METHODS if overrides(session, name))
    return next((f"{type(session).__name__} overrides {name}(), which may change queries" for name in names), None)


def async_overrider(session: Any) -> str | None:
    """Return which method of an ``AsyncSession`` is the application's own, and is not called here; None without one."""
    return next(
        (f"{type(session).__name__} overrides {name}()" for name in ASYNC_METHODS if overrides(session, name)), None
    )


def overrides(session: Any, name: str) -> bool:
    """Whether a method of a session is the application's own."""
    method = getattr(session, name, None)  # a scoped_session has the public ones
    return method is not None and not _is_passing(method)


def query_interceptor(query: Query[Any]) -> str | None:
    """Return what may change the rows of a legacy query; None where nothing does."""
    listeners: Any = query.dispatch
    if listeners.before_compile:
        return "Query has a listener for before_compile, which may change queries"
    own = [cls for cls in type(query).__mro__ if cls not in Query.__mro__]
    if any(_is_method(value) and hasattr(Query, name) for cls in own for name, value in vars(cls).items()):
        return f"{type(query).__name__} overrides methods of Query, which may change queries"
    return None


def _is_method(value: Any) -> bool:
    return hasattr(value, "__get__") and not isinstance(value, GetSetDescriptorType)


def has_own_routing(session: Session) -> bool:
    """Whether a session chooses its database by a method of the application."""
    return overrides(session, "get_bind")


def is_routed_alike(
    session: Session, mapper: Mapper[Any], clauses: Iterable[Any], joined: Iterable[Mapper[Any]]
) -> bool:
    """Whether a session sends statements for a class, and those for the classes that it joins, to one database."""
    first, *others = [session.get_bind(mapper=mapper, clause=clause) for clause in clauses]
    own = has_own_routing(session)  # which may look at the statement; SQLAlchemy's looks at the class first
    others += [session.get_bind(mapper=target, clause=select(target) if own else None) for target in joined]
    return all(bind is first for bind in others)


def _is_passing(method: Any) -> bool:
    """Whether a method is SQLAlchemy's own, whatever its name and module are set to."""
    function = getattr(method, "__func__", method)
    module = getattr(function, "__globals__", {}).get("__name__", "")
    return str(module).startswith(PASSING)


def _connection_listeners(session: Session, bind_arguments: dict[str, Any]) -> Iterable[Any]:
    """Yield the listeners that may replace what is executed on the connection of a session."""
    try:
        bind: Engine | Connection = session.get_bind(**bind_arguments)
    except UnboundExecutionError:  # which reading raises, and an explanation does not
        return
    if session.in_transaction():
        bind = session.connection(bind_arguments=bind_arguments)
    listeners: Any = bind.dispatch
    for name in REPLACING:
        yield from getattr(listeners, name)
    for name in EXECUTING:
        yield from getattr(bind.dialect.dispatch, name)


def _is_replacing(listener: Any) -> bool:
    wrapped = getattr(listener, "__qualname__", "").startswith(WRAPPER)
    return not wrapped and not str(getattr(listener, "__module__", "")).startswith(ANNOTATING)
