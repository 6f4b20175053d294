"""The breaker's properties, judged by behaviour at the PMS and by what guests were told.

The ids are those of docs/properties.md. Where the ledger cannot see calls (a fault in front of it), the answers are
the witness; a check that needs the ledger then says unknown, and the suite skips it as `no-witness`. A breaker that
never opens fails BRK-02 only: what an open one would have done is then unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from pms_drill.checks.lateness import longest_slack, timed
from pms_drill.checks.moments import (
    BLIND,
    SHARE,
    arrivals_allowed,
    blind,
    earliest_opening,
    failures_before_opening,
    grown_wait,
    healed,
    is_rejection,
    is_success,
    may_probe,
    not_closed,
    opened,
    percentile,
    probe_rounds,
    probes_while_not_closed,
    probing_guests,
    quiet,
)
from pms_drill.checks.verdict import Outcome, Verdict, failed, judge, passed, unknown
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.evidence.history import Kind, Operation
from pms_drill.evidence.machine import Machine

#: What a verdict says when there was no open breaker to look at.
NEVER_OPENED = "the breaker never opened: no guest was rejected"
#: Half of the answers come sooner, in seconds, where nothing is waited for: measured 5 to 25 ms, and 60 to 70 ms for
#: look-ups of everybody at once with both cores busy.
_AT_ONCE_S = 0.125
#: Answers of one sort of which a quarter says something.
_ENOUGH = 8
#: Between how many processes a rejected request changes hands: guest, agent, guest.
_HANDS = 3
#: Liveness and readiness.
_HEALTH_PATHS = 2


def starts_closed(evidence: Evidence) -> Verdict:
    """BRK-01: the first guest's call reaches the PMS, and nothing was rejected before the fault."""
    claimed = "the breaker is closed at start: the first guest's call reaches the PMS"
    steady = evidence.asked("steady")
    if not steady:
        return unknown(claimed, answers="no guest asked before the fault")
    first = steady[0]
    calls = evidence.calls(evidence.phases["steady"], probes=False)
    rejected = [operation for operation in steady if is_rejection(operation)]
    seen = {"answers": f"{len(steady)}, rejected: {len(rejected)}", "ledger": f"{len(calls)} calls in steady"}
    if rejected:
        return failed(claimed, **seen)
    if not calls:
        return unknown(claimed, **seen)
    return judge(any(first.started <= entry.received <= first.ended for entry in calls), claimed, **seen)


def opens_at_the_threshold(evidence: Evidence) -> Verdict:
    """BRK-02: the breaker opens after exactly the declared number of failures; after a 429 at once."""
    expected = evidence.expectation.opens_after
    if expected is None:
        return stays_closed(evidence)
    claimed = f"{expected} failure(s) open the breaker, not one more and not one less ({evidence.expectation.fault})"
    impact = evidence.asked("impact", kind=Kind.AVAILABILITY)
    if not impact:
        return unknown(claimed, answers="no guest asked under the fault")
    failures = failures_before_opening(evidence)
    moment = opened(evidence)
    # A 429 is answered from failover by the very call that opens the breaker.
    at_once = evidence.expectation.error_kind == "rate_limit" and moment is not None and not failures
    count = len(failures) + (1 if at_once else 0)
    told = ", ".join(str(operation.status or operation.error) for operation in impact)
    seen = {"answers": f"{count} failed call(s), then {'rejected' if moment is not None else 'no rejection'}: {told}"}
    if moment is None:
        return failed(claimed, **seen) if len(impact) > expected else unknown(claimed, **seen)
    if any(is_success(operation) for operation in failures):
        return unknown(claimed, **seen, fault="a call under it was answered by the PMS")
    if count != expected or not evidence.expectation.reaches_ledger:
        return judge(count == expected, claimed, **seen)
    calls = [e for e in evidence.calls(evidence.phases["impact"], probes=False) if e.received <= moment]
    seen["ledger"] = f"{len(calls)} calls from the fault to the opening: {evidence.lines(calls, 8)}"
    return judge(expected <= len(calls) <= expected * arrivals_allowed(evidence), claimed, **seen)


@timed
def stays_closed(evidence: Evidence) -> Verdict:
    """BRK-10: business answers do not count: after more of them than the threshold the PMS is still asked."""
    claimed = f"business answers do not open the breaker ({evidence.expectation.fault})"
    impact = evidence.asked("impact")
    rejected = [operation for operation in evidence.asked("impact", "recovered") if is_rejection(operation)]
    refused = [operation for operation in impact if operation.status in evidence.expectation.problem_statuses]
    calls = evidence.calls(evidence.phases["impact"], probes=False) if "impact" in evidence.phases else []
    kinds = ", ".join(sorted({f"{operation.kind}" for operation in impact}))
    seen = {
        "answers": f"{len(impact)} asked ({kinds}), {len(refused)} refused by the PMS, {len(rejected)} rejected by "
        "the breaker",
        "ledger": f"{len(calls)} calls",
    }
    if rejected:
        return failed(claimed, **seen, first=rejected[0].brief())
    if len(refused) <= evidence.policy.threshold:
        return unknown(claimed, **seen)
    return judge(len(calls) >= len(impact), claimed, **seen)


@timed
def no_call_while_open(evidence: Evidence) -> Verdict:
    """BRK-18: no call of any operation reaches the PMS while the breaker is open."""
    claimed = "no call of any operation reaches the PMS while the breaker is open"
    span = quiet(evidence)
    if span is None:
        return unknown(claimed, answers=NEVER_OPENED)
    asked = [operation for operation in evidence.asked("impact", "open") if span.holds(operation.started)]
    kinds = {operation.kind for operation in asked}
    answers = f"{len(asked)} operations ({', '.join(sorted(kinds))}) were asked in {span.end - span.begin:.2f} s"
    if evidence.expectation.delays_requests:
        return unknown(claimed, answers=answers, ledger="requests may arrive long after they were sent")
    if not evidence.expectation.reaches_ledger:
        return unknown(claimed, answers=answers, ledger=f"sees no call under {evidence.expectation.fault}")
    if blind(evidence):
        return unknown(claimed, answers=answers, ledger=BLIND)
    calls = evidence.calls(span)
    ledger = f"{len(calls)} calls: {evidence.lines(calls)}" if calls else "0 calls"
    if not calls and not {Kind.AVAILABILITY, Kind.RESERVATION} <= kinds:
        return unknown(claimed, answers=f"{answers}; a question and a reservation are needed", ledger=ledger)
    return judge(not calls, claimed, answers=answers, ledger=ledger)


def rejects_fast(evidence: Evidence) -> Verdict:
    """BRK-19: while the breaker is open an answer comes at once: it waits neither for the PMS nor for anything else.

    A machine that stalled too long somewhere does not hide an agent that waits with every answer: three quarters of one
    sort are late then even without what the machine had delayed each of them.
    """
    verdict = _answers_at_once(evidence)
    waits = _waits_by_itself(evidence) if verdict.outcome is Outcome.UNKNOWN else ""
    if not waits:
        return verdict
    return failed(verdict.claimed, answers=verdict.seen.get("answers", ""), agent=waits)


@timed
def _answers_at_once(evidence: Evidence) -> Verdict:
    """BRK-19 on a machine that was in time.

    Whatever makes all answers of one sort wait shows in the median of that sort; a machine that stalls now and then
    does not. Single late answers are judged by p95 (an experiment has fewer than a hundred) and with the slack. Where
    answers are late it is looked at how much of it the machine's own delays explain.
    """
    policy = evidence.policy
    at_once, late = _at_once(evidence), policy.timeout / 10 + policy.slack
    claimed = (
        f"while the breaker is open half of the answers of each sort come within {at_once * 1000:.0f} ms, "
        f"95 % of all within {late * 1000:.0f} ms"
    )
    span = not_closed(evidence)
    if span is None:
        return unknown(claimed, answers=NEVER_OPENED)
    sorts = _sorts_while_open(evidence, span)
    asked = [operation for same in sorts.values() for operation in same]
    if not asked:
        return unknown(claimed, answers="nobody asked while the breaker was open")

    def figures(seconds: Callable[[Operation], float]) -> tuple[dict[str, float], float]:
        medians = {sort: percentile([seconds(op) for op in same], 0.5) for sort, same in sorts.items()}
        return medians, percentile([seconds(op) for op in asked], 0.95)

    def told(medians: dict[str, float], p95: float) -> str:
        each = ", ".join(f"{sort} {median * 1000:.0f} ms" for sort, median in sorted(medians.items()))
        return f"median of {each}; p95 {p95 * 1000:.0f} ms of {len(asked)}"

    def hold(medians: dict[str, float], p95: float) -> bool:
        return max(medians.values()) < at_once and p95 < late

    whole, own = figures(lambda op: op.seconds), figures(lambda op: _own_seconds(op, evidence.machine))
    seen = {"answers": told(*whole)}
    if hold(*whole):
        return passed(claimed, **seen)
    if hold(*own):
        return unknown(claimed, **seen, machine=f"was too late to judge time: without its own delays {told(*own)}")
    return failed(claimed, **seen)


def _waits_by_itself(evidence: Evidence) -> str:
    """Which sort of answers is late whatever one stall has done, for people; empty for none, or with too few answers.

    A slow control, and programs that wait for a processor all the time, are no single stall.
    """
    span, machine, policy = not_closed(evidence), evidence.machine, evidence.policy
    limit = longest_slack(policy.timeout, policy.recovery)
    if span is None or policy.slack > limit or machine.most_waiting(span.begin, span.end, 2 * limit) > limit:
        return ""
    for sort, same in _sorts_while_open(evidence, span).items():
        quarter = percentile([_own_seconds(op, machine) for op in same], 0.25)
        if len(same) >= _ENOUGH and quarter >= _at_once(evidence):
            return f"three quarters of {len(same)} {sort} took {quarter * 1000:.0f} ms or more beside the machine"
    return ""


def _sorts_while_open(evidence: Evidence, span: Span) -> dict[str, list[Operation]]:
    """What guests asked who were no probes, by kind and by what answered them."""
    sorts: dict[str, list[Operation]] = {}
    probes = probing_guests(evidence)
    for op in evidence.asked("open"):
        if span.holds(op.started) and op not in probes:
            sorts.setdefault(f"{op.kind} {op.source or op.problem}", []).append(op)
    return sorts


def _at_once(evidence: Evidence) -> float:
    return min(evidence.policy.timeout / 4, _AT_ONCE_S)


@timed
def stays_open_for_the_wait(evidence: Evidence) -> Verdict:
    """BRK-22: the first probe comes after the whole wait, and soon after it."""
    wait, least = evidence.expectation.wait, evidence.expectation.least_wait
    how = "by the next guest" if evidence.policy.by_traffic else "without waiting for guests"
    claimed = f"the breaker stays open for {wait:g} s, then the PMS is probed {how}"
    moment, earliest = opened(evidence), earliest_opening(evidence)
    if moment is None or earliest is None:
        return unknown(claimed, answers=NEVER_OPENED)
    calls = [e for e in evidence.calls(evidence.phases["impact"], probes=False) if e.received <= moment]
    probes = probes_while_not_closed(evidence)
    due = moment + wait
    if evidence.policy.by_traffic:
        asked = (op.started for op in evidence.operations if op.kind is Kind.AVAILABILITY)
        due = min((at for at in asked if at >= due), default=due)
    latest = due + evidence.policy.slack
    if not calls:
        return unknown(claimed, ledger="no failing call was seen")
    if evidence.expectation.delays_requests:
        return unknown(claimed, ledger="requests may arrive long after they were sent")
    if not probes:
        if evidence.phases["armed"].end < latest:
            return unknown(claimed, ledger="the fault was healed before a probe was due")
        return failed(claimed, ledger=f"no probe within {evidence.phases['armed'].end - moment:.2f} s")
    first = probes[0].received
    since_call = first - max(entry.received for entry in calls)
    holds = since_call >= SHARE * least and first - earliest >= SHARE * least and first <= latest
    return judge(
        holds,
        claimed,
        ledger=f"first probe {since_call:.2f} s after the call that opened it, {first - moment:.2f} s after its answer",
    )


@timed
def probes_are_safe_and_single(evidence: Evidence) -> Verdict:
    """BRK-31, BRK-40: until it closes, the PMS sees safe reads only, one at a time, however many guests ask."""
    whose = "never a write" if evidence.policy.by_traffic else "never a guest's call"
    claimed = f"until the breaker closes only single safe reads reach the PMS, {whose}"
    span = not_closed(evidence)
    if span is None:
        return unknown(claimed, answers=NEVER_OPENED)
    calls = evidence.calls(span)
    guests = [entry for entry in calls if not may_probe(entry, evidence)]
    if guests and not evidence.expectation.delays_requests:
        return failed(claimed, ledger=f"{len(guests)} other calls: {evidence.lines(guests)}")
    rounds = probe_rounds(evidence)
    if not rounds:
        return unknown(claimed, ledger="no probe was seen")
    crowd = max(rounds, key=len)
    if len(crowd) > arrivals_allowed(evidence):
        return failed(claimed, ledger=f"{len(crowd)} probes at once: {evidence.lines(crowd)}")
    asked = [op for op in evidence.asked("open") if op.started >= rounds[0][0].received and span.holds(op.started)]
    seen = {"answers": f"{len(asked)} guests asked since the first probe", "ledger": f"{len(rounds)} single probes"}
    return passed(claimed, **seen) if asked else unknown(claimed, **seen)


@timed
def failed_probe_reopens_for_a_full_wait(evidence: Evidence) -> Verdict:
    """BRK-34: one failed probe opens the breaker again, for a full new wait, and a hung one does not wedge it."""
    expectation, policy = evidence.expectation, evidence.policy
    # A probe that hangs ends at its deadline; the wait begins only then.
    lasts = policy.timeout - policy.slack if expectation.error_kind == "timeout" else 0.0
    least = SHARE * expectation.least_wait + max(0.0, lasts)
    claimed = f"after a failed probe the next one comes no sooner than {least:.2f} s later, and it comes"
    if opened(evidence) is None:
        return unknown(claimed, answers=NEVER_OPENED)
    rounds = probe_rounds(evidence)
    if len(rounds) < 2:
        seen = {"ledger": f"{len(rounds)} probe(s) under the fault"}
        # Only where calls hang does the failed probe itself take its time.
        longest = expectation.wait + (policy.timeout if expectation.error_kind == "timeout" else 0.0) + 2 * policy.slack
        wedged = bool(rounds) and evidence.phases["armed"].end - rounds[0][0].received > longest
        return failed(claimed, **seen) if wedged else unknown(claimed, **seen)
    gaps = [later[0].received - sooner[-1].received for sooner, later in pairwise(rounds)]
    return judge(min(gaps) >= least, claimed, ledger="gaps " + ", ".join(f"{gap:.2f} s" for gap in gaps))


@timed
def liveness_is_unaffected(evidence: Evidence) -> Verdict:
    """BRK-27: an outage of the PMS does not make the orchestrator kill the agent."""
    claimed = "liveness and readiness answer 200 while the breaker is open"
    statuses = evidence.statuses
    if len(statuses) < _HEALTH_PATHS or not all(statuses.values()):
        return unknown(claimed, health=f"looked at {', '.join(statuses) or 'nothing'} only")
    if opened(evidence) is None:
        return unknown(claimed, answers=NEVER_OPENED)
    bad = {path: sorted({status for status in seen if status != 200}) for path, seen in statuses.items()}
    wrong = {path: found for path, found in bad.items() if found}
    looked = ", ".join(f"{path} {len(seen)} times" for path, seen in statuses.items())
    return judge(not wrong, claimed, health=f"{looked}; other answers: {wrong or 'none'}")


@timed
def recovers_after_the_heal(evidence: Evidence) -> Verdict:
    """FAIL-02: guests are answered by the PMS again soon after it works, without anybody's help."""
    policy = evidence.policy
    bound = grown_wait(evidence) + policy.timeout + 2 * policy.slack
    claimed = f"guests get the PMS's answers again within {bound:.2f} s after the heal"
    if opened(evidence) is None:
        return unknown(claimed, answers=NEVER_OPENED)
    since = healed(evidence)
    asked = evidence.asked("recovery", "recovered", kind=Kind.AVAILABILITY)
    good = [operation.ended for operation in asked if is_success(operation)]
    if good:
        took = min(good) - since
        return judge(took <= bound, claimed, answers=f"first answer of the PMS after {took:.2f} s")
    last = asked[-1].brief() if asked else "nobody asked"
    late = any(operation.ended > since + bound for operation in asked)
    seen = {"answers": f"none from the PMS; last: {last}"}
    return failed(claimed, **seen) if late else unknown(claimed, **seen)


def _own_seconds(operation: Operation, machine: Machine) -> float:
    """How long an answer took beside what the machine may have delayed it, in seconds."""
    begin, end = operation.started, operation.ended
    stalls = _HANDS * machine.longest_stall(begin, end)
    return operation.seconds - max(stalls, machine.most_waiting(begin, end, float("inf")))
