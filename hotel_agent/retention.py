"""Personal data ends: name and e-mail of a guest are kept for a while after the stay, and no longer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

from hotel_agent.idempotency import KEY_TTL
from hotel_agent.logs import logger
from hotel_agent.outbox import Outbox
from hotel_agent.settings import Settings

#: How often it is looked, in seconds: a day's data ends within an hour of its time.
_INTERVAL = 3600.0


class Retention:
    """Removes what is older than PMS_RETENTION, at start and every hour.

    Args:
        clock: wall-clock seconds.
    """

    def __init__(self, settings: Settings, outbox: Outbox, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._outbox = outbox
        self._clock = clock

    async def run(self) -> None:
        """Work for ever."""
        while True:
            try:
                await self.round()
            except Exception as error:  # a store that cannot be written now may be in an hour
                logger().error("personal data could not be removed", error=type(error).__name__)
            await asyncio.sleep(_INTERVAL)

    async def round(self) -> None:
        """Remove what is due: the check-out day is over at the hotel, and PMS_RETENTION has passed since."""
        now = self._clock()
        kept_from = datetime.fromtimestamp(max(0.0, now - self._settings.pms_retention), self._settings.zone).date()
        erased = await self._outbox.erase(kept_from.isoformat(), now - KEY_TTL)
        if erased:
            logger().info("personal data removed", reservations=erased)
