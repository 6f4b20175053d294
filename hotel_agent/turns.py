"""One booking at a time per hotel: QloApps gives parallel bookings the same room."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

#: How often one who waits for a blocked hotel, or lets others go first, looks again, in seconds.
_NAP = 0.05


class Turns:
    """Hands out the turn of each hotel, first come first served among those who do not yield.

    After a booking whose outcome is unknown nobody gets the hotel's turn until it is settled: QloApps may still be
    at work on it, and a second booking at that moment could get the same room.

    Args:
        settle: seconds after which an unknown outcome no longer blocks the hotel.
    """

    def __init__(self, settle: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._settle = settle
        self._clock = clock
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: Counter[int] = Counter()
        self._blocked: dict[int, tuple[str, float]] = {}
        self._guests: set[str] = set()

    @asynccontextmanager
    async def turn(
        self, hotel_id: int, intent_id: str, patience: float | None = None, *, yields: float = 0.0
    ) -> AsyncIterator[None]:
        """Wait for the hotel's turn and keep it; the intent that blocks the hotel may go on itself.

        Args:
            patience: seconds to wait at most; None waits for ever.
            yields: seconds for which all others who wait go first, those who come later included. Work that
                nobody waits for yields, so that a long outbox does not make every guest wait once more; it yields
                for a limited time only, so that an endless stream of guests does not starve it.

        Raises:
            TimeoutError: the turn did not come within `patience` seconds.
        """
        lock = self._locks[hotel_id]
        async with asyncio.timeout(patience):
            await self._let_others_go(hotel_id, intent_id, self._clock() + yields)
            self._waiting[hotel_id] += 1
            try:
                await lock.acquire()
                while self.blocked(hotel_id, intent_id):
                    # Not inside the lock: the intent that blocks the hotel needs the turn to be read back.
                    lock.release()
                    await asyncio.sleep(_NAP)
                    await lock.acquire()
            finally:
                self._waiting[hotel_id] -= 1
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def awaited(self, intent_id: str) -> Iterator[None]:
        """While the block lasts a guest waits for what becomes of the intent, and nobody else begins with it."""
        self._guests.add(intent_id)
        try:
            yield
        finally:
            self._guests.discard(intent_id)

    def is_awaited(self, intent_id: str) -> bool:
        """Whether the intent is to be left to its guest."""
        return intent_id in self._guests

    async def _let_others_go(self, hotel_id: int, intent_id: str, until: float) -> None:
        """The intent that blocks the hotel does not wait for those who wait for it."""
        while self._clock() < until and (self._waiting[hotel_id] or self._locks[hotel_id].locked()):
            if self._blocked.get(hotel_id, ("", 0.0))[0] == intent_id:
                return
            await asyncio.sleep(_NAP)

    def blocked(self, hotel_id: int, intent_id: str) -> bool:
        """Whether another intent, whose outcome is unknown, keeps the hotel from this one."""
        blocker, until = self._blocked.get(hotel_id, ("", 0.0))
        return blocker != intent_id and self._clock() < until

    def block(self, hotel_id: int, intent_id: str, wait: float | None = None) -> None:
        """The outcome of the intent's booking is unknown; for `wait` seconds, by default the settle time."""
        until = self._clock() + (self._settle if wait is None else wait)
        self._blocked[hotel_id] = (intent_id, until)

    def settled(self, hotel_id: int, intent_id: str) -> None:
        """The intent's booking has been read back."""
        if self._blocked.get(hotel_id, ("", 0.0))[0] == intent_id:
            del self._blocked[hotel_id]
