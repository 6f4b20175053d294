"""A booking whose outcome is unknown is told as failed for good, whatever the PMS holds.   must: BOOK-07"""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.booking import InDoubt, Outcome
from hotel_agent.failures import Kind, PmsFailure
from hotel_agent.intent import Intent
from hotel_agent.models import Status
from hotel_agent.problems import pms_failed
from hotel_agent.replies import Reply


def apply(agent: Agent) -> None:
    """Answer 502 and end the intent where the guest should be pending; nobody reads back."""
    answer = agent.reservations._answer

    async def or_fail(intent: Intent, outcome: Outcome) -> Reply:
        if isinstance(outcome, InDoubt):
            written = await agent.outbox.get(intent.id)
            await agent.outbox.update(written or intent, status=Status.EXPIRED)
            raise pms_failed(PmsFailure(Kind.SERVER, "server error"))
        return await answer(intent, outcome)

    async def nothing(intent: Intent, *, guest_waits: bool) -> None:
        return None

    agent.reservations._answer = or_fail  # type: ignore[method-assign]
    agent.booker.read_back = nothing  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    serve(apply)
