"""Reservations that a person must look at, until one has dealt with them.

Which they are follows from the outbox: `unresolved` (nobody knows whether the PMS holds a room), `expired` (the guest
was told "pending", and nothing came of it), `cancelled` (confirmed, and found cancelled at the PMS: staff may have done
it, or not). Resolving one changes nothing at the PMS, and nothing of what its guest is told.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from hotel_agent.logs import logger
from hotel_agent.models import Status, Wanted, WantedList
from hotel_agent.outbox import Outbox
from hotel_agent.problems import not_found
from hotel_agent.replies import present

REASONS = ("unresolved", "expired", "cancelled")
#: The most that are listed at once, the oldest first.
_LISTED = 100
_OPEN = f"""
FROM intent LEFT JOIN attention ON attention.intent_id = intent.id
WHERE attention.resolved_at IS NULL AND (
  intent.status IN ('{Status.UNRESOLVED}', '{Status.EXPIRED}')
  OR (intent.status = '{Status.CONFIRMED}' AND attention.cancelled_at IS NOT NULL)
)"""
_REASON = f"CASE intent.status WHEN '{Status.CONFIRMED}' THEN 'cancelled' ELSE intent.status END"
_COUNT = f"SELECT {_REASON}, COUNT(*) {_OPEN} GROUP BY 1"
_LIST = f"SELECT {_REASON}, intent.id {_OPEN} ORDER BY intent.created_at, intent.id LIMIT {_LISTED}"
_FIND = f"SELECT {_REASON} {_OPEN} AND intent.id = ?"
_RESOLVE = """
INSERT INTO attention (intent_id, resolved_at) VALUES (?, ?)
ON CONFLICT (intent_id) DO UPDATE SET resolved_at = excluded.resolved_at"""


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
        wanted = []
        for reason, intent_id in await self._outbox.read(_LIST):
            intent = await self._outbox.get(intent_id)
            if intent is not None:
                wanted.append(Wanted(reason=reason, reservation=present(intent)))
        return WantedList(count=sum(self.counts.values()), reservations=wanted)

    async def resolve(self, intent_id: str) -> Wanted:
        """A person has dealt with a reservation.

        Raises:
            ProblemError: 404, it does not need a person.
        """
        intent = await self._outbox.get(intent_id)
        [reason] = next(iter(await self._outbox.read(_FIND, intent_id)), (None,))
        if intent is None or reason is None:
            raise not_found("no such reservation needs a person")
        await self._outbox.write(_RESOLVE, intent_id, self._clock())
        logger().info("a person has dealt with a reservation", reservation=intent_id, reason=reason)
        await self._count()
        return Wanted(reason=reason, reservation=present(intent))

    async def _count(self) -> None:
        found = {str(reason): int(count) for reason, count in await self._outbox.read(_COUNT)}
        self.counts = {reason: found.get(reason, 0) for reason in REASONS}
