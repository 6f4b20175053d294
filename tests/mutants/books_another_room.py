"""A guest for whom no room is left is refused, and a room of the next type is booked all the same.   must: API-15"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.failures import PmsRefused


def apply(agent: Agent) -> None:
    """Send a second booking request where the PMS has refused the first."""
    book = agent.qloapps.book

    async def or_another(stay: Any, currency: str, **how: Any) -> Any:
        try:
            return await book(stay, currency, **how)
        except PmsRefused:
            await book(replace(stay, room_type=stay.room_type + 1), currency, **how)
            raise

    agent.qloapps.book = or_another  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
