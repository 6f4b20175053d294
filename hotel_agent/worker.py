"""The outbox worker: carries out what is pending, looks up what is doubtful, ends what is too late."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from hotel_agent.answers import Found
from hotel_agent.booking import Booker, InDoubt, NotSent, changes, judge
from hotel_agent.breaker import Breaker, State
from hotel_agent.failures import BreakerNotClosed, PmsFailure, PmsRefused
from hotel_agent.intent import Intent
from hotel_agent.logs import logger, trace
from hotel_agent.metrics import Metrics
from hotel_agent.models import Status
from hotel_agent.outbox import Outbox, Overtaken
from hotel_agent.settings import Settings
from hotel_agent.turns import Turns

#: An intent with which something unexpected went wrong is left alone for so many rounds at most.
_MOST_ROUNDS = 64


class OutboxWorker:
    """Works only while the breaker is closed; oldest first, one at a time, and guests who wait go first.

    The list of a round grows old while the round is at work: each intent is read anew before anything is decided, and
    written only if it is still what was read.

    Args:
        clock: wall-clock seconds, for the end of a day.
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
        self._rounds = 0
        self._stopping = asyncio.Event()
        #: How often something unexpected went wrong with an intent, and the round before which it is left alone.
        self._failed: dict[str, tuple[int, int]] = {}

    async def run(self) -> None:
        """Work until it is stopped, a round every PMS_OUTBOX_INTERVAL."""
        while not await self._stopped_within(self._settings.pms_outbox_interval):
            try:
                await self.round()
            except Exception as error:  # the worker must outlive whatever one round meets
                with suppress(Exception):
                    logger().error("outbox round failed", error=type(error).__name__, trace=trace(error))

    def stop(self) -> None:
        """Begin with nothing more; the intent that is being worked on is brought to its end."""
        self._stopping.set()

    async def _stopped_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        return self._stopping.is_set()

    async def round(self) -> None:
        """One round over everything that is due now."""
        self._rounds += 1
        waiting, doubtful = await self._outbox.waiting(), await self._outbox.doubtful()
        self._forget_all_but({intent.id for intent in (*waiting, *doubtful)})
        for intent in waiting:
            await self._alone(intent, self._bring_on)
        for intent in doubtful:
            await self._alone(intent, self._watch)

    async def _alone(self, intent: Intent, step: Callable[[Intent], Awaitable[None]]) -> None:
        """Do the step; what goes wrong with one intent holds up no other, and is not tried again in every round."""
        failed, not_before = self._failed.get(intent.id, (0, 0))
        if self._rounds < not_before or self._stopping.is_set():
            return
        with structlog.contextvars.bound_contextvars(reservation=intent.id):
            try:
                await step(intent)
            except Overtaken:
                return  # another was quicker; the next round sees what it did
            except Exception as error:  # whatever it is, it is this intent's
                rounds = min(2 ** (failed + 1), _MOST_ROUNDS)
                self._failed[intent.id] = (min(failed + 1, _MOST_ROUNDS), self._rounds + rounds)
                logger().error(
                    "reservation cannot be worked on", error=type(error).__name__, trace=trace(error), rounds=rounds
                )
                return
        self._failed.pop(intent.id, None)

    def _forget_all_but(self, ids: set[str]) -> None:
        self._booker.elapsed.keep_only(ids)
        self._failed = {intent_id: told for intent_id, told in self._failed.items() if intent_id in ids}

    async def _bring_on(self, intent: Intent) -> None:
        """Carry out or end a pending intent, unless its guest is being served or another keeps its hotel."""
        if self._too_late(intent):
            await self._expire(intent)
        elif self._turns.is_awaited(intent.id):
            return  # its guest books it, and is told what the PMS says
        # What waits for another's booking to be settled must not keep the worker from reading that one back.
        elif self._may_call and not self._turns.blocked(intent.hotel_id, intent.id):
            await self._carry_out(intent)

    async def _watch(self, intent: Intent) -> None:
        """Look at an ended intent again on which the PMS may still act; after PMS_PENDING_TTL nobody looks any more."""
        if intent.status is Status.PENDING:
            return
        since = self._booker.elapsed.since(intent.id, intent.attempted_at)
        if since >= self._settings.pms_pending_ttl:
            await self._outbox.update(intent, doubtful=False)
        elif since >= intent.next_readback(self._settings.pms_settle) and self._may_call:
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
            since = self._booker.elapsed.since(fresh.id, fresh.attempted_at)
            if since < fresh.rest(self._settings.pms_settle):
                return
            tried, outcome = await self._booker.attempt(fresh, guest_waits=False)
            if isinstance(outcome, InDoubt):
                self._turns.block(fresh.hotel_id, fresh.id)
            elif not isinstance(outcome, NotSent):
                self._turns.settled(fresh.hotel_id, fresh.id)
                logger().info("pending reservation ended", reservation=tried.id, status=tried.status)

    async def _look_again(self, intent: Intent) -> None:
        """A request can be carried out long after its client gave up: look at 1, 2, 4, ... x settle."""
        found = await self._find(intent)
        if found is not None:
            # First: what another has changed meanwhile must not be judged by what it was.
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
            outcome = judge(found)
            if outcome is not None:
                intent = await self._outbox.update(intent, **changes(outcome))
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
        if self._clock() >= end_of_day(intent.check_in, self._settings.zone):
            return True
        return self._booker.elapsed.since(intent.id, intent.created_at) >= self._settings.pms_pending_ttl

    async def _expire(self, intent: Intent) -> None:
        """Never sent: expired. Sent: only after a read-back finds nothing; if that is impossible, unresolved.

        In the turn of the hotel, so that nobody is at work on this booking. It does not wait for what blocks the
        hotel: nothing is booked here.
        """
        async with self._turns.turn(intent.hotel_id, intent.id, passes=True):
            fresh = await self._outbox.get(intent.id)
            if fresh is None or fresh.status is not Status.PENDING:
                return
            if fresh.attempts:
                found = await self._find(fresh) if self._may_call else None
                if found is None:
                    await self._outbox.update(fresh, status=Status.UNRESOLVED)
                    logger().error("a person must look at this reservation", reservation=fresh.id)
                    return
                if found:
                    await self._settle(fresh, found)
                    return
            await self._outbox.update(fresh, status=Status.EXPIRED)
            logger().warning("reservation expired", reservation=fresh.id)


def end_of_day(day: str, zone: ZoneInfo) -> float:
    """Wall-clock seconds of the midnight that ends an ISO date in a time zone."""
    following = date.fromisoformat(day) + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(UTC).timestamp()
