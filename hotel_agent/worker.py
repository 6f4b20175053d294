"""The outbox worker: carries out what is pending, looks up what is doubtful, ends what is too late."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hotel_agent.answers import Found
from hotel_agent.booking import Booker, Confirmed, InDoubt, NotSent, changes
from hotel_agent.breaker import Breaker, State
from hotel_agent.failures import BreakerNotClosed, PmsFailure, PmsRefused
from hotel_agent.intent import Intent
from hotel_agent.logs import logger
from hotel_agent.metrics import Metrics
from hotel_agent.models import Status
from hotel_agent.outbox import Outbox
from hotel_agent.settings import Settings
from hotel_agent.turns import Turns


class OutboxWorker:
    """Works only while the breaker is closed; oldest first, one at a time, and guests who wait go first.

    Args:
        clock: wall-clock seconds.
    """

    def __init__(
        self,
        settings: Settings,
        breaker: Breaker,
        booker: Booker,
        outbox: Outbox,
        turns: Turns,
        metrics: Metrics,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._breaker = breaker
        self._booker = booker
        self._outbox = outbox
        self._turns = turns
        self._metrics = metrics
        self._clock = clock

    async def run(self) -> None:
        """Work for ever, a round every PMS_OUTBOX_INTERVAL."""
        while True:
            await asyncio.sleep(self._settings.pms_outbox_interval)
            try:
                await self.round()
            except Exception as error:  # the worker must outlive whatever one round meets
                logger().error("outbox round failed", error=type(error).__name__)

    async def round(self) -> None:
        """One round over everything that is due now."""
        for intent in await self._outbox.waiting():
            if self._too_late(intent):
                await self._expire(intent)
            elif self._turns.is_awaited(intent.id):
                continue  # its guest books it, and is told what the PMS says
            # What waits for another's booking to be settled must not keep the worker from reading that one back.
            elif self._may_call and not self._turns.blocked(intent.hotel_id, intent.id):
                await self._carry_out(intent)
        for intent in await self._outbox.doubtful(self._clock() - self._settings.pms_pending_ttl):
            late = self._clock() >= intent.next_readback(self._settings.pms_settle)
            if late and intent.status is not Status.PENDING and self._may_call:
                await self._look_again(intent)

    @property
    def _may_call(self) -> bool:
        return self._settings.pms_type == "qloapps" and self._breaker.state is State.CLOSED

    async def _carry_out(self, intent: Intent) -> None:
        """Read back, then book, then read back; nothing is repeated before the settle time has passed."""
        async with self._turns.turn(intent.hotel_id, intent.id, yields=self._settings.pms_outbox_interval):
            fresh = await self._outbox.get(intent.id)
            if fresh is None or fresh.status is not Status.PENDING:
                return
            found = await self._find(fresh)
            if found is None:
                return
            if found:
                await self._settle(fresh, found)
                self._turns.settled(fresh.hotel_id, fresh.id)
                return
            if self._clock() < fresh.next_try(self._settings.pms_settle):
                return
            tried, outcome = await self._booker.attempt(fresh, guest_waits=False)
            if isinstance(outcome, InDoubt):
                self._turns.block(fresh.hotel_id, fresh.id)
            elif not isinstance(outcome, NotSent):
                self._turns.settled(fresh.hotel_id, fresh.id)
                ended = await self._outbox.update(tried, **changes(outcome))
                logger().info("pending reservation ended", reservation=ended.id, status=ended.status)

    async def _look_again(self, intent: Intent) -> None:
        """A request can be carried out long after its client gave up: look at 1, 2, 4, ... x settle."""
        found = await self._find(intent)
        if found is not None:
            intent = await self._outbox.update(intent, readbacks=intent.readbacks + 1)
            await self._settle(intent, found)

    async def _find(self, intent: Intent) -> list[Found] | None:
        """What the PMS holds for the intent; None when it did not answer."""
        try:
            return await self._booker.qloapps.find(intent.id, rejected_as=None)
        except (PmsFailure, PmsRefused, BreakerNotClosed):
            return None

    async def _settle(self, intent: Intent, found: list[Found]) -> None:
        """Bring the intent and the PMS's bookings for it together: one is kept, the rest is cancelled."""
        live = [booking for booking in found if booking.live]
        if intent.status is Status.PENDING:
            if live:
                outcome = Confirmed(live[0].order_id, live[0].total)
                intent = await self._outbox.update(intent, **changes(outcome))
                logger().info("pending reservation ended", reservation=intent.id, status=intent.status)
            elif found:
                intent = await self._outbox.update(intent, status=Status.REJECTED, reason="sold_out")
                logger().info("pending reservation ended", reservation=intent.id, status=intent.status)
        kept = self._kept(intent, live)
        for booking in live:
            if booking.order_id != kept:
                await self._cancel(intent, booking.order_id)
        if intent.status is Status.CONFIRMED and found and not live:
            await self._outbox.found_cancelled(intent.id, self._clock())
            logger().warning("a confirmed booking is cancelled at the PMS", reservation=intent.id)

    @staticmethod
    def _kept(intent: Intent, live: list[Found]) -> int | None:
        """The booking told to the guest, otherwise the lowest; none for a rejected or expired reservation."""
        if intent.status in (Status.REJECTED, Status.EXPIRED) or not live:
            return None
        ids = [booking.order_id for booking in live]
        return intent.booking_id if intent.booking_id in ids else ids[0]

    async def _cancel(self, intent: Intent, order_id: int) -> None:
        try:
            await self._booker.qloapps.cancel(order_id)
        except (PmsFailure, PmsRefused, BreakerNotClosed):
            return  # the next read-back finds it again
        self._metrics.duplicates.inc()
        logger().warning("PMS booking cancelled: surplus", reservation=intent.id, order=order_id)

    def _too_late(self, intent: Intent) -> bool:
        """Whether the check-in day is over at the hotel, or the reservation has been pending for too long."""
        over = end_of_day(intent.check_in, self._settings.zone)
        return self._clock() >= min(over, intent.created_at + self._settings.pms_pending_ttl)

    async def _expire(self, intent: Intent) -> None:
        """Never sent: expired. Sent: only after a read-back finds nothing; if that is impossible, unresolved."""
        if intent.doubtful:
            found = await self._find(intent) if self._may_call else None
            if found is None:
                ended = await self._outbox.update(intent, status=Status.UNRESOLVED)
                logger().error("a person must look at this reservation", reservation=ended.id)
                return
            if found:
                await self._settle(intent, found)
                return
        ended = await self._outbox.update(intent, status=Status.EXPIRED)
        logger().warning("reservation expired", reservation=ended.id)


def end_of_day(day: str, zone: ZoneInfo) -> float:
    """Wall-clock seconds of the midnight that ends an ISO date in a time zone."""
    following = date.fromisoformat(day) + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(UTC).timestamp()
