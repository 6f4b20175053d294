"""The gauge of the breaker's state is written when a call begins, so that it lags by one.   must: MET-01"""

from __future__ import annotations

from typing import Any

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.breaker import State


def apply(agent: Agent) -> None:
    """Note the state before each call; nobody notes what the call did to it."""
    call, breaker, noted = agent.client.call, agent.breaker, State.CLOSED

    async def and_note(*args: Any, **named: Any) -> Any:
        nonlocal noted
        noted = breaker.state
        return await call(*args, **named)

    agent.client.call = and_note  # type: ignore[method-assign]
    agent.metrics.watch(lambda: noted)


if __name__ == "__main__":
    serve(apply)
