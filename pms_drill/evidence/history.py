"""What guests asked and what they were told."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The operations of the agent's API that a guest uses."""

    AVAILABILITY = "availability"
    RESERVATION = "reservation"
    LOOKUP = "lookup"


#: Problems of a 5xx that say for certain that nothing was sent: the breaker refused, or the agent took nothing on.
_CERTAIN = ("breaker-open", "pms-busy", "outbox-full", "outbox-unusable")
#: A 4xx after which the same request may still be carried out.
_IN_PROGRESS = "request-in-progress"


class Ending(StrEnum):
    """How an operation ended, in the words of histories (design rule 5)."""

    OK = "ok"
    FAIL = "fail"
    INFO = "info"


@dataclass(frozen=True)
class Guest:
    """A guest of the workload. The e-mail address is unique in the run and is the guest's token."""

    name: str
    email: str
    check_in: str
    check_out: str
    room_type: int
    hotel_id: int = 1

    def availability(self) -> dict[str, Any]:
        """Body of an availability request for the stay."""
        return {
            "hotel_id": self.hotel_id,
            "check_in": self.check_in,
            "check_out": self.check_out,
            "room_type": self.room_type,
        }

    def reservation(self) -> dict[str, Any]:
        """Body of a reservation request for the stay."""
        return {
            "guest_name": self.name,
            "email": self.email,
            "check_in": self.check_in,
            "check_out": self.check_out,
            "room_type": self.room_type,
        }


@dataclass(frozen=True)
class Operation:
    """One request of a guest and its answer, on the monotonic clock.

    Attributes:
        phase: name of the phase in which it was sent.
        started, ended: seconds; `ended` is when the answer was complete or the client gave up.
        status: HTTP status; None when there was no answer.
        body: the answer's JSON object; empty when it was none.
        retry_after: the `Retry-After` header; empty when there was none.
        error: class name of the client's error when there was no answer.
        key: the `Idempotency-Key` header; empty when there was none.
        location, media: the headers `Location` and `Content-Type`; empty when there were none.
        wanted: the reservation that was looked up; empty for anything else.
    """

    guest: Guest
    kind: Kind
    phase: str
    started: float
    ended: float
    status: int | None = None
    body: dict[str, Any] = field(default_factory=dict)
    retry_after: str = ""
    error: str = ""
    key: str = ""
    location: str = ""
    media: str = ""
    wanted: str = ""

    @property
    def seconds(self) -> float:
        """How long the guest waited."""
        return self.ended - self.started

    @property
    def source(self) -> str:
        """Where the answer says it comes from: pms, stale, mock, outbox or nothing."""
        return str(self.body.get("source", ""))

    @property
    def problem(self) -> str:
        """The problem's type of an error answer, a bare slug; empty otherwise."""
        return str(self.body.get("type", ""))

    @property
    def ending(self) -> Ending:
        """`ok` acknowledged, `fail` certainly not done, `info` unknown. When in doubt, `info`."""
        if self.status is not None and self.problem in _CERTAIN:
            return Ending.FAIL
        if self.status is None or self.status >= 500 or self.status == 202 or self.problem == _IN_PROGRESS:
            return Ending.INFO
        return Ending.OK if self.status < 300 else Ending.FAIL

    @property
    def in_progress(self) -> bool:
        """Whether it was answered that the same request is under way, which says nothing about the reservation."""
        return self.problem == _IN_PROGRESS

    def brief(self) -> str:
        """One line for people."""
        told = self.status if self.status is not None else self.error
        return f"{self.started:.2f} s {self.kind} -> {told} {self.source or self.problem}".rstrip()
