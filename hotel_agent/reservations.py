"""A guest's reservation: taken on, carried out or put into the outbox, and never confirmed without the PMS."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from datetime import datetime

from structlog.contextvars import bind_contextvars

from hotel_agent.booking import (
    Booker,
    Confirmed,
    InDoubt,
    NotFound,
    NotSent,
    Outcome,
    Refused,
    SoldOut,
)
from hotel_agent.breaker import Breaker, State
from hotel_agent.bulkhead import Bulkhead, Full
from hotel_agent.failures import Kind
from hotel_agent.idempotency import Idempotency
from hotel_agent.intent import Intent, new_id
from hotel_agent.logs import logger, trace
from hotel_agent.metrics import SERVICE, Metrics
from hotel_agent.models import Reservation, ReservationRequest, Status
from hotel_agent.outbox import Outbox, StoreFailed
from hotel_agent.problems import (
    admit_stay,
    breaker_open,
    not_found,
    outbox_full,
    pms_busy,
    pms_failed,
    pms_refused,
    sold_out,
    store_failed,
)
from hotel_agent.replies import Reply, present, reply
from hotel_agent.settings import Settings
from hotel_agent.turns import Turns


class Reservations:
    """The guest's side of reservations.

    Args:
        clock: wall-clock seconds.
    """

    def __init__(
        self,
        settings: Settings,
        breaker: Breaker,
        bulkhead: Bulkhead,
        booker: Booker,
        outbox: Outbox,
        turns: Turns,
        metrics: Metrics,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._breaker = breaker
        self._bulkhead = bulkhead
        self._booker = booker
        self._outbox = outbox
        self._turns = turns
        self._metrics = metrics
        self._clock = clock
        self._patience = 2 * settings.pms_timeout
        self._idempotency = Idempotency(outbox, clock)
        self._tasks: set[asyncio.Task[Outcome]] = set()
        self._arriving = 0  # admitted, and not yet among the pending ones of the outbox

    @property
    def under_way(self) -> set[asyncio.Task[Outcome]]:
        """The bookings that have begun and not ended, those included whose guests have been answered."""
        return set(self._tasks)

    async def get(self, reservation_id: str) -> Reservation:
        """The reservation in its present state.

        Raises:
            ProblemError: 404, the agent does not know it.
        """
        intent = await self._outbox.get(reservation_id)
        if intent is None:
            raise not_found("there is no such reservation")
        return present(intent)

    async def reserve(self, request: ReservationRequest, key: str | None) -> Reply:
        """Take on a reservation; with an Idempotency-Key at most once for the key.

        Raises:
            ProblemError: every answer that is neither 201 nor 202.
        """
        if key is None:
            self._admit(request)
            return await self._reserve(request, new_id())
        return await self._idempotency.once(key, request, self._admit, self._reserve)

    def _admit(self, request: ReservationRequest) -> None:
        today = datetime.fromtimestamp(self._clock(), self._settings.zone).date()
        admit_stay(request.check_in, request.check_out, today)

    async def _reserve(self, request: ReservationRequest, intent_id: str) -> Reply:
        if self._outbox.pending + self._arriving >= self._settings.pms_pending_max:
            raise outbox_full(max(1, math.ceil(self._settings.pms_outbox_interval)))
        intent = Intent(
            id=intent_id,
            hotel_id=request.hotel_id or self._settings.pms_hotel_id,
            room_type=request.room_type,
            check_in=request.check_in,
            check_out=request.check_out,
            guest_name=request.guest_name,
            email=request.email,
            created_at=self._clock(),
        )
        bind_contextvars(reservation=intent.id)
        # From before the worker can see it.
        with self._turns.awaited(intent.id):
            await self._take_on(intent)
            if self._settings.pms_type == "mock":
                return await self._as_it_is(intent)
            if self._breaker.state is not State.CLOSED:
                self._metrics.rejections.labels(SERVICE, "reservation").inc()
                return await self._not_sent(intent, NotSent(None))
            return await self._carry_out(intent)

    async def _take_on(self, intent: Intent) -> None:
        """Write it down before anything is sent; what cannot be written is not taken on."""
        self._arriving += 1
        try:
            await self._outbox.add(intent)
        except StoreFailed as failure:
            logger().error("reservation not taken on: the outbox cannot be written", error=str(failure))
            raise store_failed() from None
        finally:
            self._arriving -= 1

    async def _carry_out(self, intent: Intent) -> Reply:
        """Book in a task of its own: a guest who hangs up does not cancel it, one who waited long enough gets 202."""
        task = asyncio.create_task(self._book_in_turn(intent))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        done, _ = await asyncio.wait({task}, timeout=self._patience)
        return await self._answer(intent, task.result() if done else NotSent(None))

    async def _book_in_turn(self, intent: Intent) -> Outcome:
        try:
            async with self._turns.turn(intent.hotel_id, intent.id, self._patience):
                return await self._book(intent)
        except (TimeoutError, StoreFailed):
            return NotSent(None)
        except Exception as error:  # it is written down: pending is true, whatever this is
            logger().error("unexpected error in a reservation", error=type(error).__name__, trace=trace(error))
            return InDoubt()

    async def _book(self, intent: Intent) -> Outcome:
        # The worker also sees the intent, and may have had the turn first: it must not be sent twice.
        fresh = await self._outbox.get(intent.id)
        if fresh is None or fresh.attempts or fresh.status is not Status.PENDING:
            return InDoubt()
        try:
            async with self._bulkhead.place():
                tried, outcome = await self._booker.attempt(fresh, guest_waits=True)
        except Full:
            self._metrics.turned_away.labels(SERVICE, "reservation").inc()
            return NotSent(None)
        if isinstance(outcome, InDoubt):
            self._turns.block(tried.hotel_id, tried.id)
        return outcome

    async def _answer(self, intent: Intent, outcome: Outcome) -> Reply:
        match outcome:
            case NotSent():
                return await self._not_sent(intent, outcome)
            case SoldOut():
                raise sold_out("the PMS has no room for this stay")
            case NotFound():
                raise not_found("the PMS knows no such hotel or room type")
            case Refused(message):
                raise pms_refused(message)
            case Confirmed() | InDoubt():
                return await self._as_it_is(intent)

    async def _not_sent(self, intent: Intent, outcome: NotSent) -> Reply:
        """Nothing was done: pending with failover on, otherwise withdrawn (unless it was just sent) and told."""
        if self._settings.failover or not await self._withdrawn(intent):
            return await self._as_it_is(intent)
        failure = outcome.failure
        if failure is None and self._breaker.state is State.CLOSED:
            raise pms_busy()
        if failure is None or failure.kind is Kind.RATE_LIMIT:
            raise breaker_open(self._retry_after())
        raise pms_failed(failure)

    async def _withdrawn(self, intent: Intent) -> bool:
        """Whether it could be withdrawn; one that cannot be deleted from the outbox will be carried out."""
        try:
            return await self._outbox.withdraw(intent)
        except StoreFailed as failure:
            logger().error("reservation not withdrawn: the outbox cannot be written", error=str(failure))
            return False

    async def _as_it_is(self, intent: Intent) -> Reply:
        """What stands in the outbox, which others may have changed meanwhile."""
        try:
            intent = await self._outbox.get(intent.id) or intent
        except StoreFailed as failure:  # it was written, so it is pending at least
            logger().error("reservation not read: the outbox cannot be read", error=str(failure))
        answer = reply(intent)
        if answer.status == 202:
            self._metrics.failover.labels("reservation", "outbox").inc()
            logger().info("reservation is pending", reservation=intent.id)
        return answer

    def _retry_after(self) -> int:
        return max(1, math.ceil(self._breaker.remaining))
