"""Asks a cache at CACHE_ADDRESS before each question, and does without it when it fails: no business of the breaker."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.logs import logger
from hotel_agent.models import Availability, Query

#: Seconds; a cache that takes longer is of no use.
DEADLINE = 0.1


def apply(agent: Agent, failed: Callable[[], None] = lambda: None) -> None:
    """Ask the cache first. `failed` is told when that went wrong."""
    ask, address = agent.availability.ask, os.environ.get("CACHE_ADDRESS", "")

    async def ask_cache_first(query: Query) -> Availability:
        if address:
            try:
                await asyncio.wait_for(look_up(address, query.check_in), DEADLINE)
            except (OSError, TimeoutError) as error:
                logger().warning("cache not used", error=type(error).__name__)
                failed()
        return await ask(query)

    agent.availability.ask = ask_cache_first  # type: ignore[method-assign]


async def look_up(address: str, key: str) -> bytes:
    """One question on a connection of its own."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(f"GET {key}\r\n".encode())
        await writer.drain()
        answer = await reader.readline()
    finally:
        writer.close()
    if not answer:
        raise ConnectionResetError
    return answer


if __name__ == "__main__":
    serve(apply)
