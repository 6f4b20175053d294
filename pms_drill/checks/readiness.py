"""What readiness says of the PMS, compared with what guests, ledger and metrics show. It is a word like any other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from pms_drill.checks.lateness import timed
from pms_drill.checks.moments import (
    BLIND,
    SHARE,
    blind,
    failures_before_opening,
    is_rejection,
    is_success,
    not_closed,
)
from pms_drill.checks.operations import operation_of
from pms_drill.checks.states import NAMES, Known, known_states
from pms_drill.checks.verdict import Verdict, judge, unknown
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.evidence.history import Kind

#: How a state is called in readiness.
_LABELS = {state: name.replace("-", "_") for state, name in NAMES.items()}
#: By how much a time that is told may miss the true one, in seconds: it may be rounded to whole seconds.
_ROUNDING_S = 1.0
_NEVER_READ = "was not read"
#: What the journal says of a fault from its heal on.
_HEALS = ("healing", "healed")


@timed
def tells_state_and_status(evidence: Evidence) -> Verdict:
    """READY-01: adapter, state of the breaker and status of the PMS are those that guests and ledger show.

    Where nobody outside can know the state, around transitions, nothing is judged.
    """
    claimed = (
        "readiness says ready, the adapter, the breaker's state and the PMS's status as guests and ledger show them"
    )
    wrong = [f"the agent is {said}" for _, said in evidence.ready if said != "ready"]
    judged: Counter[str] = Counter()
    states, statuses = known_states(evidence), list(_statuses(evidence))
    for (at, pms), until in zip(evidence.readiness, _ends(evidence), strict=True):
        span = Span(at, until)
        if pms.get("adapter") != "qloapps":
            wrong.append(f"{_at(evidence, at)} adapter {pms.get('adapter')!r}")
        allowed = _allowed(states, span)
        if allowed and pms.get("breaker") not in allowed:
            wrong.append(
                f"{_at(evidence, at)} breaker {pms.get('breaker')!r} instead of {' or '.join(sorted(allowed))}"
            )
        for during, words in statuses:
            if during.begin <= span.begin and span.end <= during.end:
                judged[words[0]] += 1
                if pms.get("status") not in words:
                    wrong.append(f"{_at(evidence, at)} status {pms.get('status')!r} instead of {' or '.join(words)}")
    told = ", ".join(f"{number} {name}" for name, number in sorted(judged.items())) or "none"
    seen = {"health": f"judged: {told}; wrong: {'; '.join(wrong[:3]) or 'none'}"}
    if not wrong and blind(evidence):
        return unknown(claimed, **seen, ledger=BLIND)
    if not wrong and (not evidence.ready or len(judged) < 2):
        return unknown(claimed, **seen)
    return judge(not wrong, claimed, **seen)


@timed
def tells_the_last_call(evidence: Evidence) -> Verdict:
    """READY-02: `checked_at` is the time at which the agent's last call to the PMS ended."""
    claimed = "checked_at is the time at which the last call to the PMS ended"
    if not evidence.readiness or evidence.epoch is None:
        return unknown(claimed, health=_NEVER_READ if not evidence.readiness else "no wall clock to compare with")
    # An answer may have been held back on its way from the ledger to the agent, for which the call then ended at its
    # deadline: only there it is certain that it had ended, and no sooner than its answer was delivered. The agent's
    # deadline began a little before the PMS side saw the call.
    deadline = evidence.policy.timeout
    ends = sorted(
        (e.received + deadline, min(e.delivered, e.received + deadline - evidence.policy.slack))
        for e in evidence.ledger
        if e.delivered is not None
    )
    # The other way round no call ends after its deadline, and one whose answer nothing holds back ends with that: so an
    # agent that tells the time of the question is found out in a pause.
    held = evidence.expectation.error_kind == "timeout"
    last_moments = [
        (e.received, e.received + deadline if held or e.delivered is None else e.delivered) for e in evidence.ledger
    ]
    wrong, judged = [], 0
    for at, pms in evidence.readiness:
        # A call that has only just ended may not have been noted yet.
        before = [end for certain, end in ends if certain <= at - evidence.policy.slack]
        if not before:
            continue
        judged += 1
        said = pms.get("checked_at")
        told = _moment(said, evidence.epoch)
        latest = max(end for begun, end in last_moments if begun <= at) + evidence.policy.slack + _rounding(said)
        if told is None or not max(before) - _ROUNDING_S <= told <= latest:
            wrong.append(f"{_at(evidence, at)} {pms.get('checked_at')!r}")
    seen = {"health": f"{judged} judged, {len(wrong)} wrong: {'; '.join(wrong[:3]) or 'none'}"}
    return judge(not wrong, claimed, **seen) if judged else unknown(claimed, **seen, ledger="saw no call before")


def _rounding(told: object) -> float:
    """By how much a time may be too late because it was rounded, in seconds; one with a fraction was not.

    Whole seconds are cut off, or rounded to the nearest; nobody tells a time that is still to come.
    """
    return 0.0 if "." in str(told) else _ROUNDING_S / 2


@timed
def tells_what_is_pending(evidence: Evidence) -> Verdict:
    """READY-03: readiness and the gauge count the same pending reservations, from none on at a fresh agent."""
    claimed = "readiness and the gauge tell the same number of pending reservations"
    name = evidence.policy.metrics.pending
    gauges = [(scrape.started, scrape.ended, scrape.value(name)) for scrape in evidence.scrapes]
    busy = list(_at_work(evidence))
    wrong, judged = [], set()
    place = 0
    for at, pms in evidence.readiness:
        while place + 1 < len(gauges) and gauges[place + 1][1] <= at:
            place += 1
        around = gauges[place : place + 2]
        if len({value for _, _, value in around}) != 1 or len(around) < 2:
            continue  # it changed meanwhile, or nobody looked afterwards
        if any(span.begin <= around[1][1] and around[0][0] <= span.end for span in busy):
            continue  # a reservation that is under way is pending for a moment
        gauge = around[0][2]
        judged.add(gauge)
        pending = pms.get("pending")
        if isinstance(pending, bool) or not isinstance(pending, int) or pending != gauge:
            wrong.append(f"{_at(evidence, at)} {pending!r}, the gauge {gauge}")
    seen = {
        "health": f"numbers told: {', '.join(map(str, sorted(filter(None, judged))))}; wrong: {'; '.join(wrong[:3])}"
    }
    if wrong:
        return judge(False, claimed, **seen)
    # Without failover nothing is ever pending.
    enough = 2 if evidence.policy.failover else 1
    return (
        judge(True, claimed, **seen) if len(judged) >= enough else unknown(claimed, **seen, why="nothing was pending")
    )


@timed
def answers_at_once(evidence: Evidence) -> Verdict:
    """READY-04: health is answered at once while calls to the PMS wait; otherwise the orchestrator kills the agent.

    Judged are the guests who waited for the PMS until the deadline, by the reads that began in the first quarter of
    their wait: those that wait, too, take more than half of the deadline.
    """
    deadline = evidence.policy.timeout
    claimed = f"health is answered within {deadline / 2:g} s while guests wait {deadline:g} s for the PMS"
    waits = [op for op in evidence.asked("impact") if op.seconds >= SHARE * deadline and not is_rejection(op)]
    judged, held_up, longest = 0, [], 0.0
    for op in waits:
        reads = [end - begin for _, begin, end in evidence.health if op.started <= begin < op.started + deadline / 4]
        judged += bool(reads)
        longest = max([longest, *reads])
        if any(seconds > deadline / 2 for seconds in reads):
            held_up.append(op)
    seen = {
        "answers": f"{len(waits)} guests waited for the PMS, {judged} of them while health was read",
        "health": f"waited with {len(held_up)} of them, {longest * 1000:.0f} ms at the longest",
    }
    if judged < min(2, evidence.policy.threshold):
        return unknown(claimed, **seen)
    # One slow answer may be the machine's; one that waits for the PMS is late for whoever else waits for it.
    return judge(2 * len(held_up) <= judged, claimed, **seen)


def _ends(evidence: Evidence) -> list[float]:
    """By when each reading was answered; where nobody noted it, the next one begins after it."""
    begins = [at for at, _ in evidence.readiness]
    answered = {begin: end for _, begin, end in evidence.health}
    later = [*begins[1:], *(at + evidence.policy.slack for at in begins[-1:])]
    return [answered.get(at, end) for at, end in zip(begins, later, strict=True)]


def _at_work(evidence: Evidence) -> Iterator[Span]:
    """When the agent was at work on a reservation: for a guest, or from its outbox."""
    policy = evidence.policy
    for op in evidence.operations:
        if op.kind is Kind.RESERVATION:
            yield Span(op.started, op.ended)
    for entry in evidence.ledger:
        if operation_of(entry, policy.probe_path) in ("reservation", "readback", "cancel"):
            yield Span(entry.received - policy.outbox_interval, (entry.delivered or entry.received) + policy.slack)


def _allowed(states: list[Known], span: Span) -> set[str]:
    covering = [known.states for known in states if known.span.begin <= span.begin and span.end <= known.span.end]
    return {_LABELS[state] for state in frozenset.intersection(*covering)} if covering else set()


def _statuses(evidence: Evidence) -> Iterator[tuple[Span, tuple[str, ...]]]:
    """When which words are right for the PMS's status."""
    auth = evidence.expectation.error_kind == "auth"
    steady = [op.ended for op in evidence.asked("steady") if is_success(op)]
    impact = evidence.asked("impact", kind=Kind.AVAILABILITY)
    if steady and impact:
        yield Span(min(steady), impact[0].started), ("up",)
    failed = failures_before_opening(evidence)
    if len(failed) > 1:
        yield Span(failed[0].ended, failed[-1].started), ("auth_failed",) if auth else ("degraded",)
    if (span := not_closed(evidence)) is not None:
        yield span, ("auth_failed",) if auth else ("down",)
    good = [op for op in evidence.asked("recovery", "recovered") if is_success(op)]
    if good:
        # The first calls after a heal may still meet a connection that was lost with the fault.
        yield Span(good[0].ended, good[-1].started), ("up", "degraded")
    strike = evidence.phases.get("strike")
    struck = evidence.asked("strike", kind=Kind.RESERVATION)
    if strike and struck and evidence.expectation.reaches_ledger:
        # The phase ends with the proof of the heal; a read-back may have succeeded as soon as the fault was gone.
        healed = [event.at for event in evidence.events if event.kind == "fault" and event.what in _HEALS]
        end = min((at for at in healed if strike.holds(at)), default=strike.end)
        yield Span(max(op.ended for op in struck), end), ("auth_failed",) if auth else ("degraded", "down")


def _moment(said: object, epoch: float) -> float | None:
    try:
        at = datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return at.timestamp() - epoch if at.tzinfo is not None else None


def _at(evidence: Evidence, moment: float) -> str:
    return f"at {moment - min(span.begin for span in evidence.phases.values()):.2f} s"
