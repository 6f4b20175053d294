"""A call that times out keeps its connection for ever.   must: LOAD-01 LOAD-04 LOAD-07   may: LOAD-02 LOAD-03

A pool of a hundred places, as HTTP clients have by default. A few calls that hang do not show it, and a PMS that
refuses connections never does.
"""

from __future__ import annotations

import asyncio

import httpx

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.failures import Kind, PmsFailure

_PLACES = 100


def apply(agent: Agent) -> None:
    """Give the client places of its own, and lose one with every timeout."""
    places = asyncio.Semaphore(_PLACES)
    exchange = agent.client._exchange

    async def within_places(request: httpx.Request) -> httpx.Response:
        try:
            await asyncio.wait_for(places.acquire(), agent.client.timeout)
        except TimeoutError:
            raise PmsFailure(Kind.TIMEOUT, "timeout: no place among the connections") from None
        try:
            response = await exchange(request)
        except PmsFailure as failure:
            if failure.kind is not Kind.TIMEOUT:
                places.release()
            raise
        places.release()
        return response

    agent.client._exchange = within_places  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
