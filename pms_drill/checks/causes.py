"""The runbook at work, cause by cause: symptoms, detection, what does not help, what helps, validation."""

from __future__ import annotations

import re
from collections import Counter

from pms_drill.checks.lateness import timed_cause
from pms_drill.checks.moments import is_rejection, is_success
from pms_drill.checks.verdict import Verdict, judge, unknown
from pms_drill.evidence.causes import CauseEvidence, Trial
from pms_drill.evidence.history import Kind, Operation
from pms_drill.evidence.scrape import Scrape

_CLOSED, _OPEN = 0.0, 1.0
#: The kinds of failures; one of each label set exists before the first call.
KINDS = ("connect", "lost", "timeout", "bad_answer", "server", "auth", "rate_limit")
_RESET = "reset"


def shows_the_symptoms(evidence: CauseEvidence) -> Verdict:
    """CAUSE-01: the breaker's gauge is 1, failed calls are counted, guests are told no more than they can be.

    More failures than the threshold within less than a wait, and nobody rejected, is a matter of counting: no breaker
    can have opened and closed in between, so that this fails on a machine that was late, too.
    """
    impact, policy = evidence.impact, evidence.policy
    never = len(impact) > evidence.opens_after and not any(is_rejection(op) or is_success(op) for op in impact)
    if never and policy is not None and impact[-1].ended - impact[0].started < policy.recovery:
        return _symptoms(evidence)
    return timed_cause(_symptoms)(evidence)


def _symptoms(evidence: CauseEvidence) -> Verdict:
    claimed = f"the breaker opens after {evidence.opens_after} failed call(s): gauge 1, and status=error counts them"
    if not evidence.impact or not evidence.scrapes:
        return unknown(claimed, answers="nobody asked, or the metrics were not read")
    gauges = {scrape.value(evidence.metrics.state, service="pms") for scrape in evidence.scrapes}
    seen = ", ".join(sorted(map(str, gauges)))
    errors = _more(evidence, evidence.scrapes[-1], evidence.metrics.calls, status="error")
    rejected = is_rejection(evidence.impact[-1])
    return judge(
        _OPEN in gauges and errors >= evidence.opens_after and rejected,
        claimed,
        metrics=f"gauge {seen}; {errors:g} calls more with status=error",
        answers=_told(evidence.impact),
    )


@timed_cause
def names_its_cause(evidence: CauseEvidence) -> Verdict:
    """CAUSE-02: `kind` tells what kind of failure it is, and no other kind grows; readiness tells B from the rest."""
    claimed = f"failures are counted as kind={evidence.kind} only, and readiness says {evidence.status}"
    if not evidence.scrapes or not evidence.ready:
        return unknown(claimed, health="metrics or readiness were not read")
    grown = {
        kind: count
        for kind in KINDS
        if (count := _more(evidence, evidence.scrapes[-1], evidence.metrics.errors, kind=kind))
    }
    status = evidence.ready.get("status")
    good = set(grown) == {evidence.kind} and grown[evidence.kind] >= evidence.opens_after and status == evidence.status
    return judge(good, claimed, metrics=str(grown or "no kind grew"), health=f"pms.status {status}")


@timed_cause
def is_found_by_the_runbooks_grep(evidence: CauseEvidence) -> Verdict:
    """CAUSE-03: the runbook's grep finds at least as many lines as calls failed, each about the PMS."""
    claimed = f"grep {evidence.grep!r} finds each of the {evidence.opens_after} failed call(s) in the agent's log"
    if not evidence.log.strip():
        return unknown(claimed, log="is empty")
    failing = [line for line in evidence.log.splitlines() if re.search("(?i)fail|error|warn", line)]
    found = [line for line in failing if "PMS" in line and re.search(evidence.grep, line)]
    return judge(
        len(found) >= evidence.opens_after, claimed, log=f"{len(found)} lines of {len(failing)} about failures"
    )


@timed_cause
def is_not_mended_by_a_reset(evidence: CauseEvidence) -> Verdict:
    """CAUSE-04: a reset closes the breaker, and while the cause lasts the same failures open it again."""
    claimed = f"a reset closes the breaker and the cause opens it again after {evidence.opens_after} failed call(s)"
    trial = next((trial for trial in evidence.trials if trial.mitigation == _RESET), None)
    if trial is None or trial.told is None or not trial.asked:
        return unknown(claimed, admin="no reset was tried")
    told = trial.told
    # A call that opens the breaker by itself (429) is answered from failover; only the PMS side sees that it was made.
    failed = len(trial.calls) if evidence.in_ledger else sum(not is_rejection(op) for op in trial.asked)
    closed = told.status == 200 and told.state == "closed" and told.gauge == _CLOSED
    return judge(
        closed and failed == evidence.opens_after and _in_vain(trial),
        claimed,
        admin=f"{told.status}, state {told.state or 'not told'}, gauge {told.gauge}",
        answers=_told(trial.asked),
        ledger=f"{len(trial.calls)} calls" if evidence.in_ledger else "does not see the calls of this cause",
    )


@timed_cause
def is_not_mended_by_what_is_for_another_cause(evidence: CauseEvidence) -> Verdict:
    """CAUSE-05: a restart of the PMS changes nothing about a key, a limit or a network."""
    trials = [trial for trial in evidence.trials if trial.mitigation != _RESET]
    named = ", ".join(trial.mitigation for trial in trials)
    claimed = f"{named or 'a mitigation of another cause'} does not help: guests fail and the breaker opens again"
    if not trials or not all(trial.asked for trial in trials):
        return unknown(claimed, answers="nothing of that kind was tried")
    return judge(
        all(map(_in_vain, trials)),
        claimed,
        answers="; ".join(f"after {trial.mitigation}: {_told(trial.asked)}" for trial in trials),
    )


def leaves_guests_served_by_the_mock(evidence: CauseEvidence) -> Verdict:
    """CAUSE-06: on the mock every guest is served, nothing is confirmed, and nothing is sent to the PMS."""
    claimed = "on the mock every question has source mock, every reservation is pending"
    if evidence.in_ledger:
        claimed += ", and the PMS is left alone"
    mock = evidence.mock
    if mock is None or not mock.asked:
        return unknown(claimed, answers="the mock was not tried")
    wrong = [op for op in mock.asked if not _as_mock(op)]
    line = "PMS adapter type: mock" in mock.log
    return judge(
        not wrong and not mock.calls and line,
        claimed,
        answers=_told(mock.asked),
        ledger=f"{len(mock.calls)} calls" if evidence.in_ledger else "does not see the calls of this cause",
        log="says PMS adapter type: mock" if line else "does not say PMS adapter type: mock",
    )


@timed_cause
def is_mended_by_what_fits(evidence: CauseEvidence) -> Verdict:
    """CAUSE-07: the fitting mitigation brings the PMS back: with the next guest, or when a limit's wait is over."""
    mended = evidence.mended
    if mended is None or not mended.asked:
        return unknown("the fitting mitigation brings the PMS's answers back", answers="nothing was done, or no guest")
    within = f"within {mended.patience:.2f} s" if mended.patience else "with the next guest"
    claimed = f"{mended.mitigation} brings the PMS's answers back {within}"
    good = [op for op in mended.asked if is_success(op)]
    first = mended.asked[0]
    in_time = bool(good) and (
        good[0].started - first.started <= mended.patience if mended.patience else good[0] is first
    )
    took = f"{mended.seconds:.2f} s after it began" if mended.seconds is not None else "never"
    return judge(in_time, claimed, answers=f"{_told(mended.asked)}; the PMS's first answer: {took}")


@timed_cause
def stands_the_validation(evidence: CauseEvidence) -> Verdict:
    """CAUSE-08: the runbook's validation: a question and a reservation from the PMS, gauge 0, successes, no errors."""
    claimed = "availability and a reservation come from the PMS, the gauge is 0, only successes are counted, PMS up"
    seen = evidence.validation
    kinds = {op.kind for op in seen.asked} if seen else set()
    if seen is None or not {Kind.AVAILABILITY, Kind.RESERVATION} <= kinds:
        return unknown(claimed, answers="no validation was done")
    names = evidence.metrics
    gauge = seen.after.value(names.state, service="pms")
    grown = {
        status: seen.after.total(names.calls, status=status) - seen.before.total(names.calls, status=status)
        for status in ("success", "error")
    }
    good = all(is_success(op) for op in seen.asked) and gauge == _CLOSED and seen.ready.get("status") == "up"
    return judge(
        good and grown["success"] >= len(seen.asked) and not grown["error"],
        claimed,
        answers=_told(seen.asked),
        metrics=f"gauge {gauge}, {grown['success']:g} successes and {grown['error']:g} errors more",
        health=f"pms.status {seen.ready.get('status')}",
    )


@timed_cause
def loses_no_reservation(evidence: CauseEvidence) -> Verdict:
    """CAUSE-09: what guests reserved during the incident and were given an id for is confirmed and held once."""
    claimed = "every reservation that was taken during the incident is confirmed at the end and held once by the PMS"
    taken = [op.guest.email for op in evidence.reserved if op.status in (201, 202)]
    if not taken:
        return unknown(claimed, answers="no reservation was taken")
    last = {op.guest.email: op.body.get("status") for op in evidence.looked_up if op.kind is Kind.LOOKUP}
    held = Counter(booking.email for booking in evidence.bookings if booking.live)
    wrong = [f"{email}: {last.get(email)}, held {held[email]} times" for email in taken
             if last.get(email) != "confirmed" or held[email] != 1]  # fmt: skip
    return judge(not wrong, claimed, pms=f"{len(taken)} reservations; wrong: {'; '.join(wrong[:3]) or 'none'}")


def _in_vain(trial: Trial) -> bool:
    return is_rejection(trial.asked[-1]) and not any(map(is_success, trial.asked))


def _as_mock(operation: Operation) -> bool:
    if operation.kind is Kind.AVAILABILITY:
        return (operation.status, operation.source, operation.body.get("binding")) == (200, "mock", False)
    return (operation.status, operation.body.get("status")) == (202, "pending")


def _more(evidence: CauseEvidence, scrape: Scrape, name: str, **labels: str) -> float:
    """By how much a counter grew; after a restart of the agent it began at zero."""
    now, before = scrape.total(name, **labels), evidence.before.total(name, **labels)
    return now - before if now >= before else now


def _told(asked: list[Operation]) -> str:
    """What guests were told, in order."""
    words = [f"{op.status or op.error} {op.source or op.problem}".strip() for op in asked]
    return ", ".join(words[:10]) or "nobody asked"
