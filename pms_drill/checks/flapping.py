"""Does the failover flap? A PMS that fails now and then is still a PMS."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from pms_drill.checks.moments import SHARE, is_rejection
from pms_drill.checks.verdict import Verdict, judge, unknown
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.history import Kind, Operation


def openings(operations: Iterable[Operation]) -> list[Operation]:
    """The first question without the PMS after each one with it: the breaker has opened in between."""
    asked = sorted((op for op in operations if op.kind is Kind.AVAILABILITY), key=lambda op: op.started)
    return [op for before, op in pairwise(asked) if is_rejection(op) and not is_rejection(before)]


def alternating_errors_never_open(evidence: Evidence) -> Verdict:
    """FAIL-07: errors that alternate with good answers never open a breaker of consecutive failures."""
    least = 2 * evidence.policy.threshold
    claimed = "a PMS that fails every other question is asked every time: the breaker never opens"
    asked = evidence.asked("impact", kind=Kind.AVAILABILITY)
    arrived = [e.status for e in evidence.calls(evidence.phases["armed"], probes=False)]
    bad = sum(1 for status in arrived if status is not None and status >= 500)
    seen = f"{len(asked)} asked, {len(arrived)} calls arrived, {bad} failed"
    if bad < least or len(arrived) - bad < least:
        return unknown(claimed, ledger=f"{seen}; at least {least} of each kind would say something")
    rejected = [op for op in asked if is_rejection(op)]
    told = "; ".join(op.brief() for op in rejected[:3]) or "none"
    return judge(not rejected, claimed, ledger=seen, answers=f"{len(rejected)} without the PMS: {told}")


def opens_at_most_once_per_wait(evidence: Evidence) -> Verdict:
    """FAIL-08: however errors fall, guests are switched to the mock and back at most once per recovery time."""
    wait = evidence.expectation.wait
    claimed = f"under random errors the breaker opens at most once per {wait:g} s"
    found = openings(evidence.asked("impact"))
    at = [f"{op.started - evidence.phases['armed'].begin:.2f} s" for op in found]
    seen = f"{len(evidence.asked('impact'))} asked, opened {len(found)} times: {', '.join(at) or 'never'}"
    if len(found) < 2:
        return unknown(claimed, answers=f"{seen}; two openings would say something")
    # From the last answer before it: the breaker opened with that one, or a little before guests knew.
    close = [
        f"{sooner.started:.2f} s and {later.started:.2f} s"
        for sooner, later in pairwise(found)
        if later.ended - sooner.started + evidence.policy.slack < SHARE * wait
    ]
    return judge(not close, claimed, answers=f"{seen}; too close: {'; '.join(close[:3]) or 'none'}")
