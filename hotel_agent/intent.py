"""An intent: one reservation that the agent took on, and when something may be done about it again."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from hotel_agent.answers import Stay
from hotel_agent.models import Status


@dataclass(frozen=True)
class Intent:
    """One reservation. Times are wall-clock seconds, because they must survive a restart.

    Attributes:
        id: the agent's own id; it is also the reference written into the PMS's booking.
        attempts: booking requests sent so far.
        doubtful: whether an attempt's outcome is or was unknown, so that the PMS may still act on it.
        attempted_at: when the last attempt was sent, or when it failed with its outcome unknown; 0 before the first.
        readbacks: late read-backs done since the last doubtful attempt.
        version: how often the row has been written; the outbox takes a change only of the version that it holds.
    """

    id: str
    hotel_id: int
    room_type: int
    check_in: str
    check_out: str
    guest_name: str
    email: str
    created_at: float
    status: Status = Status.PENDING
    reason: str | None = None
    booking_id: int | None = None
    amount: Decimal | None = None
    currency: str | None = None
    attempts: int = 0
    doubtful: bool = False
    attempted_at: float = 0.0
    readbacks: int = 0
    version: int = 0

    @property
    def stay(self) -> Stay:
        """What is booked at the PMS."""
        return Stay(
            self.id,
            self.hotel_id,
            self.room_type,
            self.check_in,
            self.check_out,
            self.guest_name,
            self.email,
        )

    def rest(self, settle: float) -> float:
        """Seconds after an attempt before the next one: settle if its outcome is unknown, doubled each time."""
        return settle * 2.0 ** (self.attempts - 1) if self.doubtful else 0.0

    def next_readback(self, settle: float) -> float:
        """Seconds after a doubtful attempt until it is looked up again: 1, 2, 4, ... x settle."""
        return settle * 2.0**self.readbacks


def new_id() -> str:
    """A fresh reservation id, unique to the intent."""
    return str(uuid.uuid4())
