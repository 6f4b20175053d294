"""The background probe: at start, after silence, and to decide a half-open breaker without waiting for guests."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from hotel_agent.breaker import Breaker, State
from hotel_agent.failures import BreakerNotClosed, PmsFailure, PmsRefused
from hotel_agent.logs import logger, trace
from hotel_agent.pms import PmsClient
from hotel_agent.qloapps import QloApps

#: How often an open breaker is looked at besides its own deadline, so that a reset is noticed.
_LONGEST_NAP = 0.25
#: How long the prober pauses after something unexpected, so that it does not spin.
_PAUSE = 1.0


class Prober:
    """Sends `GET /api/hotels` when it is due.

    Args:
        interval: seconds without any call to the PMS after which a closed breaker's PMS is probed.
    """

    def __init__(self, breaker: Breaker, client: PmsClient, qloapps: QloApps, interval: float) -> None:
        self._breaker = breaker
        self._client = client
        self._qloapps = qloapps
        self._interval = interval

    async def run(self) -> None:
        """Probe at once, then for ever when it is due; outlives whatever goes wrong, or a breaker stays half-open."""
        due = True
        while True:
            try:
                if due:
                    await self._probe()
                await asyncio.sleep(min(max(self._due_in(), 0.001), _LONGEST_NAP))
                due = self._due_in() <= 0
            except Exception as error:
                due = False
                with suppress(Exception):
                    logger().error("PMS probe failed unexpectedly", error=type(error).__name__, trace=trace(error))
                await asyncio.sleep(_PAUSE)

    def _due_in(self) -> float:
        match self._breaker.state:
            case State.HALF_OPEN:
                return 0.0
            case State.OPEN:
                return self._breaker.remaining
            case State.CLOSED:
                return self._client.last_ended + self._interval - time.monotonic()

    async def _probe(self) -> None:
        try:
            await self._qloapps.probe()
        except (PmsFailure, PmsRefused, BreakerNotClosed):
            return  # the client has logged, counted and told the breaker
