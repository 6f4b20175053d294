"""What the breaker counts, and when it forgets: boundary pairs around the threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pms_drill.checks.breaker import opens_at_the_threshold, stays_open_for_the_wait
from pms_drill.checks.lateness import timed
from pms_drill.checks.moments import arrivals_allowed, failures_before_opening, is_rejection, is_success, opened
from pms_drill.checks.verdict import Verdict, failed, judge, unknown, worst
from pms_drill.checks.windows import under_fault
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.evidence.history import Kind, Operation


@timed
def below_the_threshold_stays_closed(evidence: Evidence) -> Verdict:
    """BRK-07: one failure fewer than the threshold leaves the breaker closed: the next question reaches the PMS."""
    less = evidence.policy.threshold - 1
    claimed = f"after {less} failures in a row the next question still reaches the PMS"
    return _still_closed(evidence, claimed, failing=("below",), then="between")


@timed
def success_resets_the_streak(evidence: Evidence) -> Verdict:
    """BRK-03: failures in a row count, not all of them: a success in between begins anew."""
    less = evidence.policy.threshold - 1
    claimed = f"{less} failures, a success and {less} more failures leave the breaker closed"
    between = evidence.asked("between")
    if not between or not is_success(between[-1]):
        return unknown(claimed, answers="there was no success in between")
    return _still_closed(evidence, claimed, failing=("below", "below_again"), then="still")


@timed
def closing_clears_the_count(evidence: Evidence) -> Verdict:
    """BRK-41: after the closing it takes as many failures as ever to open it again.

    Failures begin with the first guest who is let through: a success before them would clear the count by itself.
    """
    claimed = f"after the breaker closed, {evidence.policy.threshold - 1} failures leave it closed"
    if opened(evidence) is None:
        return unknown(claimed, answers="the breaker never opened")
    let_through = [operation for operation in evidence.asked("recovery") if not is_rejection(operation)]
    if not let_through:
        return unknown(claimed, answers="the breaker was not seen to close")
    # Where guests' own calls are the probes a success closes it; where one failure opens it none may come first.
    fails_first = not evidence.policy.by_traffic and evidence.policy.threshold > 1
    if fails_first and any(is_success(operation) for operation in let_through):
        return unknown(claimed, answers="a guest was answered well before the failures, which clears the count, too")
    return _still_closed(evidence, claimed, failing=("below_after",), then="still_after", first=let_through)


@timed
def hanging_up_is_no_failure(evidence: Evidence) -> Verdict:
    """BRK-15: guests who hang up say nothing about the PMS, however many they are."""
    claimed = "guests who hang up while the PMS is at work do not open the breaker"
    left = [operation for operation in evidence.asked("hang_up") if operation.status is None]
    calls = evidence.calls(evidence.phases["hang_up"], probes=False) if "hang_up" in evidence.phases else []
    after = evidence.asked("after_hang_up")
    seen = {
        "answers": f"{len(left)} guests hung up; then: {after[-1].brief() if after else 'nobody asked'}",
        "ledger": f"{len(calls)} calls for them",
    }
    if len(left) < evidence.policy.threshold or len(calls) < evidence.policy.threshold or not after:
        return unknown(claimed, **seen)
    # A call that the PMS side did not answer well within the deadline may have failed for that reason.
    late = [e for e in calls if e.answered is None or e.answered - e.received > 0.8 * evidence.policy.timeout]
    if late and not is_success(after[-1]):
        return unknown(claimed, **seen, late=f"{len(late)} answers were late on their own")
    return judge(is_success(after[-1]), claimed, **seen)


def failures_at_once_open_it_once(evidence: Evidence) -> Verdict:
    """BRK-17: failures that end at the same moment make one transition, not one each."""
    claimed = "many failures at the same moment are counted as one opening"
    failures = [operation for operation in evidence.asked("impact") if not is_rejection(operation)]
    after = evidence.asked("open")
    window = under_fault(evidence)
    if window is None:
        return unknown(claimed, metrics="fewer than two scrapes around the failures")
    if len(failures) <= evidence.policy.threshold:
        return unknown(claimed, answers=f"only {len(failures)} failed at once")
    if window.last.started < max(operation.ended for operation in failures):
        return unknown(claimed, metrics="no scrape between the failures and the heal")
    count = window.grown(evidence.policy.metrics.transitions, **{"from": "closed", "to": "open"})
    told = f"{len(failures)} failed at once, {sum(map(is_rejection, after))} of {len(after)} rejected afterwards"
    if not any(map(is_rejection, after)):
        return unknown(claimed, answers=told)
    return judge(count == 1, claimed, answers=told, metrics=f"closed to open counted {count:g} times")


@timed
def settings_are_honoured(evidence: Evidence) -> Verdict:
    """BRK-52: another threshold and another wait, given as settings, act.

    A probe of an idle breaker that meets the fault before it opens counts like a call: so many fewer are left.
    """
    moment, armed = opened(evidence), evidence.phases.get("armed")
    expected = evidence.expectation.opens_after
    if moment is not None and armed is not None and expected:
        met = [e for e in evidence.calls(Span(armed.begin, moment)) if evidence.is_agent_probe(e)]
        evidence = replace(evidence, expectation=replace(evidence.expectation, opens_after=expected - len(met)))
    count, wait = opens_at_the_threshold(evidence), stays_open_for_the_wait(evidence)
    told = {"count": "; ".join(count.seen.values()), "wait": "; ".join(wait.seen.values())}
    return Verdict(worst([count.outcome, wait.outcome]), f"with other settings {count.claimed}; {wait.claimed}", told)


def restart_costs_no_more_than_declared(evidence: Evidence) -> Verdict:
    """BRK-26: whatever a restart forgets, the PMS bears at most threshold x processes failing calls for each start."""
    policy = evidence.policy
    most = policy.threshold * policy.workers
    claimed = f"each start of the agent costs a dead PMS at most {most} calls ({policy.workers} x {policy.threshold})"
    told = {}
    for phase in ("impact", "again"):
        asked = evidence.asked(phase)
        if not asked:
            return unknown(claimed, answers=f"nobody asked in {phase}")
        calls = len(evidence.calls(evidence.phases[phase], probes=False))
        rejected = any(map(is_rejection, asked))
        told[phase] = f"{calls} calls for {len(asked)} questions, {'then rejected' if rejected else 'never rejected'}"
        if calls > most * arrivals_allowed(evidence) or (not rejected and len(asked) > most):
            return failed(claimed, **told)
        if not rejected:
            return unknown(claimed, **told)
    return judge(True, claimed, **told)


def calls_are_not_amplified(evidence: Evidence) -> Verdict:
    """BRK-53: a failing PMS is not hit harder: each question costs one call, or the repeats that are declared."""
    most = arrivals_allowed(evidence)
    claimed = f"a question costs the PMS at most {most} call(s) under the fault"
    asked = evidence.asked("impact", kind=Kind.AVAILABILITY)
    failures = failures_before_opening(evidence)
    met = asked[: len(failures) or 1]
    if not met:
        return unknown(claimed, answers="nobody asked under the fault")
    calls = evidence.calls(evidence.phases["impact"], probes=False)
    seen = {"answers": f"{len(met)} questions left", "ledger": f"{len(calls)} calls: {evidence.lines(calls, 8)}"}
    if not calls:
        return unknown(claimed, **seen)
    worst_one = max(sum(op.started <= entry.received <= op.ended for entry in calls) for op in met)
    return judge(worst_one <= most and len(calls) <= most * len(met), claimed, **seen)


def _still_closed(
    evidence: Evidence, claimed: str, *, failing: tuple[str, ...], then: str, first: Sequence[Operation] = ()
) -> Verdict:
    """Nobody was rejected, every question failed as it should, and the next one was answered by the PMS.

    Args:
        first: questions before those of the phases `failing`; those among them that failed count, too.
    """
    failures, after = [*(op for op in first if not is_success(op)), *evidence.asked(*failing)], evidence.asked(then)
    told = ", ".join(_short(operation) for operation in [*failures, *after])
    seen = {"answers": told or "nobody asked"}
    if any(is_rejection(operation) for operation in [*failures, *after]):
        return failed(claimed, **seen)
    failed_ones = [op for op in failures if op.status in evidence.expectation.problem_statuses]
    if len(failed_ones) < len(failing) * (evidence.policy.threshold - 1) or not after:
        return unknown(claimed, **seen)
    return judge(is_success(after[-1]), claimed, **seen)


def _short(operation: Operation) -> str:
    return f"{operation.status or operation.error}{' ' + operation.source if operation.source else ''}"
