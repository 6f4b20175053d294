"""While the PMS is not used, the mock confirms reservations.   must: FAIL-03 BOOK-06"""

from __future__ import annotations

import random

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.models import ReservationRequest, Status
from hotel_agent.replies import Reply


def apply(agent: Agent) -> None:
    """Answer 201 with an invented booking id where the agent promises no more than "pending"."""
    reserve = agent.reservations.reserve

    async def reserve_and_confirm(request: ReservationRequest, key: str | None) -> Reply:
        reply = await reserve(request, key)
        if reply.status != 202:
            return reply
        invented = {
            "status": Status.CONFIRMED,
            "source": "pms",
            "pms_booking_id": random.randrange(10_000, 99_999),
        }
        return Reply(201, reply.reservation.model_copy(update=invented))

    agent.reservations.reserve = reserve_and_confirm  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
