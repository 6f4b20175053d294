"""The fate of every booking: told to guests, asked of the PMS, and held by it at the end.

Without a reservation, without the final read, or without any case that could have gone wrong a check is unknown.
Bookings of others are told and not counted. A failure shows the smallest piece of history that proves it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from pms_drill.checks.attempts import attempts, early_repeats
from pms_drill.checks.fates import Class, Fate, differences, fates_of
from pms_drill.checks.intents import doubled_on_the_way
from pms_drill.checks.lateness import timed, too_late
from pms_drill.checks.moments import SHARE, healed
from pms_drill.checks.operations import is_booking
from pms_drill.checks.verdict import Outcome, Verdict, failed, judge, passed, unknown
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.history import Ending, Operation
from pms_drill.evidence.ledger import LedgerEntry

_NOT_READ = "the PMS could not be read at the end"


def none_lost(evidence: Evidence) -> Verdict:
    """BOOK-01: what was confirmed to a guest, at once or by a later look-up, is held by the PMS at the end."""
    claimed = "every reservation that was confirmed to a guest is held by the PMS"
    acknowledged = [fate for fate in fates_of(evidence) if fate.acknowledgements]
    return _by_class(evidence, claimed, acknowledged, "no reservation was confirmed", Class.LOST)


def none_duplicated(evidence: Evidence) -> Verdict:
    """BOOK-02: no guest has two rooms, and no unknown booking request is repeated before the settle time."""
    settle = evidence.policy.settle
    claimed = f"no guest holds two rooms, and no booking is sent again within {settle:g} s of an unknown one"
    fates = fates_of(evidence)
    by_token = attempts(evidence.ledger, {fate.token for fate in fates})
    repeats = [] if evidence.expectation.delays_requests else early_repeats(by_token, settle)
    told = [
        f"{r.token}: {evidence.lines([r.first, r.second])}, {r.second.received - r.first.received:.2f} s apart "
        f"instead of {r.needed:g} s"
        for r in repeats
    ]
    sent = sum(map(is_booking, evidence.ledger))
    ledger = f"{sent} booking requests, {sum(map(len, by_token.values()))} of these guests; "
    ledger += "; ".join(told[:3]) or "none repeated too early"
    if told:
        late = too_late(evidence)
        # The first request may have been noted late, but by no more than the machine was.
        sure = [r for r in repeats if r.second.received - r.first.received < SHARE * r.needed - late]
        if late and not sure:
            return unknown(claimed, ledger=ledger, pms=_tally(evidence, fates), machine=f"was {late:.2f} s late")
        return failed(claimed, ledger=ledger, pms=_tally(evidence, fates))
    held = [fate for fate in fates if fate.rooms]
    doubled = doubled_on_the_way(evidence)
    excused = [fate for fate in held if 1 < fate.rooms <= 1 + doubled.get(fate.token, 0)]
    if excused:
        ledger += f"; {len(excused)} delivered twice on the way and booked twice by the PMS (QLO-01), not by the agent"
        held = [fate for fate in held if fate not in excused]
    found = _by_class(evidence, claimed, held, "no guest's booking is held", Class.DUPLICATED)
    if not by_token and found.outcome is Outcome.PASSED:
        ledger += "; that of no guest who holds a room, so that repeats would not have been seen"
        return unknown(claimed, **found.seen, ledger=ledger)
    return Verdict(found.outcome, claimed, found.seen | {"ledger": ledger})


def no_phantom(evidence: Evidence) -> Verdict:
    """BOOK-03: the PMS holds nothing for a guest who made no reservation, or who was refused for certain."""
    claimed = "the PMS holds no room for a guest who asked for none or was refused"
    made = [fate for fate in fates_of(evidence) if fate.reservation is not None or fate.bookings]
    return _by_class(evidence, claimed, made, "no reservation was made", Class.PHANTOM)


def none_mangled(evidence: Evidence) -> Verdict:
    """BOOK-04: what is held is what the guest asked for, under the number the guest was told."""
    claimed = (
        "each room is held for the guest's name, dates, hotel and room type, under the number that the guest was told"
    )
    held = [fate for fate in fates_of(evidence) if fate.rooms]
    found = _by_class(evidence, claimed, held, "no guest's booking is held", Class.MANGLED)
    other = [
        f"{fate.token}: {', '.join(differs)}"
        for fate in held
        for booking in fate.bookings
        if fate.reservation and booking.live and (differs := differences(booking, fate.reservation.guest))
    ]
    return Verdict(found.outcome, claimed, found.seen | ({"columns": "; ".join(other[:3])} if other else {}))


@timed
def pending_ones_end(evidence: Evidence) -> Verdict:
    """BOOK-05: each pending reservation ends in time: confirmed and held, or rejected or expired and not held.

    One that is still pending is a failure only after the time that the contract gives it; before, it is unknown.
    """
    claimed = "each pending reservation ends: confirmed and held, or rejected or expired and not held"
    pending = [fate for fate in fates_of(evidence) if any(request.status == 202 for request in fate.requests)]
    if not pending:
        return unknown(claimed, answers="no reservation was pending")
    by_token = attempts(evidence.ledger, {fate.token for fate in pending})
    wrong, open_ = [], []
    for fate in pending:
        due = _due(evidence, by_token.get(fate.token, []), len(pending))
        ended = _has_ended(fate, due, final_read=evidence.bookings is not None)
        if ended is False:
            wrong.append(f"{fate.story} (due at {due - fate.zero:.2f} s)")
        elif ended is None:
            open_.append(fate.story)
    words = Counter(fate.last_word for fate in pending)
    seen = {"answers": f"{len(pending)} pending: {_counts(words)}", "pms": _tally(evidence, pending)}
    if wrong:
        return failed(claimed, **seen, history="; ".join(wrong[:3]))
    if open_:
        return unknown(claimed, **seen, history="not known how it ends: " + "; ".join(open_[:3]))
    return passed(claimed, **seen)


def confirmed_only_when_held(evidence: Evidence) -> Verdict:
    """BOOK-06: nothing is confirmed before the PMS was asked and has answered, nor under an invented number."""
    claimed = "nothing is confirmed that the PMS does not hold at that moment"
    fates = [fate for fate in fates_of(evidence) if fate.acknowledgements]
    if not fates:
        return unknown(claimed, answers="no reservation was confirmed")
    tokens = {fate.token for fate in fates}
    by_token = attempts(evidence.ledger, tokens)
    invented = [fate for fate in fates if Class.MOCK_ACKED in fate.classes]
    seen = {"answers": f"{len(fates)} confirmed", "pms": _tally(evidence, fates)}
    blind = bool(not by_token and any(map(is_booking, evidence.ledger)))
    told = [f"not by the PMS, or under a number it does not know: {fate.story}" for fate in invented]
    if evidence.ledger and not blind:
        reads = sorted(
            entry.received
            for entry in evidence.ledger
            if entry.method == "GET" and not evidence.is_agent_probe(entry) and _good(entry)
        )
        for fate in fates:
            reason = _too_early(fate.acknowledgements[0], by_token.get(fate.token, []), reads)
            if reason:
                told.append(f"{reason}: {fate.story}")
    if told:
        return failed(claimed, **seen, history="; ".join(told[:3]))
    if not evidence.ledger or blind:
        return unknown(claimed, **seen, ledger="saw no booking request of these guests")
    if evidence.bookings is None:
        return unknown(claimed, **seen)
    return passed(claimed, **seen, ledger=f"{sum(map(len, by_token.values()))} booking requests of these guests")


def no_orphan(evidence: Evidence) -> Verdict:
    """BOOK-07: no guest was left with an error while the PMS holds a room for them.

    Judged are guests who met the fault, whatever they were told, and others who were not confirmed at once.
    """
    claimed = "no guest was told an error, and no more, while the PMS holds a room for them"
    unsure = [
        fate
        for fate in fates_of(evidence)
        if (made := fate.reservation) is not None and (made.phase == "strike" or made.ending is not Ending.OK)
    ]
    return _by_class(evidence, claimed, unsure, "nobody met the fault, and all were confirmed at once", Class.ORPHAN)


def _by_class(evidence: Evidence, claimed: str, cases: Sequence[Fate], without: str, bad: Class) -> Verdict:
    """Fail when one of the cases is of the class, with its story; unknown without cases or without the final read."""
    if evidence.bookings is None:
        return unknown(claimed, pms=_NOT_READ)
    seen = {"pms": _tally(evidence, cases)}
    if not cases:
        return unknown(claimed, answers=without, **seen)
    wrong = [fate.story for fate in cases if bad in fate.classes]
    if wrong:
        seen["history"] = f"{len(wrong)} {bad}: " + "; ".join(wrong[:3])
    return judge(not wrong, claimed, **seen)


def _tally(evidence: Evidence, fates: Sequence[Fate]) -> str:
    if evidence.bookings is None:
        return _NOT_READ
    guests = {op.guest.email.lower() for op in evidence.operations}
    foreign = sum(1 for booking in evidence.bookings if booking.email.lower() not in guests)
    counts = Counter(str(name) for fate in fates for name in fate.classes)
    return f"{len(fates)} reservations: {_counts(counts)}; {foreign} bookings of others"


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {name or 'nothing'}" for name, number in sorted(counts.items())) or "none"


def _has_ended(fate: Fate, due: float, *, final_read: bool) -> bool | None:
    """Whether a pending reservation has ended as it should; None when that is not known (yet)."""
    word = fate.last_word
    if word in ("confirmed", "rejected", "expired"):
        held = fate.rooms > 0
        return held == (word == "confirmed") if final_read else None
    if word == "forgotten":
        return False
    last = fate.lookups[-1].started if fate.lookups else fate.zero
    # Pending, or handed to a person although the PMS could be asked again.
    return False if last > due else None


def _due(evidence: Evidence, tried: Sequence[LedgerEntry], queue: int) -> float:
    """When a pending reservation must have ended: the breaker closed, the last attempt settled, the queue worked off.

    After the last heal: one wait and one probe; the settle time, doubled for each further attempt; two rounds of
    the outbox; for everything in the queue a booking and a read-back.
    """
    policy = evidence.policy
    begin = max(healed(evidence), *(span.end for name, span in evidence.phases.items() if name == "strike"), 0.0)
    unseen = 0 if evidence.expectation.reaches_ledger else 1
    doubled = 2.0 ** max(0, len(tried) + unseen - 1)
    settled = max(begin, max((entry.received for entry in tried), default=0.0)) + policy.settle * doubled
    work = 2 * policy.timeout * queue + 2 * policy.outbox_interval
    return settled + evidence.expectation.wait + policy.timeout + work + policy.slack


def _good(entry: LedgerEntry) -> bool:
    return entry.status is not None and 200 <= entry.status < 300 and entry.delivered is not None


def _too_early(told: Operation, tried: Sequence[LedgerEntry], reads: Sequence[float]) -> str:
    """Why a confirmation came before the PMS could have said so; empty when it did not.

    Args:
        reads: when reads arrived that the PMS answered well, in order.
    """
    before = [entry for entry in tried if entry.received <= told.ended]
    if not before:
        return "confirmed without a booking request"
    following = bisect_left(reads, before[0].received)
    looked = following < len(reads) and reads[following] <= told.ended
    return "" if looked or any(map(_good, before)) else "confirmed without a good answer of the PMS"
