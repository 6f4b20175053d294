"""Moments of an outage that several checks need, derived from answers and ledger only."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pms_drill.checks.operations import READS, operation_of
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.evidence.history import Kind, Operation
from pms_drill.evidence.ledger import LedgerEntry

#: Lower time bounds are judged at this share of the claimed time (design rule 7).
SHARE = 0.95
#: What a verdict says when the ledger is blind.
BLIND = "saw no call at all, not even before the fault"


def is_rejection(operation: Operation) -> bool:
    """Whether the answer was given without asking the PMS: a failover answer or a refusal of the breaker.

    A look-up never is: it reads the agent's own store. A reservation that is pending may be one whose outcome is
    unknown, so that only while the breaker is known to be open does "pending" mean "not sent".
    """
    if operation.kind is Kind.LOOKUP:
        return False
    return operation.source in ("mock", "stale", "outbox") or (
        operation.status == 503 and operation.problem == "breaker-open"
    )


def is_success(operation: Operation) -> bool:
    """Whether the PMS answered the guest's question or took the guest's reservation; a look-up asks the agent only."""
    return operation.kind is not Kind.LOOKUP and operation.source == "pms" and operation.status in (200, 201)


def failures_before_opening(evidence: Evidence) -> list[Operation]:
    """The guests' calls of the impact phase before the first rejection, in order."""
    failed = []
    for operation in evidence.asked("impact", kind=Kind.AVAILABILITY):
        if is_rejection(operation):
            break
        failed.append(operation)
    return failed


def opened(evidence: Evidence) -> float | None:
    """When guests first knew that the breaker is open: the end of the call that opened it; None if it did not.

    Where the very call that opened it is answered from failover (a 429), that call's end counts.
    """
    impact = evidence.asked("impact", kind=Kind.AVAILABILITY)
    if not any(is_rejection(operation) for operation in impact):
        return None
    failed = failures_before_opening(evidence)
    return max(operation.ended for operation in failed) if failed else impact[0].ended


def blind(evidence: Evidence) -> bool:
    """Whether the ledger should have seen the agent's calls, and saw none at all, not even before the fault."""
    return evidence.expectation.reaches_ledger and not evidence.ledger


def opened_late(evidence: Evidence) -> bool:
    """Whether guests were rejected under the fault, but only after the phase in which the breaker was expected to open.

    So does a breaker that opens by the share of failures in a window: nobody knows when it opened.
    """
    return opened(evidence) is None and any(map(is_rejection, evidence.asked("open", kind=Kind.AVAILABILITY)))


def earliest_opening(evidence: Evidence) -> float | None:
    """Before this moment the breaker cannot have opened: `slack` before guests knew, and not before they asked.

    A call that ran into its deadline opened the breaker at its end, not at its beginning, so that a halved wait
    cannot hide behind a long call.
    """
    moment, by = opened(evidence), opener(evidence)
    if moment is None or by is None:
        return None
    return max(by.started, moment - evidence.policy.slack)


def opener(evidence: Evidence) -> Operation | None:
    """The call that opened the breaker; None if it did not open."""
    if opened(evidence) is None:
        return None
    failed = failures_before_opening(evidence)
    return failed[-1] if failed else evidence.asked("impact", kind=Kind.AVAILABILITY)[0]


def quiet(evidence: Evidence) -> Span | None:
    """The time in which the breaker must be open for sure: no call may arrive at the PMS side.

    It ends before the wait can be over, and with the fault.
    """
    begin, earliest = opened(evidence), earliest_opening(evidence)
    if begin is None or earliest is None:
        return None
    return Span(begin, min(earliest + SHARE * evidence.expectation.least_wait, evidence.phases["armed"].end))


def not_closed(evidence: Evidence) -> Span | None:
    """From the opening to the beginning of the heal: only probes may arrive."""
    begin = opened(evidence)
    return None if begin is None else Span(begin, evidence.phases["armed"].end)


def may_probe(entry: LedgerEntry, evidence: Evidence) -> bool:
    """Whether the entry is fit to try a breaker that is not closed: a safe read, of a guest's only if declared."""
    policy = evidence.policy
    return evidence.is_agent_probe(entry) or (policy.by_traffic and operation_of(entry, policy.probe_path) in READS)


def grown_wait(evidence: Evidence) -> float:
    """How long the breaker waits at the heal, in seconds: after as many failed probes as were seen.

    Where the ledger cannot see them, after as many as there was time for.
    """
    policy, wait, span = evidence.policy, evidence.expectation.wait, not_closed(evidence)
    if policy.wait_growth <= 1 or span is None:
        return wait
    if evidence.expectation.reaches_ledger:
        return min(policy.longest_wait, wait * policy.wait_growth ** len(probe_rounds(evidence)))
    at = span.begin + wait
    while at < span.end:
        wait = min(policy.longest_wait, wait * policy.wait_growth)
        at += wait
    return wait


def probes_while_not_closed(evidence: Evidence) -> list[LedgerEntry]:
    """The safe reads that tried the PMS between opening and heal, in order."""
    span = not_closed(evidence)
    return [] if span is None else _probes(evidence, span)


def probe_rounds(evidence: Evidence, until: float | None = None) -> list[list[LedgerEntry]]:
    """The same reads, grouped into rounds: reads closer than half a wait (at most `slack`) belong together.

    Args:
        until: look on beyond the heal, to this moment.
    """
    span = not_closed(evidence)
    if span is None:
        return []
    rounds: list[list[LedgerEntry]] = []
    together = min(evidence.policy.slack, evidence.expectation.least_wait / 2)
    for entry in _probes(evidence, span if until is None else Span(span.begin, until)):
        if rounds and entry.received - rounds[-1][-1].received < together:
            rounds[-1].append(entry)
        else:
            rounds.append([entry])
    return rounds


def probing_guests(evidence: Evidence) -> list[Operation]:
    """The guests whose questions were probes and failed: each is told a failure, a whole wait after the one before.

    Nobody unless guests are declared to be the probes.
    """
    span, since = not_closed(evidence), earliest_opening(evidence)
    if not evidence.policy.by_traffic or span is None or since is None:
        return []
    expectation, found = evidence.expectation, []
    for op in sorted(evidence.operations, key=lambda op: op.ended):
        told = op.kind is Kind.AVAILABILITY and op.status in expectation.problem_statuses and not is_rejection(op)
        if told and span.holds(op.started) and op.ended - since >= SHARE * expectation.least_wait:
            found.append(op)
            since = op.ended
    return found


def healed(evidence: Evidence) -> float:
    """When the PMS could be used again: the end of the heal, as far as it is known."""
    ends = [evidence.phases["armed"].end]
    if "recovery" in evidence.phases:
        ends.append(evidence.phases["recovery"].begin)
    return max(ends)


def arrivals_allowed(evidence: Evidence) -> int:
    """How often one read may arrive: once, and again as often as declared where connections fail."""
    lost = evidence.expectation.error_kind in ("connect", "lost")
    return 1 + (evidence.policy.read_repeats if lost else 0)


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest-rank percentile of at least one value."""
    # Rounded first: 0.07 x 100 is a little more than 7 in floating point and would step over a rank.
    rank = max(1, math.ceil(round(len(values) * share, 9)))
    return sorted(values)[rank - 1]


def _probes(evidence: Evidence, span: Span) -> list[LedgerEntry]:
    found = (entry for entry in evidence.calls(span) if may_probe(entry, evidence))
    return sorted(found, key=lambda entry: entry.received)
