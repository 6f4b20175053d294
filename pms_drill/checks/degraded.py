"""A PMS that limps, slow within the deadline or failing now and then: it stays in use, and guests hear the truth."""

from __future__ import annotations

from pms_drill.checks.lateness import timed
from pms_drill.checks.moments import is_rejection, is_success
from pms_drill.checks.verdict import Verdict, judge, unknown
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.history import Kind, Operation

#: Faults that delay answers take up to six tenths of the deadline (`slow_both_ways`); a PMS that takes more than this
#: part of it by itself may have been late all the same.
_OWN_SHARE = 1 / 3


@timed
def stays_in_use(evidence: Evidence) -> Verdict:
    """BRK-62: what comes within the deadline is no failure, and fewer failures than the threshold open nothing.

    Where nothing fails every guest is served by the PMS; otherwise all but fewer than the threshold.
    """
    expectation, policy = evidence.expectation, evidence.policy
    most = policy.threshold - 1 if expectation.error_kind else 0
    claimed = f"the breaker stays closed and the PMS serves all guests but {most} ({expectation.fault})"
    asked = evidence.asked("impact", "strike")
    if len(asked) <= policy.threshold:
        return unknown(claimed, answers=f"only {len(asked)} asked under the fault, the threshold is {policy.threshold}")
    rejected = [op for op in asked if is_rejection(op)]
    unserved = [op for op in asked if not is_success(op)]
    calls = evidence.calls(evidence.phases["armed"], probes=False)
    told = "; ".join(op.brief() for op in (rejected or unserved)[:3]) or "none"
    seen = {
        "answers": f"{len(asked)} asked, {len(unserved)} not served by the PMS, {len(rejected)} rejected: {told}",
        "ledger": f"{len(calls)} calls under the fault",
    }
    if not rejected and len(unserved) <= most and len(calls) < len(asked):
        return unknown(claimed, **seen)  # whoever served them, it was not seen
    slow = [e for e in calls if e.delivered is None or e.delivered - e.received > _OWN_SHARE * policy.timeout]
    if most < len(unserved) <= most + len(slow):
        return unknown(claimed, **seen, pms=f"{len(slow)} calls took it so long that they may have been too late")
    return judge(not rejected and len(unserved) <= most, claimed, **seen)


def told_as_it_is(evidence: Evidence) -> Verdict:
    """FAIL-06: a question is answered by the PMS, told as the failure it is, or answered as by an open breaker.

    Never like "sold out": the PMS has rooms.
    """
    allowed = evidence.expectation.problem_statuses
    failed = f"told {' or '.join(map(str, allowed))}, " if allowed else ""
    claimed = f"each question is answered by the PMS, {failed}or answered without it and marked"
    asked = evidence.asked("impact", kind=Kind.AVAILABILITY)
    if not asked:
        return unknown(claimed, answers="nobody asked under the fault")
    wrong = [op for op in asked if not (_has_rooms(op) or is_rejection(op) or op.status in allowed)]
    told = "; ".join(op.brief() for op in wrong[:3]) or "none"
    return judge(not wrong, claimed, answers=f"{len(asked)} asked, {len(wrong)} wrong: {told}")


def _has_rooms(operation: Operation) -> bool:
    return is_success(operation) and operation.body.get("available") is True
