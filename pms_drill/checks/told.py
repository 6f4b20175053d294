"""What is told is true in every field (design rule 13): of answers about stays and reservations, and of problems.

Each answer is judged by itself (what was asked is repeated, its fields fit together), then all answers to one guest,
then the answers against what the PMS holds.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from pms_drill.checks.attempts import attempts
from pms_drill.checks.problems import is_problem
from pms_drill.checks.verdict import Verdict, judge, unknown
from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.history import Guest, Kind, Operation
from pms_drill.evidence.journal import Event
from pms_drill.money import is_money

_STAY = ("hotel_id", "check_in", "check_out", "room_type")
_GUEST = (*_STAY, "guest_name", "email")
#: By how much a time that is told may miss the true one, in seconds: it may be rounded to whole seconds.
_ROUNDING_S = 1.0
_JSON = "application/json"
_SOURCE = re.compile(r'"source"\s*:\s*"([^"]+)"')
_REASONS = ("sold_out", "invalid")
#: Faults that move the agent's wall clock.
_CLOCK_FAULTS = ("clock_forward", "clock_back", "midnight")
_NO_CLOCK = "the wall clock was not compared with the monotonic one"


class History(Protocol):
    """What guests were told in an experiment, and what the PMS held in the end: any bundle that has these."""

    @property
    def operations(self) -> Sequence[Operation]:
        """Guests' requests and their answers."""

    @property
    def bookings(self) -> Sequence[Booking] | None:
        """The final read of the PMS; None when it could not be read."""

    @property
    def events(self) -> Sequence[Event]:
        """Faults and steps, in the order of time."""

    @property
    def epoch(self) -> float | None:
        """Wall-clock time of the monotonic clock's zero."""

    @property
    def reservations(self) -> str:
        """Path of the agent's reservations."""


def stay_is_repeated(history: History) -> Verdict:
    """TOLD-01: an availability answer is about the stay that was asked for, whoever gives it."""
    return _each(
        _availability(history),
        "every availability answer repeats the hotel, the dates and the room type that were asked for",
        lambda op: _other(op.body, _wanted(op.guest), _STAY),
    )


def guest_is_repeated(history: History) -> Verdict:
    """TOLD-02: an answer about a reservation is about the guest and the stay that were asked for, pending or not."""
    return _each(
        _reservations(history),
        "every answer about a reservation repeats the guest and the stay that were asked for",
        lambda op: _other(op.body, _wanted(op.guest), _GUEST),
    )


def availability_fits_together(history: History) -> Verdict:
    """TOLD-03: source, binding, available, rooms, price and time of an availability answer fit together."""
    if history.epoch is None:
        return unknown("the fields of every availability answer fit together", clock=_NO_CLOCK)
    epoch = history.epoch
    return _each(
        _availability(history),
        "the fields of every availability answer fit together, and `as_of` is the time at which it was true",
        lambda op: _unfit_availability(op, epoch),
    )


def reservation_fits_together(history: History) -> Verdict:
    """TOLD-04: status, source, reason, number and price of an answer about a reservation fit together."""
    return _each(
        _reservations(history),
        "HTTP status, status, source, reason, number and total of every answer about a reservation fit together",
        _unfit_reservation,
    )


def one_reservation_one_id(history: History) -> Verdict:
    """TOLD-05: a reservation keeps its id and its time of creation; `Location` and look-ups lead to that id.

    A time that the agent took from a clock which a fault had moved is not compared with the right one.
    """
    claimed = "each reservation has one id, to which Location leads, and one created_at, the time of the request"
    if history.epoch is None:
        return unknown(claimed, clock=_NO_CLOCK)
    first: dict[str, Operation] = {}
    last: dict[str, Operation] = {}
    told: defaultdict[str, list[Operation]] = defaultdict(list)
    for op in sorted(history.operations, key=lambda op: op.started):
        if op.kind is Kind.RESERVATION:
            first.setdefault(op.guest.email, op)
            last[op.guest.email] = op
    for op in _reservations(history):
        told[op.guest.email].append(op)
    wrong = []
    for email, answers in told.items():
        ids = {op.body.get("reservation_id") for op in answers} | {op.wanted for op in answers if op.wanted}
        if len(ids) != 1 or not all(isinstance(one, str) and one for one in ids):
            wrong.append(f"{email}: ids {_list(ids)}")
        times = {op.body.get("created_at") for op in answers}
        wrong += [
            f"{email}: Location {op.location or 'missing'} of {op.body.get('reservation_id')}"
            for op in answers
            if op.kind is Kind.RESERVATION
            and not op.location.endswith(f"{history.reservations}/{op.body.get('reservation_id')}")
        ]
        begun, ended = first.get(email), last.get(email)
        if len(times) != 1:
            wrong.append(f"{email}: created_at {_list(times)}")
        elif begun and ended and _moved(history, begun.started, ended.ended):
            continue
        elif begun and ended and not _between(min(times, key=str), begun.started, ended.ended, history.epoch):
            wrong.append(f"{email}: created_at {_list(times)} is not the time of the request")
    return _verdict(claimed, sum(map(len, told.values())), wrong)


def total_is_the_pmss(history: History) -> Verdict:
    """TOLD-06: the price of a confirmed reservation is what the PMS's order costs, with tax and in its currency."""
    claimed = "the total of every confirmed answer is what the PMS's order costs, with tax"
    if history.bookings is None:
        return unknown(claimed, pms="could not be read at the end")
    held = {booking.order_id: booking for booking in history.bookings if booking.live and booking.total}
    known = [op for op in _reservations(history) if op.body.get("pms_booking_id") in held]
    return _each(known, claimed, lambda op: _other_price(op, held[op.body["pms_booking_id"]]), witness="pms")


def reference_is_kept(evidence: Evidence) -> Verdict:
    """TOLD-08: a booking carries the reference that its request was sent with, and no other guest's does."""
    claimed = "each booking carries the reference of its own request, which no other guest's booking has"
    if evidence.bookings is None:
        return unknown(claimed, pms="could not be read at the end")
    guests = {op.guest.email.lower() for op in evidence.operations if op.kind is Kind.RESERVATION}
    sent = attempts(evidence.ledger, guests)
    owners: defaultdict[str, set[str]] = defaultdict(set)
    wrong, judged = [], 0
    for booking in evidence.bookings:
        token = booking.email.lower()
        if token not in sent:
            continue
        judged += 1
        owners[booking.source].add(token)
        asked = {found[1] for entry in sent[token] if (found := _SOURCE.search(entry.request_body))}
        if booking.source not in asked:
            wrong.append(f"#{booking.order_id} {booking.source!r} instead of {_list(asked)}")
    wrong += [f"{source!r} of {_list(tokens)}" for source, tokens in owners.items() if len(tokens) > 1]
    if not judged:
        return unknown(claimed, ledger="saw no booking request of these guests")
    return judge(not wrong, claimed, pms=f"{judged} bookings, {len(wrong)} wrong: {'; '.join(wrong[:3]) or 'none'}")


def errors_are_problems(history: History) -> Verdict:
    """TOLD-07: whatever a guest is refused with is a problem document, whole and of its own status."""
    return _each(
        [op for op in history.operations if op.status is not None and op.status >= 400],
        "every answer from 400 on is a problem of RFC 9457 that says its own status",
        _no_problem,
    )


def _availability(history: History) -> list[Operation]:
    return [op for op in history.operations if op.kind is Kind.AVAILABILITY and _is_good(op)]


def _reservations(history: History) -> list[Operation]:
    return [op for op in history.operations if op.kind is not Kind.AVAILABILITY and _is_good(op)]


def _is_good(operation: Operation) -> bool:
    return operation.status is not None and operation.status < 300


def _each(
    asked: Sequence[Operation], claimed: str, wrong: Callable[[Operation], list[str]], witness: str = "answers"
) -> Verdict:
    told = [f"{op.brief()}: {', '.join(found)}" for op in asked if (found := wrong(op))]
    return _verdict(claimed, len(asked), told, witness)


def _verdict(claimed: str, number: int, wrong: Sequence[str], witness: str = "answers") -> Verdict:
    if not number:
        return unknown(claimed, answers="there was no such answer")
    seen = {witness: f"{number} answers, {len(wrong)} wrong: {'; '.join(wrong[:3]) or 'none'}"}
    return judge(not wrong, claimed, **seen)


def _wanted(guest: Guest) -> Mapping[str, Any]:
    return guest.availability() | guest.reservation()


def _other(body: Mapping[str, Any], wanted: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    return [
        f"{name} {body.get(name, 'missing')!r} instead of {wanted[name]!r}"
        for name in names
        if body.get(name) != wanted[name] or isinstance(body.get(name), bool)
    ]


def _unfit_availability(operation: Operation, epoch: float) -> list[str]:
    body, source = operation.body, operation.body.get("source")
    rooms, available, total = body.get("rooms_left", ""), body.get("available"), body.get("total", "")
    pms = {
        "rooms_left": _is_count(rooms, least=0),
        "available": isinstance(available, bool) and available == bool(rooms),
        "total": is_money(total) or (total is None and available is False),
    }
    if source == "pms":
        good = pms | {"binding": body.get("binding") is True, "as_of": _within(body.get("as_of"), operation, epoch)}
    elif source == "stale":
        before = _between(body.get("as_of"), 0.0, operation.ended, epoch)
        good = pms | {"binding": body.get("binding") is False, "as_of": before}
    elif source == "mock":
        good = {
            "rooms_left": rooms is None,
            "available": available is True,
            "total": total is None,
            "binding": body.get("binding") is False,
            "as_of": _within(body.get("as_of"), operation, epoch),
        }
    else:
        good = {"source": False}
    return _false(good | {"HTTP status": operation.status == 200, "Content-Type": _is_json(operation)}, body)


def _unfit_reservation(operation: Operation) -> list[str]:
    body, status = operation.body, str(operation.body.get("status"))
    source, reason, order, total = (body.get(name, "") for name in ("source", "reason", "pms_booking_id", "total"))
    if status == "confirmed":
        good = {"source": source == "pms", "reason": reason is None}
        good |= {"pms_booking_id": _is_count(order, least=1), "total": is_money(total)}
    else:
        reasons = _REASONS if status == "rejected" else (None,)
        good = {"source": source == "outbox", "reason": reason in reasons}
        good |= {"pms_booking_id": order is None, "total": total is None}
    if operation.kind is Kind.RESERVATION:
        allowed = {201: ("confirmed",), 202: ("pending", "unresolved")}.get(operation.status or 0, ())
    else:
        allowed = ("confirmed", "pending", "rejected", "expired", "unresolved") if operation.status == 200 else ()
    good |= {"status": status in allowed, "Content-Type": _is_json(operation)}
    return _false(good, body | {"Content-Type": operation.media})


def _other_price(operation: Operation, booking: Booking) -> list[str]:
    told = operation.body.get("total")
    right = {"amount": booking.total, "currency": booking.currency}
    return [] if told == right else [f"total {told} instead of {right['amount']} {right['currency']}"]


def _no_problem(operation: Operation) -> list[str]:
    status = operation.status or 0
    found = is_problem(status, operation.media, json.dumps(operation.body), wanted=status)
    return [] if found.seen["defects"] == "none" else [found.seen["defects"]]


def _false(good: Mapping[str, bool], body: Mapping[str, Any]) -> list[str]:
    return [f"{name} {body.get(name, 'missing')!r}" for name, holds in good.items() if not holds]


def _is_json(operation: Operation) -> bool:
    return operation.media.partition(";")[0].strip() == _JSON


def _is_count(value: object, *, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _within(said: object, operation: Operation, epoch: float) -> bool:
    return _between(said, operation.started, operation.ended, epoch)


def _moved(history: History, begin: float, end: float) -> bool:
    """Whether a fault had moved the agent's wall clock at some time between two moments."""
    acts: dict[str, float] = {}
    for event in (one for one in history.events if one.kind == "fault" and one.name in _CLOCK_FAULTS):
        if event.what == "arming":
            acts[event.name] = event.at
        elif event.what == "healed" and acts.pop(event.name, end) < end and event.at > begin:
            return True
    return any(at < end for at in acts.values())


def _between(said: object, begin: float, end: float, epoch: float) -> bool:
    """Whether a time (ISO 8601 with its zone) lies between two moments of the monotonic clock."""
    try:
        at = datetime.fromisoformat(str(said))
    except ValueError:
        return False
    return at.tzinfo is not None and begin - _ROUNDING_S <= at.timestamp() - epoch <= end + _ROUNDING_S


def _list(values: Iterable[object]) -> str:
    return ", ".join(sorted(map(repr, values)))
