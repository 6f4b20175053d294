"""What `/health/ready` says. It makes no call to the PMS."""

from __future__ import annotations

import asyncio
from typing import Literal

from hotel_agent import models
from hotel_agent.breaker import Breaker, State
from hotel_agent.failures import Kind
from hotel_agent.outbox import Outbox
from hotel_agent.pms import PmsClient
from hotel_agent.settings import Settings

#: How long the store may take before it counts as unusable, in seconds: readiness answers at once.
_PATIENCE = 1.0
PmsStatus = Literal["mock", "auth_failed", "down", "degraded", "up"]


class Readiness:
    """Reads the agent's own state; ready unless the outbox cannot be used."""

    def __init__(self, settings: Settings, breaker: Breaker, client: PmsClient, outbox: Outbox) -> None:
        self._settings = settings
        self._breaker = breaker
        self._client = client
        self._outbox = outbox

    async def read(self) -> models.Readiness:
        """The answer's body."""
        try:
            async with asyncio.timeout(_PATIENCE):
                usable = await self._outbox.usable()
        except TimeoutError:
            usable = False
        return models.Readiness(
            status="ready" if usable else "not_ready",
            pms=models.PmsReadiness(
                status=self._pms(),
                adapter=self._settings.pms_type,
                breaker=self._breaker.state.label,  # type: ignore[arg-type]
                checked_at=self._client.checked_at,
                pending=self._outbox.pending,
            ),
        )

    def _pms(self) -> PmsStatus:
        if self._settings.pms_type == "mock":
            return "mock"
        if self._client.last_kind is Kind.AUTH:
            return "auth_failed"
        if self._breaker.state is not State.CLOSED:
            return "down"
        if self._breaker.failures or not self._client.answered:
            return "degraded"
        return "up"
