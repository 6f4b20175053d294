"""One booking at a time per hotel: QloApps gives parallel bookings the same room."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field


@dataclass(eq=False)
class _Waiter:
    """Somebody who waits for a hotel's turn; `granted` is done when it has come."""

    intent_id: str
    passes: bool
    yields_until: float
    granted: asyncio.Future[None]


@dataclass
class _Hotel:
    """Who has the turn of a hotel, who waits for it, in the order of arrival, and which booking keeps it."""

    held: bool = False
    queue: list[_Waiter] = field(default_factory=list)
    blocker: str | None = None
    blocked_until: float = 0.0
    alarm: asyncio.TimerHandle | None = None


class Turns:
    """Hands out the turn of each hotel: first come first served among those who do not yield, blocked or not.

    After a booking whose outcome is unknown nobody gets the hotel's turn until it is settled: QloApps may still be
    at work on it, and a second booking at that moment could get the same room. Those who wait keep their places.

    A turn is handed on when it is given back, when what blocks the hotel is settled, and when the settle time is
    over; nobody polls. What is known of a hotel is dropped when nobody has, waits for or blocks its turn.

    Args:
        settle: seconds after which an unknown outcome no longer blocks the hotel.
        clock: monotonic seconds, those of the event loop.
    """

    def __init__(self, settle: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._settle = settle
        self._clock = clock
        self._hotels: dict[int, _Hotel] = {}
        self._guests: set[str] = set()

    @asynccontextmanager
    async def turn(
        self,
        hotel_id: int,
        intent_id: str,
        patience: float | None = None,
        *,
        yields: float = 0.0,
        passes: bool = False,
    ) -> AsyncIterator[None]:
        """Wait for the hotel's turn and keep it; the intent that blocks the hotel may go on itself.

        Args:
            patience: seconds to wait at most; None waits for ever.
            yields: seconds for which all others who wait go first, those who come later included. Work that
                nobody waits for yields, so that a long outbox does not make every guest wait once more; it yields
                for a limited time only, so that an endless stream of guests does not starve it.
            passes: whether it may go although another intent blocks the hotel; for work that books nothing.

        Raises:
            TimeoutError: the turn did not come within `patience` seconds.
        """
        granted = asyncio.get_running_loop().create_future()
        waiter = _Waiter(intent_id, passes, self._clock() + yields, granted)
        self._hotels.setdefault(hotel_id, _Hotel()).queue.append(waiter)
        self._hand_on(hotel_id)
        try:
            async with asyncio.timeout(patience):
                await granted
        except BaseException:
            self._leave(hotel_id, waiter)
            raise
        try:
            yield
        finally:
            self._give_back(hotel_id)

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

    def waiting(self, hotel_id: int) -> int:
        """How many wait for the hotel's turn."""
        return len(self._hotels[hotel_id].queue) if hotel_id in self._hotels else 0

    def known(self) -> int:
        """Of how many hotels something is known: a turn taken, waited for or blocked."""
        return len(self._hotels)

    def blocked(self, hotel_id: int, intent_id: str) -> bool:
        """Whether another intent, whose outcome is unknown, keeps the hotel from this one."""
        hotel = self._hotels.get(hotel_id)
        return hotel is not None and hotel.blocker not in (None, intent_id) and self._clock() < hotel.blocked_until

    def block(self, hotel_id: int, intent_id: str, wait: float | None = None) -> None:
        """The outcome of the intent's booking is unknown; for `wait` seconds, by default the settle time."""
        hotel = self._hotels.setdefault(hotel_id, _Hotel())
        hotel.blocker = intent_id
        hotel.blocked_until = self._clock() + (self._settle if wait is None else wait)
        self._set_alarm(hotel_id, hotel)

    def settled(self, hotel_id: int, intent_id: str) -> None:
        """The intent's booking has been read back."""
        hotel = self._hotels.get(hotel_id)
        if hotel is not None and hotel.blocker == intent_id:
            hotel.blocker = None
            self._hand_on(hotel_id)

    def _give_back(self, hotel_id: int) -> None:
        self._hotels[hotel_id].held = False
        self._hand_on(hotel_id)

    def _leave(self, hotel_id: int, waiter: _Waiter) -> None:
        """One who does not wait any longer; the turn may have come at the very moment."""
        if waiter.granted.done() and not waiter.granted.cancelled():
            self._give_back(hotel_id)
        else:
            self._hotels[hotel_id].queue.remove(waiter)
            self._hand_on(hotel_id)

    def _hand_on(self, hotel_id: int) -> None:
        """Give the turn, if nobody has it, to the first who may go; those who yield go after all others."""
        hotel = self._hotels[hotel_id]
        now = self._clock()
        if hotel.blocker is not None and now >= hotel.blocked_until:
            hotel.blocker = None
        if not hotel.held:
            able = [one for one in hotel.queue if not one.granted.done() and self._may_go(hotel, one)]
            unyielding = [one for one in able if now >= one.yields_until]
            for waiter in (unyielding or able)[:1]:
                hotel.queue.remove(waiter)
                hotel.held = True
                waiter.granted.set_result(None)
        if hotel.blocker is None and hotel.alarm is not None:
            hotel.alarm.cancel()
            hotel.alarm = None
        if not (hotel.held or hotel.queue or hotel.blocker):
            del self._hotels[hotel_id]

    @staticmethod
    def _may_go(hotel: _Hotel, waiter: _Waiter) -> bool:
        return waiter.passes or hotel.blocker in (None, waiter.intent_id)

    def _set_alarm(self, hotel_id: int, hotel: _Hotel) -> None:
        if hotel.alarm is not None:
            hotel.alarm.cancel()
        wait = max(0.0, hotel.blocked_until - self._clock())
        hotel.alarm = asyncio.get_running_loop().call_later(wait, self._wake, hotel_id, hotel)

    def _wake(self, hotel_id: int, hotel: _Hotel) -> None:
        """The settle time is over; a timer may come a moment early."""
        hotel.alarm = None
        if hotel.blocker is not None and self._clock() < hotel.blocked_until:
            self._set_alarm(hotel_id, hotel)
        elif self._hotels.get(hotel_id) is hotel:
            self._hand_on(hotel_id)
