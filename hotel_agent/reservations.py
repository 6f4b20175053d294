"""A guest's reservation: taken on, carried out or put into the outbox, and never confirmed without the PMS."""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hotel_agent.booking import (
    Booker,
    Confirmed,
    InDoubt,
    NotFound,
    NotSent,
    Outcome,
    Refused,
    SoldOut,
    changes,
    outcome_of,
)
from hotel_agent.breaker import Breaker, State
from hotel_agent.failures import Kind
from hotel_agent.logs import logger
from hotel_agent.metrics import SERVICE, Metrics
from hotel_agent.models import Money, Reservation, ReservationRequest, Status
from hotel_agent.outbox import Intent, Outbox, Remembered, new_id
from hotel_agent.problems import (
    ProblemError,
    breaker_open,
    key_reused,
    not_found,
    outbox_full,
    pms_failed,
    pms_refused,
    request_in_progress,
    sold_out,
)
from hotel_agent.settings import Settings
from hotel_agent.turns import Turns

#: How long an Idempotency-Key is kept, in seconds.
KEY_TTL = 86400.0
#: Refusals that are stored for a key; other answers free it.
_STORED = (404, 409)


@dataclass(frozen=True)
class Reply:
    """What the guest is told: the HTTP status and the reservation."""

    status: int
    reservation: Reservation


class Reservations:
    """The guest's side of reservations.

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
        self._in_progress: set[str] = set()
        self._tasks: set[asyncio.Task[Outcome]] = set()

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
            return await self._reserve(request, None)
        fingerprint = hashlib.sha256(request.model_dump_json().encode()).hexdigest()
        if key in self._in_progress:
            remembered = await self._outbox.recall(key, self._clock() - KEY_TTL)
            if remembered is not None and remembered.fingerprint != fingerprint:
                raise key_reused()
            raise request_in_progress()
        self._in_progress.add(key)
        try:
            remembered = await self._outbox.recall(key, self._clock() - KEY_TTL)
            if remembered is not None:
                replayed = await self._replay(remembered, fingerprint)
                if replayed is not None:
                    return replayed
            await self._outbox.remember(key, fingerprint, None, self._clock())
            return await self._reserve_for(request, key, fingerprint)
        finally:
            self._in_progress.discard(key)

    async def _reserve_for(self, request: ReservationRequest, key: str, fingerprint: str) -> Reply:
        try:
            return await self._reserve(request, (key, fingerprint))
        except ProblemError as error:
            if error.problem.status in _STORED:
                await self._outbox.remember_refusal(key, error.problem.status, error.problem.model_dump())
            else:
                await self._outbox.forget(key)
            raise

    async def _replay(self, remembered: Remembered, fingerprint: str) -> Reply | None:
        if remembered.fingerprint != fingerprint:
            raise key_reused()
        if remembered.body is not None:
            raise ProblemError.from_stored(remembered.body)
        intent = await self._outbox.get(remembered.intent_id) if remembered.intent_id else None
        if intent is None:
            return None  # a kill came before anything was promised
        if intent.status in (Status.REJECTED, Status.EXPIRED):
            raise sold_out(f"the reservation is {intent.status}")
        return Reply(201 if intent.status is Status.CONFIRMED else 202, present(intent))

    async def _reserve(self, request: ReservationRequest, key: tuple[str, str] | None) -> Reply:
        if self._outbox.pending >= self._settings.pms_pending_max:
            raise outbox_full(max(1, math.ceil(self._settings.pms_outbox_interval)))
        intent = Intent(
            id=new_id(),
            hotel_id=request.hotel_id or self._settings.pms_hotel_id,
            room_type=request.room_type,
            check_in=request.check_in,
            check_out=request.check_out,
            guest_name=request.guest_name,
            email=request.email,
            created_at=self._clock(),
        )
        await self._outbox.save(intent)
        if key is not None:
            await self._outbox.remember(*key, intent.id, self._clock())
        if self._settings.pms_type == "mock":
            return self._pending(intent)
        if self._breaker.state is not State.CLOSED:
            self._metrics.rejections.labels(SERVICE, "reservation").inc()
            return await self._not_sent(intent, NotSent(None))
        return await self._carry_out(intent)

    async def _carry_out(self, intent: Intent) -> Reply:
        """Book in a task of its own: a guest who hangs up does not cancel it, one who waited long enough gets 202."""
        patience = 2 * self._settings.pms_timeout
        task = asyncio.create_task(self._book_in_turn(intent))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        done, _ = await asyncio.wait({task}, timeout=patience)
        if not done:
            intent = await self._outbox.get(intent.id) or intent
            if not intent.attempts:
                task.cancel()
                await asyncio.wait({task})  # it may have begun to send while we looked
                if not task.cancelled():
                    return await self._answer(intent, task.result())
                intent = await self._outbox.get(intent.id) or intent
            if not intent.attempts:
                return await self._not_sent(intent, NotSent(None))
            return self._pending(intent)
        return await self._answer(intent, task.result())

    async def _book_in_turn(self, intent: Intent) -> Outcome:
        async with self._turns.turn(intent.hotel_id, intent.id):
            # The worker also sees the intent, and may have had the turn first: it must not be sent twice.
            fresh = await self._outbox.get(intent.id)
            if fresh is None or fresh.attempts or fresh.status is not Status.PENDING:
                return outcome_of(fresh or intent)
            intent, outcome = await self._booker.attempt(fresh, guest_waits=True)
            if isinstance(outcome, InDoubt):
                self._turns.block(intent.hotel_id, intent.id)
            changed = changes(outcome)
            if changed:
                await self._outbox.update(intent, **changed)
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
            case Confirmed():
                return Reply(201, await self.get(intent.id))
            case InDoubt():
                return self._pending(await self._outbox.get(intent.id) or intent)

    async def _not_sent(self, intent: Intent, outcome: NotSent) -> Reply:
        """Nothing was done: pending with failover on, otherwise withdrawn and told."""
        if self._settings.failover:
            return self._pending(intent)
        await self._outbox.withdraw(intent)
        failure = outcome.failure
        if failure is None or failure.kind is Kind.RATE_LIMIT:
            raise breaker_open(self._retry_after())
        raise pms_failed(failure)

    def _pending(self, intent: Intent) -> Reply:
        self._metrics.failover.labels("reservation", "outbox").inc()
        logger().info("reservation is pending", reservation=intent.id)
        return Reply(202, present(intent))

    def _retry_after(self) -> int:
        return max(1, math.ceil(self._breaker.remaining))


def present(intent: Intent) -> Reservation:
    """The reservation as guests see it."""
    confirmed = intent.status is Status.CONFIRMED
    total: Money | None = None
    if confirmed and intent.amount is not None and intent.currency:
        total = Money(amount=intent.amount, currency=intent.currency)
    reason: Any = intent.reason
    return Reservation(
        reservation_id=intent.id,
        status=intent.status,
        reason=reason,
        pms_booking_id=intent.booking_id,
        source="pms" if confirmed else "outbox",
        hotel_id=intent.hotel_id,
        room_type=intent.room_type,
        check_in=intent.check_in,
        check_out=intent.check_out,
        guest_name=intent.guest_name,
        email=intent.email,
        total=total,
        created_at=datetime.fromtimestamp(intent.created_at, UTC),
    )
