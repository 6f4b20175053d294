"""Readiness asks the PMS each time that it is read.   must: API-30"""

from __future__ import annotations

from contextlib import suppress

from hotel_agent import models
from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.failures import BreakerNotClosed, PmsFailure, PmsRefused


def apply(agent: Agent) -> None:
    """Send the safe read first."""
    read = agent.readiness.read

    async def and_ask() -> models.Readiness:
        with suppress(PmsFailure, PmsRefused, BreakerNotClosed):
            await agent.qloapps.probe()
        return await read()

    agent.readiness.read = and_ask  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
