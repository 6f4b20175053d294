"""Half-open by traffic: a probe that says nothing about the PMS gives its permit back."""

from __future__ import annotations

from pms_drill.checks.lateness import timed
from pms_drill.checks.moments import is_rejection, is_success, opened
from pms_drill.checks.verdict import Verdict, judge, unknown
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.evidence.history import Operation
from pms_drill.evidence.ledger import LedgerEntry

_NEVER = "the breaker never opened: no guest was rejected"


@timed
def cancelled_probe_gives_the_permit_back(evidence: Evidence) -> Verdict:
    """BRK-36: the guest who is the probe hangs up; of those who come next, one is the probe.

    An agent may also finish the call of a guest who has left. If it got a good answer to it, the breaker is closed and
    all may pass; then only "stuck" is judged.
    """
    claimed = "after a guest who was the probe hung up, one of the next guests is the probe, and the breaker closes"
    left, crowd, after = (evidence.asked(phase) for phase in ("hang_up", "crowd", "after"))
    unclear = _not_left_to_guests(evidence, left)
    if unclear or not crowd or not after:
        return unknown(claimed, ledger=unclear or "nobody asked after the guest had hung up")
    probes, through = (sorted(evidence.calls(evidence.phases[phase]), key=_arrival) for phase in ("hang_up", "crowd"))
    if len(probes) != 1 or left[0].status is not None:
        return unknown(claimed, answers=f"hung up: {left[0].brief()}", ledger=f"{len(probes)} calls before it")
    answered = probes[0].delivered is not None
    together = [entry for entry in through if entry.received <= (through[0].delivered or through[0].received)]
    seen = {
        "ledger": f"the probe {'was answered nevertheless' if answered else 'was given up'}; of {len(crowd)} guests "
        f"{len(together)} got through at once: {evidence.lines(together) or 'none'}",
        "answers": f"{sum(map(is_success, crowd))} of them answered by the PMS; then {after[-1].brief()}",
    }
    admitted = bool(through) if answered else len(together) == 1
    return judge(admitted and is_success(after[-1]), claimed, **seen)


@timed
def ignored_answer_gives_the_permit_back(evidence: Evidence) -> Verdict:
    """BRK-37: a probe with a business answer says nothing about the PMS: the next guest gets through."""
    claimed = "after a probe that the PMS refused the next guest is let through, and answered by the PMS"
    business, then, after = (evidence.asked(phase) for phase in ("business", "next", "after"))
    unclear = _not_left_to_guests(evidence, business)
    if unclear or not then or not after:
        return unknown(claimed, ledger=unclear or "nobody asked after the probe")
    seen = {"answers": f"the probe: {business[0].brief()}; then {then[0].brief()}; {after[-1].brief()}"}
    if is_rejection(business[0]) or len(evidence.calls(evidence.phases["business"])) != 1:
        return unknown(claimed, **seen, ledger="the guest was not the probe")
    return judge(is_success(then[0]) and is_success(after[-1]), claimed, **seen)


def _not_left_to_guests(evidence: Evidence, asked: list[Operation]) -> str:
    """Why the first guest after the wait cannot be the probe; empty if nothing speaks against it."""
    moment = opened(evidence)
    if moment is None or not asked:
        return _NEVER if moment is None else "nobody asked after the wait"
    sooner = evidence.calls(Span(moment, asked[0].started))
    return f"calls before any guest asked: {evidence.lines(sooner)}" if sooner else ""


def _arrival(entry: LedgerEntry) -> float:
    return entry.received
