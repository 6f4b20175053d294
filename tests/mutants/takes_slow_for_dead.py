"""An answer that took a fifth of the deadline is a failure to the breaker; guests get it.   must: BRK-62"""

from __future__ import annotations

import time

import httpx

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent

PART = 0.2


def apply(agent: Agent) -> None:
    """Count good answers that were late for this agent's taste."""
    client, took = agent.client, [0.0]
    exchange, success = client._exchange, client.breaker.success

    async def timed(request: httpx.Request) -> httpx.Response:
        begun = time.monotonic()
        try:
            return await exchange(request)
        finally:
            took[0] = time.monotonic() - begun

    def judged_by_time(permit: object) -> None:
        if took[0] > PART * client.timeout:
            client.breaker.failure(permit)  # type: ignore[arg-type]
        else:
            success(permit)  # type: ignore[arg-type]

    client._exchange = timed  # type: ignore[method-assign]
    client.breaker.success = judged_by_time  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
