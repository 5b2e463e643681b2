"""What is read off the bytecode of functions: the one module that a new Python can break.

Each reader names the instructions that it knows. A function with another one is called row by row, which is right on
every Python, and slower.
"""

from __future__ import annotations

import dis
import functools
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FrameType

from lumix_core.errors import LXWarning, caller_level

CHANGING = frozenset(
    {
        *("add", "append", "appendleft", "clear", "discard", "extend", "extendleft", "insert", "pop", "popitem"),
        *("popleft", "put", "put_nowait", "remove", "reverse", "send", "setdefault", "sort", "update", "write"),
        *("writelines", "writerow", "writerows", "__setitem__", "__delitem__"),
    }
)
"""Methods that change what they are called on."""
NEWEST = (3, 14)
"""The newest Python whose instructions are known."""


@functools.cache
def warn_of_unknown_python() -> None:
    """Warn once where functions run on a Python that is newer than what is known here."""
    if sys.version_info[:2] > NEWEST:
        warnings.warn(
            f"Python {sys.version_info.major}.{sys.version_info.minor} is newer than {'.'.join(map(str, NEWEST))}, the "
            f"newest that LumiX knows: functions may be called row by row, which is slower and gives the same numbers. "
            f"Upgrade LumiX; model.explain() shows how each function runs.",
            LXWarning,
            stacklevel=caller_level(),
        )


@functools.lru_cache(maxsize=4096)
def objection_to(code: CodeType) -> str | None:
    """Return what in a code a symbolic row would answer wrongly, in words; None for code that can be traced."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME") and instruction.argval in _ON_OBJECTS:
            return f"it calls {instruction.argval}(), which a column cannot answer"
        if instruction.opname == "STORE_DEREF" and instruction.argval in code.co_freevars:
            return _ASSIGNS
        if instruction.argval in CHANGING and _calls_method(instruction):
            return f"it calls .{instruction.argval}(), which changes something"
        if instruction.opname == "CALL_INTRINSIC_1" and instruction.arg not in _INTRINSICS:
            return "it does what only Python can, row by row"
        if instruction.opname not in _KNOWN:
            return _REASONS.get(instruction.opname, f"it does what only Python can, row by row ({instruction.opname})")
    return None


def _calls_method(instruction: dis.Instruction) -> bool:
    """Whether an instruction reads an attribute to call it, which is an instruction of its own in Python 3.11."""
    return instruction.opname == "LOAD_METHOD" or (
        sys.version_info >= (3, 12) and instruction.opname == "LOAD_ATTR" and instruction.arg & 1
    )


_ON_OBJECTS = {
    *("isinstance", "issubclass", "type", "id", "hasattr", "callable", "vars", "dir", "globals", "locals", "super"),
    *("print", "input", "open", "eval", "exec", "next", "iter", "setattr", "delattr"),
}
_INTRINSICS = (3, 5, 6)  # the end of a generator, unary plus, a list made a tuple
_INSTRUCTIONS = """
    RESUME CACHE NOP EXTENDED_ARG POP_TOP PUSH_NULL COPY SWAP RETURN_VALUE RETURN_CONST NOT_TAKEN
    LOAD_CONST LOAD_SMALL_INT LOAD_FAST LOAD_FAST_CHECK LOAD_FAST_AND_CLEAR LOAD_FAST_LOAD_FAST LOAD_FAST_BORROW
    LOAD_FAST_BORROW_LOAD_FAST_BORROW STORE_FAST STORE_FAST_LOAD_FAST STORE_FAST_STORE_FAST DELETE_FAST
    STORE_FAST_MAYBE_NULL LOAD_DEREF STORE_DEREF LOAD_CLOSURE MAKE_CELL COPY_FREE_VARS LOAD_GLOBAL LOAD_ATTR LOAD_METHOD
    PRECALL CALL KW_NAMES CALL_KW CALL_FUNCTION_EX DICT_MERGE BINARY_OP BINARY_SUBSCR BINARY_SLICE BUILD_SLICE
    UNARY_NEGATIVE UNARY_NOT UNARY_INVERT UNARY_POSITIVE CALL_INTRINSIC_1 COMPARE_OP CONTAINS_OP TO_BOOL
    BUILD_TUPLE BUILD_LIST BUILD_SET BUILD_MAP BUILD_CONST_KEY_MAP LIST_EXTEND LIST_APPEND LIST_TO_TUPLE
    SET_ADD MAP_ADD MAKE_FUNCTION SET_FUNCTION_ATTRIBUTE GET_ITER FOR_ITER END_FOR POP_ITER JUMP_FORWARD
    JUMP_BACKWARD JUMP_BACKWARD_NO_INTERRUPT JUMP_IF_TRUE_OR_POP JUMP_IF_FALSE_OR_POP POP_JUMP_IF_TRUE
    POP_JUMP_IF_FALSE POP_JUMP_FORWARD_IF_TRUE POP_JUMP_FORWARD_IF_FALSE POP_JUMP_BACKWARD_IF_TRUE
    POP_JUMP_BACKWARD_IF_FALSE UNPACK_SEQUENCE RETURN_GENERATOR YIELD_VALUE RERAISE LOAD_COMMON_CONSTANT
"""
_KNOWN = frozenset(_INSTRUCTIONS.split())
"""The instructions that a symbolic row answers truly, or refuses."""
_ASSIGNS = "it changes something outside itself"
_IS = "it compares with 'is', which a column cannot answer; write == where a value is meant"
_TRIES = "it catches exceptions"
_TEXT = "it makes a text of values"
_REASONS = {
    **dict.fromkeys(("IS_OP", "POP_JUMP_IF_NONE", "POP_JUMP_IF_NOT_NONE"), _IS),
    **dict.fromkeys(
        (f"POP_JUMP_{direction}_IF_{what}" for direction in ("FORWARD", "BACKWARD") for what in ("NONE", "NOT_NONE")),
        _IS,
    ),
    **dict.fromkeys(("PUSH_EXC_INFO", "SETUP_FINALLY", "CHECK_EXC_MATCH", "POP_EXCEPT"), _TRIES),
    **dict.fromkeys(("FORMAT_VALUE", "BUILD_STRING", "FORMAT_SIMPLE", "FORMAT_WITH_SPEC", "CONVERT_VALUE"), _TEXT),
    **dict.fromkeys(("STORE_ATTR", "STORE_SUBSCR", "STORE_GLOBAL", "DELETE_SUBSCR", "DELETE_ATTR"), _ASSIGNS),
    **dict.fromkeys(("RAISE_VARARGS", "LOAD_ASSERTION_ERROR"), "it raises an exception itself"),
    **dict.fromkeys(("IMPORT_NAME", "IMPORT_FROM"), "it imports a module"),
    **dict.fromkeys(("BEFORE_WITH", "LOAD_SPECIAL"), "it opens something with 'with'"),
    **dict.fromkeys(("MATCH_CLASS", "MATCH_KEYS", "MATCH_MAPPING", "MATCH_SEQUENCE"), "it uses match"),
}


@functools.lru_cache(maxsize=4096)
def has_no_calls(code: CodeType) -> bool:
    """Whether a code calls nothing, and makes no function that could."""
    own = not any(instruction.opname.startswith("CALL") for instruction in dis.get_instructions(code))
    return own and not any(isinstance(constant, CodeType) for constant in code.co_consts)


def is_condition(frame: FrameType) -> bool:
    """Whether the code asks itself whether a value is true, not a tuple or a function that it gave the value to."""
    instruction = dis.opname[frame.f_code.co_code[frame.f_lasti]]
    return instruction in ("TO_BOOL", "UNARY_NOT") or instruction.startswith(("POP_JUMP", "JUMP_IF"))


def is_chained(frame: FrameType) -> bool:
    """Whether the code asks for the truth of what is on the left of ``and``, or in ``a <= b <= c`` of ``a <= b``."""
    name, before = _instructions(frame.f_code).get(frame.f_lasti, ("", ""))
    if name == "JUMP_IF_FALSE_OR_POP":  # of Python 3.11
        return True
    return before == "COPY" and (name == "TO_BOOL" or name.startswith("POP_JUMP_IF_FALSE"))


def is_containment(frame: FrameType) -> bool:
    """Whether the code searches a collection: ``in``."""
    return dis.opname[frame.f_code.co_code[frame.f_lasti]] == "CONTAINS_OP"


def compared_as(frame: FrameType) -> str | None:
    """Return the comparison that the code is making, such as ``<=``; None where it makes none itself."""
    return _comparisons(frame.f_code).get(frame.f_lasti)


def position_of(frame: FrameType) -> int:
    """Return the instruction that a frame is at; a call has one, whether Python has specialised it or not."""
    return frame.f_lasti + _CALL_AFTER if frame.f_lasti in _announced_calls(frame.f_code) else frame.f_lasti


@functools.lru_cache(maxsize=4096)
def _announced_calls(code: CodeType) -> frozenset[int]:
    """Return where a call is announced by an instruction of its own, as in Python 3.11."""
    return frozenset(at for at, (name, _) in _instructions(code).items() if name == "PRECALL")


_CALL_AFTER = 4
"""How many bytes after its announcement a call is."""


def begins_loop(frame: FrameType) -> bool:
    """Whether the code goes through something itself, with ``for`` or ``*``, and gives it to no function that does."""
    name = dis.opname[frame.f_code.co_code[frame.f_lasti]]
    return name in ("GET_ITER", "LIST_EXTEND", "SET_UPDATE")


@functools.lru_cache(maxsize=4096)
def takes_some(code: CodeType) -> bool:
    """Whether the code makes lists, and takes parts of something by position."""
    names = {instruction.opname for one in _codes(code) for instruction in dis.get_instructions(one)}
    return not names.isdisjoint(_SLICES) and not names.isdisjoint(_LISTS)


_SLICES = ("BUILD_SLICE", "BINARY_SLICE")
_LISTS = ("BUILD_LIST", "LIST_APPEND", "LIST_EXTEND", "LIST_TO_TUPLE")


@functools.lru_cache(maxsize=4096)
def methods_called(code: CodeType) -> frozenset[str]:
    """Return the names of the methods that a code, or code inside it, calls."""
    return frozenset(
        instruction.argval
        for one in _codes(code)
        for instruction in dis.get_instructions(one)
        if _calls_method(instruction)
    )


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


@functools.lru_cache(maxsize=4096)
def set_first(code: CodeType, loop: int) -> frozenset[str]:
    """Return the variables that each turn of a loop sets before it reads them, whatever its conditions say.

    Args:
        code: the code.
        loop: the offset of the instruction that begins a turn.
    """
    found: set[str] = set()
    read: set[str] = set()
    for instruction in dis.get_instructions(code):
        if instruction.offset <= loop:
            continue
        if instruction.opname.startswith(("JUMP", "POP_JUMP", "FOR_ITER", "SEND", "RETURN")):
            break
        names = instruction.argval if isinstance(instruction.argval, tuple) else (instruction.argval,)
        if instruction.opname == "STORE_FAST_LOAD_FAST":
            found.update(name for name in names[:1] if name not in read)
            read.update(name for name in names[1:] if name not in found)
        elif instruction.opname.startswith("STORE_"):
            found.update(name for name in names if name not in read)
        elif instruction.opname.startswith("LOAD_"):
            read.update(name for name in names if name not in found)
    return frozenset(found)


@functools.lru_cache(maxsize=4096)
def _comparisons(code: CodeType) -> dict[int, str]:
    """Return the comparisons of a code by their offset."""
    instructions = dis.get_instructions(code)
    return {one.offset: str(one.argval) for one in instructions if one.opname == "COMPARE_OP"}


@functools.lru_cache(maxsize=4096)
def _instructions(code: CodeType) -> dict[int, tuple[str, str]]:
    """Return the instructions of a code by their offset, each with the one before it."""
    before, known = "", {}
    for instruction in dis.get_instructions(code):
        known[instruction.offset] = instruction.opname, before
        before = instruction.opname
    return known


@functools.lru_cache(maxsize=4096)
def globals_used(code: CodeType) -> frozenset[str]:
    """Return the global names that the code, or code inside it, reads."""
    names = {
        instruction.argval
        for instruction in dis.get_instructions(code)
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= globals_used(constant)
    return frozenset(names)


@functools.lru_cache(maxsize=4096)
def path_to(outer: CodeType, inner: CodeType) -> tuple[CodeType, ...] | None:
    """Return the chain of codes from ``outer`` down to ``inner``, each made within the one before."""
    for constant in outer.co_consts:
        if not isinstance(constant, CodeType):
            continue
        if constant is inner:
            return (outer, inner)
        below = path_to(constant, inner)
        if below is not None:
            return (outer, *below)
    return None


@dataclass(frozen=True)
class Loop:
    """A loop: its first and last offset, the names assigned in it, and whether it makes the inner code."""

    start: int
    end: int
    names: frozenset[str]
    makes: bool


@functools.lru_cache(maxsize=4096)
def loops(outer: CodeType, inner: CodeType) -> tuple[Loop, ...]:
    """Return the loops of a code: a jump back closes one."""
    instructions = list(dis.get_instructions(outer))
    made = [instruction.offset for instruction in instructions if instruction.argval is inner]
    return tuple(
        Loop(
            start=instruction.argval,
            end=instruction.offset,
            names=frozenset(_assigned(instructions, instruction.argval, instruction.offset)),
            makes=any(instruction.argval <= offset <= instruction.offset for offset in made),
        )
        for instruction in instructions
        if "JUMP_BACKWARD" in instruction.opname and "INTERRUPT" not in instruction.opname
    )


def _assigned(instructions: list[dis.Instruction], start: int, end: int) -> Iterator[str]:
    for instruction in instructions:
        if start <= instruction.offset <= end and instruction.opname.startswith("STORE_"):
            names = instruction.argval if isinstance(instruction.argval, tuple) else (instruction.argval,)
            yield from (name for name in names if isinstance(name, str))
