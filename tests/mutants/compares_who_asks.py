"""A key that is used again is compared by guest only: another stay gets the first confirmation.   must: API-13"""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.models import ReservationRequest


def apply(_: Agent) -> None:
    """Leave everything but name and e-mail out of the fingerprint."""

    def who_asks(request: ReservationRequest) -> str:
        return f"{request.guest_name} {request.email}"

    ReservationRequest.model_dump_json = who_asks  # type: ignore[assignment, method-assign]


if __name__ == "__main__":
    serve(apply)
