"""A booking that was read back once is never looked for again, so that late ones stay.   must: BOOK-10"""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.intent import Intent


def apply(agent: Agent) -> None:
    """Do nothing where the worker looks for late arrivals."""

    async def look_away(_: Intent) -> None:
        return None

    agent.worker._look_again = look_away  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
