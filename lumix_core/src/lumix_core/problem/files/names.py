"""Names in files: safe for every program that reads them, and the table that leads back to families and keys."""

from __future__ import annotations

import datetime
import decimal
import json
import re
import uuid
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from lumix_core.errors import LXFileError
from lumix_core.problem.keys import Keys, RowKey
from lumix_core.problem.problem import LXBlock, LXProblem, block_at

LONGEST_SAFE = 64
"""The most characters of a name before it is shortened; the shortest limit of a reader is 255."""
CHUNK = 70
"""The most characters of the table in one line of comment; readers of MPS limit lines."""
RESERVED = frozenset(
    [
        *("max", "maximize", "maximise", "maximum", "min", "minimize", "minimise", "minimum", "subject", "such", "st"),
        *("bound", "bounds", "free", "inf", "infinity", "general", "generals", "gen", "integer", "integers", "int"),
        *("binary", "binaries", "bin", "semi", "semis", "sos", "sos1", "sos2", "end", "rhs", "rng", "bnd", "obj"),
    ]
)
"""Words that mean something else in a file."""


@dataclass(frozen=True)
class LXFileNames:
    """The names that columns and rows have in a file.

    Args:
        variables: family and key of each column by its name in the file, in the order of the columns; the key of a
            family without an index is ``()``.
        constraints: the same of the rows.
    """

    variables: Mapping[str, tuple[str, Any]]
    constraints: Mapping[str, tuple[str, Any]]

    @classmethod
    def of(cls, problem: LXProblem) -> LXFileNames:
        """Return safe names for all columns and rows of a problem: letters, digits and underscores, each once."""
        return cls(
            _named(problem.variables, problem.num_variables, "x"),
            _named(problem.constraints, problem.num_constraints, "row"),
        )

    def __repr__(self) -> str:
        return f"<LXFileNames: {len(self.variables)} variables, {len(self.constraints)} constraints>"


def _named(blocks: tuple[LXBlock, ...], size: int, word: str) -> dict[str, tuple[str, Any]]:
    names: dict[str, tuple[str, Any]] = {}
    used: dict[str, int] = dict.fromkeys(RESERVED, 1)
    position = 0
    while position < size:
        block = block_at(blocks, position, word)
        for key in block.keys:
            names[_unique(_safe(block, key), used)] = (block.name, key)
        position = block.stop
    return names


def _safe(block: LXBlock, key: Any) -> str:
    parts = [] if block.keys.is_scalar else key if isinstance(key, tuple) else [key]
    name = re.sub(r"\W+", "_", "_".join([block.name, *map(str, parts)]), flags=re.ASCII).strip("_")[:LONGEST_SAFE]
    # In LP files a name must not look like the exponent of a number.
    return f"x_{name}" if not name or name[0].isdigit() or re.match(r"[eE]\d*$|[eE]\d", name) else name


def _unique(name: str, used: dict[str, int]) -> str:
    """Return a name that no other one equals, capitals aside, and remember how often it was wanted."""
    unique = name
    while unique.lower() in used:
        used[name.lower()] += 1
        unique = f"{name}__{used[name.lower()]}"
    used[unique.lower()] = 1
    return unique


def table_lines(problem: LXProblem, extra: Mapping[str, Any]) -> Iterator[str]:
    """Yield the table of families and keys as JSON in short lines of ASCII.

    Args:
        problem: whose families these are.
        extra: what the format itself cannot say.

    Raises:
        LXFileError: a key cannot be written.
    """
    table = {
        "name": problem.name,
        "variables": [family_to_json(block) for block in problem.variables],
        "constraints": [family_to_json(block) for block in problem.constraints],
        **extra,
    }
    text = json.dumps(table, separators=(",", ":"))
    for start in range(0, len(text), CHUNK):
        yield text[start : start + CHUNK]


def family_to_json(block: LXBlock) -> dict[str, Any]:
    """Return the name, start and keys of a family as JSON.

    Raises:
        LXFileError: a key cannot be written.
    """
    return {
        "name": block.name,
        "start": block.start,
        "integral": block.integral,
        "keys": None if block.keys.is_scalar else [key_to_json(key, block.name) for key in block.keys],
    }


def blocks_of(families: Any, size: int, fail: Callable[[str], NoReturn]) -> tuple[LXBlock, ...]:
    """Return the families of a table as blocks that cover ``size`` positions, or none."""
    blocks: list[LXBlock] = []
    for family in families:
        keys = family["keys"]
        made = Keys.scalar() if keys is None else keys_of([key_from_json(key) for key in keys])
        if not made.is_scalar and len(set(made.levels[0])) != len(made):
            fail(f"the table of names repeats a key of family {family['name']!r}")
        start = blocks[-1].stop if blocks else 0
        if family["start"] != start:
            fail(f"the table of names does not fit: family {family['name']!r} starts at {family['start']!r}")
        blocks.append(LXBlock(str(family["name"]), start, made, bool(family["integral"])))
    if blocks and blocks[-1].stop != size:
        fail(f"the table of names has {blocks[-1].stop} names, and the file {size}")
    return tuple(blocks)


def keys_of(keys: Sequence[Hashable]) -> Keys:
    """Return keys that are given by position."""
    return Keys((tuple(keys),), (np.arange(len(keys)),), ("key",), (RowKey(),))


_WRITERS: dict[type, tuple[str, Callable[[Any], str]]] = {
    datetime.datetime: ("datetime", datetime.datetime.isoformat),
    datetime.date: ("date", datetime.date.isoformat),
    datetime.time: ("time", datetime.time.isoformat),
    decimal.Decimal: ("decimal", str),
    uuid.UUID: ("uuid", str),
    float: ("float", float.hex),
}
_READERS: dict[str, Callable[[str], Hashable]] = {
    "datetime": datetime.datetime.fromisoformat,
    "date": datetime.date.fromisoformat,
    "time": datetime.time.fromisoformat,
    "decimal": decimal.Decimal,
    "uuid": uuid.UUID,
    "float": float.fromhex,
}


def key_to_json(key: Any, family: str) -> Any:
    """Return a key as JSON: numbers and texts as they are, tuples as lists, other types with their names.

    Raises:
        LXFileError: it is of a type that no other program could read.
    """
    if isinstance(key, np.generic):
        key = key.item()
    if key is None or type(key) in (int, str, bool):
        return key
    if isinstance(key, tuple):
        return [key_to_json(part, family) for part in key]
    if type(key) in _WRITERS:
        word, write = _WRITERS[type(key)]
        return {word: write(key)}
    raise LXFileError(
        f"The key {key!r:.80} of {family!r} is a {type(key).__name__}, which no file can hold. "
        f"Give the family a key of numbers or texts with .indexed_by()."
    )


def key_from_json(value: Any) -> Hashable:
    """Return the key that `key_to_json` wrote.

    Raises:
        ValueError, TypeError, KeyError, ArithmeticError: it wrote nothing like it.
    """
    if isinstance(value, list):
        return tuple(map(key_from_json, value))
    if isinstance(value, dict):
        ((word, text),) = value.items()
        return _READERS[word](text)
    if value is None or type(value) in (int, str, bool):
        plain: Hashable = value
        return plain
    raise TypeError(value)


def read_table(chunks: Iterable[str], fail: Callable[[str], NoReturn]) -> dict[str, Any]:
    """Return the table of names that a file has in its comments; an empty one where it has none."""
    text = "".join(chunks)
    if not text:
        return {}
    try:
        table = json.loads(text)
        if not isinstance(table, dict):
            raise TypeError(type(table))
        return table
    except (ValueError, TypeError, RecursionError) as error:
        fail(f"the table of names is damaged ({error})")
