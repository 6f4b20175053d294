"""What goes in and out of the API, strictly: unknown fields, booleans as numbers and numbers as dates are refused."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    field_serializer,
)

from hotel_agent.money import written

MAX_NIGHTS = 30
MAX_DAYS_AHEAD = 500
MAX_ID = 2**31 - 1
#: Characters that QloApps refuses in names (measured on 1.6.1 and 1.7.0); it spoils those beyond the BMP.
_BAD_IN_NAMES = frozenset('!<>,;?=+()@#"°{}_$%:|¤0123456789')
_LAST_OF_BMP = 0xFFFF
_MAX_NAME_PART = 32
_MAX_EMAIL = 128
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(value: str) -> str:
    if not _DATE.fullmatch(value):
        raise ValueError("a date is YYYY-MM-DD")
    date.fromisoformat(value)
    return value


def _name(value: str) -> str:
    stripped = value.strip()
    first, last = split_name(stripped)
    if not first or not last:
        raise ValueError("a name is needed")
    if max(len(first), len(last)) > _MAX_NAME_PART:
        raise ValueError(f"at most {_MAX_NAME_PART} characters before and after the last space")
    if any(char in _BAD_IN_NAMES or ord(char) > _LAST_OF_BMP for char in stripped):
        raise ValueError("the PMS does not take these characters in names")
    if any(unicodedata.category(char) == "Cc" for char in stripped):
        raise ValueError("control characters are not allowed")
    return stripped


def _email(value: str) -> str:
    if len(value) > _MAX_EMAIL or not value.isascii():
        raise ValueError(f"at most {_MAX_EMAIL} ASCII characters")
    try:
        # Reserved names such as .test are addresses, too: whether mail arrives is not decided here.
        validate_email(value, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError("not a valid e-mail address") from error
    last_label = value.rpartition(".")[2]
    if any(char in value for char in '"[|') or "-" in last_label:
        raise ValueError("the PMS does not take this form of e-mail address")
    return value


def split_name(name: str) -> tuple[str, str]:
    """First and last name: split at the last space; one word fills both parts."""
    first, space, last = name.rpartition(" ")
    return (first.strip(), last) if space else (name, name)


Id = Annotated[int, Field(ge=1, le=MAX_ID, strict=True)]
Day = Annotated[
    str,
    Field(strict=True),
    AfterValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}),
]
GuestName = Annotated[str, Field(strict=True, min_length=1, max_length=65), AfterValidator(_name)]
Email = Annotated[
    str,
    Field(strict=True),
    AfterValidator(_email),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": _MAX_EMAIL}),
]
Moment = Annotated[
    datetime,
    PlainSerializer(lambda value: value.strftime("%Y-%m-%dT%H:%M:%SZ"), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class StayError(ValueError):
    """The dates of a stay are not allowed today."""


class Query(BaseModel):
    """Body of an availability request."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hotel_id: Id
    check_in: Day
    check_out: Day
    room_type: Id


class ReservationRequest(BaseModel):
    """Body of a reservation request."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    guest_name: GuestName
    email: Email
    check_in: Day
    check_out: Day
    room_type: Id
    #: 0, which nobody can send, stands for the agent's own hotel; `null` is no hotel.
    hotel_id: Id = Field(default_factory=int)


def check_stay(check_in: str, check_out: str, today: date) -> None:
    """Rules of a stay that depend on the day.

    Raises:
        StayError: not in order, in the past, too long or too far ahead.
    """
    arrival, departure = date.fromisoformat(check_in), date.fromisoformat(check_out)
    if departure <= arrival:
        raise StayError("check_out must be after check_in")
    if arrival < today:
        raise StayError("check_in must not be before today")
    if (departure - arrival).days > MAX_NIGHTS:
        raise StayError(f"at most {MAX_NIGHTS} nights")
    if (arrival - today).days > MAX_DAYS_AHEAD:
        raise StayError(f"check_in at most {MAX_DAYS_AHEAD} days ahead")


class Money(BaseModel):
    """An amount with tax, as a decimal string with the digits that its currency has."""

    amount: Decimal
    currency: str

    @field_serializer("amount")
    def _written(self, amount: Decimal) -> str:
        return written(amount, self.currency)


class Availability(BaseModel):
    """Answer to an availability request."""

    hotel_id: int
    check_in: str
    check_out: str
    room_type: int
    available: bool
    rooms_left: int | None
    total: Money | None
    binding: bool
    source: Literal["pms", "stale", "mock"]
    as_of: Moment


class Status(StrEnum):
    """What has become of a reservation."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNRESOLVED = "unresolved"


class Reservation(BaseModel):
    """Answer about a reservation."""

    reservation_id: str
    status: Status
    reason: Literal["sold_out", "invalid"] | None
    pms_booking_id: int | None
    source: Literal["pms", "outbox"]
    hotel_id: int
    room_type: int
    check_in: str
    check_out: str
    guest_name: str
    email: str
    total: Money | None
    created_at: Moment


#: Why a person must look at a reservation.
Reason = Literal["unresolved", "expired", "cancelled"]


class Wanted(BaseModel):
    """A reservation that a person must look at, and why."""

    reason: Reason
    reservation: Reservation


class WantedList(BaseModel):
    """What needs a person: all of it counted, the oldest listed."""

    count: int
    reservations: list[Wanted]


class BreakerState(BaseModel):
    """Answer of the reset."""

    service: Literal["pms"]
    state: Literal["closed", "open", "half_open"]
    failures: int


class PmsReadiness(BaseModel):
    """The part of readiness about the PMS."""

    status: Literal["mock", "auth_failed", "down", "degraded", "up"]
    adapter: Literal["qloapps", "mock"]
    breaker: Literal["closed", "open", "half_open"]
    checked_at: Moment | None
    pending: int


class Readiness(BaseModel):
    """Answer of `/health/ready`."""

    status: Literal["ready", "not_ready"]
    pms: PmsReadiness


class Liveness(BaseModel):
    """Answer of `/health/live`."""

    status: Literal["alive"]


class Problem(BaseModel):
    """An error, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
