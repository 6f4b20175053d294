"""Time and the open breaker: results that come late, wall clocks that are stepped, waits that a date names."""

from __future__ import annotations

from pms_drill.checks.lateness import timed
from pms_drill.checks.moments import SHARE, earliest_opening, is_rejection, opened, quiet
from pms_drill.checks.verdict import Verdict, failed, judge, unknown
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.evidence.ledger import LedgerEntry

_NEVER = "the breaker never opened: no guest was rejected"
#: By how much the agent's wall clock may differ from what the experiment set, in seconds.
_CLOCK_S = 60.0
#: Name of the note with the agent's wall clock, as seconds beside the true time.
WALL_CLOCK = "wall clock of the agent"


@timed
def late_success_does_not_close(evidence: Evidence) -> Verdict:
    """BRK-23: a call begun before the opening that ends well after it leaves the breaker open."""
    claimed = "a good answer to a call begun before the opening does not close the breaker"
    span, late = quiet(evidence), _late(evidence)
    if span is None:
        return unknown(claimed, answers=_NEVER)
    if late is None or late.delivered is None or late.status != 200 or not span.holds(late.delivered):
        return unknown(claimed, ledger="no good answer came while the breaker was open")
    after = [op for op in evidence.asked("after_late") if late.delivered < op.started < span.end]
    calls = evidence.calls(span)
    seen = {
        "ledger": f"answer {late.delivered - span.begin:.2f} s after the opening; {len(calls)} calls while open: "
        f"{evidence.lines(calls) or 'none'}",
        "answers": "; ".join(op.brief() for op in after) or "nobody asked after it while the wait was not over",
    }
    if calls or any(not is_rejection(op) for op in after):
        return failed(claimed, **seen)
    return judge(True, claimed, **seen) if after else unknown(claimed, **seen)


@timed
def late_failure_does_not_extend_the_wait(evidence: Evidence) -> Verdict:
    """BRK-24: a call begun before the opening that fails after it neither extends the wait nor opens it again.

    An extended wait would end no sooner than the wait after the late failure. Timers fire late, never early, so that
    a probe before that moment is proof enough, however slow the machine is.
    """
    policy = evidence.policy
    claimed = f"a failure of a call begun before the opening does not extend the wait of {policy.recovery:g} s"
    moment, late = opened(evidence), _late(evidence)
    if moment is None:
        return unknown(claimed, answers=_NEVER)
    if late is None:
        return unknown(claimed, ledger="no booking was under way")
    lateness = late.received + policy.timeout - moment
    if lateness <= 0:
        return unknown(claimed, ledger="the booking failed before the breaker opened")
    probe = _first_probe(evidence, moment)
    if probe is None:
        return unknown(claimed, ledger="no probe was seen")
    took = probe.received - moment
    seen = {"ledger": f"failure {lateness:.2f} s after the opening, probe {took:.2f} s after it"}
    if took < SHARE * policy.recovery + lateness:
        return judge(True, claimed, **seen)
    return failed(claimed, **seen) if took > policy.recovery + policy.slack else unknown(claimed, **seen)


@timed
def wall_clock_does_not_matter(evidence: Evidence) -> Verdict:
    """BRK-25: a step of the wall clock, back or forth, neither freezes nor shortens the wait."""
    policy = evidence.policy
    claimed = f"with the wall clock an hour back or ahead the breaker still waits {policy.recovery:g} s"
    moment, earliest = opened(evidence), earliest_opening(evidence)
    if moment is None or earliest is None:
        return unknown(claimed, answers=_NEVER)
    told, holds, begin, since = {}, True, moment, earliest
    for phase in ("back", "forth"):
        probe = _first_probe(evidence, begin)
        if probe is None:
            told[phase] = "no probe came"
            span = evidence.phases.get(phase)
            waited = span is not None and span.end > begin + policy.recovery + policy.timeout + policy.slack
            return failed(claimed, **told) if waited else unknown(claimed, **told)
        took = probe.received - begin
        told[phase] = f"probe after {took:.2f} s"
        holds = holds and probe.received - since >= SHARE * policy.recovery
        holds = holds and took <= policy.recovery + policy.slack + (policy.timeout if phase == "forth" else 0.0)
        begin = since = probe.received
    if not holds:
        return failed(claimed, **told)
    beside = evidence.notes.get(WALL_CLOCK)
    told["clock"] = "not read" if beside is None else f"the agent's wall clock was {beside:.0f} s beside the true time"
    stepped = beside is not None and abs(abs(beside) - 3600) < _CLOCK_S
    return judge(True, claimed, **told) if stepped else unknown(claimed, **told)


@timed
def date_of_a_limit_is_obeyed(evidence: Evidence) -> Verdict:
    """BRK-12: after a 429 whose `Retry-After` is a date nothing leaves before that date, and a probe soon after it."""
    notes, policy = evidence.notes, evidence.policy
    claimed = "nothing reaches the PMS before the date that its 429 named, and a probe soon after it"
    if opened(evidence) is None or not {"not before", "not after"} <= notes.keys():
        return unknown(claimed, answers=_NEVER)
    met = evidence.calls(evidence.phases["impact"], probes=False)
    if not met:
        return unknown(claimed, ledger="no call met the limit")
    limit = met[-1].received
    later = [entry for entry in evidence.ledger if entry.received > limit]
    early = [entry for entry in later if entry.received - limit < SHARE * (notes["not before"] - limit)]
    first = min((entry.received for entry in later), default=None)
    seen = {
        "ledger": f"{len(early)} calls too early: {evidence.lines(early) or 'none'}; first call "
        f"{'never' if first is None else f'{first - limit:.2f} s'} after the limit was met",
        "limit": f"{notes['not before'] - limit:.2f} to {notes['not after'] - limit:.2f} s after that",
    }
    if notes["not before"] - limit <= policy.recovery + policy.slack:
        return unknown(claimed, **seen)
    late = first is None or first > notes["not after"] + policy.slack
    return judge(not early and not late and len(met) == 1, claimed, **seen)


def _late(evidence: Evidence) -> LedgerEntry | None:
    """The booking that was under way when the breaker opened."""
    moment = opened(evidence)
    guests = {op.guest.email.lower() for op in evidence.asked("late")}
    return next(
        (
            entry
            for entry in evidence.ledger
            if moment is not None
            and entry.received < moment
            and any(email in entry.request_body.lower() for email in guests)
        ),
        None,
    )


def _first_probe(evidence: Evidence, after: float) -> LedgerEntry | None:
    found = evidence.calls(Span(after + 1e-6, float("inf")))
    return min(found, key=lambda entry: entry.received, default=None)
