"""A booking that is answered 200 is believed; nobody looks whether a room is held.   must: BOOK-01"""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(agent: Agent) -> None:
    """See a live room line wherever there is an order."""

    async def looks_good(order_id: int, *, rejected_as: str | None = "readback") -> bool | None:
        return True

    agent.qloapps.lines_live = looks_good  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
