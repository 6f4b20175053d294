"""What became of each guest's reservation: a pure classification of a history against the PMS's bookings.

The token of an intent is the guest's e-mail address, so each guest makes at most one reservation; only a request with
an `Idempotency-Key` may be repeated, with the same key. The classes are those of histories (lost, duplicated, phantom,
...); when in doubt an operation counts as unknown, never as done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.history import Ending, Guest, Kind, Operation


class Class(StrEnum):
    """What can become of a reservation. The first four are as it should be, or allowed.

    HELD: acknowledged, and one room is held. ABSENT: not acknowledged, not there. RECOVERED: the guest was told
    nothing certain, and the room is held. LATE_DUPLICATE: the PMS had more than one booking, all but one cancelled.
    PENDING, UNRESOLVED: the last word of the agent. FOREIGN: of nobody in this history.
    LOST: acknowledged, no room is held. DUPLICATED: more than one room is held. PHANTOM: a room is held that nobody
    asked for, or after a certain refusal. ORPHAN: the guest was told an error and never more, a room is held.
    MOCK_ACKED: acknowledged by another source than the PMS, or under a number that the PMS does not know.
    MANGLED: held for other dates, another room type, hotel or name, or told under the number of a cancelled booking.
    """

    HELD = "held"
    ABSENT = "absent"
    RECOVERED = "recovered"
    LATE_DUPLICATE = "late-duplicate"
    PENDING = "pending"
    UNRESOLVED = "unresolved"
    FOREIGN = "foreign"
    LOST = "lost"
    DUPLICATED = "duplicated"
    PHANTOM = "phantom"
    ORPHAN = "orphan"
    MOCK_ACKED = "mock-acked"
    MANGLED = "mangled"


#: The word of an answer that says nothing: none came, or the same request was under way.
_UNTOLD = "untold"
#: States in which the agent says that nothing will be held.
_ENDED_WITHOUT = ("rejected", "expired")


@dataclass(frozen=True)
class Fate:
    """One guest's reservation.

    Attributes:
        token: the guest's e-mail address in lower case.
        requests: the reservation's requests in order: none, one, or several with the same `Idempotency-Key`.
        lookups: answered look-ups, in order.
        bookings: what the PMS has under the token, cancelled ones included.
        zero: moment from which times are told.
        foreign: whether the token is nobody's in this history.
    """

    token: str
    requests: tuple[Operation, ...] = ()
    lookups: tuple[Operation, ...] = ()
    bookings: tuple[Booking, ...] = ()
    zero: float = 0.0
    foreign: bool = False
    classes: frozenset[Class] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", frozenset(_classes(self)))

    @property
    def reservation(self) -> Operation | None:
        """The first request; None when the guest made none."""
        return self.requests[0] if self.requests else None

    @property
    def told(self) -> list[Operation]:
        """Everything that the guest was told about the reservation, in the order of the answers."""
        return sorted([*self.requests, *self.lookups], key=lambda op: op.ended)

    @property
    def acknowledgements(self) -> list[Operation]:
        """Answers that told the guest a confirmed reservation, in order."""
        return [op for op in self.told if is_acknowledgement(op)]

    @property
    def last_word(self) -> str:
        """The state told last: a reservation's status, "refused", "error", "untold", or "" without a reservation."""
        for operation in reversed(self.told):
            if operation.kind is Kind.LOOKUP and operation.status == 404:
                return "forgotten"
            if state_of(operation) != _UNTOLD:
                return state_of(operation)
        return _UNTOLD if self.requests else ""

    @property
    def rooms(self) -> int:
        """How many rooms the PMS holds under the token."""
        return sum(booking.live_lines for booking in self.bookings)

    @property
    def turning_points(self) -> list[Operation]:
        """The operations that decide it: requests (at most three), the first confirmation, the last look-up."""
        chosen = [*self.requests[:2], *self.requests[2:][-1:], *self.acknowledgements[:1], *self.lookups[-1:]]
        return sorted({id(op): op for op in chosen}.values(), key=lambda op: op.started)

    @property
    def story(self) -> str:
        """The smallest piece of history that shows it: the request, the first confirmation, the last word, the PMS."""
        steps = dict.fromkeys(_told(op, self.zero) for op in self.turning_points)
        holds = ", ".join(_said(booking) for booking in self.bookings) or "no booking"
        return f"{self.token}: {'; '.join(steps) or 'no reservation'}; PMS: {holds}"


def is_acknowledgement(operation: Operation) -> bool:
    """Whether the guest was told that the room is theirs."""
    if operation.kind is Kind.RESERVATION:
        return operation.ending is Ending.OK
    return operation.kind is Kind.LOOKUP and operation.status == 200 and operation.body.get("status") == "confirmed"


def state_of(operation: Operation) -> str:
    """What an answer about a reservation says, in the words of `Fate.last_word`."""
    if operation.status is None or operation.in_progress:
        return _UNTOLD
    if operation.status < 300:
        return str(operation.body.get("status", "confirmed" if operation.ending is Ending.OK else "pending"))
    return "refused" if operation.ending is Ending.FAIL else "error"


def classify(history: Iterable[Operation], bookings: Iterable[Booking]) -> list[Fate]:
    """The fate of every guest of the history, and of each booking of others.

    Raises:
        ValueError: a guest made more than one reservation, not by repeating a request with its key, so that nothing
            can be told from the token.
    """
    operations = sorted(history, key=lambda op: op.started)
    zero = operations[0].started if operations else 0.0
    requests: defaultdict[str, list[Operation]] = defaultdict(list)
    lookups: defaultdict[str, list[Operation]] = defaultdict(list)
    held: defaultdict[str, list[Booking]] = defaultdict(list)
    tokens: dict[str, None] = {}
    for operation in operations:
        token = operation.guest.email.lower()
        tokens.setdefault(token)
        if operation.kind is Kind.RESERVATION:
            if any(not operation.key or operation.key != before.key for before in requests[token]):
                raise ValueError(f"{token} made more than one reservation")
            requests[token].append(operation)
        elif operation.kind is Kind.LOOKUP and operation.status in (200, 404):
            lookups[token].append(operation)
    for booking in bookings:
        held[booking.email.lower()].append(booking)
    fates = [
        Fate(token, tuple(requests[token]), tuple(lookups[token]), tuple(held.pop(token, ())), zero) for token in tokens
    ]
    return fates + [Fate(token, (), (), tuple(others), zero, foreign=True) for token, others in held.items()]


def fates_of(evidence: Evidence) -> list[Fate]:
    """The fates of the guests of an experiment. Without a final read they say only what guests were told.

    Many checks read the same evidence one after the other, so that the last result is kept.
    """
    if not _last or _last[0][0] is not evidence:
        found = [fate for fate in classify(evidence.operations, evidence.bookings or ()) if not fate.foreign]
        _last[:] = [(evidence, found)]
    return _last[0][1]


_last: list[tuple[Evidence, list[Fate]]] = []


def _classes(fate: Fate) -> Iterable[Class]:
    if fate.foreign:
        yield Class.FOREIGN
        return
    acknowledged, rooms, last = fate.acknowledgements, fate.rooms, fate.last_word
    if rooms > 1:
        yield Class.DUPLICATED
    if rooms == 1 and len(fate.bookings) > 1:
        yield Class.LATE_DUPLICATE
    if last in ("pending", "unresolved"):
        yield Class(last)
    if acknowledged:
        yield from _acknowledged(fate, acknowledged)
    elif rooms:
        if last in ("", "refused", "forgotten", *_ENDED_WITHOUT):
            yield Class.PHANTOM
        elif last == "error":
            yield Class.ORPHAN
        elif last == _UNTOLD:
            yield Class.RECOVERED
    elif last not in ("pending", "unresolved"):
        yield Class.ABSENT
    if _is_mangled(fate):
        yield Class.MANGLED


def _acknowledged(fate: Fate, acknowledged: Sequence[Operation]) -> Iterable[Class]:
    known = {booking.order_id for booking in fate.bookings}
    told = {op.body.get("pms_booking_id") for op in acknowledged}
    if any(op.source != "pms" for op in acknowledged) or (known and not told <= known):
        yield Class.MOCK_ACKED
    if not fate.rooms:
        yield Class.LOST
        return
    if fate.last_word in (*_ENDED_WITHOUT, "refused"):
        yield Class.PHANTOM
    first = fate.reservation
    yield Class.HELD if first is not None and first.ending is Ending.OK else Class.RECOVERED


def _is_mangled(fate: Fate) -> bool:
    if fate.reservation is None:
        return False
    guest = fate.reservation.guest
    live = [booking for booking in fate.bookings if booking.live]
    if any(differences(booking, guest) for booking in live):
        return True
    cancelled = {booking.order_id for booking in fate.bookings if not booking.live}
    return bool(live) and any(op.body.get("pms_booking_id") in cancelled for op in fate.acknowledgements)


def differences(booking: Booking, guest: Guest) -> list[str]:
    """In what a booking is another one than the guest asked for, column by column; empty if in nothing.

    QloApps has a first and a last name: the guest's splits at the last space, one word fills both (contract, "Input").
    """
    first, _, last = guest.name.rpartition(" ")
    wanted = {
        "hotel_id": guest.hotel_id,
        "room_type": guest.room_type,
        "check_in": guest.check_in,
        "check_out": guest.check_out,
        "first_name": first or last,
        "last_name": last,
        # A room that is held twice is another defect; one that was held and given up beside it is not what was asked.
        "lines": max(1, booking.live_lines),
    }
    found = [
        f"{name} {getattr(booking, name)!r} instead of {value!r}"
        for name, value in wanted.items()
        if getattr(booking, name) != value
    ]
    return found if booking.email.lower() == guest.email.lower() else [*found, f"email {booking.email!r}"]


def _told(operation: Operation, zero: float) -> str:
    order = operation.body.get("pms_booking_id")
    number = f" #{order}" if order is not None else ""
    said = operation.status if operation.status is not None else operation.error or "no answer"
    state = operation.body.get("status") or operation.problem or operation.source
    return f"{operation.started - zero:.2f} s {operation.kind} -> {said} {state}{number}".rstrip()


def _said(booking: Booking) -> str:
    state = "live" if booking.live_lines == 1 else f"{booking.live_lines} rooms" if booking.live else "not live"
    return f"#{booking.order_id} {state} {booking.check_in} to {booking.check_out} room type {booking.room_type}"
