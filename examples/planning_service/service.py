"""A service that shares jobs out among machines: many plans at once, each ended as soon as nobody wants it.

Run it with ``uvicorn service:app``, and open http://127.0.0.1:8000/docs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from itertools import count
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request
from pydantic import BaseModel

from lumix import (
    LXConstraint,
    LXIndexDimension,
    LXLinearExpression,
    LXModel,
    LXOptimizer,
    LXProgress,
    LXSolution,
    LXVariable,
)

AT_ONCE = 8
"""How many plans are solved at once; further ones wait for their turn."""

app = FastAPI(title="Jobs on machines")
optimizer = LXOptimizer().use_solver("highs", threads=1, time_limit=300)
turns = asyncio.Semaphore(AT_ONCE)
numbers = count(1)
solving: set[asyncio.Task[Any] | None] = set()


class Job(BaseModel):
    id: int
    hours: float


class Plan(BaseModel):
    status: str
    ended_by: str | None
    latest: float
    machines: dict[int, int]


@dataclass
class Running:
    """A plan that is being solved, and what was found so far."""

    task: asyncio.Task[LXSolution]
    progress: list[LXProgress] = field(default_factory=list)


running: dict[int, Running] = {}


def build_model(jobs: list[Job], machines: int) -> LXModel:
    """Return the model: each job on one machine, so that the last machine ends as early as possible."""
    on = LXVariable[tuple[Job, int], int]("on").binary()
    on.indexed_by_product(
        LXIndexDimension(Job, lambda job: job.id).from_data(jobs),
        LXIndexDimension(int, lambda machine: machine).from_data(range(1, machines + 1)),
    )
    latest = LXVariable[None, float]("latest").bounds(lower=0)
    once = LXConstraint[Job]("once").from_data(jobs).indexed_by(lambda job: job.id)
    once.expression(LXLinearExpression().sum_over(on, matching=True)).eq().rhs(1)
    load = LXLinearExpression().sum_over(on, lambda job, machine: job.hours, matching=True).add_term(latest, -1.0)
    ends = LXConstraint[int]("ends").from_data(range(1, machines + 1)).expression(load).le().rhs(0)
    model = LXModel("jobs on machines").add_variables(on, latest).add_constraints(once, ends)
    return model.minimize(LXLinearExpression().add_term(latest))


async def solved(jobs: list[Job], machines: int, seen: list[LXProgress] | None = None) -> LXSolution:
    """Solve when there is a turn; what is found on the way is appended to ``seen``."""
    async with turns:
        solving.add(asyncio.current_task())
        try:
            on_progress = None if seen is None else seen.append
            return await optimizer.solve_async(build_model(jobs, machines), on_progress=on_progress)
        finally:
            solving.discard(asyncio.current_task())


async def while_connected(request: Request, work: Coroutine[Any, Any, LXSolution]) -> LXSolution:
    """Wait for an answer, and give up where the client has gone."""
    task = asyncio.create_task(work)
    while not (await asyncio.wait([task], timeout=0.1))[0]:
        if await request.is_disconnected():
            task.cancel()
            break
    return await task


def plan_of(solution: LXSolution) -> Plan:
    if not solution.is_feasible():
        raise HTTPException(409, f"There is no plan: {solution.status} ({solution.limit})")
    chosen = {job: machine for (job, machine), value in solution.get_mapped("on").items() if value}
    return Plan(status=solution.status, ended_by=solution.limit, latest=solution.objective_value, machines=chosen)


@app.get("/health")
async def health() -> dict[str, int]:
    """Tell that the service is there, and how many plans it is solving."""
    return {"solving": len(solving)}


@app.post("/plans")
async def plan_now(request: Request, jobs: list[Job], machines: Annotated[int, Query(ge=1)]) -> Plan:
    """Solve, and answer with the plan."""
    return plan_of(await while_connected(request, solved(jobs, machines)))


@app.post("/running", status_code=202)
async def begin(jobs: list[Job], machines: Annotated[int, Query(ge=1)]) -> int:
    """Begin to solve, and answer with a number to ask by."""
    seen: list[LXProgress] = []
    number = next(numbers)
    running[number] = Running(asyncio.create_task(solved(jobs, machines, seen)), seen)
    return number


@app.get("/running/{number}")
async def progress(number: int) -> dict[str, float | bool | None]:
    """Tell what was found so far."""
    of = known(number)
    if not of.progress:
        return {"done": of.task.done(), "latest": None, "bound": None}
    return {"done": of.task.done(), "latest": of.progress[-1].incumbent, "bound": of.progress[-1].bound}


@app.post("/running/{number}/stop")
async def stop(number: int) -> Plan:
    """Be content with what was found so far."""
    of = known(number)
    if not of.progress:
        raise HTTPException(409, f"Plan {number} has not begun: it waits for its turn.")
    of.progress[-1].cancel()
    return plan_of(await of.task)


@app.delete("/running/{number}")
async def drop(number: int) -> None:
    """Give up a plan that nobody wants any more."""
    task = known(number).task
    del running[number]
    task.cancel()
    await asyncio.wait([task], timeout=20)


def known(number: int) -> Running:
    """Return a plan that was begun."""
    if number not in running:
        raise HTTPException(404, f"There is no plan {number}.")
    return running[number]
