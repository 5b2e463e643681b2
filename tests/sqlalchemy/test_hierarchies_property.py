"""Mapped hierarchies drawn at random: functions of their rows give what Python gives row by row, or fail as it fails.

Classes get methods, properties, descriptors, constants and mixins in any order, at any level. A session reads the rows
for LumiX, and another one for Python; rows that are given may have values of their own.
"""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable
from functools import cached_property, partialmethod, wraps
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Float, ForeignKey, Integer, String, create_engine, select
from sqlalchemy.exc import SAWarning
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeMeta, Session, mapped_column, registry, relationship, synonym

from lumix_core import LXModel, LXVariable
from lumix_core.errors import LXError

Rows = list[Any]
ROWS = 12


class Tripled:
    """A descriptor that reads as three times what its getter returns."""

    def __init__(self, fget: Callable[..., Any]) -> None:
        self.fget = fget

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else 3 * self.fget(instance)


class Halved(property):
    """A property that reads as a half of what its getter returns."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else super().__get__(instance, owner) / 2


def one_more(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def inner(self: Any, *arguments: Any) -> Any:
        return function(self, *arguments) + 1

    return inner


def bodies(number: float) -> list[Callable[..., Any]]:
    """What a method or a getter may compute."""
    return [
        lambda self, *_: self.x * number,
        lambda self, *_: self.x * self.RATE + number,
        lambda self, *_: self.y if self.x > number else self.x,
        lambda self, *_: self.part.w * number if self.part else number,
        lambda self, *rest: self.LEVEL * number + (rest[0] if rest else 0),
        lambda self, *_: self.twice() * number,
    ]


def element(random: Random, name: str) -> Any:
    """Return something that a class may have under a name."""
    number = random.choice([0.5, 2.0, 3.0, -1.0, 10.0, 7])
    body = random.choice(bodies(number))
    if name.isupper() and random.random() < 0.8:
        return random.choice([number, number, True, None])
    wrapped = [
        body,
        body,
        body,
        property(body),
        staticmethod(lambda *_: number),
        classmethod(lambda cls, *_: cls.RATE * number),
        Tripled(body),
        Halved(body),
        hybrid_property(body),
        one_more(body),
        partialmethod(body, number),
        number,
    ]
    return random.choice([*wrapped, lazily(name, body)])


def lazily(name: str, body: Callable[..., Any]) -> Any:
    lazy = cached_property(body)
    lazy.__set_name__(object, name)
    return lazy


def elements(random: Random) -> dict[str, Any]:
    names = random.sample(["twice", "price", "share", "RATE", "LEVEL"], random.randrange(4))
    found = {name: element(random, name) for name in names}
    if random.random() < 0.1:
        found["__len__"] = lambda self: int(self.x) % 2
    if random.random() < 0.1:
        found["__getattribute__"] = doubled_rate
    if random.random() < 0.1:
        found["__getattr__"] = four
    return found


def doubled_rate(self: Any, name: str) -> Any:
    value = object.__getattribute__(self, name)
    return value * 2 if name == "RATE" and isinstance(value, float) else value


def four(self: Any, name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return 4.5


class Meta(DeclarativeMeta):
    """Answers for classes, never for their rows."""

    def __bool__(cls) -> bool:  # noqa: N805
        return True


def hierarchy(random: Random, base: type, name: str, columns: dict[str, Any]) -> list[Any]:
    """Return a mapped class and some below it, all in one table."""
    mixins = [type(f"Mixin{i}", (), elements(random)) for i in range(2)]
    known = {"RATE": 2.0, "LEVEL": 1.5, "twice": lambda self, *_: 2 * self.x, "price": lambda self, *_: self.x}
    mapping = {"polymorphic_on": "kind", "polymorphic_identity": name}
    own = {"__tablename__": name, "kind": mapped_column(String), "__mapper_args__": mapping, **columns}
    classes: list[Any] = [Meta(name, (base,), {**known, **elements(random), **own, "__module__": __name__})]
    for i in range(random.randrange(4)):
        parent = random.choice(classes)
        before = tuple(one for one in mixins if random.random() < 0.3 and one not in parent.__mro__)
        below = elements(random) if random.random() < 0.6 else {}
        if random.random() < 0.15:
            below["s"] = random.choice([synonym("y"), property(lambda self: 7.0)])
        below |= {"__mapper_args__": {"polymorphic_identity": f"{name}{i}"}, "__module__": __name__}
        classes.append(Meta(f"{name}{i}", (*before, parent), below))
    return classes


def world(random: Random) -> tuple[Any, Any]:
    """Return an engine with rows, and the class at the top of their hierarchy."""
    mapped = registry()
    base = Meta("Base", (), {"__abstract__": True, "registry": mapped, "metadata": mapped.metadata})
    key = {"id": lambda: mapped_column(Integer, primary_key=True), "x": lambda: mapped_column(Float)}
    parts = hierarchy(random, base, "part", {"w": mapped_column(Float), **{name: made() for name, made in key.items()}})
    columns = {"y": mapped_column(Float), "s": synonym("x"), "part_id": mapped_column(ForeignKey("part.id"))}
    columns |= {"part": relationship(parts[0]), **{name: made() for name, made in key.items()}}
    items = hierarchy(random, base, "item", columns)
    engine = create_engine("sqlite://")
    mapped.metadata.create_all(engine)
    with engine.begin() as connection:
        for i in range(1, 6):
            kind = random.choice(parts).__mapper__.polymorphic_identity
            connection.execute(parts[0].__table__.insert().values(id=i, kind=kind, w=i / 2, x=float(i % 3)))
        several = items if random.random() < 0.6 else items[:1]
        for i in range(1, ROWS + 1):
            kind, part = random.choice(several).__mapper__.polymorphic_identity, random.choice([None, 1, 2, 3, 4, 5])
            values = {"id": i, "kind": kind, "part_id": part, "x": float(i % 5), "y": float(i % 4)}
            connection.execute(items[0].__table__.insert().values(**values))
    return engine, items[0]


FUNCTIONS: list[Callable[[Any], Any]] = [
    lambda p: p.twice(),
    lambda p: p.twice() + p.RATE,
    lambda p: p.price(),
    lambda p: p.price,
    lambda p: p.share(p.x),
    lambda p: p.share,
    lambda p: p.RATE,
    lambda p: p.RATE * p.x + p.LEVEL,
    lambda p: p.s + 1,
    lambda p: p.part.w if p.part else -1.0,
    lambda p: p.part.RATE if p.part else 0,
    lambda p: p.part.RATE,
    lambda p: p.part.twice() if p.part else p.x,
    lambda p: p.part.price if p.part else p.x,
    lambda p: 2.0 if not p.part else p.part.x,
    lambda p: p.part.LEVEL if p.part_id else 1,
    lambda p: p.twice() if p.x > 2 else p.LEVEL,
    lambda p: (p.part and p.part.w) or 0,
    lambda p: max(p.x, p.RATE),
    lambda p: bool(p.part) + 1,
    lambda p: all([p.x == p.y]) + 0,
]


def as_number(function: Callable[[Any], Any], row: Any) -> float | None:
    """Return what a function gives for a row; None where it fails, or gives what is no number."""
    try:
        value = function(row)
        return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
    except Exception:  # noqa: BLE001 - any failure is one
        return None


def assert_same(model: LXModel, function: Callable[[Any], Any], rows: Rows) -> None:
    expected = [as_number(function, row) for row in rows]
    if None in expected:
        with pytest.raises(LXError, match=rf"key {rows[expected.index(None)].id} of 'x'"):
            model.compile()
    else:
        assert model.compile().lower.tolist() == expected


@given(st.integers(0, 2**32), st.sampled_from(FUNCTIONS))
def test_functions_of_a_hierarchy_give_what_its_rows_give(seed: int, function: Callable[[Any], Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        random = Random(seed)
        engine, item = world(random)
        with Session(engine) as read_by_lumix, Session(engine) as read_here:
            rows = list(read_here.scalars(select(item).order_by(item.id)))
            variable = LXVariable[Any, float]("x").from_model(item, read_by_lumix).bounds(lower=function)

            assert_same(LXModel("m").add_variable(variable), function, rows)
        engine.dispose()


OWN = {"RATE": 8.5, "LEVEL": 4, "share": 0.125, "price": lambda *_: 33.0, "twice": lambda *_: 44.0}


@given(st.integers(0, 2**32), st.sampled_from(FUNCTIONS), st.sampled_from(sorted(OWN)), st.integers(0, ROWS - 1))
def test_given_rows_with_values_of_their_own_give_what_each_gives(
    seed: int, function: Callable[[Any], Any], name: str, odd: int
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        random = Random(seed)
        engine, item = world(random)
        with Session(engine) as session:
            rows = list(session.scalars(select(item).order_by(item.id)))
            target = rows[odd].part if rows[odd].part is not None and random.random() < 0.5 else rows[odd]
            if not isinstance(getattr(type(target), name, None), property):
                setattr(target, name, OWN[name])
            variable = LXVariable[Any, float]("x").from_data(rows).indexed_by(lambda row: row.id)
            model = LXModel("m").add_variable(variable.bounds(lower=function))

            assert_same(model, function, rows)
            if None not in [as_number(function, row) for row in rows]:
                assert copy.deepcopy(model).compile().lower.tolist() == model.compile().lower.tolist()
        engine.dispose()
