"""The planning service, as a server under load: plans are given up, others are solved, and the loop answers."""

from __future__ import annotations

import asyncio
import importlib.util
import random
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
import uvicorn
from solving_threads import SolvingThreads

SCRIPT = Path(__file__).parents[2] / "examples" / "planning_service" / "service.py"

Jobs = list[dict[str, float]]


def endless_jobs() -> Jobs:
    """Jobs of which no plan is proved best within hours."""
    draw = random.Random(3)
    return [{"id": number, "hours": draw.uniform(1.0, 9.0)} for number in range(60)]


def few_jobs(longest: float) -> Jobs:
    """Three jobs, the last of which takes as long as the others together."""
    return [{"id": 1, "hours": longest / 2}, {"id": 2, "hours": longest / 2}, {"id": 3, "hours": longest}]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location("planning_service", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def address(service: ModuleType) -> Iterator[str]:
    """The address of the service, which a server runs on a thread of its own."""
    server = uvicorn.Server(uvicorn.Config(service.app, log_level="critical", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as entrance:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [entrance]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{entrance.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)


def talk(address: str, program: Callable[[httpx.AsyncClient], Awaitable[Any]]) -> Any:
    async def talking() -> Any:
        async with httpx.AsyncClient(base_url=address, timeout=30) as client:
            return await program(client)

    return asyncio.run(talking())


async def solving(client: httpx.AsyncClient, count: int) -> None:
    """Wait until the service is solving so many plans."""
    async with asyncio.timeout(20):
        while (await client.get("/health")).json() != {"solving": count}:
            await asyncio.sleep(0.02)


@pytest.fixture
def threads() -> SolvingThreads:
    return SolvingThreads()


def test_under_load_with_clients_that_hang_up(address: str, threads: SolvingThreads) -> None:
    async def program(client: httpx.AsyncClient) -> list[float]:
        endless = [asyncio.create_task(client.post("/plans?machines=7", json=endless_jobs())) for _ in range(4)]
        await solving(client, 4)
        few = [client.post("/plans?machines=2", json=few_jobs(float(hours))) for hours in range(2, 22)]
        answers = await asyncio.gather(*few)
        assert not any(task.done() for task in endless)
        for task in endless:
            task.cancel()
        await asyncio.wait(endless, timeout=20)
        await solving(client, 0)
        return [answer.json()["latest"] for answer in answers]

    latest = talk(address, program)

    assert latest == pytest.approx([float(hours) for hours in range(2, 22)])
    assert threads.names == []


def test_a_plan_is_watched_and_stopped(address: str, threads: SolvingThreads) -> None:
    async def program(client: httpx.AsyncClient) -> tuple[dict[str, Any], dict[str, Any]]:
        number = (await client.post("/running?machines=7", json=endless_jobs())).json()
        found: dict[str, Any] = {"latest": None}
        async with asyncio.timeout(20):
            while found["latest"] is None:
                await asyncio.sleep(0.02)
                found = (await client.get(f"/running/{number}")).json()
        return found, (await client.post(f"/running/{number}/stop")).json()

    found, plan = talk(address, program)

    assert not found["done"]
    assert found["bound"] <= plan["latest"] <= found["latest"] + 1e-6
    assert (plan["status"], plan["ended_by"]) == ("feasible", "cancelled")
    assert sorted(map(int, plan["machines"])) == list(range(60))
    assert threads.names == []


def test_a_plan_is_given_up(address: str, threads: SolvingThreads) -> None:
    async def program(client: httpx.AsyncClient) -> list[int]:
        number = (await client.post("/running?machines=7", json=endless_jobs())).json()
        await solving(client, 1)
        codes = [(await client.delete(f"/running/{number}")).status_code]
        assert (await client.get("/health")).json() == {"solving": 0}
        return [*codes, (await client.get(f"/running/{number}")).status_code]

    assert talk(address, program) == [200, 404]
    assert threads.names == []
