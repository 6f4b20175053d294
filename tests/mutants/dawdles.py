"""A question that the PMS is not asked is answered 200 ms later than it could be.   must: BRK-19"""

from __future__ import annotations

import asyncio

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.models import Availability, Query


def apply(agent: Agent) -> None:
    """Sleep before each answer from failover."""
    ask = agent.availability.ask

    async def ask_and_dawdle(query: Query) -> Availability:
        answer = await ask(query)
        if answer.source != "pms":
            await asyncio.sleep(0.2)
        return answer

    agent.availability.ask = ask_and_dawdle  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
