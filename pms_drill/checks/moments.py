"""Moments of an outage that several checks need, derived from answers and ledger only."""

from __future__ import annotations

from collections.abc import Sequence

from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.evidence.history import Kind, Operation
from pms_drill.evidence.ledger import LedgerEntry

#: Lower time bounds are judged at this share of the claimed time (design rule 7).
SHARE = 0.95


def is_rejection(operation: Operation) -> bool:
    """Whether the answer was given without asking the PMS: a failover answer or a refusal of the breaker."""
    return operation.source in ("mock", "stale", "outbox") or (
        operation.status == 503 and operation.problem == "breaker-open"
    )


def failures_before_opening(evidence: Evidence) -> list[Operation]:
    """The guests' calls of the impact phase that failed before the first rejection, in order."""
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
    return failed[-1].ended if failed else impact[0].ended


def quiet(evidence: Evidence) -> Span | None:
    """The time in which the breaker must be open for sure: no call may arrive at the PMS side.

    It ends before the wait can be over: the breaker opened at most `slack` before its caller was told.
    """
    begin = opened(evidence)
    if begin is None:
        return None
    return Span(begin, begin - evidence.policy.slack + SHARE * evidence.expectation.wait)


def not_closed(evidence: Evidence) -> Span | None:
    """From the opening to the beginning of the heal: only the agent's own safe reads may arrive."""
    begin = opened(evidence)
    return None if begin is None else Span(begin, evidence.phases["armed"].end)


def probes_while_not_closed(evidence: Evidence) -> Sequence[LedgerEntry]:
    """The agent's safe reads at the PMS side between opening and heal."""
    span = not_closed(evidence)
    if span is None:
        return []
    return [entry for entry in evidence.calls(span) if evidence.is_agent_probe(entry)]


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest-rank percentile of at least one value."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * share // 1))
    return ordered[int(rank) - 1]
