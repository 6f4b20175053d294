"""The breaker's reset by hand (runbook, "Quick Mitigation"; breaker property 44)."""

from __future__ import annotations

from pms_drill.checks.moments import is_rejection
from pms_drill.checks.problems import is_problem
from pms_drill.checks.verdict import Outcome, Verdict, judge, unknown
from pms_drill.evidence.reset import ResetEvidence, Told

_CLOSED = 0.0


def needs_the_token(evidence: ResetEvidence) -> Verdict:
    """RESET-01: without the token, or with a wrong one, 401; without a configured token 403; and nothing changes."""
    claimed = "the reset is refused with a problem of status 401 without the right token, and the breaker stays open"
    refused, after = evidence.refused, evidence.after_refused
    if not refused or not after:
        return unknown(claimed, answers="nobody tried")
    wrong = [caller for caller, told in refused.items() if not _is_problem(told, 401)]
    closed = [operation for operation in after if not is_rejection(operation)]
    return judge(
        not wrong and not closed,
        claimed,
        admin=", ".join(f"{caller}: {told.status} {told.media}" for caller, told in refused.items()),
        answers=f"{len(after)} guests asked afterwards, {len(closed)} were not rejected",
    )


def closed_to_all_without_a_configured_token(evidence: ResetEvidence) -> Verdict:
    """RESET-02: an agent that has no admin token lets nobody reset, and says 403."""
    claimed = "without a configured token the reset is refused with a problem of status 403 for everybody"
    told = evidence.unconfigured
    if told is None:
        return unknown(claimed, admin="not tried")
    return judge(_is_problem(told, 403), claimed, admin=f"{told.status} {told.media} {told.text[:200]}")


def closes_and_clears(evidence: ResetEvidence) -> Verdict:
    """RESET-03: with the token 200, state and gauge are closed, and the count begins at zero: N failures open again."""
    claimed = f"a reset closes the breaker and clears its count: a dead PMS opens it after {evidence.threshold} calls"
    told = evidence.granted
    if told is None or not evidence.after_granted:
        return unknown(claimed, admin="no reset was granted")
    seen = {
        "admin": f"{told.status}, state {told.state or 'not told'}",
        "metrics": f"gauge {told.gauge}",
        "ledger": f"{evidence.calls_after_granted} calls until guests were rejected again",
        "answers": ", ".join(str(operation.status) for operation in evidence.after_granted),
    }
    opened_again = is_rejection(evidence.after_granted[-1])
    good = told.status == 200 and told.state == "closed" and told.gauge == _CLOSED
    return judge(good and opened_again and evidence.calls_after_granted == evidence.threshold, claimed, **seen)


def works_at_once_and_twice(evidence: ResetEvidence) -> Verdict:
    """RESET-04: when the PMS is well again, a reset brings its answers back at once; a second reset changes nothing."""
    claimed = "after the PMS is back, a reset brings the next guest the PMS's answer, and may be repeated"
    first = evidence.after_again
    if first is None or len(evidence.again) < 2:
        return unknown(claimed, admin="the reset was not repeated")
    if evidence.since_opening >= evidence.wait:
        took = f"the question came {evidence.since_opening:.2f} s after the opening"
        return unknown(claimed, answers=f"{took}: the breaker may have closed by itself")
    good = all(told.status == 200 and told.state == "closed" for told in evidence.again)
    return judge(
        good and first.source == "pms",
        claimed,
        admin=", ".join(f"{told.status} {told.state}" for told in evidence.again),
        answers=f"{first.brief()}, {evidence.since_opening:.2f} s after the opening (wait {evidence.wait:g} s)",
    )


def _is_problem(told: Told, status: int) -> bool:
    return is_problem(told.status, told.media, told.text, wanted=status).outcome is Outcome.PASSED
