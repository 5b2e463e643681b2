"""An alias of the copy functions of `lumix_core.copying.copier`."""

from lumix_core.copying import copy_function_detaching_closure, detach_orm_object, materialize_and_detach_list

__all__ = ["copy_function_detaching_closure", "detach_orm_object", "materialize_and_detach_list"]
