"""A rolling window, in different words: as a table of its pairs, and as a condition over numbers or times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import highspy
from contenders import Laps
from solver import hold

from lumix import LXConstraint, LXLinearExpression, LXModel, LXParameter, LXVariable

WIDTH = 4
HOURS = timedelta(hours=WIDTH)
BERLIN = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True)
class Step:
    id: int
    at: Any


@dataclass(frozen=True)
class Pair:
    step_id: int
    own_id: int


def numbered(variant: str, size: str) -> list[Step]:
    return [Step(i, i) for i in range(int(size))]


def timed(variant: str, size: str) -> list[Step]:
    """Return the hours of years from 2025 on, without a zone."""
    return [Step(i, datetime(2025, 1, 1) + i * timedelta(hours=1)) for i in range(int(size))]


def in_berlin(variant: str, size: str) -> list[Step]:
    """Return the minutes of a winter, every other one as Berlin's clocks show it."""
    minutes = (datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=i) for i in range(int(size)))
    return [Step(i, minute.astimezone(BERLIN if i % 2 else UTC)) for i, minute in enumerate(minutes)]


def paired(variant: str, size: str) -> tuple[list[Step], list[Pair]]:
    """Return the steps, and each with those of its window."""
    steps = numbered(variant, size)
    return steps, [Pair(i, own.id) for own in steps for i in range(max(own.id - WIDTH + 1, 0), own.id + 1)]


def by_parameter(data: tuple[list[Step], list[Pair]], lap: Laps) -> highspy.Highs:
    steps, pairs = data
    within = LXParameter[Pair]("within").from_data(pairs).indexed_by(lambda r: (r.step_id, r.own_id))
    within.value(lambda r: 1.0).default(0.0)
    return built(steps, lap, lambda x: LXLinearExpression().sum_over(x, lambda s, own: within[s.id, own.id]))


def by_numbers(steps: list[Step], lap: Laps) -> highspy.Highs:
    return built(steps, lap, lambda x: windowed(x, WIDTH))


def by_times(steps: list[Step], lap: Laps) -> highspy.Highs:
    return built(steps, lap, lambda x: windowed(x, HOURS))


def by_minutes(steps: list[Step], lap: Laps) -> highspy.Highs:
    return built(steps, lap, lambda x: windowed(x, HOURS / 60))


def windowed(x: LXVariable[Step, float], width: Any) -> LXLinearExpression:
    return LXLinearExpression().sum_over(x, where=lambda s, own: own.at - width < s.at <= own.at)


def built(steps: list[Step], lap: Laps, used: Callable[[LXVariable[Step, float]], LXLinearExpression]) -> highspy.Highs:
    x = LXVariable[Step, float]("x").from_data(steps).indexed_by(lambda s: s.id).bounds(lower=0)
    limit = LXConstraint[Step]("limit").from_data(steps).indexed_by(lambda s: s.id).expression(used(x)).le().rhs(10)
    model = LXModel("window").add_variable(x).add_constraint(limit)
    model.maximize(LXLinearExpression().add_term(x, 1.0))
    lap("write")
    problem = model.compile()
    lap("compile")
    return hold(problem)
