"""Readiness tells the time of the question instead of that of the last call to the PMS.   must: READY-02"""

from __future__ import annotations

from datetime import UTC, datetime

from hotel_agent import models
from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(agent: Agent) -> None:
    """Tell the present time, once there was a call."""
    read = agent.readiness.read

    async def and_now() -> models.Readiness:
        told = await read()
        if told.pms.checked_at is None:
            return told
        now = datetime.now(UTC)
        return told.model_copy(update={"pms": told.pms.model_copy(update={"checked_at": now})})

    agent.readiness.read = and_now  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
