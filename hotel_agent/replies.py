"""What guests are told about a reservation, from what stands in the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hotel_agent.intent import Intent
from hotel_agent.models import Money, Reservation, Status
from hotel_agent.problems import sold_out


@dataclass(frozen=True)
class Reply:
    """What the guest is told: the HTTP status and the reservation."""

    status: int
    reservation: Reservation


def reply(intent: Intent) -> Reply:
    """The answer to a reservation request, from what has become of its intent.

    Raises:
        ProblemError: 409, it was rejected or has expired.
    """
    if intent.status in (Status.REJECTED, Status.EXPIRED):
        raise sold_out(f"the reservation is {intent.status}")
    return Reply(201 if intent.status is Status.CONFIRMED else 202, present(intent))


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
