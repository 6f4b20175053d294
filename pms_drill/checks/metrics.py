"""The agent's metrics compared with the evidence: what operators see is what happened.

Each is a property of its own (design rule 1): nothing else is judged by metrics. Names are the profile's.
"""

from __future__ import annotations

from collections import Counter

from pms_drill.checks.exposition import KINDS, OPERATIONS
from pms_drill.checks.fates import classify
from pms_drill.checks.lateness import scraped, timed
from pms_drill.checks.moments import (
    BLIND,
    blind,
    failures_before_opening,
    healed,
    is_rejection,
    opened,
    opened_late,
    probe_rounds,
    probes_while_not_closed,
    probing_guests,
)
from pms_drill.checks.operations import READS, operation_of
from pms_drill.checks.states import NAMES, known_states
from pms_drill.checks.verdict import Verdict, failed, judge, passed, unknown
from pms_drill.checks.windows import Range, after_heal, before_heal, under_fault, whole
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.history import Kind, Operation
from pms_drill.evidence.ledger import LedgerEntry

_NO_SCRAPES = "fewer than two scrapes, or the agent began anew between them"
_LATE = "the breaker opened, but only after the guests who were counted for it"


@timed
@scraped
def gauge_equals_behaviour(evidence: Evidence) -> Verdict:
    """MET-01: at every scrape the state is the one that answers and ledger show, half-open included.

    Where nobody outside can know the state, around transitions, nothing is judged.
    """
    claimed = "the breaker's gauge equals its behaviour at every scrape"
    known = known_states(evidence)
    judged: Counter[str] = Counter()
    wrong = []
    for scrape in evidence.scrapes:
        covering = [fact for fact in known if fact.covers(scrape)]
        if not covering:
            continue
        states = frozenset.intersection(*(fact.states for fact in covering))
        value = scrape.value(evidence.policy.metrics.state)
        expected = " or ".join(NAMES[state] for state in sorted(states))
        judged[expected] += 1
        if value not in states:
            because = "; ".join(fact.because for fact in covering)
            wrong.append(f"{_at(evidence, scrape.started)} was {value}, is {expected} ({because})")
    told = ", ".join(f"{number} {name}" for name, number in sorted(judged.items())) or "none"
    seen = {"metrics": f"scrapes judged: {told}; wrong: {'; '.join(wrong[:3]) or 'none'}"}
    if wrong:
        return failed(claimed, **seen, count=f"{len(wrong)} wrong")
    if blind(evidence):
        return unknown(claimed, **seen, ledger=BLIND)
    needed = {"closed"} if evidence.expectation.opens_after is None else {"closed", "open"}
    return passed(claimed, **seen) if needed <= set(judged) else unknown(claimed, **seen)


@timed
@scraped
def calls_are_conserved(evidence: Evidence) -> Verdict:
    """MET-02: each call that left is counted once, as success or as one error, and the PMS side saw as many.

    Calls that could not connect or were lost, and under a fault in front of the ledger those that hung, may not
    have been seen there; a read may be repeated after a lost connection as often as declared, and counts once.
    """
    claimed = "for each operation: failed calls = errors of all kinds, and all calls = what the PMS side saw"
    window, names, policy = whole(evidence), evidence.policy.metrics, evidence.policy
    if window is None:
        return unknown(claimed, metrics=_NO_SCRAPES)
    if not evidence.ledger or not evidence.operations:
        blind = {"answers": "nobody asked"} if evidence.ledger else {"ledger": "saw nothing"}
        return unknown(claimed, **blind)
    wrong, told = [], []
    for operation in OPERATIONS:
        calls = window.grown(names.calls, operation=operation)
        errors = window.grown(names.calls, operation=operation, status="error")
        kinds = {kind: window.grown(names.errors, operation=operation, kind=kind) for kind in KINDS}
        entries = [entry for entry in evidence.ledger if operation_of(entry, policy.probe_path) == operation]
        arrived = window.calls(entries, policy.timeout + policy.slack)
        unseen = kinds["connect"] + kinds["lost"]
        cut = sum(1 for entry in entries if _may_be_cut(entry, evidence))
        repeated = policy.read_repeats * (unseen + cut) if operation in READS else 0
        if not evidence.expectation.reaches_ledger:
            unseen += kinds["timeout"]
        told.append(f"{operation} {calls:g} ({errors:g} failed), ledger {arrived}")
        if errors != sum(kinds.values()):
            wrong.append(f"{operation}: {errors:g} failed calls, {sum(kinds.values()):g} errors of all kinds")
        if not (arrived.most >= calls - unseen and arrived.least <= calls + repeated):
            wrong.append(f"{operation}: {calls:g} calls, {arrived} at the PMS side, {unseen:g} need not have arrived")
    seen = {"metrics": "; ".join(told)}
    if wrong:
        return failed(claimed, **seen, wrong="; ".join(wrong))
    return passed(claimed, **seen) if window.grown(names.calls) else unknown(claimed, **seen)


@timed
@scraped
def transitions_are_legal_and_counted(evidence: Evidence) -> Verdict:
    """MET-03: only legal moves are counted, one for each that was seen: opened once, half-open with every probe."""
    claimed = "the transition counters show legal moves only, and exactly those that were seen"
    names = evidence.policy.metrics
    all_of_it, window = whole(evidence), under_fault(evidence)
    if all_of_it is None or window is None:
        return unknown(claimed, metrics=_NO_SCRAPES)
    moves = Counter(
        {
            (dict(labels)["from"], dict(labels)["to"]): value - all_of_it.first.samples.get((name, labels), 0.0)
            for (name, labels), value in all_of_it.last.samples.items()
            if name == names.transitions and {"from", "to"} <= dict(labels).keys()
        }
    )
    told = ", ".join(f"{before} to {after} {count:g}" for (before, after), count in sorted(moves.items()) if count)
    seen = {"metrics": told or "no transition"}
    wrong = [f"{a} to {b} is not a legal move" for (a, b), count in moves.items() if count and (a, b) not in _MOVES]
    for state, fewest in (("closed", -1), ("open", 0), ("half_open", 0)):
        net = sum(n for (_, to), n in moves.items() if to == state) - sum(
            n for (of, _), n in moves.items() if of == state
        )
        if not fewest <= net <= fewest + 1:
            wrong.append(f"{state} was entered {net:g} times more often than left")

    def grown(before: str, after: str) -> float:
        return window.grown(names.transitions, **{"from": before, "to": after})

    if opened_late(evidence):
        return failed(claimed, **seen, wrong="; ".join(wrong)) if wrong else unknown(claimed, **seen, answers=_LATE)
    has_opened = opened(evidence) is not None
    if grown("closed", "open") != has_opened:
        seen_by = "guests saw it open once" if has_opened else "no guest was rejected"
        wrong.append(f"opened {grown('closed', 'open'):g} times under the fault, {seen_by}")
    if grown("half_open", "closed"):
        wrong.append("closed under the fault")
    well = after_heal(evidence)
    if (
        has_opened
        and well is not None
        and well.grown(names.transitions, to="closed") != well.grown(names.transitions, **{"from": "closed"})
    ):
        wrong.append("guests were answered by the PMS again, and it was not closed as often as opened")
    if evidence.expectation.reaches_ledger and not evidence.expectation.delays_requests:
        until = window.last.ended + evidence.policy.slack
        rounds = [together[0].received for together in probe_rounds(evidence, until)]
        tried = Range(sum(at <= window.last.started for at in rounds), len(rounds))
        if not tried.holds(grown("open", "half_open")):
            wrong.append(f"half-open {grown('open', 'half_open'):g} times under the fault, {tried} probes were seen")
    if wrong:
        return failed(claimed, **seen, wrong="; ".join(wrong))
    expects = evidence.expectation.opens_after is not None
    return passed(claimed, **seen) if has_opened or not expects else unknown(claimed, **seen)


@timed
@scraped
def rejections_equal_what_guests_were_told(evidence: Evidence) -> Verdict:
    """MET-04: failover answers and rejections are counted once for each guest who was told so."""
    claimed = "rejections and failover answers are counted once for each guest who got one"
    names = evidence.policy.metrics
    window, all_of_it = before_heal(evidence), whole(evidence)
    begin = opened(evidence)
    if window is None or all_of_it is None:
        return unknown(claimed, metrics=_NO_SCRAPES)
    if begin is None:
        return unknown(claimed, answers="no guest was rejected")
    operations = evidence.operations
    silent = all_of_it.operations(op for op in operations if op.status is None).most
    pairs: list[tuple[str, float, Range]] = []
    for source, kind in (("stale", Kind.AVAILABILITY), ("mock", Kind.AVAILABILITY), ("outbox", Kind.RESERVATION)):
        told = all_of_it.operations(op for op in operations if op.kind is kind and op.source == source)
        grown = all_of_it.grown(names.failover, operation=str(kind), source=source)
        pairs.append((f"answers from {source}", grown, Range(told.least, told.most + silent)))
    asked = window.operations(op for op in operations if op.kind is Kind.AVAILABILITY and is_rejection(op))
    # The question that met a 429 left the agent: it is answered from failover and is no rejection.
    probes = window.operations(_limited_probes(evidence))
    limited = Range(_met_a_limit(evidence) + probes.least, _met_a_limit(evidence) + probes.most)
    grown = window.grown(names.rejections, operation="availability")
    pairs.append(("rejected questions", grown, Range(asked.least - limited.most, asked.most - limited.least)))
    made = [op for op in operations if op.kind is Kind.RESERVATION and is_rejection(op)]
    sure = window.operations(op for op in made if op.started >= begin)
    grown = window.grown(names.rejections, operation="reservation")
    pairs.append(("rejected reservations", grown, Range(sure.least, window.operations(made).most)))
    wrong = [f"{what}: counted {value:g}, told {range_}" for what, value, range_ in pairs if not range_.holds(value)]
    counted = ", ".join(f"{value:g} {what}" for what, value, _ in pairs)
    return judge(not wrong, claimed, metrics=counted, answers="; ".join(wrong) or "guests were told as many")


@timed
@scraped
def errors_have_the_faults_kind(evidence: Evidence) -> Verdict:
    """MET-05: each failed call under the fault is one error of the fault's kind, and there is no other."""
    kind = evidence.expectation.error_kind
    claimed = f"under the fault there are errors of kind {kind}, one for each failed call, and no others"
    if not kind:
        claimed = "a business answer of the PMS is not an error"
    window, names = under_fault(evidence), evidence.policy.metrics
    impact = evidence.asked("impact", kind=Kind.AVAILABILITY)
    if window is None:
        return unknown(claimed, metrics=_NO_SCRAPES)
    found = {name: window.grown(names.errors, kind=name) for name in KINDS}
    told = ", ".join(f"{name} {count:g}" for name, count in found.items() if count) or "none"
    counted = window.grown(names.errors, operation="availability")
    failures = len(failures_before_opening(evidence)) + _met_a_limit(evidence)
    probes = window.operations([*probing_guests(evidence), *_limited_probes(evidence)])
    expected = Range(failures + probes.least, failures + probes.most) if kind else Range(0, 0)
    seen = {"metrics": f"errors: {told}; of questions {counted:g}", "answers": f"{failures} of {len(impact)} failed"}
    if not impact or (kind and not failures):
        return unknown(claimed, **seen)
    others = any(count for name, count in found.items() if name != kind)
    if opened_late(evidence) and not others:
        return unknown(claimed, **seen, opening=_LATE)
    return judge(not others and expected.holds(counted), claimed, **seen)


@scraped
def rejections_have_no_latency(evidence: Evidence) -> Verdict:
    """MET-06: the latency histogram has one sample for each call that left, and none for a rejection."""
    claimed = "for each operation the latency histogram has as many samples as there were calls"
    names, window = evidence.policy.metrics, whole(evidence)
    if window is None:
        return unknown(claimed, metrics=_NO_SCRAPES)
    pairs = {
        operation: (
            window.last.total(f"{names.latency}_count", operation=operation),
            window.last.total(names.calls, operation=operation),
        )
        for operation in OPERATIONS
    }
    rejected = sum(is_rejection(operation) for operation in evidence.operations)
    told = ", ".join(f"{operation} {samples:g} of {calls:g}" for operation, (samples, calls) in pairs.items())
    seen = {"metrics": told, "answers": f"{rejected} rejections"}
    if any(samples != calls for samples, calls in pairs.values()):
        return failed(claimed, **seen)
    some = any(calls for _, calls in pairs.values())
    return passed(claimed, **seen) if rejected and some else unknown(claimed, **seen)


@timed
@scraped
def pending_gauge_equals_the_outbox(evidence: Evidence) -> Verdict:
    """MET-07: the gauge of pending reservations counts those that guests were told are pending, while it is open."""
    claimed = "before the heal the gauge of pending reservations is the number that guests were told"
    names, begin, window = evidence.policy.metrics, opened(evidence), before_heal(evidence)
    if window is None or begin is None:
        return unknown(claimed, metrics=_NO_SCRAPES if window is None else "the breaker never opened")
    made = [op for op in evidence.operations if op.kind is Kind.RESERVATION and op.status in (202, None)]
    told = window.operations(op for op in made if op.status == 202 and op.started >= begin)
    at_most = window.operations(made).most
    at_once, at_end = window.grown(names.pending), evidence.scrapes[-1].total(names.pending)
    left = sum(fate.last_word == "pending" for fate in classify(evidence.operations, ()))
    before = window.first.total(names.pending)
    seen = {
        "metrics": f"{at_once:g} more before the heal, {at_end - before:g} more at the end",
        "answers": f"{told} told before the heal, {left} at the end",
    }
    if not at_most:
        return unknown(claimed, **seen)
    return judge(told.least <= at_once <= at_most and at_end - before <= left, claimed, **seen)


#: The moves of a breaker that nobody resets by hand.
_MOVES = (("closed", "open"), ("open", "half_open"), ("half_open", "open"), ("half_open", "closed"))


def _met_a_limit(evidence: Evidence) -> bool:
    """Whether the very question that failed was answered from failover: it met a 429."""
    first = evidence.asked("impact", kind=Kind.AVAILABILITY)[:1]
    return evidence.expectation.error_kind == "rate_limit" and any(map(is_rejection, first))


def _limited_probes(evidence: Evidence) -> list[Operation]:
    """Guests whose questions were probes and met the limit: answered from failover, and no rejections."""
    if not evidence.policy.by_traffic or evidence.expectation.error_kind != "rate_limit":
        return []
    calls = [entry for entry in probes_while_not_closed(evidence) if not evidence.is_agent_probe(entry)]
    asked = [op for op in evidence.operations if op.kind is Kind.AVAILABILITY and is_rejection(op)]
    met = (next((op for op in asked if op.started <= call.received <= op.ended), None) for call in calls)
    return [op for op in met if op is not None]


def _may_be_cut(entry: LedgerEntry, evidence: Evidence) -> bool:
    """Whether a heal may have cut the call's connection, so that a read may come a second time."""
    lasts = evidence.policy.timeout + evidence.policy.slack
    heals = [healed(evidence), *(span.end for name, span in evidence.phases.items() if name == "strike")]
    return any(end - lasts <= entry.received <= end for end in heals)


def _at(evidence: Evidence, moment: float) -> str:
    return f"at {moment - min(span.begin for span in evidence.phases.values()):.2f} s"
