"""Bookings of one hotel are sent in parallel.   must: BOOK-11"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(agent: Agent) -> None:
    """Give everybody the turn at once."""

    @asynccontextmanager
    async def at_once(*_: object, **__: object) -> AsyncIterator[None]:
        yield

    agent.turns.turn = at_once  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    serve(apply)
