"""The breaker's properties, judged by behaviour at the PMS and by what guests were told.

The ids are those of docs/properties.md. Where the ledger cannot see calls (a fault in front of it), the answers are
the witness; a check that needs the ledger then says unknown, and the suite skips it as `no-witness`.
"""

from __future__ import annotations

from pms_drill.checks.moments import (
    SHARE,
    failures_before_opening,
    is_rejection,
    not_closed,
    opened,
    percentile,
    probes_while_not_closed,
    quiet,
)
from pms_drill.checks.verdict import Verdict, failed, judge, passed, unknown
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.history import Kind


def starts_closed(evidence: Evidence) -> Verdict:
    """BRK-01: the first guest's call reaches the PMS, and nothing was rejected before the fault."""
    claimed = "the breaker is closed at start: the first guest's call reaches the PMS"
    steady = evidence.asked("steady")
    if not steady:
        return unknown(claimed, answers="no guest asked before the fault")
    calls = evidence.calls(evidence.phases["steady"], probes=False)
    rejected = [operation for operation in steady if is_rejection(operation)]
    seen = {"answers": f"{len(steady)}, rejected: {len(rejected)}", "ledger": f"{len(calls)} calls in steady"}
    if rejected:
        return failed(claimed, **seen)
    return judge(bool(calls), claimed, **seen) if calls else unknown(claimed, **seen)


def opens_at_the_threshold(evidence: Evidence) -> Verdict:
    """BRK-02: the breaker opens after exactly the declared number of failures; after a 429 at once."""
    expected = evidence.expectation.opens_after
    fault = evidence.expectation.fault
    impact = evidence.asked("impact", kind=Kind.AVAILABILITY)
    if expected is None:
        return stays_closed(evidence)
    claimed = f"{expected} failure(s) open the breaker, not one more and not one less ({fault})"
    if not impact:
        return unknown(claimed, answers="no guest asked under the fault")
    failures = failures_before_opening(evidence)
    # A 429 is answered from failover by the very call that opens the breaker.
    count = len(failures) + (1 if fault.startswith("rate_limited") and is_rejection(impact[0]) else 0)
    told = ", ".join(str(operation.status or operation.error) for operation in impact)
    seen = {"answers": f"{count} failed call(s), then {'rejected' if count < len(impact) else 'no rejection'}: {told}"}
    moment = opened(evidence)
    if moment is None:
        return failed(claimed, **seen)
    holds = count == expected
    if evidence.expectation.reaches_ledger:
        span = evidence.phases["impact"]
        calls = [entry for entry in evidence.calls(span, probes=False) if entry.received <= moment]
        seen["ledger"] = f"{len(calls)} calls from the fault to the opening: {evidence.lines(calls, 8)}"
        holds = holds and len(calls) == expected
    return judge(holds, claimed, **seen)


def stays_closed(evidence: Evidence) -> Verdict:
    """BRK-10: business answers do not count: after more of them than the threshold the PMS is still asked."""
    claimed = f"business answers do not open the breaker ({evidence.expectation.fault})"
    impact = evidence.asked("impact", kind=Kind.AVAILABILITY)
    rejected = [operation for operation in impact if is_rejection(operation)]
    calls = evidence.calls(evidence.phases["impact"], probes=False)
    seen = {"answers": f"{len(impact)} asked, {len(rejected)} rejected", "ledger": f"{len(calls)} calls"}
    if len(impact) <= evidence.policy.threshold:
        return unknown(claimed, **seen)
    return judge(not rejected and len(calls) >= len(impact), claimed, **seen)


def no_call_while_open(evidence: Evidence) -> Verdict:
    """BRK-18: no call of any operation reaches the PMS while the breaker is open."""
    claimed = "no call of any operation reaches the PMS while the breaker is open"
    span = quiet(evidence)
    if span is None:
        return failed(claimed, answers="the breaker never opened: guests were never rejected")
    asked = [operation for operation in evidence.asked("open") if span.holds(operation.started)]
    if not asked:
        return unknown(claimed, answers="nobody asked while the breaker was open")
    calls = evidence.calls(span)
    return judge(
        not calls,
        claimed,
        answers=f"{len(asked)} operations were asked in {span.end - span.begin:.2f} s",
        ledger=f"{len(calls)} calls: {evidence.lines(calls)}" if calls else "0 calls",
    )


def rejects_fast(evidence: Evidence) -> Verdict:
    """BRK-19: while the breaker is open an answer does not wait for the PMS."""
    bound = max(evidence.policy.timeout / 10, evidence.policy.slack)
    claimed = f"while the breaker is open the slowest answers come within {bound * 1000:.0f} ms"
    asked = [operation for operation in evidence.asked("open") if is_rejection(operation)]
    if not asked:
        return unknown(claimed, answers="nobody was rejected")
    p99 = percentile([operation.seconds for operation in asked], 0.99)
    return judge(p99 < bound, claimed, answers=f"p99 {p99 * 1000:.0f} ms of {len(asked)}")


def stays_open_for_the_wait(evidence: Evidence) -> Verdict:
    """BRK-22: the first probe comes after the whole wait, and soon after it."""
    wait = evidence.expectation.wait
    claimed = f"the breaker stays open for {wait:g} s, then the PMS is probed without waiting for guests"
    moment = opened(evidence)
    if moment is None:
        return failed(claimed, answers="the breaker never opened")
    calls = [entry for entry in evidence.calls(evidence.phases["impact"], probes=False) if entry.received <= moment]
    probes = probes_while_not_closed(evidence)
    if not calls:
        return unknown(claimed, ledger="no failing call was seen")
    latest = moment + wait + evidence.policy.slack
    if not probes:
        if evidence.phases["armed"].end < latest:
            return unknown(claimed, ledger="the fault was healed before a probe was due")
        return failed(claimed, ledger=f"no probe within {evidence.phases['armed'].end - moment:.2f} s")
    gap = probes[0].received - calls[-1].received
    late = probes[0].received - moment
    holds = gap >= SHARE * wait and late <= wait + evidence.policy.slack
    return judge(holds, claimed, ledger=f"first probe {gap:.2f} s after the call that opened it")


def probes_are_safe_and_single(evidence: Evidence) -> Verdict:
    """BRK-31, BRK-40: until it closes, the PMS sees safe reads only, one per wait, however many guests ask."""
    claimed = "until the breaker closes only single safe reads reach the PMS, never a guest's call"
    span = not_closed(evidence)
    if span is None:
        return failed(claimed, answers="the breaker never opened")
    calls = evidence.calls(span)
    guests = [entry for entry in calls if not evidence.is_agent_probe(entry)]
    if guests:
        return failed(claimed, ledger=f"{len(guests)} other calls: {evidence.lines(guests)}")
    if not calls:
        return unknown(claimed, ledger="no probe was seen")
    return passed(claimed, ledger=f"{len(calls)} probes in {span.end - span.begin:.2f} s")


def failed_probe_reopens_for_a_full_wait(evidence: Evidence) -> Verdict:
    """BRK-34: one failed probe opens the breaker again, for a full new wait."""
    wait = evidence.expectation.wait
    claimed = f"after a failed probe the next one comes no sooner than {wait:g} s later"
    probes = probes_while_not_closed(evidence)
    if len(probes) < 2:
        return unknown(claimed, ledger=f"{len(probes)} probe(s) under the fault")
    gaps = [later.received - sooner.received for sooner, later in zip(probes, probes[1:], strict=False)]
    return judge(min(gaps) >= SHARE * wait, claimed, ledger="gaps " + ", ".join(f"{gap:.2f} s" for gap in gaps))


def liveness_is_unaffected(evidence: Evidence) -> Verdict:
    """BRK-27: an outage of the PMS does not make the orchestrator kill the agent."""
    claimed = "liveness and readiness answer 200 while the breaker is open"
    statuses = evidence.statuses
    if not statuses or not all(statuses.values()):
        return unknown(claimed, health="not looked at")
    bad = {path: sorted({status for status in seen if status != 200}) for path, seen in statuses.items()}
    wrong = {path: found for path, found in bad.items() if found}
    looked = ", ".join(f"{path} {len(seen)} times" for path, seen in statuses.items())
    return judge(not wrong, claimed, health=f"{looked}; other answers: {wrong or 'none'}")


def recovers_after_the_heal(evidence: Evidence) -> Verdict:
    """FAIL-02: guests are answered by the PMS again soon after it works, without anybody's help."""
    policy, wait = evidence.policy, evidence.expectation.wait
    bound = wait + policy.timeout + 2 * policy.slack
    claimed = f"guests get the PMS's answers again within {bound:.2f} s after the heal"
    healed = evidence.phases["armed"].end
    good = [op for op in evidence.asked("recovery", "recovered") if op.source == "pms" and op.kind is Kind.AVAILABILITY]
    asked = evidence.asked("recovery")
    if not good:
        last = asked[-1].brief() if asked else "nobody asked"
        return failed(claimed, answers=f"none from the PMS; last: {last}")
    took = good[0].ended - healed
    return judge(took <= bound, claimed, answers=f"first answer of the PMS after {took:.2f} s")
