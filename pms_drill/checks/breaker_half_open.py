"""Half-open in the crowd: who may pass while the probe is under way, and what becomes of all the others."""

from __future__ import annotations

from pms_drill.checks.lateness import timed
from pms_drill.checks.moments import SHARE, earliest_opening, is_rejection, is_success, opened, percentile
from pms_drill.checks.verdict import Verdict, failed, judge, unknown
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.evidence.history import Kind, Operation
from pms_drill.evidence.ledger import LedgerEntry

#: At least this share of the crowd must have come while the probe was under way.
_ENOUGH = 0.5
_NEVER = "the breaker never opened: no guest was rejected"


@timed
def half_open_comes_by_itself(evidence: Evidence) -> Verdict:
    """BRK-30: nobody has to ask: after the wait the agent probes without any traffic."""
    wait, slack = evidence.policy.recovery, evidence.policy.slack
    claimed = f"without any guest the PMS is probed {wait:g} s after the opening"
    moment, earliest = opened(evidence), earliest_opening(evidence)
    if moment is None or earliest is None:
        return unknown(claimed, answers=_NEVER)
    probe = _first_call(evidence, moment)
    # The rejected question that showed the opening belongs to the impact.
    asked = [op for op in evidence.operations if op.phase != "impact" and op.started > moment]
    meanwhile = [op for op in asked if not probe or op.started < probe.received]
    silence = evidence.phases.get("silence")
    if probe is None:
        seen = {"ledger": "no probe", "answers": "nobody asked"}
        long_enough = silence is not None and silence.end > moment + wait + slack
        return failed(claimed, **seen) if long_enough else unknown(claimed, **seen)
    if meanwhile:
        return unknown(claimed, answers=f"{len(meanwhile)} guests asked before the probe")
    holds = earliest + SHARE * wait <= probe.received <= moment + wait + slack
    took = f"{probe.method} {probe.path} after {probe.received - moment:.2f} s"
    return judge(holds, claimed, ledger=took, answers="nobody asked meanwhile")


def crowd_adds_no_call(evidence: Evidence) -> Verdict:
    """BRK-31: while the one permitted call is under way, fifty arrivals add none."""
    claimed = "while the probe is under way no other call reaches the PMS, however many guests arrive"
    span, arrivals, unclear = _under_way(evidence)
    if span is None:
        return unknown(claimed, ledger=unclear)
    calls = sorted(evidence.calls(span), key=lambda entry: entry.received)
    seen = {
        "answers": f"{len(arrivals)} guests arrived in the {span.end - span.begin:.2f} s of the probe",
        "ledger": f"{len(calls)} call(s): {evidence.lines(calls)}",
    }
    if len(calls) > 1:
        return failed(claimed, **seen)
    return judge(True, claimed, **seen) if _enough(evidence, arrivals) else unknown(claimed, **seen)


@timed
def crowd_does_not_wait_for_the_probe(evidence: Evidence) -> Verdict:
    """BRK-32: whoever arrives while the probe is under way is rejected, and does not queue behind it.

    Who arrives less than the slack before its end may be answered after it without having waited for it.
    """
    claimed = "guests who arrive while the probe is under way are rejected, nine of ten of them before it ends"
    span, arrivals, unclear = _under_way(evidence)
    if span is None:
        return unknown(claimed, ledger=unclear)
    wrong = [op for op in arrivals if not is_rejection(op) and op.ended < span.end]
    early = [op for op in arrivals if op.started <= span.end - evidence.policy.slack]
    queued = [op for op in early if op.ended >= span.end]
    slowest = percentile([op.seconds for op in arrivals], 0.95) if arrivals else 0.0
    seen = {
        "answers": f"{len(arrivals)} arrived, {len(early)} of them early, {len(queued)} of these were answered only "
        f"after the probe, p95 {slowest:.2f} s; "
        f"not rejected: {'; '.join(op.brief() for op in wrong[:3]) or 'none'}",
        "ledger": f"the probe took {span.end - span.begin:.2f} s",
    }
    if not _enough(evidence, early):
        return unknown(claimed, **seen)
    return judge(not wrong and len(queued) <= len(early) / 10, claimed, **seen)


@timed
def closes_after_the_declared_probes(evidence: Evidence) -> Verdict:
    """BRK-33: it takes as many good probes to close as are declared, not one more and not one less."""
    count = evidence.policy.probes_to_close
    claimed = f"{count} good probe(s) close the breaker"
    moment = opened(evidence)
    begins = _both_pass(evidence) if evidence.policy.by_traffic else _first_passes(evidence)
    if moment is None or begins is None:
        return unknown(claimed, answers=_NEVER if moment is None else "no guest was answered by the PMS afterwards")
    probes = [entry for entry in evidence.calls(Span(moment, begins)) if entry.status == 200]
    rejected_later = [op for op in evidence.asked("after") if is_rejection(op)]
    seen = {
        "ledger": f"{len(probes)} good call(s) before the first guest's: {evidence.lines(probes)}",
        "answers": f"{len(rejected_later)} rejected after that",
    }
    return judge(len(probes) == count and not rejected_later, claimed, **seen)


def closing_makes_no_stampede(evidence: Evidence) -> Verdict:
    """BRK-42: after the closing the PMS gets what guests ask for, and nothing that had queued up."""
    claimed = "after the breaker closed the PMS is called once for each question, and no more"
    good = [op for op in evidence.asked("recovery") if is_success(op)]
    if not good or "after" not in evidence.phases:
        return unknown(claimed, answers="no guest was answered by the PMS after the heal")
    span = Span(good[0].started, evidence.phases["after"].end)
    asked = [op for op in evidence.operations if op.kind is Kind.AVAILABILITY and span.holds(op.started)]
    calls = evidence.calls(span, probes=False)
    waiting = len(evidence.asked("crowd"))
    seen = {
        "answers": f"{len(asked)} questions after the closing, {waiting} had been rejected before",
        "ledger": f"{len(calls)} calls",
    }
    if not asked or not waiting:
        return unknown(claimed, **seen)
    return judge(len(calls) <= len(asked), claimed, **seen)


def _first_passes(evidence: Evidence) -> float | None:
    """When the first guest after the closing asked; the probes before were the agent's own."""
    return next((op.started for op in evidence.asked("recovery", "after") if is_success(op)), None)


def _both_pass(evidence: Evidence) -> float | None:
    """When the first two guests asked at once and were both answered by the PMS; those before were probes."""
    asked = evidence.asked("recovery")
    pairs = zip(asked[::2], asked[1::2], strict=False)
    return next((one.started for one, other in pairs if is_success(one) and is_success(other)), None)


def _first_call(evidence: Evidence, moment: float) -> LedgerEntry | None:
    later = [entry for entry in evidence.ledger if entry.received > moment]
    return min(later, key=lambda entry: entry.received, default=None)


def _under_way(evidence: Evidence) -> tuple[Span | None, list[Operation], str]:
    """From the arrival of the first call after the opening to its answer; the guests who came then; or why not."""
    moment = opened(evidence)
    probe = _first_call(evidence, moment) if moment is not None else None
    if probe is None or probe.delivered is None:
        return None, [], _NEVER if moment is None else "no probe was seen, or it had no answer"
    span = Span(probe.received, probe.delivered)
    return span, [op for op in evidence.asked("crowd") if span.holds(op.started)], ""


def _enough(evidence: Evidence, arrivals: list[Operation]) -> bool:
    everybody = evidence.asked("crowd")
    return bool(everybody) and len(arrivals) >= _ENOUGH * len(everybody)
