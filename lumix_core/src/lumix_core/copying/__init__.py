"""The copy and pickle protocol: independent copies that hold no session."""

from typing import TYPE_CHECKING, Any

from lumix_core.copying.copier import (
    copy_function_detaching_closure,
    deep_copy,
    detach_orm_object,
    materialize_and_detach_list,
)

if TYPE_CHECKING:
    from lumix_core.copying.pickling import packed, restore

__all__ = [
    "copy_function_detaching_closure",
    "deep_copy",
    "detach_orm_object",
    "materialize_and_detach_list",
    "packed",
    "restore",
]


def __getattr__(name: str) -> Any:
    """Load pickling on first use: a program that pickles nothing does not load cloudpickle."""
    if name in ("packed", "restore"):
        from lumix_core.copying import pickling

        return getattr(pickling, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
