"""What the PMS itself does wrong with bookings, told apart from what the agent does wrong. Pure.

A check here says whether the evidence shows a defect of the PMS, and never judges the agent: whatever the agent made of
it is judged by `bookings` and `intents` on the same evidence. None of it is seen where the agent may have caused it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pms_drill.checks.attempts import attempts
from pms_drill.checks.double_sales import blame_for_double_sales, double_sales
from pms_drill.checks.findings import Sighting
from pms_drill.checks.operations import is_booking
from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.journal import Event
from pms_drill.evidence.ledger import LedgerEntry

#: Kind of the journal's events about bookings of another channel, which asks the PMS directly.
RIVAL = "rival"
ASKS, ANSWERED = "asks", "answered"
#: Name of the fault by which the twin is told to cancel inside.
SILENT_CANCEL = "silent_cancel"
#: Order states after a cancellation that somebody ordered: cancelled, refunded. One inside the PMS leaves neither.
_ORDERED = (4, 5)


@dataclass(frozen=True)
class Rival:
    """A booking that another channel asked of the PMS directly.

    Attributes:
        email: of its guest.
        begin, end: when it was asked and answered, on the run's clock.
        status: of the PMS's answer.
    """

    email: str
    begin: float
    end: float
    status: int


def room_sold_twice(evidence: Evidence) -> Sighting:
    """QLO-09: bookings that come in parallel are all confirmed, and one room is held by two of them.

    Seen when two bookings hold one room for one night and the agent had not sent them in parallel. Not known when none
    of the agent's bookings was at work together with one of another channel.
    """
    key, sentence = "QLO-09", "parallel bookings of the last room are all confirmed, and two guests hold it"
    if evidence.bookings is None:
        return Sighting(key, None, sentence, "the PMS could not be read at the end")
    blame = blame_for_double_sales(evidence)
    together = list(_together(evidence))
    if not together and not blame.pms:
        return Sighting(key, None, sentence, "no booking of another channel came together with one of the agent")
    told = f"bookings together with one of another channel: {len(together)}; held twice: {double_sales(blame.pms)}"
    return Sighting(key, bool(blame.pms), sentence, told)


def cancelled_inside(evidence: Evidence) -> Sighting:
    """QLO-10: a booking is answered 200, and the PMS has cancelled it in the same request.

    Seen when the PMS has the order without a live room line, in a state that no ordered cancellation leaves, and its
    request was answered 200. Not known when no booking of the evidence was put at risk.
    """
    key, sentence = "QLO-10", "a booking is answered 200 as ever, and is cancelled inside the same request"
    if evidence.bookings is None:
        return Sighting(key, None, sentence, "the PMS could not be read at the end")
    dead = [booking for booking in evidence.bookings if _died_inside(booking)]
    confirmed = _confirmed(evidence, dead)
    found = [one for one in dead if one.email.lower() in confirmed]
    risked = any(event.kind == "fault" and event.name == SILENT_CANCEL for event in evidence.events)
    if not found and not risked and not any(_together(evidence)):
        return Sighting(key, None, sentence, "nothing that can make the PMS cancel a booking has happened")
    told = "; ".join(f"#{one.order_id} {one.email}: answered 200, no room held" for one in found[:3])
    return Sighting(key, bool(found), sentence, told or f"{len(evidence.bookings)} orders, none cancelled inside")


def rivals(events: Sequence[Event]) -> Iterator[Rival]:
    """The bookings of another channel that have ended, by the journal."""
    begun: dict[str, float] = {}
    for event in events:
        if event.kind == RIVAL and event.what == ASKS:
            begun[event.name] = event.at
        elif event.kind == RIVAL and event.what == ANSWERED and event.name in begun:
            yield Rival(event.name.lower(), begun.pop(event.name), event.at, int(event.detail))


def _together(evidence: Evidence) -> Iterator[tuple[LedgerEntry, Rival]]:
    """Bookings of the agent that were at work while one of another channel was."""
    others = list(rivals(evidence.events))
    for entry in filter(is_booking, evidence.ledger):
        end = entry.answered if entry.answered is not None else entry.received + evidence.policy.settle
        for other in others:
            if entry.forwarded is not None and entry.received < other.end and other.begin < end:
                yield entry, other


def _died_inside(booking: Booking) -> bool:
    return booking.lines > 0 and not booking.live and booking.state not in _ORDERED


def _confirmed(evidence: Evidence, bookings: Sequence[Booking]) -> set[str]:
    """Guests of these bookings whose only request the PMS has answered 200."""
    by_token = attempts(evidence.ledger, {booking.email.lower() for booking in bookings})
    ours = {token for token, sent in by_token.items() if len(sent) == 1 and sent[0].pms_status == 200}
    return ours | {rival.email for rival in rivals(evidence.events) if rival.status == 200}
