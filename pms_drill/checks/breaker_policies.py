"""Optional policies of a breaker: judged only for profiles that claim them."""

from __future__ import annotations

from itertools import pairwise

from pms_drill.checks.lateness import timed
from pms_drill.checks.moments import SHARE, is_rejection, is_success, opened, probe_rounds
from pms_drill.checks.verdict import Verdict, failed, judge, unknown
from pms_drill.checks.windows import under_fault
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.evidence.history import Operation

#: Waits of a forced breaker that must have been watched; and by which factor a growing wait may be spread (jitter).
_WATCHED, _JITTER = 2, 1.5


@timed
def few_failures_do_not_open_it(evidence: Evidence) -> Verdict:
    """BRK-04: below the minimum of calls nothing opens it, though every one of them failed."""
    least = evidence.policy.minimum_calls
    claimed = f"{least - 1} failures of {least - 1} calls leave it closed: it takes {least} calls to judge"
    return _closed(evidence, claimed, "few", "still_few", least - 1)


@timed
def old_failures_do_not_count(evidence: Evidence) -> Verdict:
    """BRK-05: failures older than the window are forgotten."""
    least = evidence.policy.minimum_calls
    claimed = f"{least - 1} failures, more than {evidence.policy.window:g} s after as many others, leave it closed"
    sooner, later, first = evidence.phases.get("few"), evidence.phases.get("few_again"), evidence.asked("few")
    if not (sooner and later and later.begin - sooner.end > evidence.policy.window and len(first) >= least - 1):
        return unknown(claimed, answers=f"{len(first)} asked before, and not for longer than a window")
    if any(map(is_success, first)):
        return unknown(claimed, answers=f"before: {_mix(first)}")
    return _closed(evidence, claimed, "few_again", "still_again", least - 1)


@timed
def failures_across_the_window_add_up(evidence: Evidence) -> Verdict:
    """BRK-06: failures in two parts of one window count together, and open it at exactly the minimum."""
    least = evidence.policy.minimum_calls
    claimed = f"{least} failures within {evidence.policy.window:g} s open it, although they came in two parts"
    asked = evidence.asked("first_half", "impact")
    bad = [op for op in asked if not is_rejection(op)]
    rejected = any(map(is_rejection, asked))
    seen = {"answers": f"{len(bad)} failed, then {'rejected' if rejected else 'no rejection'}"}
    if not evidence.asked("first_half") or any(map(is_success, asked)) or (len(asked) < least and not rejected):
        return unknown(claimed, **seen)
    return judge(rejected and len(bad) == least, claimed, **seen)


@timed
def wait_grows(evidence: Evidence) -> Verdict:
    """BRK-43: with each failed probe the wait grows by the declared factor, up to the declared longest one."""
    policy = evidence.policy
    claimed = f"waits grow by {policy.wait_growth:g} with each failed probe, up to {policy.longest_wait:g} s"
    moment = opened(evidence)
    rounds = [together[0].received for together in probe_rounds(evidence)]
    if moment is None or len(rounds) < 3:
        return unknown(claimed, ledger=f"{len(rounds)} probes")
    gaps = [later - sooner for sooner, later in pairwise([moment, *rounds])]
    due = [min(policy.recovery * policy.wait_growth**number, policy.longest_wait) for number in range(len(gaps))]
    wrong = [
        f"{gap:.2f} s, due {wait:.2f} s"
        for gap, wait in zip(gaps, due, strict=True)
        if not SHARE * wait - (policy.slack if gap is gaps[0] else 0) <= gap <= _JITTER * wait + policy.slack
    ]
    seen = {"ledger": "gaps " + ", ".join(f"{gap:.2f} s" for gap in gaps) + f"; wrong: {'; '.join(wrong) or 'none'}"}
    return judge(not wrong, claimed, **seen)


@timed
def forced_open_holds(evidence: Evidence) -> Verdict:
    """BRK-45: opened by hand it stays open against time and a healthy PMS, until it is reset."""
    claimed = "opened by hand the breaker sends nothing to a healthy PMS for several waits, until the reset"
    asked, span = evidence.asked("forced"), evidence.phases.get("forced")
    after = evidence.asked("after_reset")
    if span is None or not asked or not after or span.end - span.begin < _WATCHED * evidence.policy.recovery:
        return unknown(claimed, answers="it was not opened by hand, or not for long enough")
    calls = evidence.calls(Span(asked[0].started, span.end))
    through = [op for op in asked if not is_rejection(op)]
    seen = {
        "answers": f"{len(asked)} asked in {span.end - span.begin:.2f} s, {len(through)} not rejected; "
        f"after the reset: {after[0].brief()}",
        "ledger": f"{len(calls)} calls: {evidence.lines(calls) or 'none'}",
    }
    return judge(not calls and not through and is_success(after[0]), claimed, **seen)


@timed
def slow_calls_open_it(evidence: Evidence) -> Verdict:
    """BRK-13: calls that are answered in time but too slowly count as failures; those just quick enough do not."""
    policy = evidence.policy
    claimed = f"{policy.threshold} answers that take more than {policy.slow_call:g} s open it, quicker ones do not"
    quick, slow = evidence.asked("quick"), evidence.asked("impact")
    good = [op for op in slow if is_success(op)]
    seen = {
        "answers": f"{sum(map(is_rejection, quick))} of {len(quick)} quick ones rejected; "
        f"{len(good)} slow answers, then {'rejected' if any(map(is_rejection, slow)) else 'no rejection'}"
    }
    if any(map(is_rejection, quick)):
        took = max(op.seconds for op in quick)
        return unknown(claimed, **seen, late=f"{took:.2f} s") if took > policy.slow_call else failed(claimed, **seen)
    if not quick or not slow or (good and min(op.seconds for op in good) < policy.slow_call):
        return unknown(claimed, **seen)
    return judge(any(map(is_rejection, slow)) and len(good) == policy.threshold, claimed, **seen)


@timed
def slow_probe_reopens(evidence: Evidence) -> Verdict:
    """BRK-39: a probe that is answered well but too slowly is a failed one."""
    claimed = "probes that are answered too slowly leave the breaker open"
    rounds, last = probe_rounds(evidence), evidence.asked("open")[-1:]
    if opened(evidence) is None or not rounds or not last:
        return unknown(claimed, ledger=f"{len(rounds)} probes", answers="nobody asked" if not last else last[0].brief())
    answered = [entry for together in rounds for entry in together if entry.delivered and entry.status == 200]
    seen = {"ledger": f"{len(answered)} probes were answered well", "answers": last[0].brief()}
    if not answered or last[0].started < answered[0].received + evidence.policy.slow_call:
        return unknown(claimed, **seen)
    return judge(is_rejection(last[0]), claimed, **seen)


@timed
def switched_off_it_measures_on(evidence: Evidence) -> Verdict:
    """BRK-46: a breaker that is switched off lets every question through, and each one is counted as before."""
    names, threshold = evidence.policy.metrics, evidence.policy.threshold
    claimed = "switched off it lets every question through to a failing PMS, and each of them is counted"
    asked, after = evidence.asked("impact"), evidence.asked("after")
    window = under_fault(evidence)
    if len(asked) <= threshold or not after or window is None:
        return unknown(claimed, answers=f"{len(asked)} asked", metrics="no scrapes around them" if not window else "")
    rejected = [op for op in [*asked, *after] if is_rejection(op)]
    calls = evidence.calls(evidence.phases["impact"], probes=False)
    of = {"operation": "availability"}
    counted = {
        "calls": window.grown(names.calls, **of, status="error"),
        "errors": window.grown(names.errors, **of),
        "durations": window.grown(f"{names.latency}_count", **of),
    }
    seen = {
        "answers": f"{len(asked)} asked, {len(rejected)} rejected; then {after[-1].brief()}",
        "ledger": f"{len(calls)} calls",
        "metrics": "counted " + ", ".join(f"{number:g} {what}" for what, number in counted.items()),
    }
    exact = len(calls) == len(asked) and all(number == len(asked) for number in counted.values())
    return judge(not rejected and exact and is_success(after[-1]), claimed, **seen)


@timed
def other_dependency_does_not_open_it(evidence: Evidence) -> Verdict:
    """BRK-51: a second service that hangs or is gone leaves the PMS's breaker closed.

    What guests are told while that service fails is the agent's own affair, as long as it is no rejection of the
    PMS's breaker: with the service well again the very next guest must be answered by the PMS.
    """
    claimed = "a second service that hangs or refuses connections does not open the breaker of the PMS"
    faults, least = ("hanging", "refusing"), evidence.policy.threshold
    notes = {phase: evidence.notes.get(f"asked_{phase}") for phase in ("steady", *faults)}
    under = evidence.asked(*faults)
    well = [evidence.asked(f"well_after_{fault}") for fault in faults]
    rejected = [op for op in [*under, *(op for ops in well for op in ops)] if is_rejection(op)]
    seen = {
        "answers": f"{_mix(under)}; with the service well again: {_mix([op for ops in well for op in ops])}",
        "service": ", ".join(
            f"asked {number if number is None else f'{number:g} times'} while {phase}"
            for phase, number in notes.items()
        ),
    }
    if rejected:
        return failed(claimed, **seen)
    asked_before = (notes["steady"] or 0) >= 1 and all(evidence.notes.get(f"asked_well_after_{f}") for f in faults)
    acted = all(notes[fault] == 0 and len(evidence.asked(fault)) > least for fault in faults)
    if not asked_before or not acted or not all(well):
        return unknown(claimed, **seen)
    return judge(all(is_success(op) for ops in well for op in ops), claimed, **seen)


def _closed(evidence: Evidence, claimed: str, failing: str, then: str, count: int) -> Verdict:
    bad, after = evidence.asked(failing), evidence.asked(then)
    seen = {"answers": f"{_mix(bad)}; then {_mix(after)}"}
    if any(map(is_rejection, [*bad, *after])):
        return failed(claimed, **seen)
    span = evidence.phases.get(failing)
    if (
        not 0 < count <= len(bad)
        or any(map(is_success, bad))
        or not after
        or (span is not None and span.end - span.begin > evidence.policy.window)
    ):
        return unknown(claimed, **seen)
    return judge(is_success(after[-1]), claimed, **seen)


def _mix(operations: list[Operation]) -> str:
    rejected, good = sum(map(is_rejection, operations)), sum(map(is_success, operations))
    return f"{len(operations)} asked: {good} answered by the PMS, {rejected} rejected"
