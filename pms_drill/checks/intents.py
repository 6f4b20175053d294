"""What a reservation must survive: a repeated request, a breaker that opens, an attempt that arrives late, a rival.

Where nothing of the kind happened a check is unknown. Fates of guests: `fates`; requests at the PMS: `attempts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pms_drill.checks.attempts import attempts, overlapping
from pms_drill.checks.double_sales import blame_for_double_sales, double_sales, guests_of
from pms_drill.checks.fates import Fate, fates_of
from pms_drill.checks.lateness import timed
from pms_drill.checks.operations import is_booking
from pms_drill.checks.verdict import Verdict, judge, unknown
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.history import Operation
from pms_drill.evidence.ledger import LedgerEntry


def same_key_same_reservation(evidence: Evidence) -> Verdict:
    """BOOK-08: a request that is repeated with its `Idempotency-Key` is the same reservation, and one booking."""
    claimed = "a request repeated with its key is given the same reservation, and the PMS holds one room for it at most"
    repeated = [fate for fate in fates_of(evidence) if len(fate.requests) > 1]
    if not repeated:
        return unknown(claimed, answers="no request was repeated with its key")
    if evidence.bookings is None:
        return unknown(claimed, answers=f"{len(repeated)} repeated", pms="could not be read at the end")
    doubled = _doubled_on_the_way(evidence, repeated)
    wrong = [fate for fate in repeated if len(_ids(fate)) > 1 or fate.rooms > 1 + doubled.get(fate.token, 0)]
    told = sum(len(fate.requests) for fate in repeated)
    return judge(
        not wrong,
        claimed,
        answers=f"{len(repeated)} guests sent {told} requests; {len(wrong)} of them got more than one",
        history="; ".join(f"{fate.story}, reservations {', '.join(sorted(_ids(fate)))}" for fate in wrong[:3]) or "-",
    )


def in_flight_when_it_opened(evidence: Evidence) -> Verdict:
    """BOOK-09: a booking that is on its way when the breaker opens is sent once, ends, and is held once."""
    claimed = "a booking that is on its way when the breaker opens is sent once, is confirmed in the end and held once"
    by_token = {fate.token: fate for fate in fates_of(evidence) if fate.requests}
    opened = _first_without_pms(evidence)
    if opened is None:
        return unknown(claimed, answers="nobody was answered without the PMS, so that the breaker did not open")
    sent = attempts(evidence.ledger, by_token)
    flying = [token for token, tried in sent.items() if tried[0].received < opened.ended < _over(tried[0], evidence)]
    if not flying:
        return unknown(claimed, ledger="no booking was on its way when the breaker opened")
    if evidence.bookings is None:
        return unknown(claimed, pms="could not be read at the end")
    wrong = []
    for token in flying:
        fate = by_token[token]
        if len(sent[token]) != 1 or fate.rooms != 1 or fate.last_word != "confirmed":
            wrong.append(f"{fate.story}; sent: {evidence.lines(sent[token])}")
    return judge(
        not wrong,
        claimed,
        ledger=f"{len(flying)} on their way at {opened.ended - _zero(evidence):.2f} s",
        history="; ".join(wrong[:3]) or "each confirmed and held once",
    )


def one_of_late_ones_stays(evidence: Evidence) -> Verdict:
    """BOOK-10: of several bookings that arrive for one reservation the one that the guest was told of stays."""
    claimed = "of several bookings for one reservation only one is held in the end: the one that the guest was told of"
    if evidence.bookings is None:
        return unknown(claimed, pms="could not be read at the end")
    fates = fates_of(evidence)
    doubled = _doubled_on_the_way(evidence, fates)
    several = [fate for fate in fates if fate.requests and len(fate.bookings) > 1 + doubled.get(fate.token, 0)]
    if not several:
        return unknown(claimed, pms="no reservation had more than one booking")
    wrong = []
    for fate in several:
        told = {op.body.get("pms_booking_id") for op in fate.acknowledgements}
        live = {booking.order_id for booking in fate.bookings if booking.live}
        if fate.rooms != 1 or (told and not live <= told):
            wrong.append(fate.story)
    return judge(
        not wrong,
        claimed,
        pms=f"{len(several)} reservations with several bookings, {len(wrong)} not brought to one",
        history="; ".join(wrong[:3]) or "; ".join(fate.story for fate in several[:1]),
    )


@timed
def one_at_a_time(evidence: Evidence) -> Verdict:
    """BOOK-11: no booking arrives for a hotel while the PMS is at work on another guest's booking there.

    QloApps gives parallel bookings the same room. After the settle time an agent may take an unknown one for over.
    """
    claimed = "no booking is sent while the PMS is at work on another one of the same hotel"
    sent = sorted((entry for entry in evidence.ledger if is_booking(entry)), key=lambda entry: entry.received)
    if len(sent) < 2:
        return unknown(claimed, ledger=f"{len(sent)} booking requests")
    wrong = list(overlapping(sent, evidence))
    if not wrong and len(attempts(sent, guests_of(evidence))) < 2:
        return unknown(claimed, ledger=f"{len(sent)} booking requests, not of two guests of this history")
    told = [f"{evidence.lines([first, second])}, the first one answered {_answered(first)}" for first, second in wrong]
    return judge(
        not wrong,
        claimed,
        ledger=f"{len(sent)} booking requests, {len(wrong)} while another one was at work: "
        f"{'; '.join(told[:3]) or 'none'}",
    )


def no_room_sold_twice(evidence: Evidence) -> Verdict:
    """BOOK-12: no two guests hold one room for one night through any fault of the agent.

    A room that the PMS gave to two bookings which were not at work at the same time, or to one of another channel, is
    the PMS's own defect: a finding (QLO-09), told here and not counted.
    """
    claimed = "no two guests hold the same room for the same night because of the agent"
    if evidence.bookings is None:
        return unknown(claimed, pms="could not be read at the end")
    held = [booking for booking in evidence.bookings if booking.live and booking.rooms]
    ours = guests_of(evidence)
    if sum(booking.email.lower() in ours for booking in held) < 2:
        return unknown(claimed, pms=f"{len(held)} bookings with a room, not two of these guests")
    blame = blame_for_double_sales(evidence)
    seen = {"pms": f"{len(held)} bookings with a room, sold twice: {double_sales(blame.agent)}"}
    seen["finding"] = f"of the PMS, not of the agent: {double_sales(blame.pms)}"
    if blame.agent or not blame.unsure:
        return judge(not blame.agent, claimed, **seen)
    return unknown(
        claimed, **seen, ledger=f"saw no request, so that nobody can be blamed: {double_sales(blame.unsure)}"
    )


def doubled_on_the_way(evidence: Evidence) -> Mapping[str, int]:
    """Token -> how many more bookings there may be because something on the way delivered a request twice.

    The agent saw one request and one good answer; that QloApps books it twice is a finding (QLO-01), not its defect.
    """
    return _doubled_on_the_way(evidence, fates_of(evidence))


def _doubled_on_the_way(evidence: Evidence, fates: Sequence[Fate]) -> dict[str, int]:
    by_token = attempts(evidence.ledger, {fate.token for fate in fates})
    surplus = {token: sum(max(0, entry.copies - 1) for entry in tried) for token, tried in by_token.items()}
    return {token: count for token, count in surplus.items() if count}


def _ids(fate: Fate) -> set[str]:
    return {str(op.body["reservation_id"]) for op in fate.requests if op.body.get("reservation_id")}


def _zero(evidence: Evidence) -> float:
    return min((span.begin for span in evidence.phases.values()), default=0.0)


def _first_without_pms(evidence: Evidence) -> Operation | None:
    """The first question that was answered without the PMS."""
    found = (op for op in evidence.operations if op.source in ("mock", "stale") or op.problem == "breaker-open")
    return min(found, key=lambda op: op.ended, default=None)


def _over(entry: LedgerEntry, evidence: Evidence) -> float:
    """Until when a booking was on its way: its answer was delivered, or the agent's deadline."""
    deadline = entry.received + evidence.policy.timeout
    return min(entry.delivered or deadline, deadline)


def _answered(entry: LedgerEntry) -> str:
    return "never" if entry.answered is None else f"after {entry.answered - entry.received:.2f} s"
