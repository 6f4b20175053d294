"""One attempt to book, and what it came to. Nothing here repeats a booking request."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from hotel_agent.answers import Booked, Found, says_outcome_unknown, says_sold_out, says_unknown_thing
from hotel_agent.elapsed import Elapsed
from hotel_agent.failures import BreakerNotClosed, PmsFailure, PmsRefused
from hotel_agent.intent import Intent
from hotel_agent.logs import logger, trace
from hotel_agent.models import Query, Status
from hotel_agent.outbox import Outbox, Overtaken, StoreFailed
from hotel_agent.qloapps import QloApps, UnknownThing

#: For how many hotels a currency is kept.
_HOTELS_KEPT = 1000


@dataclass(frozen=True)
class Confirmed:
    """The PMS holds a room for the guest."""

    order_id: int
    total: Decimal


@dataclass(frozen=True)
class SoldOut:
    """The PMS has no room, or took it back silently."""


@dataclass(frozen=True)
class NotFound:
    """The PMS does not know the hotel or the room type."""


@dataclass(frozen=True)
class Refused:
    """The PMS does not take the booking as it is."""

    message: str


@dataclass(frozen=True)
class NotSent:
    """Certainly nothing was done: the failure is certain, or (no failure) no request was to leave."""

    failure: PmsFailure | None


@dataclass(frozen=True)
class InDoubt:
    """The PMS may have done it, may still do it, or not."""


Outcome = Confirmed | SoldOut | NotFound | Refused | NotSent | InDoubt


class Booker:
    """Sends booking requests, at most one at a time, and reads back what they came to.

    Args:
        currency: the currency to book in, or empty to take that of the PMS's last quote for the hotel.
        elapsed: counts how long ago attempts were.
        clock: wall-clock seconds.
    """

    def __init__(
        self,
        qloapps: QloApps,
        outbox: Outbox,
        currency: str,
        elapsed: Elapsed,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.qloapps = qloapps
        self._currency = currency
        #: By hotel, those last asked about at the end. Hotels that the PMS does not know never get here.
        self._quoted: OrderedDict[int, str] = OrderedDict()
        self.elapsed = elapsed
        self._outbox = outbox
        self._clock = clock

    def quoted(self, hotel_id: int, currency: str) -> None:
        """The PMS has quoted a price for the hotel in this currency."""
        self._quoted[hotel_id] = currency
        self._quoted.move_to_end(hotel_id)
        if len(self._quoted) > _HOTELS_KEPT:
            self._quoted.popitem(last=False)

    async def attempt(self, intent: Intent, *, guest_waits: bool) -> tuple[Intent, Outcome]:
        """Send the booking request once, and write what came of it. What stands in the outbox comes with the outcome.

        The intent says that it was sent before it leaves (write-ahead). Nothing is raised once it may have left: then
        the outcome is known, or InDoubt.

        Args:
            guest_waits: whether a refusal by the breaker is the rejection of a guest's reservation.
        """
        rejected_as = "reservation" if guest_waits else None
        currency = self._currency or self._quoted.get(intent.hotel_id, "")
        if not currency:
            asked = await self._ask_currency(intent, rejected_as)
            if not isinstance(asked, str):
                return await self._conclude(intent, asked, doubtful=intent.doubtful)
            currency = asked
        before = intent
        try:
            intent = await self._outbox.update(
                intent,
                attempts=intent.attempts + 1,
                doubtful=True,
                attempted_at=self._clock(),
                readbacks=0,
                currency=currency,
            )
        except Overtaken:
            return before, NotSent(None)
        except StoreFailed as failure:
            logger().error("reservation not sent: the outbox cannot be written", error=str(failure))
            return before, NotSent(None)
        self.elapsed.begin(intent.id, intent.attempted_at)
        try:
            return await self._send(before, intent, currency, guest_waits)
        except Exception as error:  # it may have left: whatever this is, the hotel must wait and the guest be pending
            logger().error("unexpected error in a booking", error=type(error).__name__, trace=trace(error))
            return intent, InDoubt()

    async def _send(self, before: Intent, intent: Intent, currency: str, guest_waits: bool) -> tuple[Intent, Outcome]:
        rejected_as = "reservation" if guest_waits else None
        try:
            booked = await self.qloapps.book(intent.stay, currency, rejected_as=rejected_as)
        except BreakerNotClosed:
            return await self._unsent(before, intent), NotSent(None)
        except PmsFailure as failure:
            if failure.certain:
                return await self._unsent(before, intent), NotSent(failure)
            return await self._doubted(intent, guest_waits)
        except PmsRefused as refusal:
            if says_outcome_unknown(refusal):
                return await self._doubted(intent, guest_waits)
            # The attempt is settled; an earlier one may not be.
            return await self._conclude(intent, _refused(refusal), doubtful=before.doubtful)
        return await self._verified(before, intent, booked, guest_waits)

    async def _unsent(self, before: Intent, intent: Intent) -> Intent:
        """Take back that an attempt was made. Where that cannot be written, it is looked up as if it had been."""
        try:
            return await self._outbox.update(
                intent,
                attempts=before.attempts,
                doubtful=before.doubtful,
                attempted_at=before.attempted_at,
                readbacks=before.readbacks,
                currency=before.currency,
            )
        except (Overtaken, StoreFailed) as error:
            logger().warning("an attempt that was not made stays in the outbox", error=type(error).__name__)
            return intent

    async def _doubted(self, intent: Intent, guest_waits: bool) -> tuple[Intent, Outcome]:
        """The settle time counts from now: the request may have reached the PMS at the last moment."""
        intent = await self._outbox.update(intent, attempted_at=self._clock())
        self.elapsed.begin(intent.id, intent.attempted_at)
        outcome = await self.read_back(intent, guest_waits=guest_waits)
        return (intent, InDoubt()) if outcome is None else await self._conclude(intent, outcome, doubtful=True)

    async def _conclude(self, intent: Intent, outcome: Outcome, *, doubtful: bool) -> tuple[Intent, Outcome]:
        """Write the outcome of an attempt, in one step with whether it is still in doubt.

        An intent that another has ended meanwhile stays ended; what the PMS holds for it is looked up later and
        cancelled. One that nobody could look up ("unresolved") is resolved by this.
        """
        told = changes(outcome)
        if not told:
            return intent, outcome
        try:
            return await self._outbox.update(intent, doubtful=doubtful, **told), outcome
        except StoreFailed as failure:
            # As it was before: the row says that the attempt is in doubt, and the worker reads it back.
            logger().error("outcome not stored: the outbox cannot be written", error=str(failure))
            return intent, InDoubt()
        except Overtaken:
            fresh = await self._outbox.get(intent.id)
        if fresh is None:
            return intent, NotSent(None)
        if fresh.status in (Status.PENDING, Status.UNRESOLVED):
            return await self._outbox.update(fresh, doubtful=doubtful, **told), outcome
        logger().warning("reservation ended while it was booked", reservation=fresh.id, status=fresh.status)
        again = await self._outbox.update(fresh, doubtful=True, attempted_at=self._clock(), readbacks=0)
        return again, InDoubt()

    async def read_back(self, intent: Intent, *, guest_waits: bool) -> Confirmed | SoldOut | None:
        """What the PMS holds for the intent; None when nothing is found or there is no answer.

        Surplus bookings are left to the late read-backs of the worker.
        """
        try:
            found = await self.qloapps.find(intent.id, rejected_as=_readback(guest_waits))
        except (PmsFailure, PmsRefused, BreakerNotClosed):
            return None
        return judge(found)

    async def _verified(
        self, before: Intent, intent: Intent, booked: Booked, guest_waits: bool
    ) -> tuple[Intent, Outcome]:
        """QloApps answers 200 also when it cancels the booking silently: look at the room lines."""
        try:
            live = await self.qloapps.lines_live(booked.order_id, rejected_as=_readback(guest_waits))
        except (PmsFailure, PmsRefused, BreakerNotClosed):
            return intent, InDoubt()
        if live is None:
            return intent, InDoubt()
        if not live:
            logger().warning("PMS cancelled a booking silently", reservation=intent.id, order=booked.order_id)
            return await self._conclude(intent, SoldOut(), doubtful=before.doubtful)
        return await self._conclude(intent, Confirmed(booked.order_id, booked.total), doubtful=before.doubtful)

    async def _ask_currency(self, intent: Intent, rejected_as: str | None) -> str | Outcome:
        """The currency of a quote for the stay, or what came of asking for one."""
        query = Query(
            hotel_id=intent.hotel_id,
            room_type=intent.room_type,
            check_in=intent.check_in,
            check_out=intent.check_out,
        )
        try:
            quote = await self.qloapps.availability(query, rejected_as=rejected_as)
        except BreakerNotClosed:
            return NotSent(None)
        except PmsFailure as failure:
            return NotSent(failure)
        except UnknownThing:
            return NotFound()
        except PmsRefused as refusal:
            return _refused(refusal)
        self.quoted(intent.hotel_id, quote.currency)
        return quote.currency


def judge(found: list[Found]) -> Confirmed | SoldOut | None:
    """The lowest live booking confirms; bookings that are all cancelled mean sold out; none means nothing found."""
    live = [booking for booking in found if booking.live]
    if live:
        return Confirmed(live[0].order_id, live[0].total)
    return SoldOut() if found else None


def changes(outcome: Outcome) -> dict[str, object]:
    """How an outcome changes a pending intent; nothing when it stays pending."""
    match outcome:
        case Confirmed(order_id, total):
            return {"status": Status.CONFIRMED, "booking_id": order_id, "amount": total}
        case SoldOut():
            return {"status": Status.REJECTED, "reason": "sold_out"}
        case NotFound() | Refused():
            return {"status": Status.REJECTED, "reason": "invalid"}
        case _:
            return {}


def _readback(guest_waits: bool) -> str | None:
    return "readback" if guest_waits else None


def _refused(refusal: PmsRefused) -> Outcome:
    if says_sold_out(refusal):
        return SoldOut()
    if says_unknown_thing(refusal):
        return NotFound()
    return Refused(refusal.message)
