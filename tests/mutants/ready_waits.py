"""Readiness waits for the calls to the PMS that are under way.   must: READY-04"""

from __future__ import annotations

import asyncio
from typing import Any

from hotel_agent import models
from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(agent: Agent) -> None:
    """Let it take the turn of a call, as one lock around a client does."""
    exchange, read, lock = agent.client._exchange, agent.readiness.read, asyncio.Lock()

    async def alone(request: Any) -> Any:
        async with lock:
            return await exchange(request)

    async def after_the_call() -> models.Readiness:
        async with lock:
            return await read()

    agent.client._exchange = alone  # type: ignore[method-assign]
    agent.readiness.read = after_the_call  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
