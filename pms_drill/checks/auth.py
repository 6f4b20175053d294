"""A key that the PMS does not take: a signal of its own, and no second try with the same key."""

from __future__ import annotations

from pms_drill.checks.lateness import timed
from pms_drill.checks.moments import failures_before_opening, not_closed
from pms_drill.checks.operations import is_booking
from pms_drill.checks.verdict import Verdict, judge, unknown
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.history import Kind

#: Statuses by which QloApps and gateways refuse a key (behaviour of 1.7.0; 405 is a permission that is missing).
_REFUSALS = (401, 403, 405)


def refused_key_is_not_tried_again(evidence: Evidence) -> Verdict:
    """AUTH-01: each question costs one call, and each reservation at most one booking: a refused key stays refused."""
    claimed = "after 401, 403 or 405 the same request is not sent again"
    failures = failures_before_opening(evidence)
    calls = evidence.calls(evidence.phases["impact"], probes=False)
    struck = evidence.asked("strike", kind=Kind.RESERVATION)
    strike = evidence.phases.get("strike")
    # What is answered otherwise was sent after the heal, when a reservation may be tried again.
    refused = [entry for entry in evidence.ledger if entry.status in _REFUSALS and is_booking(entry)]
    bookings = [entry for entry in refused if strike and strike.holds(entry.received)]
    seen = {
        "answers": f"{len(failures)} questions and {len(struck)} reservations met the refusal",
        "ledger": f"{len(calls)} calls for questions, {len(bookings)} bookings",
    }
    if not failures or not calls:
        return unknown(claimed, **seen)
    return judge(len(calls) <= len(failures) and len(bookings) <= len(struck), claimed, **seen)


@timed
def refused_key_has_its_own_signal(evidence: Evidence) -> Verdict:
    """AUTH-02: guests' errors, readiness and nothing else say that the key is refused, not that the PMS is down."""
    claimed = "a refused key is told as pms-auth to guests and as auth_failed by readiness"
    failures = failures_before_opening(evidence)
    span = not_closed(evidence)
    told = [str(pms.get("status")) for at, pms in evidence.readiness if span is not None and span.holds(at)]
    if not failures or not told:
        return unknown(claimed, answers=f"{len(failures)} failed", health=f"read {len(told)} times while not closed")
    other = sorted({operation.problem or "none" for operation in failures} - {"pms-auth"})
    wrong = sorted(set(told) - {"auth_failed"})
    return judge(
        not other and not wrong,
        claimed,
        answers=f"{len(failures)} failed; other problems: {', '.join(other) or 'none'}",
        health=f"read {len(told)} times; other statuses: {', '.join(wrong) or 'none'}",
    )
