"""A PMS that is neither up nor down: no flapping between it and the failover."""

from __future__ import annotations

from itertools import pairwise

from pms_drill.checks.lateness import timed
from pms_drill.checks.moments import SHARE, is_rejection, is_success
from pms_drill.checks.verdict import Verdict, failed, judge, passed, unknown
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.history import Operation


@timed
def alternating_errors_never_open_it(evidence: Evidence) -> Verdict:
    """FAIL-07: when every second question fails, nobody is sent to the failover."""
    claimed = "while every second question fails the breaker stays closed"
    asked = evidence.asked("alternating")
    bad, good = _mix(evidence, asked)
    rejected = [op for op in asked if is_rejection(op)]
    seen = {"answers": f"{good} answered by the PMS, {bad} failed, {len(rejected)} rejected"}
    if rejected:
        return failed(claimed, **seen)
    return judge(True, claimed, **seen) if min(bad, good) > evidence.policy.threshold else unknown(claimed, **seen)


@timed
def random_errors_do_not_make_it_flap(evidence: Evidence) -> Verdict:
    """FAIL-08: when half of the questions fail in no order, it opens at most once in each wait.

    Of an opening is known that it came after the question before the first rejection was sent, and before that
    question was answered; two openings are too near if they are so even at their widest. Fewer than two openings
    prove nothing.
    """
    wait = evidence.policy.recovery
    claimed = f"while half of the questions fail the breaker opens at most once in {wait:g} s"
    asked = evidence.asked("random")
    bad, good = _mix(evidence, asked)
    openers = [sooner for sooner, later in pairwise(asked) if is_rejection(later) and not is_rejection(sooner)]
    gaps = [later.ended - sooner.started for sooner, later in pairwise(openers)]
    seen = {
        "answers": f"{good} answered by the PMS, {bad} failed, {sum(map(is_rejection, asked))} rejected, "
        f"opened {len(openers)} times" + (f", at most {min(gaps):.2f} s apart" if gaps else "")
    }
    if gaps and min(gaps) < SHARE * wait:
        return failed(claimed, **seen)
    if not bad or not good or not gaps:
        return unknown(claimed, **seen)
    return passed(claimed, **seen)


def _mix(evidence: Evidence, asked: list[Operation]) -> tuple[int, int]:
    return sum(op.status in evidence.expectation.problem_statuses for op in asked), sum(map(is_success, asked))
