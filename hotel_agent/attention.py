"""Reservations that a person must look at, until one has dealt with them.

Which they are follows from the outbox: `unresolved` (nobody knows whether the PMS holds a room), `expired` (the guest
was told "pending", and nothing came of it), `cancelled` (confirmed, and found cancelled at the PMS: staff may have done
it, or not). Resolving one changes nothing at the PMS, and nothing of what its guest is told.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import get_args

from hotel_agent.logs import logger
from hotel_agent.models import Reason, Wanted, WantedList
from hotel_agent.outbox import Outbox
from hotel_agent.problems import not_found
from hotel_agent.replies import present

REASONS: tuple[str, ...] = get_args(Reason)
#: The most that are listed at once, the oldest first.
_LISTED = 100


class Attention:
    """What needs a person: counted for the gauges, listed and resolved for operators.

    Attributes:
        counts: by reason, how many need a person; at most `interval` old.

    Args:
        interval: seconds between two counts.
        clock: wall-clock seconds.
    """

    def __init__(self, outbox: Outbox, interval: float, clock: Callable[[], float] = time.time) -> None:
        self._outbox = outbox
        self._interval = interval
        self._clock = clock
        self.counts: dict[str, int] = dict.fromkeys(REASONS, 0)

    async def run(self) -> None:
        """Count at once, then for ever."""
        while True:
            try:
                await self._count()
            except Exception as error:  # a store that cannot be read now may be in a moment
                logger().error("what needs a person could not be counted", error=type(error).__name__)
            await asyncio.sleep(self._interval)

    def counts_of(self, reason: str) -> float:
        """For the gauge."""
        return float(self.counts[reason])

    async def listed(self) -> WantedList:
        """What needs a person, the oldest first, and how many there are in all."""
        await self._count()
        found = await self._outbox.wanted(_LISTED)
        wanted = [Wanted(reason=reason, reservation=present(intent)) for reason, intent in found]
        return WantedList(count=sum(self.counts.values()), reservations=wanted)

    async def resolve(self, intent_id: str) -> Wanted:
        """A person has dealt with a reservation.

        Raises:
            ProblemError: 404, it does not need a person.
        """
        intent = await self._outbox.get(intent_id)
        reason = await self._outbox.wanted_because(intent_id)
        if intent is None or reason is None:
            raise not_found("no such reservation needs a person")
        await self._outbox.dealt_with(intent_id, self._clock())
        logger().info("a person has dealt with a reservation", reservation=intent_id, reason=reason)
        await self._count()
        return Wanted(reason=reason, reservation=present(intent))

    async def _count(self) -> None:
        found = await self._outbox.count_wanted()
        self.counts = {reason: found.get(reason, 0) for reason in REASONS}
