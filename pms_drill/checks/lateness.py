"""Where timing ends to be known: the one rule about slack, and about a scraper that fell behind (design rule 7, 12).

Slack says how much later than claimed something may be seen. It comes from the control before the fault and from the
machine's delays in the time that is judged. It has an end: half of the smaller of deadline and recovery. A check that
depends on time judges with no more slack than that. What then looks wrong on a machine that was later is unknown,
never failed; and what looks right is unknown where a stall hides when the breaker opened or the fault was healed.
Checks that only count judge on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from itertools import pairwise

from pms_drill.checks import moments
from pms_drill.checks.verdict import Outcome, Verdict, unknown
from pms_drill.evidence.bundle import Evidence, Policy, Span
from pms_drill.evidence.causes import CauseEvidence
from pms_drill.evidence.machine import Machine

Check = Callable[[Evidence], Verdict]
#: A stall is seen only as often as the heart beats.
_STALL = 1.2


def longest_slack(timeout: float, recovery: float) -> float:
    """Beyond this many seconds of slack the timing is unknown."""
    return min(timeout, recovery) / 2


def lateness(machine: Machine, span: Span, policy: Policy) -> float:
    """The slack that the control before the fault and the machine in the span ask for, in seconds."""
    window = 2 * longest_slack(policy.timeout, policy.recovery)
    waiting = machine.most_waiting(span.begin, span.end, window)
    return max(policy.slack, _STALL * machine.longest_stall(span.begin, span.end), waiting)


def too_late(evidence: Evidence) -> float:
    """The slack that the judged time would need, in seconds, where that is more than is allowed; otherwise 0."""
    slack = lateness(evidence.machine, _judged_span(evidence), evidence.policy)
    return slack if slack > longest_slack(evidence.policy.timeout, evidence.policy.recovery) else 0.0


def hidden_by_a_stall(evidence: Evidence) -> float:
    """The longest stall of the machine that hides when the breaker opened, or when the PMS could be used again.

    In seconds; 0 where those moments are known well enough.
    """
    spans = []
    end, opener = moments.opened(evidence), moments.opener(evidence)
    if end is not None and opener is not None:
        spans.append(Span(opener.started, end))
    if {"armed", "recovery"} <= evidence.phases.keys():
        spans.append(Span(evidence.phases["armed"].end, evidence.phases["recovery"].begin))
    stall = max((evidence.machine.longest_stall(span.begin, span.end) for span in spans), default=0.0)
    return stall if _STALL * stall > longest_slack(evidence.policy.timeout, evidence.policy.recovery) else 0.0


def timed(check: Check) -> Check:
    """Bound the slack of a check, and let a machine that was later than that answer unknown instead of failed."""

    @wraps(check)
    def judged(evidence: Evidence) -> Verdict:
        policy, limit = evidence.policy, longest_slack(evidence.policy.timeout, evidence.policy.recovery)
        slack = lateness(evidence.machine, _judged_span(evidence), policy)
        verdict = check(replace(evidence, policy=replace(policy, slack=min(slack, limit))))
        if slack <= limit or verdict.outcome is Outcome.UNKNOWN:
            return verdict
        if verdict.outcome is Outcome.FAILED or hidden_by_a_stall(evidence):
            return _beyond(verdict, slack, limit)
        return verdict

    return judged


def timed_cause(check: Callable[[CauseEvidence], Verdict]) -> Callable[[CauseEvidence], Verdict]:
    """The same rule for the experiments with causes: what failed on a late machine is unknown."""

    @wraps(check)
    def judged(evidence: CauseEvidence) -> Verdict:
        verdict, policy = check(evidence), evidence.policy
        if verdict.outcome is not Outcome.FAILED or policy is None:
            return verdict
        limit = longest_slack(policy.timeout, policy.recovery)
        slack = lateness(evidence.machine, Span(0.0, float("inf")), policy)
        return verdict if slack <= limit else _beyond(verdict, slack, limit)

    return judged


def scraped(check: Check) -> Check:
    """Answer unknown where the scraper fell behind: in a longer gap than a wait a whole state may have been missed."""

    @wraps(check)
    def judged(evidence: Evidence) -> Verdict:
        verdict = check(evidence)
        if verdict.outcome is Outcome.UNKNOWN:
            return verdict
        behind = fell_behind(evidence)
        return unknown(verdict.claimed, **verdict.seen, scraper=behind) if behind else verdict

    return judged


def fell_behind(evidence: Evidence) -> str:
    """In which way the scraper fell behind; empty if it did not."""
    gap, longest = _longest_gap(evidence), evidence.policy.recovery
    told = f"the scraper fell behind: {gap:.2f} s without a scrape, {longest:.2f} s are allowed"
    return told if gap > longest else ""


def _beyond(verdict: Verdict, slack: float, limit: float) -> Verdict:
    why = f"was too late to judge time: {slack:.2f} s of slack would be needed, {limit:.2f} s are allowed"
    return unknown(verdict.claimed, **verdict.seen, machine=why)


def _judged_span(evidence: Evidence) -> Span:
    """From the first phase after the control to the end."""
    spans = [span for name, span in evidence.phases.items() if name != "steady"]
    if not spans:
        return Span(0.0, float("inf"))
    return Span(min(span.begin for span in spans), max(span.end for span in spans))


def _longest_gap(evidence: Evidence) -> float:
    """The longest time without a scrape between the beginning of the impact and the last phase that is judged."""
    phases = [span for name in ("impact", "armed", "recovered") if (span := evidence.phases.get(name)) is not None]
    if not phases:
        return 0.0
    begin, end = min(span.begin for span in phases), max(span.end for span in phases)
    read = [scrape.ended for scrape in evidence.scrapes]
    before = max((at for at in read if at <= begin), default=begin)
    after = min((at for at in read if at >= end), default=end)
    times = [before, *sorted(at for at in read if begin < at < end), after]
    return max((later - sooner for sooner, later in pairwise(times)), default=0.0)
