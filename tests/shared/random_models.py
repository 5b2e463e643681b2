"""Random models over items and their groups, by whatever ORM these are mapped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable

numbers = st.floats(-100, 100, allow_nan=False).map(lambda value: value / 3)
pick = st.integers(0, 10)

COEFFICIENTS: tuple[Callable[[Any], float], ...] = (
    lambda item: item.price,
    lambda item: item.value,
    lambda item: item.weight * 2,
    lambda item: item.group.rate / 7 if item.group else -1.0,
    lambda item: 0.0 if item.next is None else item.next.price,
)
FILTERS: tuple[Callable[[Any], bool] | None, ...] = (
    None,
    lambda item: item.price > 0,
    lambda item: item.group is not None,
)


def by_containers(row: Any) -> Callable[..., float]:
    """A bound that captures a row in containers; captures that compare rows in the way of an ORM are with its tests."""
    held = {"rows": [(row,)], "set": frozenset({row}), "key": {row: 3.0}}
    return lambda item: 50.0 + (item is held["rows"][0][0]) + 2.0 * (item in held["set"]) + held["key"].get(item, 0.0)


@dataclass(frozen=True)
class World:
    """What the models of one ORM are made of; ``handle`` stands for a session, or for nothing.

    Args:
        item, group: the classes.
        items: returns all items, of a handle.
        sources: what ``from_model`` is given, by name, of a handle.
        captures: make an upper bound of a row that it captures.
        belongs: whether an item is in a group.
        more: coefficients besides `COEFFICIENTS`.
    """

    item: type
    group: type
    items: Callable[..., list[Any]]
    sources: Mapping[str, Callable[..., tuple[Any, ...]]]
    captures: Sequence[Callable[[Any], Callable[..., float]]]
    belongs: Callable[[Any, Any], bool]
    more: tuple[Callable[[Any], float], ...] = ()


@st.composite
def models(draw: st.DrawFn, world: World) -> Callable[..., LXModel]:
    """How a model is made, of a handle: its families, where their rows come from, its filters and captures."""
    source = draw(st.sampled_from([*world.sources, "data"]))
    capture, position = draw(st.sampled_from(world.captures)), draw(pick)
    coefficients = draw(st.lists(st.sampled_from(COEFFICIENTS + world.more), min_size=1, max_size=3))
    keep, crossed = draw(st.sampled_from(FILTERS)), draw(st.booleans())
    shared = {"scale": draw(numbers)}

    def build(*handle: Any) -> LXModel:
        items = world.items(*handle)
        best = items[position % len(items)]
        x = LXVariable[Any, float]("x").indexed_by(lambda item: item.id)
        x = x.from_data(items) if source == "data" else x.from_model(*world.sources[source](*handle))
        x.bounds(lower=lambda item: -(shared["scale"] ** 2), upper=capture(best))
        if keep is not None:
            x.where(keep)
        objective = LXLinearExpression()
        for coefficient in coefficients:
            objective.add_term(x, coefficient)
        model = LXModel("random").add_variable(x).maximize(objective)
        if crossed:
            model.add_variable(_crossed(world, items, *handle))
        limit = LXConstraint("limit").expression(LXLinearExpression().add_term(x, lambda item: 1 + item.id / 3)).le()
        return model.add_constraint(limit.rhs(5))

    return build


def _crossed(world: World, items: list[Any], *handle: Any) -> LXVariable[Any, float]:
    y = LXVariable[Any, float]("y").indexed_by_product(
        LXIndexDimension(world.item, lambda item: item.id).from_data(items),
        LXIndexDimension(world.group, lambda group: group.id).from_model(world.group, *handle),
    )
    return y.where_multi(world.belongs).bounds(lower=0, upper=lambda i, g: 1 + abs(g.rate))
